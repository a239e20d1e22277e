// Loop kernels in Wasm against the oracle, bit for bit, over every length around a vector and around the partial sums.
import { describe, expect, it } from 'vitest'
import { faultsOf } from '../../compiler/kernel/check.ts'
import type { Fault } from '../../compiler/kernel/check-body.ts'
import type { LoopKernel } from '../../compiler/kernel/kernel.ts'
import type { DType } from '../../src/core/dtype.ts'
import type { Combine } from '../../src/ops/signature.ts'
import { stream } from '../random.ts'
import {
  access,
  anyCase,
  apply,
  buffer,
  index,
  literal,
  load,
  type LoopCase,
  loopCase,
  mapCase,
  reduceCase,
  softmaxCase,
} from './kernels.ts'
import { stage } from '../kernel/build.ts'
import { bitsOf, type Memory, runKernel } from './oracle.ts'
import { runWasm } from './wasm-run.ts'

const lengths = [0, 1, 3, 4, 5, 15, 16, 17, 31, 33, 67, 150]
const numbers: readonly DType[] = ['f32', 'f64', 'i32']
const orders = ['lanes', 'sequential'] as const
const combines: readonly Combine[] = ['sum', 'prod', 'max', 'min', 'argmax', 'argmin']

const expected = ({ kernel, arrays }: LoopCase): readonly Memory[] => {
  const copies = arrays.map((a) => a.slice())
  runKernel(kernel, copies)
  return copies
}

/** What differs: case, buffer, element, both values. */
const differences = (cases: readonly LoopCase[], got: readonly (readonly Memory[])[]): readonly string[] =>
  cases.flatMap((c, i) =>
    expected(c).flatMap((want, b) => {
      const [w, g] = [bitsOf(want), bitsOf(got[i]?.[b] as Memory)]
      const at = w.findIndex((x, e) => x !== g[e])
      return at < 0 ? [] : [`case ${i}, buffer ${b}, element ${at}: ${g[at]}, not ${w[at]}`]
    }),
  )

const faults = (cases: readonly LoopCase[]): readonly Fault[] => cases.flatMap((c) => faultsOf(c.kernel))

const expectEqual = async (cases: readonly LoopCase[]): Promise<void> => {
  expect(faults(cases)).toEqual([])
  const ran = await runWasm(cases)
  expect(differences(cases, ran.arrays)).toEqual([])
  expect(ran.strays).toEqual([])
}

describe('maps', () => {
  it('of every length, dtype and stride, along the stage and across the outer dim', async () => {
    let seed = 1
    await expectEqual(
      numbers.flatMap((dtype) =>
        orders.flatMap((order) =>
          lengths.flatMap((n) => [1, 0, 2, -1].map((stride) => mapCase(dtype, n, stride, order, seed++))),
        ),
      ),
    )
  })

  it('in place, with several stores, bools in memory and strided stores', async () => {
    const cases = numbers.flatMap((dtype) =>
      lengths.map((n) => {
        const body = [
          load(dtype, 0, [1]),
          load('bool', 1, [1]),
          literal(dtype, 2),
          apply(dtype, 'mul', [0, 2]),
          apply(dtype, 'where', [1, 3, 0]),
          apply('bool', 'less', [0, 2]),
          apply('bool', 'logicalNot', [1]),
          apply('bool', 'logicalAnd', [5, 6]),
          apply('i32', 'cast', [7], { dtype: 'i32' }),
        ]
        const stores = [
          { buffer: 0, access: access([1]), value: 4 },
          { buffer: 2, access: access([1]), value: 7 },
          { buffer: 3, access: access([3], 1), value: 8 },
        ]
        const buffers = [
          buffer(dtype, n, 'update'),
          buffer('bool', n),
          buffer('bool', n, 'write'),
          buffer('i32', 3 * n + 2, 'write'),
        ]
        return loopCase({ outer: [], stages: [stage([n], body, { stores })], order: 'lanes', buffers }, stream(n + 7))
      }),
    )
    await expectEqual(cases)
  })

  it('over nests: transposed, broadcast along either dim, with indices', async () => {
    const cases = numbers.flatMap((dtype) =>
      (
        [
          [2, 3],
          [5, 4],
          [3, 17],
          [1, 9],
          [9, 1],
          [6, 50],
        ] as const
      ).flatMap(([a, b]) => {
        const to = (axis: number) => apply(dtype, 'cast', [axis], { dtype })
        const converted =
          dtype === 'i32'
            ? [index(0), index(1), literal('i32', 0), literal('i32', 0)]
            : [index(0), index(1), to(0), to(1)]
        const body = [
          ...converted,
          load(dtype, 0, [1, a]),
          load(dtype, 1, [0, 1]),
          load(dtype, 2, [1, 0]),
          apply(dtype, 'add', [4, 5]),
          apply(dtype, 'mul', [7, 6]),
          apply(dtype, 'add', [8, 2]),
          apply(dtype, 'sub', [9, 3]),
        ]
        const stores = [{ buffer: 3, access: access([b, 1]), value: 10 }]
        const buffers = [buffer(dtype, a * b), buffer(dtype, b), buffer(dtype, a), buffer(dtype, a * b, 'write')]
        return [
          loopCase({ outer: [], stages: [stage([a, b], body, { stores })], order: 'lanes', buffers }, stream(a)),
          loopCase({ outer: [a], stages: [stage([b], body, { stores })], order: 'lanes', buffers }, stream(b)),
          loopCase({ outer: [a, b], stages: [stage([], body, { stores })], order: 'sequential', buffers }, stream(5)),
        ]
      }),
    )
    await expectEqual(cases)
  })
})

