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
import { functionOf } from '../../../src/expr/scan.ts'
import { type EntryProgram, rootsOf } from '../../program/entry.ts'
import { behind, isSame } from '../behind.ts'
import { type Doc, nameDoc, render, withStep } from '../doc.ts'
import { heard, letterAt, nameAt, withoutIndex } from '../indices.ts'
import { showMargin } from '../layout.ts'
import type { Phase } from '../machine/phases.ts'
import { isStack, letterOf, nameAll } from '../names.ts'
import { readingOf } from '../reading.ts'
import { bodyLabels, carryNames, isPlain, type Labels, regionTitle, resultName } from './bodies.ts'
import { foldingOf, rowAbove } from './folding.ts'

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

/** Where a phase is asked for: of the nodes of a body, that of the loop. */
type PhaseOf = (n: Node) => Phase

/** What stands inside the formula that reads it: numbers, and other constants without a name. */
const isLiteral = (n: Node): boolean =>
  n.op === 'full' || ((n.op === 'iota' || n.op === 'constant') && nameOf(n) === undefined)

/** The node that is drawn for an operand: of the results of a loop the loop itself. */
const drawn = (n: Node): Node => {
  const b = behind(n)
  return b.op === 'result' ? (b.ins[0] as Node) : b
}

const readsOf = (n: Node): readonly Node[] =>
  functionOf(n) !== null || n.ins.length === 0 ? n.ins : readingOf(n).reads

/** What is drawn for the roots, operands before readers; `ends` are read no further. */
const drawnFor = (roots: readonly Node[], ends: ReadonlyMap<Node, unknown>): readonly Node[] => {
  const seen = new Map<Node, boolean>()
  const order: Node[] = []
  const stack = roots.map(drawn).toReversed()
  while (stack.length > 0) {
    const n = stack.at(-1) as Node
    if (seen.has(n)) {
      stack.pop()
      if (seen.get(n) === false) order.push(n)
      seen.set(n, true)
      continue
    }
    seen.set(n, false)
    if (!ends.has(n)) for (const r of readsOf(n).toReversed()) if (!seen.has(drawn(r))) stack.push(drawn(r))
  }
  return order
}

/** The results of each drawn node, by the names that say most. */
const labelled = ({ results }: Labels): ReadonlyMap<Node, readonly string[]> => {
  const found = new Map<Node, readonly string[]>()
  for (const [label, node] of results) {
    const known = (found.get(drawn(node)) ?? []).filter((l) => !isPlain(l))
    if (known.length === 0 || !isPlain(label)) found.set(drawn(node), [...new Set([...known, label])])
  }
  return found
}

/** What is the same for a graph and the bodies in it. */
interface World {
  readonly phaseOf: PhaseOf
  /** All names so far: of leaves, of what is read from outside its box. */
  readonly names: Map<Node, string>
  /** What stacks of loops are called at one step. */
  readonly steps: Map<Node, string>
  readonly taken: Set<string>
  readonly suggested: ReadonlyMap<Node, string>
  readonly groupOf: (n: Node) => string | undefined
}

const longestLabel = 52

