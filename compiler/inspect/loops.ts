/**
 * Loops as recurrences. In: the scans that formulas read, and how what is around them is written. Out: for each loop its
 * equations at step t, and how its results are referred to. Invariant: scans that differ only in what they stack are one
 * loop; a value that a later loop reads at its step t has the name that it has at step t of the loop which made it.
 */
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { carryName, type ScanParts, scanParts } from '../../src/expr/scan.ts'
import { whileParts } from '../../src/expr/while.ts'
import { type Doc, isNumber, merging, nameDoc, render, stepOf, whole, withStep } from './doc.ts'
import { docAt, heard, letterAt, nameAt, subscript, withoutIndex } from './indices.ts'
import {
  carrierOf,
  isLoopResult,
  isStack,
  layered,
  letterBeside,
  letterOf,
  type Numbered,
  ofAnotherLoop,
  type Root,
  unlike,
} from './names.ts'
import { isSame, keepsFirst, type Reading } from './behind.ts'

/** A loop as it is written: for so many steps, or while a condition holds. */
interface Written extends ScanParts {
  readonly condition: Node | null
}

/** Scans that are written as one loop. */
export interface Loop {
  readonly parts: Written
  /** The results that are read, by the value of the body that they hold. */
  readonly last: ReadonlyMap<number, readonly Node[]>
  readonly stacks: ReadonlyMap<Node, readonly Node[]>
}

const partsOf = (loop: Node): Written => {
  if (loop.op === 'scan') return { ...scanParts(loop), condition: null }
  const { init, constants, params, next, condition } = whileParts(loop)
  return { fn: { params, results: next }, length: Infinity, reverse: false, init, sequences: [], constants, condition }
}

const carriesOf = ({ fn, init }: ScanParts): readonly Node[] => fn.results.slice(0, init.length)

/** Equal for loops that differ only in what they stack. */
export const loopKey = (loop: Node): string => {
  const parts = partsOf(loop)
  const ids = (nodes: readonly Node[]): string => nodes.map((n) => n.id).join()
  return [ids(loop.ins), ids(parts.fn.params), ids(carriesOf(parts)), parts.length, parts.reverse].join(';')
}

/** The loops whose results are among the nodes, by result. */
export const loopsOf = (
  readings: ReadonlyMap<Node, Reading>,
  given: ReadonlyMap<Node, unknown>,
): ReadonlyMap<Node, Loop> => {
  interface Draft {
    readonly parts: Written
    readonly last: Map<number, Node[]>
    readonly stacks: Map<Node, Node[]>
  }
  const drafts = new Map<string, Draft>()
  const found = new Map<Node, Loop>()
  for (const n of readings.keys()) {
    if (!isLoopResult(n) || given.has(n)) continue
    const scan = n.ins[0] as Node
    const parts = partsOf(scan)
    const key = loopKey(scan)
    const draft: Draft = drafts.get(key) ?? { parts, last: new Map(), stacks: new Map() }
    drafts.set(key, draft)
    const { index } = paramsOf(n, 'result')
    const value = parts.fn.results[index] as Node
    if (index < parts.init.length) draft.last.set(index, [...(draft.last.get(index) ?? []), n])
    else draft.stacks.set(value, [...(draft.stacks.get(value) ?? []), n])
    found.set(n, draft)
  }
  return found
}

// ---- steps

/** The steps that a loop takes. */
interface Course {
  readonly from: number
  readonly to: number
  readonly step: 1 | -1
}

/**
 * hₜ of hₜ₋₁, towards the last step or, backwards, hₜ of hₜ₊₁. The cotangent δh goes with h: what comes in at step t is the
 * cotangent of hₜ, and what goes out is that of hₜ₋₁.
 */
const shiftsOf = (name: string, { step }: Course): { readonly came: number; readonly goes: number } => {
  const deltas = /^δ*/u.exec(name)?.[0].length ?? 0
  return deltas % 2 === 1 && name.length > deltas ? { came: 0, goes: step } : { came: -step, goes: 0 }
}

