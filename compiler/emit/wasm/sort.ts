/**
 * A sort as one Wasm function. In: the emit context and the kernel. Out: the name of a function whose parameters are the byte
 * address of each kernel buffer and, last, of the scratch (unused here).
 * Invariant: each pass distributes the keys, with their positions, by one digit and keeps the order of equal digits, so the
 * passes together are a stable sort; the sign bit of the last digit is turned, because the keys are signed.
 */
import { KEY_BITS, type SortKernel } from '../../kernel/kernel.ts'
import type { Split } from '../../kernel/split.ts'
import {
  type EmitContext,
  type FunctionBuilder,
  functionBuilder,
  type Node,
  type Value,
  type Variable,
} from './function.ts'
import { eachPart } from './parts.ts'

/** Bytes of an i32. */
const WORD = 4

/** Of a split kernel, the function sorts the rows of the part whose number is one parameter more. */
export const emitSort = (context: EmitContext, kernel: SortKernel, split: Split | null = null): string => {
  const { buffers, keys, places, length } = kernel
  const fn = functionBuilder(context, buffers.length + (split === null ? 1 : 2))
  if (split === null) sortRows(fn, kernel, fn.param(keys), fn.param(places))
  else
    eachPart(fn, kernel, split, fn.param(buffers.length + 1), (part, start) => {
      const from = (buffer: number): Value =>
        fn.value('i32', [fn.param(buffer), start], ([at, row]) =>
          fn.module.i32.add(at as Node, fn.module.i32.mul(row as Node, fn.module.i32.const(length * WORD))),
        )
      sortRows(fn, part, from(keys), from(places))
    })
  return fn.finish(context.unique(kernel.name))
}

const sortRows = (fn: FunctionBuilder, kernel: SortKernel, keysAt: Value, placesAt: Value): void => {
  const { rows, length, digit, between } = kernel
  const { i32 } = fn.module
  const passes = KEY_BITS / digit
  const values = 1 << digit
  const of = (a: Value, b: Value, make: (x: Node, y: Node) => Node): Value =>
    fn.value('i32', [a, b], ([x, y]) => make(x as Node, y as Node))
  const sum = (a: Value, b: Value): Value => of(a, b, i32.add)
  const plus = (a: Value, by: number): Value => (by === 0 ? a : sum(a, fn.i32(by)))
  const load = (at: Value): Value => fn.value('i32', [at], ([p]) => i32.load(0, WORD, p as Node))
  const store = (at: Value, value: Value): void =>
    fn.effect([at, value], ([p, v]) => i32.store(0, WORD, p as Node, v as Node))

  /** Runs the body so many times, once at least, with pointers that move on by `step` bytes each time. */
  const along = (
    starts: readonly Value[],
    trips: number,
    step: number,
    body: (pointers: readonly Value[]) => void,
  ): void => {
    const pointers = starts.map((start) => fn.variable('i32', start))
    const first = pointers[0] as Variable
    const end = plus(fn.get(first), trips * step)
    fn.repeat(() => {
      body(pointers.map(fn.get))
      for (const p of pointers) fn.set(p, plus(fn.get(p), step))
      return of(fn.get(first), end, i32.ne)
    })
  }

  const counts = fn.param(between.counts)
  /** Where the keys of this key's digit are counted, and later where the next of them goes. */
  const slotOf = (key: Value, pass: number): Value => {
    const shifted = pass === 0 ? key : of(key, fn.i32(pass * digit), i32.shr_u)
    const own = of(shifted, fn.i32(values - 1), i32.and)
    const unsigned = pass === passes - 1 ? of(own, fn.i32(values / 2), i32.xor) : own
    return plus(sum(counts, of(unsigned, fn.i32(2), i32.shl)), pass * values * WORD)
  }
  /** Counts are bytes of keys: what they add up to is an address. */
  const count = (slot: Value): void => store(slot, plus(load(slot), WORD))

  const countAll = (keys: Value): void => {
    along([counts], passes * values, WORD, ([p]) => store(p as Value, fn.i32(0)))
    along([keys], length, WORD, ([p]) => {
      const key = load(p as Value)
      for (let pass = 0; pass < passes; pass++) count(slotOf(key, pass))
    })
    for (let pass = 0; pass < passes; pass++) {
      const total = fn.variable('i32', fn.i32(0))
      along([plus(counts, pass * values * WORD)], values, WORD, ([p]) => {
        const own = load(p as Value)
        store(p as Value, fn.get(total))
        fn.set(total, sum(fn.get(total), own))
      })
    }
  }

  /** Distributes keys and their positions; the first pass makes the positions, the last one keeps no keys. */
  const distribute = (pass: number, from: readonly Value[], keysTo: Value, placesTo: Value): void => {
    const position = fn.variable('i32', fn.i32(0))
    along(from, length, WORD, ([keyAt, placeAt]) => {
      const key = load(keyAt as Value)
      const slot = slotOf(key, pass)
      const to = load(slot)
      const place = placeAt === undefined ? fn.get(position) : load(placeAt)
      store(slot, plus(to, WORD))
      if (pass < passes - 1) store(sum(keysTo, to), key)
      store(sum(placesTo, to), place)
      if (placeAt === undefined) fn.set(position, plus(fn.get(position), 1))
    })
  }

  const room = between.keys.map((b) => fn.param(b)) as [Value, Value]
  if (rows > 0)
    along([keysAt, placesAt], rows, length * WORD, ([keys, places]) => {
      countAll(keys as Value)
      // the positions change sides so that the last pass leaves them in their place
      const sides = [places as Value, fn.param(between.places)] as const
      for (let pass = 0; pass < passes; pass++) {
        const to = sides[(passes - 1 - pass) % 2] as Value
        const from = pass === 0 ? [keys as Value] : [room[(pass - 1) % 2] as Value, sides[(passes - pass) % 2] as Value]
        distribute(pass, from, room[pass % 2] as Value, to)
      }
    })
}
