/**
 * What happens to the finished elements of a product while they are in registers. In: the kernel's body and stores.
 * Out: an Epilogue (its accesses as slots, its text for the memo), and its emission over a register block.
 * Invariant: an instruction is made as seldom as its operands change: once a block, a row, a column of vectors, or a
 * vector; and for one vector, all its loads come before its stores.
 */
import { bytesOf, type DType, type Float } from '../../../../src/core/dtype.ts'
import { InternalError } from '../../../../src/core/errors.ts'
import type { Access, ContractionKernel, Instr, Store } from '../../../kernel/kernel.ts'
import { absent, emitBody } from '../body.ts'
import type { FunctionBuilder, Value } from '../function.ts'
import { laneMachine, type Lanes } from '../machine.ts'
import { loadLanes, storeLanes } from '../memory.ts'
import { orient } from './orientation.ts'
import { plus } from './pointers.ts'

/** One place that moves with row and column: a pointer that the block is given. */
export interface Slot {
  readonly buffer: number
  readonly access: Access
  readonly dtype: DType
  /** Strides in elements, oriented. */
  readonly row: number
  readonly column: number
}

export interface Epilogue {
  readonly body: readonly Instr[]
  readonly stores: readonly Store[]
  readonly slots: readonly Slot[]
  /** The number of the slot of an access of the body or the stores. */
  readonly slotOf: (buffer: number, access: Access) => number
  /** The axes whose index the body reads, in ascending order. */
  readonly axes: readonly number[]
  readonly rowAxis: number
  readonly columnAxis: number
  /** The same for two epilogues that make the same code. */
  readonly key: string
}

export const epilogueOf = (kernel: ContractionKernel, swapped: boolean): Epilogue => {
  const slots: Slot[] = []
  const byPlace = new Map<string, number>()
  // The same once more by the access itself, which is asked for at every load and store of every vector.
  const byAccess = kernel.buffers.map(() => new Map<Access, number>())
  const axes = new Set<number>()
  const slot = (buffer: number, access: Access, dtype: DType): number => {
    const key = `${buffer} ${access.offset} ${access.strides.join()}`
    const number = byPlace.get(key) ?? slots.push({ buffer, access, dtype, ...orient(kernel, swapped, access) }) - 1
    byPlace.set(key, number)
    byAccess[buffer]?.set(access, number)
    return number
  }
  const text = kernel.body.map((x) => {
    if (x.tag === 'index') axes.add(x.axis)
    return x.tag === 'load' ? ['load', x.dtype, slot(x.buffer, x.access, x.dtype)] : x
  })
  const storesText = kernel.stores.map((s) => {
    const dtype = kernel.buffers[s.buffer]?.dtype
    if (dtype === undefined) throw new InternalError(`a contraction stores to buffer ${s.buffer}, which it has not`)
    return [slot(s.buffer, s.access, dtype), s.value]
  })
  const [i, j] = [kernel.batch.length, kernel.batch.length + 1]
  const [rowAxis, columnAxis] = swapped ? [j, i] : [i, j]
  const strides = slots.map((s) => [s.dtype, s.row, s.column])
  const key = JSON.stringify([text, storesText, strides, [...axes], rowAxis, columnAxis], spelled)
  return {
    body: kernel.body,
    stores: kernel.stores,
    slots,
    slotOf: (buffer, access) => {
      const number = byAccess[buffer]?.get(access)
      if (number === undefined) throw new InternalError(`buffer ${buffer} is read at a place that is no slot`)
      return number
    },
    axes: [...axes].sort((x, y) => x - y),
    rowAxis,
    columnAxis,
    key,
  }
}

/** JSON knows neither −0 nor infinities nor NaN. */
const spelled = (_: string, value: unknown): unknown =>
  typeof value === 'number' && (Object.is(value, -0) || !Number.isFinite(value))
    ? `${Object.is(value, -0) ? '-0' : value}`
    : value

interface Reach {
  readonly row: boolean
  readonly column: boolean
}