const courseOf = ({ length, reverse }: ScanParts): Course =>
  reverse ? { from: length, to: 1, step: -1 } : { from: 1, to: length, step: 1 }

/** The steps at which a carry starts and ends, n where nothing but a condition says which one that is. */
const edgesOf = (name: string, course: Course): readonly [string, string] => {
  const { came, goes } = shiftsOf(name, course)
  const isEmpty = (course.to - course.from) * course.step < 0
  const [first, last] = [course.from + came, course.to + goes]
  return [subscript(first), isEmpty ? subscript(first) : Number.isFinite(last) ? subscript(last) : 'ₙ']
}

// ---- what things are called

export interface LoopNames {
  readonly carries: readonly string[]
  /** Of the values that are stacked and are neither carries nor parameters. */
  readonly stacked: ReadonlyMap<Node, string>
  readonly taken: ReadonlySet<string>
  /** Which of these are letters with numbers. */
  readonly numbered: Numbered
}

/** As its user called it; else h, or δ of what is a cotangent. */
const carryBase = (parts: ScanParts, i: number): string => {
  const next = parts.fn.results[i]
  return carryName(parts.fn, i) ?? (next === undefined ? 'h' : letterOf(next, new Set()))
}

/** The name of δh where h, of the loop whose states this one goes back over, has been given another name: δh₂. */
const errorBase = (parts: ScanParts, i: number, before: ReadonlyMap<Loop, LoopNames>): string => {
  const base = carryBase(parts, i)
  if (!base.startsWith('δ')) return base
  const read = new Set(parts.sequences.map(carrierOf))
  for (const [loop, { carries }] of before) {
    const own = carriesOf(loop.parts)
    const k = own.findIndex((_, c) => `δ${carryBase(loop.parts, c)}` === base)
    const states = [loop.parts.fn.params[k], own[k]]
    const isRead = states.some((s) => s !== undefined && (loop.stacks.get(s) ?? []).some((n) => read.has(n)))
    if (k >= 0 && isRead) return `δ${carries[k]}`
  }
  return base
}

const generated = (n: Node): string => {
  const letter = letterOf(n, new Set())
  return letter === 'h' && n.shape.length === 0 ? 'l' : letter
}

const ownName = (value: Node): string | undefined => (value.ins.length > 0 ? nameOf(value) : undefined)

/** The stack at the bottom of a value's uses outside: what its user called it there. */
const outsideName = (results: readonly Node[], labels: ReadonlyMap<Node, string>): string | undefined => {
  for (const r of results) {
    const name = nameOf(r) ?? labels.get(r)
    if (name !== undefined && name !== '') return name
  }
  return undefined
}

/** The result of a loop within the loop has the name that it has there. */
const isCalledInside = (value: Node): boolean => isLoopResult(value) && (isStack(value) || nameOf(value) === undefined)

/** Whether a carry's last value is what a root of the same name stands for, and nothing else would be called so. */
const isNamesake = ({ parts, last, stacks }: Loop, i: number, labels: ReadonlyMap<Node, string>): boolean =>
  !stacks.has(parts.fn.results[i] as Node) &&
  (last.get(i) ?? []).some((n) => labels.get(n) !== undefined && labels.get(n) === carryBase(parts, i))

