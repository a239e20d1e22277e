/**
 * The graph of an entry as it is drawn. In: an entry of simplified expressions. Out: nodes, edges, and the bodies of loops and
 * choices as graphs of their own.
 * Invariant: what mathematics does not write (broadcasts, literals) is no node; every value that another box reads has a name;
 * a leaf that both ways read is a node at both.
 */
import { showShape } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { paramsOf } from '../../../src/expr/node.ts'
import { nameOf } from '../../../src/expr/origin.ts'
import { type FnNodes, functionOf } from '../../../src/expr/scan.ts'
import { type EntryProgram, rootsOf } from '../../program/entry.ts'
import { behind } from '../behind.ts'
import { render } from '../doc.ts'
import { heard, letterAt } from '../indices.ts'
import { showMargin } from '../layout.ts'
import type { Phase } from '../machine/phases.ts'
import { isStack } from '../names.ts'
import { readingOf } from '../reading.ts'
import { bodyLabels, type Labels, regionTitle } from './bodies.ts'
import { drawn, drawnFor, isLiteral, levelOf, type PhaseOf, readsOf } from './drawn.ts'
import { groupsOf } from './groups.ts'
import { type Names, type Naming, namingOf } from './naming.ts'

export interface GraphNode {
  readonly id: string
  readonly label: string
  readonly kind: 'leaf' | 'op' | 'result' | 'region'
  /** Null for leaves: they belong to no way. */
  readonly phase: Phase | null
  /** Several others read it. */
  readonly shared: boolean
  /** A leaf that is drawn elsewhere too. */
  readonly again: boolean
  readonly type: string
  /** The node in the row above, where both share a box: no other reads that one. */
  readonly above?: string
  /** What a step updates with it, or with what it is needed for: `w1`; none where several need it. */
  readonly group?: string
  readonly body?: Graph
}

export interface GraphEdge {
  readonly from: string
  readonly to: string
  readonly shape: string
  /** A value of the forward pass that another way reads: it is kept so long. */
  readonly kept: boolean
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
}

export interface NamedGraph {
  readonly name: string
  readonly graph: Graph
}

/** What is the same for a graph and the bodies in it. */
interface World extends Names {
  readonly phaseOf: PhaseOf
  readonly groupOf: (n: Node) => string | undefined
}

/** The values that a box reads, those within its formula by what they read themselves. */
const reached = (n: Node, inlined: ReadonlySet<Node>): readonly Node[] =>
  readsOf(n).flatMap((r) => (inlined.has(drawn(r)) ? reached(drawn(r), inlined) : isLiteral(drawn(r)) ? [] : [r]))

