/**
 * Whose value each byte of memory holds. In: spans of bytes that a value is written to. Out: who holds a byte, and the first byte of a
 * span that somebody does not hold.
 * Invariant: what is held lies in order and apart, and neighbours of one holder are one. A ledger is changed where it stands, since
 * a step changes little of it: whoever needs it twice copies it.
 */
import type { Span } from '../kernel/access.ts'

interface Held extends Span {
  readonly owner: number
}

export type Ledger = Held[]

/** The first that ends behind a byte. */
const firstBehind = (ledger: Ledger, byte: number): number => {
  let [low, high] = [0, ledger.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ledger[middle] as Held).end > byte) high = middle
    else low = middle + 1
  }
  return low
}

/** The same with neighbours of one holder joined. */
const joined = (list: readonly Held[]): readonly Held[] => {
  const out: Held[] = []
  for (const held of list) {
    const last = out.at(-1)
    if (last !== undefined && last.owner === held.owner && last.end === held.start)
      out[out.length - 1] = { ...last, end: held.end }
    else if (held.start < held.end) out.push(held)
  }
  return out
}

const claimSpan = (ledger: Ledger, { start, end }: Span, owner: number | null): void => {
  if (start >= end) return
  const from = firstBehind(ledger, start)
  const first = ledger[from]
  if (first !== undefined && first.owner === owner && first.start <= start && end <= first.end) return
  let to = from
  while (to < ledger.length && (ledger[to] as Held).start < end) to++
  // with the neighbours, which may be of the same holder
  const [low, high] = [Math.max(0, from - 1), Math.min(ledger.length, to + 1)]
  const around = ledger.slice(low, high)
  const before = around.flatMap((h) => (h.start < start ? [{ ...h, end: Math.min(h.end, start) }] : []))
  const behind = around.flatMap((h) => (h.end > end ? [{ ...h, start: Math.max(h.start, end) }] : []))
  const own = owner === null ? [] : [{ start, end, owner }]
  ledger.splice(low, high - low, ...joined([...before, ...own, ...behind]))
}

/** From now on these spans hold a value of the owner, or nobody's. */
export const claim = (ledger: Ledger, spans: readonly Span[], owner: number | null): void => {
  for (const span of spans) claimSpan(ledger, span, owner)
}

export const holderOf = (ledger: Ledger, byte: number): number | null => {
  const held = ledger[firstBehind(ledger, byte)]
  return held !== undefined && held.start <= byte ? held.owner : null
}

/** The first byte of these spans that the owner does not hold; null where it holds them all. */
export const firstLost = (ledger: Ledger, spans: readonly Span[], owner: number): number | null => {
  for (const { start, end } of spans) {
    let at = start
    for (let i = firstBehind(ledger, start); at < end; i++) {
      const held = ledger[i]
      if (held === undefined || held.start > at || held.owner !== owner) return at
      at = held.end
    }
  }
  return null
}

const meetTwo = (a: Ledger, b: Ledger): Ledger => {
  const both: Held[] = []
  for (let [i, j] = [0, 0]; i < a.length && j < b.length; ) {
    const [x, y] = [a[i] as Held, b[j] as Held]
    const [start, end] = [Math.max(x.start, y.start), Math.min(x.end, y.end)]
    if (start < end && x.owner === y.owner) both.push({ start, end, owner: x.owner })
    if (x.end <= y.end) i++
    if (y.end <= x.end) j++
  }
  return [...joined(both)]
}

/** What holds wherever control came from: the bytes that are of one holder on every way. */
export const meet = ([first = [], ...rest]: readonly Ledger[]): Ledger => rest.reduce(meetTwo, first)
