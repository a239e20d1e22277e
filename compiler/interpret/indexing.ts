/**
 * Rows and blocks at computed places, and orders. In: tensors, i32 places among them. Out: a tensor.
 * Invariant: places out of range mean here what they mean on every target; what is added is added in the order of the updates.
 */
import { InternalError } from '../../src/core/errors.ts'
import { range, sizeOf, stridesOf, type TensorType, unravel } from '../../src/core/shape.ts'
import { blocksOf } from '../../src/ops/blocks.ts'
import type { OpName, ParamsOf } from '../../src/ops/signature.ts'
import { elementsOf, type Tensor } from './tensor.ts'

/** Where an element of the rows lies but for its index, which index it has, and what a row is worth. */
const indexedPlaces = (x: TensorType, indices: TensorType, { axis, batch }: ParamsOf<'gather'>) => {
  const [strides, at] = [stridesOf(x.shape), stridesOf(indices.shape)]
  const added = indices.shape.length - batch
  const shape = [...x.shape.slice(0, axis), ...indices.shape.slice(batch), ...x.shape.slice(axis + 1)]
  const sum = (terms: readonly number[]): number => terms.reduce((n, t) => n + t, 0)
  const placeOf = (i: number): readonly [place: number, index: number] => {
    const point = unravel(i, shape)
    const fixed = point.map((v, d) => (d < axis ? v * (strides[d] as number) : 0))
    const behind = point.slice(axis + added).map((v, d) => v * (strides[axis + 1 + d] as number))
    const shared = point.slice(0, batch).map((v, d) => v * (at[d] as number))
    const own = point.slice(axis, axis + added).map((v, d) => v * (at[batch + d] as number))
    return [sum(fixed) + sum(behind), sum(shared) + sum(own)]
  }
  return { shape, size: sizeOf(shape), placeOf, row: strides[axis] as number, extent: x.shape[axis] as number }
}

/** The nearest row for an index out of range. */
const gatherRows = ([x, indices]: readonly [Tensor, Tensor], p: ParamsOf<'gather'>): Tensor => {
  const { shape, size, placeOf, row, extent } = indexedPlaces(x, indices, p)
  const out = elementsOf(x.dtype, size)
  for (let i = 0; i < size; i++) {
    const [place, k] = placeOf(i)
    const index = Math.min(Math.max(indices.data[k] as number, 0), extent - 1)
    out[i] = x.data[place + index * row] as number
  }
  return { dtype: x.dtype, shape, data: out }
}

/** One update after the other, each sum rounded; none for an index out of range. */
const addRows = ([x, indices, updates]: readonly [Tensor, Tensor, Tensor], p: ParamsOf<'scatterAdd'>): Tensor => {
  const { size, placeOf, row, extent } = indexedPlaces(x, indices, p)
  const out = x.data.slice()
  for (let i = 0; i < size; i++) {
    const [place, k] = placeOf(i)
    const index = indices.data[k] as number
    if (index >= 0 && index < extent)
      out[place + index * row] = (out[place + index * row] as number) + (updates.data[i] as number)
  }
  return { dtype: x.dtype, shape: x.shape, data: out }
}

/** One block after the other, each sum rounded; none for a place out of range. */
const updateBlocks = (
  [x, places, updates]: readonly [Tensor, Tensor, Tensor],
  { batch, sizes, combine }: ParamsOf<'withBlocks'>,
): Tensor => {
  const own = x.shape.slice(batch)
  const { count, unit } = blocksOf(own, sizes)
  const strides = stridesOf(own)
  const [block, many] = [sizeOf(sizes), sizeOf(places.shape.slice(batch))]
  const out = x.data.slice()
  for (let i = 0; i < updates.data.length; i++) {
    const at = Math.floor(i / block)
    const place = places.data[at] as number
    if (place < 0 || place >= count) continue
    const first = Math.floor(at / many) * sizeOf(own) + place * (unit < 0 ? 0 : (strides[unit] as number))
    const to = unravel(i % block, sizes).reduce((n, v, d) => n + v * (strides[d] as number), first)
    const value = updates.data[i] as number
    out[to] = combine === 'set' ? value : (out[to] as number) + value
  }
  return { dtype: x.dtype, shape: x.shape, data: out }
}

/** The last position of each row that is named, batch by batch. */
const lastEqual = (indices: Tensor, { extent }: ParamsOf<'lastEqual'>): Tensor => {
  const n = indices.shape.at(-1) as number
  const rowOf = (k: number): number => Math.min(Math.max(indices.data[k] as number, 0), extent - 1)
  const out = new Int32Array(indices.data.length)
  for (let from = 0; from < out.length; from += n) {
    const last = new Map(range(n).map((k) => [rowOf(from + k), k]))
    for (let k = 0; k < n; k++) out[from + k] = last.get(rowOf(from + k)) as number
  }
  return { dtype: 'i32', shape: indices.shape, data: out }
}

/** Rows of the last axis as positions in ascending order, the earlier of equal keys first. */
export const orderRows = (keys: Tensor): Tensor => {
  const length = keys.shape.at(-1) as number
  const data = new Int32Array(keys.data.length)
  for (let row = 0; row < data.length; row += length) {
    const own = keys.data.subarray(row, row + length)
    const places = Array.from(own, (_, i) => i)
    data.set(
      places.sort((i, j) => (own[i] as number) - (own[j] as number) || i - j),
      row,
    )
  }
  return { dtype: 'i32', shape: keys.shape, data }
}

/** An indexing op, evaluated. */
export const applyIndexing = (op: OpName, ins: readonly Tensor[], params: unknown): Tensor => {
  const [x, at, updates] = ins as readonly [Tensor, Tensor, Tensor]
  switch (op) {
    case 'gather':
      return gatherRows([x, at], params as ParamsOf<'gather'>)
    case 'lastEqual':
      return lastEqual(x, params as ParamsOf<'lastEqual'>)
    case 'withBlocks':
      return updateBlocks([x, at, updates], params as ParamsOf<'withBlocks'>)
    case 'scatterAdd':
      return addRows([x, at, updates], params as ParamsOf<'scatterAdd'>)
    default:
      throw new InternalError(`${op} is no indexing op`)
  }
}
