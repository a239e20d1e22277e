/**
 * Drops instructions whose value nobody uses. In: a body and the values wanted of it. Out: the body without the rest, and
 * where each value went. Invariant: order stays, so arguments still come before their users.
 */
import type { Instr, Value } from '../kernel/kernel.ts'
import { argsOf, withArgs } from '../kernel/operands.ts'

export interface Pruned {
  readonly body: readonly Instr[]
  /** Where a wanted value stands now. */
  readonly at: (value: Value) => Value
}

export const prune = (body: readonly Instr[], wanted: readonly Value[]): Pruned => {
  const used = new Set<Value>(wanted)
  for (let v = body.length - 1; v >= 0; v--) {
    if (used.has(v)) for (const a of argsOf(body[v] as Instr)) used.add(a)
  }
  const places = new Map<Value, Value>()
  const kept: Instr[] = []
  const at = (v: Value): Value => places.get(v) as Value
  for (const [v, instr] of body.entries()) {
    if (!used.has(v)) continue
    places.set(v, kept.length)
    kept.push(withArgs(instr, at))
  }
  return { body: kept, at }
}
