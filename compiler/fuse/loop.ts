/**
 * A loop group as a LoopKernel. In: the group, which values live elsewhere. Out: a kernel of alternating row and full
 * stages. Invariant: full stage t runs after the rows it needs (row stage t), a value is stored in the first stage that can
 * compute it, and a dear value that a later stage needs again waits in memory (its own buffer, or a scratch row).
 */
import { sizeOf, stridesOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { Access, LoopKernel, Reduction, Stage, Store, Value } from '../kernel/kernel.ts'
import { resultsOf } from '../kernel/operands.ts'
import { accessOf, type Body, freeValue, isReduction, makeBody, makeBuffers, storeOf } from './body.ts'
import { collapseKernel } from './collapse.ts'
import type { FusedKernel } from '../program/fused.ts'
import { type Group, operandUse, useOf, walkedShape } from './group.ts'
import { sourceRows } from './indexing.ts'
import { type Inlining, isFree } from './inline.ts'
import { pickElements } from './pick.ts'
import { prune } from './prune.ts'
import { stripView, without } from './shape.ts'
import { regionsOf } from './view.ts'

/** A value is computed again in a later stage rather than kept where this many instructions do it. */
const recomputeLimit = 4

const pruned = (s: Stage): Stage => {
  const { body, at } = prune(s.body, resultsOf(s))
  const moved = <T extends { readonly value: Value }>(x: T): T => ({ ...x, value: at(x.value) })
  return { ...s, body, stores: s.stores.map(moved), reductions: s.reductions.map(moved), rows: s.rows.map(moved) }
}

export const loopKernel = (
  group: Group,
  inlining: Inlining,
  stored: (n: Node) => boolean,
  name: string,
): FusedKernel => {
  const { domain, axes, anchors } = group
  const outerAxes = domain.map((_, i) => i).filter((i) => axes.length > 0 && !axes.includes(i))
  const innerAxes = domain.map((_, i) => i).filter((i) => !outerAxes.includes(i))
  const rowShape = without(domain, axes)
  const buffers = makeBuffers()

  /** Strides over the domain as strides over [outer…, inner…]. */
  const overFull = (offset: number, strides: readonly number[]): Access => ({
    offset,
    strides: [...outerAxes, ...innerAxes].map((i) => strides[i] as number),
  })

  const ownRow = (n: Node): boolean => anchors.get(n) === 'row'
  const ownFull = (n: Node): boolean => anchors.get(n) === 'full'

  // ---- when each value can be had
  const times = new Map<Node, number>()
  const timeOfOperand = (user: Node, x: Node): number => {
    if (isFree(x)) return 0
    const base = inlining.inlined(x) ? x : useOf(x, walkedShape(user)).base
    return inlining.inlined(base) || anchors.has(base) ? timeOf(base) : 0
  }
  const timeOf = (n: Node): number => {
    const known = times.get(n)
    if (known !== undefined) return known
    const t = Math.max(0, ...n.ins.map((i) => timeOfOperand(n, i))) + (isReduction(n) ? 1 : 0)
    times.set(n, t)
    return t
  }
  for (const n of anchors.keys()) timeOf(n)

  // ---- dear full values that a later stage needs
  const kept = new Set<Node>()
  const noteKept = (n: Node, at: number): void => {
    for (const i of n.ins) {
      if (isFree(i)) continue
      if (inlining.inlined(i)) noteKept(i, at)
      else {
        const { base } = useOf(i, walkedShape(n))
        if (!ownFull(base)) continue
        if (timeOf(base) < at && inlining.cost(base) > recomputeLimit) kept.add(base)
        else if (timeOf(base) < at) noteKept(base, at)
      }
    }
  }
  for (const n of anchors.keys()) {
    if (isReduction(n)) noteKept(n, timeOf(n) - 1)
    else if (ownFull(n)) noteKept(n, timeOf(n))
  }

  const rowIds = new Map<Node, number>()
  const rows: LoopKernel['rows'][number][] = []
  const rowId = (n: Node): number => {
    const known = rowIds.get(n)
    if (known !== undefined) return known
    rowIds.set(n, rows.length)
    rows.push(n.dtype)
    return rows.length - 1
  }

  const fullAccess = overFull(0, stridesOf(domain))
  const scratchAccess: Access = {
    offset: 0,
    strides: [...outerAxes.map(() => 0), ...stridesOf(innerAxes.map((i) => domain[i] as number))],
  }
  const keep = (n: Node): { readonly buffer: number; readonly access: Access } =>
    stored(n)
      ? { buffer: buffers.write(n), access: fullAccess }
      : { buffer: buffers.scratch(n, sizeOf(innerAxes.map((i) => domain[i] as number))), access: scratchAccess }

  /** The value of a node in a full stage (or, with `row`, in a row stage). */
  const evaluate = (body: Body, memo: Map<Node, Value>, at: number, row: boolean, n: Node): Value => {
    const known = memo.get(n)
    if (known !== undefined) return known
    const value = (() => {
      if (!row && ownFull(n) && timeOf(n) < at && kept.has(n)) {
        const { buffer, access } = keep(n)
        return body.load(buffer, n.dtype, access)
      }
      if (n.op === 'gather') {
        const rows = sourceRows(n)
        const access = row ? accessOf(rows.view) : overFull(rows.view.offset, rows.view.strides)
        return body.gather(buffers.read(rows.base), n.dtype, rows, access, operand(body, memo, at, row, 1, n))
      }
      return body.apply(
        n,
        n.ins.map((_, k) => operand(body, memo, at, row, k, n)),
      )
    })()
    memo.set(n, value)
    return value
  }

  const operand = (body: Body, memo: Map<Node, Value>, at: number, row: boolean, k: number, user: Node): Value => {
    const i = user.ins[k] as Node
    if (inlining.inlined(i) && !isFree(i)) return evaluate(body, memo, at, row, i)
    const { base, view } = operandUse(user, k)
    const access = row ? accessOf(view) : overFull(view.offset, view.strides)
    if (isFree(i)) return freeValue(body, base, access)
    if (ownRow(base)) {
      // a row computed in this very row stage is a value; an earlier one is fetched
      const here = memo.get(base)
      if (row && here !== undefined) return here
      if (row && !isReduction(base) && timeOf(base) === at) return evaluate(body, memo, at, row, base)
      return body.emit({ tag: 'row', dtype: base.dtype, row: rowId(base) })
    }
    if (!row && ownFull(base)) return evaluate(body, memo, at, row, base)
    return body.load(buffers.read(base), base.dtype, access)
  }

  const last = Math.max(0, ...[...anchors.keys()].map(timeOf))
  const stages: Stage[] = []
  const innerDims = innerAxes.map((i) => domain[i] as number)
  const rowAccess: Access = { offset: 0, strides: stridesOf(rowShape) }
  for (let t = 0; t <= last; t++) {
    if (axes.length > 0) {
      const body = makeBody()
      const memo = new Map<Node, Value>()
      const stores: Store[] = []
      const defined: { row: number; value: Value }[] = []
      for (const [n, level] of anchors) {
        if (level !== 'row' || timeOf(n) !== t) continue
        const value = isReduction(n)
          ? body.emit({ tag: 'row', dtype: n.dtype, row: rowId(n) })
          : evaluate(body, memo, t, true, n)
        memo.set(n, value)
        if (!isReduction(n)) defined.push({ row: rowId(n), value })
        if (stored(n)) stores.push(storeOf(buffers.write(n), rowAccess, value))
      }
      if (defined.length > 0 || stores.length > 0)
        stages.push(pruned({ dims: [], body: body.instrs(), reductions: [], rows: defined, stores, updates: [] }))
    }
    const body = makeBody()
    const memo = new Map<Node, Value>()
    const stores: Store[] = []
    const reductions: Reduction[] = []
    for (const [n, level] of anchors) {
      // in order, so that no chain of anchors is followed by recursion; what nobody wants is pruned
      if (level === 'full' && timeOf(n) === t) evaluate(body, memo, t, false, n)
      if (level === 'full' && timeOf(n) === t && (stored(n) || kept.has(n))) {
        const { buffer, access } = keep(n)
        stores.push(storeOf(buffer, access, evaluate(body, memo, t, false, n)))
      }
      if (level === 'parts')
        for (const [k, part] of (regionsOf(n)?.parts ?? []).map(stripView).entries()) {
          if (timeOfOperand(n, n.ins[k] as Node) !== t) continue
          const value = operand(body, memo, t, false, k, n)
          stores.push(storeOf(buffers.write(n), overFull(part.offset, part.strides), value))
        }
      if (isReduction(n) && timeOf(n) === t + 1) {
        const value = operand(body, memo, t, false, 0, n)
        const def = opDef(n.op)
        if (def.kind === 'reduction') reductions.push({ row: rowId(n), combine: def.combine, value })
      }
    }
    if (stores.length > 0 || reductions.length > 0)
      stages.push(pruned({ dims: innerDims, body: body.instrs(), reductions, rows: [], stores, updates: [] }))
  }

  const lastAxis = domain.length - 1
  const kernel: LoopKernel = {
    tag: 'loop',
    name,
    outer: outerAxes.map((i) => domain[i] as number),
    stages,
    order: axes.length === 0 || axes.includes(lastAxis) ? 'lanes' : 'sequential',
    rows,
    buffers: buffers.list(),
  }
  return {
    tag: 'kernel',
    kernel: pickElements(collapseKernel(kernel)),
    slots: buffers.slots(),
    anchors: [...anchors.keys()],
  }
}
