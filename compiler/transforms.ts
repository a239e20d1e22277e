/**
 * The transformations that users call: expressions in, expressions out. Nothing is taped and nothing runs.
 * Invariant: the result has the structure, shapes and dtypes that the docstrings say; every result is simplified.
 */
import { isFloat } from '../src/core/dtype.ts'
import { ShapeError } from '../src/core/errors.ts'
import { equalTypes, type Shape, showType } from '../src/core/shape.ts'
import type { Expr, Node } from '../src/expr/expr.ts'
import { graph } from '../src/expr/node.ts'
import { nameOf, sourceHere } from '../src/expr/origin.ts'
import { differentiate, pushForward, simplifyRoots } from './derivatives.ts'
import { flatten, rebuild, type Structure } from '../src/expr/structure.ts'

export type Scalar = Expr<readonly [], 'f32'> | Expr<readonly [], 'f64'> | Expr<Shape, 'f32'> | Expr<Shape, 'f64'>

const called = (n: Node): string => nameOf(n) ?? n.op

/** Throws E_GRAD_DTYPE where one of the nodes is neither f32 nor f64. */
export const requireFloats = (transform: string, wrt: readonly Node[]): void => {
  for (const n of wrt)
    if (!isFloat(n.dtype))
      throw new ShapeError(
        'E_GRAD_DTYPE',
        `${transform}: ${called(n)} is ${showType(n)}; only f32 and f64 have a derivative`,
        {
          source: sourceHere(),
        },
      )
}

const zerosLike = (n: Node): Node => graph.full([], { dtype: n.dtype, shape: n.shape, value: 0 })

const requireScalar = (loss: Node): void => {
  requireFloats('grad', [loss])
  if (loss.shape.length > 0)
    throw new ShapeError(
      'E_GRAD_NON_SCALAR',
      `grad: the loss ${called(loss)} has type ${showType(loss)}, not that of a scalar`,
      {
        source: sourceHere(),
        hint: 'sum or mean makes it a scalar; vjp takes a cotangent of its shape',
      },
    )
}

/**
 * Expressions simplified as every derivative is, in the structure of `expressions`: two that simplify to the same node are
 * the same formula.
 *
 * @example
 * const x = input('x', [])
 * console.log(simplify(mul(x, 1)) === x) // true
 */
export const simplify = <S extends Structure>(expressions: S): S =>
  rebuild(expressions, simplifyRoots(flatten(expressions)).roots)

/**
 * The gradient of a scalar loss by every node of `wrt`, in the structure of `wrt`. A node that the loss does not depend on
 * has a gradient of zeros of its shape.
 *
 * Throws ShapeError E_GRAD_NON_SCALAR where the loss is not a scalar, E_GRAD_DTYPE for an integer or bool.
 *
 * @example
 * const x = input('x', [])
 * print(grad(mul(x, x), x)) // 2 · x
 */
export const grad = <W extends Structure>(loss: Scalar, wrt: W): W => {
  requireScalar(loss)
  requireFloats('grad', flatten(wrt))
  return vjp(loss, graph.lit(1, loss.dtype) as typeof loss, wrt)
}

/** The (simplified) loss together with its gradient: `{ value, gradient }`. */
export const valueAndGrad = <L extends Scalar, W extends Structure>(
  loss: L,
  wrt: W,
): { readonly value: L; readonly gradient: W } => ({
  value: simplifyRoots([loss]).roots[0] as L,
  gradient: grad(loss, wrt),
})

/**
 * Reverse mode: the cotangents that `wrt` receive when `output` receives `cotangent` (of the output's own type).
 * Throws ShapeError E_GRAD_COTANGENT, E_GRAD_DTYPE.
 */
export const vjp = <O extends Expr, W extends Structure>(output: O, cotangent: O, wrt: W): W => {
  const nodes = flatten(wrt)
  requireFloats('vjp', [output, ...nodes])
  if (!equalTypes(output, cotangent))
    throw new ShapeError(
      'E_GRAD_COTANGENT',
      `vjp: the cotangent has type ${showType(cotangent)}, the output ${showType(output)}`,
      {
        source: sourceHere(),
      },
    )
  const found = differentiate(output, cotangent, nodes)
  return rebuild(
    wrt,
    nodes.map((n, i) => found[i] ?? zerosLike(n)),
  )
}

/**
 * Forward mode: the tangent of `output` when each node of `wrt` moves by its place in `tangents`.
 * Throws ShapeError E_GRAD_TANGENT, E_GRAD_DTYPE.
 *
 * @example
 * const [x, dx] = [input('x', []), input('dx', [])]
 * print(jvp(mul(x, x), x, dx)) // 2 · x · dx
 */
export const jvp = <O extends Expr, W extends Structure>(output: O, wrt: W, tangents: W): O => {
  const nodes = flatten(wrt)
  const moves = flatten(tangents)
  requireFloats('jvp', [output, ...nodes])
  for (const [i, n] of nodes.entries()) {
    const t = moves[i]
    if (t === undefined || !equalTypes(n, t))
      throw new ShapeError(
        'E_GRAD_TANGENT',
        `jvp: ${called(n)} ${showType(n)} has a tangent of type ${t === undefined ? 'none' : showType(t)}`,
        {
          source: sourceHere(),
        },
      )
  }
  const [found] = pushForward([output], new Map(nodes.map((n, i) => [n, moves[i] as Node])))
  return (found ?? zerosLike(output)) as O
}
