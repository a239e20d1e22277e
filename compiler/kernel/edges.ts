/**
 * Windows that reach over an image. In: an edge and a window's number along its axis. Out: which of its elements are there.
 * Invariant: they are one run, because elements of a window lie in order.
 */
import type { Edge } from './kernel.ts'

/** Elements first … first + count − 1. */
export interface Present {
  readonly first: number
  readonly count: number
}

/** Of the first `elements` elements of the window with that number, those on the axis. */
export const presentIn = (e: Edge, window: number, elements: number): Present => {
  const before = e.low - window * e.step
  const first = Math.min(elements, Math.ceil(Math.max(0, before) / e.dilation))
  const end = Math.min(elements, Math.floor(Math.max(0, e.extent - 1 + before + e.dilation) / e.dilation))
  return { first, count: Math.max(0, end - first) }
}
