/**
 * Where everything of a picture stands. In: a graph. Out: bands of boxes with their edges, wires between the bands, panels of updates.
 * Invariant: the forward pass goes down on the left, the backward pass goes up on its right, each value of it near those that it
 * reads; wires run between rows and in a channel of their own, never through a box.
 */
import type { GraphEdge, Graph } from './model.ts'
import { arrange, type Arranged, gapY, type Placed, type Point, settle, stackedMiddles } from './layered.ts'
import type { Box, Slot } from './order.ts'
import { type Distance, nearest } from './simplex.ts'
import { type Row, type Stack, type Stacks, stacksOf } from './stacks.ts'
import { type Panel, panelsOf } from './panels.ts'

/** Characters at 12 and at 10 pixels. */
const letter = 7.25
export const smallLetter = 6.05
export const [rowHeight, padding, title, inset] = [20, 4, 24, 16] as const

export const widthOf = (text: string, each: number = letter): number => [...text].length * each

export const leafWidth = ({ label, type }: Row['node']): number => widthOf(label) + widthOf(type, smallLetter) + 24

export const leafGap = 4

/** A stack with its extent, and of a loop what is inside. */
export interface Sized {
  readonly stack: Stack
  readonly box: Box
  /** Of the box itself, without the leaves beside it. */
  readonly width: number
  readonly inside: Sheet | null
}

export interface Band {
  readonly boxes: readonly Sized[]
  readonly links: readonly GraphEdge[]
  readonly placed: Placed
  readonly x: number
  readonly y: number
  readonly up: boolean
}

export interface Wire {
  readonly link: GraphEdge
  readonly points: readonly Point[]
}

export interface Sheet {
  readonly bands: readonly Band[]
  readonly wires: readonly Wire[]
  readonly panels: readonly (Panel & { readonly sheet: Sheet; readonly x: number; readonly y: number })[]
  readonly width: number
  readonly height: number
}

const sized = (stack: Stack): Sized => {
  const body = stack.rows.find((r) => r.node.body !== undefined)?.node.body
  const inside = body === undefined ? null : sheetOf(body)
  const text = Math.max(
    ...stack.rows.map(({ node, tells }) => widthOf(node.label) + (tells ? widthOf(node.type, smallLetter) + 10 : 0)),
  )
  const width = Math.max(48, text + 18, inside === null ? 0 : inside.width + 2 * inset)
  const leaves = Math.max(
    0,
    ...stack.rows.map((r) =>
      r.leaves.reduce((sum, leaf) => sum + leafWidth(leaf) + leafGap, r.leaves.length === 0 ? 0 : 8),
    ),
  )
  const height = inside === null ? stack.rows.length * rowHeight + 2 * padding : inside.height + 2 * inset + title
  return { stack, box: { id: stack.id, left: width / 2 + leaves, right: width / 2, height }, width, inside }
}

const within = ({ links }: Stacks, boxes: readonly Sized[]): readonly GraphEdge[] => {
  const ids = new Set(boxes.map((b) => b.stack.id))
  return links.filter((l) => ids.has(l.from) && ids.has(l.to))
}

/** No layer of a band, and of a panel, is wider where it has more than one box. */
const [bandWidth, panelWidth] = [600, 900]

const arranged = (boxes: readonly Sized[], links: readonly GraphEdge[], widest = bandWidth): Arranged =>
  arrange(
    boxes.map((b) => b.box),
    links,
    widest,
  )

const single = (boxes: readonly Sized[], links: readonly GraphEdge[], up: boolean, widest?: number): Sheet => {
  const all = arranged(boxes, links, widest)
  const middles = stackedMiddles(all)
  const height = (middles.at(-1) ?? 0) + (all.heights.at(-1) ?? 0) / 2
  const placed = settle(all, up ? middles.map((y) => height - y) : middles)
  return { bands: [{ boxes, links, placed, x: 0, y: 0, up }], wires: [], panels: [], width: all.width, height }
}

// ---- forward beside backward

const track = 7
const channelSide = 16

/** A wire as it leaves one box and reaches another: at the side where the box is the outermost of its layer, else by the gap below it. */
interface Port {
  readonly slot: Slot
  readonly side: boolean
  /** Among those of its gap, or of its side. */
  readonly lane: number
}

