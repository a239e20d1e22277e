/**
 * Loops and the addresses within them. In: a function in the making whose parameters are byte pointers of buffers. Out:
 * loops over axes, the address of an access and the value of an index at the point reached.
 * Invariant: a loop advances one pointer for each way in which its accesses move; whatever is known at compile time
 * (unrolled positions, offsets) goes into immediates.
 */
import { bytesOf, type DType } from '../../../src/core/dtype.ts'
import type { Access } from '../../kernel/kernel.ts'
import type { FunctionBuilder, Node, Value, Variable } from './function.ts'
import type { Address } from './memory.ts'
import type { Place } from './schedule.ts'

interface Frame {
  /** The static part of the index along this axis. */
  readonly position: number
  /** The running pointers of the loop over this axis; none where it is not looped over. */
  readonly pointers: ReadonlyMap<string, Variable>
  /** The index that the loop has reached. */
  readonly counter: Variable | null
}

const still: Frame = { position: 0, pointers: new Map(), counter: null }

export interface LoopOptions {
  readonly axis: number
  readonly trips: number
  /** Elements that the index advances each time. */
  readonly step: number
  /** What is loaded and stored within. */
  readonly places: readonly Place[]
  /** Whether the index itself is asked for within. */
  readonly counted: boolean
}

export interface Nest {
  readonly address: (buffer: number, access: Access) => Address
  /** The index along an axis as `counter` (null where no loop runs over it) plus `position`. */
  readonly index: (axis: number) => { readonly counter: Value | null; readonly position: number }
  /** Sets the static part of the index along an axis while `body` runs. */
  readonly at: (axis: number, position: number, body: () => void) => void
  readonly loop: (options: LoopOptions, body: () => void) => void
}

/** Where the index along an axis begins, where that is not known before. */
export interface Origin {
  readonly axis: number
  readonly start: Value
}

/** Of a nest with an origin, `places` are all that it loads and stores. */
export const loopNest = (
  fn: FunctionBuilder,
  dtypes: readonly DType[],
  origin: Origin | null = null,
  places: readonly Place[] = [],
): Nest => {
  const { i32 } = fn.module
  const frames: Frame[] = []
  const frame = (axis: number): Frame => frames[axis] ?? still
  const add = (a: Value, by: number): Value =>
    by === 0 ? a : fn.value('i32', [a], ([x]) => i32.add(x as Node, i32.const(by)))
  const bytes = (buffer: number): number => bytesOf(dtypes[buffer] as DType)

  /** The pointers of buffers, moved to the origin: one for each way in which it moves an access. */
  const roots = new Map<string, Value>()
  const rootKey = ({ buffer, strides }: Place): string => `${buffer}:${strides[origin?.axis ?? 0] ?? 0}`
  if (origin !== null)
    for (const place of places) {
      const stride = place.strides[origin.axis] ?? 0
      const by = stride * bytes(place.buffer)
      if (stride === 0 || roots.has(rootKey(place))) continue
      const moved = fn.value('i32', [fn.param(place.buffer), origin.start], ([p, n]) =>
        i32.add(p as Node, i32.mul(n as Node, i32.const(by))),
      )
      roots.set(rootKey(place), moved)
    }
  const root = (place: Place): Value => {
    return (origin === null ? undefined : roots.get(rootKey(place))) ?? fn.param(place.buffer)
  }

  /** Two accesses of one buffer move alike as far as the loops down to `axis` go. */
  const key = (place: Place, axis: number): string => `${place.buffer}:${place.strides.slice(0, axis + 1).join()}`

  /** The running pointer of the innermost loop, from `axis` outwards, that moves the place. */
  const pointer = (place: Place, axis: number): Value => {
    for (let a = axis; a >= 0; a--) {
      const running = (place.strides[a] ?? 0) === 0 ? undefined : frame(a).pointers.get(key(place, a))
      if (running !== undefined) return fn.get(running)
    }
    return root(place)
  }

  const within = (axis: number, inner: Frame, body: () => void): void => {
    const outer = frame(axis)
    frames[axis] = inner
    body()
    frames[axis] = outer
  }

  const loop = ({ axis, trips, step, places, counted }: LoopOptions, body: () => void): void => {
    if (trips === 0) return
    if (trips === 1) {
      body()
      return
    }
    const pointers = new Map<string, Variable>()
    const steps = new Map<string, number>()
    for (const place of places) {
      const stride = place.strides[axis] ?? 0
      const k = key(place, axis)
      if (stride === 0 || pointers.has(k)) continue
      pointers.set(k, fn.variable('i32', pointer(place, axis - 1)))
      steps.set(k, stride * step * bytes(place.buffer))
    }
    const begin = origin?.axis === axis ? origin.start : null
    const counter = counted || pointers.size === 0 ? fn.variable('i32', begin ?? fn.i32(0)) : null
    // The loop ends when the first pointer (or the counter) has come to its end.
    const first = [...pointers.entries()][0]
    const driver =
      counter !== null || first === undefined
        ? { variable: counter as Variable, end: begin === null ? fn.i32(trips * step) : add(begin, trips * step) }
        : { variable: first[1], end: add(fn.get(first[1]), trips * (steps.get(first[0]) as number)) }
    fn.repeat(() => {
      within(axis, { position: frame(axis).position, pointers, counter }, body)
      for (const [k, variable] of pointers) fn.set(variable, add(fn.get(variable), steps.get(k) as number))
      if (counter !== null) fn.set(counter, add(fn.get(counter), step))
      return fn.value('i32', [fn.get(driver.variable), driver.end], ([x, end]) => i32.ne(x as Node, end as Node))
    })
  }

  return {
    address: (buffer, access) => {
      const from = pointer({ buffer, strides: access.strides }, access.strides.length - 1)
      const elements = access.strides.reduce((sum, stride, axis) => sum + stride * frame(axis).position, access.offset)
      const offset = elements * bytes(buffer)
      // a pointer that walks backwards may stand below 0 until the offset is added: an immediate would not wrap
      const backwards = offset < 0 || access.strides.some((stride) => stride < 0)
      return backwards ? { pointer: add(from, offset), offset: 0 } : { pointer: from, offset }
    },
    index: (axis) => {
      const { counter, position } = frame(axis)
      if (counter === null) return { counter: origin?.axis === axis ? origin.start : null, position }
      return { counter: fn.get(counter), position }
    },
    at: (axis, position, body) => within(axis, { ...frame(axis), position }, body),
    loop,
  }
}
