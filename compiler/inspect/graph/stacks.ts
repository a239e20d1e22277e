/**
 * The boxes of a picture. In: a graph. Out: boxes of one or more rows, each with the leaves that are read there first, and the lines
 * between boxes. Invariant: every node but leaves is a row of one box; lines leave a box from its last row.
 */
import type { Phase } from '../machine/phases.ts'
import type { Graph, GraphEdge, GraphNode } from './model.ts'

export interface Row {
  readonly node: GraphNode
  /** Leaves that this row of the forward pass reads, where none read them before; elsewhere they are known. */
  readonly leaves: readonly GraphNode[]
  /** Whether its shape is told in the box: no line tells it, and the next row has another. */
  readonly tells: boolean
}

export interface Stack {
  /** The id of its last row. */
  readonly id: string
  readonly rows: readonly Row[]
  readonly phase: Phase
  readonly group?: string
}

export interface Stacks {
  readonly stacks: readonly Stack[]
  /** Between boxes, by their ids. */
  readonly links: readonly GraphEdge[]
}

export const lastRow = (s: Stack): Row => s.rows.at(-1) as Row

export const stacksOf = ({ nodes, edges }: Graph): Stacks => {
  const byId = new Map(nodes.map((n) => [n.id, n]))
  const goesOn = new Map(nodes.flatMap((n) => (n.above === undefined ? [] : [[n.above, n.id]])))
  const stackOf = new Map<string, string>()
  for (const n of nodes.toReversed()) {
    const next = goesOn.get(n.id)
    stackOf.set(n.id, next === undefined ? n.id : (stackOf.get(next) as string))
  }
  const leaves = new Map<string, GraphNode[]>()
  const read = new Set<string>()
  for (const { from, to } of edges) {
    const [leaf, reader] = [byId.get(from), byId.get(to)]
    if (leaf?.kind !== 'leaf' || leaf.again || reader?.phase !== 'forward' || read.has(leaf.id)) continue
    // a loop shows within what it is given
    if (reader?.body?.nodes.some((n) => n.kind === 'leaf' && n.label === leaf.label)) continue
    read.add(leaf.id)
    leaves.set(to, [...(leaves.get(to) ?? []), leaf])
  }
  const links = new Map<string, GraphEdge>()
  for (const e of edges) {
    const [from, to] = [stackOf.get(e.from), stackOf.get(e.to)]
    if (from === undefined || to === undefined || from === to || byId.get(e.from)?.kind === 'leaf') continue
    const key = `${from} ${to}`
    if (!links.has(key)) links.set(key, { ...e, from, to })
  }
  const given = new Set([...links.values()].map((e) => e.from))
  const stacks = nodes.flatMap((last): readonly Stack[] => {
    if (last.kind === 'leaf' || goesOn.has(last.id) || last.phase === null) return []
    const rows: GraphNode[] = []
    for (
      let n: GraphNode | undefined = last;
      n !== undefined;
      n = n.above === undefined ? undefined : byId.get(n.above)
    )
      rows.unshift(n)
    return [
      {
        id: last.id,
        phase: last.phase,
        ...(last.group === undefined ? {} : { group: last.group }),
        rows: rows.map((node, i) => ({
          node,
          leaves: leaves.get(node.id) ?? [],
          tells:
            node.body === undefined && (i + 1 < rows.length ? rows[i + 1]?.type !== node.type : !given.has(node.id)),
        })),
      },
    ]
  })
  return { stacks, links: [...links.values()] }
}