const outermost = (layers: Arranged['layers'], s: Slot, which: 'first' | 'last'): boolean => {
  const boxes = (layers[s.layer] as readonly Slot[]).filter((o) => o.box !== null)
  return (which === 'first' ? boxes[0] : boxes.at(-1)) === s
}

const slotsOf = ({ layers }: Arranged): ReadonlyMap<string, Slot> =>
  new Map(layers.flat().flatMap((s) => (s.box === null ? [] : [[s.box.id, s] as const])))

/** The middles of both bands' layers: forward downwards, backward upwards, what reads near what it reads. */
const alignedMiddles = (
  [forward, backward]: readonly [Arranged, Arranged],
  [below, under]: readonly [readonly number[], readonly number[]],
  pairs: readonly (readonly [number, number])[],
): readonly [readonly number[], readonly number[]] => {
  const [n, m] = [forward.heights.length, backward.heights.length]
  const between = ({ heights }: Arranged, i: number, tracks: number): number =>
    Math.ceil(((heights[i] as number) + (heights[i + 1] as number)) / 2 + gapY + track * tracks)
  const distances: Distance[] = []
  for (let i = 0; i + 1 < n; i++)
    distances.push({ from: i, to: i + 1, atLeast: between(forward, i, below[i] ?? 0), weight: 3 })
  for (let i = 0; i + 1 < m; i++)
    distances.push({ from: n + i + 1, to: n + i, atLeast: between(backward, i, under[i + 1] ?? 0), weight: 3 })
  // the distance of two that may lie either way is that of both from a point before them
  pairs.forEach(([f, b], k) => {
    distances.push(
      { from: n + m + k, to: f, atLeast: 0, weight: 1 },
      { from: n + m + k, to: n + b, atLeast: 0, weight: 1 },
    )
  })
  const places = nearest(n + m + pairs.length, distances)
  const tops = [...forward.heights, ...backward.heights].map((h, i) => (places[i] as number) - h / 2)
  const top = Math.min(...tops)
  const at = places.map((p) => p - top)
  return [at.slice(0, n), at.slice(n, n + m)]
}

