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

export const packArena = (
  lives: readonly Lifetime[],
): { readonly offsets: readonly number[]; readonly bytes: number } => {
  const offsets = new Array<number>(lives.length).fill(0)
  const placed: number[] = []
  const bySize = lives
    .map((_, i) => i)
    .sort((i, j) => (lives[j] as Lifetime).bytes - (lives[i] as Lifetime).bytes || i - j)
  let total = 0
  for (const i of bySize) {
    const life = lives[i] as Lifetime
    const size = paddedBytes(life.bytes)
    const rivals = placed
      .filter((j) => {
        const other = lives[j] as Lifetime
        return other.from <= life.to && life.from <= other.to
      })
      .sort((x, y) => (offsets[x] as number) - (offsets[y] as number))
    let at = 0
    for (const j of rivals) {
      const start = offsets[j] as number
      if (at + size <= start) break
      at = Math.max(at, start + paddedBytes((lives[j] as Lifetime).bytes))
    }
    offsets[i] = at
    total = Math.max(total, at + size)
    placed.push(i)
  }
  return { offsets, bytes: total }
}
