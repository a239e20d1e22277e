/**
 * Loops and choices as calls with functions. In: a scan, a while loop or a choice, and how what is around it is written.
 * Out: its statement. Invariant: what a function computes is written inside it, and what it found outside by its name, so that
 * it is computed where it was; scans that differ only in what they stack are one.
 */
import type { Node } from '../../../src/expr/expr.ts'
import { condParts } from '../../../src/expr/cond.ts'
import { paramsOf } from '../../../src/expr/node.ts'
import { nameOf, roleOf } from '../../../src/expr/origin.ts'
import { carryName, scanParts } from '../../../src/expr/scan.ts'
import { whileParts } from '../../../src/expr/while.ts'
import { topological } from '../../program/walk.ts'
import { withoutIndex } from '../indices.ts'
import { valueOf } from './calls.ts'
import { type Identifiers, identifierOf } from './identifiers.ts'
import type { Module, Result, Scope } from './outline.ts'
import { columns, isIdentifier, laid, type TextOf, type Value } from './text.ts'

/** Where a block stands, and what writes the statements of its functions. */
export interface Around {
  readonly scope: Scope
  readonly module: Module
  readonly writeScope: (scope: Scope, module: Module) => readonly string[]
}

/** One alone, several by name, none as an empty list. */
const structured = (values: readonly Value[], keys: readonly string[]): Value => {
  const [only] = values
  if (values.length === 1 && only !== undefined) return only
  return values.length === 0 ? [] : Object.fromEntries(values.map((v, i) => [keys[i] as string, v]))
}

/** The parameters of a loop's function, and the lines that take them apart where they are too many. */
const header = (
  carries: readonly string[],
  elements: readonly string[],
  indent: string,
): { readonly params: string; readonly lines: readonly string[] } => {
  const pattern = (names: readonly string[]): string =>
    names.length === 1 ? (names[0] as string) : `{ ${names.join(', ')} }`
  const first = carries.length === 0 ? '_' : pattern(carries)
  const params = elements.length === 0 ? (carries.length === 0 ? '' : first) : `${first}, ${pattern(elements)}`
  if (indent.length + params.length + 8 <= columns) return { params, lines: [] }
  const apart = (names: readonly string[], whole: string): readonly string[] => {
    if (names.length < 2) return []
    const line = `${indent}  const ${pattern(names)} = ${whole}`
    return line.length <= columns
      ? [line]
      : [`${indent}  const {\n${names.map((n) => `${indent}    ${n},\n`).join('')}${indent}  } = ${whole}`]
  }
  const whole = (names: readonly string[], name: string, none: string): string =>
    names.length > 1 ? name : (names[0] ?? none)
  const both = [whole(carries, 'carry', '_'), ...(elements.length === 0 ? [] : [whole(elements, 'element', '')])]
  return { params: both.join(', '), lines: [...apart(carries, 'carry'), ...apart(elements, 'element')] }
}

/** What an element is called: as the loop's user called it, else as its sequence, or as the loop that stacked it. */
const elementName = (bound: Node, sequence: Node, { results }: Module): string => {
  const own = nameOf(bound) ?? nameOf(sequence)
  const scan = sequence.ins[0]
  if (own !== undefined || sequence.op !== 'result' || scan === undefined) return own ?? 'x'
  return results.get(scan)?.(paramsOf(sequence, 'result').index).name ?? 'x'
}

/** A name for each value that is stacked: that of the value, where it has one. */
const outputKeys = (outputs: readonly Node[], textOf: TextOf): ReadonlyMap<Node, string> => {
  const taken = new Set<string>()
  const keys = new Map<Node, string>()
  for (const n of outputs) {
    const text = textOf(n)
    const base = isIdentifier(text) ? text : identifierOf(withoutIndex(nameOf(n) ?? 'y'))
    let key = base
    for (let k = 1; taken.has(key); k++) key = `${base}${k}`
    taken.add(key)
    keys.set(n, key)
  }
  return keys
}

/** `name => { … }`, what it returns last. */
const functionLines = (
  params: string,
  before: readonly string[],
  { nodes, value }: { readonly nodes: readonly Node[]; readonly value: (textOf: TextOf) => Value },
  inner: Pick<Scope, 'given' | 'identifiers' | 'indent' | 'labels'>,
  { module, writeScope }: Around,
): string => {
  const body = writeScope({ ...inner, items: [{ tag: 'return', nodes, value }], indent: `${inner.indent}  ` }, module)
  return [`${inner.indent}(${params}) => {`, ...before, ...body, `${inner.indent}},`].join('\n')
}

/** The names of carries: as their user called them, δ for cotangents. */
const carryNames = (params: readonly Node[], nexts: readonly Node[], { take }: Identifiers): readonly string[] =>
  nexts.map((next, i) => {
    const letter = roleOf(next) === 'cotangent' ? 'δ' : 'c'
    return take(withoutIndex(carryName({ params, results: nexts }, i) ?? letter))
  })

const fieldOf = (names: readonly string[], i: number): string => (names.length === 1 ? '' : `.${names[i]}`)

