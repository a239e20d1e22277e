/**
 * The order within layers, and columns that keep it. In: layers of slots. Out: the same layers, ordered for few crossings.
 * Invariant: the same graph gives the same order.
 */
export interface Box {
  readonly id: string
  /** From where its edges begin and end to its left and right edge. */
  readonly left: number
  readonly right: number
  readonly height: number
}

/** A box, or the lane of an edge through a layer. */
export interface Slot {
  readonly box: Box | null
  readonly left: number
  readonly right: number
  readonly layer: number
  /** How much it matters that it lies near what it is joined to. */
  readonly weight: number
  readonly above: Slot[]
  readonly below: Slot[]
}

/** Crossings between two layers: pairs of edges whose ends are in different orders (Barth, Jünger and Mutzel, 2002). */
const crossings = (above: readonly Slot[], below: readonly Slot[]): number => {
  const place = new Map(below.map((s, i) => [s, i]))
  const ends = above.flatMap((s) => s.below.map((t) => place.get(t) as number).sort((a, b) => a - b))
  const tree = new Array<number>(below.length + 1).fill(0)
  let count = 0
  for (const [seen, end] of ends.entries()) {
    let upTo = 0
    for (let k = end + 1; k > 0; k -= k & -k) upTo += tree[k] as number
    count += seen - upTo
    for (let k = end + 1; k <= below.length; k += k & -k) tree[k] = (tree[k] as number) + 1
  }
  return count
}

const allCrossings = (layers: readonly (readonly Slot[])[]): number =>
  layers.reduce((n, layer, i) => (i === 0 ? 0 : n + crossings(layers[i - 1] as readonly Slot[], layer)), 0)

/** A layer sorted by the mean place of its neighbours; what has none stays where it is. */
const sorted = (
  layer: readonly Slot[],
  fixed: readonly Slot[],
  near: (s: Slot) => readonly Slot[],
): readonly Slot[] => {
  const place = new Map(fixed.map((s, i) => [s, i]))
  const keyed = layer.map((s, i) => {
    const others = near(s)
    const mean = others.reduce((n, o) => n + (place.get(o) ?? 0), 0) / Math.max(1, others.length)
    return { s, key: others.length === 0 ? (i * fixed.length) / Math.max(1, layer.length) : mean, i }
  })
  return keyed.sort((a, b) => a.key - b.key || a.i - b.i).map(({ s }) => s)
}

const sweeps = 24

export const orderLayers = (layers: readonly (readonly Slot[])[]): readonly (readonly Slot[])[] => {
  let now = layers.map((l) => [...l] as readonly Slot[])
  let best = now
  let fewest = allCrossings(now)
  for (let k = 0; k < sweeps && fewest > 0; k++) {
    const next = [...now]
    if (k % 2 === 0)
      for (let i = 1; i < next.length; i++)
        next[i] = sorted(next[i] as readonly Slot[], next[i - 1] as readonly Slot[], (s) => s.above)
    else
      for (let i = next.length - 2; i >= 0; i--)
        next[i] = sorted(next[i] as readonly Slot[], next[i + 1] as readonly Slot[], (s) => s.below)
    now = next
    const count = allCrossings(now)
    if (count < fewest) {
      fewest = count
      best = now
    }
  }
  return best
}

/**
 * The places nearest to the wanted ones, by weighted squares, of which each is at least `room[i]` behind the one before it:
 * isotonic regression by pooling neighbours that are too near.
 */
export const alignedTo = (
  wanted: readonly { readonly at: number; readonly weight: number }[],
  room: readonly number[],
): readonly number[] => {
  const offsets: number[] = []
  let sum = 0
  for (const r of room) {
    sum += r
    offsets.push(sum)
  }
  const pools: { total: number; weight: number; size: number }[] = []
  for (const [i, { at, weight }] of wanted.entries()) {
    let pool = { total: (at - (offsets[i] as number)) * weight, weight, size: 1 }
    for (let last = pools.at(-1); last !== undefined; last = pools.at(-1)) {
      if (last.total / last.weight < pool.total / pool.weight) break
      pool = { total: last.total + pool.total, weight: last.weight + pool.weight, size: last.size + pool.size }
      pools.pop()
    }
    pools.push(pool)
  }
  return pools
    .flatMap((p) => new Array<number>(p.size).fill(p.total / p.weight))
    .map((v, i) => v + (offsets[i] as number))
}
