// In: nothing. Out: small models for what is shown of machines.

import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import {
  add,
  crossEntropy,
  dense,
  gather,
  glorotUniform,
  gru,
  input,
  matmul,
  mean,
  param,
  pipe,
  relu,
  scan,
  sgd,
  square,
  sum,
  tanh,
  zeros,
} from 'nabla'
import { trainStep } from 'nabla/compiler'

/** What came out; whatever was refused is thrown. */
export const right = <A>(e: Either<Error | { readonly message: string }, A>): A => {
  if (isLeft(e)) throw new Error(e.left.message)
  return e.right
}

/** Rows of a table that are learnt: what updates them is sparse. */
export const embedded = () => {
  const [ids, y] = [input('ids', [6], 'i32'), input('y', [6], 'i32')]
  const [table, w] = [param('table', [50, 4], glorotUniform), param('w', [4, 3], glorotUniform)]
  return pipe(matmul(gather(table, ids), w), crossEntropy(y), mean)
}

export const gated = () => {
  const [xs, y] = [input('xs', [7, 2, 3]), input('y', [2], 'i32')]
  const params = {
    w: param('w', [3, 12], glorotUniform),
    u: param('u', [4, 12], glorotUniform),
    b: param('b', [12], zeros),
  }
  const { last } = gru(xs, params)
  return pipe(last, dense(param('v', [4, 3], glorotUniform), param('c', [3], zeros)), crossEntropy(y), mean)
}

/** A net with one hidden layer. */
export const net = () => {
  const [x, y] = [input('x', [8, 4]), input('y', [8], 'i32')]
  const [w1, b1] = [param('w1', [4, 16], zeros), param('b1', [16], zeros)]
  const [w2, b2] = [param('w2', [16, 3], zeros), param('b2', [3], zeros)]
  return pipe(x, dense(w1, b1), relu, dense(w2, b2), crossEntropy(y), mean)
}

export const netStep = () => trainStep(net(), sgd())

export const recurrent = () => {
  const [xs, h0] = [input('xs', [12, 3, 4]), input('h0', [3, 5])]
  const [wx, wh, b] = [param('wx', [4, 5], zeros), param('wh', [5, 5], zeros), param('b', [5], zeros)]
  const { carry, outputs } = scan(
    (h, x) => {
      const next = tanh(add(add(matmul(x, wx), matmul(h, wh)), b))
      return { carry: next, output: sum(square(next)) }
    },
    h0,
    xs,
  )
  return add(sum(outputs), mean(carry))
}
