// A greedy transition-based parser: the slides "Neural Dependency Parsing" (Chen and Manning, 2014).
// In: the words, parts of speech and arc labels at certain places of the stack and the buffer. Out: h = (W⁽ʷ⁾ x⁽ʷ⁾ + W⁽ᵗ⁾ x⁽ᵗ⁾ +
// W⁽ˡ⁾ x⁽ˡ⁾ + b)³, p = softmax(W₂ h), and J, the mean cross-entropy with the right transition. Vectors are rows.

import {
  adagrad,
  add,
  crossEntropy,
  cube,
  embedding,
  glorotUniform,
  input,
  matmul,
  mean,
  mul,
  type Node,
  named,
  param,
  randomUniform,
  reshape,
  square,
  sum,
  zeros,
} from 'nabla'
import { type Scalar, trainStep } from 'nabla/compiler'

/** Of words, tags and labels: how many there are, and how many places are looked at. */
export interface Features {
  readonly known: number
  readonly places: number
}

export interface Sizes {
  readonly words: Features
  readonly tags: Features
  readonly labels: Features
  /** The length of an embedding. */
  readonly dimension: number
  readonly hidden: number
  readonly transitions: number
  readonly batch: number
}

const parts = ['words', 'tags', 'labels'] as const
const marks = { words: '⁽ʷ⁾', tags: '⁽ᵗ⁾', labels: '⁽ˡ⁾' } as const

export const network = (sizes: Sizes) => {
  const { dimension, hidden, transitions, batch } = sizes
  const inputs = parts.map((part) => {
    const { known, places } = sizes[part]
    const at: Node = input(part, [batch, places], 'i32')
    const E: Node = param(`E${marks[part]}`, [known, dimension], randomUniform(-0.1, 0.1))
    const x: Node = named(`x${marks[part]}`, reshape(embedding(E, at), [batch, places * dimension]))

    return matmul(x, param(`W${marks[part]}`, [places * dimension, hidden], glorotUniform))
  })
  const b: Node = param('b', [hidden], zeros)
  const h = named(
    'h',
    cube(
      add(
        inputs.reduce((z, part) => add(z, part)),
        b,
      ),
    ),
  )
  const W2: Node = param('W₂', [hidden, transitions], randomUniform(-0.1, 0.1))
  const z: Node = named('z', matmul(h, W2))
  const y = input('y', [batch], 'i32')
  return { J: mean(crossEntropy(z, y)), scores: z, weights: [b, W2] }
}

/** What is compiled: a step with a penalty on the weights of the layers, and the scores of transitions. */
export const entriesOf = (sizes: Sizes) => {
  const { J, weights } = network(sizes)
  const penalty: Node = weights.map((w) => sum(square(w))).reduce((p, q) => add(p, q))
  return { step: trainStep(add(J, mul(5e-9, penalty)) as Scalar, adagrad()) }
}

/** The scores alone, of other sizes of a batch. */
export const scoresOf = (sizes: Sizes) => ({ parse: { scores: network(sizes).scores } })

export const model = {
  J: network({
    words: { known: 12, places: 3 },
    tags: { known: 6, places: 3 },
    labels: { known: 5, places: 2 },
    dimension: 4,
    hidden: 5,
    transitions: 3,
    batch: 2,
  }).J,
}