export const nameLoop = (
  loop: Loop,
  labels: ReadonlyMap<Node, string>,
  before: ReadonlySet<string>,
  decided: Numbered,
  others: ReadonlyMap<Loop, LoopNames>,
): LoopNames => {
  const { parts, stacks } = loop
  const taken = new Set(before)
  const take = (wanted: string, other: typeof unlike): string => {
    const name = other(wanted, taken)
    taken.add(heard(name))
    return name
  }
  const carries = carriesOf(parts).map((_, i) => {
    const name = isNamesake(loop, i, labels) ? carryBase(parts, i) : take(errorBase(parts, i, others), layered)
    for (const at of edgesOf(name, courseOf(parts))) taken.add(heard(nameAt(name, [at])))
    return name
  })
  const isAlias = (value: Node): boolean =>
    parts.fn.params.includes(value) || carriesOf(parts).includes(value) || isCalledInside(value)
  const own = [...stacks].map(([v, results]) => ownName(v) ?? outsideName(results, labels))
  const spoken = new Set([...taken, ...own.flatMap((name) => (name === undefined ? [] : heard(withoutIndex(name))))])
  const letterIn = (value: Node): string => letterBeside(generated(value), spoken)
  const letters = [...stacks].flatMap(([v], i) => (isAlias(v) || own[i] !== undefined ? [] : letterIn(v)))
  const base = (value: Node): string => {
    const letter = letterIn(value)
    return letters.filter((l) => l === letter).length > 1 ? `${letter}${subscript(1)}` : letter
  }
  const stacked = new Map<Node, string>()
  const numbered = new Map<Node, string>()
  for (const [value, results] of stacks) {
    if (isAlias(value)) continue
    const own = ownName(value)
    const label = outsideName(results, labels)
    // a label is the root's own to give
    if (own === undefined && label !== undefined && labels.has(results[0] as Node)) stacked.set(value, label)
    else {
      const given = own ?? label
      const wanted = given === undefined ? (decided.get(value) ?? base(value)) : withoutIndex(given)
      const name = take(wanted, given === undefined ? (w, all) => ofAnotherLoop(w, all, unlike) : layered)
      stacked.set(value, name)
      if (given === undefined) numbered.set(value, name)
    }
  }
  return { carries, stacked, taken, numbered }
}

/** What sequences without a name should be called: x where their element is xₜ. */
export const suggestionsOf = (loop: Loop): ReadonlyMap<Node, string | undefined> => {
  const { fn, init, sequences } = loop.parts
  return new Map(
    sequences.flatMap((s, j) => {
      const c = carrierOf(s)
      const plain = c.ins.length === 0 || isLoopResult(c) || !hasSteps(s)
      const bound = nameOf(fn.params[init.length + j] as Node)
      return plain ? [] : [[c, bound === undefined ? undefined : withoutIndex(bound)] as const]
    }),
  )
}

// ---- what is written

/** What every step of a sequence is, where it only repeats something. */
const constantBehind = (sequence: Node): Node | null => {
  let at = sequence
  while (isSame(at)) {
    const from = at.ins[0] as Node
    if (!keepsFirst(at)) return from
    at = from
  }
  return at.op === 'full' ? at : null
}

/** Whether what is written for a sequence differs from step to step. */
export const hasSteps = (sequence: Node): boolean => constantBehind(sequence) === null

const elementDoc = (sequence: Node, doc: Doc, index: string): Doc => {
  if (isNumber(doc) || !hasSteps(sequence)) return merging(whole(doc, index))
  return whole(stepOf(doc)?.doc ?? docAt(doc, index), index)
}

interface LoopScope {
  readonly indices: readonly string[]
  readonly docOf: (n: Node) => Doc
}

export interface WrittenLoop {
  /** The first line, where it is known how values of the body are written. */
  readonly headerFrom: (inside: (n: Node) => Doc) => string
  /** Carries before the first step. */
  readonly starts: readonly { readonly name: string; readonly doc: Doc }[]
  readonly roots: readonly Root[]
  /** The parameters of the body, as they are written in it. */
  readonly values: ReadonlyMap<Node, Doc>
  readonly indices: readonly string[]
  /** What the results are outside, where it is known how values of the body are written. */
  readonly resultsFrom: (inside: (n: Node) => Doc) => ReadonlyMap<Node, Doc>
}

/** All of what is written `doc` at one step: cₜ‚ₛ of all t is cₛ. */
const overSteps = (doc: Doc, index: string): Doc => {
  const [before = '', after = ''] = render(doc).text.split(new RegExp(`‚?${index}‚?`, 'u'), 2)
  return withStep(nameDoc(after === '' ? before : nameAt(before, [after])), { index, doc })
}

