// How far a state reaches: the slides "The vanishing gradient problem - Details", of a plain recurrent network, of one with
// ReLU that begins at the identity (IRNN), of a GRU and of an LSTM.
// In: nothing; weights and inputs are drawn. Out: ‖∂hₜ/∂h₀‖ for t = 1, 2, …, and ‖W‖ of the plain networks.

import {
  add,
  clipByGlobalNorm,
  concat,
  div,
  eye,
  full,
  type Gate,
  globalNorm,
  gruCell,
  key,
  lstmCell,
  matmul,
  mean,
  mul,
  type Node,
  norm,
  normal,
  reshape,
  type RnnActivation,
  rnnCell,
  scan,
  split,
  splitKey,
  square,
  sum,
  transpose,
  uniform,
} from 'nabla'
import { grad, jacobian, type Scalar } from 'nabla/compiler'

export const steps = 60
export const threshold = 5
export const hidden = 24
const features = 8

const keys = splitKey(key(5), 32)
const keyAt = (n: number) => keys[n] ?? key(n)

export const xs: Node = normal(keyAt(0), [steps, features])
const h0: Node = uniform(keyAt(1), [hidden], 0, 0.5)

const none: readonly Node[] = []

/** A vector of each of [n, m, 1] at length 1; what has vanished altogether has no direction left. */
const unit = (v: Node): Node => div(v, add(norm(v, 1, { keepDims: true }), 1e-30))

/**
 * ‖A‖₂, the greatest singular value of each matrix of [n, m, m], by power iteration, v ← AᵀA v / ‖AᵀA v‖, in a loop.
 * Golub, Van Loan, "Matrix computations", 7.3.1.
 */
export const spectralNorm = (matrices: Node): Node => {
  const [n, m] = matrices.shape as readonly [number, number, number]
  const first: Node = reshape(uniform(keyAt(2), [n, m], 0.1, 1), [n, m, 1])
  const { carry } = scan(
    (v: Node) => {
      const w: Node = matmul(transpose(matrices, [0, 2, 1]), unit(matmul(matrices, v)))
      return { carry: unit(w), output: none }
    },
    first,
    none,
    { length: 100 },
  )
  return norm(matmul(matrices, carry), [1, 2])
}

/** ‖∂sₜ/∂s₀‖ for t = 1 … steps, where next makes the state sₜ of sₜ₋₁ and the input. All Jacobians come of one loop. */
const reach = (next: (state: Node, x: Node) => Node, initial: Node): Node => {
  const { outputs } = scan(
    (state: Node, x: Node) => {
      const after = next(state, x)
      return { carry: after, output: after }
    },
    initial,
    xs,
  )
  return spectralNorm(jacobian(outputs, initial))
}

const drawn = (n: number, extent: number): Node => {
  const bound = 1 / Math.sqrt(hidden)
  return uniform(keyAt(n), [extent, hidden], -bound, bound)
}

/** A random matrix, scaled to ‖W‖ = size. */
const matrixOf = (n: number, size: number): Node => {
  const w = drawn(n, hidden)
  return mul(w, div(size, sum(spectralNorm(reshape(w, [1, hidden, hidden])))))
}

const gate = (n: number, bias = 0): Gate => ({
  w: drawn(n, features),
  u: drawn(n + 1, hidden),
  b: full([hidden], bias),
})

const plain = (u: Node, w: Node, activation: RnnActivation): Node =>
  reach((h, x) => rnnCell(x, h, { w, u }, activation), h0)

/** ‖W‖ of the two plain networks. As f′ is at most 1, β_W β_h = ‖W‖, and ‖∂hₜ/∂h₀‖ ≤ ‖W‖ᵗ. */
export const bounds = { vanishing: 0.9, exploding: 4.5 } as const

const inputWeights = mul(0.2, drawn(3, features))
const exploding = matrixOf(5, bounds.exploding)

export const norms = {
  vanishing: plain(matrixOf(4, bounds.vanishing), inputWeights, 'tanh'),
  exploding: plain(exploding, inputWeights, 'relu'),
  irnn: plain(eye(hidden), inputWeights, 'relu'),
  // gates that begin near 1 keep the past
  gru: reach((h, x) => gruCell(x, h, { z: gate(6, 4), r: gate(8), n: gate(10) }), h0),
  lstm: reach(
    (state, x) => {
      const [h, c] = split(state, 2) as readonly [Node, Node]
      const after = lstmCell(x, { h, c }, { i: gate(12), f: gate(14, 4), o: gate(16), g: gate(18) })
      return concat([after.h, after.c])
      // the state of an LSTM is h and c together
    },
    concat([h0, h0]),
  ),
}

/** A loss after all steps of the exploding network, its gradient by W, and that gradient clipped (Algorithm 1). */
const clipped = () => {
  const { carry } = scan(
    (h: Node, x: Node) => ({ carry: rnnCell(x, h, { w: inputWeights, u: exploding }, 'relu'), output: none }),
    h0,
    xs,
  )
  const gradient = grad(mean(square(carry)) as Scalar, exploding)
  const [after] = clipByGlobalNorm([gradient], threshold)
  return { before: globalNorm([gradient]), after: globalNorm([after]) }
}

export const clipping = clipped()
