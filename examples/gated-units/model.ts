// GRU and LSTM: the slides "Gated Recurrent Units" and "Long-short-term-memories", each gate with matrices of its own.
// In: a sequence x of vectors, and the class y that is to be remembered from it. Out: J, the mean cross-entropy of
// softmax(h W⁽ˢ⁾) with the last state h. Biases are left out, as on the slides; vectors are rows.

import {
  adam,
  add,
  crossEntropy,
  type Expr,
  type Float,
  glorotUniform,
  input,
  matmul,
  mean,
  mul,
  type Node,
  named,
  param,
  scan,
  sigmoid,
  softmax,
  sub,
  tanh,
  zeros,
} from 'nabla'
import { type Scalar, trainStep } from 'nabla/compiler'

export interface Sizes {
  readonly steps: number
  readonly batch: number
  /** The length of a vector x. */
  readonly features: number
  readonly hidden: number
  readonly classes: number
}

/** The matrices of x and of h. */
export interface Gate {
  readonly W: Expr
  readonly U: Expr
}

const gate = ({ features, hidden }: Sizes, name: string, dtype: Float): Gate => ({
  W: param(`W${name}`, [features, hidden], glorotUniform, dtype),
  U: param(`U${name}`, [hidden, hidden], glorotUniform, dtype),
})

/** x W + h U */
const both = (x: Node, h: Node, { W, U }: Gate): Node => add(matmul(x, W), matmul(h, U))

/** One step of a GRU: z = σ(x W⁽ᶻ⁾ + h U⁽ᶻ⁾), r = σ(x W⁽ʳ⁾ + h U⁽ʳ⁾), h̃ = tanh(x W + r ∘ (h U)), h ← z ∘ h + (1 − z) ∘ h̃. */
export const gruStep = (x: Node, h: Node, update: Gate, reset: Gate, memory: Gate) => {
  const z = named('z', sigmoid(both(x, h, update)))
  const r = named('r', sigmoid(both(x, h, reset)))
  const fresh = named('h̃', tanh(add(matmul(x, memory.W), mul(r, matmul(h, memory.U)))))
  const next: Node = add(mul(z, h), mul(sub(1, z), fresh))
  return { z, r, h: next }
}

/** One step of an LSTM: i, f, o = σ(x W + h U), c̃ = tanh(x W⁽ᶜ⁾ + h U⁽ᶜ⁾), c ← f ∘ c + i ∘ c̃, h ← o ∘ tanh(c). */
export const lstmStep = (x: Node, h: Node, c: Node, inward: Gate, forget: Gate, outward: Gate, memory: Gate) => {
  const i = named('i', sigmoid(both(x, h, inward)))
  const f = named('f', sigmoid(both(x, h, forget)))
  const o = named('o', sigmoid(both(x, h, outward)))
  const fresh = named('c̃', tanh(both(x, h, memory)))
  const cell: Node = add(mul(f, c), mul(i, fresh))
  const next: Node = mul(o, tanh(cell))
  return { i, f, o, c: cell, h: next }
}

const sequence = ({ steps, batch, features }: Sizes, dtype: Float): Node => input('x', [steps, batch, features], dtype)

/** What the last state says of the sequence. */
const told = ({ batch, hidden, classes }: Sizes, last: Node, dtype: Float) => {
  const theta: Node = named('θ', matmul(last, param('W⁽ˢ⁾', [hidden, classes], glorotUniform, dtype)))
  const y: Node = input('y', [batch], 'i32')
  return { y, J: mean(crossEntropy(theta, y)) as Scalar, prediction: softmax(theta) }
}

export const gru = (sizes: Sizes, dtype: Float = 'f32') => {
  const [update, reset, memory] = [gate(sizes, '⁽ᶻ⁾', dtype), gate(sizes, '⁽ʳ⁾', dtype), gate(sizes, '', dtype)]
  const { carry } = scan(
    ({ h }: { readonly h: Node }, { x }: { readonly x: Node }) => ({
      carry: { h: gruStep(x, h, update, reset, memory).h },
      output: [],
    }),
    { h: zeros([sizes.batch, sizes.hidden], dtype) },
    { x: sequence(sizes, dtype) },
  )
  return told(sizes, carry.h, dtype)
}

export const lstm = (sizes: Sizes, dtype: Float = 'f32') => {
  const [inward, forget] = [gate(sizes, '⁽ⁱ⁾', dtype), gate(sizes, '⁽ᶠ⁾', dtype)]
  const [outward, memory] = [gate(sizes, '⁽ᵒ⁾', dtype), gate(sizes, '⁽ᶜ⁾', dtype)]
  const zero: Node = zeros([sizes.batch, sizes.hidden], dtype)
  const { carry } = scan(
    ({ h, c }: { readonly h: Node; readonly c: Node }, { x }: { readonly x: Node }) => {
      const next = lstmStep(x, h, c, inward, forget, outward, memory)
      return { carry: { h: next.h, c: next.c }, output: [] }
    },
    { h: zero, c: zero },
    { x: sequence(sizes, dtype) },
  )
  return told(sizes, carry.h, dtype)
}

export const kinds = { gru, lstm } as const

/** What is compiled of each: a step, and what the network says of sequences. */
export const entriesOf = (kind: keyof typeof kinds, sizes: Sizes) => {
  const { J, prediction } = kinds[kind](sizes)
  return { step: trainStep(J, adam(), { clipNorm: 1 }), predict: { J, prediction } }
}

export const small: Sizes = { steps: 5, batch: 2, features: 3, hidden: 4, classes: 3 }

export const gruModel = { J: gru(small).J }
export const lstmModel = { J: lstm(small).J }
export const model = { gru: gruModel, lstm: lstmModel }
