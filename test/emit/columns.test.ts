// Reductions of columns that run row by row, against the oracle, bit for bit. In: kernels whose columns are long enough for
// it. Invariant: each case asserts that it runs so, or that it does not.
import { describe, expect, it } from 'vitest'
import { byRows, columnScratch } from '../../compiler/emit/wasm/columns.ts'
import { scratchFor } from '../../compiler/emit/wasm/split.ts'
import { fuse } from '../../compiler/fuse/fuse.ts'
import { faultsOf } from '../../compiler/kernel/check.ts'
import type { Instr, LoopKernel } from '../../compiler/kernel/kernel.ts'
import { shortened } from '../../compiler/kernel/split.ts'
import { faultsOfPlan } from '../../compiler/plan/check.ts'
import { makePlan, type PlanOptions } from '../../compiler/plan/make.ts'
import type { DType } from '../../src/core/dtype.ts'
import { graph as b, make } from '../../src/expr/node.ts'
import { stage } from '../kernel/build.ts'
import { read, startWasm, write } from '../pipeline/run.ts'
import { stream } from '../random.ts'
import { access, apply, buffer, literal, load, type LoopCase, loopCase, reduceCase } from './kernels.ts'
import { bitsOf, type Memory, runKernel } from './oracle.ts'
import { runWasm } from './wasm-run.ts'

const row = (dtype: DType, number: number): Instr => ({ tag: 'row', dtype, row: number })
const sumOf = (number: number, value: number) => ({ row: number, combine: 'sum', value }) as const

const expectEqual = async (cases: readonly LoopCase[]): Promise<void> => {
  expect(cases.flatMap((c) => faultsOf(c.kernel))).toEqual([])
  const ran = await runWasm(cases)
  cases.forEach(({ kernel, arrays }, i) => {
    const want = arrays.map((a) => a.slice())
    runKernel(kernel, want)
    for (const [b, { mode }] of kernel.buffers.entries())
      if (mode !== 'scratch') expect(bitsOf(ran.arrays[i]?.[b] as Memory)).toEqual(bitsOf(want[b] as Memory))
  })
  expect(ran.strays).toEqual([])
}

const expectByRows = (cases: readonly LoopCase[]): void =>
  cases.forEach(({ kernel }) => {
    expect(byRows(kernel)).not.toBeNull()
    expect(columnScratch(kernel)).toBeGreaterThan(0)
  })

/** Mean and spread of each column, then every element less its mean, and where the columns' sums of squares stay. */
const centred = (rows: number, columns: number, seed: number): LoopCase => {
  const x = load('f32', 0, [1, columns])
  const stages = [
    stage([rows], [x, apply('f32', 'mul', [0, 0])], { reductions: [sumOf(0, 0), sumOf(1, 1)] }),
    stage([], [row('f32', 0), literal('f32', 1 / rows), apply('f32', 'mul', [0, 1]), row('f32', 1)], {
      rows: [{ row: 2, value: 2 }],
      stores: [{ buffer: 2, access: access([1]), value: 3 }],
    }),
    stage([rows], [x, row('f32', 2), apply('f32', 'sub', [0, 1]), apply('f32', 'mul', [2, 2])], {
      reductions: [sumOf(3, 3)],
      stores: [{ buffer: 1, access: access([1, columns]), value: 2 }],
    }),
    stage([], [row('f32', 3), row('f32', 2), apply('f32', 'add', [0, 1])], {
      stores: [{ buffer: 3, access: access([1]), value: 2 }],
    }),
  ]
  const buffers = [
    buffer('f32', rows * columns),
    buffer('f32', rows * columns, 'write'),
    buffer('f32', columns, 'write'),
    buffer('f32', columns, 'write'),
  ]
  const rest = { outer: [columns], order: 'sequential', rows: ['f32', 'f32', 'f32', 'f32'] } as const
  return loopCase({ ...rest, stages, buffers }, stream(seed), 0)
}