const writeScan = (scans: readonly Node[], name: string, textOf: TextOf, around: Around): string => {
  const { identifiers, indent } = around.scope
  const { module } = around
  const all = scans.map(scanParts)
  const { fn, init, sequences, constants, length, reverse } = all[0] as (typeof all)[number]
  const inside = identifiers.inside()
  const stacked = (scan: (typeof all)[number]): readonly Node[] => scan.fn.results.slice(init.length).map(valueOf)
  const nexts = fn.results.slice(0, init.length).map(valueOf)
  /** The sequence whose elements are what is stacked: nobody has to stack them again. */
  const passed = new Map(sequences.map((s, j) => [fn.params[init.length + j] as Node, s]))
  const outputs = [...new Set(all.flatMap(stacked))].filter((n) => !passed.has(n))
  const carries = carryNames(fn.params, nexts, inside)
  const read = new Set(topological([...nexts, ...outputs]))
  const walked = sequences.flatMap((sequence, j) => {
    const bound = fn.params[init.length + j] as Node
    return read.has(bound)
      ? [{ sequence, bound, name: inside.take(withoutIndex(elementName(bound, sequence, module))) }]
      : []
  })
  const elements = walked.map((w) => w.name)
  const { params, lines } = header(carries, elements, `${indent}  `)
  const returned = (inner: TextOf): Value => {
    const keys = outputKeys(outputs, inner)
    const resultOf =
      (own: readonly Node[]) =>
      (index: number): Result => {
        if (index < init.length) return { suffix: `.carry${fieldOf(carries, index)}`, name: carries[index] as string }
        const value = own[index - init.length] as Node
        const sequence = passed.get(value)
        if (sequence !== undefined) return { suffix: '', name: inner(value), sequence: textOf(sequence) }
        const key = keys.get(value) as string
        return { suffix: `.outputs${outputs.length === 1 ? '' : `.${key}`}`, name: key }
      }
    for (const [k, scan] of scans.entries()) module.results.set(scan, resultOf(stacked(all[k] as (typeof all)[number])))
    return { carry: structured(nexts, carries), output: structured(outputs, [...keys.values()]) }
  }
  const inner = {
    given: new Map([
      ...carries.map((name, i) => [fn.params[i] as Node, name] as const),
      ...walked.map((w) => [w.bound, w.name] as const),
      ...constants.map((c, i) => [fn.params[init.length + sequences.length + i] as Node, textOf(c)] as const),
    ]),
    identifiers: inside,
    indent: `${indent}  `,
    labels: new Map(nexts.map((n, i) => [n, `${carries[i]}Next`])),
  }
  module.imports.add('scan')
  const options: { readonly [k: string]: Value } = {
    ...(reverse ? { reverse } : {}),
    ...(walked.length === 0 ? { length } : {}),
  }
  const args: readonly Value[] = [
    structured(init, carries),
    structured(
      walked.map((w) => w.sequence),
      elements,
    ),
    ...(Object.keys(options).length === 0 ? [] : [options]),
  ]
  return [
    `${indent}const ${name} = scan(`,
    functionLines(params, lines, { nodes: [...nexts, ...outputs], value: returned }, inner, around),
    ...args.map((v) => `${indent}  ${laid(v, textOf, `${indent}  `, 1)},`),
    `${indent})`,
  ].join('\n')
}

const writeWhile = (loop: Node, name: string, textOf: TextOf, around: Around): string => {
  const { identifiers, indent } = around.scope
  const { init, constants, params, next, condition } = whileParts(loop)
  const inside = identifiers.inside()
  const nexts = next.map(valueOf)
  const carries = carryNames(params, nexts, inside)
  const texts = [...carries, ...constants.map(textOf)]
  const head = header(carries, [], `${indent}  `)
  const given = new Map(params.map((p, i) => [p, texts[i] as string]))
  const functionOf = (nodes: readonly Node[], value: Value, labels: ReadonlyMap<Node, string>): string =>
    functionLines(
      head.params,
      head.lines,
      { nodes, value: () => value },
      { given, identifiers: inside.inside(), indent: `${indent}  `, labels },
      around,
    )
  around.module.imports.add('whileLoop')
  around.module.results.set(loop, (i) => ({ suffix: fieldOf(carries, i), name: carries[i] as string }))
  return [
    `${indent}const ${name} = whileLoop(`,
    `${indent}  ${laid(structured(init, carries), textOf, `${indent}  `, 1)},`,
    functionOf([valueOf(condition)], condition, new Map()),
    functionOf(nexts, structured(nexts, carries), new Map(nexts.map((n, i) => [n, `${carries[i]}Next`]))),
    `${indent})`,
  ].join('\n')
}

const writeChoice = (choice: Node, name: string, textOf: TextOf, around: Around): string => {
  const { identifiers, indent } = around.scope
  const { predicate, operands, params, branches } = condParts(choice)
  const isTruth = predicate.dtype === 'bool'
  const keys = (branches[0] ?? []).map((_, i) => `y${i + 1}`)
  const given = new Map(params.map((p, i) => [p, textOf(operands[i] as Node)]))
  const functions = branches.map((results) => {
    const nodes = results.map(valueOf)
    return functionLines(
      '',
      [],
      { nodes, value: () => structured(nodes, keys) },
      { given, identifiers: identifiers.inside(), indent: `${indent}  `, labels: new Map() },
      around,
    )
  })
  around.module.imports.add(isTruth ? 'cond' : 'switchCase')
  around.module.results.set(choice, (i) => ({ suffix: fieldOf(keys, i), name: keys[i] as string }))
  const head = `${indent}const ${name} = `
  return isTruth
    ? [`${head}cond(`, `${indent}  ${textOf(predicate)},`, ...functions.toReversed(), `${indent})`].join('\n')
    : [`${head}switchCase(${textOf(predicate)}, [`, ...functions, `${indent}])`].join('\n')
}

/** What the results of a block are called together. */
export const blockName = (n: Node): string =>
  n.op === 'cond' ? 'choice' : n.op === 'scan' && paramsOf(n, 'scan').reverse ? 'back' : 'loop'

/** The statement of scans that are one loop, or of another block alone. */
export const writeBlock = (blocks: readonly Node[], name: string, textOf: TextOf, around: Around): string => {
  const first = blocks[0] as Node
  if (first.op === 'scan') return writeScan(blocks, name, textOf, around)
  return (first.op === 'while' ? writeWhile : writeChoice)(first, name, textOf, around)
}
