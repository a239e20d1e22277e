/**
 * Offsets in one arena. In: buffers with sizes and lifetimes in steps. Out: an offset each, and the arena's size.
 * Invariant: two buffers whose lifetimes meet do not overlap. Largest first, each at the lowest place that is free for its
 * whole life (greedy by size, as in Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020);
 * where that leaves gaps, other orders are tried, and the smallest arena is taken.
 */
import { bytesAlive } from './plan.ts'

export interface Lifetime {
  readonly bytes: number
  /** First and last step that touches it, inclusive. */
  readonly from: number
  readonly to: number
}

/** Vector loads may read past an end, so 16 bytes follow each buffer; places are whole cache lines. */
export const paddedBytes = (bytes: number): number => Math.ceil((bytes + 16) / 64) * 64

/** A place that is taken for some steps. */
interface Taken {
  readonly end: number
  readonly from: number
  readonly to: number
}

/** Places that begin at one byte: no two of them are taken at once, so they are in order of time. */
interface Column {
  readonly start: number
  readonly taken: Taken[]
  /** Of all of them: the first step, the last one, the last byte. */
  from: number
  to: number
  end: number
}

/** The first index from which on `holds` is true; it is so for all behind. */
const firstWhere = <A>(list: readonly A[], holds: (a: A) => boolean): number => {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(list[middle] as A)) high = middle
    else low = middle + 1
  }
  return low
}

/** How far a column reaches while a life lasts. */
const reach = ({ taken }: Column, { from, to }: Lifetime): number => {
  let end = 0
  for (let k = firstWhere(taken, (t) => t.to >= from); k < taken.length; k++) {
    const t = taken[k] as Taken
    if (t.from > to) break
    end = Math.max(end, t.end)
  }
  return end
}

/** The lowest byte from which on so many are free for a whole life. */
const lowest = (columns: readonly Column[], size: number, life: Lifetime): number => {
  let at = 0
  for (const c of columns) {
    if (at + size <= c.start) break
    if (c.end <= at || c.from > life.to || c.to < life.from) continue
    at = Math.max(at, c.taken.length === 1 ? c.end : reach(c, life))
  }
  return at
}

const take = (columns: Column[], start: number, end: number, { from, to }: Lifetime): void => {
  const i = firstWhere(columns, (c) => c.start >= start)
  const known = columns[i]
  if (known === undefined || known.start !== start) {
    columns.splice(i, 0, { start, from, to, end, taken: [{ end, from, to }] })
    return
  }
  const at = firstWhere(known.taken, (t) => t.from > to)
  known.taken.splice(at, 0, { end, from, to })
  known.from = Math.min(known.from, from)
  known.to = Math.max(known.to, to)
  known.end = Math.max(known.end, end)
}

interface Packed {
  readonly offsets: readonly number[]
  readonly bytes: number
}

/** Each in turn at the lowest place that is free for its whole life. */
const placeInOrder = (lives: readonly Lifetime[], order: readonly number[]): Packed => {
  const offsets = new Array<number>(lives.length).fill(0)
  const columns: Column[] = []
  let bytes = 0
  for (const i of order) {
    const life = lives[i] as Lifetime
    const size = paddedBytes(life.bytes)
    const at = lowest(columns, size, life)
    offsets[i] = at
    bytes = Math.max(bytes, at + size)
    take(columns, at, at + size, life)
  }
  return { offsets, bytes }
}

/** An order by falling numbers, the first of two by the one that counts less where they are alike. */
const orderBy = (lives: readonly Lifetime[], weigh: (l: Lifetime) => number): readonly number[] => {
  const weights = lives.map(weigh)
  const by = (i: number, j: number): number =>
    (weights[j] as number) - (weights[i] as number) ||
    (lives[j] as Lifetime).bytes - (lives[i] as Lifetime).bytes ||
    i - j
  return lives.map((_, i) => i).sort(by)
}

const steps = ({ from, to }: Lifetime): number => to - from + 1

/** Near enough to what is alive at once. */
const close = 1.01

/** So many orders are tried for an arena of few buffers, and fewer for more, as each takes longer. */
const triesFor = (count: number): number => Math.min(16, Math.floor(4000 / Math.max(1, count)))

export const packArena = (lives: readonly Lifetime[]): Packed => {
  const end = lives.reduce((n, l) => Math.max(n, l.to + 1), 0)
  const padded = lives.map(({ bytes, from, to }) => ({ bytes: paddedBytes(bytes), from, to }))
  const enough = close * bytesAlive(padded, end).reduce((n, bytes) => Math.max(n, bytes), 0)
  let order = orderBy(lives, (l) => l.bytes)
  let last = placeInOrder(lives, order)
  let best = last
  for (const weigh of [(l: Lifetime) => l.bytes * steps(l), steps]) {
    if (best.bytes <= enough) return best
    const other = orderBy(lives, weigh)
    const found = placeInOrder(lives, other)
    if (found.bytes < best.bytes) [best, last, order] = [found, found, other]
  }
  for (let n = triesFor(lives.length); n > 0 && best.bytes > enough; n--) {
    // what ends highest goes first
    const { bytes, offsets } = last
    const isTop = (i: number): boolean => (offsets[i] as number) + paddedBytes((lives[i] as Lifetime).bytes) === bytes
    order = [...order.filter(isTop), ...order.filter((i) => !isTop(i))]
    last = placeInOrder(lives, order)
    if (last.bytes < best.bytes) best = last
  }
  return best
}
