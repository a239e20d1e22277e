/**
 * Drops instructions whose value nobody uses. In: a body and the values wanted of it. Out: the body without the rest, and
 * where each value went. Invariant: order stays, so arguments still come before their users.
 */
import type { Instr, Value } from '../kernel/kernel.ts'

export interface Pruned {
  readonly body: readonly Instr[]
  /** Where a wanted value stands now. */
  readonly at: (value: Value) => Value
}

export const prune = (body: readonly Instr[], wanted: readonly Value[]): Pruned => {
  const used = new Set<Value>(wanted)
  for (let v = body.length - 1; v >= 0; v--) {
    const instr = body[v] as Instr
    if (used.has(v) && instr.tag === 'apply') for (const a of instr.args) used.add(a)
  }
  const places = new Map<Value, Value>()
  const kept: Instr[] = []
  const at = (v: Value): Value => places.get(v) as Value
  for (const [v, instr] of body.entries()) {
    if (!used.has(v)) continue
    places.set(v, kept.length)
    kept.push(instr.tag === 'apply' ? { ...instr, args: instr.args.map(at) } : instr)
  }
  return { body: kept, at }
}
