/**
 * Offsets in one arena. In: buffers with sizes and lifetimes in steps. Out: an offset each, and the arena's size.
 * Invariant: two buffers whose lifetimes meet do not overlap. Largest first, each at the lowest place that is free for its
 * whole life (greedy by size, as in Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020).
 */
export interface Lifetime {
  readonly bytes: number
  /** First and last step that touches it, inclusive. */
  readonly from: number
  readonly to: number
}

/** Vector loads may read past an end, so 16 bytes follow each buffer; places are whole cache lines. */
export const paddedBytes = (bytes: number): number => Math.ceil((bytes + 16) / 64) * 64

/** A place that is taken for some steps. */
interface Placed {
  readonly start: number
  readonly end: number
  readonly from: number
  readonly to: number
}

/** Where in a list by place the first one stands that begins at `start` or behind. */
const firstFrom = (placed: readonly Placed[], start: number): number => {
  let [low, high] = [0, placed.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((placed[middle] as Placed).start < start) low = middle + 1
    else high = middle
  }
  return low
}

export const packArena = (
  lives: readonly Lifetime[],
): { readonly offsets: readonly number[]; readonly bytes: number } => {
  const offsets = new Array<number>(lives.length).fill(0)
  const placed: Placed[] = []
  const bySize = lives
    .map((_, i) => i)
    .sort((i, j) => (lives[j] as Lifetime).bytes - (lives[i] as Lifetime).bytes || i - j)
  let total = 0
  for (const i of bySize) {
    const life = lives[i] as Lifetime
    const size = paddedBytes(life.bytes)
    let at = 0
    for (const { start, end, from, to } of placed) {
      if (at + size <= start) break
      if (end > at && from <= life.to && life.from <= to) at = end
    }
    offsets[i] = at
    total = Math.max(total, at + size)
    placed.splice(firstFrom(placed, at), 0, { start: at, end: at + size, from: life.from, to: life.to })
  }
  return { offsets, bytes: total }
}
