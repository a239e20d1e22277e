/**
 * Between memory and lanes. In: an address (an i32 value and a byte offset), a dtype, a stride in elements and how many
 * lanes count. Out: loads and stores.
 * Invariant: a store writes exactly `count` elements. A load of stride 1 may read up to 12 bytes past the last element
 * that counts (buffers are padded by 16); one of any other stride touches no element but those that count.
 */
import { bytesOf, type DType } from '../../../src/core/dtype.ts'
import { InternalError } from '../../../src/core/errors.ts'
import type { Node, Value } from './function.ts'
import type { LaneMachine, Lanes } from './machine.ts'

/** A place in memory: `pointer` + `offset` bytes. */
export interface Address {
  readonly pointer: Value
  readonly offset: number
}

/** A bool in memory is an i32 of 0 or 1. */
const inMemory = (dtype: DType): DType => (dtype === 'bool' ? 'i32' : dtype)

/** Loads `count` elements that lie `stride` elements apart; of stride 0 every lane gets the same. */
export const loadLanes = (
  m: LaneMachine,
  dtype: DType,
  address: Address,
  stride: number,
  count: number = m.lanes,
): Lanes => {
  const { fn, lanes } = m
  const { v128 } = fn.module
  const bytes = bytesOf(dtype)
  const at = [address.pointer]
  const { offset } = address
  const load = (make: (pointer: Node) => Node): Value => fn.value('v128', at, ([p]) => make(p as Node))
  const raw = (): Value => {
    if (stride === 0) {
      return load((p) => (bytes === 8 ? v128.load64_splat(offset, 8, p) : v128.load32_splat(offset, 4, p)))
    }
    if (stride === 1 && count > 1) {
      return load((p) => (bytes * lanes === 8 ? v128.load64_zero(offset, 4, p) : v128.load(offset, bytes, p)))
    }
    return loadApart(
      m,
      bytes,
      address,
      Array.from({ length: count }, (_, lane) => lane * stride),
    )
  }
  const stored: Lanes = { dtype: inMemory(dtype), value: raw() }
  return dtype === 'bool' ? m.convert(stored, 'bool') : stored
}

/** Loads an element of so many bytes a lane, each so many elements behind the address; the other lanes are 0. */
export const loadApart = (
  m: LaneMachine,
  bytes: number,
  { pointer, offset }: Address,
  places: readonly number[],
): Value => {
  const { fn } = m
  const { v128 } = fn.module
  const at = (place: number): Address => {
    const near = offset + place * bytes
    // An immediate cannot be negative, so a step backwards from a small offset goes into the pointer.
    return near >= 0 ? { pointer, offset: near } : { pointer: shifted(m, pointer, near), offset: 0 }
  }
  const first = at(places[0] ?? 0)
  return places.slice(1).reduce(
    (vector, place, i) => {
      const from = at(place)
      return fn.value('v128', [from.pointer, vector], ([p, v]) =>
        bytes === 8
          ? v128.load64_lane(from.offset, 8, i + 1, p as Node, v as Node)
          : v128.load32_lane(from.offset, 4, i + 1, p as Node, v as Node),
      )
    },
    fn.value('v128', [first.pointer], ([p]) =>
      bytes === 8 ? v128.load64_zero(first.offset, 8, p as Node) : v128.load32_zero(first.offset, 4, p as Node),
    ),
  )
}

const shifted = (m: LaneMachine, pointer: Value, by: number): Value =>
  m.fn.value('i32', [pointer], ([p]) => m.fn.module.i32.add(p as Node, m.fn.module.i32.const(by)))

