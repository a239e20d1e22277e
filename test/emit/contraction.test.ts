// In: contractions of many forms. Out: that their Wasm gives the oracle's bits, reads at most 16 bytes behind a buffer and
// writes nothing but what the kernel names.
// Invariant: every form of operand, way of packing, tile, epilogue and kind of SIMD occurs, over odd extents.

import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { chooseTile, split } from '../../compiler/emit/wasm/contraction/tile.ts'
import { checkKernel } from '../../compiler/kernel/check.ts'
import type { ContractionKernel } from '../../compiler/kernel/kernel.ts'
import { splitK } from '../../compiler/kernel/pieces.ts'
import {
  biasRelu,
  columnMajor,
  kernelOf,
  type Lay,
  masked,
  moments,
  oneColumn,
  oneRow,
  plain,
  reversed,
  rowMajor,
  spaced,
  triangle,
  window,
} from './contraction-cases.ts'
import { type Case, checkAll, filled } from './contraction-run.ts'
import { type Memory } from './oracle.ts'

type Extents = readonly (readonly [m: number, n: number, k: number])[]

const layouts: readonly (readonly [string, Lay, Lay])[] = [
  ['nn', rowMajor, rowMajor],
  ['tn', columnMajor, rowMajor],
  ['nt', rowMajor, columnMajor],
  ['tt', columnMajor, columnMajor],
]
const forms: readonly (readonly [string, Lay, Lay])[] = [
  ...layouts,
  ['spaced', spaced, spaced],
  ['reversed', reversed, reversed],
  ['windows', window, window],
  ['one row of A, one column of B', oneRow, oneColumn],
  ['one column of A, one row of B', oneColumn, oneRow],
]

/** Every choice of one from each list. */
const choices = <T extends readonly unknown[]>(...lists: { readonly [I in keyof T]: readonly T[I][] }): readonly T[] =>
  lists.reduce<readonly unknown[][]>(
    (all, list) => all.flatMap((x) => list.map((y) => [...x, y])),
    [[]],
  ) as unknown as T[]

const every = (kernel: ContractionKernel): readonly number[] => kernel.buffers.map((_, i) => i)

