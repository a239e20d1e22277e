/**
 * Layers of a graph without cycles, as Sugiyama, Tagawa and Toda draw them ("Methods for visual understanding of hierarchical system
 * structures", 1981). In: boxes and edges. Out: layers in order with columns; and, of layers at given heights, places of the boxes
 * and the points of each edge.
 * Invariant: an edge leads from layer to layer; boxes of one layer do not overlap; long edges keep a lane of their own between boxes.
 */
import { alignedTo, type Box, orderLayers, type Slot } from './order.ts'
import { nearest } from './simplex.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Line {
  readonly from: string
  readonly to: string
}

/** Layers with what stands in them from left to right, before it is known how high each lies. */
export interface Arranged {
  readonly layers: readonly (readonly Slot[])[]
  /** The slots that an edge leads through, both boxes included. */
  readonly ways: readonly (readonly Slot[])[]
  readonly x: ReadonlyMap<Slot, number>
  readonly heights: readonly number[]
  readonly width: number
}

export interface Placed {
  /** The middle of each box. */
  readonly at: ReadonlyMap<string, Point>
  /** For each edge its points, from the edge of one box to that of the other. */
  readonly lines: readonly (readonly Point[])[]
}

const laneWidth = 6
const gapX = 24
/** Between lanes, and beside them. */
const gapLane = 12
/** Between layers. */
export const gapY = 30

/** The boxes of a layer in as many as it takes; what leads on comes first, so that long ways stay short. */
const divided = (boxes: readonly Box[], widest: number, leadsOn: (b: Box) => boolean): readonly (readonly Box[])[] => {
  const parts: Box[][] = []
  let width = 0
  for (const b of [...boxes.filter(leadsOn), ...boxes.filter((o) => !leadsOn(o))]) {
    const own = b.left + b.right + gapX
    if (parts.length === 0 || width + own > widest) {
      parts.push([])
      width = 0
    }
    width += own
    parts.at(-1)?.push(b)
  }
  return parts
}

const layersOf = (boxes: readonly Box[], lines: readonly Line[], widest: number): ReadonlyMap<string, number> => {
  const number = new Map(boxes.map((b, i) => [b.id, i]))
  const places = nearest(
    boxes.length,
    lines.map(({ from, to }) => ({
      from: number.get(from) as number,
      to: number.get(to) as number,
      atLeast: 1,
      weight: 1,
    })),
  )
  const layers: Box[][] = []
  for (const [i, b] of boxes.entries()) (layers[places[i] as number] ??= []).push(b)
  const read = new Set(lines.map((l) => l.from))
  const narrow = layers.flatMap((layer) => divided(layer, widest, (b) => read.has(b.id)))
  return new Map(narrow.flatMap((layer, i) => layer.map((b) => [b.id, i] as const)))
}

const gap = (a: Slot, b: Slot): number => (a.box === null || b.box === null ? gapLane : gapX)

/** Where the slots of each layer are, pulled to their neighbours above and below by turns. */
const columnsOf = (layers: readonly (readonly Slot[])[]): ReadonlyMap<Slot, number> => {
  const x = new Map<Slot, number>()
  for (const layer of layers) {
    let at = 0
    for (const s of layer) {
      x.set(s, at + s.left)
      at += s.left + s.right + gapX
    }
  }
  const pull = (layer: readonly Slot[], near: (s: Slot) => readonly Slot[]): void => {
    const wanted = layer.map((s) => {
      const others = near(s)
      const sum = others.reduce((n, o) => n + o.weight, 0)
      const mean = others.reduce((n, o) => n + o.weight * (x.get(o) as number), 0) / sum
      return { at: others.length === 0 ? (x.get(s) as number) : mean, weight: s.weight }
    })
    const room = layer.map((s, i) => {
      const before = layer[i - 1]
      return before === undefined ? 0 : before.right + gap(before, s) + s.left
    })
    for (const [i, at] of alignedTo(wanted, room).entries()) x.set(layer[i] as Slot, at)
  }
  for (let k = 0; k < 24; k++) {
    for (const layer of layers) pull(layer, (s) => s.above)
    for (const layer of layers.toReversed()) pull(layer, (s) => s.below)
    for (const layer of layers) pull(layer, (s) => [...s.above, ...s.below])
  }
  return x
}

