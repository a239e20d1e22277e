/**
 * A split kernel's function, which runs the part that it is told to. In: the kernel, its split, the number of a part.
 * Out: the code of all parts: those of full length are one text that begins further along, a shorter last one is another.
 * Invariant: extents are known in every text, as they are in a kernel that is not split.
 */
import type { Kernel } from '../../kernel/kernel.ts'
import { lengthOf, type Split, shortened } from '../../kernel/split.ts'
import type { FunctionBuilder, Node, Value } from './function.ts'

/** `start` counts steps along the axis. */
export const eachPart = <K extends Kernel>(
  fn: FunctionBuilder,
  kernel: K,
  split: Split,
  part: Value,
  body: (kernel: K, start: Value) => void,
): void => {
  const { i32 } = fn.module
  const { axis, length, parts } = split
  const last = lengthOf(kernel, split, parts - 1)
  const start = fn.value('i32', [part], ([p]) => i32.mul(p as Node, i32.const(length)))
  const full = (): void => body(shortened(kernel, axis, length), start)
  if (last === length) return full()
  const compared = (op: 'eq' | 'ne'): Value =>
    fn.value('i32', [part], ([p]) => i32[op](p as Node, i32.const(parts - 1)))
  fn.when(compared('ne'), full)
  fn.when(compared('eq'), () => body(shortened(kernel, axis, last), start))
}
