/**
 * Machine over Wasm vectors. In: a function in the making and the number of lanes, 4 or 2. Out: Machine<Lanes>, and the
 * few instructions beside it that loops need (lane numbers, masks, splats, shuffles).
 * Invariant: with 4 lanes every dtype but f64 fills its vector; with 2 lanes f64 fills it, f32 and i32 lie in the low
 * half (the upper half is unspecified) and a mask has lanes of 64 bits. So a body may mix all dtypes at 2 lanes. A bool
 * is a mask in a register (all ones or all zeros a lane) and 0 or 1 in memory.
 */
import { bytesOf, type DType, isFloat } from '../../../src/core/dtype.ts'
import { InternalError } from '../../../src/core/errors.ts'
import type { Machine } from '../../../src/core/machine.ts'
import type { FunctionBuilder, Node, Value } from './function.ts'
import { multiplyAdd } from './multiply-add.ts'

/** As many elements as the machine has lanes, in one v128. */
export interface Lanes {
  readonly dtype: DType
  readonly value: Value
}

export interface LaneMachine extends Machine<Lanes> {
  readonly fn: FunctionBuilder
  readonly lanes: 2 | 4
  /** The lane numbers from `first` on, i32: first, first + 1, … */
  readonly iota: (first: number) => Lanes
  /** A mask of the lanes below `count`. */
  readonly below: (count: number) => Lanes
  /** An i32 value in every lane. */
  readonly splat: (value: Value) => Lanes
  /** a ∧ ¬b, in one instruction. */
  readonly andNot: (a: Lanes, b: Lanes) => Lanes
  /** Lane j takes lane j xor `distance` (1 or 2). */
  readonly swap: (a: Lanes, distance: number) => Lanes
}

const bytesOfI32 = (values: readonly number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer)

/** A number in all lanes of a vector. A bool is all ones or all zeros. */
const bytesOfSplat = (x: number, dtype: DType): Uint8Array => {
  if (dtype === 'f64') return new Uint8Array(new Float64Array(2).fill(x).buffer)
  if (dtype === 'f32') return new Uint8Array(new Float32Array(4).fill(x).buffer)
  return bytesOfI32(new Array<number>(4).fill(dtype === 'i32' ? x : x === 0 ? 0 : -1))
}

const lanesOf32 = (lanes: readonly number[]): readonly number[] =>
  lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte))

