// A recurrent language model of characters: the slides "Recurrent Neural Network language model".
// In: characters x, the state before them. Out: hₜ = tanh(hₜ₋₁ W⁽ʰʰ⁾ + xₜ W⁽ʰˣ⁾ + b), ŷₜ = softmax(hₜ W⁽ˢ⁾), and J, the mean over
// all steps of −log ŷₜ of the character that follows. The same W at all steps.

import {
  adam,
  add,
  crossEntropy,
  div,
  type Expr,
  type Float,
  full,
  glorotUniform,
  input,
  matmul,
  mean,
  type Node,
  named,
  oneHot,
  param,
  randomUniform,
  reshape,
  rnn,
  rnnCell,
  slice,
  softmax,
  zeros,
} from 'nabla'
import { type Scalar, trainStep } from 'nabla/compiler'

export interface Parameters {
  readonly Wx: Expr
  readonly Wh: Expr
  readonly b: Expr
  readonly Ws: Expr
}

export const parameters = (vocabulary: number, hidden: number, dtype: Float = 'f32'): Parameters => ({
  Wx: param('W⁽ʰˣ⁾', [vocabulary, hidden], randomUniform(-0.1, 0.1), dtype),
  Wh: param('W⁽ʰʰ⁾', [hidden, hidden], glorotUniform, dtype),
  b: param('b', [hidden], zeros, dtype),
  Ws: param('W⁽ˢ⁾', [hidden, vocabulary], glorotUniform, dtype),
})

/**
 * The model over windows [steps, batch]; xₜ W⁽ʰˣ⁾ of a one-hot xₜ is the row of the character. Inputs
 * of one artifact have names of their own, so those of other sizes get a mark.
 */
export const languageModel = ({ Wx, Wh, b, Ws }: Parameters, steps: number, batch: number, mark = '') => {
  const [vocabulary, hidden] = Wx.shape as readonly [number, number]
  const dtype = Wx.dtype
  const x = input(`x${mark}`, [steps, batch], 'i32')
  const y = input(`y${mark}`, [steps, batch], 'i32')
  const h0 = input(`state${mark}`, [batch, hidden], dtype)
  const { outputs, last } = rnn(oneHot(x, vocabulary, dtype), { w: Wx, u: Wh, b }, { initial: h0 })
  const z: Node = named('z', matmul(named('h', outputs), Ws))
  const loss = mean(crossEntropy(z, y)) as Scalar
  return { x, y, h0, last, loss, probabilities: softmax(z) }
}

/** J of the same model with a matrix of its own, copies[t], at each step of time, and without a loop. */
export const untied = ({ Wx, b, Ws }: Parameters, copies: readonly Node[], x: Node, y: Node, h0: Node): Scalar => {
  const [vocabulary, batch] = [Wx.shape[0] as number, h0.shape[0] as number]
  const at = (labels: Node, t: number): Node => reshape(slice(labels, t, t + 1), [batch])
  let [h, total]: [Node, Node] = [h0, full([], 0, 'f64')]
  for (const [t, u] of copies.entries()) {
    h = rnnCell(oneHot(at(x, t) as never, vocabulary, 'f64'), h, { w: Wx, u, b })
    total = add(total, mean(crossEntropy(matmul(h, Ws), at(y, t))))
  }
  return div(total, copies.length) as Scalar
}

export interface Sizes {
  readonly vocabulary: number
  readonly hidden: number
  readonly steps: number
  readonly batch: number
}

/** What is compiled: a step that clips its gradients and gives the state on, an evaluation, and one character at a time. */
export const entriesOf = ({ vocabulary, hidden, steps, batch }: Sizes) => {
  const p = parameters(vocabulary, hidden)
  const many = languageModel(p, steps, batch)
  const one = languageModel(p, steps, 1, '′')
  const next = languageModel(p, 1, 1, '″')
  return {
    step: trainStep(many.loss, adam(), { clipNorm: 5, results: { last: many.last } }),
    evaluate: { loss: one.loss, last: one.last },
    next: { probabilities: next.probabilities, last: next.last },
  }
}

export const model = { loss: languageModel(parameters(5, 4), 6, 2).loss }
