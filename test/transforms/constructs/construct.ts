/**
 * What programs can be made of, each as a function of two vectors of COUNT elements. In: nodes of any float dtype. Out: a
 * tensor that depends on both, smoothly near the values that the tests give.
 * Invariant: x stands for an example, w for what all examples share; nothing but them moves.
 */
import { add, cast, clip, constant, matmul, mul, type Node, reshape, sin, sum, tanh } from 'nabla'
import { sizeOf } from '../../../src/core/shape.ts'
import { numbers } from '../../expr/run.ts'

export const COUNT = 6

export interface Construct {
  readonly title: string
  readonly build: (x: Node, w: Node) => Node
}

/** Numbers of the dtype of another node. */
export const fixed = (like: Node, shape: readonly number[], seed: number): Node => {
  const elements = like.dtype === 'f64' ? Float64Array : Float32Array
  return constant(elements.from(numbers(sizeOf(shape), seed)), shape)
}

/** A tensor of a shape, of which each element depends on each of v; equal shapes get unequal ones by their seed. */
export const spread = (v: Node, shape: readonly number[], seed = 0): Node =>
  reshape(sin(matmul(v, fixed(v, [COUNT, sizeOf(shape)], seed + 0.5))), shape)

export const half = (v: Node): Node => mul(0.5, v)

/** An i32 scalar in 0 … n − 1 that depends on v. */
export const place = (v: Node, n: number): Node => cast(clip(mul(n, add(0.5, mul(0.37, sum(v)))), 0, n - 0.01), 'i32')

export const indices = (values: readonly number[]): Node => constant(values, 'i32')

export const cell = (h: Node, v: Node, u: Node): Node => tanh(add(matmul(h, u), v))
