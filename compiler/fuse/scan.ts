/**
 * A scan as a loop of steps. In: the group of a scan and its results. Out: a FusedLoop whose body is fused by itself.
 * Invariant: only results that somebody reads are stacked; the size of what is made does not depend on the length.
 */
import { InternalError } from '../../src/core/errors.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { scanParts } from '../../src/expr/scan.ts'
import type { EntryProgram } from '../program/entry.ts'
import type { Fused, FusedLoop, LoopInput, Slot } from '../program/fused.ts'
import type { Group } from './group.ts'
import { type Place, resolve } from './view.ts'

/** Where an operand lies; lowering has seen to it that it lies there in one piece. */
const placeOf = (operand: Node): Place => {
  const place = resolve(operand)
  if (place === null) throw new InternalError('an operand of a loop has no place')
  return place
}

export const scanStep = (group: Group, stored: (n: Node) => boolean, fuse: (e: EntryProgram) => Fused): FusedLoop => {
  const node = [...group.anchors.keys()].find((n) => n.op === 'scan')
  if (node === undefined) throw new InternalError('a loop without a scan')
  const { fn, length, reverse, init, sequences, constants } = scanParts(node)
  const [nc, nx] = [init.length, sequences.length]
  const wanted = new Map(
    [...group.anchors.keys()].flatMap((n) =>
      n.op === 'result' && stored(n) ? [[paramsOf(n, 'result').index, n] as const] : [],
    ),
  )
  const outputs = fn.results.flatMap((value, i) => {
    const result = wanted.get(i)
    return i < nc || result === undefined ? [] : [{ value, result }]
  })
  const body = fuse({
    name: 'body',
    results: outputs.map(({ value }, i) => ({ name: `y${i}`, value })),
    updates: init.map((_, i) => ({ target: fn.params[i] as Node, value: fn.results[i] as Node })),
  })
  const slots: Slot[] = [
    ...node.ins.map((n): Slot => ({ node: placeOf(n).base, role: 'read' })),
    ...[...wanted.values()].map((n): Slot => ({ node: n, role: 'write' })),
  ]
  const input = (x: Node, i: number): LoopInput => {
    const { base, view } = placeOf(x)
    return { bound: fn.params[i] as Node, from: base, offset: view.offset }
  }
  return {
    tag: 'loop',
    slots,
    length,
    reverse,
    carries: init.map((x, i) => ({ ...input(x, i), result: wanted.get(i) ?? null })),
    sequences: sequences.map((x, i) => input(x, nc + i)),
    constants: constants.map((x, i) => input(x, nc + nx + i)),
    body,
    outputs: outputs.map((o) => o.result),
  }
}
