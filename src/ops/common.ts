/**
 * What op definitions share: inference of dtypes and broadcasts, ways of printing. In: operand types. Out: result types or
 * violations. Invariant: every violation carries the constraint's label, a stable code and a sentence without names (the
 * constructor adds the operands' names and the user's line).
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { isNone } from 'fp-ts/lib/Option.js'
import { type DType, isFloat } from '../core/dtype.ts'
import { broadcastShapes, type Shape, showShape, type TensorType } from '../core/shape.ts'
import type { Printed, RuleArgs, OpName, Builder, Violation } from './signature.ts'

export type Inferred = Either<Violation, TensorType>

export const violation = (
  constraint: `C${number}`,
  code: string,
  sentence: string,
  hint?: string,
): Either<Violation, never> => left({ constraint, code, sentence, ...(hint === undefined ? {} : { hint }) })

/** What several results together count as: a tensor without elements, which only `result` may take. */
export const tuple: TensorType = { dtype: 'bool', shape: [0] }

/** Constraints that all elementwise ops of more than one operand share. */
export const broadcastConstraints = {
  C1: 'the operands have one dtype, which the op accepts',
  C2: 'the shapes broadcast as in NumPy: aligned from the right, extents are equal or 1',
} as const

const accepts = {
  float: isFloat,
  number: (t: DType) => t !== 'bool',
  i32: (t: DType) => t === 'i32',
  bool: (t: DType) => t === 'bool',
  any: () => true,
} as const
export type Accepted = keyof typeof accepts

const acceptedWords: Record<Accepted, string> = {
  float: 'f32 or f64',
  number: 'f32, f64 or i32',
  i32: 'i32',
  bool: 'bool',
  any: 'any dtype',
}

export const wrongDtype = (
  name: string,
  constraint: `C${number}`,
  accepted: Accepted,
  found: DType,
): Either<Violation, never> =>
  violation(
    constraint,
    'E_DTYPE',
    `${name}: the operand must be ${acceptedWords[accepted]}, not ${found}`,
    found === 'i32' && accepted === 'float' ? "cast(x, 'f32') makes it a float" : undefined,
  )

/** The violation of operands that differ in dtype. */
export const mixedDtypes = (
  name: string,
  constraint: `C${number}`,
  a: DType,
  b: DType,
  of = '',
): Either<Violation, never> =>
  violation(
    constraint,
    'E_DTYPE_MISMATCH',
    `${name}: dtypes ${a} and ${b}${of} differ`,
    'nothing is converted silently: cast one of them',
  )

/** The broadcast of several shapes, or the violation that names the axis where it fails. */
export const inferBroadcast = (
  name: string,
  constraint: `C${number}`,
  shapes: readonly Shape[],
): Either<Violation, Shape> => {
  let out: Shape = []
  for (const s of shapes) {
    const next = broadcastShapes(out, s)
    if (isNone(next)) {
      const rank = Math.max(out.length, s.length)
      for (let i = 1; i <= rank; i++) {
        const x = out[out.length - i] ?? 1
        const y = s[s.length - i] ?? 1
        if (x !== y && x !== 1 && y !== 1)
          return violation(
            constraint,
            'E_SHAPE_BROADCAST',
            `${name}: extents ${x} and ${y} of axis ${-i} do not broadcast (${shapes.map(showShape).join(' and ')})`,
          )
      }
    } else out = next.value
  }
  return right(out)
}

/** The violation of an axis, counted from the front, that the shape does not have; null where it has it. */
export const strayAxis = (
  name: string,
  constraint: `C${number}`,
  axis: number,
  shape: Shape,
): Either<Violation, never> | null =>
  Number.isInteger(axis) && axis >= 0 && axis < shape.length
    ? null
    : violation(constraint, 'E_AXIS', `${name}: axis ${axis} does not exist in shape ${showShape(shape)}`)

/** As for one axis, of axes that have to ascend, so that none is given twice. */
export const strayAxes = (
  name: string,
  constraint: `C${number}`,
  axes: readonly number[],
  shape: Shape,
): Either<Violation, never> | null => {
  for (const a of axes) {
    const stray = strayAxis(name, constraint, a, shape)
    if (stray !== null) return stray
  }
  return axes.every((a, i) => i === 0 || a > (axes[i - 1] as number))
    ? null
    : violation(constraint, 'E_AXIS', `${name}: axes ${axes.join(', ')} of ${showShape(shape)} do not ascend`)
}

/** Operands of one accepted dtype, broadcast; the result has `result` or the operands' dtype. */
export const inferElementwise =
  (name: string, accepted: Accepted, result?: DType) =>
  (ins: readonly TensorType[]): Inferred => {
    const dtype = (ins[0] as TensorType).dtype
    for (const t of ins) {
      if (!accepts[accepted](t.dtype)) return wrongDtype(name, 'C1', accepted, t.dtype)
      if (t.dtype !== dtype) return mixedDtypes(name, 'C1', dtype, t.dtype)
    }
    const shape = inferBroadcast(
      name,
      'C2',
      ins.map((t) => t.shape),
    )
    return shape._tag === 'Left' ? shape : right({ dtype: result ?? dtype, shape: shape.right })
  }

// ---- printing

export const paren = (p: Printed, atLeast: number): string => (p.precedence < atLeast ? `(${p.text})` : p.text)
export const atom = (text: string): Printed => ({ text, precedence: 4 })
export const call = (name: string, ins: readonly Printed[], ...more: readonly string[]): Printed =>
  atom(`${name}(${[...ins.map((p) => p.text), ...more].join(', ')})`)

/** Left-associative infix: the right operand is parenthesised at equal precedence. */
export const infix =
  (sign: string, precedence: number, rightAtLeast = precedence + 1) =>
  ([x, y]: readonly [Printed, Printed]): Printed => ({
    text: `${paren(x, precedence)} ${sign} ${paren(y, rightAtLeast)}`,
    precedence,
  })

// ---- the repeated heads of definitions

const head = <N extends 1 | 2 | 3>(name: string, arity: N, accepted: Accepted, result?: DType) => ({
  kind: 'elementwise' as const,
  arity,
  infer: inferElementwise(name, accepted, result),
})

export const unary = (name: string, accepted: Accepted, result?: DType) => ({
  ...head(name, 1, accepted, result),
  print: ([x]: readonly [Printed]): Printed => call(name, [x]),
})

export const binary = (name: string, accepted: Accepted, result?: DType) => ({
  ...head(name, 2, accepted, result),
  print: (ins: readonly [Printed, Printed]): Printed => call(name, ins),
})

/** A literal of the result's dtype. */
export const lit = <K extends OpName, R>(b: Builder<R>, a: Pick<RuleArgs<K, R>, 'outType'>, value: number): R =>
  b.lit(value, a.outType.dtype)

/** A literal of the first operand's dtype (where the result is bool or i32). */
export const floatConstraint = { C1: 'dtype(x) is f32 or f64' } as const
export const numberConstraint = { C1: 'dtype(x) is f32, f64 or i32' } as const
