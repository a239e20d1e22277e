/**
 * A graph in the language of Graphviz. In: graphs by name. Out: DOT.
 * Invariant: whatever a user wrote into a name stands in quotes; a loop is a cluster around what it holds.
 */
import { colours } from '../svg.ts'
import type { Graph, GraphNode, NamedGraph } from './model.ts'

const quoted = (text: string): string =>
  `"${text
    .replace(/\p{Cc}/gu, ' ')
    .replace(/\\/g, '\\\\')
    .replace(/"/g, '\\"')}"`

const attributes = (all: Readonly<Record<string, string>>): string =>
  `[${Object.entries(all)
    .map(([key, value]) => `${key}=${quoted(value)}`)
    .join(', ')}]`

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`)

/** The node at which edges of a region begin and end. */
const anchor = (n: GraphNode): string => n.id

const nodeLines = (n: GraphNode): readonly string[] => {
  const { fill, line } = n.phase === null ? { fill: '#f6f8fa', line: '#57606a' } : colours[n.phase]
  const bold = n.shared || n.kind === 'result'
  const own = {
    label: n.kind === 'region' ? n.label : `${n.label} ${n.type}`,
    fillcolor: fill,
    color: line,
    ...(n.kind === 'leaf' ? { shape: 'ellipse' } : {}),
    ...(n.again ? { style: 'filled,dashed' } : {}),
    ...(bold ? { penwidth: '2' } : {}),
  }
  const self = `${quoted(anchor(n))} ${attributes(own)}`
  if (n.body === undefined) return [self]
  return [
    `subgraph ${quoted(`cluster_${n.id}`)} {`,
    ...indented([`label=${quoted(n.label)}`, `color=${quoted(line)}`, self, ...bodyLines(n.body)]),
    '}',
  ]
}

const bodyLines = ({ nodes, edges }: Graph): readonly string[] => [
  ...nodes.flatMap(nodeLines),
  ...edges.map(
    (e) =>
      `${quoted(e.from)} -> ${quoted(e.to)} ${attributes({ label: e.shape, ...(e.kept ? { color: '#8250df' } : {}) })}`,
  ),
]

export const graphDot = (graphs: readonly NamedGraph[]): string =>
  graphs
    .map(({ name, graph }) =>
      [
        `digraph ${quoted(name)} {`,
        ...indented(['node [shape=box, style="filled,rounded", fontname=monospace]', ...bodyLines(graph)]),
        '}',
      ].join('\n'),
    )
    .join('\n')