const build = (labels: Labels, world: World, prefix: string, indices: readonly string[]): Graph => {
  const { phaseOf, names } = world
  const depth = indices.length
  const results = labelled(labels)
  const order = drawnFor(
    labels.results.map(([, n]) => n),
    labels.leaves,
  )
  const numbers = new Map(order.filter((n) => !isLiteral(n) || results.has(n)).map((n, i) => [n, i + 1]))
  const isLeaf = (n: Node): boolean => labels.leaves.has(n) || (n.ins.length === 0 && functionOf(n) === null)
  const ops = order.filter((n) => !isLeaf(n) && functionOf(n) === null)
  const readers = new Map<Node, Set<Node>>()
  const loopResults = new Set<Node>()
  for (const n of order)
    for (const r of isLeaf(n) ? [] : readsOf(n)) {
      readers.set(drawn(r), (readers.get(drawn(r)) ?? new Set()).add(n))
      if (behind(r).op === 'result') loopResults.add(behind(r))
    }
  for (const [, n] of labels.results) if (behind(n).op === 'result') loopResults.add(behind(n))

  // ---- boxes

  /** The formula of an operand: behind broadcasts, that of what is drawn. */
  const operand = (n: Node, of: (part: Node) => Doc): Doc => {
    if (!isSame(n)) return isLiteral(n) ? readingOf(n).build([]) : of(n)
    return readingOf(n).build([operand(n.ins[0] as Node, of)])
  }
  const formula = (n: Node, of: (part: Node) => Doc): Doc => {
    const { reads, build: write } = readingOf(n)
    return write(reads.map((r) => operand(r, of)))
  }
  const partsOf = (n: Node): readonly Node[] => [...new Set(readsOf(n).map(drawn))]
  const readAlone = (n: Node): Node | undefined => {
    const [only, more] = readers.get(n) ?? []
    return more === undefined && !results.has(n) ? only : undefined
  }
  const { above, inlined } = foldingOf(ops, {
    parts: partsOf,
    formula,
    alone: (n) => {
      const reader = readAlone(n)
      return reader !== undefined && phaseOf(reader) === phaseOf(n)
    },
  })
  const goesOn = new Set(above.values())

  // ---- names

  for (const n of order)
    if (isLeaf(n) && !isLiteral(n) && !names.has(n)) names.set(n, labels.leaves.get(n) ?? nameOf(n) ?? n.op)
  const read = order.flatMap((n) =>
    functionOf(n) !== null
      ? [...loopResults].filter((r) => r.ins[0] === n)
      : !isLeaf(n) && !inlined.has(n) && (!goesOn.has(n) || nameOf(n) !== undefined)
        ? [n]
        : [],
  )
  const carries = new Map<Node, readonly string[]>()
  for (const n of order) if (functionOf(n) !== null) carries.set(n, carryNames(n, world.taken, carries))
  const given = new Map<Node, string>(labels.results.map(([label, n]) => [behind(n), label]))
  const place = new Map(order.map((n, i) => [n, i]))
  const inOrder = [...loopResults].toSorted((a, b) => (place.get(drawn(a)) ?? 0) - (place.get(drawn(b)) ?? 0))
  for (const r of inOrder) {
    if (given.has(r) || nameOf(r) !== undefined) continue
    const best = resultName(r, carries.get(r.ins[0] as Node) ?? [], depth, world.taken)
    if (best === undefined) continue
    given.set(r, best.whole)
    if (best.step !== undefined) world.steps.set(r, best.step)
  }
  const isNeeded = (n: Node): boolean => n.op === 'result' || results.has(n) || (readers.get(n)?.size ?? 0) > 0
  const named = nameAll(read.filter(isNeeded), {
    labels: given,
    taken: world.taken,
    forward: new Set([...order, ...loopResults].filter((n) => phaseOf(drawn(n)) === 'forward')),
    indices,
    suggested: world.suggested,
    letter: (n, forward) => (n.op === 'result' && phaseOf(drawn(n)) === 'backward' ? 'δ' : letterOf(n, forward)),
  })
  for (const t of named.taken) world.taken.add(t)
  for (const [n, name] of named.names) if (!names.has(n) || !isLeaf(n)) names.set(n, name)

  const [, index] = letterAt(depth)
  const stepName = (n: Node): string | undefined => {
    const name = names.get(n)
    return world.steps.get(n) ?? (name === undefined ? undefined : nameAt(withoutIndex(name), [index]))
  }
  const known = (n: Node): Doc => {
    const name = nameDoc(names.get(n) ?? '□')
    return isStack(n) ? withStep(name, { index, doc: nameDoc(stepName(n) ?? '□') }) : name
  }
  const docs = new Map<Node, Doc>()
  for (const n of ops)
    docs.set(
      n,
      formula(n, (p) =>
        inlined.has(p) ? (docs.get(p) as Doc) : above.get(n) === p && nameOf(p) === undefined ? rowAbove : known(p),
      ),
    )
  const textOf = (n: Node): string => {
    const { text } = render(docs.get(n) as Doc)
    if ([...text].length <= longestLabel) return text
    const parts = partsOf(n).flatMap((p) => (isLiteral(p) ? [] : [above.get(n) === p ? '□' : render(known(p)).text]))
    const brief = `${n.op}(${parts.join(', ')})`
    return [...brief].length <= longestLabel ? brief : `${n.op}(${parts[0] ?? ''}, …)`
  }

  // ---- nodes and edges

  const nodes = new Map<string, GraphNode>()
  const edges: GraphEdge[] = []
  const idOf = (n: Node, phase: Phase): string =>
    `${prefix}n${numbers.get(n)}${isLeaf(n) && phase !== 'forward' ? phase : ''}`
  const plainNode = { shared: false, again: false } as const
  const leafAt = (n: Node, phase: Phase): string => {
    const id = idOf(n, phase)
    const label = names.get(n) as string
    if (!nodes.has(id)) nodes.set(id, { id, label, kind: 'leaf', phase: null, ...plainNode, type: showMargin(n) })
    return id
  }
  /** The values that a box reads, those within its formula by what they read themselves. */
  const reached = (n: Node): readonly Node[] =>
    readsOf(n).flatMap((r) => (inlined.has(drawn(r)) ? reached(drawn(r)) : isLiteral(drawn(r)) ? [] : [r]))

  const put = (n: Node): void => {
    const phase = phaseOf(n)
    const fn = functionOf(n)
    const labelsOf = results.get(n) ?? []
    const id = idOf(n, phase)
    const name = labelsOf.length > 0 ? labelsOf.join(' = ') : names.get(n)
    const before = above.get(n)
    const group = world.groupOf(n)
    const stacked = (r: Node): string | undefined =>
      [...loopResults].flatMap((l) =>
        l.ins[0] === n && isStack(l) && fn?.results[paramsOf(l, 'result').index] === r ? (names.get(l) ?? []) : [],
      )[0]
    nodes.set(id, {
      id,
      label: fn !== null ? regionTitle(n, depth) : name === undefined ? textOf(n) : `${name} = ${textOf(n)}`,
      kind: fn !== null ? 'region' : labelsOf.length > 0 ? 'result' : 'op',
      phase,
      shared: (readers.get(n)?.size ?? 0) > 1,
      again: false,
      type: fn === null ? showMargin(n) : labelsOf.join(', '),
      ...(before === undefined ? {} : { above: idOf(before, phase) }),
      ...(group === undefined ? {} : { group }),
      ...(fn === null
        ? {}
        : {
            body: build(
              bodyLabels(n, fn, depth, {
                outside: (m) => names.get(m),
                inStep: stepName,
                stacked,
                carries: carries.get(n) ?? [],
              }),
              { ...world, phaseOf: () => phase },
              `${id}_`,
              [...indices, index],
            ),
          }),
    })
    const seen = new Set<string>()
    for (const r of reached(n)) {
      const from = drawn(r)
      const source = isLeaf(from) ? leafAt(from, phase) : idOf(from, phaseOf(from))
      if (seen.has(source)) continue
      seen.add(source)
      const kept = !isLeaf(from) && phaseOf(from) === 'forward' && phase !== 'forward'
      edges.push({ from: source, to: id, shape: showShape(behind(r).shape), kept })
    }
  }

  for (const n of order) {
    if (!isLeaf(n)) {
      if (!inlined.has(n)) put(n)
    } else if (results.has(n)) {
      // a leaf or a number that is itself a result
      const id = `${prefix}r${numbers.get(n)}`
      const value = isLiteral(n) ? render(readingOf(n).build([])).text : (names.get(n) as string)
      const label = `${(results.get(n) ?? []).join(' = ')} = ${value}`
      nodes.set(id, { id, label, kind: 'result', phase: phaseOf(n), ...plainNode, type: showMargin(n) })
      if (!isLiteral(n)) edges.push({ from: leafAt(n, phaseOf(n)), to: id, shape: showShape(n.shape), kept: false })
    }
  }
  // the first place of a leaf is that of the forward pass, where it has one
  const first = (id: string): string => id.replace(/(?:backward|update)$/, '')
  const isAgain = ({ id, kind }: GraphNode): boolean => kind === 'leaf' && first(id) !== id && nodes.has(first(id))
  return { nodes: [...nodes.values()].map((n) => (isAgain(n) ? { ...n, again: true } : n)), edges }
}

