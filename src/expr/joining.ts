/**
 * Joining, splitting and repeating. In: expressions and static arguments. Out: expressions of the same dtype.
 * Invariant: made of concat, slice, reshape and broadcastTo, whose derivatives are movements or sums.
 */
import { numberOf, checkList, expecting } from './arguments.ts'
import type { DType } from '../core/dtype.ts'
import type { Concat, Repeat, Split, Stack, Tile } from '../core/movement-types.ts'
import { equalShapes, type Shape, showShape } from '../core/shape.ts'
import type { CheckAxis, Checked, Fits, SameDType, ShapeOf } from '../core/shape-types.ts'
import type { Expr, Node } from './expr.ts'
import { graph, isExpr, shapeError } from './node.ts'
import { withNewAxis } from './movement.ts'
import { axisOf, dataLast, type First, sameDType, typed } from './typed.ts'

const refused = (code: string, ins: readonly Node[], sentence: string) => shapeError({ code, sentence }, ins)

type Shapes<Xs extends readonly Expr[]> = { readonly [I in keyof Xs]: Xs[I]['shape'] }
type DTypes<Xs extends readonly Expr[]> = Xs[number]['dtype']
/** The dtype of the first. */
type OneDType<Xs extends readonly Expr[]> = Xs extends readonly [infer X extends Expr, ...Expr[]]
  ? X['dtype']
  : DTypes<Xs>

/** The sentence where one has another dtype than the first. */
type CheckDTypes<Op extends string, Xs extends readonly Expr[], D extends DType = OneDType<Xs>> = Xs extends readonly [
  infer X extends Expr,
  ...infer Rest extends readonly Expr[],
]
  ? SameDType<Op, D, X['dtype']> extends infer Bad extends string
    ? Bad
    : CheckDTypes<Op, Rest, D>
  : unknown

const checkOperands = (op: string, xs: readonly Node[]): void => {
  checkList(op, 'what is joined', xs)
  expecting(op, xs)
}

const joined = (xs: readonly Node[], axis: number): Node => {
  checkOperands('concat', xs)
  const [first] = xs
  return graph.concat(xs, { axis: first === undefined ? 0 : axisOf('concat', first, axis) })
}

/**
 * Expressions one behind the other along an axis, the first unless told. E_SHAPE_CONCAT where another extent differs.
 * @example
 * const [x, y] = [input('x', [2, 3]), input('y', [2, 4])]
 * console.log(concat([x, y], -1).shape) // [ 2, 7 ]
 */
export const concat: <const Xs extends readonly Expr[], const A extends number = 0>(
  xs: Checked<Xs, First<[CheckDTypes<'concat', Xs>, Fits<Concat<Shapes<Xs>, A>>]>>,
  axis?: A,
) => Expr<ShapeOf<Concat<Shapes<Xs>, A>>, OneDType<Xs>> = typed((xs: readonly Node[], axis = 0) => joined(xs, axis))

/**
 * Expressions of one shape along a new axis, the first unless told. E_SHAPE_EQUAL where the shapes differ.
 * @example
 * const [x, y] = [input('x', [3]), input('y', [3])]
 * console.log(stack([x, y]).shape) // [ 2, 3 ]
 */
export const stack: <const Xs extends readonly Expr[], const A extends number = 0>(
  xs: Checked<Xs, First<[CheckDTypes<'stack', Xs>, Fits<Stack<Shapes<Xs>, A>>]>>,
  axis?: A,
) => Expr<ShapeOf<Stack<Shapes<Xs>, A>>, OneDType<Xs>> = typed((xs: readonly Node[], axis = 0) => {
  checkOperands('stack', xs)
  const [first] = xs
  if (first === undefined) throw refused('E_CONCAT_EMPTY', [], 'stack: no operand given')
  for (const x of xs) sameDType('stack', first, x)
  const other = xs.find((x) => !equalShapes(x.shape, first.shape))
  if (other !== undefined)
    throw refused(
      'E_SHAPE_EQUAL',
      [first, other],
      `stack: shapes ${showShape(first.shape)} and ${showShape(other.shape)} differ`,
    )
  const rows = xs.map((x) => withNewAxis('stack', x, axis))
  return graph.concat(rows, { axis: axis < 0 ? axis + first.shape.length + 1 : axis })
})

/** Part of one axis; the others stay whole. */
export const along = (x: Node, axis: number, start: number, limit: number): Node =>
  graph.slice([x], {
    start: x.shape.map((_, i) => (i === axis ? start : 0)),
    limit: x.shape.map((d, i) => (i === axis ? limit : d)),
    step: x.shape.map(() => 1),
  })

const partSizes = (x: Node, parts: number | readonly number[], axis: number): readonly number[] => {
  const extent = x.shape[axis] as number
  if (typeof parts === 'number') {
    if (!Number.isInteger(parts) || parts < 1 || extent % parts !== 0)
      throw refused(
        'E_SHAPE_SPLIT',
        [x],
        `split: axis ${axis} of ${showShape(x.shape)} does not divide into ${parts} equal parts`,
      )
    return Array.from({ length: parts }, () => extent / parts)
  }
  checkList('split', 'the list of sizes', parts)
  if (parts.reduce((n, p) => n + p, 0) !== extent)
    throw refused(
      'E_SHAPE_SPLIT',
      [x],
      `split: the sizes ${showShape(parts)} do not add up to the extent ${extent} of axis ${axis} of ${showShape(x.shape)}`,
    )
  return parts
}

type Repeated<X, N extends number, Out extends readonly X[] = readonly []> = number extends N
  ? readonly X[]
  : Out['length'] extends N
    ? Out
    : Repeated<X, N, readonly [...Out, X]>

