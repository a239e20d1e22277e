// GloVe: the slide "GloVe", whose cost adds up over all pairs of words how far uⱼᵀ vᵢ is from log Xᵢⱼ, weighted by Xᵢⱼ.
// In: X, how often word j occurs in the context of word i. Out: J over the whole table, as on the slide; and J over some of its
// entries with the weight f and the biases of Pennington, Socher and Manning (2014), which is what is trained.

import {
  adagrad,
  add,
  div,
  embedding,
  greater,
  input,
  log,
  matmul,
  mean,
  minimum,
  mul,
  type Node,
  param,
  pow,
  randomUniform,
  square,
  sub,
  sum,
  transpose,
  where,
  zeros,
} from 'nabla'
import { type Scalar, trainStep } from 'nabla/compiler'

/** The words of the slide's corpus. */
export const slideWords = ['i', 'like', 'enjoy', 'deep', 'learning', 'nlp', 'flying', '.'] as const

const [words, d] = [slideWords.length, 5] as const

// ---- the slide: J = Σᵢ Σⱼ Xᵢⱼ (uⱼᵀ vᵢ − log Xᵢⱼ)²

export const X = input('X', [words, words])
export const V = param('V', [words, d], randomUniform(-0.5, 0.5))
export const U = param('U', [words, d], randomUniform(-0.5, 0.5))

/** log X where there is something to take it of: elsewhere its weight is 0. */
export const logX = where(greater(X, 0), log(X), 0)

export const J: Scalar = sum(mul(X, square(sub(matmul(V, transpose(U)), logX))))

export const model = { J }

// ---- what is trained: some entries i, j, x of the table at a time

/** An entry that occurs this often has the greatest weight. */
const often = 100

export interface Sizes {
  readonly vocabulary: number
  readonly dimension: number
  /** Entries a step. */
  readonly batch: number
}

export const entriesOf = ({ vocabulary, dimension, batch }: Sizes) => {
  const table = (name: string): Node =>
    param(name, [vocabulary, dimension], randomUniform(-0.5 / dimension, 0.5 / dimension))
  const bias = (name: string): Node => param(name, [vocabulary], zeros)
  const [v, u, b, c] = [table('v'), table('u'), bias('b'), bias('c')]
  const i: Node = input('i', [batch], 'i32')
  const j: Node = input('j', [batch], 'i32')
  const x: Node = input('x', [batch])
  const fits: Node = sum(mul(embedding(v, i), embedding(u, j)), 1)
  const error: Node = sub(add(add(fits, embedding(b, i)), embedding(c, j)), log(x))
  const weight: Node = minimum(pow(div(x, often), 0.75), 1)
  const loss = mean(mul(weight, square(error))) as Scalar
  // both vectors say much the same of a word: their sum says it best
  return { step: trainStep(loss, adagrad()), vectors: { sum: add(v, u) } }
}
