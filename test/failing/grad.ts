/**
 * Derivatives that cannot be had, one a code. In: nothing. Out: programs and their words.
 */
import { cast, customVjp, input, less, mul, type Node, relu, sum, whileLoop } from 'nabla'
import { grad, jvp, type Scalar, vjp, vmap } from 'nabla/compiler'
import type { gradErrorCodes } from '../../src/core/codes.ts'
import { type FailingPrograms, some } from './program.ts'

const x = input('x', [some(4), 3])
const labels = input('labels', [some(4)], 'i32')

const gated = customVjp(
  (v: Node) => mul(v, x),
  ({ inputs: [v], cotangent }) => [mul(cotangent, v)],
)

export const grads: FailingPrograms<keyof typeof gradErrorCodes> = {
  E_CUSTOM_INPUT: {
    message: 'customVjp: the function uses x, by which it is differentiated, and which is not one of its inputs',
    run: () => grad(sum(gated(input('z', [some(4), 3]))) as Scalar, x),
  },
  E_CUSTOM_JVP: {
    message: 'jvp: a function of customVjp has no rule for forward mode',
    run: () => jvp(gated(input('z', [some(4), 3])), input('z', [some(4), 3]), input('dz', [some(4), 3])),
  },
  E_GRAD_COTANGENT: {
    message: 'vjp: the cotangent has type f32[4], the output f32[4,3]',
    run: () => vjp(relu(x), input('ct', [some(4)]) as never, x),
  },
  E_GRAD_DTYPE: {
    message: 'grad: labels is i32[4]; only f32 and f64 have a derivative',
    run: () => grad(sum(mul(cast(labels, 'f32'), 2)), labels),
  },
  E_GRAD_NON_SCALAR: {
    message: 'grad: the loss relu has type f32[4,3], not that of a scalar',
    run: () => grad(relu(x) as Scalar, x),
  },
  E_GRAD_TANGENT: {
    message: 'jvp: x f32[4,3] has a tangent of type f32[3]',
    run: () => jvp(relu(x), x, input('dx', [some(3)]) as never),
  },
  E_VMAP_AXIS: { message: 'vmap: argument 0 (x f32[4,3]) has no axis 2', run: () => vmap(relu, { inAxes: [2] })(x) },
  E_VMAP_SIZE: {
    message: 'vmap: the batches have 4 and 5 examples',
    run: () => vmap((a: typeof x, b: typeof x) => mul(a, b))(x, input('z', [some(5), 3])),
  },
  E_WHILE_REVERSE: {
    message: 'grad: the whileLoop over x has no bound, and so no reverse mode',
    run: () => {
      const last = whileLoop(
        x,
        (c) => less(sum(c), 1),
        (c) => mul(c, 2),
      )
      return grad(sum(last) as Scalar, x)
    },
  },
}
