/**
 * The derivative of a scan is a scan. In: a scan and what its results received (or how its operands move). Out: what its
 * operands receive (or the tangents of its results). Invariant: forward, the loop also stacks the values that the way back
 * needs; back, a loop from the last step to the first carries the cotangents of the carries. The cotangent of a constant
 * that is a product over each step leaves the loop as one product over all steps, and rows of a table that each step looks
 * up as the rows of all steps.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { range } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, paramsOf } from '../../src/expr/node.ts'
import { derivedFrom, nameOf, setName } from '../../src/expr/origin.ts'
import {
  boundFor,
  carryName,
  dependentOn,
  feedersOf,
  makeScan,
  resultsOf,
  type ScanParts,
  scanParts,
  substitute,
} from '../../src/expr/scan.ts'
import { behindBatch } from '../../src/ops/reduction.ts'
import { opDef } from '../../src/ops/registry.ts'
import { effortOf } from '../kernel/effort.ts'
import { type Batch, isWide, widened } from '../program/batch.ts'
import { isSummable, productOverSteps } from '../program/steps.ts'
import type { Rewrite } from './args.ts'

type PullAll = (
  outputs: readonly (readonly [Node, Node])[],
  wrt: readonly Node[],
  rewrite: Rewrite,
) => readonly (Node | null)[]

const zerosOf = ({ dtype, shape }: Node, lead: readonly number[] = []): Node =>
  b.full([], { dtype, shape: [...lead, ...shape], value: 0 })

/** Instructions that are done again on the way back rather than kept: arithmetic and comparisons, no function. */
const CHEAP = 1

/** Cheap enough to be computed again on the way back from values that are saved anyway. */
const isCheap = (n: Node): boolean => {
  const { kind } = opDef(n.op)
  return kind === 'movement' || (kind === 'elementwise' && effortOf(n) <= CHEAP)
}

/** The forward values that backward expressions read, cheap ones replaced by what they are made of. */
const savedValues = (parts: ScanParts, backward: readonly Node[]): readonly Node[] => {
  const { params } = parts.fn
  const forward = dependentOn(params, parts.fn.results)
  const atHand = new Set(params.slice(parts.init.length))
  const saved = new Set<Node>()
  const seen = new Set<Node>()
  const stack = [...backward]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (seen.has(n)) continue
    seen.add(n)
    // a loop's results are saved, one by one, and never looped for again; the loop itself is no value
    const isMade = n.op === 'result' ? isOver(n, forward) : onlyOver(n, forward) && opDef(n.op).kind !== 'leaf'
    const isForward = forward.has(n) || isMade
    if (atHand.has(n)) continue
    if (isForward && (params.includes(n) || !isCheap(n))) saved.add(n)
    else stack.push(...n.ins)
  }
  return [...saved].sort((x, y) => x.id - y.id)
}

/** A node that rewriting has made of forward values alone counts as one of them. */
const onlyOver = (n: Node, forward: ReadonlySet<Node>): boolean =>
  n.ins.length > 0 && n.ins.every((i) => forward.has(i) || i.op === 'full' || i.op === 'iota')

/** Whether forward values and literals are all that a node is made of, in however many steps. */
const isOver = (n: Node, forward: ReadonlySet<Node>): boolean => {
  const seen = new Set<Node>()
  const stack = [n]
  while (stack.length > 0) {
    const at = stack.pop() as Node
    if (seen.has(at) || forward.has(at)) continue
    if (at.op === 'bound') return false
    seen.add(at)
    stack.push(...at.ins)
  }
  return true
}

/** One term of a constant's cotangent: what each step stacks, and what is done with the stacks behind the loop. */
interface Leaving {
  /** The term at each step, whose line it keeps. */
  readonly of: Node
  readonly stacked: readonly Node[]
  readonly finish: (stacks: readonly Node[]) => Node
}