/** `widest`: no layer of more than one box is wider. */
export const arrange = (boxes: readonly Box[], lines: readonly Line[], widest: number): Arranged => {
  const layerOf = layersOf(boxes, lines, widest)
  const layers: Slot[][] = []
  const [read, reading] = [new Set(lines.map((l) => l.from)), new Set(lines.map((l) => l.to))]
  const put = (box: Box | null, layer: number, weight: number): Slot => {
    const [left, right] = box === null ? [laneWidth / 2, laneWidth / 2] : [box.left, box.right]
    const slot: Slot = { box, left, right, layer, weight, above: [], below: [] }
    while (layers.length <= layer) layers.push([])
    layers[layer]?.push(slot)
    return slot
  }
  // where nothing goes on stands beside what does, so that long ways are straight; their lanes most of all
  const slots = new Map(
    boxes.map((b) => [b.id, put(b, layerOf.get(b.id) as number, read.has(b.id) && reading.has(b.id) ? 1 : 0.1)]),
  )
  const ways = lines.map(({ from, to }): readonly Slot[] => {
    const [first, last] = [slots.get(from) as Slot, slots.get(to) as Slot]
    const way = [first]
    for (let l = first.layer + 1; l < last.layer; l++) way.push(put(null, l, read.has(to) ? 4 : 0.2))
    way.push(last)
    for (let i = 1; i < way.length; i++) {
      ;(way[i - 1] as Slot).below.push(way[i] as Slot)
      ;(way[i] as Slot).above.push(way[i - 1] as Slot)
    }
    return way
  })
  const ordered = orderLayers(layers)
  const x = columnsOf(ordered)
  const left = Math.min(...[...x].map(([s, at]) => at - s.left))
  const right = Math.max(...[...x].map(([s, at]) => at + s.right))
  return {
    layers: ordered,
    ways,
    x: new Map([...x].map(([s, at]) => [s, at - left])),
    heights: ordered.map((layer) => Math.max(0, ...layer.map((s) => s.box?.height ?? 0))),
    width: boxes.length === 0 ? 0 : right - left,
  }
}

/** The middles of layers from the first on, each as near to the one before as it may be. */
export const stackedMiddles = ({ heights }: Arranged): readonly number[] => {
  let y = 0
  return heights.map((h) => {
    const middle = y + h / 2
    y += h + gapY
    return middle
  })
}

/** Boxes and edges with the middles of their layers given; where later layers lie higher, edges lead upwards. */
export const settle = ({ layers, ways, x, heights }: Arranged, middles: readonly number[]): Placed => {
  const sign = (middles.at(-1) ?? 0) >= (middles[0] ?? 0) ? 1 : -1
  const point = (s: Slot): Point => ({ x: x.get(s) as number, y: middles[s.layer] as number })
  const boxes = layers.flatMap((layer) => layer.flatMap((s) => (s.box === null ? [] : [[s.box.id, point(s)] as const])))
  const lines = ways.map((way) =>
    way.flatMap((s, i): readonly Point[] => {
      const { x: at, y } = point(s)
      const [half, own] = [(sign * (heights[s.layer] as number)) / 2, (sign * (s.box?.height ?? 0)) / 2]
      // an edge leaves the layer of a low box straight, so that it does not cross the high ones beside, and comes in so
      const isLow = Math.abs(half) > Math.abs(own) + 1
      if (i === 0) return [{ x: at, y: y + own }, ...(isLow ? [{ x: at, y: y + half }] : [])]
      if (i === way.length - 1) return [...(isLow ? [{ x: at, y: y - half }] : []), { x: at, y: y - own }]
      return [
        { x: at, y: y - half },
        { x: at, y: y + half },
      ]
    }),
  )
  return { at: new Map(boxes), lines }
}
