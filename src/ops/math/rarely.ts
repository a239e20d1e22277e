/**
 * A choice of several values, where one side is long and seldom needed. In: a condition, both sides. Out: values.
 * Invariant: the meaning is `select`, lane by lane; a target that can branch may leave out `rare` where no lane asks for it.
 */
import type { Machine } from '../../core/machine.ts'

export const rarely = <R>(
  m: Machine<R>,
  condition: R,
  rare: () => readonly R[],
  common: readonly R[],
): readonly R[] => {
  if (m.rarely !== undefined) return m.rarely(condition, rare, common)
  const values = rare()
  return common.map((value, i) => m.select(condition, values[i] as R, value))
}
