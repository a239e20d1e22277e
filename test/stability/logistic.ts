// The logistic function, what is made of it, and binary cross-entropy: their naive texts.
import {
  add,
  cosh,
  div,
  exp,
  log,
  log1p,
  logSigmoid,
  mul,
  neg,
  sigmoid,
  sigmoidCrossEntropy,
  silu,
  sinh,
  softplus,
  sub,
  tanh,
} from 'nabla'
import { besideOne, pair, scalar } from './entry.ts'
import * as r from './real.ts'

const wide = [0, 1, -1, 20, -20, 89, -89, 100, -100, 200, -200]
const odds = [{ x: 0, truth: [0, 1, 0] }, 1e-40, 1e-20, 0.5, 1 - 2 ** -24, { x: 1, truth: [1, 1, 0] }] as const
const odd = [
  [0, 0],
  [1, -1],
  [200, 0],
  [0, 200],
  [-200, -201],
  [200, 200],
  [100, 99],
] as const
const tanhTruth = (x: r.Real): r.Real => r.div(r.sub(r.exp(x), r.exp(r.neg(x))), r.add(r.exp(x), r.exp(r.neg(x))))
const logSigmoidTruth = (x: r.Real): r.Real => r.neg(r.log(r.add(r.one, r.exp(r.neg(x)))))
const softplusTruth = (x: r.Real): r.Real => r.log(r.add(r.one, r.exp(x)))

/** What says σ, in the ways of texts. */
const sigmoids = [
  scalar('1 / (1 + exp(−x))', {
    naive: (x) => div(1, add(1, exp(neg(x)))),
    op: sigmoid,
    truth: r.sigmoid,
    at: wide,
    within: besideOne,
  }),
  scalar('exp(x) / (1 + exp(x))', {
    naive: (x) => div(exp(x), add(1, exp(x))),
    op: sigmoid,
    truth: r.sigmoid,
    at: wide,
    within: besideOne,
  }),
  scalar('exp(x) / (exp(x) + 1)', {
    naive: (x) => div(exp(x), add(exp(x), 1)),
    op: sigmoid,
    truth: r.sigmoid,
    at: wide,
    within: besideOne,
  }),
  scalar('1 / (1 + exp(x))', {
    naive: (x) => div(1, add(1, exp(x))),
    op: (x) => sigmoid(neg(x)),
    truth: (x) => r.sigmoid(r.neg(x)),
    at: wide,
    within: besideOne,
  }),
  scalar('1 − σ(x)', {
    naive: (x) => sub(1, sigmoid(x)),
    op: (x) => sigmoid(neg(x)),
    truth: (x) => r.sigmoid(r.neg(x)),
    at: wide,
    within: besideOne,
  }),
  scalar('x / (1 + exp(−x))', {
    naive: (x) => div(x, add(1, exp(neg(x)))),
    op: silu,
    truth: (x) => r.mul(x, r.sigmoid(x)),
    at: [0, 1, -1, 20, -20, -80, 89, 100, 200, -200],
    within: besideOne,
  }),
]

/** Of two classes. */
const twos = [
  pair('exp(a) / (exp(a) + exp(b))', {
    naive: (a, b) => div(exp(a), add(exp(a), exp(b))),
    op: (a, b) => sigmoid(sub(a, b)),
    truth: (a, b) => r.sigmoid(r.sub(a, b)),
    at: odd,
    within: besideOne,
  }),
  pair('log(exp(a) / (exp(a) + exp(b)))', {
    naive: (a, b) => log(div(exp(a), add(exp(a), exp(b)))),
    op: (a, b) => logSigmoid(sub(a, b)),
    truth: (a, b) => r.neg(r.log(r.add(r.one, r.exp(r.sub(b, a))))),
    at: odd,
    within: besideOne,
  }),
]

const tanhs = [
  scalar('sinh(x) / cosh(x)', {
    naive: (x) => div(sinh(x), cosh(x)),
    op: tanh,
    truth: tanhTruth,
    at: [0, 1e-10, 1, 10, 89, -89, 200],
    within: besideOne,
  }),
  scalar('(exp(2 · x) − 1) / (exp(2 · x) + 1)', {
    naive: (x) => div(sub(exp(mul(2, x)), 1), add(exp(mul(2, x)), 1)),
    op: tanh,
    truth: tanhTruth,
    at: [0, 1e-10, 1, 10, 89, -89, 200],
    within: besideOne,
  }),
  scalar('(1 − exp(−2 · x)) / (1 + exp(−2 · x))', {
    naive: (x) => div(sub(1, exp(mul(-2, x))), add(1, exp(mul(-2, x)))),
    op: tanh,
    truth: tanhTruth,
    at: [0, 1e-10, 1, 10, 89, -89, 200],
    within: besideOne,
  }),
  scalar('(exp(x) − exp(−x)) / (exp(x) + exp(−x))', {
    naive: (x) => div(sub(exp(x), exp(neg(x))), add(exp(x), exp(neg(x)))),
    op: tanh,
    truth: tanhTruth,
    at: [0, 1e-10, 1, 10, 89, -89, 200],
    within: besideOne,
  }),
  scalar('2 · σ(2 · x) − 1', {
    naive: (x) => sub(mul(2, sigmoid(mul(2, x))), 1),
    op: tanh,
    truth: tanhTruth,
    at: [0, 1e-10, 1, 10, 89, -89, 200],
    within: besideOne,
  }),
]

