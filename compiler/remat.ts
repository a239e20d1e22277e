/**
 * What a program computes again to fit into memory. In: what was planned. Out: of each entry its arena and its work, before and
 * after, and the values; the same as text.
 * Invariant: numbers are those of plans that were made.
 */
import { bytesOf } from '../src/core/dtype.ts'
import type { Source } from '../src/core/errors.ts'
import { type Shape, showShape, sizeOf } from '../src/core/shape.ts'
import type { Node } from '../src/expr/expr.ts'
import { nameOf, sourceOf } from '../src/expr/origin.ts'
import { policyName, type SavePolicy } from '../src/expr/policy.ts'
import { carryName, scanParts } from '../src/expr/scan.ts'
import { showBytes, showCount, table } from './inspect/amounts.ts'
import { readKernels } from './inspect/machine/values.ts'
import { costsOf, type EntryCost, type Fitted, type Planned } from './pipeline.ts'
import { type Fused, kernelsOf } from './program/fused.ts'

/** A value that is computed again. */
export interface RecomputedValue {
  /** As `inspect --as kernels` calls it. */
  readonly name: string
  readonly shape: Shape
  readonly bytes: number
  /** How often. */
  readonly times: number
  readonly source?: Source
}

/** A loop that keeps less for its way back than it would. */
export interface PolicedLoop {
  /** What it carries. */
  readonly name: string
  readonly length: number
  /** As the option `save` of `scan` has it. */
  readonly save: SavePolicy
  readonly source?: Source
}

/** What an entry computes again, and what that changes. */
export interface Recomputation {
  readonly entry: string
  /** Bytes of the arena, and floating-point operations of a run, as it would be. */
  readonly before: EntryCost
  readonly after: EntryCost
  /** The largest first. */
  readonly values: readonly RecomputedValue[]
  /** Loops whose policy was left open, and was chosen: gradients may then add up in another order. */
  readonly loops: readonly PolicedLoop[]
}

/** What the values of a program are called. */
const namesIn = (fused: Fused): ReadonlyMap<Node, string> => {
  const readings = readKernels(fused)
  return new Map(
    kernelsOf(fused).flatMap((k) =>
      k.slots.map((s, i) => [s.node, readings.get(k)?.names[i] ?? nameOf(s.node) ?? s.node.op] as const),
    ),
  )
}

const policedLoop = (scan: Node, save: SavePolicy): PolicedLoop => {
  const { fn, length } = scanParts(scan)
  const source = sourceOf(scan)
  return { name: carryName(fn, 0) ?? 'loop', length, save, ...(source === undefined ? {} : { source }) }
}

const recomputation = (before: Fused, fitted: Fitted): Recomputation => {
  const names = namesIn(before)
  const values = [...fitted.again].map(([n, times]): RecomputedValue => {
    const source = sourceOf(n)
    const bytes = sizeOf(n.shape) * bytesOf(n.dtype)
    const name = names.get(n) ?? nameOf(n) ?? n.op
    return { name, shape: n.shape, bytes, times, ...(source === undefined ? {} : { source }) }
  })
  return {
    entry: before.entry.name,
    ...costsOf(fitted),
    values: values.toSorted((p, q) => q.bytes - p.bytes),
    loops: [...fitted.policies].map(([scan, save]) => policedLoop(scan, save)),
  }
}

/** What the entries of a program compute again; those that compute nothing again are not among them. */
export const recomputations = ({ remat }: Pick<Planned, 'remat'>): readonly Recomputation[] =>
  (remat?.fitted ?? []).flatMap((f, i) =>
    f.again.size === 0 && f.policies.size === 0 ? [] : [recomputation(remat?.before[i] as Fused, f)],
  )

/** How many per cent more work it is. */
export const moreFlops = (before: EntryCost, after: EntryCost): number =>
  before.flops === 0 ? 0 : Math.round((100 * (after.flops - before.flops)) / before.flops)

/** `12.6 M FLOPs instead of 10.0 M (+26 %)` */
const moreWork = (before: EntryCost, after: EntryCost): string =>
  `${showCount(after.flops)} FLOPs instead of ${showCount(before.flops)} (+${moreFlops(before, after)} %)`

const lineOf = (source: Source | undefined): string =>
  source === undefined ? '' : `${source.file.split('/').at(-1)}:${source.line}`

const showRecomputation = ({ entry, before, after, values, loops }: Recomputation): string => {
  const head = `${entry}: arena ${showBytes(after.peak)} instead of ${showBytes(before.peak)}, ${moreWork(before, after)}`
  const kept = loops.map((l) => [l.name, String(l.length), policyName(l.save), lineOf(l.source)])
  const again = values.map((v) => [v.name, showShape(v.shape), showBytes(v.bytes), String(v.times), lineOf(v.source)])
  return [
    head,
    ...(kept.length === 0 ? [] : [table(['loop', 'steps', 'saves', 'line'], kept, ['steps'])]),
    ...(again.length === 0
      ? []
      : [table(['computed again', 'shape', 'bytes', 'times', 'line'], again, ['bytes', 'times'])]),
  ].join('\n\n')
}

/** For each entry a sentence and its tables. */
export const rematText = (all: readonly Recomputation[]): string => all.map(showRecomputation).join('\n\n')
