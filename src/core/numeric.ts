/**
 * The number Machine: every scalar instruction evaluated on the spot, the oracle of all other targets.
 * In: numbers with a dtype. Out: two machines, one over single numbers and one over columns of them, made from one table.
 * Invariant: every instruction is rounded once, in its own type. A sum, product, quotient or root of two f32, computed in
 * f64 and then rounded to f32, is the correctly rounded f32 result (Figueroa 1995: 53 ≥ 2·24 + 2), so f64 arithmetic
 * followed by `roundTo` is exact for both float types.
 */
import type { DType } from './dtype.ts'
import type { Machine } from './machine.ts'

/** One number; a bool is 0 or 1. */
export interface Numeric {
  readonly dtype: DType
  readonly value: number
}

/** A column of numbers of one dtype; bools are stored as bytes of 0 or 1. */
export interface Column {
  readonly dtype: DType
  readonly values: Float32Array | Float64Array | Int32Array | Uint8Array
}

/** Rounds a number to the values of a dtype: nearest even for floats, modulo 2³² for i32, `≠ 0` for bool. */
export const roundTo: Readonly<Record<DType, (value: number) => number>> = {
  f32: Math.fround,
  f64: (value) => value,
  i32: (value) => value | 0,
  bool: (value) => (value !== 0 ? 1 : 0),
}

export const columnOf = (dtype: DType, length: number): Column['values'] => {
  switch (dtype) {
    case 'f32':
      return new Float32Array(length)
    case 'f64':
      return new Float64Array(length)
    case 'i32':
      return new Int32Array(length)
    case 'bool':
      return new Uint8Array(length)
  }
}

// ---- bits

const f64 = new Float64Array(1)
const f64Words = new Int32Array(f64.buffer)
const f32 = new Float32Array(1)
const f32Word = new Int32Array(f32.buffer)
/** Index of the word with sign and exponent, whatever the byte order of this machine. */
const high = ((): 0 | 1 => {
  f64[0] = -0
  return f64Words[1] === 0 ? 0 : 1
})()

const highWord = (x: number): number => {
  f64[0] = x
  return f64Words[high] ?? 0
}

const lowWord = (x: number): number => {
  f64[0] = x
  return f64Words[1 - high] ?? 0
}

const withHighWord = (x: number, word: number): number => {
  f64[0] = x
  f64Words[high] = word
  return f64[0]
}

const bitsOfF32 = (x: number): number => {
  f32[0] = x
  return f32Word[0] ?? 0
}

const f32OfBits = (word: number): number => {
  f32Word[0] = word
  return f32[0] ?? 0
}

const isNegative = (x: number): boolean => x < 0 || Object.is(x, -0)

const copysign = (x: number, sign: number): number => (isNegative(sign) === isNegative(x) ? x : -x)

/** Half to even: adding and taking away 2⁵² leaves no place for a fraction. */
const nearest = (x: number): number => {
  const magnitude = Math.abs(x)
  return magnitude < 2 ** 52 ? copysign(magnitude + 2 ** 52 - 2 ** 52, x) : x
}

const saturate = (x: number): number =>
  Number.isNaN(x) ? 0 : Math.trunc(Math.max(-2147483648, Math.min(2147483647, x)))

/** The ranges of normal numbers: [least exponent, largest exponent]. */
const normalExponents = { f32: [-126, 127], f64: [-1022, 1023] } as const
const exponentsOf = (dtype: DType): readonly [number, number] => normalExponents[dtype === 'f32' ? 'f32' : 'f64']

// ---- one table for both carriers

/** How instructions reach the numbers: `f` maps the numbers of the operands, its result is rounded to `dtype`. */
interface Carrier<R> {
  readonly lit: (value: number, dtype: DType) => R
  readonly typeOf: (a: R) => DType
  readonly map: (dtype: DType, a: R, f: (x: number) => number) => R
  readonly zip: (dtype: DType, a: R, b: R, f: (x: number, y: number) => number) => R
  readonly choose: (condition: R, a: R, b: R) => R
}

