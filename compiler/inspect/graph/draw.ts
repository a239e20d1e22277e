/**
 * A graph as a picture. In: a graph. Out: SVG.
 * Invariant: every node is one box and every edge one line; what a loop holds is drawn inside the box of the loop.
 */
import { colours, element, hint, legend, picture, words } from '../svg.ts'
import { layered, type Placed, type Point } from './layered.ts'
import type { Graph, GraphEdge, GraphNode, NamedGraph } from './model.ts'

const [textWidth, margin, head] = [7.4, 18, 26]

/** A node with its extent, and of a region what is inside. */
interface Sized {
  readonly node: GraphNode
  readonly width: number
  readonly height: number
  readonly inside: Laid | null
}

interface Laid {
  readonly nodes: readonly Sized[]
  readonly edges: readonly GraphEdge[]
  readonly placed: Placed
}

const lay = (graph: Graph): Laid => {
  const nodes = graph.nodes.map((node): Sized => {
    const inside = node.body === undefined ? null : lay(node.body)
    const text = Math.max([...node.label].length * textWidth, [...node.type].length * 6.2) + 20
    return inside === null
      ? { node, width: Math.max(44, text), height: 36, inside }
      : {
          node,
          width: Math.max(text, inside.placed.width + 2 * margin),
          height: inside.placed.height + 2 * margin + head,
          inside,
        }
  })
  const boxes = nodes.map(({ node, width, height }) => ({ id: node.id, width, height, late: node.phase !== 'forward' }))
  return { nodes, edges: graph.edges, placed: layered(boxes, graph.edges) }
}

const keptColour = '#8250df'

/** A line that goes straight down at each of its points. */
const curve = (points: readonly Point[], dx: number, dy: number): string =>
  points
    .map(({ x, y }, i) => {
      const to = `${(x + dx).toFixed(1)} ${(y + dy).toFixed(1)}`
      if (i === 0) return `M${to}`
      const before = points[i - 1] as Point
      if (Math.abs(before.x - x) < 0.5) return `L${to}`
      const half = (before.y + y) / 2 + dy
      return `C${(before.x + dx).toFixed(1)} ${half.toFixed(1)} ${(x + dx).toFixed(1)} ${half.toFixed(1)} ${to}`
    })
    .join('')

const edge = (
  e: GraphEdge,
  points: readonly Point[],
  dx: number,
  dy: number,
  where: 'above' | 'below' | null,
  name: string,
): string => {
  const [first, last] = [points[0] as Point, points.at(-1) as Point]
  const at = where === 'above' ? { x: first.x, y: first.y + 12 } : { x: last.x, y: last.y - 12 }
  const label = { x: (at.x + dx + 4).toFixed(1), y: (at.y + dy).toFixed(1), class: 'small quiet halo' }
  return element(
    'g',
    {},
    hint(`${name} ${e.shape}`),
    element('path', {
      d: curve(points, dx, dy),
      fill: 'none',
      stroke: e.kept ? keptColour : '#8b949e',
      'stroke-width': e.kept ? 1.4 : 1,
      'marker-end': e.kept ? 'url(#kept)' : 'url(#to)',
    }),
    ...(where !== null && e.shape !== '[]' ? [words(e.shape, label)] : []),
  )
}

const leafColour = { fill: '#f6f8fa', line: '#57606a' }

const box = (s: Sized, at: Point, dx: number, dy: number): string => {
  const { node, width, height } = s
  const { fill, line } = node.phase === null ? leafColour : colours[node.phase]
  const [x, y] = [at.x + dx - width / 2, at.y + dy - height / 2]
  const shape = element('rect', {
    x,
    y,
    width,
    height,
    rx: node.kind === 'leaf' ? height / 2 : 4,
    fill: s.inside === null ? fill : '#ffffff',
    stroke: line,
    'stroke-width': node.shared || node.kind === 'result' ? 2.2 : 1,
    ...(node.again ? { 'stroke-dasharray': '4 3' } : {}),
  })
  if (s.inside !== null) {
    const title = element('rect', { x, y, width, height: head - 4, rx: 4, fill, stroke: line })
    const text = words(node.label, { x: x + 10, y: y + 15 })
    return element(
      'g',
      {},
      shape,
      title,
      text,
      draw(s.inside, x + (width - s.inside.placed.width) / 2, y + head + margin),
    )
  }
  const middle = { x: x + width / 2, 'text-anchor': 'middle' }
  return element(
    'g',
    {},
    hint(`${node.label} ${node.type}`),
    shape,
    words(node.label, { ...middle, y: y + 16, ...(node.kind === 'result' ? { 'font-weight': 'bold' } : {}) }),
    words(node.type, { ...middle, y: y + 30, class: 'small quiet' }),
  )
}

const draw = ({ nodes, edges, placed }: Laid, dx: number, dy: number): string => {
  const told = new Map<string, readonly string[]>()
  const label = new Map(nodes.map(({ node }) => [node.id, node.label]))
  const lines = edges.map((e, i) => {
    // of a node that is read as one shape by many, one line tells it
    const known = told.get(e.from) ?? []
    const where = known.includes(e.shape) ? null : known.length === 0 ? 'above' : 'below'
    told.set(e.from, [...known, e.shape])
    return edge(e, placed.lines[i] as readonly Point[], dx, dy, where, label.get(e.from) ?? '')
  })
  const boxes = nodes.map((s) => box(s, placed.at.get(s.node.id) as Point, dx, dy))
  return [...lines, ...boxes].join('\n')
}

const arrow = (id: string, colour: string): string =>
  element(
    'marker',
    { id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto' },
    element('path', { d: 'M0 0L8 4L0 8z', fill: colour }),
  )

const top = 40

/** Graphs beside one another, each under its name. */
export const graphPicture = (graphs: readonly NamedGraph[]): string => {
  const laid = graphs.map(({ name, graph }) => ({ name, all: lay(graph) }))
  const lefts: number[] = []
  let at = margin
  for (const { all } of laid) {
    lefts.push(at)
    at += Math.max(all.placed.width, 160) + 3 * margin
  }
  const height = Math.max(...laid.map(({ all }) => all.placed.height))
  return picture(
    Math.max(760, at),
    height + top + 60,
    element('style', {}, '.halo{paint-order:stroke;stroke:#ffffff;stroke-width:3px}'),
    element('defs', {}, arrow('to', '#8b949e'), arrow('kept', keptColour)),
    legend(['forward', 'backward', 'update'], margin, 20) +
      element('line', { x1: 310, x2: 338, y1: 16, y2: 16, stroke: keptColour, 'stroke-width': 1.6 }) +
      words('kept for the way back', { x: 344, y: 20 }) +
      element('rect', {
        x: 520,
        y: 9,
        width: 20,
        height: 13,
        rx: 3,
        fill: '#ffffff',
        stroke: '#1b1f24',
        'stroke-width': 2.2,
      }) +
      words('shared, or a result', { x: 548, y: 20 }),
    ...laid.map(
      ({ name, all }, i) =>
        words(name, { x: lefts[i] as number, y: top + 6, class: 'title' }) + draw(all, lefts[i] as number, top + 24),
    ),
  )
}
