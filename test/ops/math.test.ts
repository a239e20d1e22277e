import { describe, expect, it } from 'vitest'
import { countInstructions } from '../../docs/generate/math/count.ts'
import { measure } from '../../docs/generate/math/measure.ts'
import { type Binary, binarySubjects, type Unary, unarySubjects } from '../../docs/generate/math/subjects.ts'
import type { Float } from '../../src/core/dtype.ts'
import { type Column, columnMachine, columnOf, numericMachine } from '../../src/core/numeric.ts'
import { exp, exp2, sigmoid } from '../../src/ops/math/exponential.ts'
import { log2 } from '../../src/ops/math/logarithm.ts'
import { pow } from '../../src/ops/math/power.ts'
import { logSigmoid, softplus } from '../../src/ops/math/softplus.ts'

type Name = keyof typeof unarySubjects | keyof typeof binarySubjects
const subjects: Readonly<Record<Name, Unary | Binary>> = { ...unarySubjects, ...binarySubjects }
const names = Object.keys(subjects) as readonly Name[]
const floats = ['f32', 'f64'] as const
const inf = Number.POSITIVE_INFINITY
const nan = Number.NaN
const m = numericMachine()

const call = (name: Name, dtype: Float, x: number, y = nan): number => {
  const subject = subjects[name]
  const first = m.lit(x, dtype)
  return (subject.arity === 1 ? subject.apply(m, first) : subject.apply(m, first, m.lit(y, dtype))).value
}

const column = (dtype: Float, numbers: readonly number[]): Column => {
  const values = columnOf(dtype, numbers.length)
  values.set(numbers)
  return { dtype, values }
}

/** The stated bounds in ulps, [f32, f64]; docs/generated/math.md has the errors measured over millions of points. */
const bounds: Readonly<Record<Name, readonly [number, number]>> = {
  exp: [1, 1.1],
  exp2: [1.25, 1.25],
  expm1: [1.75, 2],
  log: [1, 1],
  log2: [2.25, 2.25],
  log1p: [1.5, 1.25],
  sin: [1.25, 1],
  cos: [1.25, 1],
  tan: [3, 2.5],
  asin: [2.5, 2.5],
  acos: [1.25, 1.25],
  atan: [2, 1.5],
  sinh: [1.75, 1.75],
  cosh: [1.5, 1.5],
  tanh: [2.75, 2.5],
  asinh: [2, 2],
  acosh: [2.5, 2.25],
  atanh: [2.25, 2],
  sigmoid: [2.5, 2.25],
  softplus: [1.75, 1.75],
  logSigmoid: [1.75, 1.75],
  erf: [1.5, 1.5],
  erfc: [3, 2.75],
  rsqrt: [1.5, 1.5],
  pow: [1.1, 1.1],
  atan2: [2.25, 2.25],
  hypot: [1.25, 1.25],
  mod: [0.5, 0.5],
  logAddExp: [2.75, 2],
  logSubExp: [3, 2.5],
}

describe.each(floats)('the error of scalar functions in %s', (dtype) => {
  const density = dtype === 'f32' ? { patterns: 20011, focus: 5003 } : { patterns: 1009, focus: 503 }
  it.each(names)('%s', (name) => {
    const { ulps, at } = measure(subjects[name], dtype, density)
    expect(ulps, `at ${at.join(', ')}`).toBeLessThanOrEqual(bounds[name][dtype === 'f32' ? 0 : 1])
  })

  it('is seen where a function is wrong by a few ulps, or at one special value', () => {
    const off = dtype === 'f32' ? 2 ** -21 : 2 ** -50
    const bent: Unary = { ...unarySubjects.exp, apply: (k, x) => k.mul(exp(k, x), k.lit(1 + off, k.typeOf(x))) }
    expect(measure(bent, dtype, density).ulps).toBeGreaterThan(3)
    const unsigned: Unary = { ...unarySubjects.tanh, apply: (k, x) => k.abs(unarySubjects.tanh.apply(k, x)) }
    expect(measure(unsigned, dtype, density).ulps).toBeGreaterThan(1000)
    const loses: Unary = {
      ...unarySubjects.log,
      apply: (k, x) => k.pmin(k.lit(100, k.typeOf(x)), unarySubjects.log.apply(k, x)),
    }
    expect(measure(loses, dtype, density).ulps).toBe(inf)
  })
})

