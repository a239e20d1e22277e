/**
 * Layers of a graph without cycles, from the top down, as Sugiyama, Tagawa and Toda draw them ("Methods for visual understanding
 * of hierarchical system structures", 1981). In: boxes and edges. Out: places of the boxes and the points of each edge.
 * Invariant: an edge leads downwards; boxes of one layer do not overlap; long edges keep a lane of their own between boxes.
 */
import { alignedTo, type Box, orderLayers, type Slot } from './order.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Placed {
  /** The middle of each box. */
  readonly at: ReadonlyMap<string, Point>
  /** For each edge its points, from the lower edge of one box to the upper edge of the other. */
  readonly lines: readonly (readonly Point[])[]
  readonly width: number
  readonly height: number
}

export interface Line {
  readonly from: string
  readonly to: string
}

const laneWidth = 6
const gapX = 26
/** Between lanes, and beside them. */
const gapLane = 14
const gapY = 46

/** The longest way to each box from above; sources, and what is to be late, stand right above what reads them. */
const layersOf = (boxes: readonly Box[], lines: readonly Line[]): ReadonlyMap<string, number> => {
  const out = new Map<string, string[]>()
  const into = new Map<string, number>()
  for (const { from, to } of lines) {
    out.set(from, [...(out.get(from) ?? []), to])
    into.set(to, (into.get(to) ?? 0) + 1)
  }
  const layer = new Map(boxes.map((b) => [b.id, 0]))
  const left = new Map(into)
  const ready = boxes.flatMap((b) => (into.has(b.id) ? [] : [b.id]))
  for (let k = 0; k < ready.length; k++) {
    const id = ready[k] as string
    for (const to of out.get(id) ?? []) {
      layer.set(to, Math.max(layer.get(to) ?? 0, (layer.get(id) ?? 0) + 1))
      left.set(to, (left.get(to) ?? 0) - 1)
      if (left.get(to) === 0) ready.push(to)
    }
  }
  const late = new Set(boxes.flatMap((b) => (b.late === true || !into.has(b.id) ? [b.id] : [])))
  for (const id of ready.toReversed()) {
    const users = out.get(id) ?? []
    if (late.has(id) && users.length > 0) layer.set(id, Math.min(...users.map((u) => layer.get(u) ?? 0)) - 1)
  }
  const first = Math.min(0, ...layer.values())
  return new Map([...layer].map(([id, l]) => [id, l - first]))
}

const gap = (a: Slot, b: Slot): number => (a.box === null || b.box === null ? gapLane : gapX)

/** Middles of the slots of each layer, pulled to those of their neighbours above and below by turns. */
const columnsOf = (layers: readonly (readonly Slot[])[]): ReadonlyMap<Slot, number> => {
  const x = new Map<Slot, number>()
  for (const layer of layers) {
    let at = 0
    for (const s of layer) {
      x.set(s, at + s.width / 2)
      at += s.width + gapX
    }
  }
  const pull = (layer: readonly Slot[], near: (s: Slot) => readonly Slot[]): void => {
    const wanted = layer.map((s) => {
      const others = near(s)
      const mean = others.reduce((sum, o) => sum + (x.get(o) as number), 0) / Math.max(1, others.length)
      // a lane is to be straight
      return { at: others.length === 0 ? (x.get(s) as number) : mean, weight: s.box === null ? 4 : 1 }
    })
    const room = layer.map((s, i) =>
      i === 0 ? 0 : ((layer[i - 1] as Slot).width + s.width) / 2 + gap(layer[i - 1] as Slot, s),
    )
    for (const [i, at] of alignedTo(wanted, room).entries()) x.set(layer[i] as Slot, at)
  }
  for (let k = 0; k < 24; k++) {
    for (const layer of layers) pull(layer, (s) => s.above)
    for (const layer of layers.toReversed()) pull(layer, (s) => s.below)
    for (const layer of layers) pull(layer, (s) => [...s.above, ...s.below])
  }
  return x
}

export const layered = (boxes: readonly Box[], lines: readonly Line[]): Placed => {
  const layerOf = layersOf(boxes, lines)
  const layers: Slot[][] = []
  const put = (box: Box | null, layer: number): Slot => {
    const slot: Slot = { box, width: box?.width ?? laneWidth, layer, above: [], below: [] }
    while (layers.length <= layer) layers.push([])
    layers[layer]?.push(slot)
    return slot
  }
  const slots = new Map(boxes.map((b) => [b.id, put(b, layerOf.get(b.id) as number)]))
  /** The slots that an edge leads through, both boxes included. */
  const ways = lines.map(({ from, to }): readonly Slot[] => {
    const [first, last] = [slots.get(from) as Slot, slots.get(to) as Slot]
    const way = [first]
    for (let l = first.layer + 1; l < last.layer; l++) way.push(put(null, l))
    way.push(last)
    for (let i = 1; i < way.length; i++) {
      ;(way[i - 1] as Slot).below.push(way[i] as Slot)
      ;(way[i] as Slot).above.push(way[i - 1] as Slot)
    }
    return way
  })
  const ordered = orderLayers(layers)
  const x = columnsOf(ordered)
  const left = Math.min(...[...x].map(([s, at]) => at - s.width / 2))
  const right = Math.max(...[...x].map(([s, at]) => at + s.width / 2))
  const heights = ordered.map((layer) => Math.max(0, ...layer.map((s) => s.box?.height ?? 0)))
  const middles: number[] = []
  let y = 0
  for (const h of heights) {
    middles.push(y + h / 2)
    y += h + gapY
  }
  const point = (s: Slot): Point => ({ x: (x.get(s) as number) - left, y: middles[s.layer] as number })
  return {
    at: new Map([...slots].map(([id, s]) => [id, point(s)])),
    lines: ways.map((way) =>
      way.flatMap((s, i) => {
        const p = point(s)
        const half = (heights[s.layer] as number) / 2
        if (i === 0) return [{ x: p.x, y: p.y + (s.box?.height ?? 0) / 2 }, ...bend(p, half, s)]
        if (i === way.length - 1) return [{ x: p.x, y: p.y - (s.box?.height ?? 0) / 2 }]
        return [
          { x: p.x, y: p.y - half },
          { x: p.x, y: p.y + half },
        ]
      }),
    ),
    width: right - left,
    height: Math.max(0, y - gapY),
  }
}

/** An edge leaves the layer of a low box straight down, so that it does not cross the high ones beside. */
const bend = (p: Point, half: number, s: Slot): readonly Point[] =>
  half > (s.box?.height ?? 0) / 2 + 1 ? [{ x: p.x, y: p.y + half }] : []
