/**
 * Formulas of one or several expressions. In: labelled roots. Out: equations, each part defined before it is used.
 * Invariant: iterative, and linear in the graph: a part whose formula grows too long is named, so no formula does.
 */
import type { TensorType } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { opDef } from '../../src/ops/registry.ts'
import { type Doc, nameDoc, render, stepOf, text, withStep } from './doc.ts'
import { docAt, heard, letterAt } from './indices.ts'
import {
  hasSteps,
  type Loop,
  type LoopNames,
  loopsOf,
  nameLoop,
  suggestionsOf,
  type WrittenLoop,
  writeLoop,
} from './loops.ts'
import {
  carrierOf,
  isLoopResult,
  type Named,
  nameAll,
  namedNodes,
  type Numbered,
  readAll,
  type Root,
  type Sign,
} from './names.ts'
import type { Reading } from './behind.ts'
import { inOrder } from './numbering.ts'
import { readingOf } from './reading.ts'
import { docAtStep } from './steps.ts'

export interface Equation {
  readonly tag: 'equation'
  readonly name: string
  readonly doc: Doc
  /** `=` for a value, `:` for a field of a record, `←` for what a leaf is after a step. */
  readonly sign: Sign
  readonly type: TensorType
  /** The node that the formula writes. */
  readonly node: Node
  /** Which root it belongs to; a definition belongs to the first root that needs it. */
  readonly root: number
  readonly definition: boolean
}

/** A recurrence: what holds at each step, and where it starts. */
export interface LoopBlock {
  readonly tag: 'loop'
  readonly header: string
  readonly body: readonly Line[]
  readonly starts: WrittenLoop['starts']
  readonly root: number
}

export type Line = Equation | LoopBlock

/** The named nodes below a root that are not written yet and the results of loops, parts first. */
const definitionsOf = (
  root: Node,
  readings: ReadonlyMap<Node, Reading>,
  named: ReadonlySet<Node>,
  seen: Set<Node>,
): readonly Node[] => {
  const found: Node[] = []
  const stack: { readonly node: Node; readonly ready: boolean }[] = [{ node: root, ready: false }]
  while (stack.length > 0) {
    const { node, ready } = stack.pop() as (typeof stack)[number]
    if (ready) {
      if (named.has(node) || isLoopResult(node)) found.push(node)
      continue
    }
    if (seen.has(node)) continue
    seen.add(node)
    stack.push({ node, ready: true })
    const { reads } = readings.get(node) as Reading
    for (const r of reads.toReversed()) if (!seen.has(r)) stack.push({ node: r, ready: false })
  }
  return found
}

/** What has been written around or before. */
export interface Within {
  /** How nodes are written there. */
  readonly values: ReadonlyMap<Node, Doc>
  /** The steps of the loops around. */
  readonly indices: readonly string[]
  /** What has been named, as it is heard. */
  readonly taken: ReadonlySet<string>
}

export interface EquationOptions {
  /** Nodes that are values of the model itself even where differentiation made them first. */
  readonly forward?: ReadonlySet<Node>
  readonly within?: Within
  /** Whether what a loop alone reads step by step is told in the loop, `onehot(xₜ) W`, and not computed ahead of it. */
  readonly toldInLoops?: boolean
}

export interface Equations {
  readonly equations: readonly Line[]
  /** The nodes that have names, and how these are written. */
  readonly told: ReadonlyMap<Node, Doc>
  /** What has been named here and around, as it is heard. */
  readonly taken: ReadonlySet<string>
  /** How a node is written where it is read. */
  readonly docOf: (n: Node) => Doc
}

const nowhere: Within = { values: new Map(), indices: [], taken: new Set() }

/** Names that roots give to what they stand for. */
const labelsOf = (roots: readonly Root[], may: (n: Node) => boolean): ReadonlyMap<Node, string> => {
  const labels = new Map<Node, string>()
  for (const r of roots) {
    const c = carrierOf(r.node)
    // what a leaf will be is called as the leaf, primed
    const own = r.sign === '←' ? `${r.label}′` : r.defines ? r.label : undefined
    if (own !== undefined && may(c) && !labels.has(c)) labels.set(c, own)
  }
  return labels
}

/** The names of all loops, one after the other. */
const nameLoops = (
  loops: Iterable<Loop>,
  labels: ReadonlyMap<Node, string>,
  before: ReadonlySet<string>,
  decided: Numbered,
): { readonly loops: ReadonlyMap<Loop, LoopNames>; readonly taken: ReadonlySet<string> } => {
  const named = new Map<Loop, LoopNames>()
  let taken = before
  for (const loop of new Set(loops)) {
    const names = nameLoop(loop, labels, taken, decided, named)
    named.set(loop, names)
    taken = names.taken
  }
  return { loops: named, taken }
}

/** What is to be written: nodes with their readings, which of them get names, and in which order. */
interface Outline {
  readonly roots: readonly Root[]
  readonly readings: ReadonlyMap<Node, Reading>
  readonly loops: ReadonlyMap<Node, Loop>
  readonly suggested: ReadonlyMap<Node, string | undefined>
  readonly named: ReadonlySet<Node>
  /** Of each root, the definitions that no root before it has. */
  readonly definitions: readonly (readonly Node[])[]
}

