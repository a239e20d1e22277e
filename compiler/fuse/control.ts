/**
 * Loops of steps, and choices between steps. In: the group of a control op and its results. Out: a fused loop or choice, whose
 * functions are fused by themselves. Invariant: only results that somebody reads are computed; the size of what is made
 * does not depend on the length of a loop, and nothing of a branch is computed outside of it.
 */
import { InternalError } from '../../src/core/errors.ts'
import { condParts } from '../../src/expr/cond.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { scanParts } from '../../src/expr/scan.ts'
import { whileParts } from '../../src/expr/while.ts'
import type { EntryProgram } from '../program/entry.ts'
import type { BoundInput, Fused, FusedChoice, FusedLoop, FusedWhile, Slot } from '../program/fused.ts'
import type { Group } from './group.ts'
import { type Place, resolve } from './view.ts'

type Fuse = (e: EntryProgram) => Fused

/** The results that somebody reads, by index. */
type Wanted = ReadonlyMap<number, Node>

/** Where an operand lies; lowering has seen to it that it lies there in one piece. */
const placeOf = (operand: Node): Place => {
  const place = resolve(operand)
  if (place === null) throw new InternalError('an operand of a loop or a choice has no place')
  return place
}

const given = (bound: Node, operand: Node): BoundInput => {
  const { base, view } = placeOf(operand)
  return { bound, from: base, offset: view.offset }
}

const slotsOf = (node: Node, wanted: Wanted): readonly Slot[] => [
  ...node.ins.map((n): Slot => ({ node: placeOf(n).base, role: 'read' })),
  ...[...wanted.values()].map((n): Slot => ({ node: n, role: 'write' })),
]

const named = (values: readonly Node[]) => values.map((value, i) => ({ name: `y${i}`, value }))

const scanStep = (node: Node, wanted: Wanted, fuse: Fuse): FusedLoop => {
  const { fn, length, reverse, init, sequences, constants } = scanParts(node)
  const [nc, nx] = [init.length, sequences.length]
  const outputs = fn.results.flatMap((value, i) => {
    const result = wanted.get(i)
    return i < nc || result === undefined ? [] : [{ value, result }]
  })
  const body = fuse({
    name: 'body',
    results: named(outputs.map((o) => o.value)),
    updates: init.map((_, i) => ({ target: fn.params[i] as Node, value: fn.results[i] as Node })),
  })
  const input = (x: Node, i: number): BoundInput => given(fn.params[i] as Node, x)
  return {
    tag: 'loop',
    slots: slotsOf(node, wanted),
    length,
    reverse,
    carries: init.map((x, i) => ({ ...input(x, i), result: wanted.get(i) ?? null })),
    sequences: sequences.map((x, i) => input(x, nc + i)),
    constants: constants.map((x, i) => input(x, nc + nx + i)),
    body,
    outputs: outputs.map((o) => o.result),
  }
}

const condStep = (node: Node, wanted: Wanted, fuse: Fuse): FusedChoice => {
  const { predicate, operands, params, branches } = condParts(node)
  const indices = [...wanted.keys()].sort((i, j) => i - j)
  return {
    tag: 'choice',
    slots: slotsOf(node, wanted),
    predicate: given(predicate, predicate),
    operands: params.map((bound, i) => given(bound, operands[i] as Node)),
    branches: branches.map((results) =>
      fuse({ name: 'branch', results: named(indices.map((i) => results[i] as Node)), updates: [] }),
    ),
    outputs: indices.map((i) => wanted.get(i) as Node),
  }
}

const whileStep = (node: Node, wanted: Wanted, fuse: Fuse): FusedWhile => {
  const { init, constants, params, next, condition } = whileParts(node)
  const input = (x: Node, i: number): BoundInput => given(params[i] as Node, x)
  return {
    tag: 'while',
    slots: slotsOf(node, wanted),
    carries: init.map((x, i) => ({ ...input(x, i), result: wanted.get(i) ?? null })),
    constants: constants.map((x, k) => input(x, init.length + k)),
    condition: fuse({ name: 'condition', results: named([condition]), updates: [] }),
    body: fuse({
      name: 'body',
      results: [],
      updates: next.map((value, i) => ({ target: params[i] as Node, value })),
    }),
  }
}

export const controlStep = (
  group: Group,
  stored: (n: Node) => boolean,
  fuse: (e: EntryProgram) => Fused,
): FusedLoop | FusedChoice | FusedWhile => {
  const anchors = [...group.anchors.keys()]
  const node = anchors.find((n) => n.op !== 'result')
  if (node === undefined) throw new InternalError('results of nothing')
  const wanted = new Map(
    anchors.flatMap((n) => (n.op === 'result' && stored(n) ? [[paramsOf(n, 'result').index, n] as const] : [])),
  )
  if (node.op === 'cond') return condStep(node, wanted, fuse)
  return node.op === 'while' ? whileStep(node, wanted, fuse) : scanStep(node, wanted, fuse)
}
