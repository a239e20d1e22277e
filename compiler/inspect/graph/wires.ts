/**
 * Two bands beside one another. In: the forward pass, arranged from the top down, the backward pass, arranged from the bottom up, and
 * what leads from one to the other. Out: heights of their layers, and wires.
 * Invariant: a wire leaves and enters a box at its side where nothing stands between, else in the gap below its layer, where it has a
 * track of its own; up and down it runs in the channel between the bands, where another source has another track.
 */
import { type Arranged, gapY, type Point } from './layered.ts'
import type { GraphEdge } from './model.ts'
import type { Slot } from './order.ts'
import { type Distance, nearest } from './simplex.ts'

export interface Wire {
  readonly link: GraphEdge
  readonly points: readonly Point[]
}

export interface Joined {
  /** Of the layers of the left band and of the right one. */
  readonly middles: readonly [readonly number[], readonly number[]]
  readonly wires: readonly Wire[]
  /** Where the right band begins. */
  readonly shift: number
  readonly height: number
}

type Bands = readonly [left: Arranged, right: Arranged]

const track = 7
const channelSide = 16
/** How far below a layer the first track runs, on the left and on the right. */
const [firstBelow, firstUnder] = [17, 15]

/** Where a wire leaves or enters a box. */
interface Port {
  readonly slot: Slot
  readonly side: boolean
  /** Among those of its gap, or of its side. */
  readonly lane: number
}

interface Ports {
  readonly exits: ReadonlyMap<string, Port>
  readonly entries: ReadonlyMap<GraphEdge, Port>
  /** Tracks in the gap below each layer, of both bands. */
  readonly gaps: readonly [readonly number[], readonly number[]]
  /** Wires that enter a box at its side. */
  readonly sides: ReadonlyMap<Slot, number>
}

const outermost = (layers: Arranged['layers'], s: Slot, which: 'first' | 'last'): boolean => {
  const boxes = (layers[s.layer] as readonly Slot[]).filter((o) => o.box !== null)
  return (which === 'first' ? boxes[0] : boxes.at(-1)) === s
}

const slotsOf = ({ layers }: Arranged): ReadonlyMap<string, Slot> =>
  new Map(layers.flat().flatMap((s) => (s.box === null ? [] : [[s.box.id, s] as const])))

const portsOf = ([left, right]: Bands, links: readonly GraphEdge[]): Ports => {
  const [from, to] = [slotsOf(left), slotsOf(right)]
  const [below, under] = [left.heights.map(() => 0), right.heights.map(() => 0)]
  const exits = new Map<string, Port>()
  const entries = new Map<GraphEdge, Port>()
  const shared = new Map<string, number>()
  const sides = new Map<Slot, number>()
  for (const link of links) {
    const [s, t] = [from.get(link.from) as Slot, to.get(link.to) as Slot]
    if (!exits.has(link.from)) {
      const side = outermost(left.layers, s, 'last')
      exits.set(link.from, { slot: s, side, lane: side ? 0 : (below[s.layer] as number) })
      if (!side) below[s.layer] = (below[s.layer] as number) + 1
    }
    const side = outermost(right.layers, t, 'first')
    // what enters one gap from one source is one wire up to where it divides
    const key = `${link.from} ${t.layer}`
    const lane = side ? (sides.get(t) ?? 0) : (shared.get(key) ?? (under[t.layer] as number))
    entries.set(link, { slot: t, side, lane })
    if (side) sides.set(t, lane + 1)
    else if (!shared.has(key)) {
      shared.set(key, lane)
      under[t.layer] = lane + 1
    }
  }
  return { exits, entries, gaps: [below, under], sides }
}

/** The middles of both bands' layers: forward downwards, backward upwards, what reads near what it reads. */
const alignedMiddles = (
  [left, right]: Bands,
  [below, under]: Ports['gaps'],
  pairs: readonly (readonly [number, number])[],
): Joined['middles'] => {
  const [n, m] = [left.heights.length, right.heights.length]
  const between = ({ heights }: Arranged, i: number, tracks: number): number =>
    Math.ceil(((heights[i] as number) + (heights[i + 1] as number)) / 2 + gapY + track * tracks)
  const distances: Distance[] = []
  for (let i = 0; i + 1 < n; i++)
    distances.push({ from: i, to: i + 1, atLeast: between(left, i, below[i] ?? 0), weight: 3 })
  for (let i = 0; i + 1 < m; i++)
    distances.push({ from: n + i + 1, to: n + i, atLeast: between(right, i, under[i + 1] ?? 0), weight: 3 })
  // the distance of two that may lie either way is that of both from a point before them
  pairs.forEach(([f, b], k) => {
    const before = n + m + k
    distances.push({ from: before, to: f, atLeast: 0, weight: 1 }, { from: before, to: n + b, atLeast: 0, weight: 1 })
  })
  const places = nearest(n + m + pairs.length, distances)
  const tops = [...left.heights, ...right.heights].map((h, i) => (places[i] as number) - h / 2)
  const top = tops.reduce((least, t) => Math.min(least, t), Number.POSITIVE_INFINITY)
  const at = places.map((p) => p - top)
  return [at.slice(0, n), at.slice(n, n + m)]
}