/** A longer formula is told once, before its loop. */
const longestStep = 48

/** Sequences that only loops read, and whose value at a step is short to tell: it is told where the loop reads it. */
const withinLoops = (
  { readings, roots, named }: Pick<Outline, 'readings' | 'roots' | 'named'>,
  sequences: Iterable<Node>,
): ReadonlySet<Node> => {
  const readElsewhere = new Set(roots.map((r) => carrierOf(r.node)))
  for (const [n, r] of readings)
    if (!isLoopResult(n) && !(r.same && carrierOf(n) !== n)) for (const m of r.reads) readElsewhere.add(carrierOf(m))
  const isShort = (n: Node): boolean => {
    const isCalled = (m: Node): boolean => m !== n && (nameOf(m) !== undefined || named.has(m) || isLoopResult(m))
    const standIn = (m: Node): Doc =>
      m.op === 'full' ? readingOf(m).build([]) : nameDoc(isCalled(m) ? (nameOf(m) ?? 'h₁') : 'z₁')
    const d = docAtStep(n, { docOf: standIn, isCalled, index: 'ₜ' })
    return d !== null && render(d).text.length <= longestStep
  }
  return new Set([...sequences].filter((n) => nameOf(n) === undefined && !readElsewhere.has(n) && isShort(n)))
}

const outlineOf = (roots: readonly Root[], known: ReadonlyMap<Node, Doc>, isTold: boolean): Outline => {
  const readings = readAll(
    roots.map((r) => r.node),
    known,
  )
  const loops = loopsOf(readings, known)
  const suggested = new Map([...new Set(loops.values())].flatMap((l) => [...suggestionsOf(l)]))
  const called = namedNodes(readings, roots, known, new Set(suggested.keys()))
  const within = isTold ? withinLoops({ readings, roots, named: called }, suggested.keys()) : new Set()
  const named = new Set([...called].filter((n) => !within.has(n)))
  const seen = new Set<Node>()
  const definitions = roots.map((r) => definitionsOf(r.node, readings, named, seen))
  return { roots, readings, loops, suggested, named, definitions }
}

interface AllNames extends Named {
  readonly loops: ReadonlyMap<Loop, LoopNames>
}

/** Names of users come first, then those of loops, then letters. */
const namesOf = (outline: Outline, forward: ReadonlySet<Node>, within: Within, decided: Numbered): AllNames => {
  const { roots, readings, loops, suggested, named, definitions } = outline
  const labels = labelsOf(roots, (n) => named.has(n))
  const stackLabels = labelsOf(roots, (n) => loops.has(n))
  const nodes = definitions.flat().filter((n) => named.has(n))
  const leaves = [...readings.keys()].filter((n) => opDef(n.op).kind === 'leaf' && !within.values.has(n))
  const spoken = [...leaves.flatMap((n) => nameOf(n) ?? []), ...labels.values(), ...stackLabels.values()]
  const reserved = new Set([...within.taken, ...spoken.map(heard)])
  // loops leave these to the nodes that bear them
  const own = new Set(nodes.flatMap((n) => (labels.has(n) ? [] : (nameOf(n) ?? []))).map(heard))
  const around = nameLoops(loops.values(), stackLabels, new Set([...reserved, ...own]), decided)
  const given = nameAll(nodes, {
    labels,
    taken: new Set([...around.taken].filter((name) => reserved.has(name) || !own.has(name))),
    forward,
    indices: within.indices,
    suggested: new Map([...suggested].flatMap(([n, name]) => (name === undefined ? [] : [[n, name] as const]))),
    decided,
  })
  const numbered = new Map([...given.numbered, ...[...around.loops.values()].flatMap((l) => [...l.numbered])])
  return { ...given, numbered, loops: around.loops }
}

/** What loops read step by step is known at a step by its index, or by its formula there. */
const atEachStep = (d: Doc, index: string, atStep: () => Doc | null): Doc => {
  if (d.tag === 'text' && d.number === undefined)
    return d.step === undefined ? withStep(d, { index, doc: atStep() ?? docAt(d, index) }) : d
  const doc = stepOf(d) === null ? atStep() : null
  return doc === null ? d : withStep(text(render(d)), { index, doc })
}

interface Written {
  /** The formula of each node. */
  readonly formulas: ReadonlyMap<Node, Doc>
  /** How it is written where it is read: its name, or its formula. */
  readonly docs: ReadonlyMap<Node, Doc>
  readonly blocks: ReadonlyMap<Loop, Omit<LoopBlock, 'root'>>
  readonly taken: ReadonlySet<string>
  readonly numbered: Numbered
}