const machineOver = <R>(carrier: Carrier<R>, unspecified: number): Machine<R> => {
  const { lit, typeOf, map, zip, choose } = carrier
  const same = (f: (x: number) => number) => (a: R) => map(typeOf(a), a, f)
  const both = (f: (x: number, y: number) => number) => (a: R, b: R) => zip(typeOf(a), a, b, f)
  const compare = (f: (x: number, y: number) => number) => (a: R, b: R) => zip('bool', a, b, f)
  /** `f` on normal numbers of the operand's type. */
  const onNormal = (f: (x: number) => number) => (a: R) => {
    const [least] = exponentsOf(typeOf(a))
    const smallest = 2 ** least
    return map(typeOf(a), a, (x) => (Math.abs(x) >= smallest && Math.abs(x) < Infinity ? f(x) : unspecified))
  }
  const product = both((x, y) => x * y)
  const wrappingProduct = both(Math.imul)
  return {
    lit,
    typeOf,
    add: both((x, y) => x + y),
    sub: both((x, y) => x - y),
    mul: (a, b) => (typeOf(a) === 'i32' ? wrappingProduct : product)(a, b),
    neg: same((x) => -x),
    abs: same(Math.abs),
    min: both(Math.min),
    max: both(Math.max),
    div: both((x, y) => x / y),
    sqrt: same(Math.sqrt),
    floor: same(Math.floor),
    ceil: same(Math.ceil),
    trunc: same(Math.trunc),
    nearest: same(nearest),
    pmin: both((x, y) => (y < x ? y : x)),
    pmax: both((x, y) => (x < y ? y : x)),
    copysign: both(copysign),
    pow2: (n) => {
      const [least, largest] = exponentsOf(typeOf(n))
      return map(typeOf(n), n, (x) => {
        if (x === least - 1) return 0
        return Number.isInteger(x) && x >= least && x <= largest ? withHighWord(0, (x + 1023) << 20) : unspecified
      })
    },
    exponent: onNormal((x) => ((highWord(x) >>> 20) & 2047) - 1023),
    significand: onNormal((x) => withHighWord(x, (highWord(x) & 0xfffff) | (1023 << 20))),
    lt: compare((x, y) => (x < y ? 1 : 0)),
    le: compare((x, y) => (x <= y ? 1 : 0)),
    eq: compare((x, y) => (x === y ? 1 : 0)),
    select: choose,
    and: both((x, y) => x & y),
    or: both((x, y) => x | y),
    xor: both((x, y) => x ^ y),
    not: (a) => map(typeOf(a), a, typeOf(a) === 'bool' ? (x) => 1 - x : (x) => ~x),
    shl: (a, count) => map('i32', a, (x) => x << count),
    shr: (a, count) => map('i32', a, (x) => x >> count),
    ushr: (a, count) => map('i32', a, (x) => x >>> count),
    convert: (a, dtype) => map(dtype, a, dtype === 'i32' ? saturate : (x) => x),
    bitcast: (a, dtype) => (typeOf(a) === dtype ? a : map(dtype, a, dtype === 'i32' ? bitsOfF32 : f32OfBits)),
    word: (a, which) => map('i32', a, which === 'high' ? highWord : lowWord),
  }
}

const scalar = (value: number, dtype: DType): Numeric => ({ dtype, value: roundTo[dtype](value) })

/**
 * The machine over single numbers. Where an instruction leaves its result unspecified (`pow2` out of range, `exponent`
 * of 0), the machine answers `unspecified`: two different answers show whether a function depends on them.
 */
export const numericMachine = (unspecified = Number.NaN): Machine<Numeric> =>
  machineOver<Numeric>(
    {
      lit: scalar,
      typeOf: (a) => a.dtype,
      map: (dtype, a, f) => scalar(f(a.value), dtype),
      zip: (dtype, a, b, f) => scalar(f(a.value, b.value), dtype),
      choose: (condition, a, b) => (condition.value === 0 ? b : a),
    },
    unspecified,
  )

/**
 * The machine over columns of `length` numbers, for tensors and for dense measurements: the same instructions, one loop
 * each. Storing into the typed array is what rounds.
 */
export const columnMachine = (length: number, unspecified = Number.NaN): Machine<Column> =>
  machineOver<Column>(
    {
      lit: (value, dtype) => ({ dtype, values: columnOf(dtype, length).fill(roundTo[dtype](value)) }),
      typeOf: (a) => a.dtype,
      map: (dtype, a, f) => {
        const values = columnOf(dtype, length)
        // a byte would keep the lowest bits of a number, not `≠ 0`
        const round = dtype === 'bool' ? roundTo.bool : undefined
        for (let i = 0; i < length; i++) {
          const value = f(a.values[i] as number)
          values[i] = round === undefined ? value : round(value)
        }
        return { dtype, values }
      },
      zip: (dtype, a, b, f) => {
        const values = columnOf(dtype, length)
        for (let i = 0; i < length; i++) values[i] = f(a.values[i] as number, b.values[i] as number)
        return { dtype, values }
      },
      choose: (condition, a, b) => {
        const values = columnOf(a.dtype, length)
        for (let i = 0; i < length; i++) values[i] = (condition.values[i] === 0 ? b.values[i] : a.values[i]) as number
        return { dtype: a.dtype, values }
      },
    },
    unspecified,
  )