/** The graph of an entry, its values by phase. */
export const graphOf = (entry: EntryProgram, phaseOf: PhaseOf): Graph => {
  const targets = entry.updates.map((u) => nameOf(u.target) ?? u.target.op)
  const updates = entry.updates.map((u, i) => [`${targets[i]}′`, u.value] as const)
  const results = [...entry.results.map((r) => [r.name, r.value] as const), ...updates]
  if (rootsOf(entry).length === 0) return { nodes: [], edges: [] }
  const steps = entry.updates.map(({ value, target }, i) => ({
    target,
    group: (targets[i] as string).replace(/\/.*$/, ''),
    nodes: drawnFor([value], new Map()),
  }))
  const groups = new Map<Node, string | null>()
  for (const { group, nodes } of steps)
    for (const n of nodes) groups.set(n, groups.has(n) && groups.get(n) !== group ? null : group)
  // the gradient is what the update of a parameter alone reads of the way back and has its shape
  const losses = entry.results.filter((r) => r.value.shape.length === 0 && r.value.dtype !== 'i32')
  const gradients = new Map<Node, string>()
  for (const { target, group, nodes } of steps)
    for (const n of target.op === 'param' ? nodes : [])
      for (const r of groups.get(n) === group && phaseOf(n) === 'update' ? readsOf(n).map(behind) : [])
        if (phaseOf(drawn(r)) === 'backward' && showShape(r.shape) === showShape(target.shape))
          gradients.set(r, `∂${losses.length === 1 ? (losses[0]?.name ?? 'loss') : 'loss'}/∂${group}`)
  return build(
    { results, leaves: new Map() },
    {
      phaseOf,
      names: new Map(),
      steps: new Map(),
      taken: new Set([...topNames(results)].map(heard)),
      suggested: gradients,
      groupOf: (n) => groups.get(n) ?? undefined,
    },
    '',
    [],
  )
}

/** What results and leaves are called. */
const topNames = (results: Labels['results']): ReadonlySet<string> =>
  new Set([
    ...results.map(([label]) => label),
    ...drawnFor(
      results.map(([, n]) => n),
      new Map(),
    ).flatMap((n) => (n.ins.length === 0 ? (nameOf(n) ?? []) : [])),
  ])
