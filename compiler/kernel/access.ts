/**
 * Affine accesses. In: an access and the extents of the loop dims it runs over. Out: which elements it touches.
 * Invariant: exact up to `CHUNKS` separate runs of elements, and beyond that the hull, which is said to the caller.
 */
import type { Access } from './kernel.ts'

/** Elements start, start + 1, …, end − 1. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** More separate runs than this are not listed. */
const CHUNKS = 1 << 20

interface Axis {
  readonly stride: number
  readonly extent: number
}

/** The dims that move the access, smallest step first, all steps made positive; and the lowest address. */
const normalize = (
  access: Access,
  dims: readonly number[],
): { readonly low: number; readonly axes: readonly Axis[] } => {
  let low = access.offset
  const axes: Axis[] = []
  dims.forEach((extent, d) => {
    const stride = access.strides[d] ?? 0
    if (extent <= 1 || stride === 0) return
    if (stride < 0) low += stride * (extent - 1)
    axes.push({ stride: Math.abs(stride), extent })
  })
  return { low, axes: axes.sort((a, b) => a.stride - b.stride) }
}

export const isEmptyDomain = (dims: readonly number[]): boolean => dims.some((extent) => extent === 0)

/** The first element and one past the last; null where the loops do not run. */
export const hullOf = (access: Access, dims: readonly number[]): Span | null => {
  if (isEmptyDomain(dims)) return null
  const { low, axes } = normalize(access, dims)
  return { start: low, end: axes.reduce((high, a) => high + a.stride * (a.extent - 1), low) + 1 }
}

/** Sorted spans joined where they touch or overlap. */
export const joinSpans = (spans: readonly Span[]): readonly Span[] => {
  const sorted = [...spans].sort((a, b) => a.start - b.start)
  const out: { start: number; end: number }[] = []
  for (const span of sorted) {
    const last = out.at(-1)
    if (span.start >= span.end) continue
    if (last !== undefined && span.start <= last.end) last.end = Math.max(last.end, span.end)
    else out.push({ start: span.start, end: span.end })
  }
  return out
}

/** The elements that the access touches, as sorted disjoint spans. */
export const spansOf = (access: Access, dims: readonly number[]): readonly Span[] => {
  const hull = hullOf(access, dims)
  if (hull === null) return []
  const { low, axes } = normalize(access, dims)
  // the dims of small steps make one run without gaps, as long as each next step does not reach over its end
  let run = 1
  let dense = 0
  for (const { stride, extent } of axes) {
    if (stride > run) break
    run += stride * (extent - 1)
    dense++
  }
  const rest = axes.slice(dense)
  if (rest.reduce((n, a) => n * a.extent, 1) > CHUNKS) return [hull]
  let starts: readonly number[] = [low]
  for (const { stride, extent } of rest) {
    const next: number[] = []
    for (const start of starts) for (let i = 0; i < extent; i++) next.push(start + i * stride)
    starts = next
  }
  return joinSpans(starts.map((start) => ({ start, end: start + run })))
}

/** Sorted spans that are joined, compared. */
export const equalSpans = (a: readonly Span[], b: readonly Span[]): boolean =>
  a.length === b.length && a.every((s, i) => s.start === b[i]?.start && s.end === b[i]?.end)

/** The first element of `needed` that `given` lacks, or null. Both are sorted and disjoint. */
export const firstMissing = (needed: readonly Span[], given: readonly Span[]): number | null => {
  let g = 0
  for (const { start, end } of needed) {
    let at = start
    while (at < end) {
      while (g < given.length && (given[g] as Span).end <= at) g++
      const span = given[g]
      if (span === undefined || span.start > at) return at
      at = span.end
    }
  }
  return null
}

/** What is left of sorted, disjoint spans when others are taken away. */
export const subtractSpans = (spans: readonly Span[], cut: readonly Span[]): readonly Span[] => {
  const out: Span[] = []
  let c = 0
  for (const { start, end } of spans) {
    let at = start
    while (c < cut.length && (cut[c] as Span).end <= at) c++
    // a cut may reach over the next span too, so `c` itself stays
    for (let n = c; n < cut.length && (cut[n] as Span).start < end; n++) {
      const hole = cut[n] as Span
      if (hole.start > at) out.push({ start: at, end: hole.start })
      at = Math.max(at, hole.end)
    }
    if (at < end) out.push({ start: at, end })
  }
  return out
}

export const sizeOfSpans = (spans: readonly Span[]): number => spans.reduce((n, s) => n + s.end - s.start, 0)

/**
 * Whether two points of the loops never touch the same element: each step reaches over all that the smaller ones span.
 * (Sufficient, and necessary for what row-major tensors and their views give.)
 */
export const isInjective = (access: Access, dims: readonly number[]): boolean => {
  if (isEmptyDomain(dims)) return true
  if (dims.some((extent, d) => extent > 1 && (access.strides[d] ?? 0) === 0)) return false
  let run = 1
  for (const { stride, extent } of normalize(access, dims).axes) {
    if (stride < run) return false
    run += stride * (extent - 1)
  }
  return true
}

/** The same element at the same point of the same loops; the stride of a dim of extent 1 says nothing. */
export const isSameAccess = (a: Access, aDims: readonly number[], b: Access, bDims: readonly number[]): boolean => {
  const steps = (access: Access, dims: readonly number[]): string =>
    dims.flatMap((extent, d) => (extent > 1 ? [`${extent}:${access.strides[d] ?? 0}`] : [])).join()
  return a.offset === b.offset && steps(a, aDims) === steps(b, bDims)
}
