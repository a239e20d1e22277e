/**
 * What each line of the user's file costs. In: a plan with its programs. Out: for each line its share of every kernel, by phase.
 * Invariant: whole numbers that together are the plan's own totals. A kernel's cost goes to the expressions that it computes,
 * each by what it would cost alone, and so to the lines that these come from; a part of a gradient comes from the line of the
 * expression that it is the derivative of.
 */
import { bytesOf, isFloat } from '../../../src/core/dtype.ts'
import type { Source } from '../../../src/core/errors.ts'
import { sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { paramsOf } from '../../../src/expr/node.ts'
import { sourceOf } from '../../../src/expr/origin.ts'
import { opDef } from '../../../src/ops/registry.ts'
import type { Cost } from '../../kernel/cost.ts'
import type { Plan, PlanEntry } from '../../plan/plan.ts'
import { type Fused, type FusedKernel, isMade, readBy } from '../../program/fused.ts'
import { costAt } from './cost.ts'
import { type Phase, phaseOf, phases, phasesOf } from './phases.ts'

export type Place = Pick<Source, 'file' | 'line'>

export interface LineCost {
  /** Null for what belongs to no line: copies of results and of new parameters to their places. */
  readonly place: Place | null
  readonly forward: Cost
  readonly backward: Cost
  readonly update: Cost
}

export const placeOf = (n: Node): Place | null => {
  const source = sourceOf(n)
  return source === undefined ? null : { file: source.file, line: source.line }
}

/** Places by file, lines ascending; what belongs to none comes last. */
export const byPlace = (a: Place | null, b: Place | null): number => {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0)
  return a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1
}

/** The expressions that a kernel computes, from what it reads on. */
const expressionsOf = ({ anchors, slots }: FusedKernel): readonly Node[] => {
  const read = new Set(slots.map(readBy))
  const made = slots.flatMap((s) => (isMade(s) ? [s.node] : []))
  const found = new Set<Node>()
  const stack = [...anchors, ...made]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (found.has(n) || opDef(n.op).kind === 'leaf') continue
    found.add(n)
    stack.push(...n.ins.filter((i) => !read.has(i)))
  }
  return [...found].sort((a, b) => a.id - b.id)
}

/** The user's lines that a kernel's expressions come from. */
export const placesOf = (kernel: FusedKernel): readonly Place[] => {
  const places = new Map<string, Place>()
  for (const place of expressionsOf(kernel).map(placeOf))
    if (place !== null) places.set(`${place.line} ${place.file}`, place)
  return [...places.values()].toSorted(byPlace)
}

const flopsAlone = (n: Node): number => {
  const { kind } = opDef(n.op)
  const [x] = n.ins
  if (x === undefined || !isFloat(n.dtype)) return 0
  if (kind === 'elementwise') return sizeOf(n.shape)
  if (kind === 'reduction') return sizeOf(x.shape)
  if (n.op !== 'dotGeneral') return 0
  const summed = paramsOf(n, 'dotGeneral').contract[0]
  return 2 * sizeOf(n.shape) * sizeOf(summed.map((a) => x.shape[a] as number))
}

/** Views move nothing. */
const bytesAlone = (n: Node): number => {
  const def = opDef(n.op)
  if (def.kind === 'movement' && def.move.tag === 'view') return 0
  return [n, ...n.ins].reduce((sum, t) => sum + sizeOf(t.shape) * bytesOf(t.dtype), 0)
}

/** Whole numbers in proportion to weights, whose sum is the total. */
const shares = (total: number, weights: readonly number[]): readonly number[] => {
  const sum = weights.reduce((s, w) => s + w, 0)
  if (sum === 0 && weights.length > 0)
    return shares(
      total,
      weights.map(() => 1),
    )
  let [weight, given] = [0, 0]
  return weights.map((w) => {
    weight += w
    const share = Math.round(total * (weight / sum)) - given
    given += share
    return share
  })
}

const later = (a: Phase, b: Phase): Phase => (phases.indexOf(a) > phases.indexOf(b) ? a : b)

const none: Cost = { flops: 0, bytes: 0 }
const plus = (a: Cost, b: Cost): Cost => ({ flops: a.flops + b.flops, bytes: a.bytes + b.bytes })

/** What lines cost together. */
export const totalOf = (lines: readonly LineCost[]): Cost =>
  lines.flatMap((l) => phases.map((p) => l[p])).reduce(plus, none)

/** The lines of an entry, by place. */
export const costByLine = (plan: Plan, e: PlanEntry, fused: Fused): readonly LineCost[] => {
  const kernelPhase = phasesOf(fused)
  const nodePhase = phaseOf(fused)
  const known = new Map<string, LineCost>()
  const put = (place: Place | null, phase: Phase, cost: Cost): void => {
    const key = place === null ? '' : `${place.line} ${place.file}`
    const before = known.get(key) ?? { place, forward: none, backward: none, update: none }
    known.set(key, { ...before, [phase]: plus(before[phase], cost) })
  }
  const own = new Set(fused.steps.flatMap((s) => (s.tag === 'kernel' ? [s] : [])))
  for (const [i, { of }] of e.steps.entries()) {
    const cost = costAt(plan, e, i)
    const nodes = of === undefined ? [] : expressionsOf(of)
    if (of === undefined || nodes.length === 0) {
      put(null, 'update', cost)
      continue
    }
    const phase = kernelPhase.get(of) ?? 'update'
    const flops = shares(cost.flops, nodes.map(flopsAlone))
    const bytes = shares(cost.bytes, nodes.map(bytesAlone))
    // what a backward kernel computes again is a cost of the backward pass
    for (const [k, n] of nodes.entries())
      put(placeOf(n), own.has(of) ? later(phase, nodePhase(n)) : phase, {
        flops: flops[k] as number,
        bytes: bytes[k] as number,
      })
  }
  const isFree = (l: LineCost): boolean => phases.every((p) => l[p].flops === 0 && l[p].bytes === 0)
  return [...known.values()].filter((l) => !isFree(l)).sort((a, b) => byPlace(a.place, b.place))
}
