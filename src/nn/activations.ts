/**
 * Activations and softmax. In: floats. Out: floats of the same shape (maxout aside). Those that are ops of the table stand in
 * expr/elementwise.ts; here are softmax and the compositions.
 * Invariant: every branch that a `where` does not choose is finite too, so that no NaN enters a derivative.
 */
import { numberOf, oneOf } from '../expr/arguments.ts'
import type { DivExact } from '../core/natural-types.ts'
import { type Shape, showShape } from '../core/shape.ts'
import type { CheckAxis, CheckDType, Checked } from '../core/shape-types.ts'
import type { Expr, Node } from '../expr/expr.ts'
import { graph, literal, shapeError } from '../expr/node.ts'
import {
  accepting,
  axisOf,
  type Binary,
  composed,
  composedPair,
  dataLast,
  type First,
  typed,
  type Unary,
} from '../expr/typed.ts'

const lit = (x: Node, value: number): Node => literal(value, x.dtype)

type CheckAlong<Op extends string, X extends Expr, A extends number> = First<
  [CheckDType<Op, 'float', X['dtype']>, CheckAxis<Op, X['shape'], A>]
>

/** A function along one axis, the last unless told: `op(x)`, `op(x, axis)`, `pipe(x, op(axis))`, `pipe(x, op)`. */
export type Along<Op extends string> = <const X extends Expr | number, const A extends number = -1>(
  x: X & (X extends Expr ? CheckDType<Op, 'float', X['dtype']> : unknown),
  axis?: Checked<A, X extends Expr ? CheckAxis<Op, X['shape'], A> : unknown>,
) => X extends Expr ? X : X extends number ? <Y extends Expr>(x: Y & CheckAlong<Op, Y, X>) => Y : never

const along = <F>(op: 'softmax' | 'logSoftmax'): F =>
  typed<F>(dataLast((x, axis = -1) => graph[op]([x], { axis: axisOf(op, x, axis as number) })))

/**
 * exp(x) / Σ exp(x) along an axis, stable for every x; derivative y·(t − Σ y·t) over the saved output y.
 * @example print(pipe(input('z', [128, 10]), softmax)) // softmax(z)
 */
export const softmax: Along<'softmax'> = along('softmax')

/** log softmax(x) along an axis, stable for every x. */
export const logSoftmax: Along<'logSoftmax'> = along('logSoftmax')

/** Of a function with one number that has a default: `op(x)`, `op(x, a)`, `pipe(x, op(a))`, `pipe(x, op)`. */
export type Tuned<Op extends string> = <X extends Expr | number>(
  x: X & (X extends Expr ? CheckDType<Op, 'float', X['dtype']> : unknown),
  value?: number,
) => X extends Expr ? X : <Y extends Expr>(x: Y & CheckDType<Op, 'float', Y['dtype']>) => Y

const tuned = <F>(op: string, preset: number, f: (x: Node, value: number) => Node): F =>
  typed<F>(
    dataLast((x, value = preset) =>
      f(accepting(op, 'float', x), numberOf(op, 'the parameter', value as number, 'a finite number')),
    ),
  )

/**
 * x where x > 0, else slope·x; the slope is 0.01 unless told. The derivative at 0 is the slope.
 * @example print(pipe(input('x', [3]), leakyRelu(0.2))) // where(x > 0, x, 0.2 · x)
 */
export const leakyRelu: Tuned<'leakyRelu'> = tuned('leakyRelu', 0.01, (x, slope) =>
  graph.where([graph.greater([x, lit(x, 0)]), x, graph.mul([lit(x, slope), x])]),
)

/**
 * x where x > 0, else α·(eˣ − 1); α is 1 unless told. Clevert, Unterthiner, Hochreiter, "Fast and accurate deep network
 * learning by exponential linear units" (2016).
 */
export const elu: Tuned<'elu'> = tuned('elu', 1, (x, alpha) => {
  const positive = graph.greater([x, lit(x, 0)])
  const below = graph.expm1([graph.where([positive, lit(x, 0), x])])
  return graph.where([positive, x, alpha === 1 ? below : graph.mul([lit(x, alpha), below])])
})

/** x·σ(x), also called swish. */
export const silu: Unary<'silu', 'float'> = composed('silu', 'float', (x) => graph.mul([x, graph.sigmoid([x])]))

/** How `gelu` is computed: with erf, exactly, or with the tanh approximation of its paper. */
export type GeluForm = 'erf' | 'tanh'

