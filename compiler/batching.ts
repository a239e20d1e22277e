/**
 * Transformations that stand on batching: vmap, jacobian, hessian, and products with a Hessian. Expressions in, expressions
 * out. Invariant: every derivative has its variable's shape behind its function's shape.
 */
import { ShapeError } from '../src/core/errors.ts'
import { range, type Shape, showType, sizeOf } from '../src/core/shape.ts'
import type { Expr, Node } from '../src/expr/expr.ts'
import { graph as b } from '../src/expr/node.ts'
import { nameOf, sourceHere } from '../src/expr/origin.ts'
import { batch, differentiate, pushForward, simplifyRoots } from './derivatives.ts'
import { widened } from './program/batch.ts'
import { topological } from './program/walk.ts'
import { functionOf } from '../src/expr/scan.ts'
import { flatten, rebuild, type Structure } from '../src/expr/structure.ts'
import { grad, requireFloats, type Scalar } from './transforms.ts'

let placeholders = 0

/** A leaf that stands for one example while a function is looked at; it never reaches an artifact. */
const placeholder = (dtype: Node['dtype'], shape: Shape): Node =>
  b.input([], { name: `example ${++placeholders}`, dtype, shape })

const refuse = (code: string, sentence: string): never => {
  throw new ShapeError(code, sentence, { source: sourceHere() })
}

const movedToFront = (x: Node, axis: number): Node =>
  axis === 0 ? x : b.transpose([x], { perm: [axis, ...range(x.shape.length).filter((i) => i !== axis)] })

const movedTo = (x: Node, axis: number): Node => {
  const rest = range(x.shape.length).slice(1)
  return axis === 0 ? x : b.transpose([x], { perm: [...rest.slice(0, axis), 0, ...rest.slice(axis)] })
}

export interface VmapOptions {
  /** For each argument the axis of the batch, or null where all examples share it. 0 for all when left out. */
  readonly inAxes?: readonly (number | null)[]
  /** Where the results have the axis of the batch. Default 0. */
  readonly outAxis?: number
}

const axisOf = (argument: Node, axis: number, i: number): number => {
  const rank = argument.shape.length
  const found = axis < 0 ? axis + rank : axis
  return Number.isInteger(axis) && found >= 0 && found < rank
    ? found
    : refuse(
        'E_VMAP_AXIS',
        `vmap: argument ${i} (${nameOf(argument) ?? argument.op} ${showType(argument)}) has no axis ${axis}`,
      )
}

/**
 * `f` over a batch: f is written for one example and called once; what comes back takes arguments with a batch axis and
 * computes all examples in one program. Nests, and composes with grad in either order (per-example gradients).
 *
 * Throws ShapeError E_VMAP_AXIS, E_VMAP_SIZE where the batches differ.
 *
 * @example
 * const w = param('w', [3], zeros)
 * const perExample = vmap((x: Node, y: Node) => grad(square(sub(sum(mul(x, w)), y)) as Scalar, w))
 * console.log(perExample(input('x', [8, 3]), input('y', [8])).shape) // [ 8, 3 ]
 */
export const vmap =
  <A extends readonly Node[], R extends Structure>(f: (...examples: A) => R, options: VmapOptions = {}) =>
  (...args: A): R => {
    const axes = args.map((a, i) => {
      const axis = options.inAxes === undefined ? 0 : (options.inAxes[i] ?? null)
      return axis === null ? null : axisOf(a, axis, i)
    })
    const sizes = args.flatMap((a, i) => (axes[i] === null ? [] : [a.shape[axes[i] as number] as number]))
    const size = sizes[0] ?? refuse('E_VMAP_AXIS', 'vmap: no argument has a batch axis')
    if (sizes.some((n) => n !== size)) refuse('E_VMAP_SIZE', `vmap: the batches have ${sizes.join(' and ')} examples`)
    const batched = new Map<Node, Node>()
    const examples = args.map((a, i) => {
      const axis = axes[i]
      if (axis === null || axis === undefined) return a
      const one = placeholder(
        a.dtype,
        a.shape.filter((_, k) => k !== axis),
      )
      batched.set(one, movedToFront(a, axis))
      return one
    })
    const results = f(...(examples as readonly Node[] as A))
    const nodes = flatten(results)
    const outAxis = options.outAxis ?? 0
    const whole = batch(nodes, batched, size).map((v, i) => {
      const node = nodes[i] as Node
      if (outAxis < 0 || outAxis > node.shape.length)
        refuse('E_VMAP_AXIS', `vmap: a result of type ${showType(node)} has no place ${outAxis} for the batch`)
      return movedTo(widened(v, node, size), outAxis)
    })
    return rebuild(results, simplifyRoots(whole).roots)
  }

/** The identity of all elements of a shape: [n, ...shape]. */
const basis = ({ dtype, shape }: Node): Node => {
  const n = sizeOf(shape)
  const hot = b.oneHot([b.iota([], { shape: [n], axis: 0 })], { depth: n, dtype })
  return b.reshape([hot], { shape: [n, ...shape] })
}

