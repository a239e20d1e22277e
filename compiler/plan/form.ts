/**
 * The form of a kernel: what is left of it without names, without the numbers that its bodies name, and without where in a
 * buffer its reading begins. In: a kernel. Out: its form, those numbers and places; and a kernel that is given some of the
 * numbers in memory. Invariant: kernels of one form are one function of numbers and addresses, which adds in one order.
 */
import type { DType } from '../../src/core/dtype.ts'
import { paramsKey } from '../../src/expr/key.ts'
import { hullOf } from '../kernel/access.ts'
import type { Access, Instr, Kernel, KernelBuffer, Operand, Stage } from '../kernel/kernel.ts'
import { usesOf } from '../kernel/uses.ts'
import { mayAlias } from './alias.ts'

export interface Literal {
  readonly dtype: DType
  readonly value: number
}

export interface Form {
  readonly key: string
  /** The numbers that it names, in the order of its bodies. */
  readonly literals: readonly Literal[]
  /** The first element that each buffer is read at; 0 where that is not apart from the kernel. */
  readonly starts: readonly number[]
  /** The kernel, its reading begun at element 0 of each buffer. */
  readonly kernel: Kernel
}

/** Where the reading of each buffer begins, and behind which element it ends. */
const extentsOf = (k: Kernel): readonly { readonly start: number; readonly elements: number }[] => {
  const uses = usesOf(k)
  const writes = k.buffers.flatMap((b, i) => (b.mode === 'read' ? [] : [i]))
  return k.buffers.map(({ mode, elements }, b) => {
    const whole = { start: 0, elements }
    if (mode !== 'read') return whole
    const hulls = uses.flatMap((u) => (u.buffer === b ? [hullOf(u.access, u.dims)] : [])).filter((h) => h !== null)
    const start = Math.min(...hulls.map((h) => h.start))
    const end = Math.max(...hulls.map((h) => h.end))
    if (hulls.length === 0 || (start === 0 && end === elements)) return whole
    // what a result may lie over has to begin where the result does
    return writes.some((w) => mayAlias(k, b, w)) ? whole : { start, elements: end - start }
  })
}

const mapBodies = (k: Kernel, f: (i: Instr, dims: number) => Instr): Kernel => {
  if (k.tag === 'sort') return k
  if (k.tag === 'contraction') return { ...k, body: k.body.map((i) => f(i, k.batch.length + 2)) }
  const inStage = (s: Stage): Stage => ({ ...s, body: s.body.map((i) => f(i, k.outer.length + s.dims.length)) })
  return { ...k, stages: k.stages.map(inStage) }
}

/** The kernel with what it reads of each buffer begun at element 0. */
const begun = (k: Kernel, extents: ReturnType<typeof extentsOf>): Kernel => {
  if (extents.every((e, b) => e.start === 0 && e.elements === k.buffers[b]?.elements)) return k
  const startOf = (buffer: number): number => extents[buffer]?.start ?? 0
  const moved = (a: Access, buffer: number): Access => ({ ...a, offset: a.offset - startOf(buffer) })
  const operand = (o: Operand): Operand => ({ ...o, offset: o.offset - startOf(o.buffer) })
  const buffers = k.buffers.map((b, i): KernelBuffer => ({ ...b, elements: extents[i]?.elements ?? b.elements }))
  const inner = mapBodies({ ...k, buffers }, (i) =>
    i.tag === 'load' || i.tag === 'gather' ? { ...i, access: moved(i.access, i.buffer) } : i,
  )
  return inner.tag === 'contraction' ? { ...inner, a: operand(inner.a), b: operand(inner.b) } : inner
}

/** Whether it is a number that memory may hold as well. */
const isNumber = (i: Instr): i is Instr & { readonly tag: 'literal' } => i.tag === 'literal' && i.dtype !== 'bool'

export const formOf = (k: Kernel): Form => {
  const extents = extentsOf(k)
  const kernel = begun(k, extents)
  const literals: Literal[] = []
  /** As text, so that no number is lost in JSON. */
  const bare = mapBodies(kernel, (i) => {
    if (i.tag === 'apply') return { ...i, params: paramsKey(i.params) }
    if (!isNumber(i)) return i
    literals.push(i)
    return { ...i, value: 0 }
  })
  const buffers = kernel.buffers.map((b) => [b.dtype, b.mode, b.elements])
  const key = JSON.stringify({ ...bare, name: '', buffers })
  return { key, literals, starts: extents.map((e) => e.start), kernel }
}

/** The kernel with literal n loaded from the place that `from` knows, in buffers behind its own. */
export const withLiteralsFrom = (
  k: Kernel,
  tables: readonly KernelBuffer[],
  from: (n: number) => { readonly table: number; readonly element: number } | undefined,
): Kernel => {
  let n = 0
  const loading = mapBodies(k, (i, dims) => {
    if (!isNumber(i)) return i
    const place = from(n++)
    if (place === undefined) return i
    const access = { offset: place.element, strides: new Array<number>(dims).fill(0) }
    return { tag: 'load', dtype: i.dtype, buffer: k.buffers.length + place.table, access }
  })
  return { ...loading, buffers: [...k.buffers, ...tables] }
}
