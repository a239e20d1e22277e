/**
 * The small change of JavaScript text. In: labels, numbers, lines. Out: names, literals, comments, indentation.
 * Invariant: whatever a user wrote into a label can neither end a comment nor become code.
 */
import type { DType } from '../../../src/core/dtype.ts'

export type Lines = readonly string[]

const indent = (lines: Lines): Lines => lines.map((line) => (line === '' ? line : `  ${line}`))

export const block = (head: string, body: Lines): Lines => [`${head} {`, ...indent(body), '}']

/** The text of a number: its shortest decimal, which gives the same number again. */
const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

export const literalText = (value: number, dtype: DType): string => {
  switch (dtype) {
    case 'f32':
      return numberText(Math.fround(value))
    case 'f64':
      return numberText(value)
    case 'i32':
      return String(value | 0)
    case 'bool':
      return value !== 0 ? 'true' : 'false'
    default:
      return dtype satisfies never
  }
}

/** One line of a comment; line ends of every kind become spaces. */
export const comment = (text: string): string => `// ${text.replace(/[\r\n\u2028\u2029]+/g, ' ')}`

export const arrayName = (dtype: DType): string =>
  dtype === 'f32' ? 'Float32Array' : dtype === 'f64' ? 'Float64Array' : 'Int32Array'

/** Words that are no names, and names that the generated functions use themselves. */
const taken = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for function if implements import in instanceof interface let new null package private protected ' +
    'public return static super switch this throw true try typeof var void while with yield undefined NaN Infinity ' +
    'Math Float32Array Float64Array Int32Array Uint8Array ArrayBuffer RangeError atob ' +
    'f h i j k q t at rows cols row col tile panel panel64 manifest instantiate memory write constants entries'
  ).split(' '),
)

/** `t0`, `at3`, `i1`: what the generated functions call their own values. */
const isOwn = (name: string): boolean => /^(t|at|r|i|b|s|best|lanes|wordLanes|dot|places)\d+/.test(name)

/** Gives each label a name that no other has: the label itself where it is a plain word, else `fallback` and a number. */
export const nameAll = (labels: Lines, fallback: string, also: ReadonlySet<string> = new Set()): Lines => {
  const used = new Set<string>(also)
  return labels.map((label, n) => {
    const plain = /^[A-Za-z_][A-Za-z0-9_]{0,39}$/.test(label) && !taken.has(label) && !isOwn(label) && !used.has(label)
    const name = plain ? label : `${fallback}${n}`
    used.add(name)
    return name
  })
}

/** A value of JSON as a JavaScript expression; a key `__proto__` stays a key. */
export const jsonText = (value: unknown): Lines => {
  const withComma = (lines: Lines, last: boolean): Lines =>
    last ? lines : [...lines.slice(0, -1), `${lines[lines.length - 1]},`]
  if (Array.isArray(value)) {
    if (value.every((v) => typeof v !== 'object' || v === null)) return [JSON.stringify(value)]
    return ['[', ...value.flatMap((v, i) => indent(withComma(jsonText(v), i === value.length - 1))), ']']
  }
  if (typeof value !== 'object' || value === null) return [JSON.stringify(value)]
  const rows = Object.entries(value)
  if (rows.length === 0) return ['{}']
  const row = ([key, v]: readonly [string, unknown], i: number): Lines => {
    const [first = '', ...rest] = jsonText(v)
    return withComma([`${keyText(key)}: ${first}`, ...rest], i === rows.length - 1)
  }
  return ['{', ...rows.flatMap((r, i) => indent(row(r, i))), '}']
}

export const keyText = (key: string): string => (key === '__proto__' ? '["__proto__"]' : JSON.stringify(key))
