// Derivatives that textbooks and lectures write out. Comes in: nothing; goes out: each loss, what it is differentiated
// by, and the derivatives as a careful person writes them, intermediate results used again.
// Invariant: both sides are expressions over the same leaves, so that they can be counted and evaluated alike.

import {
  add,
  crossEntropy,
  div,
  type Expr,
  greater,
  input,
  matmul,
  mean,
  mul,
  oneHot,
  outer,
  param,
  relu,
  sigmoid,
  softmax,
  square,
  sub,
  sum,
  transpose,
  where,
  zeros,
} from 'nabla'
import { grad, type Scalar } from 'nabla/compiler'

export type Derivation = {
  readonly name: string
  /** Where the formula stands. */
  readonly says: string
  readonly loss: Scalar
  readonly wrt: Readonly<Record<string, Expr>>
  /** The derivative by each of `wrt`. */
  readonly hand: Readonly<Record<string, Expr>>
}

/** Multiclass logistic regression over a batch: ∂L/∂Z = (softmax(Z) − onehot(y)) / N. */
const softmaxRegression = (): Derivation => {
  const [batch, features, classes] = [20, 4, 3] as const
  const x = input('x', [batch, features])
  const y = input('y', [batch], 'i32')
  const [w, b] = [param('w', [features, classes], zeros), param('b', [classes], zeros)]
  const z = add(matmul(x, w), b)
  const dz = div(sub(softmax(z), oneHot(y, classes)), batch)
  return {
    name: 'softmax-regression',
    says: '∂L/∂W = Xᵀ(softmax(Z) − Y)/N, ∂L/∂b = Σₙ (softmax(Z) − Y)ₙ/N',
    loss: mean(crossEntropy(z, y)),
    wrt: { w, b },
    hand: { w: matmul(transpose(x), dz), b: sum(dz, 0) },
  }
}

/** Squared error behind two sigmoid layers: δⱼ = (oⱼ − tⱼ) oⱼ (1 − oⱼ), then (Σₗ δₗ wⱼₗ) oⱼ (1 − oⱼ). */
const deltaRule = (): Derivation => {
  const [x, t] = [input('x', [3]), input('t', [2])]
  const [w1, w2] = [param('w1', [3, 4], zeros), param('w2', [4, 2], zeros)]
  const o = sigmoid(matmul(x, w1))
  const y = sigmoid(matmul(o, w2))
  const d2 = mul(mul(sub(y, t), y), sub(1, y))
  const d1 = mul(mul(matmul(d2, transpose(w2)), o), sub(1, o))
  return {
    name: 'delta-rule',
    says: '∂L/∂wᵢⱼ = oᵢ δⱼ with δ = (o − t) o (1 − o) at the output and (Σ δ w) o (1 − o) below',
    loss: mul(0.5, sum(square(sub(t, y)))),
    wrt: { w1, w2 },
    hand: { w1: outer(x, d1), w2: outer(o, d2) },
  }
}

/** h = σ(xW₁ + b₁), ŷ = softmax(hW₂ + b₂), J = CE(ŷ, y): all gradients, that of the input included. */
const twoLayerClassifier = (): Derivation => {
  const [dx, dz, dy] = [5, 4, 3] as const
  const x = input('x', [1, dx])
  const y = input('y', [1], 'i32')
  const [w1, b1] = [param('w1', [dx, dz], zeros), param('b1', [1, dz], zeros)]
  const [w2, b2] = [param('w2', [dz, dy], zeros), param('b2', [1, dy], zeros)]
  const h = sigmoid(add(matmul(x, w1), b1))
  const theta = add(matmul(h, w2), b2)
  const error = sub(softmax(theta), oneHot(y, dy))
  const delta = mul(mul(matmul(error, transpose(w2)), h), sub(1, h))
  return {
    name: 'two-layer-classifier',
    says: 'δ₁ = ŷ − y, δ₂ = δ₁W₂ᵀ ∘ h ∘ (1 − h); hᵀδ₁, δ₁, xᵀδ₂, δ₂, δ₂W₁ᵀ',
    loss: sum(crossEntropy(theta, y)),
    wrt: { w1, b1, w2, b2, x },
    hand: {
      w1: matmul(transpose(x), delta),
      b1: delta,
      w2: matmul(transpose(h), error),
      b2: error,
      x: matmul(delta, transpose(w1)),
    },
  }
}