/** Sums over two dims of the stage, at each of a few outer points, of products with a row's own number. */
const weighted = (outer: number, columns: number, [a, b]: readonly [number, number], seed: number): LoopCase => {
  const strides = [a * b * columns, 1, b * columns, columns]
  const body = [load('f32', 0, strides), load('f32', 1, [0, 0, b, 1]), apply('f32', 'mul', [0, 1])]
  const stages = [
    stage([a, b], body, { reductions: [sumOf(0, 2)] }),
    stage([], [row('f32', 0)], { stores: [{ buffer: 2, access: access([columns, 1]), value: 0 }] }),
  ]
  const buffers = [
    buffer('f32', outer * a * b * columns),
    buffer('f32', a * b),
    buffer('f32', outer * columns, 'write'),
  ]
  return loopCase({ outer: [outer, columns], order: 'sequential', rows: ['f32'], stages, buffers }, stream(seed), 0)
}

describe('columns, row by row', () => {
  it('are sums and products of any dtype, for every number of rows and columns beside a block', async () => {
    const cases = (['f32', 'f64', 'i32'] as const).flatMap((dtype) =>
      (['sum', 'prod'] as const).flatMap((combine) =>
        (
          [
            [1, 9000],
            [7, 2049],
            [8, 4096],
            [17, 1001],
            [300, 34],
            [251, 35],
          ] as const
        ).map(([rows, columns], i) =>
          reduceCase(dtype, combine, 'sequential', columns, rows, i % 2 === 0 ? 0 : 0.01, i),
        ),
      ),
    )
    expectByRows(cases)
    await expectEqual(cases)
  })

  it('hand what they come to on to later stages', async () => {
    const cases = [centred(9, 2100, 1), centred(31, 333, 2), centred(150, 70, 3)]
    expectByRows(cases)
    await expectEqual(cases)
  })

  it('may have several dims, and outer dims besides', async () => {
    const cases = [weighted(2, 2050, [3, 5], 1), weighted(3, 500, [2, 12], 2), weighted(1, 70, [9, 11], 3)]
    expectByRows(cases)
    await expectEqual(cases)
  })

  it('stay as they are where they are few or narrow, or where an extreme is sought', () => {
    const small = reduceCase('f32', 'sum', 'sequential', 16, 8, 0, 1)
    const extreme = reduceCase('f32', 'max', 'sequential', 2000, 64, 0, 1)
    const narrow = reduceCase('f32', 'sum', 'sequential', 32, 2000, 0, 1)
    const rows = reduceCase('f32', 'sum', 'lanes', 64, 2000, 0, 1)
    for (const { kernel } of [small, extreme, narrow, rows]) {
      expect(byRows(kernel)).toBeNull()
      expect(columnScratch(kernel)).toBe(0)
    }
  })

  it('give the same bits in parts', async () => {
    const x = make('input', [], { name: 'x', dtype: 'f32', shape: [80, 300] })
    const sum = b.sum([b.mul([x, x])], { axes: [0], keepDims: false })
    const fused = fuse({ name: 'main', results: [{ name: 'y', value: b.add([sum, sum]) }], updates: [] })
    const run = async (threads: PlanOptions['threads']): Promise<readonly number[]> => {
      const plan = makePlan([fused], {
        scratchBytes: scratchFor('plain'),
        ...(threads === undefined ? {} : { threads }),
      })
      expect(faultsOfPlan(plan)).toEqual([])
      expect(plan.kernels.map((k) => byRows(k as LoopKernel) !== null)).toEqual([true])
      expect(plan.entries[0]?.steps.every((s) => s.scratchBytes > 0)).toBe(true)
      const running = await startWasm(plan)
      const random = stream(7)
      write(plan, running, 'x', Array.from({ length: 80 * 300 }, random))
      running.run('main')
      return Array.from(read(plan, running, 'y'))
    }
    const whole = await run(undefined)
    for (const length of [110, 100, 299])
      expect(await run({ most: 2, split: () => ({ axis: 0, length, parts: Math.ceil(300 / length) }) })).toEqual(whole)
  })

  it('want no more scratch for a part than for the whole', () => {
    const { kernel } = centred(20, 10_000, 1)
    for (const length of [5000, 1250, 160]) {
      const part = shortened(kernel, 0, length)
      expect(columnScratch(part)).toBeLessThanOrEqual(columnScratch(kernel))
    }
  })
})