/** Terms that leave the loop, or null where the sum over the steps has to be carried. */
const leaving = (ct: Node): readonly Leaving[] | null => {
  if (ct.op === 'add') {
    const parts = ct.ins.map(leaving)
    return ct.ins.every((i) => i.shape.length === ct.shape.length) && parts.every((p) => p !== null)
      ? (parts as readonly (readonly Leaving[])[]).flat()
      : null
  }
  if (ct.op === 'dotGeneral') {
    return isSummable(ct) ? [{ of: ct, stacked: ct.ins, finish: (stacks) => productOverSteps(ct, stacks) }] : null
  }
  if (ct.op === 'scatterRows') {
    const p = paramsOf(ct, 'scatterRows')
    if (p.axis > 0) return null
    return [{ of: ct, stacked: ct.ins, finish: (stacks) => b.scatterRows(stacks as readonly [Node, Node], p) }]
  }
  if (ct.op === 'sum') {
    const { axes, keepDims } = paramsOf(ct, 'sum')
    if (keepDims) return null
    return [
      {
        of: ct,
        stacked: ct.ins,
        finish: ([x]) => b.sum([x as Node], { axes: [0, ...behindBatch(axes)], keepDims: false }),
      },
    ]
  }
  return null
}

/** A bound value under the name that it shall be printed with. */
const called = (name: string, bound: Node): Node => {
  if (name !== '') setName(bound, name)
  return bound
}

const isResult = (n: Node): boolean => n.op === 'result' && n.ins[0]?.op === 'scan'

/** Whether a value is one of the way forward, computed again: made of what waits for a cotangent, and of no cotangent. */
const isRecomputed = (value: Node, cotangents: ReadonlySet<Node>): boolean => {
  const seen = new Set<Node>()
  const stack = [value]
  let waits = false
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (seen.has(n)) continue
    seen.add(n)
    if (cotangents.has(n)) return false
    waits ||= n.op === 'after'
    stack.push(...(n.op === 'after' ? n.ins.slice(0, 1) : isResult(n) ? feedersOf(n) : n.ins))
  }
  return waits
}

