/**
 * What the statements of a scope will be. In: the values that are to be there. Out: the nodes that they read, which of these
 * get names, and in which order they are defined. Invariant: a node is named where its user named it, where it is used more
 * than once, or where a line would be too long; nothing is defined before what it reads.
 */
import type { Node } from '../../../src/expr/expr.ts'
import { isExpr, paramsOf } from '../../../src/expr/node.ts'
import { nameOf } from '../../../src/expr/origin.ts'
import { loopKey } from '../loops.ts'
import { callOf, isPlain, valueOf } from './calls.ts'
import type { Identifiers } from './identifiers.ts'
import { flat, isBroken, nodesIn, type TextOf, type Value } from './text.ts'

/** How one of the results of a loop or a choice is told from the others, behind the name of all; what it is called. */
export interface Result {
  readonly suffix: string
  readonly name: string
  /** Of what a loop only passes on: the sequence that it took it from. */
  readonly sequence?: string
}

/** What all scopes of a module share. */
export interface Module {
  readonly imports: Set<string>
  /** Nodes of the model itself. */
  readonly forward: ReadonlySet<Node>
  /** The results of loops and choices that are written already. */
  readonly results: Map<Node, (index: number) => Result>
}

/** `name = value`, or what a function returns, which may depend on how its parts are written. */
export type Item =
  | { readonly tag: 'constant'; readonly name: string; readonly value: Value; readonly exported: boolean }
  | { readonly tag: 'return'; readonly nodes: readonly Node[]; readonly value: (textOf: TextOf) => Value }

export interface Scope {
  readonly items: readonly Item[]
  /** How nodes are written that are known here already. */
  readonly given: ReadonlyMap<Node, string>
  readonly identifiers: Identifiers
  readonly indent: string
  /** What nodes would best be called where they need a name. */
  readonly labels: ReadonlyMap<Node, string>
}

/** Longer formulas are cut. */
const longest = 84

const shortest = 16

/** A loop or a choice, whose functions have statements of their own. */
export const isBlock = (n: Node): boolean => n.op === 'scan' || n.op === 'while' || n.op === 'cond'

const isNamedAnyway = (n: Node): boolean => isBlock(n) || (nameOf(n) !== undefined && n.op !== 'result')

export const nodesOf = (i: Item): readonly Node[] => (i.tag === 'return' ? i.nodes : nodesIn(i.value)).map(valueOf)

const readsOf = (n: Node): readonly Node[] =>
  (isBlock(n) || n.op === 'result' ? n.ins : nodesIn(callOf(n))).map(valueOf)

/** What is to be written, parts first, with what each reads; and of scans that are one loop, all by the first. */
interface Outline {
  readonly reads: ReadonlyMap<Node, readonly Node[]>
  readonly loops: ReadonlyMap<Node, readonly Node[]>
}

export const outlineOf = (roots: readonly Node[], given: ReadonlyMap<Node, string>): Outline => {
  const found = new Map<Node, readonly Node[]>()
  const stack = [...roots]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (found.has(n) || given.has(n)) continue
    const reads = readsOf(n)
    found.set(n, reads)
    stack.push(...reads)
  }
  const order = [...found].sort(([a], [b]) => a.id - b.id)
  const byKey = new Map<string, Node[]>()
  for (const [n] of order) if (n.op === 'scan') byKey.set(loopKey(n), [...(byKey.get(loopKey(n)) ?? []), n])
  const loops = new Map([...byKey.values()].map((scans) => [scans[0] as Node, scans]))
  const first = new Map([...loops].flatMap(([canonical, scans]) => scans.map((n) => [n, canonical] as const)))
  return {
    reads: new Map(
      order.flatMap(([n, reads]) =>
        n.op === 'scan' && !loops.has(n) ? [] : [[n, reads.map((r) => first.get(r) ?? r)] as const],
      ),
    ),
    loops,
  }
}

export const resultText = (n: Node, name: string, results: Module['results']): string => {
  const found = results.get(n.ins[0] as Node)?.(paramsOf(n, 'result').index)
  return found?.sequence ?? `${name}${found?.suffix ?? '.outputs.y'}`
}

/**
 * Whether a loop's operand has a statement of its own: its body refers to what it uses of the world around, and the types of
 * carries and elements are inferred from names more surely than from calls.
 */
const isBeforeBlock = (block: Node, operand: Node, i: number): boolean => {
  if (operand.op === 'result') return false
  const inferred =
    block.op === 'scan'
      ? paramsOf(block, 'scan').carries + paramsOf(block, 'scan').sequences
      : block.op === 'while'
        ? paramsOf(block, 'while').carries
        : 0
  return i < inferred ? operand.ins.length > 0 : !isPlain(operand)
}

/** Which nodes get a name: by their users, by their uses, and where a formula would be too long. */
export const namedNodes = (
  { items, given, labels }: Scope,
  reads: ReadonlyMap<Node, readonly Node[]>,
  results: Module['results'],
): ReadonlySet<Node> => {
  const uses = new Map<Node, number>()
  for (const n of [...[...reads.values()].flat(), ...items.flatMap(nodesOf)]) uses.set(n, (uses.get(n) ?? 0) + 1)
  const labelled = new Set(items.flatMap((i) => (i.tag === 'constant' && isExpr(i.value) ? [valueOf(i.value)] : [])))
  const named = new Set<Node>()
  const standIn = (n: Node): string | undefined => (named.has(n) ? (labels.get(n) ?? nameOf(n) ?? 'delta1') : undefined)
  const texts = new Map<Node, string>()
  const textOf: TextOf = (node) => {
    const n = valueOf(node)
    return given.get(n) ?? standIn(n) ?? texts.get(n) ?? ''
  }
  const cut = (n: Node, write: () => string, limit: number): string => {
    let text = write()
    while (text.length > limit) {
      const [most] = (reads.get(n) ?? [])
        .filter((r) => !given.has(r) && !named.has(r) && r.op !== 'result' && textOf(r).length >= shortest)
        .toSorted((a, b) => textOf(b).length - textOf(a).length)
      if (most === undefined) break
      named.add(most)
      text = write()
    }
    return text
  }
  for (const [n, read] of reads) {
    const result = (): string => resultText(n, textOf(n.ins[0] as Node), results)
    const write = isBlock(n) ? () => '' : n.op === 'result' ? result : () => flat(callOf(n), textOf)
    texts.set(n, cut(n, write, longest))
    if (isBlock(n)) for (const [i, r] of read.entries()) if (isBeforeBlock(n, r, i) && !given.has(r)) named.add(r)
    const isApart = !isBlock(n) && n.op !== 'result' && isBroken(callOf(n))
    const often = (uses.get(n) ?? 0) > 1 && !isPlain(n) && n.op !== 'result'
    if (isNamedAnyway(n) || labelled.has(n) || often || isApart) named.add(n)
  }
  return named
}

/** The named nodes below some that are not written yet, parts first. */
export const definitionsOf = (
  roots: readonly Node[],
  reads: ReadonlyMap<Node, readonly Node[]>,
  named: ReadonlySet<Node>,
  seen: Set<Node>,
): readonly Node[] => {
  const found: Node[] = []
  const stack = roots.toReversed().map((node) => ({ node, ready: false }))
  while (stack.length > 0) {
    const { node, ready } = stack.pop() as (typeof stack)[number]
    if (ready) {
      if (named.has(node)) found.push(node)
      continue
    }
    if (seen.has(node) || !reads.has(node)) continue
    seen.add(node)
    stack.push({ node, ready: true })
    for (const r of (reads.get(node) ?? []).toReversed()) stack.push({ node: r, ready: false })
  }
  return found
}
