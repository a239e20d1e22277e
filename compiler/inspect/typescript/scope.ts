/**
 * Statements of one scope: a module, or the body of a loop. In: values that are to be there. Out: the statements that make
 * them, each part named and made before it is used. Invariant: every statement fits on a line, or is one of the few whose
 * lines are known (records, lists of numbers, loops); a part is written out where it is used once and short, because two
 * spellings of one expression are one expression.
 */
import type { Node } from '../../../src/expr/expr.ts'
import { isExpr } from '../../../src/expr/node.ts'
import { nameAll } from '../names.ts'
import { blockName, writeBlock } from './blocks.ts'
import { callOf, valueOf } from './calls.ts'
import {
  definitionsOf,
  isBlock,
  type Module,
  namedNodes,
  nodesOf,
  outlineOf,
  resultText,
  type Scope,
} from './outline.ts'
import { columns, flat, importsIn, isBroken, isCall, isReference, laid, type TextOf, type Value } from './text.ts'

/** How nodes are written where they are used. */
const textsOf = (given: ReadonlyMap<Node, string>, named: ReadonlyMap<Node, string>, { results }: Module): TextOf => {
  const known = new Map<Node, string>()
  const textOf = (node: Node): string => {
    const n = valueOf(node)
    const own = given.get(n) ?? named.get(n) ?? known.get(n)
    if (own !== undefined) return own
    const scan = n.ins[0]
    const text =
      n.op === 'result' && scan !== undefined ? resultText(n, textOf(scan), results) : flat(callOf(n), textOf)
    known.set(n, text)
    return text
  }
  return textOf
}

// ---- statements

/** What a list or a record of options is called that has a statement of its own. */
const apartName = (what: Value, of: string): string => {
  if (ArrayBuffer.isView(what)) return 'data'
  return of === 'dotGeneral' ? 'axes' : of === 'pad' ? 'widths' : Array.isArray(what) ? 'list' : 'options'
}

/** Where a call is too long for its line, or holds what never shares one, its lists and options get names of their own. */
const withOptionsApart = (
  value: Value,
  textOf: TextOf,
  before: number,
  { identifiers, indent }: Pick<Scope, 'identifiers' | 'indent'>,
  apart: Map<string, string>,
): { readonly value: Value; readonly statements: readonly string[] } => {
  const statements: string[] = []
  if (!isCall(value)) return { value, statements }
  const isShort = (args: readonly Value[]): boolean =>
    !args.some(isBroken) && indent.length + before + flat({ ...value, args }, textOf).length <= columns
  const args = [...value.args]
  for (const [i, a] of value.args.entries()) {
    if (isShort(args) || typeof a !== 'object' || !isCall(a)) continue
    const room = before + flat({ ...value, args }, textOf).length - flat(a, textOf).length
    const inner = withOptionsApart(a, textOf, room, { identifiers, indent }, apart)
    args[i] = inner.value
    statements.push(...inner.statements)
  }
  // options before operands
  const order = [...value.args.entries()].toSorted(
    ([, a], [, b]) => Number(Array.isArray(a)) - Number(Array.isArray(b)),
  )
  for (const [i, a] of order) {
    if (isShort(args) || typeof a !== 'object' || isExpr(a) || isCall(a) || isReference(a)) continue
    const told = flat(a, textOf)
    const name = apart.get(told) ?? identifiers.take(apartName(a, value.call))
    args[i] = { tag: 'reference', name }
    if (apart.has(told)) continue
    apart.set(told, name)
    const suffix = ArrayBuffer.isView(a) ? '' : ' as const'
    statements.push(`${indent}const ${name} = ${laid(a, textOf, indent, name.length + 9 + suffix.length)}${suffix}`)
  }
  return { value: { ...value, args }, statements }
}

export const writeScope = (scope: Scope, module: Module): readonly string[] => {
  const { items, given, identifiers, indent } = scope
  const { reads, loops } = outlineOf(items.flatMap(nodesOf), given)
  const named = namedNodes(scope, reads, module.results)
  const seen = new Set<Node>()
  const written = items.map((i) => definitionsOf(nodesOf(i), reads, named, seen))
  const order = written.flat()

  // what an item is called is its node's name
  const own = new Map<Node, string>()
  const exported = new Set(items.flatMap((i) => (i.tag === 'constant' && i.exported ? [i.name] : [])))
  for (const i of items)
    if (i.tag === 'constant' && isExpr(i.value) && named.has(valueOf(i.value)) && !own.has(valueOf(i.value)))
      own.set(valueOf(i.value), i.name)
  const { names } = nameAll(order, {
    labels: new Map([...[...scope.labels].filter(([n]) => named.has(n)), ...own]),
    taken: identifiers.taken(),
    forward: module.forward,
    indices: [],
    suggested: new Map(order.flatMap((n) => (isBlock(n) ? [[n, blockName(n)]] : []))),
  })
  const called = new Map<Node, string>(own)
  for (const n of order) {
    const name = called.get(n) ?? identifiers.take(names.get(n) as string)
    for (const same of loops.get(n) ?? [n]) called.set(same, name)
  }

  const textOf = textsOf(given, called, module)
  const lines: string[] = []
  const apart = new Map<string, string>()
  const note = (v: Value): void => {
    for (const used of importsIn(v)) module.imports.add(used)
  }
  /** What is imported by what stands inside another formula. */
  const noteInside = (nodes: readonly Node[]): void => {
    for (const r of nodes)
      if (!named.has(r) && reads.has(r)) {
        if (r.op !== 'result') note(callOf(r))
        noteInside(reads.get(r) ?? [])
      }
  }
  const constant = (name: string, what: Value): void => {
    const head = `${exported.has(name) ? 'export ' : ''}const ${name} = `
    const { value, statements } = withOptionsApart(what, textOf, head.length, scope, apart)
    note(what)
    lines.push(...statements, `${indent}${head}${laid(value, textOf, indent, head.length)}`)
  }
  const define = (n: Node): void => {
    const name = called.get(n) as string
    noteInside(reads.get(n) ?? [])
    if (isBlock(n)) lines.push(writeBlock(loops.get(n) ?? [n], name, textOf, { scope, module, writeScope }))
    else if (n.op !== 'result') constant(name, callOf(n))
    else {
      const text = resultText(n, textOf(n.ins[0] as Node), module.results)
      lines.push(`${indent}${exported.has(name) ? 'export ' : ''}const ${name} = ${text}`)
    }
  }
  for (const [k, item] of items.entries()) {
    for (const n of written[k] ?? []) define(n)
    noteInside(nodesOf(item))
    if (item.tag === 'return') lines.push(`${indent}return ${laid(item.value(textOf), textOf, indent, 7)}`)
    else if (!isExpr(item.value) || own.get(valueOf(item.value)) !== item.name) constant(item.name, item.value)
  }
  return lines
}