/** Formulas, and the bodies of loops as soon as what they read has its own. */
const formulate = ({ readings, loops }: Outline, names: AllNames, within: Within, decided: Numbered): Written => {
  const [, index] = letterAt(within.indices.length)
  const sequences = new Set([...loops.values()].flatMap((l) => l.parts.sequences.filter(hasSteps).map(carrierOf)))
  const formulas = new Map<Node, Doc>()
  const docs = new Map<Node, Doc>()
  const blocks = new Map<Loop, Omit<LoopBlock, 'root'>>()
  const results = new Map<Node, Doc>()
  const numbered = new Map(names.numbered)
  let { taken } = names
  const write = (loop: Loop): void => {
    const loopNames = names.loops.get(loop) as LoopNames
    const own = writeLoop(loop, loopNames, { indices: within.indices, docOf: (n) => docs.get(n) as Doc })
    const body = written(own.roots, { within: { values: own.values, indices: own.indices, taken } }, decided)
    taken = body.taken
    for (const [n, name] of body.numbered) numbered.set(n, name)
    blocks.set(loop, { tag: 'loop', header: own.headerFrom(body.docOf), starts: own.starts, body: body.equations })
    for (const [n, doc] of own.resultsFrom(body.docOf)) results.set(n, doc)
  }
  for (const [n, reading] of readings) {
    const loop = loops.get(n)
    if (loop !== undefined && !blocks.has(loop)) write(loop)
    const name = names.names.get(n)
    const doc = results.get(n) ?? within.values.get(n) ?? reading.build(reading.reads.map((r) => docs.get(r) as Doc))
    if (!within.values.has(n)) formulas.set(n, doc)
    const called = name === undefined ? doc : nameDoc(name)
    docs.set(n, called)
    if (!sequences.has(n)) continue
    const isCalled = (m: Node): boolean =>
      names.names.has(m) || within.values.has(m) || (m.ins.length === 0 && nameOf(m) !== undefined)
    const atStep = (): Doc | null => docAtStep(n, { docOf: (m) => docs.get(m), isCalled, index })
    docs.set(n, atEachStep(called, index, atStep))
  }
  return { formulas, docs, blocks, taken, numbered }
}

const linesOf = (
  { roots, loops, named, definitions }: Outline,
  names: ReadonlyMap<Node, string>,
  { formulas, docs, blocks }: Written,
): readonly Line[] => {
  const done = new Set<string>()
  const shown = new Set<Loop>()
  const define = (n: Node, root: number, label: string | null): readonly Line[] => {
    const loop = loops.get(n)
    const block = loop === undefined || shown.has(loop) ? undefined : blocks.get(loop)
    if (loop !== undefined) shown.add(loop)
    const before: readonly Line[] = block === undefined ? [] : [{ ...block, root }]
    const name = names.get(n) as string
    if (!named.has(n) || name === label) return before
    done.add(name)
    const doc = formulas.get(n) as Doc
    return [...before, { tag: 'equation', name, sign: '=', doc, type: n, node: n, root, definition: true }]
  }
  return roots.flatMap((r, root): readonly Line[] => {
    const carrier = carrierOf(r.node)
    const lines = (definitions[root] as readonly Node[]).flatMap((n) => define(n, root, n === carrier ? r.label : null))
    const doc = docs.get(r.node) as Doc
    // the equations of a loop have told what its stack is
    const told = loops.has(carrier) && !named.has(carrier) && r.sign === undefined && render(doc).text === r.label
    if (done.has(r.label) || told || r.silent) return lines
    done.add(r.label)
    const own = names.get(carrier) === r.label ? formulas.get(carrier) : undefined
    const sign = r.sign ?? '='
    const { node } = r
    return [
      ...lines,
      { tag: 'equation', name: r.label, sign, doc: own ?? doc, type: node, node, root, definition: false },
    ]
  })
}

interface Numberable extends Equations {
  readonly numbered: Numbered
}

const written = (roots: readonly Root[], options: EquationOptions, decided: Numbered): Numberable => {
  const { forward = new Set(), within = nowhere, toldInLoops = false } = options
  const outline = outlineOf(roots, within.values, toldInLoops)
  const names = namesOf(outline, forward, within, decided)
  const all = formulate(outline, names, within, decided)
  const { docs, taken, numbered } = all
  const told = new Set([...names.names.keys(), ...outline.loops.keys()])
  return {
    equations: linesOf(outline, names.names, all),
    told: new Map([...told].flatMap((n) => (docs.has(n) ? [[n, docs.get(n) as Doc] as const] : []))),
    taken,
    numbered,
    docOf: (n) => docs.get(n) as Doc,
  }
}

const nodesIn = (lines: readonly Line[]): readonly Node[] =>
  lines.flatMap((l) => (l.tag === 'loop' ? nodesIn(l.body) : [l.node]))

export const equationsOf = (roots: readonly Root[], options: EquationOptions = {}): Equations => {
  const first = written(roots, options, new Map())
  const shown = [...new Set(nodesIn(first.equations))].filter((n) => first.numbered.has(n))
  const order = inOrder(shown, first.numbered, first.taken)
  const isOrdered = [...order].every(([n, name]) => first.numbered.get(n) === name)
  return isOrdered ? first : written(roots, options, new Map([...first.numbered, ...order]))
}
