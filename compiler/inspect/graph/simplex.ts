/**
 * Places on a line, as near as they may be: the network simplex of Gansner, Koutsofios, North and Vo ("A technique for drawing
 * directed graphs", 1993). In: how far which point is behind which at least, and how much it matters that they are near.
 * Out: whole places from 0 of which the weighted sum of distances is least. Invariant: every distance is kept; the same in, the same out.
 */
export interface Distance {
  readonly from: number
  readonly to: number
  readonly atLeast: number
  readonly weight: number
}

/** The places as far forward as they may be. */
const foremost = (count: number, distances: readonly Distance[]): number[] => {
  const place = new Array<number>(count).fill(0)
  const behind = Array.from({ length: count }, (): Distance[] => [])
  const left = new Array<number>(count).fill(0)
  for (const d of distances) {
    behind[d.from]?.push(d)
    left[d.to] = (left[d.to] as number) + 1
  }
  const ready = left.flatMap((n, i) => (n === 0 ? [i] : []))
  for (let k = 0; k < ready.length; k++)
    for (const { from, to, atLeast } of behind[ready[k] as number] as Distance[]) {
      place[to] = Math.max(place[to] as number, (place[from] as number) + atLeast)
      left[to] = (left[to] as number) - 1
      if (left[to] === 0) ready.push(to)
    }
  return place
}

/** A tree over all points, from point 0: for each point the distance that leads to it, in an order that begins with the root. */
interface Tree {
  readonly order: readonly number[]
  readonly by: readonly (Distance | undefined)[]
}

const treeOf = (count: number, tight: ReadonlySet<Distance>): Tree => {
  const beside = Array.from({ length: count }, (): Distance[] => [])
  for (const d of tight) {
    beside[d.from]?.push(d)
    beside[d.to]?.push(d)
  }
  const by = new Array<Distance | undefined>(count).fill(undefined)
  const seen = new Set([0])
  for (const at of seen)
    for (const d of beside[at] as Distance[]) {
      const other = d.from === at ? d.to : d.from
      if (seen.has(other)) continue
      by[other] = d
      seen.add(other)
    }
  return { order: [...seen], by }
}

const parentOf = (d: Distance, child: number): number => (d.from === child ? d.to : d.from)

/** The points below a point of the tree, itself included. */
const below = ({ order, by }: Tree, root: number): ReadonlySet<number> => {
  const found = new Set([root])
  for (const n of order) {
    const d = by[n]
    if (d !== undefined && n !== root && found.has(parentOf(d, n))) found.add(n)
  }
  return found
}

export const nearest = (count: number, given: readonly Distance[]): readonly number[] => {
  if (count === 0) return []
  // a point before all others, so that all hang together
  const distances = [
    ...given.map((d) => ({ ...d, from: d.from + 1, to: d.to + 1 })),
    ...Array.from({ length: count }, (_, i) => ({ from: 0, to: i + 1, atLeast: 0, weight: 0 })),
  ]
  const all = count + 1
  const place = foremost(all, distances)
  const slack = ({ from, to, atLeast }: Distance): number => (place[to] as number) - (place[from] as number) - atLeast
  const tight = new Set<Distance>()
  const within = new Set([0])
  while (within.size < all) {
    let next: Distance | undefined
    for (const d of distances)
      if (within.has(d.from) !== within.has(d.to) && (next === undefined || slack(d) < slack(next))) next = d
    if (next === undefined) break
    const move = within.has(next.from) ? slack(next) : -slack(next)
    for (const n of within) place[n] = (place[n] as number) + move
    tight.add(next)
    within.add(within.has(next.from) ? next.to : next.from)
  }
  const own = new Array<number>(all).fill(0)
  for (const { from, to, weight } of distances) {
    own[from] = (own[from] as number) + weight
    own[to] = (own[to] as number) - weight
  }
  for (let turn = 0; turn < 8 * all; turn++) {
    const tree = treeOf(all, tight)
    const pull = [...own]
    for (const n of tree.order.toReversed()) {
      const d = tree.by[n]
      if (d !== undefined) pull[parentOf(d, n)] = (pull[parentOf(d, n)] as number) + (pull[n] as number)
    }
    // what a distance of the tree costs if it grows; one that gains is given up for the next that becomes tight
    const gain = (n: number): number => {
      const d = tree.by[n]
      return d === undefined ? 0 : d.from === n ? (pull[n] as number) : -(pull[n] as number)
    }
    const worst = tree.order.reduce((best, n) => (gain(n) < gain(best) ? n : best), 0)
    if (gain(worst) >= 0) break
    const leaving = tree.by[worst] as Distance
    const part = below(tree, worst)
    const isTail = (n: number): boolean => part.has(n) === part.has(leaving.from)
    let entering: Distance | undefined
    for (const d of distances)
      if (!isTail(d.from) && isTail(d.to) && (entering === undefined || slack(d) < slack(entering))) entering = d
    if (entering === undefined) break
    const move = slack(entering)
    for (let n = 0; n < all; n++) if (isTail(n)) place[n] = (place[n] as number) - move
    tight.delete(leaving)
    tight.add(entering)
  }
  const first = Math.min(...place.slice(1))
  return place.slice(1).map((p) => p - first)
}
