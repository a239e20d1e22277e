/**
 * The text Machine. In: `bind`, which gives an expression a name, `branch`, which is its `rarely`, and `use`, which asks
 * for a helper function. Out: a Machine over names and literals.
 * Invariant: f32 values are doubles that are f32 values; every f32 operation that can be inexact is rounded by `f`
 * (Math.fround), and a sum, product, quotient or root rounded to double first and to f32 then is correctly rounded
 * (Figueroa 1995: 53 ≥ 2·24 + 2). A bool is a JavaScript boolean.
 */
import type { DType } from '../../../src/core/dtype.ts'
import type { Machine } from '../../../src/core/machine.ts'
import type { HelperName } from './helpers.ts'
import { literalText } from './text.ts'

export interface Scalar {
  /** A name or a literal. */
  readonly text: string
  readonly dtype: DType
  /** How many loops must be open before the value exists. */
  readonly level: number
}

export type Bind = (text: string, dtype: DType, level: number) => Scalar
export type Branch = NonNullable<Machine<Scalar>['rarely']>

/** An operation of two operands as an expression, rounded to its dtype. */
export const arithmeticText = (sign: '+' | '-' | '*' | '/', dtype: DType, a: string, b: string): string => {
  if (dtype === 'i32') return sign === '*' ? `Math.imul(${a}, ${b})` : `(${a} ${sign} ${b}) | 0`
  return dtype === 'f32' ? `f(${a} ${sign} ${b})` : `${a} ${sign} ${b}`
}

const negated = (text: string): string => (text.startsWith('-') ? `-(${text})` : `-${text}`)

export const textMachine = (bind: Bind, branch: Branch, use: (name: HelperName) => void): Machine<Scalar> => {
  const level = (...args: readonly Scalar[]): number => args.reduce((l, a) => Math.max(l, a.level), 0)
  const unary = (a: Scalar, text: string, dtype: DType = a.dtype): Scalar => bind(text, dtype, a.level)
  const binary = (a: Scalar, b: Scalar, text: string, dtype: DType = a.dtype): Scalar => bind(text, dtype, level(a, b))
  const call = (name: HelperName, ...args: readonly Scalar[]): string => {
    use(name)
    return `${name}(${args.map((a) => a.text).join(', ')})`
  }
  const arithmetic = (sign: '+' | '-' | '*' | '/') => (a: Scalar, b: Scalar) => {
    if (a.dtype === 'f32') use('f')
    return binary(a, b, arithmeticText(sign, a.dtype, a.text, b.text))
  }
  const math = (name: string) => (a: Scalar) => unary(a, `Math.${name}(${a.text})`)
  const extreme = (name: string) => (a: Scalar, b: Scalar) => binary(a, b, `Math.${name}(${a.text}, ${b.text})`)
  const compare = (sign: string) => (a: Scalar, b: Scalar) => binary(a, b, `${a.text} ${sign} ${b.text}`, 'bool')
  const logic = (onBool: string, onInt: string) => (a: Scalar, b: Scalar) =>
    binary(a, b, `${a.text} ${a.dtype === 'bool' ? onBool : onInt} ${b.text}`)
  const shift = (sign: string) => (a: Scalar, count: number) =>
    unary(a, sign === '>>>' ? `(${a.text} >>> ${count}) | 0` : `${a.text} ${sign} ${count}`)
  const bySize = (single: HelperName, double: HelperName) => (a: Scalar) =>
    unary(a, call(a.dtype === 'f32' ? single : double, a))

  return {
    lit: (value, dtype) => ({ text: literalText(value, dtype), dtype, level: 0 }),
    typeOf: (a) => a.dtype,
    add: arithmetic('+'),
    sub: arithmetic('-'),
    mul: arithmetic('*'),
    div: arithmetic('/'),
    neg: (a) => unary(a, a.dtype === 'i32' ? `${negated(a.text)} | 0` : negated(a.text)),
    abs: (a) => unary(a, a.dtype === 'i32' ? `Math.abs(${a.text}) | 0` : `Math.abs(${a.text})`),
    min: extreme('min'),
    max: extreme('max'),
    sqrt: (a) => {
      if (a.dtype === 'f32') use('f')
      return unary(a, a.dtype === 'f32' ? `f(Math.sqrt(${a.text}))` : `Math.sqrt(${a.text})`)
    },
    floor: math('floor'),
    ceil: math('ceil'),
    trunc: math('trunc'),
    nearest: (a) => unary(a, call('nearest', a)),
    pmin: (a, b) => binary(a, b, `${b.text} < ${a.text} ? ${b.text} : ${a.text}`),
    pmax: (a, b) => binary(a, b, `${a.text} < ${b.text} ? ${b.text} : ${a.text}`),
    copysign: (a, b) => binary(a, b, call('copysign', a, b)),
    pow2: bySize('pow2', 'pow2Double'),
    exponent: bySize('exponent', 'exponentDouble'),
    significand: bySize('significand', 'significandDouble'),
    lt: compare('<'),
    le: compare('<='),
    eq: compare('==='),
    select: (c, a, b) => bind(`${c.text} ? ${a.text} : ${b.text}`, a.dtype, level(c, a, b)),
    rarely: branch,
    and: logic('&&', '&'),
    or: logic('||', '|'),
    xor: logic('!==', '^'),
    not: (a) => unary(a, a.dtype === 'bool' ? `!${a.text}` : `~${a.text}`),
    shl: shift('<<'),
    shr: shift('>>'),
    ushr: shift('>>>'),
    convert: (a, dtype) => {
      if (a.dtype === dtype) return a
      if (dtype === 'bool') return unary(a, `${a.text} !== 0`, dtype)
      if (a.dtype === 'bool') return unary(a, `${a.text} ? 1 : 0`, dtype)
      if (dtype === 'i32') return unary(a, call('truncate', a), dtype)
      if (dtype === 'f32') {
        use('f')
        return unary(a, `f(${a.text})`, dtype)
      }
      // an i32 or an f32 is a double as it is
      return { ...a, dtype }
    },
    bitcast: (a, dtype) =>
      a.dtype === dtype ? a : unary(a, call(dtype === 'i32' ? 'bitsOfFloat' : 'floatOfBits', a), dtype),
    word: (a, which) => unary(a, call(which === 'high' ? 'highWord' : 'lowWord', a), 'i32'),
  }
}
