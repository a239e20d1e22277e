// In: the extents of a product, how its operands lie and what follows it. Out: the ContractionKernel.
// Invariant: a kernel made here is one that the kernel checker accepts.

import type { ContractionKernel, Instr, KernelBuffer, Store } from '../../compiler/kernel/kernel.ts'
import { splitK } from '../../compiler/kernel/pieces.ts'
import type { DType, Float } from '../../src/core/dtype.ts'

/** How a matrix of rows x columns lies in memory: stride of a row, stride of a column, elements before, in all. */
export interface Layout {
  readonly row: number
  readonly col: number
  readonly offset: number
  readonly elements: number
}
export type Lay = (rows: number, columns: number) => Layout

export const rowMajor: Lay = (r, c) => ({ row: c, col: 1, offset: 0, elements: r * c })
export const columnMajor: Lay = (r, c) => ({ row: 1, col: r, offset: 0, elements: r * c })
export const spaced: Lay = (r, c) => ({ row: 2 * c + 3, col: 2, offset: 5, elements: 5 + r * (2 * c + 3) })
/** Both axes run backwards. */
export const reversed: Lay = (r, c) => ({ row: -c, col: -1, offset: r * c - 1, elements: r * c })
/** A window of a wider matrix. */
export const window: Lay = (r, c) => ({ row: c + 7, col: 1, offset: 3, elements: 3 + r * (c + 7) })
export const oneRow: Lay = (_, c) => ({ row: 0, col: 1, offset: 0, elements: c })
export const oneColumn: Lay = (r) => ({ row: 1, col: 0, offset: 0, elements: r })

export interface Shape {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly dtype?: Float
  readonly a?: Lay
  readonly b?: Lay
  readonly batch?: readonly number[]
  /** Whether each batch dim moves A and B. */
  readonly moves?: readonly (readonly [a: boolean, b: boolean])[]
  readonly pieces?: readonly number[]
  readonly epilogue?: Epilogue
}

/** Gets the buffers so far (its own come behind) and the number of batch dims. */
export type Epilogue = (
  at: { readonly m: number; readonly n: number; readonly dtype: Float; readonly batch: readonly number[] },
  first: number,
) => { readonly body: readonly Instr[]; readonly stores: readonly Store[]; readonly buffers: readonly KernelBuffer[] }

const buffer = (dtype: DType, elements: number, mode: KernelBuffer['mode'], label: string): KernelBuffer => ({
  dtype,
  elements: Math.max(elements, 1),
  mode,
  label,
})
const product = (extents: readonly number[]): number => extents.reduce((p, x) => p * x, 1)
const contiguous = (extents: readonly number[]): readonly number[] =>
  extents.map((_, d) => product(extents.slice(d + 1)))
const apply = (dtype: DType, op: string, args: readonly number[], params: unknown = null): Instr => ({
  tag: 'apply',
  dtype,
  op: op as never,
  params,
  args,
})

/** The bare product, row after row. */
export const plain: Epilogue = ({ m, n, dtype, batch }, first) => ({
  body: [{ tag: 'accumulator', dtype }],
  stores: [{ buffer: first, access: { offset: 0, strides: contiguous([...batch, m, n]) }, value: 0 }],
  buffers: [buffer(dtype, product([...batch, m, n]), 'write', 'c')],
})

/** relu(product + bias of the column), and the mask beside it. */
export const biasRelu: Epilogue = ({ m, n, dtype, batch }, first) => {
  const none = batch.map(() => 0)
  const all = { offset: 0, strides: contiguous([...batch, m, n]) }
  return {
    body: [
      { tag: 'accumulator', dtype },
      { tag: 'load', dtype, buffer: first, access: { offset: 0, strides: [...none, 0, 1] } },
      apply(dtype, 'add', [0, 1]),
      apply(dtype, 'relu', [2]),
      { tag: 'literal', dtype, value: 0 },
      apply('bool', 'greater', [2, 4]),
    ],
    stores: [
      { buffer: first + 1, access: all, value: 3 },
      { buffer: first + 2, access: all, value: 5 },
    ],
    buffers: [
      buffer(dtype, n, 'read', 'bias'),
      buffer(dtype, product([...batch, m, n]), 'write', 'relu'),
      buffer('bool', product([...batch, m, n]), 'write', 'mask'),
    ],
  }
}

/** where(mask, product, 0) · scale of the row. */
export const masked: Epilogue = ({ m, n, dtype, batch }, first) => {
  const none = batch.map(() => 0)
  const all = { offset: 0, strides: contiguous([...batch, m, n]) }
  return {
    body: [
      { tag: 'load', dtype: 'bool', buffer: first, access: all },
      { tag: 'accumulator', dtype },
      { tag: 'literal', dtype, value: 0 },
      apply(dtype, 'where', [0, 1, 2]),
      { tag: 'load', dtype, buffer: first + 1, access: { offset: 0, strides: [...none, 1, 0] } },
      apply(dtype, 'mul', [3, 4]),
    ],
    stores: [{ buffer: first + 2, access: all, value: 5 }],
    buffers: [
      buffer('bool', product([...batch, m, n]), 'read', 'mask'),
      buffer(dtype, m, 'read', 'scale'),
      buffer(dtype, product([...batch, m, n]), 'write', 'c'),
    ],
  }
}