/** [operand, result]; `least` stands for the least subnormal, `most` for the largest finite number. */
const least = { f32: 2 ** -149, f64: 2 ** -1074 } as const
const most = { f32: (2 - 2 ** -23) * 2 ** 127, f64: Number.MAX_VALUE } as const
const fixedAt = (...points: readonly number[]): readonly (readonly [number, number])[] => points.map((x) => [x, x])
type Points = readonly (readonly [number, number])[]

const specials = (dtype: Float): Readonly<Record<keyof typeof unarySubjects, Points>> => {
  const tiny = least[dtype]
  const huge = most[dtype]
  const round = (x: number): number => m.lit(x, dtype).value
  const nans: Points = [[nan, nan]]
  const odd: Points = [...fixedAt(0, -0, tiny, -tiny), ...nans]
  const noInfinity: Points = [
    [inf, nan],
    [-inf, nan],
  ]
  const halfPi = round(Math.PI / 2)
  return {
    exp: [[0, 1], [-0, 1], [tiny, 1], [-tiny, 1], [inf, inf], [-inf, 0], [huge, inf], [-huge, 0], ...nans],
    exp2: [[0, 1], [-0, 1], [tiny, 1], [1, 2], [-1, 0.5], [inf, inf], [-inf, 0], [huge, inf], [-huge, 0], ...nans],
    expm1: [...odd, [inf, inf], [-inf, -1], [huge, inf], [-huge, -1]],
    log: [
      [0, -inf],
      [-0, -inf],
      [1, 0],
      [inf, inf],
      [-inf, nan],
      [-1, nan],
      [-tiny, nan],
      [tiny, round(Math.log(tiny))],
      ...nans,
    ],
    log2: [[0, -inf], [-0, -inf], [1, 0], [inf, inf], [-inf, nan], [-tiny, nan], [tiny, Math.log2(tiny)], ...nans],
    log1p: [...odd, [-1, -inf], [inf, inf], [-inf, nan], [-2, nan], [huge, round(Math.log(huge))]],
    sin: [...odd, ...noInfinity],
    cos: [[0, 1], [-0, 1], [tiny, 1], ...noInfinity, ...nans],
    tan: [...odd, ...noInfinity],
    asin: [...odd, ...noInfinity, [1, halfPi], [-1, -halfPi], [1.5, nan], [-1.5, nan]],
    acos: [[1, 0], [0, halfPi], [-0, halfPi], [-1, round(Math.PI)], [1.5, nan], [-1.5, nan], ...noInfinity, ...nans],
    atan: [...odd, [inf, halfPi], [-inf, -halfPi], [huge, halfPi], [-huge, -halfPi]],
    sinh: [...odd, ...fixedAt(inf, -inf), [huge, inf], [-huge, -inf]],
    cosh: [[0, 1], [-0, 1], [inf, inf], [-inf, inf], [huge, inf], [-huge, inf], ...nans],
    tanh: [...odd, [inf, 1], [-inf, -1], [huge, 1], [-huge, -1]],
    asinh: [...odd, ...fixedAt(inf, -inf), [huge, round(Math.asinh(huge))]],
    acosh: [[1, 0], [inf, inf], [0.5, nan], [0, nan], [-1, nan], [-inf, nan], [huge, round(Math.acosh(huge))], ...nans],
    atanh: [...odd, [1, inf], [-1, -inf], [1.5, nan], [-1.5, nan], [inf, nan], [-inf, nan]],
    sigmoid: [[0, 0.5], [-0, 0.5], [inf, 1], [-inf, 0], [huge, 1], [-huge, 0], ...nans],
    softplus: [[-inf, 0], [inf, inf], [-huge, 0], [huge, huge], [0, round(Math.LN2)], ...nans],
    logSigmoid: [[inf, -0], [-inf, -inf], [huge, -0], [-huge, -huge], [0, round(-Math.LN2)], ...nans],
    erf: [[0, 0], [-0, -0], [inf, 1], [-inf, -1], [huge, 1], [-huge, -1], ...nans],
    erfc: [[0, 1], [-0, 1], [tiny, 1], [inf, 0], [-inf, 2], [huge, 0], [-huge, 2], ...nans],
    rsqrt: [[0, inf], [-0, -inf], [1, 1], [4, 0.5], [inf, 0], [-1, nan], [-inf, nan], ...nans],
  }
}

