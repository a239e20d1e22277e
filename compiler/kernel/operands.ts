/**
 * The values that instructions and stages use. In: an instruction or a stage. Out: what it refers to, and the same with
 * other references. Invariant: whoever walks a body asks here, so that no operand of a new instruction is forgotten.
 */
import type { Access, Instr, Stage, Value } from './kernel.ts'

/** The values that an instruction is computed from. */
export const argsOf = (i: Instr): readonly Value[] => (i.tag === 'apply' ? i.args : i.tag === 'gather' ? [i.index] : [])

/** The instruction with each of its values looked up anew. */
export const withArgs = (i: Instr, at: (value: Value) => Value): Instr => {
  if (i.tag === 'apply') return { ...i, args: i.args.map(at) }
  return i.tag === 'gather' ? { ...i, index: at(i.index) } : i
}

/** The values of a body that leave it. */
export const resultsOf = (s: Stage): readonly Value[] => [
  ...[...s.reductions, ...s.rows, ...s.stores].map((x) => x.value),
  ...s.updates.flatMap((u) => [u.index, u.value]),
]

/** Every access of a stage, those with a computed part too. */
export const accessesOf = (s: Stage): readonly { readonly buffer: number; readonly access: Access }[] => [
  ...s.body.flatMap((i) => (i.tag === 'load' || i.tag === 'gather' ? [i] : [])),
  ...s.stores,
  ...s.updates,
]

/** The stage with every access changed. */
export const mapAccesses = (s: Stage, f: (access: Access) => Access): Stage => ({
  ...s,
  body: s.body.map((i) => (i.tag === 'load' || i.tag === 'gather' ? { ...i, access: f(i.access) } : i)),
  stores: s.stores.map((x) => ({ ...x, access: f(x.access) })),
  updates: s.updates.map((x) => ({ ...x, access: f(x.access) })),
})
