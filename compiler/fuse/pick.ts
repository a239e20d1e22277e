/**
 * Takes the one element that a comparison leaves of a row by its index. In: a loop kernel. Out: the same kernel, in which a
 * sum of where(label = index, memory, 0) over a row is no walk over the row, but one load at a computed place.
 * Invariant: the sum keeps its bits: it starts from +0, and a label out of range leaves nothing but that.
 */
import type { Instr, LoopKernel, Reduction, Stage, Value } from '../kernel/kernel.ts'
import { argsOf, resultsOf, withArgs } from '../kernel/operands.ts'
import { type Body, makeBody } from './body.ts'
import { prune } from './prune.ts'

type Load = Extract<Instr, { readonly tag: 'load' }>

/** The element of the memory whose place along the row is the label's. */
interface Pick {
  readonly row: number
  readonly label: Value
  readonly from: Load
}

/** Whether a value is the same for the whole row. */
const isOfRow = (body: readonly Instr[], value: Value, axis: number): boolean => {
  const i = body[value] as Instr
  if ((i.tag === 'load' || i.tag === 'gather') && i.access.strides[axis] !== 0) return false
  return !(i.tag === 'index' && i.axis === axis) && argsOf(i).every((a) => isOfRow(body, a, axis))
}

const pickOf = (k: LoopKernel, { body }: Stage, { row, combine, value }: Reduction): Pick | null => {
  const axis = k.outer.length
  const chosen = body[value]
  if (combine !== 'sum' || chosen?.tag !== 'apply' || chosen.op !== 'where') return null
  const [test, from, otherwise] = chosen.args.map((a) => body[a]) as [Instr, Instr, Instr]
  const isRead = from.tag === 'load' && k.buffers[from.buffer]?.mode === 'read' && from.access.strides[axis] !== 0
  if (!isRead || otherwise.tag !== 'literal' || otherwise.value !== 0) return null
  if (test.tag !== 'apply' || test.op !== 'equal') return null
  const isIndex = (v: Value): boolean => {
    const i = body[v]
    return i?.tag === 'index' && i.axis === axis
  }
  const label = test.args.find((a) => !isIndex(a))
  if (label === undefined || !test.args.some(isIndex) || !isOfRow(body, label, axis)) return null
  return { row, label, from }
}

/** A value of the row, computed once for it. */
const copied = (to: Body, body: readonly Instr[], value: Value, axis: number): Value => {
  const i = withArgs(body[value] as Instr, (a) => copied(to, body, a, axis))
  const ofRow = (strides: readonly number[]): readonly number[] => strides.slice(0, axis)
  return to.emit('access' in i ? { ...i, access: { ...i.access, strides: ofRow(i.access.strides) } } : i)
}

const picking = (k: LoopKernel, s: Stage, picks: readonly Pick[]): Stage => {
  const axis = k.outer.length
  const extent = s.dims[0] as number
  const to = makeBody()
  const apply = (
    op: 'clip' | 'equal' | 'add' | 'where',
    dtype: Instr['dtype'],
    args: readonly Value[],
    params: unknown,
  ) => to.emit({ tag: 'apply', dtype, op, params, args })
  const rows = picks.map(({ row, label, from: { buffer, dtype, access } }) => {
    const index = copied(to, s.body, label, axis)
    const place = { offset: access.offset, strides: access.strides.slice(0, axis) }
    const taken = to.gather(buffer, dtype, { stride: access.strides[axis] as number, extent }, place, index)
    const kept = apply('clip', 'i32', [index], { lo: 0, hi: extent - 1 })
    const nothing = to.literal(0, dtype)
    const inside = apply('equal', 'bool', [kept, index], null)
    // −0 becomes +0, as in any sum
    return { row, value: apply('where', dtype, [inside, apply('add', dtype, [nothing, taken], null), nothing], null) }
  })
  return { dims: [], body: to.instrs(), reductions: [], rows, stores: [], updates: [] }
}

/** The stage without what is picked; null where nothing is left of it. */
const without = (s: Stage, picks: readonly Pick[]): Stage | null => {
  const reductions = s.reductions.filter((r) => picks.every((p) => p.row !== r.row))
  if (reductions.length + s.stores.length + s.updates.length === 0) return null
  const rest = { ...s, reductions }
  const { body, at } = prune(s.body, resultsOf(rest))
  return {
    ...rest,
    body,
    reductions: reductions.map((r) => ({ ...r, value: at(r.value) })),
    stores: s.stores.map((x) => ({ ...x, value: at(x.value) })),
    updates: s.updates.map((u) => ({ ...u, index: at(u.index), value: at(u.value) })),
  }
}

export const pickElements = (k: LoopKernel): LoopKernel => {
  const stages = k.stages.flatMap((s): readonly Stage[] => {
    const picks = s.dims.length === 1 ? s.reductions.flatMap((r) => pickOf(k, s, r) ?? []) : []
    if (picks.length === 0) return [s]
    const rest = without(s, picks)
    return [picking(k, s, picks), ...(rest === null ? [] : [rest])]
  })
  return { ...k, stages }
}
