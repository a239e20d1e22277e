import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DType } from '../../src/core/dtype.ts'
import { columnMachine, type Numeric, numericMachine } from '../../src/core/numeric.ts'
import { assertProperty } from '../properties.ts'

const m = numericMachine()
const f32 = (v: number): Numeric => m.lit(v, 'f32')
const f64 = (v: number): Numeric => m.lit(v, 'f64')
const i32 = (v: number): Numeric => m.lit(v, 'i32')
const bool = (v: boolean): Numeric => m.lit(v ? 1 : 0, 'bool')

describe('the number machine', () => {
  it('rounds every f32 result once', () => {
    expect(m.add(f32(1), f32(2 ** -24)).value).toBe(1)
    expect(m.add(f32(1 + 2 ** -23), f32(2 ** -24)).value).toBe(1 + 2 ** -22)
    expect(m.add(f64(1), f64(2 ** -24)).value).toBe(1 + 2 ** -24)
    expect(m.mul(f32(2 ** -100), f32(2 ** -49)).value).toBe(2 ** -149)
    expect(m.mul(f32(2 ** -100), f32(2 ** -50)).value).toBe(0)
    expect(m.mul(f32(2 ** 100), f32(2 ** 28)).value).toBe(Number.POSITIVE_INFINITY)
    expect(m.div(f32(1), f32(3)).value).toBe(Math.fround(1 / 3))
    expect(m.sqrt(f32(2)).value).toBe(Math.fround(Math.SQRT2))
  })

  it('wraps i32', () => {
    expect(m.add(i32(2147483647), i32(1)).value).toBe(-2147483648)
    expect(m.sub(i32(-2147483648), i32(1)).value).toBe(2147483647)
    expect(m.mul(i32(0x12345679), i32(0x7654321)).value).toBe(Math.imul(0x12345679, 0x7654321))
    expect(m.neg(i32(-2147483648)).value).toBe(-2147483648)
    expect(m.abs(i32(-2147483648)).value).toBe(-2147483648)
    expect(m.shl(i32(1), 31).value).toBe(-2147483648)
    expect(m.shr(i32(-2), 1).value).toBe(-1)
    expect(m.ushr(i32(-1), 28).value).toBe(15)
    expect(m.ushr(i32(-1), 0).value).toBe(-1)
    expect(m.not(i32(5)).value).toBe(-6)
    expect(m.xor(i32(6), i32(3)).value).toBe(5)
  })

  it.each(['f32', 'f64'] as const)('keeps zeros and NaN apart in %s', (dtype) => {
    const x = (v: number) => m.lit(v, dtype)
    expect(m.min(x(0), x(-0)).value).toBe(-0)
    expect(m.max(x(-0), x(0)).value).toBe(0)
    expect(m.min(x(Number.NaN), x(1)).value).toBe(Number.NaN)
    expect(m.max(x(1), x(Number.NaN)).value).toBe(Number.NaN)
    expect(m.pmin(x(Number.NaN), x(1)).value).toBe(Number.NaN)
    expect(m.pmin(x(1), x(Number.NaN)).value).toBe(1)
    expect(m.pmax(x(-0), x(0)).value).toBe(-0)
    expect(m.copysign(x(3), x(-0)).value).toBe(-3)
    expect(m.copysign(x(-3), x(0)).value).toBe(3)
    expect(m.neg(x(0)).value).toBe(-0)
    expect(m.eq(x(0), x(-0)).value).toBe(1)
    expect(m.eq(x(Number.NaN), x(Number.NaN)).value).toBe(0)
    expect(m.not(m.lt(x(Number.NaN), x(1))).value).toBe(1)
  })

  it('rounds half to even', () => {
    const halves = [-2.5, -1.5, -0.5, -0.25, 0.5, 1.5, 2.5, 3.49, 8388607.5]
    expect(halves.map((v) => m.nearest(f64(v)).value)).toEqual([-2, -2, -0, -0, 0, 2, 2, 3, 8388608])
    expect(m.nearest(f64(-(2 ** 60) - 2 ** 20)).value).toBe(-(2 ** 60) - 2 ** 20)
    expect(m.nearest(f32(Number.POSITIVE_INFINITY)).value).toBe(Number.POSITIVE_INFINITY)
  })

  it('takes floats apart and puts them together', () => {
    for (const dtype of ['f32', 'f64'] as const) {
      const [least, largest] = dtype === 'f32' ? [-126, 127] : [-1022, 1023]
      for (let n = least; n <= largest; n++) expect(m.pow2(m.lit(n, dtype)).value).toBe(2 ** n)
      expect(m.pow2(m.lit(largest + 1, dtype)).value).toBe(Number.NaN)
      expect(m.exponent(m.lit(-0.75 * 2 ** largest, dtype)).value).toBe(largest - 1)
      expect(m.significand(m.lit(-0.75 * 2 ** (least + 1), dtype)).value).toBe(1.5)
      for (const bad of [0, 2 ** (least - 1), Number.POSITIVE_INFINITY, Number.NaN])
        expect(numericMachine(7).exponent(m.lit(bad, dtype)).value).toBe(7)
    }
  })

  it('takes every f32 apart and puts it together', () => {
    assertProperty(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (v) => {
        if (Math.abs(v) < 2 ** -126) return
        const x = f32(v)
        const product = m.mul(m.significand(x), m.pow2(m.exponent(x)))
        expect(m.copysign(product, x).value).toBe(v)
      }),
    )
  })

  it('converts as the other targets must', () => {
    expect(m.convert(f32(-1.9), 'i32').value).toBe(-1)
    expect(m.convert(f64(1e10), 'i32').value).toBe(2147483647)
    expect(m.convert(f64(-1e10), 'i32').value).toBe(-2147483648)
    expect(m.convert(f32(Number.NaN), 'i32').value).toBe(0)
    expect(m.convert(i32(16777217), 'f32').value).toBe(16777216)
    expect(m.convert(i32(16777219), 'f32').value).toBe(16777220)
    expect(m.convert(i32(16777217), 'f64').value).toBe(16777217)
    expect(m.convert(f64(0.1), 'f32').value).toBe(Math.fround(0.1))
    expect(m.convert(f32(Number.NaN), 'bool').value).toBe(1)
    expect(m.convert(f32(-0), 'bool').value).toBe(0)
    expect(m.convert(i32(256), 'bool').value).toBe(1)
    expect(m.convert(bool(true), 'f32').value).toBe(1)
    expect(m.bitcast(f32(1), 'i32').value).toBe(0x3f800000)
    const third = { dtype: 'f64', value: -1 / 3 } as const
    expect([m.word(third, 'high').value, m.word(third, 'low').value]).toEqual([0xbfd55555 | 0, 0x55555555])
    expect(m.bitcast(i32(-2147483648), 'f32').value).toBe(-0)
  })
})