const zeros = (dtype: Node['dtype'], shape: Shape): Node => b.full([], { dtype, shape, value: 0 })

const reverseJacobian = (output: Node, wrt: readonly Node[]): readonly Node[] => {
  const ct = placeholder(output.dtype, output.shape)
  const n = sizeOf(output.shape)
  const cts = differentiate(output, ct, wrt)
  const found = cts.map((c) => c ?? zeros(output.dtype, []))
  const rows = batch(found, new Map([[ct, basis(output)]]), n)
  return wrt.map((x, i) => {
    const shape = [...output.shape, ...x.shape]
    if (cts[i] === null) return zeros(x.dtype, shape)
    // a cotangent that does not depend on ct cannot be: it is linear in it
    return b.reshape([widened(rows[i] as Node, found[i] as Node, n)], { shape })
  })
}

const forwardJacobian = (output: Node, x: Node): Node => {
  const tangent = placeholder(x.dtype, x.shape)
  const n = sizeOf(x.shape)
  const [pushed] = pushForward([output], new Map([[x, tangent]]))
  if (pushed === null || pushed === undefined) return zeros(output.dtype, [...output.shape, ...x.shape])
  const [columns] = batch([pushed], new Map([[tangent, basis(x)]]), n)
  return b.reshape([movedTo(widened(columns as Node, pushed, n), output.shape.length)], {
    shape: [...output.shape, ...x.shape],
  })
}

/** Whether a loop without a bound, which has no reverse mode, is a part of it. */
const isOneWay = (roots: readonly Node[]): boolean =>
  topological(roots).some((n) => n.op === 'while' || isOneWay(functionOf(n)?.results ?? []))

/** The structure of the variables, each with its partial derivatives. */
export type JacobianOf<W> = W extends Expr ? Node : { readonly [K in keyof W]: JacobianOf<W[K]> }

/**
 * All partial derivatives of `output` by each node of `wrt`: shape [...output, ...variable]. Reverse or forward mode for each
 * variable, whichever needs fewer passes; forward where an unbounded loop leaves no choice. Throws ShapeError E_GRAD_DTYPE.
 *
 * @example
 * const z = input('z', [5])
 * console.log(jacobian(softmax(z), z).shape) // [ 5, 5 ]
 */
export const jacobian = <W extends Structure>(output: Expr, wrt: W): JacobianOf<W> => {
  const nodes = flatten(wrt)
  requireFloats('jacobian', [output, ...nodes])
  const oneWay = isOneWay([output])
  const reverse = nodes.filter((x) => !oneWay && sizeOf(output.shape) <= sizeOf(x.shape))
  const rows = new Map(reverseJacobian(output, reverse).map((j, i) => [reverse[i] as Node, j]))
  const all = nodes.map((x) => rows.get(x) ?? forwardJacobian(output, x))
  // the structure is that of wrt; the shapes behind it are not
  return rebuild(wrt as Structure, simplifyRoots(all).roots) as JacobianOf<W>
}

/**
 * The second derivatives of a scalar by one variable: shape [...x, ...x], symmetric. Forward over reverse.
 *
 * @example
 * const x = input('x', [3])
 * console.log(hessian(sum(square(x)), x).shape) // [ 3, 3 ]
 */
export const hessian = (loss: Scalar, x: Expr): Node => {
  requireFloats('hessian', [x])
  const gradient = grad(loss, x)
  return simplifyRoots([forwardJacobian(gradient, x)]).roots[0] as Node
}

/**
 * The Hessian of a scalar times a direction, without the Hessian: the tangent of the gradient (Pearlmutter, "Fast exact
 * multiplication by the Hessian", 1994). `direction` has the structure and types of `wrt`, and so has the result.
 *
 * @example
 * const [x, v] = [input('x', [3]), input('v', [3])]
 * print(hvp(sum(sin(x)), x, v)) // −v · sin(x)
 */
export const hvp = <W extends Structure>(loss: Scalar, wrt: W, direction: W): W => {
  const nodes = flatten(wrt)
  const moves = flatten(direction)
  requireFloats('hvp', nodes)
  for (const [i, n] of nodes.entries()) {
    const t = moves[i]
    if (t === undefined || showType(t) !== showType(n))
      refuse(
        'E_GRAD_TANGENT',
        `hvp: ${nameOf(n) ?? n.op} ${showType(n)} has a direction of type ${t === undefined ? 'none' : showType(t)}`,
      )
  }
  const gradients = flatten(grad(loss, wrt))
  const tangents = pushForward(gradients, new Map(nodes.map((n, i) => [n, moves[i] as Node])))
  return rebuild(
    wrt,
    nodes.map((n, i) => tangents[i] ?? zeros(n.dtype, n.shape)),
  )
}
