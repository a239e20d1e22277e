/**
 * Which parts of a formula get a name of their own, and which. In: roots. Out: names, in the order of definition.
 * Invariant: a part is named where its user named it, where it is used more than once and is more than a single step, or
 * where a formula would become too long to read, and where it is the error of a layer; two names never mean different nodes.
 */
import { InternalError } from '../../src/core/errors.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { nameOf, roleOf } from '../../src/expr/origin.ts'
import { opDef } from '../../src/ops/registry.ts'
import { type Doc, isProduct, nameDoc, render } from './doc.ts'
import { heard, nameAt, raised, subscript, withoutIndex } from './indices.ts'
import { behind, type Reading } from './behind.ts'
import { readingOf } from './reading.ts'

export type Sign = '=' | ':' | '←'

/** What is to be written: `label = formula`. */
export interface Root {
  readonly label: string
  readonly sign?: Sign
  readonly node: Node
  /** Whether other formulas may refer to it by its label. */
  readonly defines: boolean
  /** Only what it reads is written. */
  readonly silent?: true
}

const isLeaf = (n: Node): boolean => opDef(n.op).kind === 'leaf'

/** The node whose formula stands for n: behind what writes nothing, but for what the user named. */
export const carrierOf = (n: Node): Node => {
  const b = behind(n)
  if (b === n) return n
  let at = n
  while (at !== b) {
    if (nameOf(at) !== undefined) return at
    at = at.ins[0] as Node
  }
  return b
}

/** The reading of a node that is known by its name. */
const closed: Reading = {
  reads: [],
  same: false,
  build: () => {
    throw new InternalError('a given name has no formula')
  },
}

/** What the roots' formulas read, down to leaves and given names; operands before users, each with its reading. */
export const readAll = (
  roots: readonly Node[],
  given: ReadonlyMap<Node, unknown> = new Map(),
): ReadonlyMap<Node, Reading> => {
  const found = new Map<Node, Reading>()
  // a choice reads nodes that are made when it is read: it comes where the last of them does
  const ranks = new Map<Node, number>()
  const stack = [...roots]
  while (stack.length > 0) {
    const n = stack.at(-1) as Node
    const reading = found.get(n) ?? (given.has(n) ? closed : readingOf(n))
    if (!found.has(n)) {
      found.set(n, reading)
      stack.push(...reading.reads.filter((r) => !found.has(r)))
      continue
    }
    stack.pop()
    if (!ranks.has(n))
      ranks.set(
        n,
        reading.reads.reduce((last, r) => Math.max(last, ranks.get(r) as number), n.id),
      )
  }
  const order = [...ranks].sort(([, a], [, b]) => a - b)
  return new Map(order.map(([n]) => [n, found.get(n) as Reading]))
}

const countUses = (readings: ReadonlyMap<Node, Reading>, roots: readonly Root[]): ReadonlyMap<Node, number> => {
  const uses = new Map<Node, number>()
  const use = (n: Node): void => {
    const c = carrierOf(n)
    uses.set(c, (uses.get(c) ?? 0) + 1)
  }
  for (const [n, r] of readings) if (!r.same || carrierOf(n) === n) r.reads.forEach(use)
  for (const r of roots) use(r.node)
  return uses
}

/** Longer formulas are given a name; sums and products may be longer, since their lines can be broken. */
const tooLong = (doc: Doc): boolean => render(doc).text.length > (doc.tag === 'text' ? 72 : 240)

/** What stands for a node that has or gets a name, as long as lengths are estimated. */
const standIn = (name = 'h₁'): Doc => nameDoc(name)

/** Costs enough that a reader wants to see it done once. */
const isSummed = (n: Node): boolean => opDef(n.op).kind === 'contraction' || opDef(n.op).kind === 'reduction'

/** The operands of matrix products. */
const multiplied = (readings: ReadonlyMap<Node, Reading>): ReadonlySet<Node> =>
  new Set([...readings.keys()].flatMap((n) => (n.op === 'dotGeneral' ? n.ins.map(carrierOf) : [])))

