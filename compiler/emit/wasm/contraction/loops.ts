/**
 * The loops of a contraction. In: a count known now. Out: a loop that carries an index, or one that moves pointers.
 * Invariant: a body that runs once makes no loop, one that runs zero times makes nothing.
 */
import type { FunctionBuilder, Node, Value } from '../function.ts'
import { type Index, moved, plus } from './pointers.ts'

const different = (fn: FunctionBuilder, a: Value, b: Value): Value =>
  fn.value('i32', [a, b], ([x, y]) => fn.module.i32.ne(x as Node, y as Node))

const equal = (fn: FunctionBuilder, a: Value, b: Value): Value =>
  fn.value('i32', [a, b], ([x, y]) => fn.module.i32.eq(x as Node, y as Node))

/** Runs the body where all indices are 0. */
export const whereZero = (fn: FunctionBuilder, indices: readonly Index[], body: () => void): void => {
  const [index, ...rest] = indices
  if (index === undefined) body()
  else if (typeof index !== 'number') fn.when(equal(fn, index, fn.i32(0)), () => whereZero(fn, rest, body))
  else if (index === 0) whereZero(fn, rest, body)
}

/** What a loop reads anew each time round, and moves on at its end. */
interface Place {
  readonly read: () => Value
  readonly advance: () => void
}

const place = (fn: FunctionBuilder, start: Value, step: number): Place => {
  if (step === 0) return { read: () => start, advance: () => {} }
  const variable = fn.variable('i32', start)
  const read = () => fn.get(variable)
  return { read, advance: () => fn.set(variable, plus(fn, read(), step)) }
}

/** For index = start, start + step, …, `count` times. */
export const countedLoop = (
  fn: FunctionBuilder,
  start: number,
  step: number,
  count: number,
  body: (index: Index) => void,
): void => {
  if (count <= 0) return
  if (count === 1) return body(start)
  const index = place(fn, fn.i32(start), step)
  fn.repeat(() => {
    body(index.read())
    index.advance()
    return different(fn, index.read(), fn.i32(start + step * count))
  })
}

/** For first = 0, size, 2·size, …: `size` at a time, and the rest. */
export const chunkedLoop = (
  fn: FunctionBuilder,
  count: number,
  size: number,
  body: (first: Index, length: number) => void,
): void => {
  const whole = Math.floor(count / size)
  countedLoop(fn, 0, size, whole, (first) => body(first, size))
  if (count % size > 0) body(whole * size, count % size)
}

/**
 * `count` times with pointers that move on by so many bytes each time. The first that moves says where the loop ends, which
 * saves a counter. `barrier` is a branch that is never taken, before which an engine moves no load from behind it. It
 * asks whether that first pointer is a negative odd number, another one each time, because an engine drops a question
 * that it has answered before. A count that is known while running may be 0.
 */
export const countedSteps = (
  fn: FunctionBuilder,
  count: Index,
  pointers: readonly { readonly start: Value; readonly step: number }[],
  body: (pointers: readonly Value[], barrier: () => void) => void,
): void => {
  const starts = pointers.map((p) => p.start)
  if (typeof count !== 'number') return fn.when(count, () => steps(fn, count, pointers, body))
  if (count <= 0) return
  if (count === 1) return body(starts, () => {})
  steps(fn, count, pointers, body)
}

const steps = (
  fn: FunctionBuilder,
  count: Index,
  pointers: readonly { readonly start: Value; readonly step: number }[],
  body: (pointers: readonly Value[], barrier: () => void) => void,
): void => {
  const moving = pointers.find((p) => p.step !== 0)
  const leader = moving ?? { start: fn.i32(0), step: 1 }
  const end = moved(fn, leader.start, [[count, leader.step]])
  const places = pointers.map((p) => place(fn, p.start, p.step))
  const lead = moving === undefined ? place(fn, leader.start, leader.step) : (places[pointers.indexOf(moving)] as Place)
  fn.repeat((leave) => {
    let never = 1
    const barrier = (): void => {
      never -= 2
      leave(equal(fn, lead.read(), fn.i32(never)))
    }
    body(
      places.map((p) => p.read()),
      barrier,
    )
    for (const p of new Set([...places, lead])) p.advance()
    return different(fn, lead.read(), end)
  })
}
