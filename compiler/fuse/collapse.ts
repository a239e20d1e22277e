/**
 * Merges loop dims that are walked as one. In: a loop kernel. Out: the same kernel with fewer, longer loops.
 * Invariant: the order in which elements are visited stays, so every result keeps its bits. Dims are merged only where
 * every access of every stage in scope allows it and no instruction asks for one of their indices.
 */
import type { Instr, LoopKernel, Stage } from '../kernel/kernel.ts'
import { accessesOf, mapAccesses } from '../kernel/operands.ts'

const asksIndex = (s: Stage, axis: number): boolean => s.body.some((i) => i.tag === 'index' && i.axis === axis)

/** Whether dims d and d + 1 (positions in the access, extents given) are one dim for these stages. */
const joinable = (stages: readonly Stage[], d: number, inner: number): boolean =>
  stages.every(
    (s) =>
      !asksIndex(s, d) &&
      !asksIndex(s, d + 1) &&
      accessesOf(s).every(({ access: a }) => a.strides[d] === (a.strides[d + 1] as number) * inner),
  )

/** Drops position d of every access: the merged dim keeps the stride of d + 1. */
const dropDim = (s: Stage, d: number): Stage => {
  const moved = mapAccesses(s, (a) => ({ ...a, strides: a.strides.filter((_, i) => i !== d) }))
  const instr = (i: Instr): Instr => (i.tag === 'index' && i.axis > d ? { ...i, axis: i.axis - 1 } : i)
  return { ...moved, body: moved.body.map(instr) }
}

const merged = (dims: readonly number[], d: number): readonly number[] => [
  ...dims.slice(0, d),
  (dims[d] as number) * (dims[d + 1] as number),
  ...dims.slice(d + 2),
]

const collapseOuter = (k: LoopKernel): LoopKernel => {
  for (let d = k.outer.length - 2; d >= 0; d--)
    if (joinable(k.stages, d, k.outer[d + 1] as number))
      return collapseOuter({ ...k, outer: merged(k.outer, d), stages: k.stages.map((s) => dropDim(s, d)) })
  return k
}

const hasPosition = (s: Stage): boolean => s.reductions.some((r) => r.combine === 'argmax' || r.combine === 'argmin')

const collapseInner = (s: Stage, outer: number): Stage => {
  if (hasPosition(s)) return s
  for (let d = s.dims.length - 2; d >= 0; d--)
    if (joinable([s], outer + d, s.dims[d + 1] as number))
      return collapseInner({ ...dropDim(s, outer + d), dims: merged(s.dims, d) }, outer)
  return s
}

/**
 * Lanes reductions count along the innermost dim, so merging inner dims changes which partial an element goes to: it is
 * part of the kernel's definition, done once here for all targets.
 */
export const collapseKernel = (k: LoopKernel): LoopKernel => {
  const outer = collapseOuter(k)
  return { ...outer, stages: outer.stages.map((s) => collapseInner(s, outer.outer.length)) }
}