/** Whether each instruction changes from row to row and from column to column. */
const reaches = (epilogue: Epilogue): readonly Reach[] => {
  const result: Reach[] = []
  for (const x of epilogue.body) {
    if (x.tag === 'load') {
      const slot = epilogue.slots[epilogue.slotOf(x.buffer, x.access)] as Slot
      result.push({ row: slot.row !== 0, column: slot.column !== 0 })
    } else if (x.tag === 'index') {
      result.push({ row: x.axis === epilogue.rowAxis, column: x.axis === epilogue.columnAxis })
    } else if (x.tag === 'apply') {
      const args = x.args.map((a) => result[a] as Reach)
      result.push({ row: args.some((a) => a.row), column: args.some((a) => a.column) })
    } else {
      result.push({ row: x.tag === 'accumulator', column: x.tag === 'accumulator' })
    }
  }
  return result
}

/** A register block: `accumulators[row][vector]`, of which `columns` elements count. */
export interface Block {
  readonly dtype: Float
  readonly columns: number
  readonly accumulators: readonly (readonly Value[])[]
  /** The places of the block's first element, one a slot. */
  readonly pointers: readonly Value[]
  /** Indices at the block's first element, one for each of the epilogue's axes. */
  readonly indices: readonly Value[]
}

export const emitEpilogue = (fn: FunctionBuilder, epilogue: Epilogue, block: Block): void => {
  const lanes = bytesOf(block.dtype) === 8 ? 2 : 4
  const m = laneMachine(fn, lanes)
  const { lower } = fn.context
  const reach = reaches(epilogue)
  const count = (vector: number): number => Math.min(lanes, block.columns - vector * lanes)
  const place = (slot: number, row: number, vector: number) => {
    const { row: down, column, dtype } = epilogue.slots[slot] as Slot
    const bytes = (row * down + vector * lanes * column) * bytesOf(dtype)
    const pointer = block.pointers[slot] as Value
    return bytes >= 0 ? { pointer, offset: bytes } : { pointer: plus(fn, pointer, bytes), offset: 0 }
  }
  const index = (axis: number, row: number, vector: number): Lanes => {
    const first = block.indices[epilogue.axes.indexOf(axis)] as Value
    if (axis === epilogue.columnAxis) return m.add(m.splat(first), m.iota(vector * lanes))
    return m.splat(axis === epilogue.rowAxis ? plus(fn, first, row) : first)
  }
  const source = (row: number, vector: number) => ({
    load: (buffer: number, access: Access, dtype: DType): Lanes => {
      const slot = epilogue.slotOf(buffer, access)
      return loadLanes(m, dtype, place(slot, row, vector), (epilogue.slots[slot] as Slot).column, count(vector))
    },
    index: (axis: number) => index(axis, row, vector),
    gather: absent('computed places'),
    row: absent('rows'),
    accumulator: (dtype: Float): Lanes => ({ dtype, value: block.accumulators[row]?.[vector] as Value }),
  })
  const made = (row: number, vector: number, known: readonly Lanes[], want: Reach): Lanes[] => {
    const pick = (i: number) => reach[i]?.row === want.row && reach[i]?.column === want.column
    return emitBody(m, epilogue.body, source(row, vector), lower, [...known], pick)
  }
  const fixed = made(0, 0, [], { row: false, column: false })
  const columns = (block.accumulators[0] ?? []).map((_, vector) => made(0, vector, fixed, { row: false, column: true }))
  block.accumulators.forEach((accumulators, row) => {
    const along = made(row, 0, fixed, { row: true, column: false })
    accumulators.forEach((_, vector) => {
      const known = epilogue.body.map((_, i) => columns[vector]?.[i] ?? along[i]) as Lanes[]
      const values = made(row, vector, known, { row: true, column: true })
      for (const store of epilogue.stores) {
        const slot = epilogue.slotOf(store.buffer, store.access)
        const { column } = epilogue.slots[slot] as Slot
        storeLanes(m, values[store.value] as Lanes, place(slot, row, vector), column, count(vector))
      }
    })
  })
}
