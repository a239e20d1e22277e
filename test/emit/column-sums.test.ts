// In: products that sum the columns of their second operand beside. Out: that every target gives the oracle's bits, and
// what the checker says of such sums where they cannot be.
// Invariant: every layout of the operand, tile, way of packing, number of pieces and dtype occurs, over odd extents.

import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { checkKernel, faultsOf } from '../../compiler/kernel/check.ts'
import { costOf } from '../../compiler/kernel/cost.ts'
import type { ContractionKernel, KernelBuffer } from '../../compiler/kernel/kernel.ts'
import { splitK } from '../../compiler/kernel/pieces.ts'
import { printKernel } from '../../compiler/kernel/print.ts'
import { isIndependent, partOf } from '../../compiler/kernel/split.ts'
import {
  columnMajor,
  kernelOf,
  type Lay,
  moments,
  plain,
  reversed,
  rowMajor,
  type Shape,
  spaced,
  window,
} from './contraction-cases.ts'
import { checkAll, filled } from './contraction-run.ts'
import { bitsOf, runKernel } from './oracle.ts'
import { runJavaScript } from './run-javascript.ts'

const summing = (shape: Shape): ContractionKernel => {
  const kernel = kernelOf(shape)
  const sums: KernelBuffer = { dtype: kernel.dtype, elements: Math.max(1, kernel.n), mode: 'write', label: 'sums of b' }
  return {
    ...kernel,
    columnSums: { buffer: kernel.buffers.length, access: { offset: 0, strides: [0, 1] } },
    buffers: [...kernel.buffers, sums],
  }
}

const extents = [
  [1, 1, 1],
  [1, 9, 7],
  [2, 5, 3],
  [5, 8, 4],
  [9, 13, 8],
  [17, 34, 13],
  [4, 6, 0],
] as const
const layouts: readonly (readonly [string, Lay, Lay])[] = [
  ['nn', rowMajor, rowMajor],
  ['tn', columnMajor, rowMajor],
  ['nt', rowMajor, columnMajor],
  ['spaced', spaced, spaced],
  ['reversed', rowMajor, reversed],
  ['windows', window, window],
]

describe('sums of columns beside a product', () => {
  it.each(layouts)('%s', async (_, a, b) => {
    await checkAll(
      extents.flatMap(([m, n, k]) =>
        (['f32', 'f64'] as const).flatMap((dtype) =>
          [false, true].map((packB) => ({ kernel: summing({ m, n, k, a, b, dtype }), tuning: { packB }, lasts: [1] })),
        ),
      ),
    )
  })

  it('are the same in relaxed SIMD where a and b are whole', async () => {
    const kernel = summing({ m: 9, n: 21, k: 11 })
    const arrays = kernel.buffers.map((buffer) => filled(buffer).map((x) => Math.round(10 * x)))
    await checkAll([{ kernel, arrays }], { simd: 'relaxed' })
  })

  it('in pieces of k, in blocks and stripes', async () => {
    await checkAll(
      [plain, moments].flatMap((epilogue) =>
        [false, true].flatMap((packA) =>
          [4, 13, 1000].map((blockRows) => ({
            kernel: summing({ m: 23, n: 37, k: 41, pieces: splitK([41], 9), epilogue }),
            tuning: { packA, packB: true, blockRows, groupPanels: 2, stripeRows: 5 },
          })),
        ),
      ),
    )
  })

  it('with every tile', async () => {
    const kernel = summing({ m: 13, n: 35, k: 11 })
    const sizes = [1, 2, 3, 4, 5, 6, 7]
    await checkAll(sizes.flatMap((rows) => sizes.map((vectors) => ({ kernel, tuning: { tile: { rows, vectors } } }))))
  })

  it('in JavaScript', async () => {
    const jobs = extents.flatMap(([m, n, k]) =>
      [[k], splitK([k], 3)].map((pieces) => {
        const kernel = summing({ m, n, k, ...(k === 0 ? {} : { pieces }) })
        return { kernel, buffers: kernel.buffers.map(filled) }
      }),
    )
    const found = await runJavaScript(jobs)
    for (const [i, { kernel, buffers }] of jobs.entries()) {
      const wanted = buffers.map((x) => x.slice())
      runKernel(kernel, wanted)
      const written = kernel.buffers.flatMap(({ mode }, b) => (mode === 'write' ? [b] : []))
      expect(written.map((b) => bitsOf(found[i]?.[b] as Float32Array))).toEqual(
        written.map((b) => bitsOf(wanted[b] as Float32Array)),
      )
    }
  })

  it('are made by the first part of the rows, and by each part of the columns', () => {
    const kernel = summing({ m: 13, n: 12, k: 5 })
    const whole = kernel.buffers.map(filled)
    const before = whole.map((x) => x.slice())
    runKernel(kernel, whole)
    for (const axis of [0, 1]) {
      expect(isIndependent(kernel, axis)).toBe(true)
      const parts = before.map((x) => x.slice())
      for (const part of [0, 1, 2]) runKernel(partOf(kernel, { axis, length: 5, parts: 3 }, part), parts)
      expect(parts.map(bitsOf)).toEqual(whole.map(bitsOf))
    }
  })

  it('are checked, counted and printed', () => {
    const kernel = summing({ m: 4, n: 6, k: 5 })
    expect(isRight(checkKernel(kernel))).toBe(true)
    expect(costOf(kernel)).toEqual({ flops: 2 * 4 * 6 * 5 + 5 * 6, bytes: 4 * (20 + 30 + 24 + 6) })
    expect(printKernel(kernel)).toContain('b3[i1] = sum over k of b[6·k + i1]')
    const faults = (k: ContractionKernel): readonly string[] => faultsOf(k).map(({ rule }) => rule)
    const sums = kernel.columnSums as NonNullable<ContractionKernel['columnSums']>
    const moved = { ...sums, access: { offset: 0, strides: [1, 1] } }
    expect(faults({ ...kernel, columnSums: moved })).toContain('injective')
    expect(faults({ ...kernel, columnSums: { ...sums, buffer: 2 } })).toContain('mode')
    expect(faults({ ...summing({ m: 4, n: 6, k: 5, batch: [2] }) })).toContain('edge')
    expect(faults({ ...kernel, rows: [2, 2], a: { ...kernel.a, row: [10, 5] } })).toContain('extent')
  })
})
