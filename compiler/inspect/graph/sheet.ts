/**
 * Where everything of a picture stands. In: a graph. Out: bands of boxes with their edges, wires between the bands, panels of updates.
 * Invariant: the forward pass goes down on the left, the backward pass goes up on its right, each value of it near those that it
 * reads; wires run between rows and in a channel of their own, never through a box.
 */
import type { GraphEdge, Graph } from './model.ts'
import { arrange, type Arranged, type Placed, settle, stackedMiddles } from './layered.ts'
import type { Box } from './order.ts'
import { type Row, type Stack, type Stacks, stacksOf } from './stacks.ts'
import { type Panel, panelsOf } from './panels.ts'
import { joined, type Wire } from './wires.ts'

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

/** The forward pass beside the backward pass. */
const beside = (all: Stacks, left: readonly Sized[], right: readonly Sized[]): Sheet => {
  const [down, up] = [within(all, left), within(all, right)]
  const bands = [arranged(left, down), arranged(right, up)] as const
  const [from, to] = [left, right].map((boxes) => new Set(boxes.map((b) => b.stack.id))) as [Set<string>, Set<string>]
  const { middles, wires, shift, height } = joined(
    bands,
    all.links.filter((l) => from.has(l.from) && to.has(l.to)),
  )
  return {
    bands: [
      { boxes: left, links: down, placed: settle(bands[0], middles[0]), x: 0, y: 0, up: false },
      { boxes: right, links: up, placed: settle(bands[1], middles[1]), x: shift, y: 0, up: true },
    ],
    wires,
    panels: [],
    width: shift + bands[1].width,
    height,
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