const shifted = (letter: string, by: number): string =>
  by === 0 ? letter : `${letter}${by > 0 ? '₊' : '₋'}${subscript(Math.abs(by))}`

export const writeLoop = (loop: Loop, names: LoopNames, { indices, docOf }: LoopScope): WrittenLoop => {
  const { parts } = loop
  const { fn, init, sequences, constants, length } = parts
  const [letter, index] = letterAt(indices.length)
  const course = courseOf(parts)
  const inside = [...indices, index]
  const at = (name: string, i: string): string => nameAt(name, [...indices, i])
  const carries = names.carries.map((name) => ({ name, ...shiftsOf(name, course), edges: edgesOf(name, course) }))

  const values = new Map<Node, Doc>()
  for (const [i, c] of carries.entries()) values.set(fn.params[i] as Node, nameDoc(at(c.name, shifted(index, c.came))))
  for (const [j, s] of sequences.entries())
    values.set(fn.params[init.length + j] as Node, elementDoc(s, docOf(s), index))
  for (const [k, c] of constants.entries())
    values.set(fn.params[init.length + sequences.length + k] as Node, merging(whole(docOf(c), index)))

  const carryRoots = carries.map(
    (c, i): Root => ({ label: at(c.name, shifted(index, c.goes)), node: fn.results[i] as Node, defines: true }),
  )
  const stackRoots = [...names.stacked].map(
    ([node, name]): Root => ({ label: nameAt(name, inside), node, defines: true }),
  )

  const silentRoots = [...loop.stacks.keys()]
    .filter(isCalledInside)
    .map((node): Root => ({ label: '', node, defines: false, silent: true }))

  const conditionRoots = (parts.condition === null ? [] : [parts.condition]).map(
    (node): Root => ({ label: '', node, defines: false, silent: true }),
  )

  /** A stack outside: by its name where its element at t is that of t, else with the steps it spans. */
  const stackDoc = (value: Node, inner: (n: Node) => Doc): Doc => {
    const named = names.stacked.get(value)
    const of = (name: string, by: number): Doc => {
      const span = [Math.min(course.from, course.to) + by, Math.max(course.from, course.to) + by]
      const isAll = by === 0 || length === 0
      const all = isAll ? nameAt(name, indices) : at(name, [...new Set(span.map(subscript))].join('…'))
      return withStep(nameDoc(all), { index, doc: nameDoc(at(name, shifted(index, by))) })
    }
    if (named !== undefined) return of(named, 0)
    const next = carriesOf(parts).indexOf(value)
    const bound = fn.params.indexOf(value)
    const carry = carries[bound]
    if (carry !== undefined) return of(carry.name, carry.came)
    if (bound >= init.length && bound < init.length + sequences.length)
      return docOf(sequences[bound - init.length] as Node)
    if (bound >= 0) return whole(docOf(constants[bound - init.length - sequences.length] as Node))
    const c = carries[next]
    return c === undefined ? overSteps(inner(value), index) : of(c.name, c.goes)
  }
  const resultsFrom = (inner: (n: Node) => Doc): ReadonlyMap<Node, Doc> => {
    const results = new Map<Node, Doc>()
    for (const [i, nodes] of loop.last) {
      const c = carries[i] as (typeof carries)[number]
      for (const n of nodes) results.set(n, nameDoc(at(c.name, c.edges[1])))
    }
    for (const [value, nodes] of loop.stacks) for (const n of nodes) results.set(n, stackDoc(value, inner))
    return results
  }

  return {
    headerFrom: (inner) => {
      if (parts.condition !== null) return `for ${letter} = 1… while ${render(inner(parts.condition)).text}`
      return `for ${letter} = ${length === 1 ? '1' : `${course.from}…${course.to}`}`
    },
    starts: carries.map((c, i) => ({
      name: at(c.name, c.edges[0]),
      doc: docOf(init[i] as Node),
    })),
    roots: [...conditionRoots, ...carryRoots, ...stackRoots, ...silentRoots],
    values,
    indices: inside,
    resultsFrom,
  }
}