describe.each(floats)('special values in %s', (dtype) => {
  it.each(Object.entries(specials(dtype)) as [keyof typeof unarySubjects, Points][])('%s', (name, points) => {
    for (const [x, y] of points) expect(call(name, dtype, x), `${name}(${x})`).toBe(y)
  })

  it('pow', () => {
    const huge = most[dtype]
    const tiny = least[dtype]
    const table: readonly (readonly [number, number, number])[] = [
      // x^0 and 1^y are 1 for every partner, NaN included
      ...[0, -0, 1, -1, 2, inf, -inf, nan, tiny, huge].flatMap((x) => [[x, 0, 1] as const, [x, -0, 1] as const]),
      ...[0, 1, -1, 0.5, inf, -inf, nan, tiny, huge].map((y) => [1, y, 1] as const),
      [-1, inf, 1],
      [-1, -inf, 1],
      [-1, 3, -1],
      [-1, 4, 1],
      [-1, 0.5, nan],
      [-1, huge, 1],
      // zeros
      [0, 3, 0],
      [-0, 3, -0],
      [0, 2, 0],
      [-0, 2, 0],
      [-0, 0.5, 0],
      [0, inf, 0],
      [-0, inf, 0],
      [0, -3, inf],
      [-0, -3, -inf],
      [0, -2, inf],
      [-0, -2, inf],
      [-0, -0.5, inf],
      [0, -inf, inf],
      [-0, -inf, inf],
      // infinities
      [inf, 2, inf],
      [inf, tiny, inf],
      [inf, -2, 0],
      [inf, inf, inf],
      [inf, -inf, 0],
      [-inf, 3, -inf],
      [-inf, 2, inf],
      [-inf, 0.5, inf],
      [-inf, -3, -0],
      [-inf, -2, 0],
      [-inf, -0.5, 0],
      [-inf, inf, inf],
      [-inf, -inf, 0],
      [0.5, inf, 0],
      [-0.5, inf, 0],
      [2, inf, inf],
      [-2, inf, inf],
      [0.5, -inf, inf],
      [-0.5, -inf, inf],
      [2, -inf, 0],
      [-2, -inf, 0],
      // negative bases
      [-2, 3, -8],
      [-2, 2, 4],
      [-2, -1, -0.5],
      [-2, 0.5, nan],
      [-tiny, 1 / 3, nan],
      [-2, huge, inf],
      [-0.5, huge, 0],
      // NaN
      [nan, 1, nan],
      [nan, inf, nan],
      [2, nan, nan],
      [0, nan, nan],
      [inf, nan, nan],
      [-1, nan, nan],
      // exact results, overflow, gradual underflow
      [3, 2, 9],
      [4, 0.5, 2],
      [10, 3, 1000],
      [huge, 2, inf],
      [-huge, 3, -inf],
      [huge, -2, 0],
      [tiny, 1, tiny],
      [2, Math.log2(tiny), tiny],
      [2, Math.log2(tiny) - 2, 0],
      [-2, Math.log2(tiny), dtype === 'f32' ? -tiny : tiny],
    ]
    for (const [x, y, z] of table) expect(call('pow', dtype, x, y), `${x}^${y}`).toBe(z)
  })

  it('atan2', () => {
    const pi = m.lit(Math.PI, dtype).value
    const half = m.lit(Math.PI / 2, dtype).value
    const quarter = m.lit(Math.PI / 4, dtype).value
    const three = m.lit(Math.PI * 0.75, dtype).value
    const tiny = least[dtype]
    const huge = most[dtype]
    const upper: readonly (readonly [number, number, number])[] = [
      [0, 0, 0],
      [0, -0, pi],
      [0, 1, 0],
      [0, -1, pi],
      [0, inf, 0],
      [0, -inf, pi],
      [1, 0, half],
      [1, -0, half],
      [tiny, 0, half],
      [1, inf, 0],
      [1, -inf, pi],
      [inf, 1, half],
      [inf, -1, half],
      [inf, inf, quarter],
      [inf, -inf, three],
      [inf, 0, half],
      [tiny, tiny, quarter],
      [huge, huge, quarter],
      [tiny, huge, 0],
      [tiny, -huge, pi],
      [huge, tiny, half],
      [huge, -tiny, half],
      [tiny, 1, tiny],
      [1, 1, quarter],
      [1, -1, three],
    ]
    for (const [y, x, angle] of upper) {
      expect(call('atan2', dtype, y, x), `atan2(${y}, ${x})`).toBe(angle)
      expect(call('atan2', dtype, -y, x), `atan2(${-y}, ${x})`).toBe(-angle)
    }
    for (const [y, x] of [
      [nan, 1],
      [1, nan],
      [nan, nan],
      [nan, inf],
      [inf, nan],
      [nan, 0],
      [0, nan],
    ] as const)
      expect(call('atan2', dtype, y, x)).toBe(nan)
  })

  it('hypot', () => {
    const tiny = least[dtype]
    const huge = most[dtype]
    const table: readonly (readonly [number, number, number])[] = [
      [3, -4, 5],
      [0, 0, 0],
      [-0, -0, 0],
      [0, -2, 2],
      [inf, nan, inf],
      [nan, -inf, inf],
      [nan, 1, nan],
      [1, nan, nan],
      [inf, 1, inf],
      [huge, huge, inf],
      [huge, 0, huge],
      [tiny, 0, tiny],
      [3 * tiny, 4 * tiny, 5 * tiny],
      [huge / 2, huge / 4, m.lit((huge / 4) * Math.sqrt(5), dtype).value],
    ]
    for (const [x, y, z] of table) expect(call('hypot', dtype, x, y), `hypot(${x}, ${y})`).toBe(z)
  })

  it('mod', () => {
    const tiny = least[dtype]
    const huge = most[dtype]
    const table: readonly (readonly [number, number, number])[] = [
      [7, 3, 1],
      [-7, 3, 2],
      [7, -3, -2],
      [-7, -3, -1],
      [6, 3, 0],
      [-6, 3, 0],
      [6, -3, -0],
      [0, 3, 0],
      [-0, 3, 0],
      [0, -3, -0],
      [1, inf, 1],
      [-1, inf, inf],
      [1, -inf, -inf],
      [-1, -inf, -1],
      [0, inf, 0],
      [inf, 3, nan],
      [-inf, 3, nan],
      [1, 0, nan],
      [0, 0, nan],
      [nan, 1, nan],
      [1, nan, nan],
      [inf, inf, nan],
      [huge, tiny, 0],
      [huge, 3, huge % 3],
      [huge, 3 * tiny, huge % (3 * tiny)],
      [tiny, huge, tiny],
      [huge, huge, 0],
      [huge / 2, huge, huge / 2],
      [5 * tiny, 3 * tiny, 2 * tiny],
      [-tiny, 1, 1],
    ]
    for (const [x, y, z] of table) expect(call('mod', dtype, x, y), `mod(${x}, ${y})`).toBe(z)
  })

  it('logAddExp', () => {
    const huge = most[dtype]
    const table: readonly (readonly [number, number, number])[] = [
      [0, 0, m.lit(Math.LN2, dtype).value],
      [inf, inf, inf],
      [-inf, -inf, -inf],
      [inf, -inf, inf],
      [-inf, 1, 1],
      [1, inf, inf],
      [nan, 1, nan],
      [1, nan, nan],
      [nan, inf, nan],
      [huge, -huge, huge],
      [huge, huge, huge],
      [-huge, -huge, -huge],
    ]
    for (const [x, y, z] of table) {
      expect(call('logAddExp', dtype, x, y), `logAddExp(${x}, ${y})`).toBe(z)
      expect(call('logAddExp', dtype, y, x), `logAddExp(${y}, ${x})`).toBe(z)
    }
  })

  it('logSubExp', () => {
    const huge = most[dtype]
    const tiny = least[dtype]
    const table: readonly (readonly [number, number, number])[] = [
      [0, 0, -inf],
      [2, 2, -inf],
      [inf, 1, inf],
      [inf, -inf, inf],
      [inf, inf, nan],
      [-inf, -inf, -inf],
      [1, -inf, 1],
      [1, inf, nan],
      [1, 2, nan],
      [-inf, 1, nan],
      [nan, 1, nan],
      [1, nan, nan],
      [huge, -huge, huge],
      [huge, huge / 2, huge],
      [0, -tiny, m.lit(Math.log(tiny), dtype).value],
    ]
    for (const [x, y, z] of table) expect(call('logSubExp', dtype, x, y), `logSubExp(${x}, ${y})`).toBe(z)
  })
})

