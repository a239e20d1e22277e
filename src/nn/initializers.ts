/**
 * Initializers: how the initial value of a parameter is drawn. In: a key and the parameter's type. Out: an expression of
 * that type. Invariant: fans are read from the shape: a matrix [in, out] has fan-in `in` and fan-out `out`, a kernel
 * [height, width, in, out] counts its receptive field too, a vector [n] has both n.
 */
import { isFloat } from '../core/dtype.ts'
import type { Float } from '../core/dtype.ts'
import { type Shape, showType, sizeOf, type TensorType } from '../core/shape.ts'
import type { Node } from '../expr/expr.ts'
import type { Initializer } from '../expr/leaves.ts'
import { graph, literal, shapeError } from '../expr/node.ts'
import { normal, uniform } from '../expr/random.ts'

interface Fans {
  readonly fanIn: number
  readonly fanOut: number
}

const fansOf = (shape: Shape): Fans => {
  if (shape.length < 2) return { fanIn: Math.max(1, sizeOf(shape)), fanOut: Math.max(1, sizeOf(shape)) }
  const field = sizeOf(shape.slice(0, -2))
  const [fanIn, fanOut] = shape.slice(-2).map((d) => Math.max(1, d * field)) as [number, number]
  return { fanIn, fanOut }
}

const floatOf = (name: string, type: TensorType): Float => {
  if (isFloat(type.dtype)) return type.dtype
  throw shapeError({ code: 'E_INITIAL', sentence: `${name}: draws floats, not ${showType(type)}` }, [])
}

const uniformWithin =
  (name: string, bound: (fans: Fans) => number): Initializer =>
  (key, type) => {
    const a = bound(fansOf(type.shape))
    return uniform(key, type.shape, -a, a, floatOf(name, type))
  }

const normalWith =
  (name: string, deviation: (fans: Fans) => number): Initializer =>
  (key, type) =>
    normal(key, type.shape, 0, deviation(fansOf(type.shape)), floatOf(name, type))

/**
 * U(lo, hi); without bounds U(−1/√m, 1/√m) for m inputs.
 * @example param('w', [784, 10], randomUniform()); param('w', [784, 10], randomUniform(-0.05, 0.05))
 */
export const randomUniform = (lo?: number, hi?: number): Initializer =>
  lo === undefined
    ? uniformWithin('randomUniform', ({ fanIn }) => 1 / Math.sqrt(fanIn))
    : (key, type) => uniform(key, type.shape, lo, hi ?? -lo, floatOf('randomUniform', type))

/**
 * N(mean, deviation²).
 * @example param('w', [784, 10], randomNormal(0.01))
 */
export const randomNormal =
  (deviation = 0.01, mean = 0): Initializer =>
  (key, type) =>
    normal(key, type.shape, mean, deviation, floatOf('randomNormal', type))

/** U(±√(6/(in + out))): Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010). */
export const glorotUniform = uniformWithin('glorotUniform', ({ fanIn, fanOut }) => Math.sqrt(6 / (fanIn + fanOut)))

/** N(0, 2/(in + out)): Glorot and Bengio (2010). */
export const glorotNormal = normalWith('glorotNormal', ({ fanIn, fanOut }) => Math.sqrt(2 / (fanIn + fanOut)))

/** U(±√(6/in)), for ReLU: He, Zhang, Ren, Sun, "Delving deep into rectifiers" (2015). */
export const heUniform = uniformWithin('heUniform', ({ fanIn }) => Math.sqrt(6 / fanIn))

/** N(0, 2/in), for ReLU: He, Zhang, Ren, Sun (2015). */
export const heNormal = normalWith('heNormal', ({ fanIn }) => Math.sqrt(2 / fanIn))

/** The identity matrix, for recurrent weights with ReLU: Le, Jaitly, Hinton, "A simple way to initialize recurrent networks of rectified linear units" (2015). */
export const identity: Initializer = (_key, type): Node => {
  const { shape, dtype } = type
  if (shape.length !== 2)
    throw shapeError({ code: 'E_INITIAL', sentence: `identity: ${showType(type)} is not a matrix` }, [])
  const diagonal = graph.equal([graph.iota([], { shape, axis: 0 }), graph.iota([], { shape, axis: 1 })])
  return graph.where([diagonal, literal(1, dtype), literal(0, dtype)])
}