const logarithmsOfSigmoids = [
  scalar('log(1 + exp(x))', {
    naive: (x) => log(add(1, exp(x))),
    op: softplus,
    truth: softplusTruth,
    at: wide,
    within: besideOne,
  }),
  scalar('log(exp(x) + 1)', {
    naive: (x) => log(add(exp(x), 1)),
    op: softplus,
    truth: softplusTruth,
    at: wide,
    within: besideOne,
  }),
  scalar('−log(1 + exp(−x))', {
    naive: (x) => neg(log(add(1, exp(neg(x))))),
    op: logSigmoid,
    truth: logSigmoidTruth,
    at: wide,
    within: besideOne,
  }),
  scalar('log(σ(x))', {
    naive: (x) => log(sigmoid(x)),
    op: logSigmoid,
    truth: logSigmoidTruth,
    at: wide,
    within: besideOne,
  }),
  scalar('log(1 / (1 + exp(−x)))', {
    naive: (x) => log(div(1, add(1, exp(neg(x))))),
    op: logSigmoid,
    truth: logSigmoidTruth,
    at: wide,
    within: besideOne,
  }),
  scalar('log(1 − σ(x))', {
    naive: (x) => log(sub(1, sigmoid(x))),
    op: (x) => neg(softplus(x)),
    truth: (x) => r.neg(softplusTruth(x)),
    at: wide,
    within: besideOne,
  }),
]

const logits = [
  scalar('log(σ(x) / (1 − σ(x)))', {
    naive: (x) => log(div(sigmoid(x), sub(1, sigmoid(x)))),
    op: (x) => x,
    truth: (x) => x,
    at: wide,
  }),
  scalar('softplus(log(x))', {
    naive: (x) => softplus(log(x)),
    op: log1p,
    truth: (x) => r.log(r.add(r.one, x)),
    at: [{ x: 0, truth: [0, 1, -1] }, 1e-40, 1e-20, 1, 1e30],
  }),
  scalar('σ(log(p / (1 − p)))', {
    naive: (p) => sigmoid(log(div(p, sub(1, p)))),
    op: (p) => p,
    truth: (p) => p,
    at: odds,
    name: 'p',
  }),
  scalar('σ(log(p) − log(1 − p))', {
    naive: (p) => sigmoid(sub(log(p), log(sub(1, p)))),
    op: (p) => p,
    truth: (p) => p,
    at: odds,
    name: 'p',
  }),
  scalar('σ(−log(1 / p − 1))', {
    naive: (p) => sigmoid(neg(log(sub(div(1, p), 1)))),
    op: (p) => p,
    truth: (p) => p,
    at: odds,
    name: 'p',
  }),
]

const binaryCrossEntropies = [
  pair('−(t · log(σ(z)) + (1 − t) · log(1 − σ(z)))', {
    naive: (z, t) => neg(add(mul(t, log(sigmoid(z))), mul(sub(1, t), log(sub(1, sigmoid(z)))))),
    op: sigmoidCrossEntropy,
    truth: (z, t) => r.sub(softplusTruth(z), r.mul(t, z)),
    at: wide.flatMap((z) => [0, 0.25, 1].map((t) => [z, t] as const)),
    within: besideOne,
    names: ['z', 't'],
    second: 'fixed',
  }),
  pair('−(t · log(p) + (1 − t) · log(1 − p)), p = 1 / (1 + exp(−z))', {
    naive: (z, t) => {
      const p = div(1, add(1, exp(neg(z))))
      return neg(add(mul(t, log(p)), mul(sub(1, t), log(sub(1, p)))))
    },
    op: sigmoidCrossEntropy,
    truth: (z, t) => r.sub(softplusTruth(z), r.mul(t, z)),
    at: wide.flatMap((z) => [0, 1].map((t) => [z, t] as const)),
    within: besideOne,
    names: ['z', 't'],
    second: 'fixed',
  }),
]

export const logistic = [...sigmoids, ...twos, ...tanhs, ...logarithmsOfSigmoids, ...logits, ...binaryCrossEntropies]