/** Every kind of number: specials, powers of two of the whole range, and random significands. */
const points = (dtype: Float): readonly number[] => {
  const [from, to] = dtype === 'f32' ? [-149, 127] : [-1074, 1023]
  const out = [0, inf, nan, 1, 2, 3, 0.5, 10, most[dtype]]
  for (let n = from, i = 1; n <= to; n += dtype === 'f32' ? 3 : 17, i++)
    out.push(2 ** n, m.lit(2 ** n * (1 + ((i * 0.6180339887498949) % 1)), dtype).value)
  return out.flatMap((x) => [x, -x])
}

describe.each(floats)('laws of scalar functions in %s', (dtype) => {
  const xs = points(dtype)

  it('no result depends on what an instruction leaves unspecified', () => {
    const few = xs.filter((_, i) => i % 16 === 0 || i < 18)
    const pairs = few.flatMap((x) => few.map((y) => [x, y] as const))
    const operands = {
      1: [column(dtype, xs)],
      2: [
        column(
          dtype,
          pairs.map(([x]) => x),
        ),
        column(
          dtype,
          pairs.map(([, y]) => y),
        ),
      ],
    } as const
    for (const name of names) {
      const subject = subjects[name]
      const results = [nan, 1, -1e30].map((unspecified) => {
        const [x, y] = operands[subject.arity] as readonly [Column, Column]
        const columns = columnMachine(x.values.length, unspecified)
        return [...(subject.arity === 1 ? subject.apply(columns, x) : subject.apply(columns, x, y)).values]
      })
      expect(results[1], name).toEqual(results[0])
      expect(results[2], name).toEqual(results[0])
    }
  })

  it.each(['sin', 'tan', 'asin', 'atan', 'sinh', 'tanh', 'asinh', 'atanh', 'erf'] as const)(
    '%s is odd bit for bit',
    (name) => {
      for (const x of xs) expect(call(name, dtype, -x)).toBe(-call(name, dtype, x))
    },
  )

  it.each(['sin', 'tan', 'asin', 'atan', 'sinh', 'tanh', 'asinh', 'atanh', 'expm1', 'log1p'] as const)(
    '%s of a tiny number is that number',
    (name) => {
      for (const x of xs.filter((v) => Math.abs(v) < 2 ** -60)) expect(call(name, dtype, x)).toBe(x)
    },
  )

  it('cos and cosh are even bit for bit', () => {
    for (const x of xs)
      for (const name of ['cos', 'cosh'] as const) expect(call(name, dtype, -x)).toBe(call(name, dtype, x))
  })

  it('tanh, erf, sin, cos and sigmoid keep to their range', () => {
    const operand = column(dtype, [...xs, ...Array.from({ length: 500 }, (_, i) => (i * Math.PI) / 16)])
    for (const name of ['tanh', 'erf', 'sin', 'cos', 'sigmoid'] as const) {
      const { values } = unarySubjects[name].apply(columnMachine(operand.values.length), operand)
      expect(Math.max(...values.map(Math.abs).filter((y) => !Number.isNaN(y))), name).toBe(1)
    }
  })

  it('logSigmoid(x) = −softplus(−x) and pow(x, 1) = x bit for bit', () => {
    for (const x of xs) {
      expect(call('logSigmoid', dtype, x)).toBe(-call('softplus', dtype, -x))
      expect(call('pow', dtype, x, 1)).toBe(x)
    }
  })

  it('powers of two and their logarithms are exact', () => {
    const [from, to] = dtype === 'f32' ? [-149, 127] : [-1074, 1023]
    for (let n = from; n <= to; n++) {
      expect(exp2(m, m.lit(n, dtype)).value).toBe(2 ** n)
      expect(log2(m, m.lit(2 ** n, dtype)).value).toBe(n)
      expect(pow(m, m.lit(2, dtype), m.lit(n, dtype)).value).toBe(2 ** n)
    }
  })

  it('the column machine gives the same bits as the number machine', () => {
    const columns = columnMachine(xs.length)
    const operand = column(dtype, xs)
    for (const name of names) {
      const subject = subjects[name]
      const result = subject.arity === 1 ? subject.apply(columns, operand) : subject.apply(columns, operand, operand)
      expect([...result.values], name).toEqual(xs.map((x) => call(name, dtype, x, x)))
    }
  })
})

describe('the hot functions', () => {
  it('stay short', () => {
    const count = (name: Name): number => countInstructions(subjects[name], 'f32')
    expect(count('exp')).toBeLessThanOrEqual(27)
    expect(count('sigmoid')).toBeLessThanOrEqual(26)
    expect(count('tanh')).toBeLessThanOrEqual(27)
    expect(count('log')).toBeLessThanOrEqual(35)
    expect(count('erf')).toBeLessThanOrEqual(48)
  })

  it('refuse what is not a float', () => {
    for (const f of [exp, sigmoid, softplus, logSigmoid]) expect(() => f(m, m.lit(1, 'i32'))).toThrow(TypeError)
  })
})
