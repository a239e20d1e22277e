/**
 * A contraction in Wasm. In: a ContractionKernel. Out: the name of a function that runs it.
 * Invariant: the function's parameters are a byte pointer for each of the kernel's buffers, then one to scratch of
 * `contractionScratch` bytes; it reads at most 16 bytes behind a buffer and writes nothing but the stores' elements, the
 * running sums and the scratch.
 */
import { bytesOf } from '../../../../src/core/dtype.ts'
import type { ContractionKernel } from '../../../kernel/kernel.ts'
import { type EmitContext, functionBuilder, type Value } from '../function.ts'
import { rowEdges } from './edges.ts'
import { epilogueOf } from './epilogue.ts'
import { countedLoop } from './loops.ts'
import { emitPiece, type Nest, type Pointers } from './nest.ts'
import type { Side } from './orientation.ts'
import { type Index, moved, plus } from './pointers.ts'
import { schedule, type Tuning } from './schedule.ts'
import { walked } from './walk.ts'

export const emitContraction = (context: EmitContext, kernel: ContractionKernel, tuning: Tuning = {}): string => {
  const fn = functionBuilder(context, kernel.buffers.length + 1)
  const plan = schedule(kernel, context.simd, tuning)
  const nest = { fn, kernel, plan, epilogue: epilogueOf(kernel, plan.swapped) }
  const overBatch = (batch: readonly Index[]): void => {
    const extent = kernel.batch[batch.length]
    if (extent === undefined) emitPieces(nest, batchPointers(nest, batch))
    else countedLoop(fn, 0, 1, extent, (index) => overBatch([...batch, index]))
  }
  if (plan.m > 0 && plan.n > 0) overBatch([])
  return fn.finish(context.unique(kernel.name))
}

const batchPointers = ({ fn, kernel, plan, epilogue }: Nest, batch: readonly Index[]): Pointers => {
  const start = (buffer: number, offset: number, strides: readonly number[], bytes: number): Value =>
    moved(
      fn,
      plus(fn, fn.param(buffer), offset * bytes),
      batch.map((index, d) => [index, (strides[d] ?? 0) * bytes]),
    )
  const side = ({ operand: { buffer, offset, batch: strides } }: Side): Value =>
    start(buffer, offset, strides, bytesOf(kernel.dtype))
  return {
    a: side(plan.a),
    b: side(plan.b),
    sums: kernel.pieces.length > 1 ? fn.param(kernel.partial) : null,
    slots: epilogue.slots.map((s) => start(s.buffer, s.access.offset, s.access.strides, bytesOf(s.dtype))),
    batch,
    k: 0,
  }
}

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
