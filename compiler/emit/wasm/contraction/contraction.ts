/**
 * A contraction in Wasm. In: a ContractionKernel. Out: the name of a function that runs it.
 * Invariant: the function's parameters are a byte pointer for each of the kernel's buffers, then one to scratch of
 * `contractionScratch` bytes; it reads at most 16 bytes behind a buffer and writes nothing but the stores' elements, the
 * running sums and the scratch.
 */
import { bytesOf } from '../../../../src/core/dtype.ts'
import type { ContractionKernel } from '../../../kernel/kernel.ts'
import { type Split, stepOf } from '../../../kernel/split.ts'
import { type EmitContext, type FunctionBuilder, functionBuilder, type Value } from '../function.ts'
import { eachPart } from '../parts.ts'
import { rowEdges } from './edges.ts'
import { epilogueOf, type Slot } from './epilogue.ts'
import { countedLoop } from './loops.ts'
import { emitPiece, type Nest, type Pointers } from './nest.ts'
import { orient, type Side } from './orientation.ts'
import { type Index, indexPlus, moved, plus } from './pointers.ts'
import { schedule, type Tuning } from './schedule.ts'
import { walked } from './walk.ts'

/** Of a split kernel, the function runs the part whose number is one parameter more. */
export const emitContraction = (
  context: EmitContext,
  kernel: ContractionKernel,
  tuning: Tuning = {},
  split: Split | null = null,
): string => {
  const fn = functionBuilder(context, kernel.buffers.length + (split === null ? 1 : 2))
  if (split === null) emitProduct(fn, kernel, tuning, null)
  else
    eachPart(fn, kernel, split, fn.param(kernel.buffers.length + 1), (part, start) =>
      emitProduct(fn, part, tuning, { axis: split.axis, start, of: kernel }),
    )
  return fn.finish(context.unique(kernel.name))
}

/** Where a part begins along an axis of the whole. */
interface Beginning {
  readonly axis: number
  readonly start: Value
  readonly of: ContractionKernel
}

const emitProduct = (fn: FunctionBuilder, kernel: ContractionKernel, tuning: Tuning, from: Beginning | null): void => {
  const plan = schedule(kernel, fn.context.simd, tuning)
  const nest = { fn, kernel, plan, epilogue: epilogueOf(kernel, plan.swapped) }
  const overBatch = (batch: readonly Index[]): void => {
    const extent = kernel.batch[batch.length]
    if (extent === undefined) emitPieces(nest, batchPointers(nest, batch, from))
    else
      countedLoop(fn, 0, 1, extent, (index) =>
        overBatch([...batch, from?.axis === batch.length ? indexPlus(fn, index, from.start) : index]),
      )
  }
  if (plan.m > 0 && plan.n > 0) overBatch([])
}

const batchPointers = (
  { fn, kernel, plan, epilogue }: Nest,
  batch: readonly Index[],
  from: Beginning | null,
): Pointers => {
  const [i, j] = [batch.length, batch.length + 1]
  /** Of a part of the rows or columns: so many elements further on for each step. */
  const along = (axis: number, stride: number, bytes: number): readonly (readonly [Index, number])[] =>
    from?.axis === axis ? [[from.start, stride * bytes]] : []
  const start = (buffer: number, offset: number, strides: readonly number[], bytes: number): Value =>
    moved(
      fn,
      plus(fn, fn.param(buffer), offset * bytes),
      batch.map((index, d) => [index, (strides[d] ?? 0) * bytes]),
    )
  const bytes = bytesOf(kernel.dtype)
  const side = ({ operand }: Side): Value => {
    const { buffer, offset, batch: strides, row, col } = operand
    const own = operand === kernel.a ? along(i, row[0] ?? 0, bytes) : along(j, col[0] ?? 0, bytes)
    return moved(fn, start(buffer, offset, strides, bytes), own)
  }
  const slot = ({ buffer, access, dtype }: Slot): Value =>
    moved(
      fn,
      start(buffer, access.offset, access.strides, bytesOf(dtype)),
      [i, j].flatMap((d) => along(d, (access.strides[d] ?? 0) * stepOf(kernel, d), bytesOf(dtype))),
    )
  const sums = kernel.pieces.length > 1 ? fn.param(kernel.partial) : null
  const { columnSums } = kernel
  const base = from !== null && from.axis >= i ? { axis: from.axis, start: scaledStart(fn, from) } : null
  return {
    a: side(plan.a),
    b: side(plan.b),
    // each part has the running sums of its own elements, one part behind the other
    sums:
      sums === null || base === null
        ? sums
        : moved(fn, sums, [[base.start, (base.axis === i ? kernel.n : kernel.m) * bytes]]),
    columnSums:
      columnSums === undefined
        ? null
        : slot({ ...columnSums, dtype: kernel.dtype, ...orient(kernel, false, columnSums.access) }),
    slots: epilogue.slots.map(slot),
    batch,
    k: 0,
    base,
  }
}

/** The row or column with which a part begins. */
const scaledStart = (fn: FunctionBuilder, { axis, start, of }: Beginning): Value =>
  moved(fn, fn.i32(0), [[start, stepOf(of, axis)]])

const emitPieces = (nest: Nest, at: Pointers): void => {
  const { fn, kernel, plan } = nest
  const bytes = bytesOf(kernel.dtype)
  let from = 0
  for (const run of plan.pieces) {
    const one = (k: Index): void => {
      const a = walked(fn, at.a, plan.a.step, k, bytes)
      const b = walked(fn, at.b, plan.b.step, k, bytes)
      emitPiece(nest, run, { ...at, a, b, k })
    }
    // which rows have which steps has to be known now
    const isCut = rowEdges(plan.a).some(({ inner }) => run.box[inner] !== kernel.inner[inner])
    if (isCut) for (let i = 0; i < run.count; i++) one(from + i * run.size)
    else countedLoop(fn, from, run.size, run.count, one)
    from += run.size * run.count
  }
}