const build = (labels: Labels, world: World, prefix: string, indices: readonly string[]): Graph => {
  const { phaseOf } = world
  const level = levelOf(labels, phaseOf)
  const naming = namingOf(level, world, phaseOf, indices)
  const { order, results, isLeaf, folding } = level
  const numbers = new Map(order.filter((n) => !isLiteral(n) || results.has(n)).map((n, i) => [n, i + 1]))
  const idOf = (n: Node): string => `${prefix}n${numbers.get(n)}`
  const nodes = new Map<string, GraphNode>()
  const edges: GraphEdge[] = []
  const plainNode = { shared: false, again: false } as const

  /** The place of a leaf in a phase. */
  const leafAt = (n: Node, phase: Phase): string => {
    const id = `${idOf(n)}${phase === 'forward' ? '' : phase}`
    const label = naming.nameOf(n) as string
    if (!nodes.has(id)) nodes.set(id, { id, label, kind: 'leaf', phase: null, ...plainNode, type: showMargin(n) })
    return id
  }

  const bodyOf = (n: Node, fn: FnNodes): Graph => {
    const phase = phaseOf(n)
    const stacked = (r: Node): string | undefined =>
      level.given.flatMap((l) =>
        l.ins[0] === n && isStack(l) && fn.results[paramsOf(l, 'result').index] === r ? (naming.nameOf(l) ?? []) : [],
      )[0]
    const around = { outside: naming.nameOf, inStep: naming.stepName, stacked, carries: naming.carries.get(n) ?? [] }
    const inside = [...indices, letterAt(indices.length)[1]]
    return build(bodyLabels(n, fn, indices.length, around), { ...world, phaseOf: () => phase }, `${idOf(n)}_`, inside)
  }

  const put = (n: Node): void => {
    const fn = functionOf(n)
    const own = results.get(n) ?? []
    const before = folding.above.get(n)
    const group = world.groupOf(n)
    nodes.set(idOf(n), {
      id: idOf(n),
      label: fn === null ? labelOf(n, own, naming) : regionTitle(n, indices.length),
      kind: fn !== null ? 'region' : own.length > 0 ? 'result' : 'op',
      phase: phaseOf(n),
      shared: (level.readers.get(n)?.size ?? 0) > 1,
      again: false,
      type: fn === null ? showMargin(n) : own.join(', '),
      ...(before === undefined ? {} : { above: idOf(before) }),
      ...(group === undefined ? {} : { group }),
      ...(fn === null ? {} : { body: bodyOf(n, fn) }),
    })
    connect(n)
  }

  const connect = (n: Node): void => {
    const phase = phaseOf(n)
    const seen = new Set<string>()
    for (const r of reached(n, folding.inlined)) {
      const from = drawn(r)
      const source = isLeaf(from) ? leafAt(from, phase) : idOf(from)
      if (seen.has(source)) continue
      seen.add(source)
      const kept = !isLeaf(from) && phaseOf(from) === 'forward' && phase !== 'forward'
      edges.push({ from: source, to: idOf(n), shape: showShape(behind(r).shape), kept })
    }
  }

  /** A leaf or a number that is itself a result. */
  const putGiven = (n: Node): void => {
    const id = `${prefix}r${numbers.get(n)}`
    const value = isLiteral(n) ? render(readingOf(n).build([])).text : naming.nameOf(n)
    const label = `${(results.get(n) ?? []).join(' = ')} = ${value}`
    nodes.set(id, { id, label, kind: 'result', phase: phaseOf(n), ...plainNode, type: showMargin(n) })
    if (!isLiteral(n)) edges.push({ from: leafAt(n, phaseOf(n)), to: id, shape: showShape(n.shape), kept: false })
  }

  for (const n of order)
    if (isLeaf(n)) {
      if (results.has(n)) putGiven(n)
    } else if (!folding.inlined.has(n)) put(n)
  // the first place of a leaf is that of the forward pass, where it has one
  const isAgain = ({ id, kind }: GraphNode): boolean => {
    const first = id.replace(/(?:backward|update)$/, '')
    return kind === 'leaf' && first !== id && nodes.has(first)
  }
  return { nodes: [...nodes.values()].map((n) => (isAgain(n) ? { ...n, again: true } : n)), edges }
}

const labelOf = (n: Node, results: readonly string[], naming: Naming): string => {
  const name = results.length > 0 ? results.join(' = ') : naming.nameOf(n)
  return name === undefined ? naming.textOf(n) : `${name} = ${naming.textOf(n)}`
}

/** The graph of an entry, its values by phase. */
export const graphOf = (entry: EntryProgram, phaseOf: PhaseOf): Graph => {
  if (rootsOf(entry).length === 0) return { nodes: [], edges: [] }
  const updates = entry.updates.map((u) => [`${nameOf(u.target) ?? u.target.op}′`, u.value] as const)
  const results = [...entry.results.map((r) => [r.name, r.value] as const), ...updates]
  const { groupOf, gradients } = groupsOf(entry, phaseOf)
  const leaves = drawnFor(results.map(([, n]) => n)).flatMap((n) => (n.ins.length === 0 ? (nameOf(n) ?? []) : []))
  const taken = new Set([...results.map(([label]) => label), ...leaves].map(heard))
  const names = { names: new Map(), steps: new Map(), taken, suggested: gradients }
  return build({ results, leaves: new Map() }, { phaseOf, groupOf, ...names }, '', [])
}