export const isLoopResult = (n: Node): boolean =>
  n.op === 'result' && (n.ins[0]?.op === 'scan' || n.ins[0]?.op === 'while')

/** What a loop has stacked is called as it is called there. */
export const isStack = (n: Node): boolean =>
  isLoopResult(n) && paramsOf(n, 'result').index >= paramsOf(n.ins[0] as Node, (n.ins[0] as Node).op as 'scan').carries

/** The name that a node was given, unless it is that of the leaf it is made of: onehot(y), called y, is written as it is. */
const ownName = (n: Node): string | undefined => {
  const name = nameOf(n)
  const [only, more] = n.ins
  return only !== undefined && more === undefined && isLeaf(only) && nameOf(only) === name ? undefined : name
}

/** The nodes that get names, decided from the leaves up. */
export const namedNodes = (
  readings: ReadonlyMap<Node, Reading>,
  roots: readonly Root[],
  given: ReadonlyMap<Node, Doc>,
  wantedToo: ReadonlySet<Node> = new Set(),
): ReadonlySet<Node> => {
  const uses = countUses(readings, roots)
  const defined = new Set(roots.flatMap((r) => (r.defines ? [carrierOf(r.node)] : [])))
  const last = new Set(roots.map((r) => carrierOf(r.node)))
  // the δ of a layer, which its weights' gradient multiplies
  const errors = multiplied(readings)
  const docs = new Map<Node, Doc>()
  const weights = new Map<Node, number>()
  const named = new Set<Node>()
  for (const [n, reading] of readings) {
    if (given.has(n)) {
      docs.set(n, given.get(n) as Doc)
      weights.set(n, 0)
      continue
    }
    const steps = reading.reads.reduce((sum, r) => sum + (weights.get(r) as number), 0)
    const weight = isLeaf(n) || isLoopResult(n) ? 0 : reading.same || n.op === 'neg' ? steps : steps + 1
    const doc = reading.build(reading.reads.map((r) => docs.get(r) as Doc))
    const used = uses.get(n) ?? 0
    const wanted =
      defined.has(n) ||
      wantedToo.has(n) ||
      ownName(n) !== undefined ||
      (used > 1 && (weight > 1 || (weight === 1 && isSummed(n) && roleOf(n) === 'cotangent'))) ||
      (errors.has(n) && weight > 1 && isProduct(doc) && roleOf(n) === 'cotangent') ||
      (tooLong(doc) && !(last.has(n) && used === 1))
    if (!isLeaf(n) && !isStack(n) && carrierOf(n) === n && wanted) named.add(n)
    docs.set(n, named.has(n) ? standIn(nameOf(n)) : doc)
    weights.set(n, named.has(n) ? 0 : weight)
  }
  return named
}

// ---- the names themselves

/** A name like the wanted one that is not taken. */
export const unlike = (wanted: string, taken: ReadonlySet<string>): string => {
  if (!taken.has(heard(wanted))) return wanted
  const base = wanted.replace(/(?<=.)₁$/u, '')
  let k = 1
  while (taken.has(heard(nameAt(base, [subscript(k)])))) k++
  return nameAt(base, [subscript(k)])
}

/** A name like that of a layer before, of another layer: h⁽²⁾. */
export const layered = (wanted: string, taken: ReadonlySet<string>): string => {
  const of = (k: number): string => `${wanted}⁽${raised(k)}⁾`
  let k = 2
  while (taken.has(heard(of(k)))) k++
  return taken.has(heard(wanted)) ? of(k) : wanted
}

/** A letter of another loop: s⁽²⁾ beside s, but δ₂ beside δ. */
export const ofAnotherLoop = (
  wanted: string,
  taken: ReadonlySet<string>,
  numbered: (wanted: string, taken: ReadonlySet<string>) => string,
): string => (Object.values(instead).includes(wanted) ? layered(wanted, taken) : numbered(wanted, taken))

/** A product of matrices, and what is added to one: x W + h U + b. */
export const isAffine = (n: Node, depth = 8): boolean =>
  n.op === 'dotGeneral' ||
  (depth > 0 && (n.op === 'add' || n.op === 'sub') && n.ins.some((i) => isAffine(behind(i), depth - 1)))