type Parts<R, P extends number | readonly number[], D extends DType> = P extends number
  ? Repeated<Expr<ShapeOf<R>, D>, P>
  : R extends readonly Shape[]
    ? { readonly [I in keyof R]: Expr<ShapeOf<R[I]>, D> }
    : readonly Expr<ShapeOf<R>, D>[]

/**
 * x cut along an axis (the first unless told) into so many equal parts, or into parts of given sizes. E_SHAPE_SPLIT where
 * they do not fill the axis.
 * @example
 * const [i, f, g, o] = split(input('gates', [32, 400]), 4, -1)
 * console.log(o.shape) // [ 32, 100 ]
 */
export const split: {
  <const P extends number | readonly number[], const A extends number = 0>(
    parts: P,
    axis?: A,
  ): <X extends Expr>(x: X & Fits<Split<X['shape'], P, A>>) => Parts<Split<X['shape'], P, A>, P, X['dtype']>
  <X extends Expr, const P extends number | readonly number[], const A extends number = 0>(
    x: X,
    parts: Checked<P, Split<X['shape'], P, A>>,
    axis?: A,
  ): Parts<Split<X['shape'], P, A>, P, X['dtype']>
} = typed(
  dataLast((x, parts: number | readonly number[], axis = 0) => {
    const at = axisOf('split', x, axis as number)
    let start = 0
    return partSizes(x, parts, at).map((n) => {
      start += n
      return along(x, at, start - n, start)
    })
  }),
)

/** [a, b] as [a·n₀, b·n₁]: each axis beside a new one of the count, before it (whole copies) or behind it (elements). */
const multiplied = (x: Node, counts: readonly number[], place: 'before' | 'behind'): Node => {
  const pairs = x.shape.map((d, i): readonly [number, number] => [d, counts[i] as number])
  const flat = (f: (d: number, n: number) => readonly number[]): Shape =>
    pairs.flatMap(([d, n]) => (n === 1 ? [d] : f(d, n)))
  const opened = graph.reshape([x], { shape: flat((d) => (place === 'before' ? [1, d] : [d, 1])) })
  const repeated = graph.broadcastTo([opened], { shape: flat((d, n) => (place === 'before' ? [n, d] : [d, n])) })
  return graph.reshape([repeated], { shape: pairs.map(([d, n]) => d * n) })
}

const checkCount = (op: string, x: Node, counts: readonly number[]): void => {
  const bad = counts.find((n) => !Number.isInteger(n) || n < 0)
  if (bad !== undefined) throw refused('E_COUNT', [x], `${op}: the count ${bad} is not a natural number`)
}

/**
 * Each axis repeated as a whole, so many times: one count an axis.
 * @example console.log(tile(input('x', [2, 3]), [2, 1]).shape) // [ 4, 3 ]
 */
export const tile: {
  <X extends Expr, const R extends readonly number[]>(
    x: X,
    counts: Checked<R, Tile<X['shape'], R>>,
  ): Expr<ShapeOf<Tile<X['shape'], R>>, X['dtype']>
  <const R extends readonly number[]>(
    counts: R,
  ): <X extends Expr>(x: X & Fits<Tile<X['shape'], R>>) => Expr<ShapeOf<Tile<X['shape'], R>>, X['dtype']>
} = typed(
  dataLast((x, counts: readonly number[]) => {
    checkList('tile', 'the list of counts', counts)
    if (counts.length !== x.shape.length)
      throw refused(
        'E_COUNT',
        [x],
        `tile: ${counts.length} counts given, but ${showShape(x.shape)} has ${x.shape.length} axes`,
      )
    checkCount('tile', x, counts)
    return multiplied(x, counts, 'before')
  }),
)

/**
 * Each element of an axis repeated n times in a row.
 * @example console.log(repeat(input('x', [2, 3]), 2, 0).shape) // [ 4, 3 ]
 */
export const repeat: {
  <X extends Expr, const N extends number, const A extends number>(
    x: X,
    n: N,
    axis: Checked<A, Repeat<X['shape'], N, A>>,
  ): Expr<ShapeOf<Repeat<X['shape'], N, A>>, X['dtype']>
  <const N extends number, const A extends number>(
    n: N,
    axis: A,
  ): <X extends Expr>(x: X & Fits<Repeat<X['shape'], N, A>>) => Expr<ShapeOf<Repeat<X['shape'], N, A>>, X['dtype']>
} = typed(
  dataLast((x, n: number, axis: number) => {
    const at = axisOf('repeat', x, axis)
    checkCount('repeat', x, [n])
    return multiplied(
      x,
      x.shape.map((_, i) => (i === at ? n : 1)),
      'behind',
    )
  }),
)

/**
 * The elements of an axis moved on by a number of places; what leaves at the end comes in at the front.
 * @example console.log(roll(input('x', [2, 3]), 1, -1).shape) // [ 2, 3 ]
 */
export const roll: {
  <X extends Expr, const A extends number>(x: X, shift: number, axis: Checked<A, CheckAxis<'roll', X['shape'], A>>): X
  <const A extends number>(shift: number, axis: A): <X extends Expr>(x: X & CheckAxis<'roll', X['shape'], A>) => X
} = typed(
  dataLast((x, shift: number, axis: number) => {
    const at = axisOf('roll', x, axis)
    numberOf('roll', 'the shift', shift, 'an integer')
    const extent = x.shape[at] as number
    const moved = extent === 0 ? 0 : ((shift % extent) + extent) % extent
    if (moved === 0 || !isExpr(x)) return x
    return graph.concat([along(x, at, extent - moved, extent), along(x, at, 0, extent - moved)], { axis: at })
  }),
)
