/**
 * The graph of an entry as it is drawn. In: an entry of simplified expressions. Out: nodes, edges, and the bodies of loops and
 * choices as graphs of their own.
 * Invariant: what mathematics does not write (broadcasts, literals) is no node; a leaf that both ways read is drawn at both.
 */
import { showShape } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { condParts } from '../../../src/expr/cond.ts'
import { paramsOf } from '../../../src/expr/node.ts'
import { nameOf } from '../../../src/expr/origin.ts'
import { whileParts } from '../../../src/expr/while.ts'
import { carryName, type FnNodes, functionOf, scanParts } from '../../../src/expr/scan.ts'
import { opDef } from '../../../src/ops/registry.ts'
import type { Printed } from '../../../src/ops/signature.ts'
import { type EntryProgram, rootsOf } from '../../program/entry.ts'
import { topological } from '../../program/walk.ts'
import { letterAt, nameAt } from '../indices.ts'
import { showMargin } from '../layout.ts'
import type { Phase } from '../machine/phases.ts'
import { behind } from '../behind.ts'

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

/** What stands inside the formula that reads it. */
const isLiteral = (n: Node): boolean => n.op === 'full'

const atom = (text: string): Printed => ({ text, precedence: 4 })

/** An op around its operands, by their names where they have any: `□ + b1`, `tanh(□)`. */
const formula = (n: Node, called: (n: Node) => string | undefined = nameOf): string => {
  const ins = n.ins.map((i) => {
    const b = behind(i)
    return isLiteral(b) ? opDef(b.op).print([], b.params, b.ins) : atom(called(b) ?? '□')
  })
  const { text } = opDef(n.op).print(ins, n.params, n.ins)
  return [...text].length > 40 ? n.op : text
}

/** The node that is drawn for an operand: of the results of a loop the loop itself. */
const drawn = (n: Node): Node => {
  const b = behind(n)
  return b.op === 'result' ? (b.ins[0] as Node) : b
}

interface Labels {
  readonly results: readonly (readonly [label: string, node: Node])[]
  /** What stands for what a body is given. */
  readonly leaves: ReadonlyMap<Node, string>
}

const regionTitle = (n: Node, depth: number): string => {
  if (n.op === 'scan') {
    const { length, reverse } = scanParts(n)
    const [t] = letterAt(depth)
    return reverse ? `for ${t} = ${length}…1` : `for ${t} = 1…${length}`
  }
  return n.op === 'while' ? 'while it goes on' : 'choice'
}

/** A label that says nothing beside another. */
const isPlain = (label: string): boolean => /^(output|result) \d+$/.test(label)

/** What the branches of a choice give: `if true`, `otherwise`, `if 2`; of several results of each, by number. */
const branchLabel = (n: Node): ((i: number) => string) => {
  const { predicate, branches } = condParts(n)
  const count = branches[0]?.length ?? 1
  return (i) => {
    const k = Math.floor(i / count)
    const taken = predicate.dtype === 'bool' ? (k === 1 ? 'if true' : 'otherwise') : `if ${k}`
    return count === 1 ? taken : `${taken} ${(i % count) + 1}`
  }
}

/** What a loop with a condition gives: its carries as they are next, and whether it goes on. */
const carryLabel = (n: Node, own: (i: number) => string): ((i: number) => string) => {
  const { init } = whileParts(n)
  return (i) => (i < init.length ? `${own(i)}′` : 'goes on')
}

/** What a body is given and gives, named. */
const bodyLabels = (n: Node, fn: FnNodes, depth: number): Labels => {
  const [, t] = letterAt(depth)
  const given = (i: number): string | undefined => {
    const from = n.ins[n.ins.length - fn.params.length + i]
    return from === undefined ? undefined : nameOf(behind(from))
  }
  const own = (i: number): string => nameOf(fn.params[i] as Node) ?? given(i) ?? `x${i + 1}`
  if (n.op !== 'scan') {
    const label = n.op === 'cond' ? branchLabel(n) : carryLabel(n, own)
    return {
      leaves: new Map(fn.params.map((p, i) => [p, own(i)])),
      results: fn.results.map((r, i) => [label(i), r] as const),
    }
  }
  const { init, sequences, reverse } = scanParts(n)
  const carry = (i: number): string => (carryName(fn, i) ?? given(i) ?? `c${i + 1}`).replace(/ₜ$/u, '')
  const [now, next] = reverse ? [t, `${t}₋₁`] : [`${t}₋₁`, t]
  const at = (i: number): string => {
    if (i < init.length) return nameAt(carry(i), [now])
    return i < init.length + sequences.length ? nameAt(own(i).replace(/ₜ$/u, ''), [t]) : own(i)
  }
  return {
    leaves: new Map(fn.params.map((p, i) => [p, at(i)])),
    results: fn.results.map(
      (r, i) =>
        [
          i < init.length
            ? nameAt(carry(i), [next])
            : ((r.ins.length === 0 ? undefined : nameOf(r)) ?? `output ${i - init.length + 1}`),
          r,
        ] as const,
    ),
  }
}