/** Stores the first `count` lanes, `stride` elements apart. */
export const storeLanes = (
  m: LaneMachine,
  lanes: Lanes,
  address: Address,
  stride: number,
  count: number = m.lanes,
): void => {
  const { fn } = m
  const { v128 } = fn.module
  const { dtype, value } = lanes.dtype === 'bool' ? m.convert(lanes, 'i32') : lanes
  const bytes = bytesOf(dtype)
  const { offset } = address
  if (count < 0 || count > m.lanes) throw new InternalError(`a store of ${count} of ${m.lanes} lanes`)
  const store = (make: (pointer: Node, vector: Node) => Node): void =>
    fn.effect([address.pointer, value], ([p, v]) => make(p as Node, v as Node))
  const lane = (index: number): void => {
    const near = offset + index * stride * bytes
    const pointer = near >= 0 ? address.pointer : shifted(m, address.pointer, near)
    const immediate = Math.max(near, 0)
    fn.effect([pointer, value], ([p, v]) =>
      bytes === 8
        ? v128.store64_lane(immediate, 8, index, p as Node, v as Node)
        : v128.store32_lane(immediate, 4, index, p as Node, v as Node),
    )
  }
  if (stride !== 1) {
    for (let i = 0; i < count; i++) lane(i)
  } else if (count * bytes === 16) {
    store((p, v) => v128.store(offset, bytes, p, v))
  } else {
    // 8 bytes at once, then the 4 that are left.
    const pairs = Math.floor((count * bytes) / 8)
    if (pairs === 1) store((p, v) => v128.store64_lane(offset, bytes, 0, p, v))
    if (count * bytes - pairs * 8 === 4) lane(count - 1)
  }
}

/** One lane of an i32 vector as a number. */
const extract = (m: LaneMachine, { value }: Lanes, lane: number): Value =>
  m.fn.value('i32', [value], ([v]) => m.fn.module.i32x4.extract_lane(v as Node, lane))

/** `bytes` times what a lane of an index holds. */
const scaled = (m: LaneMachine, index: Value, bytes: number): Value =>
  m.fn.value('i32', [index], ([n]) => m.fn.module.i32.mul(n as Node, m.fn.module.i32.const(bytes)))

/** So many bytes behind an address, which may stand below 0 until they are added where rows lie backwards. */
const behind = (m: LaneMachine, { pointer, offset }: Address, by: Value, backwards: boolean): Address => {
  // an immediate would not wrap
  const start = backwards ? shifted(m, pointer, offset) : pointer
  const moved = m.fn.value('i32', [start, by], ([p, n]) => m.fn.module.i32.add(p as Node, n as Node))
  return { pointer: moved, offset: backwards ? 0 : offset }
}

/** Where the row that all lanes name begins, in bytes from row 0. */
export const rowOffset = (m: LaneMachine, index: Lanes, bytes: number): Value => scaled(m, extract(m, index, 0), bytes)

/** The address of the row that begins so many bytes from row 0; rows lie `bytes` apart. */
export const rowAddress = (m: LaneMachine, from: Address, offset: Value, bytes: number): Address =>
  behind(m, from, offset, bytes < 0)

/** Loads an element a lane, each from the row that its lane names, `stride` elements apart within the rows. */
export const loadRows = (
  m: LaneMachine,
  dtype: DType,
  from: Address,
  index: Lanes,
  rowBytes: number,
  stride: number,
  count: number,
): Lanes => {
  const { fn } = m
  const { v128 } = fn.module
  const bytes = bytesOf(dtype)
  const at = (lane: number): Address => {
    const near = from.offset + lane * stride * bytes
    const start = near >= 0 ? { ...from, offset: near } : { pointer: shifted(m, from.pointer, near), offset: 0 }
    return behind(m, start, scaled(m, extract(m, index, lane), rowBytes), rowBytes < 0)
  }
  const first = at(0)
  let vector = fn.value('v128', [first.pointer], ([p]) =>
    bytes === 8 ? v128.load64_zero(first.offset, 8, p as Node) : v128.load32_zero(first.offset, 4, p as Node),
  )
  for (let lane = 1; lane < count; lane++) {
    const { pointer, offset } = at(lane)
    vector = fn.value('v128', [pointer, vector], ([p, v]) =>
      bytes === 8
        ? v128.load64_lane(offset, 8, lane, p as Node, v as Node)
        : v128.load32_lane(offset, 4, lane, p as Node, v as Node),
    )
  }
  const stored: Lanes = { dtype: inMemory(dtype), value: vector }
  return dtype === 'bool' ? m.convert(stored, 'bool') : stored
}