/** A point at a box, and the height at which the wire runs to or from the channel. */
interface End {
  readonly at: Point
  readonly height: number
}

const bottomOf = ({ heights }: Arranged, middles: readonly number[], layer: number): number =>
  (middles[layer] as number) + (heights[layer] as number) / 2

const exitEnd = (band: Arranged, middles: readonly number[], { slot, side, lane }: Port): End => {
  const [x, y] = [band.x.get(slot) as number, middles[slot.layer] as number]
  if (side) return { at: { x: x + slot.right, y }, height: y }
  return {
    at: { x: x + Math.min(14, slot.right - 6), y: y + (slot.box?.height ?? 0) / 2 },
    height: bottomOf(band, middles, slot.layer) + firstBelow + track * lane,
  }
}

/** `count` wires enter at the side; `nth` of those into the box is this one. */
const entryEnd = (
  band: Arranged,
  middles: readonly number[],
  { slot, side, lane }: Port,
  { count, nth }: { readonly count: number; readonly nth: number },
): End => {
  const [x, y] = [band.x.get(slot) as number, middles[slot.layer] as number]
  const high = slot.box?.height ?? 0
  if (side) {
    const height = y + Math.min(6, (high - 8) / count) * (lane - (count - 1) / 2)
    return { at: { x: x - slot.left, y: height }, height }
  }
  return {
    at: { x: x - Math.min(12 + 9 * nth, slot.left - 5), y: y + high / 2 },
    height: bottomOf(band, middles, slot.layer) + firstUnder + track * lane,
  }
}

/** A track for each span so that those of one track do not meet. */
const tracksOf = (spans: readonly { readonly id: string; readonly low: number; readonly high: number }[]) => {
  const ends: number[] = []
  const of = new Map<string, number>()
  for (const { id, low, high } of spans.toSorted((a, b) => a.low - b.low || b.high - a.high)) {
    const free = ends.findIndex((end) => end + 6 < low)
    const k = free < 0 ? ends.length : free
    ends[k] = high
    of.set(id, k)
  }
  return { of, count: ends.length }
}

export const joined = (bands: Bands, links: readonly GraphEdge[]): Joined => {
  const [left, right] = bands
  const { exits, entries, gaps, sides } = portsOf(bands, links)
  const layerOf = (p: Port | undefined): number => (p as Port).slot.layer
  const pairs = links.map((l) => [layerOf(exits.get(l.from)), layerOf(entries.get(l))] as const)
  const middles = alignedMiddles(bands, gaps, pairs)
  const starts = new Map([...exits].map(([id, port]) => [id, exitEnd(left, middles[0], port)]))
  const ends = links.map((l) => {
    const port = entries.get(l) as Port
    const nth = links.filter((o) => o.to === l.to).indexOf(l)
    return entryEnd(right, middles[1], port, { count: sides.get(port.slot) ?? 1, nth })
  })
  const spans = [...starts].map(([id, { height }]) => {
    const heights = [height, ...links.flatMap((l, i) => (l.from === id ? [(ends[i] as End).height] : []))]
    return { id, low: Math.min(...heights), high: Math.max(...heights) }
  })
  const tracks = tracksOf(spans)
  const first = left.width + channelSide
  const shift = first + track * Math.max(0, tracks.count - 1) + channelSide + 6
  const wires = links.map((link, i): Wire => {
    const [from, to] = [starts.get(link.from) as End, ends[i] as End]
    const x = first + track * (tracks.of.get(link.from) as number)
    const end = { x: to.at.x + shift, y: to.at.y }
    const turns = [
      { x: from.at.x, y: from.height },
      { x, y: from.height },
      { x, y: to.height },
      { x: end.x, y: to.height },
    ]
    return { link, points: [from.at, ...turns, end] }
  })
  const foot = (b: Arranged, own: readonly number[], tracksBelow: readonly number[]): number =>
    b.heights.reduce((most, _, i) => {
      const count = tracksBelow[i] ?? 0
      return Math.max(most, bottomOf(b, own, i) + (count > 0 ? firstBelow + track * count : 0))
    }, 0)
  return { middles, wires, shift, height: Math.max(foot(left, middles[0], gaps[0]), foot(right, middles[1], gaps[1])) }
}
