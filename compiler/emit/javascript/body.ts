/**
 * The instructions of a body as text. In: a nest, a body, what loads and row values are called. Out: the values.
 * Invariant: a load of what the kernel never writes may move outside of loops that do not change its address, and so may
 * what is computed from it; any other load stays at its point, ahead of the point's stores.
 */
import { InternalError } from '../../../src/core/errors.ts'
import type { Accumulation, Instr, KernelBuffer, Store } from '../../kernel/kernel.ts'
import type { Lower } from '../../kernel/scalar.ts'
import type { HelperName } from './helpers.ts'
import { arithmeticText, type Scalar, textMachine } from './machine.ts'
import { addLine, addressIn, bindAnew, bindIn, bindRarely, indexIn, type Nest } from './nest.ts'

export interface Context {
  readonly buffers: readonly KernelBuffer[]
  /** What each buffer is called. */
  readonly names: readonly string[]
  readonly lower: Lower
  readonly use: (name: HelperName) => void
}

const load = (nest: Nest, instr: Instr & { readonly tag: 'load' }, c: Context): Scalar => {
  const address = addressIn(nest, instr.access)
  const element = `${c.names[instr.buffer]}[${address.text}]`
  const text = instr.dtype === 'bool' ? `${element} !== 0` : element
  return c.buffers[instr.buffer]?.mode === 'read'
    ? bindIn(nest, text, instr.dtype, address.level)
    : bindAnew(nest, text, instr.dtype, nest.loops.length)
}

/** Where row 0 lies, plus a row's distance so many times. */
const rowText = (from: string, stride: number, index: string): string =>
  stride === 1 ? `${from} + ${index}` : `${from} + ${stride} * ${index}`

const gather = (nest: Nest, instr: Instr & { readonly tag: 'gather' }, index: Scalar, c: Context): Scalar => {
  const nearest = bindIn(nest, `Math.min(Math.max(${index.text}, 0), ${instr.extent - 1})`, 'i32', index.level)
  const address = addressIn(nest, instr.access)
  const element = `${c.names[instr.buffer]}[${rowText(address.text, instr.stride, nearest.text)}]`
  const text = instr.dtype === 'bool' ? `${element} !== 0` : element
  return c.buffers[instr.buffer]?.mode === 'read'
    ? bindIn(nest, text, instr.dtype, Math.max(address.level, index.level))
    : bindAnew(nest, text, instr.dtype, nest.loops.length)
}

/** One value an instruction. `given` are row values by number, `accumulator` the finished product of a contraction. */
export const emitBody = (
  nest: Nest,
  body: readonly Instr[],
  c: Context,
  given: readonly (Scalar | undefined)[],
  accumulator: Scalar | undefined = undefined,
): readonly Scalar[] => {
  const m = textMachine(
    (text, dtype, level) => bindIn(nest, text, dtype, level),
    (condition, rare, common) => bindRarely(nest, condition, rare, common),
    c.use,
  )
  const values: Scalar[] = []
  const valueOf = (instr: Instr): Scalar | undefined => {
    switch (instr.tag) {
      case 'load':
        return load(nest, instr, c)
      case 'gather':
        return gather(nest, instr, values[instr.index] as Scalar, c)
      case 'literal':
        return m.lit(instr.value, instr.dtype)
      case 'index':
        return indexIn(nest, instr.axis)
      case 'row':
        return given[instr.row]
      case 'accumulator':
        return accumulator
      case 'apply':
        return c.lower(
          m,
          instr.op,
          instr.args.map((v) => values[v] as Scalar),
          instr.params,
        )
      default:
        return instr satisfies never
    }
  }
  for (const instr of body) {
    const value = valueOf(instr)
    if (value === undefined) throw new InternalError(`the JavaScript emitter met a ${instr.tag} without a value`)
    values.push(value)
  }
  return values
}

export const emitStores = (nest: Nest, stores: readonly Store[], values: readonly Scalar[], c: Context): void => {
  for (const { buffer, access, value } of stores) {
    const { text, dtype } = values[value] as Scalar
    const element = `${c.names[buffer]}[${addressIn(nest, access).text}]`
    addLine(nest, nest.loops.length, `${element} = ${dtype === 'bool' ? `${text} ? 1 : 0` : text}`)
  }
}

/** Adds to the row that the index names, or sets it; does nothing where there is no such row. */
export const emitUpdates = (
  nest: Nest,
  updates: readonly Accumulation[],
  values: readonly Scalar[],
  c: Context,
): void => {
  // of several, none sees what another one has done
  const texts = updates.map(({ value }, i) => {
    const { text } = values[value] as Scalar
    if (updates.length === 1) return text
    addLine(nest, nest.loops.length, `const u${i} = ${text}`)
    return `u${i}`
  })
  for (const [i, u] of updates.entries()) {
    const [index, { dtype }] = [values[u.index] as Scalar, values[u.value] as Scalar]
    const text = texts[i] as string
    if (dtype === 'f32') c.use('f')
    const isSet = u.combine === 'set'
    const element = `${c.names[u.buffer]}[${rowText(addressIn(nest, u.access).text, u.stride, index.text)}]`
    const inside = `${index.text} >= 0 && ${index.text} < ${u.extent}`
    addLine(
      nest,
      nest.loops.length,
      `if (${inside}) ${element} = ${isSet ? text : arithmeticText('+', dtype, element, text)}`,
    )
  }
}
