/**
 * Values as TypeScript. In: numbers, lists, records and calls, whose nodes have texts. Out: the text on one line, or on
 * several where one is too short or the formatter would not leave it. Invariant: what comes out is laid out as Biome lays it
 * out (single quotes, no semicolons, 120 columns), because nobody formats it after us.
 */
import { range } from '../../../src/core/shape.ts'
import { isExpr } from '../../../src/expr/node.ts'
import type { Node } from '../../../src/expr/expr.ts'
import type { Elements } from '../../../src/ops/leaf.ts'

/** A function of the language at arguments. */
export interface Call {
  readonly call: string
  readonly args: readonly Value[]
}

export const call = (name: string, ...args: readonly Value[]): Call => ({ call: name, args })

/** Calls that may make a node, the best first. */
export type Candidates = (n: Node) => readonly Call[]

/** A function of the language itself: an initializer. */
export interface Reference {
  readonly tag: 'reference'
  readonly name: string
}

/** 1/n, which no short decimal is. */
export interface Fraction {
  readonly tag: 'fraction'
  readonly over: number
}

export type Value =
  | number
  | Fraction
  | boolean
  | string
  | Node
  | Call
  | Reference
  | Elements
  | readonly Value[]
  | { readonly [key: string]: Value }

export const columns = 120

export const isCall = (v: Value): v is Call => typeof v === 'object' && 'call' in v

export const isReference = (v: Value): v is Reference => typeof v === 'object' && 'tag' in v && v.tag === 'reference'

const isFraction = (v: Value): v is Fraction => typeof v === 'object' && 'tag' in v && v.tag === 'fraction'

const isElements = (v: Value): v is Elements => ArrayBuffer.isView(v)

const isList = (v: Value): v is readonly Value[] => Array.isArray(v)

const isRecord = (v: Value): v is { readonly [key: string]: Value } =>
  typeof v === 'object' && !isExpr(v) && !isCall(v) && !isReference(v) && !isFraction(v) && !isElements(v) && !isList(v)

/** The nodes that a value mentions, as often as it does. */
export const nodesIn = (v: Value): readonly Node[] => {
  if (isExpr(v)) return [v]
  if (typeof v !== 'object' || isReference(v) || isFraction(v) || isElements(v)) return []
  return (isCall(v) ? v.args : isList(v) ? v : Object.values(v)).flatMap(nodesIn)
}

const identifier = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u

/** The names of the language that a value mentions. */
export const importsIn = (v: Value): readonly string[] => {
  if (typeof v !== 'object' || isExpr(v) || isFraction(v) || isElements(v)) return []
  if (isReference(v)) return [v.name]
  if (!isCall(v)) return (isList(v) ? v : Object.values(v)).flatMap(importsIn)
  const [name = ''] = v.call.split('.', 1)
  return [name, ...v.args.flatMap(importsIn)]
}

export const isIdentifier = (s: string): boolean => identifier.test(s)

/** A string in single quotes; in double ones where that saves a backslash, as the formatter has it. */
export const quote = (s: string): string => {
  const plain = JSON.stringify(s)
  return s.includes("'") && !s.includes('"')
    ? plain
    : `'${plain.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

const keyText = (key: string): string => (isIdentifier(key) ? key : quote(key))

/** A record's keys are quoted where that is needed, and nowhere else. */
const field = (key: string, text: string): string => (key === text ? key : `${keyText(key)}: ${text}`)

/** The shortest digits that are this number again; large and small ones as the formatter writes them. */
const numberText = (x: number): string => (Object.is(x, -0) ? '-0' : String(x).replace('e+', 'e'))

/** How many digits tell a number of f32 from all others. */
export const digitsOf = (x: number): number =>
  (range(9).find((d) => Math.fround(Number(x.toPrecision(d + 1))) === x) ?? 8) + 1

/** The number of the fewest digits that f32 rounds to x. */
export const shortest = (x: number): number =>
  Number.isInteger(x) || !Number.isFinite(x) ? x : Number(x.toPrecision(digitsOf(x)))

const elementTexts = (v: Elements): readonly string[] =>
  Array.from(v, (x) => numberText(v instanceof Float32Array ? shortest(x) : x))

export type TextOf = (n: Node) => string

/** On one line. */
export const flat = (v: Value, textOf: TextOf): string => {
  const all = (vs: readonly Value[]): string => vs.map((x) => flat(x, textOf)).join(', ')
  if (typeof v === 'number') return numberText(v)
  if (typeof v === 'boolean') return String(v)
  if (typeof v === 'string') return quote(v)
  if (isExpr(v)) return textOf(v)
  if (isReference(v)) return v.name
  if (isFraction(v)) return `1 / ${v.over}`
  if (isElements(v)) return `new ${v.constructor.name}([${elementTexts(v).join(', ')}])`
  if (isCall(v)) return `${v.call}(${all(v.args)})`
  if (isList(v)) return `[${all(v)}]`
  const fields = Object.entries(v).map(([k, x]) => field(k, flat(x, textOf)))
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
}

/** Lists of several lists, or of several records, never share a line. */
const isTable = (v: Value): boolean => {
  if (!isList(v) || v.length < 2) return false
  return v.every((x) => isList(x) && x.length > 1) || v.every((x) => isRecord(x) && Object.keys(x).length > 1)
}

/** Whether the formatter breaks it however short it is. */
export const isBroken = (v: Value): boolean => {
  if (isTable(v)) return true
  if (isCall(v)) return v.args.some(isBroken)
  return isList(v) ? v.some(isBroken) : isRecord(v) && Object.values(v).some(isBroken)
}

/** As many numbers to a line as there is room for. */
const filled = (numbers: readonly string[], indent: string): string => {
  const lines: string[] = []
  for (const [i, n] of numbers.entries()) {
    const piece = `${n},`
    const last = lines.at(-1)
    // the last comma counts as the others do
    if (i > 0 && last !== undefined && indent.length + last.length + 1 + piece.length <= columns)
      lines[lines.length - 1] = `${last} ${piece}`
    else lines.push(piece)
  }
  return lines.map((line) => `${indent}${line}\n`).join('')
}

/** On one line where there is room behind `before` columns, else on several, the first of which has that indentation. */
export const laid = (v: Value, textOf: TextOf, indent: string, before: number): string => {
  const line = flat(v, textOf)
  if (!isBroken(v) && indent.length + before + line.length <= columns) return line
  const deeper = `${indent}  `
  const rows = (parts: readonly string[]): string => parts.map((p) => `${deeper}${p},\n`).join('')
  if (isElements(v)) return `new ${v.constructor.name}([\n${filled(elementTexts(v), deeper)}${indent}])`
  if (isList(v)) {
    const numbers = v.length > 1 && v.every((x) => typeof x === 'number')
    const parts = v.map((x) => laid(x, textOf, deeper, 1))
    return `[\n${numbers ? filled(parts, deeper) : rows(parts)}${indent}]`
  }
  if (!isRecord(v)) return line
  const parts = Object.entries(v).map(([k, x]) => {
    const inside = laid(x, textOf, deeper, keyText(k).length + 3)
    return field(k, inside)
  })
  return `{\n${rows(parts)}${indent}}`
}