describe('the column machine', () => {
  const values: Readonly<Record<DType, readonly number[]>> = {
    f32: [0, -0, 1.5, -2.5, 3e38, 1e-45, -1e-40, Number.NaN, Number.POSITIVE_INFINITY, -1],
    f64: [0, -0, 1.5, -2.5, 1e308, 5e-324, -1e-310, Number.NaN, Number.NEGATIVE_INFINITY, 0.1],
    i32: [0, 1, -1, 2147483647, -2147483648, 65537, -65537, 7, 1 << 30, 12345],
    bool: [0, 1, 1, 0, 1, 0, 0, 1, 0, 1],
  }
  const unary = {
    float: ['neg', 'abs', 'sqrt', 'floor', 'ceil', 'trunc', 'nearest', 'pow2', 'exponent', 'significand'],
    i32: ['neg', 'abs', 'not'],
    bool: ['not'],
  } as const
  const binary = {
    float: ['add', 'sub', 'mul', 'div', 'min', 'max', 'pmin', 'pmax', 'copysign', 'lt', 'le', 'eq'],
    i32: ['add', 'sub', 'mul', 'min', 'max', 'lt', 'le', 'eq', 'and', 'or', 'xor'],
    bool: ['and', 'or', 'xor'],
  } as const
  const count = 100

  it.each(['f32', 'f64', 'i32', 'bool'] as const)('agrees with the number machine in %s', (dtype) => {
    const columns = columnMachine(count)
    const xs = Array.from({ length: count }, (_, i) => m.lit(values[dtype][i % 10] as number, dtype))
    const ys = Array.from({ length: count }, (_, i) => m.lit(values[dtype][Math.floor(i / 10)] as number, dtype))
    const column = (numbers: readonly Numeric[]) => {
      const empty = columns.lit(0, dtype)
      numbers.forEach((n, i) => {
        empty.values[i] = n.value
      })
      return empty
    }
    const kind = dtype === 'f32' || dtype === 'f64' ? 'float' : dtype
    for (const name of unary[kind])
      expect([...columns[name](column(xs)).values], name).toEqual(xs.map((x) => m[name](x).value))
    for (const name of binary[kind])
      expect([...columns[name](column(xs), column(ys)).values], name).toEqual(
        xs.map((x, i) => m[name](x, ys[i] as Numeric).value),
      )
    for (const to of ['f32', 'f64', 'i32', 'bool'] as const)
      expect([...columns.convert(column(xs), to).values], to).toEqual(xs.map((x) => m.convert(x, to).value))
    const condition = columns.convert(column(ys), 'bool')
    expect([...columns.select(condition, column(xs), column(ys)).values]).toEqual(
      xs.map((x, i) => m.select(m.convert(ys[i] as Numeric, 'bool'), x, ys[i] as Numeric).value),
    )
  })
})
