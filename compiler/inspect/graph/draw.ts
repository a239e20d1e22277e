/**
 * A graph as a picture. In: graphs. Out: SVG.
 * Invariant: every value but leaves is one row of a box, every dependence within a phase and from forward to backward one line; what
 * a loop holds is drawn inside the box of the loop.
 */
import { colours, element, hint, legend, picture, words } from '../svg.ts'
import type { Point } from './layered.ts'
import type { GraphEdge, NamedGraph } from './model.ts'
import {
  type Band,
  inset,
  leafGap,
  leafWidth,
  padding,
  pageWidth,
  rowHeight,
  type Sheet,
  sheetOf,
  type Sized,
  smallLetter,
  title,
  widthOf,
} from './sheet.ts'
import { lastRow, type Row } from './stacks.ts'

const keptColour = '#8250df'
const lineColour = '#6e7781'
const leafColour = { fill: '#f6f8fa', line: '#57606a' }

const fixed = (n: number): string => String(Math.round(n * 10) / 10)

/** A line that goes straight up or down at each of its points. */
const curve = (points: readonly Point[]): string =>
  points
    .map(({ x, y }, i) => {
      const to = `${fixed(x)} ${fixed(y)}`
      const before = points[i - 1]
      if (before === undefined) return `M${to}`
      if (Math.abs(before.x - x) < 0.5) return `L${to}`
      const half = fixed((before.y + y) / 2)
      return `C${fixed(before.x)} ${half} ${fixed(x)} ${half} ${to}`
    })
    .join('')

/** Straight pieces with round corners. */
const wire = (points: readonly Point[]): string => {
  const corners = points.filter(
    (p, i) => i === 0 || Math.hypot(p.x - (points[i - 1]?.x ?? 0), p.y - (points[i - 1]?.y ?? 0)) > 0.5,
  )
  return corners
    .map((p, i) => {
      const [before, after] = [corners[i - 1], corners[i + 1]]
      if (before === undefined) return `M${fixed(p.x)} ${fixed(p.y)}`
      if (after === undefined) return `L${fixed(p.x)} ${fixed(p.y)}`
      const near = (q: Point): string => {
        const length = Math.hypot(q.x - p.x, q.y - p.y)
        const part = Math.min(4, length / 2) / length
        return `${fixed(p.x + (q.x - p.x) * part)} ${fixed(p.y + (q.y - p.y) * part)}`
      }
      return `L${near(before)}Q${fixed(p.x)} ${fixed(p.y)} ${near(after)}`
    })
    .join('')
}

/** What a page may ask of boxes and lines: which they are. */
type Ids = (id: string) => string

const line = (l: GraphEdge, d: string, ids: Ids, from: string): string =>
  element(
    'g',
    { class: 'line', 'data-from': ids(l.from), 'data-to': ids(l.to) },
    hint(`${from} ${l.shape}`.trim()),
    element('path', {
      d,
      fill: 'none',
      stroke: l.kept ? keptColour : lineColour,
      'stroke-width': l.kept ? 1.3 : 1,
      'marker-end': l.kept ? 'url(#kept)' : 'url(#to)',
    }),
  )

const leaf = (node: Row['node'], right: number, middle: number): string => {
  const width = leafWidth(node)
  const [x, y] = [right - width, middle - 9]
  const { fill, line: stroke } = leafColour
  const dashed = node.again ? { 'stroke-dasharray': '4 3' } : {}
  return element(
    'g',
    { class: 'leaf' },
    hint(`${node.label} ${node.type}`),
    element('rect', { x, y, width, height: 18, rx: 9, fill, stroke, ...dashed }),
    words(node.label, { x: x + 9, y: middle + 4 }),
    words(node.type, { x: x + width - 9, y: middle + 4, 'text-anchor': 'end', class: 'small quiet' }),
  )
}

const rowText = (r: Row, x: number, width: number, y: number): string => {
  const bold = r.node.kind === 'result' ? { 'font-weight': 'bold' } : {}
  const known = r.tells ? widthOf(r.node.type, smallLetter) + 10 : 0
  const at = x + width / 2 - known / 2
  return (
    words(r.node.label, { x: at, y: y + 4, 'text-anchor': 'middle', ...bold }) +
    (r.tells ? words(r.node.type, { x: x + width - 8, y: y + 4, 'text-anchor': 'end', class: 'small quiet' }) : '')
  )
}