/** Where a phase is asked for: of the nodes of a body, that of the loop. */
type PhaseOf = (n: Node) => Phase

export interface NamedGraph {
  readonly name: string
  readonly graph: Graph
}

const build = (labels: Labels, phaseOf: PhaseOf, prefix: string, depth: number): Graph => {
  const nodes = new Map<string, GraphNode>()
  const edges: GraphEdge[] = []
  const results = new Map<Node, string[]>()
  for (const [label, node] of labels.results) {
    const at = drawn(node)
    const known = (results.get(at) ?? []).filter((l) => !isPlain(l))
    if (known.length === 0 || !isPlain(label)) results.set(at, [...known, label])
  }
  const roots = labels.results.map(([, n]) => n)
  const order = topological(roots).filter((n) => drawn(n) === n)
  const numbers = new Map(order.filter((n) => !isLiteral(n) || results.has(n)).map((n, i) => [n, i + 1]))
  const isLeaf = (n: Node): boolean => labels.leaves.has(n) || (n.ins.length === 0 && functionOf(n) === null)
  const readers = new Map<Node, Set<Node>>()
  const leafName = (n: Node): string => labels.leaves.get(n) ?? nameOf(n) ?? formula(n)
  const idOf = (n: Node, phase: Phase): string =>
    `${prefix}n${numbers.get(n)}${isLeaf(n) && phase !== 'forward' ? phase : ''}`

  const leafAt = (n: Node, phase: Phase): string => {
    const id = idOf(n, phase)
    if (!nodes.has(id))
      nodes.set(id, {
        id,
        label: leafName(n),
        kind: 'leaf',
        phase: null,
        shared: false,
        again: false,
        type: showMargin(n),
      })
    return id
  }

  const place = (n: Node): void => {
    const phase = phaseOf(n)
    const fn = functionOf(n)
    const names = results.get(n) ?? []
    const id = idOf(n, phase)
    const name = names.length > 0 ? names.join(' = ') : nameOf(n)
    const text = fn === null ? formula(n, (i) => labels.leaves.get(i) ?? nameOf(i)) : regionTitle(n, depth)
    nodes.set(id, {
      id,
      label: name === undefined || fn !== null ? text : `${name} = ${text}`,
      kind: fn !== null ? 'region' : names.length > 0 ? 'result' : 'op',
      phase,
      shared: (readers.get(n)?.size ?? 0) > 1,
      again: false,
      type: fn === null ? showMargin(n) : names.join(', '),
      ...(fn === null ? {} : { body: build(bodyLabels(n, fn, depth), () => phase, `${id}_`, depth + 1) }),
    })
    const seen = new Set<string>()
    for (const operand of n.ins) {
      const from = drawn(operand)
      if (isLiteral(from)) continue
      const source = isLeaf(from) ? leafAt(from, phase) : idOf(from, phaseOf(from))
      if (seen.has(source)) continue
      seen.add(source)
      const kept = !isLeaf(from) && phaseOf(from) === 'forward' && phase !== 'forward'
      edges.push({ from: source, to: id, shape: showShape(behind(operand).shape), kept })
    }
  }

  for (const n of order)
    for (const operand of n.ins) {
      const from = drawn(operand)
      readers.set(from, (readers.get(from) ?? new Set()).add(n))
    }
  for (const n of order) {
    if (!isLeaf(n)) place(n)
    else if (results.has(n) && !isLiteral(n)) {
      // a leaf that is itself a result
      const id = `${prefix}r${numbers.get(n)}`
      const label = `${(results.get(n) ?? []).join(' = ')} = ${leafName(n)}`
      nodes.set(id, { id, label, kind: 'result', phase: phaseOf(n), shared: false, again: false, type: showMargin(n) })
      edges.push({ from: leafAt(n, phaseOf(n)), to: id, shape: showShape(n.shape), kept: false })
    } else if (results.has(n)) {
      const id = `${prefix}r${numbers.get(n)}`
      const label = `${(results.get(n) ?? []).join(' = ')} = ${paramsOf(n, 'full').value}`
      nodes.set(id, { id, label, kind: 'result', phase: phaseOf(n), shared: false, again: false, type: showMargin(n) })
    }
  }
  // the first place of a leaf is that of the forward pass, where it has one
  const first = (id: string): string => id.replace(/(?:backward|update)$/, '')
  const isAgain = ({ id, kind }: GraphNode): boolean => kind === 'leaf' && first(id) !== id && nodes.has(first(id))
  return { nodes: [...nodes.values()].map((n) => (isAgain(n) ? { ...n, again: true } : n)), edges }
}

/** The graph of an entry, its values by phase. */
export const graphOf = (entry: EntryProgram, phaseOf: PhaseOf): Graph => {
  const updates = entry.updates.map((u) => [`${nameOf(u.target) ?? u.target.op}′`, u.value] as const)
  const labels = [...entry.results.map((r) => [r.name, r.value] as const), ...updates]
  return rootsOf(entry).length === 0
    ? { nodes: [], edges: [] }
    : build({ results: labels, leaves: new Map() }, phaseOf, '', 0)
}