const geluOf = (x: Node, form: GeluForm): Node => {
  const half = graph.mul([lit(x, 0.5), x])
  if (form === 'erf')
    return graph.mul([half, graph.add([lit(x, 1), graph.erf([graph.mul([lit(x, Math.SQRT1_2), x])])])])
  // √(2/π)·(x + 0.044715·x³)
  const cubic = graph.mul([lit(x, 0.044715), graph.mul([graph.square([x]), x])])
  const inner = graph.mul([lit(x, Math.sqrt(2 / Math.PI)), graph.add([x, cubic])])
  return graph.mul([half, graph.add([lit(x, 1), graph.tanh([inner])])])
}

/**
 * x·Φ(x), Φ the normal distribution's cumulative function; `'tanh'` asks for the approximation. Hendrycks, Gimpel, "Gaussian
 * error linear units" (2016).
 * @example print(pipe(input('x', [3]), gelu)) // ½ · x · (1 + erf(x / √2))
 */
export const gelu: <X extends Expr | GeluForm>(
  x: X & (X extends Expr ? CheckDType<'gelu', 'float', X['dtype']> : unknown),
  form?: GeluForm,
) => X extends Expr ? X : <Y extends Expr>(x: Y & CheckDType<'gelu', 'float', Y['dtype']>) => Y = typed(
  dataLast((x, form = 'erf') =>
    geluOf(accepting('gelu', 'float', x), oneOf('gelu', 'form', form as GeluForm, ['erf', 'tanh'])),
  ),
)

/** x·tanh(softplus(x)): Misra, "Mish" (2019). */
export const mish: Unary<'mish', 'float'> = composed('mish', 'float', (x) =>
  graph.mul([x, graph.tanh([graph.softplus([x])])]),
)

/** x / (1 + |x|). */
export const softsign: Unary<'softsign', 'float'> = composed('softsign', 'float', (x) =>
  graph.div([x, graph.add([lit(x, 1), graph.abs([x])])]),
)

/** x limited to [−1, 1]; derivative 1 inside and at the bounds. */
export const hardTanh: Unary<'hardTanh', 'float'> = composed('hardTanh', 'float', (x) =>
  graph.clip([x], { lo: -1, hi: 1 }),
)

/**
 * x where x > 0, else slope·x with a trained slope, which broadcasts. He, Zhang, Ren, Sun, "Delving deep into rectifiers" (2015).
 * @example print(prelu(input('x', [128, 64]), param('a', [64], 0.25))) // where(x > 0, x, a · x)
 */
export const prelu: Binary<'prelu', 'float'> = composedPair('prelu', 'float', (x, slope) =>
  graph.where([graph.greater([x, lit(x, 0)]), x, graph.mul([slope, x])]),
)

type Pieces<S extends Shape, K extends number> = S extends readonly [...infer B extends Shape, infer N extends number]
  ? number extends N
    ? readonly [...B, number]
    : [DivExact<N, K>] extends [never]
      ? `maxout: the last extent ${N} does not divide into pieces of ${K}`
      : readonly [...B, DivExact<N, K>]
  : Shape

type Maxout<X extends Expr, K extends number> = Pieces<X['shape'], K> extends infer R extends Shape ? R : Shape
type CheckPieces<X extends Expr, K extends number> = Pieces<X['shape'], K> extends infer R extends string ? R : unknown

/**
 * The greatest of every k neighbours along the last axis, whose extent becomes 1/k. Goodfellow et al., "Maxout networks" (2013).
 * @example console.log(pipe(input('x', [128, 64]), maxout(2)).shape) // [ 128, 32 ]
 */
export const maxout: {
  <X extends Expr, const K extends number>(x: X, pieces: Checked<K, CheckPieces<X, K>>): Expr<Maxout<X, K>, X['dtype']>
  <const K extends number>(pieces: K): <X extends Expr>(x: X & CheckPieces<X, K>) => Expr<Maxout<X, K>, X['dtype']>
} = typed(
  dataLast((x, pieces: number) => {
    const last = x.shape.at(-1)
    numberOf('maxout', 'the number of pieces', pieces, 'an integer of 1 or more')
    if (last === undefined || last % pieces !== 0)
      throw shapeError(
        {
          code: 'E_SHAPE_MAXOUT',
          sentence: `maxout: the last extent ${last ?? showShape(x.shape)} does not divide into pieces of ${pieces}`,
        },
        [x],
      )
    const shape = [...x.shape.slice(0, -1), last / pieces, pieces]
    return graph.max([graph.reshape([x], { shape })], { axes: [shape.length - 1], keepDims: false })
  }),
)