/** J = ½‖h₁ − h₂‖² + λ/2 ‖W‖², hᵢ = σ(Wxᵢ + b). */
const siamese = (): Derivation => {
  const [m, n] = [4, 5] as const
  const [x1, x2, lambda] = [input('x1', [n]), input('x2', [n]), input('lambda', [])]
  const [w, b] = [param('w', [m, n], zeros), param('b', [m], zeros)]
  const h1 = sigmoid(add(matmul(w, x1), b))
  const h2 = sigmoid(add(matmul(w, x2), b))
  const d1 = mul(mul(sub(h1, h2), h1), sub(1, h1))
  // a careful person takes h₁ − h₂ once and subtracts
  const d2 = mul(mul(sub(h1, h2), h2), sub(1, h2))
  return {
    name: 'siamese-exercise',
    says: '∇W J = δ₁x₁ᵀ − δ₂x₂ᵀ + λW and ∇b J = δ₁ − δ₂ with δᵢ = (h₁ − h₂) ∘ hᵢ ∘ (1 − hᵢ)',
    loss: add(mul(0.5, sum(square(sub(h1, h2)))), mul(div(lambda, 2), sum(square(w)))),
    wrt: { w, b },
    hand: { w: add(sub(outer(d1, x1), outer(d2, x2)), mul(lambda, w)), b: sub(d1, d2) },
  }
}

/** ŷ = softmax(W₃(σ(W₁x + b₁) + relu(W₂x + b₂)) + b₃) over N examples: by the hidden layers and by x. */
const twoBranch = (): Derivation => {
  const [batch, n, m, classes] = [8, 5, 4, 3] as const
  const x = input('x', [batch, n])
  const y = input('y', [batch], 'i32')
  const [w1, b1] = [param('w1', [n, m], zeros), param('b1', [m], zeros)]
  const [w2, b2] = [param('w2', [n, m], zeros), param('b2', [m], zeros)]
  const [w3, b3] = [param('w3', [m, classes], zeros), param('b3', [classes], zeros)]
  const h1 = sigmoid(add(matmul(x, w1), b1))
  const a2 = add(matmul(x, w2), b2)
  const h2 = relu(a2)
  const theta = add(matmul(add(h1, h2), w3), b3)
  const dh = matmul(div(sub(softmax(theta), oneHot(y, classes)), batch), transpose(w3))
  const through1 = matmul(mul(mul(dh, h1), sub(1, h1)), transpose(w1))
  const through2 = matmul(where(greater(a2, 0), dh, 0), transpose(w2))
  return {
    name: 'two-branch-exercise',
    says: '∇h J = (ŷ − y)W₃ᵀ/N, ∇x J = (∇h J ∘ h₁ ∘ (1 − h₁))W₁ᵀ + (∇h J ∘ 1[h₂ > 0])W₂ᵀ',
    loss: mean(crossEntropy(theta, y)),
    wrt: { x },
    hand: { x: add(through1, through2) },
  }
}

/** y = x·x: the project in one line. */
const squared = (): Derivation => {
  const x = input('x', [])
  return { name: 'square', says: 'd(x · x)/dx = 2 · x', loss: mul(x, x), wrt: { x }, hand: { x: mul(2, x) } }
}

/** All of them, made when asked for. */
export const derivations = (): readonly Derivation[] => [
  squared(),
  softmaxRegression(),
  deltaRule(),
  twoLayerClassifier(),
  siamese(),
  twoBranch(),
]

/** The generated derivatives, simplified, under the names of `wrt`. */
export const generated = ({ loss, wrt }: Derivation): Readonly<Record<string, Expr>> => grad(loss, wrt)
