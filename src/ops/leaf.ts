/**
 * Leaves: what an expression starts from. In: names, shapes, values. Out: tensors.
 * Invariant: identity of a leaf is its params; two inputs of one name and type are one node.
 */
import { right } from 'fp-ts/lib/Either.js'
import type { DType } from '../core/dtype.ts'
import type { Shape } from '../core/shape.ts'
import { atom, strayAxis, violation } from './common.ts'
import { defineOp, type Sig } from './signature.ts'

/** A tensor's elements as they lie in memory; bool as 0 and 1 in an Int32Array. Never written after construction. */
export type Elements = Float32Array | Float64Array | Int32Array

interface Named {
  readonly name: string
  readonly dtype: DType
  readonly shape: Shape
}

declare module './signature.ts' {
  interface OpSignatures {
    /** Given anew at each call: a batch, a learning rate, a key. */
    readonly input: Sig<0, Named, 'leaf'>
    /** Trainable. `init` is the id-bearing expression of its initial value over the input `key`. */
    readonly param: Sig<0, Named & { readonly init: unknown }, 'leaf'>
    /** Carried from call to call, not trained: moments, step counters, keys. */
    readonly state: Sig<0, Named & { readonly init: unknown }, 'leaf'>
    /** One value everywhere. */
    readonly full: Sig<0, { readonly dtype: DType; readonly shape: Shape; readonly value: number }, 'leaf'>
    /** Given elements. */
    readonly constant: Sig<0, { readonly dtype: DType; readonly shape: Shape; readonly data: Elements }, 'leaf'>
    /** 0, 1, 2, … along an axis, as i32. */
    readonly iota: Sig<0, { readonly shape: Shape; readonly axis: number }, 'leaf'>
  }
}

const named = (name: 'input' | 'param' | 'state', summary: string) => ({
  kind: 'leaf' as const,
  arity: 0 as const,
  doc: { summary, constraints: { C1: 'the name is not empty' } },
  infer: (_ins: readonly [], p: Named) =>
    p.name === '' ? violation('C1', 'E_NAME', `${name}: the name is empty`) : right({ dtype: p.dtype, shape: p.shape }),
  identities: [],
  print: (_ins: readonly [], p: Named) => atom(p.name),
})

export const input = defineOp<'input'>({ ...named('input', 'A tensor given at each call.'), name: 'input' })
export const param = defineOp<'param'>({ ...named('param', 'A trainable tensor with an initializer.'), name: 'param' })
export const state = defineOp<'state'>({
  ...named('state', 'A tensor carried from call to call, not trained.'),
  name: 'state',
})

/** A number as mathematics writes it. */
export const showNumber = (v: number): string => {
  if (Number.isNaN(v)) return 'NaN'
  if (v === Infinity) return '∞'
  if (v === -Infinity) return '−∞'
  const short = Number.parseFloat(v.toPrecision(7))
  return (Object.is(v, -0) ? '−0' : String(short)).replace('-', '−')
}

export const full = defineOp<'full'>({
  kind: 'leaf',
  arity: 0,
  name: 'full',
  doc: { summary: 'One value at every place.', constraints: {} },
  infer: (_ins, { dtype, shape }) => right({ dtype, shape }),
  identities: [],
  print: (_ins, { value, dtype }) => ({
    text: dtype === 'bool' ? (value === 0 ? 'false' : 'true') : showNumber(value),
    precedence: value < 0 ? 2 : 4,
  }),
})

export const constant = defineOp<'constant'>({
  kind: 'leaf',
  arity: 0,
  name: 'constant',
  doc: { summary: 'Given elements.', constraints: { C1: 'as many elements as the shape says' } },
  infer: (_ins, { dtype, shape, data }) => {
    const size = shape.reduce((n, d) => n * d, 1)
    return data.length === size
      ? right({ dtype, shape })
      : violation(
          'C1',
          'E_SHAPE_CONSTANT',
          `constant: ${data.length} elements given for shape [${shape.join(',')}], which has ${size}`,
        )
  },
  identities: [],
  print: (_ins, { shape, data }) =>
    atom(
      data.length <= 6 && shape.length <= 1
        ? `[${Array.from(data, showNumber).join(', ')}]`
        : `const[${shape.join(',')}]`,
    ),
})

export const iota = defineOp<'iota'>({
  kind: 'leaf',
  arity: 0,
  name: 'iota',
  doc: { summary: '0, 1, 2, … along an axis (i32).', constraints: { C1: 'the axis exists' } },
  infer: (_ins, { shape, axis }) => strayAxis('iota', 'C1', axis, shape) ?? right({ dtype: 'i32', shape }),
  identities: [],
  print: (_ins, { shape, axis }) => atom(`iota(${shape[axis]})`),
})