/** Two moments and a parameter in place, with a rate that is one number; the product itself is not stored. */
export const moments: Epilogue = ({ m, n, dtype, batch }, first) => {
  const size = product([...batch, m, n])
  const all = { offset: 0, strides: contiguous([...batch, m, n]) }
  const one = { offset: 0, strides: [...batch.map(() => 0), 0, 0] }
  return {
    body: [
      { tag: 'accumulator', dtype },
      { tag: 'load', dtype, buffer: first + 1, access: all },
      { tag: 'literal', dtype, value: 0.875 },
      apply(dtype, 'mul', [1, 2]),
      apply(dtype, 'add', [3, 0]),
      { tag: 'load', dtype, buffer: first + 2, access: all },
      apply(dtype, 'mul', [5, 2]),
      apply(dtype, 'square', [0]),
      apply(dtype, 'add', [6, 7]),
      { tag: 'load', dtype, buffer: first, access: all },
      { tag: 'load', dtype, buffer: first + 3, access: one },
      apply(dtype, 'sqrt', [8]),
      { tag: 'literal', dtype, value: 0.0625 },
      apply(dtype, 'add', [11, 12]),
      apply(dtype, 'div', [4, 13]),
      apply(dtype, 'neg', [10]),
      apply(dtype, 'mul', [14, 15]),
      apply(dtype, 'add', [9, 16]),
    ],
    stores: [
      { buffer: first, access: all, value: 17 },
      { buffer: first + 1, access: all, value: 4 },
      { buffer: first + 2, access: all, value: 8 },
    ],
    buffers: [
      buffer(dtype, size, 'update', 'parameter'),
      buffer(dtype, size, 'update', 'first moment'),
      buffer(dtype, size, 'update', 'second moment'),
      buffer(dtype, 1, 'read', 'rate'),
    ],
  }
}

/** product where j ≤ i, else the index of the first batch dim (or 0) less i; into a wider matrix. */
export const triangle: Epilogue = ({ m, n, dtype, batch }, first) => {
  const [i, j] = [batch.length, batch.length + 1]
  const row = n + 3
  return {
    body: [
      { tag: 'accumulator', dtype },
      { tag: 'index', dtype: 'i32', axis: i },
      { tag: 'index', dtype: 'i32', axis: j },
      apply('bool', 'lessEqual', [2, 1]),
      batch.length > 0 ? { tag: 'index', dtype: 'i32', axis: 0 } : { tag: 'literal', dtype: 'i32', value: 0 },
      apply('i32', 'sub', [4, 1]),
      apply(dtype, 'cast', [5], { dtype }),
      apply(dtype, 'where', [3, 0, 6]),
    ],
    stores: [
      {
        buffer: first,
        access: { offset: 2, strides: [...contiguous([...batch, m * row]).slice(0, -1), row, 1] },
        value: 7,
      },
    ],
    buffers: [buffer(dtype, 2 + product(batch) * m * row, 'write', 'c')],
  }
}

export const kernelOf = (s: Shape): ContractionKernel => {
  const { m, n, k, dtype = 'f32', batch = [] } = s
  const a = (s.a ?? rowMajor)(m, k)
  const b = (s.b ?? rowMajor)(k, n)
  const moves = s.moves ?? batch.map(() => [true, true] as const)
  const pieces = s.pieces ?? splitK([k])
  const stepsOf = (side: 0 | 1, elements: number) => {
    let stride = elements
    const strides = batch.map(() => 0)
    for (let d = batch.length - 1; d >= 0; d--)
      if (moves[d]?.[side]) {
        strides[d] = stride
        stride *= batch[d] as number
      }
    return { strides, elements: stride }
  }
  const ofA = stepsOf(0, a.elements)
  const ofB = stepsOf(1, b.elements)
  const partial = pieces.length > 1
  const operands = [
    buffer(dtype, ofA.elements, 'read', 'a'),
    buffer(dtype, ofB.elements, 'read', 'b'),
    ...(partial ? [buffer(dtype, m * n, 'scratch', 'sums')] : []),
  ]
  const { body, stores, buffers } = (s.epilogue ?? plain)({ m, n, dtype, batch }, operands.length)
  return {
    tag: 'contraction',
    name: 'product',
    dtype,
    batch,
    m,
    n,
    k,
    rows: [m],
    columns: [n],
    inner: [k],
    pieces,
    a: { buffer: 0, offset: a.offset, batch: ofA.strides, row: [a.row], col: [a.col] },
    b: { buffer: 1, offset: b.offset, batch: ofB.strides, row: [b.row], col: [b.col] },
    body,
    stores,
    partial: partial ? 2 : -1,
    buffers: [...operands, ...buffers],
  }
}