/** What stands for a letter that means something else already: h₁ beside a state h would be read as h at the first step. */
const instead: Readonly<Record<string, string>> = { h: 'a', z: 's', l: 'e' }

/** The letter, or another where somebody is called so. */
export const letterBeside = (letter: string, taken: ReadonlySet<string>): string =>
  taken.has(letter) ? (instead[letter] ?? letter) : letter

export const letterOf = (n: Node, forward: ReadonlySet<Node>): string => {
  if (n.dtype === 'bool') return 'm'
  const role = forward.has(n) ? undefined : roleOf(n)
  if (role !== undefined) return role === 'cotangent' ? 'δ' : 'τ'
  return isAffine(n) ? 'z' : 'h'
}

export interface Naming {
  /** Names that are given already. */
  readonly labels: ReadonlyMap<Node, string>
  /** What no other node may be called, as it is heard. */
  readonly taken: ReadonlySet<string>
  readonly forward: ReadonlySet<Node>
  /** The steps of the loops around: what is added to each name. */
  readonly indices: readonly string[]
  /** What nodes without a name of their own would best be called. */
  readonly suggested: ReadonlyMap<Node, string>
  /** What letters leave to others, as it is heard. */
  readonly avoided?: ReadonlySet<string>
  /** Numbered letters that are decided already. */
  readonly decided?: Numbered
  /** The letter of what has no other name. Default `letterOf`. */
  readonly letter?: (n: Node, forward: ReadonlySet<Node>) => string
}

/** Letters with numbers, by node: δ₁, δ₂. */
export type Numbered = ReadonlyMap<Node, string>

export interface Named {
  readonly names: ReadonlyMap<Node, string>
  readonly taken: ReadonlySet<string>
  readonly numbered: Numbered
}

/**
 * A name for each node, in the order given: the label of a root, the user's, else z for what is about to be activated, h for
 * other intermediate values, δ for cotangents, τ for tangents, m for masks.
 */
export const nameAll = (nodes: readonly Node[], options: Naming): Named => {
  const {
    labels,
    forward,
    indices,
    suggested,
    avoided = new Set(),
    decided = new Map(),
    letter: letterFor = letterOf,
  } = options
  const taken = new Set(options.taken)
  const names = new Map<Node, string>(labels)
  const take = (n: Node, name: string): void => {
    taken.add(heard(name))
    names.set(n, nameAt(name, indices))
  }
  const next = new Map<string, number>()
  const numbered = (letter: string): string => {
    let k = next.get(letter) ?? 1
    while (taken.has(`${letter}${k}`) || avoided.has(`${letter}${k}`)) k++
    next.set(letter, k + 1)
    return `${letter}${subscript(k)}`
  }
  for (const given of [nameOf, (n: Node) => suggested.get(n)])
    for (const n of nodes) {
      const own = names.has(n) ? undefined : given(n)
      const base = own !== undefined && indices.length > 0 ? withoutIndex(own) : own
      const another = (name: string): string => (indices.length > 0 ? layered(name, taken) : numbered(name))
      if (base !== undefined) take(n, taken.has(heard(base)) ? another(base) : base)
    }
  const spoken = new Set(taken)
  const rest = nodes.flatMap((n) => (names.has(n) ? [] : [[n, letterBeside(letterFor(n, forward), spoken)] as const]))
  const uses = new Map<string, number>()
  for (const [, letter] of rest) uses.set(letter, (uses.get(letter) ?? 0) + 1)
  const letters = new Map<Node, string>()
  for (const [n, letter] of rest) {
    const isAlone = uses.get(letter) === 1
    const isFree = !taken.has(letter) && !avoided.has(letter)
    const another = (): string =>
      isAlone && indices.length > 0 ? ofAnotherLoop(letter, taken, numbered) : numbered(letter)
    const name = decided.get(n) ?? (isAlone && isFree ? letter : another())
    letters.set(n, name)
    take(n, name)
  }
  return { names, taken, numbered: letters }
}