/** What each operand of the scan receives. */
export const pullScan = (
  node: Node,
  received: readonly (Node | null | undefined)[],
  wanted: ReadonlySet<Node>,
  pullAll: PullAll,
  rewrite: Rewrite,
): readonly (Node | null)[] => {
  const parts = scanParts(node)
  const { fn, init, sequences, constants, length, reverse } = parts
  const [nc, nx] = [init.length, sequences.length]
  const flows = fn.params.map((p, i) => isFloat(p.dtype) && (i < nc || wanted.has(node.ins[i] as Node)))

  // ---- one step back, over bound cotangents
  const carryCts = fn.params
    .slice(0, nc)
    .map((p, i) => (isFloat(p.dtype) ? called(`δ${carryName(fn, i) ?? ''}`, boundFor(node, `carry ${i}`, p)) : null))
  const outputCts = fn.results.slice(nc).map((r, j) => (received[nc + j] ? boundFor(node, `output ${j}`, r) : null))
  const arriving = fn.results.flatMap((r, i) => {
    const ct = i < nc ? carryCts[i] : outputCts[i - nc]
    return ct === null || ct === undefined ? [] : [[r, ct] as const]
  })
  const wrt = fn.params.filter((_, i) => flows[i] === true)
  const raw = pullAll(arriving, wrt, rewrite)
  const found = rewrite(raw.filter((g): g is Node => g !== null))
  let k = 0
  const gradients = new Map(wrt.map((p, i) => [p, raw[i] === null ? null : (found[k++] as Node)] as const))

  // ---- what the way back needs, stacked by the way forward
  const saved = savedValues(
    parts,
    [...gradients.values()].filter((g): g is Node => g !== null),
  )
  const forward = resultsOf(makeScan({ ...parts, fn: { ...fn, results: [...fn.results, ...saved] } })).slice(
    fn.results.length,
  )

  // ---- the loop back
  const savedElements = saved.map((s) => boundFor(node, `saved ${s.id}`, s))
  const elements = fn.params.slice(nc, nc + nx)
  const inner = new Map<Node, Node>(saved.map((s, i) => [s, savedElements[i] as Node]))
  const live = carryCts.flatMap((ct, i) => (ct === null ? [] : [{ ct, i }]))
  const constantParams = fn.params.slice(nc + nx).filter((p) => gradients.get(p))
  const arrived = new Set([...carryCts, ...outputCts].filter((ct): ct is Node => ct !== null))
  /** What is computed again so as not to be kept is not stacked either: its products are summed step by step. */
  const onePerStep = (gradient: Node): readonly Leaving[] | null => {
    const terms = leaving(gradient)
    return terms?.some((t) => t.stacked.some((x) => isRecomputed(x, arrived))) ? null : terms
  }
  const plans = constantParams.map((p) => ({
    p,
    gradient: gradients.get(p) as Node,
    terms: onePerStep(gradients.get(p) as Node),
  }))
  const carried = plans.filter((q) => q.terms === null)
  const sums = carried.map((q) =>
    called(
      `Δ${nameOf(constants[fn.params.indexOf(q.p) - nc - nx] as Node) ?? ''}`,
      boundFor(node, `sum ${q.p.id}`, q.p),
    ),
  )
  const nextCarries = live.map(({ i, ct }) => gradients.get(fn.params[i] as Node) ?? zerosOf(ct))
  const nextSums = carried.map((q, i) => b.add([sums[i] as Node, q.gradient]))
  const sequenceCts = elements.flatMap((x) => (gradients.get(x) ? [gradients.get(x) as Node] : []))
  const stacks = plans.flatMap((q) => (q.terms ?? []).flatMap((t) => t.stacked))
  const results = substitute([...nextCarries, ...nextSums, ...sequenceCts, ...stacks], inner)

  const outputs = outputCts.flatMap((ct, j) => (ct === null ? [] : [{ ct, stack: received[nc + j] as Node }]))
  const loopParams = [
    ...live.map((l) => l.ct),
    ...sums,
    ...elements,
    ...savedElements,
    ...outputs.map((o) => o.ct),
    ...fn.params.slice(nc + nx),
  ]
  const backward = makeScan({
    fn: closeConstants(loopParams, results),
    length,
    reverse: !reverse,
    init: [...live.map(({ i, ct }) => received[i] ?? zerosOf(ct)), ...sums.map((s) => zerosOf(s))],
    sequences: [...sequences, ...forward, ...outputs.map((o) => o.stack)],
    constants,
  })
  const given = resultsOf(backward)

  // ---- to the operands
  const atCarry = new Map(live.map(({ i }, at) => [i, given[at] as Node]))
  let at = live.length + sums.length
  const sequenceResults = elements.map((x) => (gradients.get(x) ? (given[at++] as Node) : null))
  const constantResults = new Map(carried.map((q, i) => [q.p, given[live.length + i] as Node]))
  for (const q of plans) {
    if (q.terms === null) continue
    const terms = q.terms.map((t) => {
      const mine = given.slice(at, at + t.stacked.length)
      at += t.stacked.length
      return derivedFrom(t.of, () => t.finish(mine))
    })
    constantResults.set(
      q.p,
      terms.reduce((x, y) => b.add([x, y])),
    )
  }
  return [
    ...init.map((_, i) => atCarry.get(i) ?? null),
    ...sequenceResults,
    ...fn.params.slice(nc + nx).map((p) => constantResults.get(p) ?? null),
  ]
}

/** The loop's function; a cotangent never reaches for anything that is not a parameter. */
const closeConstants = (params: readonly Node[], results: readonly Node[]) => ({ params, results })

