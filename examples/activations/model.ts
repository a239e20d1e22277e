// The activation functions of the lectures. In: x, of any shape. Out: f(x) of each, element by element.

import {
  add,
  constant,
  cube,
  expandDims,
  type Expr,
  hardTanh,
  input,
  leakyRelu,
  max,
  mul,
  param,
  prelu,
  relu,
  type Shape,
  sigmoid,
  tanh,
} from 'nabla'

type Floats = Expr<Shape, 'f32'>

/** The slope of PReLU below 0 is trained. */
export const slope = param('a', [], 0.25)

/** Maxout takes the greatest of several lines wᵢ x + bᵢ; these three are −x, 0.2 x + 0.6 and 1.5 x − 2. */
export const lines = { w: constant([-1, 0.2, 1.5]), b: constant([0, 0.6, -2]) }

export const activations = (x: Floats) => ({
  sigmoid: sigmoid(x),
  tanh: tanh(x),
  relu: relu(x),
  leakyRelu: leakyRelu(x, 0.1),
  prelu: prelu(x, slope),
  maxout: max(add(mul(expandDims(x, -1), lines.w), lines.b), -1),
  hardTanh: hardTanh(x),
  cube: cube(x),
})

/** The functions at one point, to be differentiated. */
export const x = input('x', [])
export const model = activations(x)
