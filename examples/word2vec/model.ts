// Word2vec: the slides "Word2Vec - Skipgram" and "Continuous Bag-Of-Words". Every word has two vectors, a row of V where it is
// read and a row of U where it is predicted.
// In: words by their numbers. Out: J of the skip-gram model and of CBOW, each with softmax-CE and with negative sampling as F.

import {
  add,
  broadcastTo,
  crossEntropy,
  einsum,
  embedding,
  input,
  logSigmoid,
  matmul,
  mean,
  mul,
  type Node,
  named,
  neg,
  param,
  randomUniform,
  sgd,
  sum,
  zeros,
} from 'nabla'
import { type Scalar, trainStep } from 'nabla/compiler'

export interface Sizes {
  readonly vocabulary: number
  readonly dimension: number
}

export const vectors = ({ vocabulary, dimension }: Sizes) => ({
  V: param('V', [vocabulary, dimension], randomUniform(-0.5 / dimension, 0.5 / dimension)),
  U: param('U', [vocabulary, dimension], zeros),
})

// ---- as on the slides: one center word c, and the words o around it

export const window = 4
export const slides: Sizes = { vocabulary: 9, dimension: 5 }

export const { V, U } = vectors(slides)
export const c = input('c', [], 'i32')
export const o = input('o', [window], 'i32')

/** Skip-gram: v = V[c], ŷ = softmax(U v), and the cost adds up CE(ŷ, o_j) over the words around. */
export const v = named('v', embedding(V, c))
export const z = named('z', matmul(U, v))
export const skipGram = sum(crossEntropy(broadcastTo(z, [window, slides.vocabulary]), o))

/** CBOW: v̄ is the mean of the vectors around, ŷ = softmax(U v̄), and the cost is CE(ŷ, c). */
export const average = named('v̄', mean(embedding(V, o), 0))
export const cbow = crossEntropy(matmul(U, average), c)

/** Skip-gram with negative sampling, of one word w around c and words n drawn at random: −log σ(u v) − Σ log σ(−u′ v). */
export const w = input('w', [], 'i32')
export const n = input('n', [3], 'i32')
const right = logSigmoid(matmul(embedding(U, w), v))
const wrong = sum(logSigmoid(neg(matmul(embedding(U, n), v))))
export const negative = neg(add(right, wrong))

export const model = { skipGram, cbow, negative }

// ---- what is trained: many pairs at a time

export interface Batch extends Sizes {
  /** Pairs of a center word and a word around it. */
  readonly pairs: number
  /** Words drawn at random for each pair. */
  readonly draws: number
}

/** Skip-gram with negative sampling over pairs; each moves its rows of V and U, as in the program of 2013. */
export const entriesOf = ({ vocabulary, dimension, pairs, draws }: Batch) => {
  const { V, U } = vectors({ vocabulary, dimension })
  const centers: Node = input('c', [pairs], 'i32')
  const around: Node = input('o', [pairs], 'i32')
  const drawn: Node = input('n', [pairs, draws], 'i32')
  const v: Node = embedding(V, centers)
  const right: Node = logSigmoid(sum(mul(embedding(U, around), v), 1))
  const wrong: Node = logSigmoid(neg(einsum('pnd,pd->pn', embedding(U, drawn), v)))
  return { step: trainStep(neg(add(sum(right), sum(wrong))) as Scalar, sgd()) }
}