/** Tangents of the scan's results when some operands move: one scan that carries values and tangents together. */
export const pushScan = (
  node: Node,
  moving: readonly (Node | null)[],
  push: (outputs: readonly Node[], tangents: ReadonlyMap<Node, Node>) => readonly (Node | null)[],
): readonly (Node | null)[] => {
  const parts = scanParts(node)
  const { fn, init, sequences, length, reverse } = parts
  const [nc, nx] = [init.length, sequences.length]
  // a carry moves where its start moves, or where what flows into it moves: grow until nothing changes
  const moves = moving.map((t) => t !== null)
  const tangentOf = new Map(
    fn.params.map((p, i) => [p, called(`τ${carryName(fn, i) ?? ''}`, boundFor(node, `tangent ${i}`, p))] as const),
  )
  const pushed = (): readonly (Node | null)[] =>
    push(fn.results, new Map(fn.params.flatMap((p, i) => (moves[i] ? [[p, tangentOf.get(p) as Node] as const] : []))))
  let tangents = pushed()
  for (;;) {
    const grown = range(nc).filter((i) => !moves[i] && tangents[i] !== null && tangents[i] !== undefined)
    if (grown.length === 0) break
    for (const i of grown) moves[i] = true
    tangents = pushed()
  }
  const live = range(nc).filter((i) => moves[i])
  const liveX = range(nx).filter((i) => moves[nc + i])
  const liveK = range(parts.constants.length).filter((i) => moves[nc + nx + i])
  const t = (i: number): Node => tangentOf.get(fn.params[i] as Node) as Node
  const outputs = fn.results.flatMap((_, i) => (i >= nc && tangents[i] ? [i] : []))
  const params = [
    ...fn.params.slice(0, nc),
    ...live.map(t),
    ...fn.params.slice(nc, nc + nx),
    ...liveX.map((i) => t(nc + i)),
    ...fn.params.slice(nc + nx),
    ...liveK.map((i) => t(nc + nx + i)),
  ]
  const results = [
    ...fn.results.slice(0, nc),
    ...live.map((i) => tangents[i] ?? zerosOf(fn.params[i] as Node)),
    ...outputs.map((i) => tangents[i] as Node),
  ]
  const given = resultsOf(
    makeScan({
      fn: { params, results },
      length,
      reverse,
      init: [...init, ...live.map((i) => moving[i] ?? zerosOf(init[i] as Node))],
      sequences: [...sequences, ...liveX.map((i) => moving[nc + i] as Node)],
      constants: [...parts.constants, ...liveK.map((i) => moving[nc + nx + i] as Node)],
    }),
  )
  const carries = new Map(live.map((i, at) => [i, given[nc + at] as Node]))
  const stacked = new Map(outputs.map((i, at) => [i, given[nc + live.length + at] as Node]))
  return fn.results.map((_, i) => (i < nc ? (carries.get(i) ?? null) : (stacked.get(i) ?? null)))
}

/** A scan over a batch: one scan whose carries, elements and constants have the batch axis where they depend on it. */
export const batchScan = (
  node: Node,
  values: readonly (Node | undefined)[],
  size: number,
  batch: Batch,
): readonly Node[] => {
  const parts = scanParts(node)
  const { fn, init, sequences } = parts
  const [nc, nx] = [init.length, sequences.length]
  const has = values.map((v) => v !== undefined)
  const wide = fn.params.map((p, i) =>
    called(carryName(fn, i) ?? '', boundFor(node, `batch ${i}`, { dtype: p.dtype, shape: [size, ...p.shape] })),
  )
  const run = (): readonly Node[] =>
    batch(fn.results, new Map(fn.params.flatMap((p, i) => (has[i] ? [[p, wide[i] as Node] as const] : []))), size)
  let results = run()
  const isResultWide = (i: number): boolean => isWide(results[i] as Node, fn.results[i] as Node)
  for (;;) {
    const grown = range(nc).filter((i) => !has[i] && isResultWide(i))
    if (grown.length === 0) break
    for (const i of grown) has[i] = true
    results = run()
  }
  const repeated = (x: Node): Node => b.broadcastTo([x], { shape: [size, ...x.shape] })
  const swapped = (x: Node): Node => b.transpose([x], { perm: [1, 0, ...range(x.shape.length).slice(2)] })
  const given = resultsOf(
    makeScan({
      ...parts,
      fn: {
        params: fn.params.map((p, i) => (has[i] ? (wide[i] as Node) : p)),
        results: results.map((r, i) => (i < nc && has[i] ? widened(r, fn.results[i] as Node, size) : r)),
      },
      init: init.map((x, i) => (has[i] ? (values[i] ?? repeated(x)) : x)),
      sequences: sequences.map((x, i) => (has[nc + i] ? swapped(values[nc + i] as Node) : x)),
      constants: parts.constants.map((x, i) => values[nc + nx + i] ?? x),
    }),
  )
  return given.map((r, i) => (i >= nc && isResultWide(i) ? swapped(r) : r))
}