const beside = (all: Stacks, left: readonly Sized[], right: readonly Sized[]): Sheet => {
  const bands = [arranged(left, within(all, left)), arranged(right, within(all, right))] as const
  const [from, to] = [slotsOf(bands[0]), slotsOf(bands[1])]
  const links = all.links.filter((l) => from.has(l.from) && to.has(l.to))
  const [below, under] = bands.map((b) => b.heights.map(() => 0)) as [number[], number[]]
  const exits = new Map<string, Port>()
  const entries = new Map<GraphEdge, Port>()
  const shared = new Map<string, number>()
  const sides = new Map<Slot, number>()
  for (const link of links) {
    const [s, t] = [from.get(link.from) as Slot, to.get(link.to) as Slot]
    if (!exits.has(link.from)) {
      const side = outermost(bands[0].layers, s, 'last')
      exits.set(link.from, { slot: s, side, lane: side ? 0 : (below[s.layer] as number) })
      if (!side) below[s.layer] = (below[s.layer] as number) + 1
    }
    const side = outermost(bands[1].layers, t, 'first')
    const key = `${link.from} ${t.layer}`
    const lane = side ? (sides.get(t) ?? 0) : (shared.get(key) ?? (under[t.layer] as number))
    entries.set(link, { slot: t, side, lane })
    if (side) sides.set(t, lane + 1)
    else if (!shared.has(key)) {
      shared.set(key, lane)
      under[t.layer] = lane + 1
    }
  }
  const pairs = links.map((l) => [(from.get(l.from) as Slot).layer, (to.get(l.to) as Slot).layer] as const)
  const [downs, ups] = alignedMiddles(bands, [below, under], pairs)
  const bottom = (b: Arranged, middles: readonly number[], layer: number): number =>
    (middles[layer] as number) + (b.heights[layer] as number) / 2

  // what leaves a box by one port is one wire up to where it divides
  const exitOf = (id: string): readonly [Point, number] => {
    const { slot, side, lane } = exits.get(id) as Port
    const [x, y] = [bands[0].x.get(slot) as number, downs[slot.layer] as number]
    if (side) return [{ x: x + slot.right, y }, y]
    const at = x + Math.min(14, slot.right - 6)
    return [{ x: at, y: y + (slot.box?.height ?? 0) / 2 }, bottom(bands[0], downs, slot.layer) + 17 + track * lane]
  }
  const entryOf = (l: GraphEdge): readonly [Point, number] => {
    const { slot, side, lane } = entries.get(l) as Port
    const [x, y] = [bands[1].x.get(slot) as number, ups[slot.layer] as number]
    if (side) {
      const at =
        y +
        Math.min(6, ((slot.box?.height ?? 0) - 8) / (sides.get(slot) ?? 1)) * (lane - ((sides.get(slot) ?? 1) - 1) / 2)
      return [{ x: x - slot.left, y: at }, at]
    }
    const before = links.filter((o) => o.to === l.to)
    const at = x - Math.min(12 + 9 * before.indexOf(l), slot.left - 5)
    return [{ x: at, y: y + (slot.box?.height ?? 0) / 2 }, bottom(bands[1], ups, slot.layer) + 15 + track * lane]
  }
  const spans = [...exits.keys()].map((id) => {
    const ys = [exitOf(id)[1], ...links.flatMap((l) => (l.from === id ? [entryOf(l)[1]] : []))]
    return { id, low: Math.min(...ys), high: Math.max(...ys) }
  })
  const ends: number[] = []
  const trackOf = new Map<string, number>()
  for (const { id, low, high } of spans.toSorted((a, b) => a.low - b.low || b.high - a.high)) {
    const free = ends.findIndex((end) => end + 6 < low)
    const k = free < 0 ? ends.length : free
    ends[k] = high
    trackOf.set(id, k)
  }
  const start = bands[0].width + channelSide
  const shift = start + track * Math.max(0, ends.length - 1) + channelSide + 6
  const wires = links.map((link): Wire => {
    const [[p, exit], [q, entry]] = [exitOf(link.from), entryOf(link)]
    const x = start + track * (trackOf.get(link.from) as number)
    const end = { x: q.x + shift, y: q.y }
    return { link, points: [p, { x: p.x, y: exit }, { x, y: exit }, { x, y: entry }, { x: end.x, y: entry }, end] }
  })
  const foot = (b: Arranged, middles: readonly number[], tracks: readonly number[]): number =>
    Math.max(
      0,
      ...b.heights.map(
        (_, i) => bottom(b, middles, i) + ((tracks[i] ?? 0) > 0 ? 17 + track * (tracks[i] as number) : 0),
      ),
    )
  return {
    bands: [
      { boxes: left, links: within(all, left), placed: settle(bands[0], downs), x: 0, y: 0, up: false },
      { boxes: right, links: within(all, right), placed: settle(bands[1], ups), x: shift, y: 0, up: true },
    ],
    wires,
    panels: [],
    width: shift + bands[1].width,
    height: Math.max(foot(bands[0], downs, below), foot(bands[1], ups, under)),
  }
}

const [panelGap, panelHead] = [36, 26]
/** A page: what is wider, or longer than a row of panels, goes on below. */
export const pageWidth = 1360

export const sheetOf = (graph: Graph): Sheet => {
  const all = stacksOf(graph)
  const boxes = all.stacks.map(sized)
  const of = (phase: Stack['phase']): readonly Sized[] => boxes.filter((b) => b.stack.phase === phase)
  const [forward, backward, update] = [of('forward'), of('backward'), of('update')]
  const [only, other] = [forward, backward].filter((b) => b.length > 0)
  const main =
    only === undefined
      ? single([], [], false)
      : other === undefined
        ? single(only, within(all, only), only === backward)
        : beside(all, forward, backward)
  if (update.length === 0) return main
  const byId = new Map(update.map((b) => [b.stack.id, b]))
  let [x, y, row, width] = [0, main.height === 0 ? 0 : main.height + panelGap, 0, main.width]
  const panels = panelsOf(update.map((b) => b.stack)).map((panel) => {
    const own = panel.stacks.map((s) => byId.get(s.id) as Sized)
    const sheet = single(own, within(all, own), false, panelWidth)
    const wide = Math.max(sheet.width, widthOf(panel.title))
    if (x > 0 && x + wide > Math.max(main.width, pageWidth)) [x, y, row] = [0, y + row + panelGap, 0]
    const placed = { ...panel, sheet, x, y: y + panelHead }
    x += wide + panelGap
    row = Math.max(row, sheet.height + panelHead)
    width = Math.max(width, x - panelGap)
    return placed
  })
  return { ...main, panels, width, height: y + row }
}
