/**
 * Kernels that differ only in numbers and in places are one kernel. In: the steps of all entries, each with a kernel of its
 * own. Out: the different kernels, and each step as a call of one of them. Invariant: what a step computes stays the same to
 * the bit. A number that the steps of one form do not agree on lies in memory, and each step is given its own.
 */
import type { DType } from '../../src/core/dtype.ts'
import { elementsFor } from '../../src/expr/constant.ts'
import { paramsKey } from '../../src/expr/key.ts'
import type { Elements } from '../../src/ops/leaf.ts'
import type { Kernel, KernelBuffer } from '../kernel/kernel.ts'
import type { Buffers, DraftBuffer, DraftStep } from './draft.ts'
import { type Form, formOf, type Literal, withLiteralsFrom } from './form.ts'

export interface SharedStep {
  readonly kernel: number
  readonly bindings: readonly number[]
}

export interface Shared {
  readonly kernels: readonly Kernel[]
  /** The steps, entry by entry. */
  readonly steps: readonly (readonly SharedStep[])[]
}

/** Where memory comes from. */
export interface Memory extends Pick<Buffers, 'add' | 'list'> {
  readonly constant: (dtype: DType, data: Elements, label: string) => number
}

/** Numbers of one dtype that steps are given, those of a step in a row; the same row is there once. */
interface Table {
  readonly dtype: DType
  readonly data: number[]
  readonly rows: Map<string, number>
}

const rowIn = ({ data, rows }: Table, row: readonly number[]): number => {
  const key = paramsKey(row)
  const known = rows.get(key)
  if (known !== undefined) return known
  rows.set(key, data.length)
  data.push(...row)
  return rows.get(key) as number
}

/** What is loaded into a kernel from one row of a table: element e is each of `elements[e]`, positions of literals. */
interface Row {
  readonly dtype: DType
  readonly elements: readonly (readonly number[])[]
}

/** The rows that the kernel of some forms with one key is given. Literals that are always equal share an element. */
const rowsOf = (forms: readonly Form[]): readonly Row[] => {
  const rows = new Map<DType, Map<string, number[]>>()
  for (const [n, { dtype, value }] of (forms[0] as Form).literals.entries()) {
    if (forms.every((f) => Object.is(f.literals[n]?.value, value))) continue
    const values = forms.map((f) => paramsKey(f.literals[n]?.value)).join()
    const elements = rows.get(dtype) ?? new Map<string, number[]>()
    rows.set(dtype, elements.set(values, [...(elements.get(values) ?? []), n]))
  }
  return [...rows].map(([dtype, elements]) => ({ dtype, elements: [...elements.values()] }))
}

const kernelOf = ({ kernel }: Form, rows: readonly Row[]): Kernel => {
  if (rows.length === 0) return kernel
  const places = new Map(
    rows.flatMap(({ elements }, table) =>
      elements.flatMap((literals, element) => literals.map((n) => [n, { table, element }] as const)),
    ),
  )
  const buffers = rows.map(
    ({ dtype, elements }): KernelBuffer => ({ dtype, elements: elements.length, mode: 'read', label: 'numbers' }),
  )
  return withLiteralsFrom(kernel, buffers, (n) => places.get(n))
}

export const shareKernels = (entries: readonly (readonly DraftStep[])[], memory: Memory): Shared => {
  const forms = entries.map((steps) => steps.map((s) => formOf(s.kernel)))
  const byKey = new Map<string, Form[]>()
  for (const form of forms.flat()) {
    const known = byKey.get(form.key)
    if (known === undefined) byKey.set(form.key, [form])
    else known.push(form)
  }
  const rows = new Map([...byKey].map(([key, of]) => [key, rowsOf(of)] as const))
  const ids = new Map([...byKey.keys()].map((key, id) => [key, id] as const))

  const tables = new Map<DType, Table>()
  const tableOf = (dtype: DType): Table => {
    const table = tables.get(dtype) ?? { dtype, data: [], rows: new Map() }
    tables.set(dtype, table)
    return table
  }
  const placed = forms.map((of) =>
    of.map(({ key, literals }) =>
      (rows.get(key) ?? []).map(({ dtype, elements }) => {
        const numbers = elements.map(([n]) => (literals[n as number] as Literal).value)
        return { dtype, elements: elements.length, start: rowIn(tableOf(dtype), numbers) }
      }),
    ),
  )
  const homes = new Map(
    [...tables].map(([dtype, { data }]) => [dtype, memory.constant(dtype, elementsFor[dtype].from(data), 'numbers')]),
  )

  const slices = new Map<string, number>()
  const slice = (of: number, start: number, elements: number): number => {
    const key = `${of} ${start} ${elements}`
    const { dtype, region, label } = memory.list[of] as DraftBuffer
    const id = slices.get(key) ?? memory.add({ dtype, elements, region, label, slice: { of, start, move: null } })
    slices.set(key, id)
    return id
  }
  const steps = entries.map((of, e) =>
    of.map(({ bindings }, i): SharedStep => {
      const { key, starts, kernel } = (forms[e] as readonly Form[])[i] as Form
      const begun = bindings.map((b, n) => (starts[n] === 0 ? b : slice(b, starts[n] as number, elementsOf(kernel, n))))
      const given = placed[e]?.[i]?.map((p) => slice(homes.get(p.dtype) as number, p.start, p.elements)) ?? []
      return { kernel: ids.get(key) as number, bindings: [...begun, ...given] }
    }),
  )
  return { kernels: [...byKey].map(([key, [first]]) => kernelOf(first as Form, rows.get(key) ?? [])), steps }
}

const elementsOf = (k: Kernel, buffer: number): number => k.buffers[buffer]?.elements ?? 0