describe('contraction', () => {
  it.each(layouts)('%s of sizes 1 to 9', async (_, a, b) => {
    const extents = choices([1, 2, 3, 4, 5, 7, 9], [1, 2, 3, 4, 5, 6, 8, 9], [1, 2, 3, 5, 8, 9])
    await checkAll(extents.map(([m, n, k]) => ({ kernel: kernelOf({ m, n, k, a, b }) })))
  })

  it.each(forms)('%s of larger sizes', async (_, a, b) => {
    const extents: Extents = [
      [16, 16, 16],
      [17, 33, 31],
      [33, 10, 17],
      [1, 37, 40],
      [37, 1, 40],
      [13, 4, 64],
    ]
    await checkAll(extents.map(([m, n, k]) => ({ kernel: kernelOf({ m, n, k, a, b }), lasts: [0, 1, 2] })))
  })

  it.each(forms)('%s in f64', async (_, a, b) => {
    const extents: Extents = [
      [1, 1, 1],
      [3, 5, 2],
      [2, 3, 7],
      [9, 17, 16],
      [1, 11, 33],
      [11, 1, 33],
      [33, 31, 13],
    ]
    await checkAll(
      choices(extents, [plain, biasRelu, masked, moments]).map(([[m, n, k], epilogue]) => ({
        kernel: kernelOf({ m, n, k, a, b, dtype: 'f64', epilogue }),
        lasts: [0, 1],
      })),
    )
  })

  it.each(forms)('%s with every way of packing, in blocks, groups and stripes', async (_, a, b) => {
    const extents: Extents = [
      [11, 13, 9],
      [3, 37, 12],
      [10, 3, 6],
    ]
    const flags = [false, true]
    await checkAll(
      choices(['f32', 'f64'] as const, extents, flags, flags, [1, 6, 1000], [1, 2], [1, 5]).map(
        ([dtype, [m, n, k], packA, packB, blockRows, groupPanels, stripeRows]) => ({
          kernel: kernelOf({ m, n, k, a, b, dtype }),
          tuning: { packA, packB, blockRows, groupPanels, stripeRows },
          lasts: [1],
        }),
      ),
    )
  })

  it('with every tile', async () => {
    const kernel = kernelOf({ m: 13, n: 35, k: 11 })
    const sizes = [1, 2, 3, 4, 5, 6, 7]
    await checkAll(choices(sizes, sizes).map(([rows, vectors]) => ({ kernel, tuning: { tile: { rows, vectors } } })))
  })

  it.each(layouts)('%s in pieces of k', async (_, a, b) => {
    const extents = [
      [5, 9, 20, 7],
      [17, 10, 33, 8],
      [1, 6, 12, 5],
      [6, 1, 13, 4],
      [9, 16, 40, 4],
    ] as const
    await checkAll(
      choices(extents, [plain, moments], [false, true]).map(([[m, n, k, limit], epilogue, packB]) => ({
        kernel: kernelOf({ m, n, k, a, b, pieces: splitK([k], limit), epilogue }),
        tuning: { packB },
      })),
    )
  })

  it('without any k, rows or columns', async () => {
    await checkAll(
      [
        kernelOf({ m: 5, n: 6, k: 0 }),
        kernelOf({ m: 5, n: 6, k: 0, epilogue: biasRelu }),
        kernelOf({ m: 0, n: 6, k: 3 }),
        kernelOf({ m: 5, n: 0, k: 3 }),
        kernelOf({ m: 5, n: 4, k: 3, batch: [2, 0] }),
      ].map((kernel) => ({ kernel })),
    )
  })

  it.each([
    ['bias and relu', biasRelu],
    ['a mask', masked],
    ['moments in place', moments],
    ['indices', triangle],
  ] as const)('with %s behind the product', async (_, epilogue) => {
    const extents: Extents = [
      [1, 1, 1],
      [4, 8, 3],
      [5, 10, 7],
      [17, 33, 16],
      [1, 9, 30],
      [9, 1, 30],
    ]
    await checkAll(
      extents.flatMap(([m, n, k]): Case[] => {
        const kernel = kernelOf({ m, n, k, epilogue })
        return [
          { kernel, lasts: every(kernel) },
          { kernel: kernelOf({ m, n, k, epilogue, batch: [2, 3] }) },
          { kernel: kernelOf({ m, n, k, epilogue, pieces: splitK([k], 3) }) },
        ]
      }),
    )
  })

  it.each(layouts)('%s in batches, with operands shared and not', async (_, a, b) => {
    const moves = [
      [
        [true, true],
        [true, true],
      ],
      [
        [false, true],
        [true, false],
      ],
      [
        [true, false],
        [true, false],
      ],
    ] as const
    const extents: Extents = [
      [3, 5, 4],
      [9, 10, 6],
      [6, 1, 5],
    ]
    await checkAll(
      choices(moves, extents, [false, true], [3, 100]).map(([moved, [m, n, k], packB, limit]) => ({
        kernel: kernelOf({ m, n, k, a, b, batch: [2, 3], moves: moved, pieces: splitK([k], limit) }),
        tuning: { packB },
      })),
    )
  })

  it('keeps NaN, infinities, subnormals and signed zeros', async () => {
    const special = [0, -0, 1, -1, Infinity, -Infinity, NaN, 1e-45, 3e38]
    const kernel = kernelOf({ m: 7, n: 6, k: 3, epilogue: biasRelu })
    const arrays = kernel.buffers.map((b, i) =>
      i < 3 ? filled(b).map((_, q) => special[(q * (i + 4)) % special.length] as number) : filled(b),
    )
    await checkAll([{ kernel, arrays }])
  })

  it('adds −0 to +0, as the order says', async () => {
    const kernel = kernelOf({ m: 2, n: 5, k: 2 })
    const [a, b, c] = kernel.buffers.map(filled) as [Memory, Memory, Memory]
    const before = [a.fill(-1), b.fill(0), c]
    await checkAll([{ kernel, arrays: before }], {
      reference: (_, buffers) => void (buffers[2] as Memory).fill(0),
    })
  })

  it('rounds once a step in relaxed SIMD', async () => {
    // Multiples of 2⁻¹² in ±2, so that every a·b + sum is exact in f64, and most products are not in f32.
    const extents: Extents = [
      [5, 9, 20],
      [17, 10, 33],
      [1, 6, 12],
      [6, 1, 13],
    ]
    const fused = (k: ContractionKernel, buffers: readonly Memory[]): void => {
      const [a, b, c] = buffers as readonly [Memory, Memory, Memory]
      for (let i = 0; i < k.m; i++)
        for (let j = 0; j < k.n; j++) {
          let sum = 0
          for (let q = 0; q < k.k; q++) sum = Math.fround(sum + (a[i * k.k + q] as number) * (b[q * k.n + j] as number))
          c[i * k.n + j] = sum
        }
    }
    const cases = extents.map(([m, n, k]) => {
      const kernel = kernelOf({ m, n, k })
      return { kernel, arrays: kernel.buffers.map((x) => filled(x).map((v) => Math.round(v * 2 ** 14) / 2 ** 12)) }
    })
    await checkAll(cases, { simd: 'relaxed', reference: fused })
    await expect(checkAll(cases, { simd: 'plain', reference: fused })).rejects.toThrow(/c of 5x20x9/)
  })

  it('is tried on kernels that the checker accepts', () => {
    const kernels = forms.flatMap(([, a, b]) =>
      [plain, biasRelu, masked, moments, triangle].map((epilogue) =>
        kernelOf({ m: 5, n: 7, k: 9, a, b, epilogue, batch: [2], pieces: splitK([9], 4) }),
      ),
    )
    expect(kernels.map((kernel) => isRight(checkKernel(kernel)))).toEqual(kernels.map(() => true))
  })
})