export const laneMachine = (fn: FunctionBuilder, lanes: 2 | 4): LaneMachine => {
  const m = fn.module
  const { i32x4, i64x2, f32x4, f64x2, v128, i8x16 } = m
  const wide = lanes === 2

  const op1 = (dtype: DType, a: Lanes, make: (x: Node) => Node): Lanes => ({
    dtype,
    value: fn.value('v128', [a.value], ([x]) => make(x as Node)),
  })
  const op2 = (dtype: DType, a: Lanes, b: Lanes, make: (x: Node, y: Node) => Node): Lanes => ({
    dtype,
    value: fn.value('v128', [a.value, b.value], ([x, y]) => make(x as Node, y as Node)),
  })
  const constant = (dtype: DType, key: string, make: () => Node): Lanes => ({
    dtype,
    value: fn.hoisted(`${dtype} ${key}`, 'v128', make),
  })
  const bits = (values: readonly number[]): Node => v128.const(bytesOfI32(values))
  const shuffle = (a: Lanes, words: readonly number[]): Lanes =>
    op2(a.dtype, a, a, (x, y) => i8x16.shuffle(x, y, lanesOf32(words)))
  const float = (a: Lanes): typeof f32x4 | typeof f64x2 => {
    if (a.dtype === 'f32') return f32x4
    if (a.dtype === 'f64') return f64x2
    throw new InternalError(`an instruction on floats met ${a.dtype}`)
  }
  const number = (a: Lanes): typeof f32x4 | typeof f64x2 | typeof i32x4 => (a.dtype === 'i32' ? i32x4 : float(a))
  const same = (make: 'add' | 'sub' | 'mul') => (a: Lanes, b: Lanes) => op2(a.dtype, a, b, number(a)[make])
  const floats = (make: 'div' | 'pmin' | 'pmax') => (a: Lanes, b: Lanes) => op2(a.dtype, a, b, float(a)[make])
  const float1 = (make: 'sqrt' | 'floor' | 'ceil' | 'trunc' | 'nearest') => (a: Lanes) =>
    op1(a.dtype, a, float(a)[make])

  // As v128.const, not as a splat: engines put a splat back to each of its uses, which costs half of the speed.
  const lit = (x: number, dtype: DType): Lanes => {
    const key = dtype === 'bool' ? String(x !== 0) : Object.is(x, -0) ? '-0' : String(x)
    return constant(dtype, key, () => v128.const(bytesOfSplat(x, dtype)))
  }
  /** The sign bit of every lane of a float. */
  const signOf = (a: Lanes): Lanes => lit(-0, a.dtype)

  // Between the 64-bit lanes of a mask and the 32-bit lanes of what it masks; nothing to do at 4 lanes.
  const widen = (a: Lanes): Lanes => (wide ? op1('bool', a, i64x2.extend_low_i32x4_s) : a)
  const narrow = (a: Lanes): Lanes => (wide ? shuffle(a, [0, 2, 0, 2]) : a)
  const maskFor = (mask: Lanes, dtype: DType): Lanes => (bytesOf(dtype) === 4 && dtype !== 'bool' ? narrow(mask) : mask)

  const compare = (make: 'lt' | 'le' | 'eq') => (a: Lanes, b: Lanes) => {
    if (a.dtype === 'f64') return op2('bool', a, b, f64x2[make])
    if (a.dtype === 'f32') return widen(op2('bool', a, b, f32x4[make]))
    if (a.dtype === 'i32') {
      const of = { lt: i32x4.lt_s, le: i32x4.le_s, eq: i32x4.eq }
      return widen(op2('bool', a, b, of[make]))
    }
    throw new InternalError('a comparison met bool')
  }
  const notZero = (a: Lanes): Lanes => {
    const zero = lit(0, a.dtype)
    return a.dtype === 'f64' ? op2('bool', a, zero, f64x2.ne) : widen(op2('bool', a, zero, number(a).ne))
  }
  const bitwise = (make: 'and' | 'or' | 'xor') => (a: Lanes, b: Lanes) => op2(a.dtype, a, b, v128[make])
  const shift = (make: 'shl' | 'shr_s' | 'shr_u') => (a: Lanes, count: number) =>
    op1(a.dtype, a, (x) => i32x4[make](x, m.i32.const(count)))
  const select = (condition: Lanes, a: Lanes, b: Lanes): Lanes => {
    const mask = maskFor(condition, a.dtype)
    const value = fn.value('v128', [a.value, b.value, mask.value], ([x, y, c]) =>
      v128.bitselect(x as Node, y as Node, c as Node),
    )
    return { dtype: a.dtype, value }
  }

  const rarely = (condition: Lanes, rare: () => readonly Lanes[], common: readonly Lanes[]): readonly Lanes[] => {
    const chosen = common.map((value) => ({ value, variable: fn.variable('v128', value.value) }))
    const any = fn.value('i32', [condition.value], ([c]) => v128.any_true(c as Node))
    fn.when(any, () => {
      const values = rare()
      for (const [i, { value, variable }] of chosen.entries())
        fn.set(variable, select(condition, values[i] as Lanes, value).value)
    })
    return chosen.map(({ value, variable }) => ({ dtype: value.dtype, value: fn.get(variable) }))
  }

  const add = same('add')
  const sub = same('sub')
  // The sign as a constant in a register is one instruction; engines spend three on f32x4.neg and f32x4.abs.
  const neg = (a: Lanes): Lanes => (a.dtype === 'i32' ? op1('i32', a, i32x4.neg) : op2(a.dtype, a, signOf(a), v128.xor))
  const abs = (a: Lanes): Lanes =>
    a.dtype === 'i32' ? op1('i32', a, i32x4.abs) : op2(a.dtype, a, signOf(a), v128.andnot)
  const fused = (a: Lanes, b: Lanes, c: Lanes): Lanes => {
    if (!isFloat(a.dtype)) throw new InternalError(`an instruction on floats met ${a.dtype}`)
    return { dtype: a.dtype, value: multiplyAdd(fn, a.dtype, a.value, b.value, c.value) }
  }
  const minmax = (make: 'min' | 'max') => (a: Lanes, b: Lanes) =>
    op2(a.dtype, a, b, a.dtype === 'i32' ? i32x4[make === 'min' ? 'min_s' : 'max_s'] : float(a)[make])

  // Where the bits of a float are: f32 has 23 bits of mantissa and bias 127, f64 52 and 1023.
  const form = (a: Lanes) =>
    a.dtype === 'f32'
      ? { mantissa: 23, bias: 127, magic: 2 ** 23, shifts: i32x4 }
      : { mantissa: 52, bias: 1023, magic: 2 ** 52, shifts: i64x2 }
  /** The last bits of n + bias + 2^mantissa are n + bias: the exponent field of 2ⁿ. */
  const pow2 = (n: Lanes): Lanes => {
    const { mantissa, bias, magic, shifts } = form(n)
    return op1(n.dtype, add(n, lit(magic + bias, n.dtype)), (x) => shifts.shl(x, m.i32.const(mantissa)))
  }
  /** The exponent field as the last bits of 2^mantissa, then what was added is taken off again. */
  const exponent = (x: Lanes): Lanes => {
    const { mantissa, bias, magic, shifts } = form(x)
    const field = op1(x.dtype, abs(x), (v) => shifts.shr_u(v, m.i32.const(mantissa)))
    return sub(op2(x.dtype, field, lit(magic, x.dtype), v128.or), lit(magic + bias, x.dtype))
  }
  const significand = (x: Lanes): Lanes => {
    const mask =
      x.dtype === 'f32'
        ? constant('f32', 'mantissa', () => bits(new Array<number>(4).fill(0x007fffff)))
        : constant('f64', 'mantissa', () => bits([-1, 0x000fffff, -1, 0x000fffff]))
    return op2(x.dtype, op2(x.dtype, x, mask, v128.and), lit(1, x.dtype), v128.or)
  }

  const convert = (a: Lanes, dtype: DType): Lanes => {
    const from = a.dtype
    if (from === dtype) return a
    if (dtype === 'bool') return notZero(a)
    if (from === 'bool') {
      if (dtype === 'i32') return op1('i32', narrow(a), (x) => i32x4.shr_u(x, m.i32.const(31)))
      return op2(dtype, maskFor(a, dtype), lit(1, dtype), v128.and)
    }
    if (dtype === 'i32') return op1('i32', a, from === 'f32' ? i32x4.trunc_sat_f32x4_s : i32x4.trunc_sat_f64x2_s_zero)
    if (dtype === 'f64') return op1('f64', a, from === 'i32' ? f64x2.convert_low_i32x4_s : f64x2.promote_low_f32x4)
    return op1('f32', a, from === 'i32' ? f32x4.convert_i32x4_s : f32x4.demote_f64x2_zero)
  }

  /** The 32-bit words of `a` with its lanes swapped. */
  const swapped = (a: Lanes, distance: number): readonly number[] => {
    const words = wide && (a.dtype === 'f64' || a.dtype === 'bool') ? 2 : 1
    return [0, 1, 2, 3].map((word) => word ^ (distance * words))
  }

  return {
    fn,
    lanes,
    lit,
    typeOf: (a) => a.dtype,
    add,
    sub,
    mul: same('mul'),
    // where bits may differ anyway
    ...(fn.context.simd === 'plain' ? {} : { multiplyAdd: fused }),
    neg,
    abs,
    min: minmax('min'),
    max: minmax('max'),
    div: floats('div'),
    sqrt: float1('sqrt'),
    floor: float1('floor'),
    ceil: float1('ceil'),
    trunc: float1('trunc'),
    nearest: float1('nearest'),
    pmin: floats('pmin'),
    pmax: floats('pmax'),
    copysign: (a, b) => {
      const value = fn.value('v128', [b.value, a.value, signOf(a).value], ([x, y, c]) =>
        v128.bitselect(x as Node, y as Node, c as Node),
      )
      return { dtype: a.dtype, value }
    },
    pow2,
    exponent,
    significand,
    lt: compare('lt'),
    le: compare('le'),
    eq: compare('eq'),
    select,
    rarely,
    and: bitwise('and'),
    or: bitwise('or'),
    xor: bitwise('xor'),
    not: (a) => op1(a.dtype, a, v128.not),
    shl: shift('shl'),
    shr: shift('shr_s'),
    ushr: shift('shr_u'),
    convert,
    bitcast: (a, dtype) => ({ dtype, value: a.value }),
    word: (a, which) => ({ dtype: 'i32', value: shuffle(a, which === 'high' ? [1, 3, 1, 3] : [0, 2, 0, 2]).value }),
    iota: (first) => constant('i32', `iota ${first}`, () => bits([0, 1, 2, 3].map((lane) => first + lane))),
    below: (count) =>
      constant('bool', `below ${count}`, () =>
        bits([0, 1, 2, 3].map((word) => ((wide ? word >> 1 : word) < count ? -1 : 0))),
      ),
    splat: (value) => ({ dtype: 'i32', value: fn.value('v128', [value], ([x]) => i32x4.splat(x as Node)) }),
    andNot: (a, b) => op2(a.dtype, a, b, v128.andnot),
    swap: (a, distance) => shuffle(a, swapped(a, distance)),
  }
}