const box = (s: Sized, at: Point, up: boolean, ids: Ids): string => {
  const { stack, width, inside } = s
  const { height } = s.box
  const last = lastRow(stack).node
  const { fill, line: stroke } = colours[stack.phase]
  const [x, y] = [at.x - width / 2, at.y - height / 2]
  const frame = element('rect', {
    x,
    y,
    width,
    height,
    rx: 5,
    fill: inside === null ? fill : '#ffffff',
    stroke,
    'stroke-width': last.shared || last.kind === 'result' ? 2 : 1,
  })
  // what goes up is read from below
  const middleOf = (i: number): number =>
    inside !== null ? y + title / 2 : y + padding + rowHeight * ((up ? stack.rows.length - 1 - i : i) + 0.5)
  const leaves = stack.rows.flatMap((r, i) => {
    let right = x - 8
    const joined = element('line', { x1: right, x2: x, y1: middleOf(i), y2: middleOf(i), stroke: lineColour })
    const drawn = r.leaves.toReversed().map((node) => {
      const one = leaf(node, right, middleOf(i))
      right -= leafWidth(node) + leafGap
      return one
    })
    return drawn.length === 0 ? [] : [joined, ...drawn]
  })
  const told = hint(stack.rows.map((r) => `${r.node.label} ${r.node.type}`.trim()).join('\n'))
  const own =
    inside === null
      ? stack.rows.map((r, i) => rowText(r, x, width, middleOf(i)))
      : [
          element('rect', { x, y, width, height: title, rx: 5, fill, stroke }),
          words(last.label, { x: x + 10, y: y + 16 }),
          sheet(inside, x + (width - inside.width) / 2, y + title + inset, ids),
        ]
  return element('g', { class: 'box', 'data-id': ids(stack.id) }, told, frame, ...leaves, ...own)
}

const labelsOf = (b: Band | undefined): ReadonlyMap<string, string> =>
  new Map(b?.boxes.map(({ stack }) => [stack.id, lastRow(stack).node.label]))

const band = (b: Band, ids: Ids): string => {
  const { boxes, links, placed, up } = b
  const name = labelsOf(b)
  const told = new Map<string, readonly string[]>()
  const lines = links.map((l, i) => line(l, curve(placed.lines[i] as readonly Point[]), ids, name.get(l.from) ?? ''))
  const shapes = links.flatMap((l, i) => {
    const points = placed.lines[i] as readonly Point[]
    const [first, last] = [points[0] as Point, points.at(-1) as Point]
    // of a node that is read as one shape by many, one line tells it
    const known = told.get(l.from) ?? []
    told.set(l.from, [...known, l.shape])
    if (l.shape === '[]' || known.includes(l.shape)) return []
    const at =
      known.length === 0
        ? { x: first.x + 5, y: first.y + (up ? -5 : 12) }
        : { x: last.x + 5, y: last.y + (up ? 18 : -12) }
    return [words(l.shape, { ...at, class: 'small quiet halo' })]
  })
  return [...lines, ...shapes, ...boxes.map((s) => box(s, placed.at.get(s.stack.id) as Point, up, ids))].join('\n')
}

const moved = (x: number, y: number, ...inside: readonly string[]): string =>
  x === 0 && y === 0 ? inside.join('\n') : element('g', { transform: `translate(${fixed(x)} ${fixed(y)})` }, ...inside)

const sheet = ({ bands, wires, panels }: Sheet, x: number, y: number, ids: Ids): string =>
  moved(
    x,
    y,
    ...wires.map((w) => line(w.link, wire(w.points), ids, labelsOf(bands[0]).get(w.link.from) ?? '')),
    ...bands.map((b) => moved(b.x, b.y, band(b, ids))),
    ...panels.map((p) => words(p.title, { x: p.x, y: p.y - 10 }) + sheet(p.sheet, p.x, p.y, ids)),
  )

const arrow = (id: string, colour: string): string =>
  element(
    'marker',
    { id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto' },
    element('path', { d: 'M0 0L8 4L0 8z', fill: colour }),
  )

const [margin, top, head] = [18, 44, 24]

const key = (): string => {
  const y = 20
  const frame = { y: y - 11, height: 13, fill: '#ffffff', stroke: '#1b1f24' }
  return [
    legend(['forward', 'backward', 'update'], margin, y),
    element('line', { x1: 306, x2: 334, y1: y - 4, y2: y - 4, stroke: keptColour, 'stroke-width': 1.6 }),
    words('kept for the way back', { x: 340, y }),
    element('rect', { ...frame, x: 512, width: 20, rx: 3, 'stroke-width': 2.2 }),
    words('shared, or a result', { x: 538, y }),
    element('rect', { ...frame, x: 694, width: 28, rx: 6.5, fill: leafColour.fill, stroke: leafColour.line }),
    words('given, where it is read first', { x: 728, y }),
    words('□ what stands one row before', { x: 956, y }),
  ].join('')
}

/** Graphs beside one another as far as a page is wide, each under its name. */
export const graphPicture = (graphs: readonly NamedGraph[]): string => {
  let [x, y, row, width] = [margin, top, 0, 1180]
  const parts = graphs.map(({ name, graph }, i) => {
    const all = sheetOf(graph)
    const wide = Math.max(all.width, widthOf(name, 9))
    if (x > margin && x + wide > Math.max(pageWidth, width)) [x, y, row] = [margin, y + row + head, 0]
    const drawn =
      words(name, { x, y: y + 10, class: 'title' }) + sheet(all, x, y + head, (id) => (i === 0 ? id : `${i}.${id}`))
    x += wide + 3 * margin
    row = Math.max(row, all.height + head)
    width = Math.max(width, x - 2 * margin)
    return drawn
  })
  return picture(
    width,
    y + row + margin,
    element('style', {}, '.halo{paint-order:stroke;stroke:#ffffff;stroke-width:3px}'),
    element('defs', {}, arrow('to', lineColour), arrow('kept', keptColour)),
    key(),
    ...parts,
  )
}