describe('tiles', () => {
  it('split without a thin remainder', () => {
    expect(split(10, 4)).toEqual([
      { size: 4, count: 1 },
      { size: 3, count: 2 },
    ])
    for (let extent = 0; extent < 200; extent++)
      for (let size = 1; size < 12; size++) {
        const runs = split(extent, size)
        expect(runs.reduce((sum, run) => sum + run.size * run.count, 0)).toBe(extent)
        const sizes = runs.map((run) => run.size)
        expect(Math.max(0, ...sizes) - Math.min(size, ...sizes)).toBeLessThanOrEqual(Math.min(1, size))
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(size)
      }
  })

  it('suit the product: square for large ones, flat for one row, three vectors for ten columns', () => {
    expect(chooseTile('plain', 128, 128, 784)).toEqual({ rows: 4, vectors: 2 })
    expect(chooseTile('plain', 1, 128, 784).rows).toBe(1)
    expect(chooseTile('plain', 128, 3, 256).vectors).toBe(3)
  })
})

describe('pieces', () => {
  it('are even, within the limit and add up', () => {
    expect(splitK([784])).toEqual([784])
    expect(splitK([3000])).toEqual([1000, 1000, 1000])
    expect(splitK([0])).toEqual([])
    for (let k = 1; k < 300; k++) {
      const pieces = splitK([k], 17)
      expect(pieces.reduce((sum, piece) => sum + piece, 0)).toBe(k)
      expect(Math.max(...pieces)).toBeLessThanOrEqual(17)
      expect(Math.max(...pieces) - Math.min(...pieces)).toBeLessThanOrEqual(1)
    }
  })
})
