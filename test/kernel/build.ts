// In: what a test says about a kernel. Out: kernels, and the kernels that several tests share.
// Invariant: plain data, nothing checked here: a test plants its faults by changing what it gets.

import type { ContractionKernel, Instr, KernelBuffer, LoopKernel, Stage } from '../../compiler/kernel/kernel.ts'
import type { DType, Float } from '../../src/core/dtype.ts'
import type { OpName } from '../../src/ops/signature.ts'

export const slot = (dtype: DType, elements: number, mode: KernelBuffer['mode'], label: string): KernelBuffer => ({
  dtype,
  elements,
  mode,
  label,
})
export const load = (dtype: DType, buffer: number, strides: readonly number[], offset = 0): Instr => ({
  tag: 'load',
  dtype,
  buffer,
  access: { offset, strides },
})
export const apply = (dtype: DType, op: string, args: readonly number[], params: unknown = null): Instr => ({
  tag: 'apply',
  dtype,
  op: op as OpName,
  params,
  args,
})
export const literal = (value: number, dtype: DType): Instr => ({ tag: 'literal', dtype, value })
export const stage = (dims: readonly number[], body: readonly Instr[], more: Partial<Stage> = {}): Stage => ({
  dims,
  body,
  reductions: [],
  rows: [],
  stores: [],
  updates: [],
  ...more,
})
export const loop = (
  name: string,
  buffers: readonly KernelBuffer[],
  stages: readonly Stage[],
  more: Partial<LoopKernel> = {},
): LoopKernel => ({
  tag: 'loop',
  name,
  outer: [],
  stages,
  order: 'lanes',
  rows: [],
  buffers,
  ...more,
})

/** Rows of n: the extreme, the exponentials with their sum, the quotient. */
export const softmax = (rows: number, n: number): LoopKernel => {
  const at = { offset: 0, strides: [n, 1] }
  const x = load('f32', 0, at.strides)
  return loop(
    'softmax',
    [slot('f32', rows * n, 'read', 'z'), slot('f32', rows * n, 'write', 'softmax(z)')],
    [
      stage([n], [x], { reductions: [{ row: 0, combine: 'max', value: 0 }] }),
      stage([n], [x, { tag: 'row', dtype: 'f32', row: 0 }, apply('f32', 'sub', [0, 1]), apply('f32', 'exp', [2])], {
        reductions: [{ row: 1, combine: 'sum', value: 3 }],
        stores: [{ buffer: 1, access: at, value: 3 }],
      }),
      stage([n], [load('f32', 1, at.strides), { tag: 'row', dtype: 'f32', row: 1 }, apply('f32', 'div', [0, 1])], {
        stores: [{ buffer: 1, access: at, value: 2 }],
      }),
    ],
    { outer: [rows], rows: ['f32', 'f32'] },
  )
}

export interface Product {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly dtype?: Float
  readonly pieces?: readonly number[]
  readonly transposeA?: boolean
  readonly transposeB?: boolean
  readonly batch?: readonly number[]
  readonly epilogue?: boolean
}

export const contraction = (p: Product): ContractionKernel => {
  const { m, n, k, dtype: t = 'f32', batch = [], pieces = k === 0 ? [] : [k] } = p
  const count = batch.reduce((a, b) => a * b, 1)
  const batchStrides = (size: number): readonly number[] =>
    batch.map((_, d) => size * batch.slice(d + 1).reduce((a, b) => a * b, 1))
  const several = pieces.length > 1
  const buffers: readonly KernelBuffer[] = [
    slot(t, count * m * k, 'read', 'a'),
    slot(t, k * n, 'read', 'b'),
    slot(t, n, 'read', 'bias'),
    slot(t, count * m * n, 'write', 'c'),
    ...(several ? [slot(t, m * n, 'scratch', 'partial')] : []),
  ]
  const body: readonly Instr[] = [
    { tag: 'accumulator', dtype: t },
    ...(p.epilogue === true
      ? [load(t, 2, [...batch.map(() => 0), 0, 1]), apply(t, 'add', [0, 1]), apply(t, 'relu', [2])]
      : []),
  ]
  const stores = [{ buffer: 3, access: { offset: 0, strides: [...batchStrides(m * n), n, 1] }, value: body.length - 1 }]
  return {
    tag: 'contraction',
    name: `product ${[...batch, m, n, k].join('x')}`,
    dtype: t,
    batch,
    m,
    n,
    k,
    rows: [m],
    columns: [n],
    inner: [k],
    pieces,
    a: {
      buffer: 0,
      offset: 0,
      batch: batchStrides(m * k),
      row: [p.transposeA === true ? 1 : k],
      col: [p.transposeA === true ? m : 1],
    },
    b: {
      buffer: 1,
      offset: 0,
      batch: batch.map(() => 0),
      row: [p.transposeB === true ? 1 : n],
      col: [p.transposeB === true ? k : 1],
    },
    body,
    stores,
    partial: several ? 4 : -1,
    buffers,
  }
}
