/**
 * Builds the scalar program of a stage. In: nodes, and how to find each operand. Out: instructions in SSA form.
 * Invariant: one instruction a node and stage (a value is computed once), arguments before their users.
 */
import type { DType } from '../../src/core/dtype.ts'
import type { Node } from '../../src/expr/expr.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { View } from '../../src/ops/signature.ts'
import { paramsKey } from '../../src/expr/key.ts'
import { nameOf } from '../../src/expr/origin.ts'
import type { Access, Instr, KernelBuffer, Store, Value } from '../kernel/kernel.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Slot } from '../program/fused.ts'

/** The buffers of a kernel under construction: one slot for each value read and each value written. */
export interface Buffers {
  readonly read: (node: Node) => number
  readonly write: (node: Node) => number
  /** What `from` holds before the kernel is `node` behind it. */
  readonly update: (node: Node, from: Node) => number
  /** Room for a value in the making; `use` tells several of one node apart. */
  readonly scratch: (node: Node, elements: number, use?: string) => number
  readonly list: () => readonly KernelBuffer[]
  readonly slots: () => readonly Slot[]
}

const labelOf = (node: Node): string => nameOf(node) ?? node.op

export const makeBuffers = (): Buffers => {
  const list: KernelBuffer[] = []
  const slots: Slot[] = []
  const index = new Map<string, number>()
  const slot = (made: Slot, elements: number, use = ''): number => {
    const { node, role } = made
    const key = `${role}${node.id}${use}`
    const known = index.get(key)
    if (known !== undefined) return known
    list.push({ dtype: node.dtype, elements, mode: role, label: use === '' ? labelOf(node) : use })
    slots.push(made)
    index.set(key, list.length - 1)
    return list.length - 1
  }
  return {
    read: (node) => slot({ node, role: 'read' }, sizeOf(node.shape)),
    write: (node) => slot({ node, role: 'write' }, sizeOf(node.shape)),
    update: (node, from) => slot({ node, role: 'update', from }, sizeOf(node.shape)),
    scratch: (node, elements, use) => slot({ node, role: 'scratch' }, elements, use),
    list: () => list,
    slots: () => slots,
  }
}

/** A stage's instructions under construction. */
export interface Body {
  readonly emit: (instr: Instr) => Value
  readonly load: (buffer: number, dtype: DType, access: Access) => Value
  /** A row by its index; `access` is where row 0 lies. */
  readonly gather: (
    buffer: number,
    dtype: DType,
    rows: { readonly stride: number; readonly extent: number },
    access: Access,
    index: Value,
  ) => Value
  readonly literal: (value: number, dtype: DType) => Value
  readonly apply: (node: Node, args: readonly Value[]) => Value
  /** offset + Σ strides·index as an i32. */
  readonly position: (access: Access) => Value
  readonly instrs: () => readonly Instr[]
}

/** Equal instructions have equal keys. The two frequent kinds are written out: of a kernel's thousand, most are theirs. */
const instrKey = (i: Instr): string => {
  if (i.tag === 'apply')
    return `${i.op} ${i.dtype} ${i.args.join()}${i.params === null ? '' : ` ${paramsKey(i.params)}`}`
  if (i.tag === 'load') return `load ${i.dtype} ${i.buffer} ${i.access.offset} ${i.access.strides.join()}`
  return paramsKey(i)
}

export const makeBody = (): Body => {
  const instrs: Instr[] = []
  const known = new Map<string, Value>()
  const emit = (instr: Instr): Value => {
    const key = instrKey(instr)
    const before = known.get(key)
    if (before !== undefined) return before
    instrs.push(instr)
    known.set(key, instrs.length - 1)
    return instrs.length - 1
  }
  const literal = (value: number, dtype: DType): Value => emit({ tag: 'literal', dtype, value })
  const i32 = (op: 'add' | 'mul', x: Value, y: Value): Value =>
    emit({ tag: 'apply', dtype: 'i32', op, params: null, args: [x, y] })
  return {
    emit,
    literal,
    load: (buffer, dtype, access) => emit({ tag: 'load', dtype, buffer, access }),
    gather: (buffer, dtype, { stride, extent }, access, index) =>
      emit({ tag: 'gather', dtype, buffer, access, index, stride, extent }),
    apply: (node, args) => emit({ tag: 'apply', dtype: node.dtype, op: node.op, params: node.params, args }),
    position: ({ offset, strides }) => {
      let sum: Value | null = offset === 0 ? null : literal(offset, 'i32')
      for (const [axis, s] of strides.entries()) {
        if (s === 0) continue
        const index = emit({ tag: 'index', dtype: 'i32', axis })
        const term = s === 1 ? index : i32('mul', index, literal(s, 'i32'))
        sum = sum === null ? term : i32('add', sum, term)
      }
      return sum ?? literal(0, 'i32')
    },
    instrs: () => instrs,
  }
}

/** The value of a node that costs no memory: a literal everywhere, or a position. */
export const freeValue = (body: Body, base: Node, access: Access): Value =>
  base.op === 'full' ? body.literal(paramsOf(base, 'full').value, base.dtype) : body.position(access)

export const accessOf = (view: View): Access => ({ offset: view.offset, strides: view.strides })

export const storeOf = (buffer: number, access: Access, value: Value): Store => ({ buffer, access, value })

export const isReduction = (node: Node): boolean => opDef(node.op).kind === 'reduction'