describe('reductions', () => {
  it.each(numbers)('of %s, all kinds, both orders, every length', async (dtype) => {
    let seed = 1
    const cases = combines.flatMap((combine) =>
      orders.flatMap((order) =>
        lengths
          .filter((n) => n > 0 || !combine.startsWith('arg'))
          .flatMap((n) => [0, 0.3].map((special) => reduceCase(dtype, combine, order, 3, n, special, seed++))),
      ),
    )
    await expectEqual(cases)
  })

  it('with as many results as come from few or many vectors', async () => {
    await expectEqual(
      orders.flatMap((order) =>
        lengths
          .filter((m) => m > 0)
          .flatMap((m) => [
            reduceCase('f32', 'sum', order, m, 19, 0, m),
            reduceCase('f64', 'argmax', order, m, 5, 0.2, m),
          ]),
      ),
    )
  })

  it('over several dims, in row-major order', async () => {
    const cases = numbers.flatMap((dtype) =>
      orders.flatMap((order) =>
        (
          [
            [3, 5],
            [4, 16],
            [2, 33],
            [7, 1],
          ] as const
        ).map(([a, b]) => {
          const stages = [
            stage([a, b], [load(dtype, 0, [a * b, b, 1])], { reductions: [{ row: 0, combine: 'sum', value: 0 }] }),
            stage([], [{ tag: 'row', dtype, row: 0 }], { stores: [{ buffer: 1, access: access([1]), value: 0 }] }),
          ]
          const buffers = [buffer(dtype, 6 * a * b), buffer(dtype, 6, 'write')]
          return loopCase({ outer: [6], stages, order, rows: [dtype], buffers }, stream(a * b), 0)
        }),
      ),
    )
    await expectEqual(cases)
  })
})

describe('stages', () => {
  it('of a softmax share their rows', async () => {
    await expectEqual(
      (['f32', 'f64'] as const).flatMap((dtype) =>
        orders.flatMap((order) => lengths.slice(1).map((n) => softmaxCase(dtype, order, 5, n, n))),
      ),
    )
  })

  it('of any kind, drawn at random', async () => {
    const cases = Array.from({ length: 400 }, (_, seed) => anyCase(seed + 1))
    const sound = cases.filter((c) => faultsOf(c.kernel).length === 0)
    expect(sound.length).toBeGreaterThan(350)
    await expectEqual(sound)
  })
})

describe('planted faults', () => {
  const withDims = (kernel: LoopKernel, n: number): LoopKernel => ({
    ...kernel,
    stages: kernel.stages.map((s) => ({ ...s, dims: [n] })),
  })

  it('shows a dropped tail element', async () => {
    for (const n of [5, 17, 33]) {
      const whole = mapCase('f32', n, 1, 'lanes', 3)
      const ran = await runWasm([{ ...whole, kernel: withDims(whole.kernel, n - 1) }])
      expect(differences([whole], ran.arrays)).toHaveLength(1)
    }
  })

  it('shows an element written past the end', async () => {
    const whole = mapCase('f32', 16, 1, 'lanes', 3)
    const ran = await runWasm([{ ...whole, kernel: withDims(whole.kernel, 17) }])
    expect(ran.strays).not.toEqual([])
  })

  it('shows a sum in another order', async () => {
    const lanes = reduceCase('f32', 'sum', 'lanes', 3, 67, 0, 1)
    const ran = await runWasm([{ ...lanes, kernel: { ...lanes.kernel, order: 'sequential' } }])
    expect(differences([lanes], ran.arrays)).toHaveLength(1)
  })
})
