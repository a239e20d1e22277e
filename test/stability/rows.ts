// Softmax, its logarithm, cross-entropy and norms of rows: their naive texts.
import {
  add,
  crossEntropy,
  div,
  dot,
  exp,
  gather,
  hypot,
  log,
  logSoftmax,
  logSumExp,
  max,
  mean,
  mul,
  neg,
  norm,
  oneHot,
  pow,
  slice,
  softmax,
  softplus,
  sqrt,
  square,
  std,
  sub,
  sum,
} from 'nabla'
import { labelled, pair, row, scalar } from './entry.ts'
import * as r from './real.ts'

type Reals = readonly r.Real[]

const scores = [
  [0, 0, 0],
  [1, 2, 3],
  [200, 0, -200],
  [0, 200, 0],
  [-200, -200, -200],
  [100, 100, 100],
  [0, 100, -1],
] as const
const labels = scores.flatMap((z) => [0, 1, 2].map((y) => [z, y] as const))
const softmaxTruth = (z: Reals): Reals => {
  const e = z.map(r.exp)
  return e.map((v) => r.div(v, r.sum(e)))
}
const total = (z: Reals): r.Real => r.log(r.sum(z.map(r.exp)))
const logSoftmaxTruth = (z: Reals): Reals => z.map((v) => r.sub(v, total(z)))
const at = (z: Reals, i: number): r.Real => z[i] as r.Real
const loss = (z: Reals, y: number): r.Real => r.sub(total(z), at(z, y))
/** Each derivative is a sum over the row of terms of the size of the cotangents, which are at most 3. */
const besideTerms = { first: { of: 4 }, second: { of: 4 } }

export const softmaxes = [
  row('exp(z) / Σ exp(z)', {
    naive: (z) => div(exp(z), sum(exp(z))),
    op: (z) => softmax(z),
    truth: softmaxTruth,
    at: scores,
    within: besideTerms,
  }),
  row('e / Σ e, e = exp(z − max(z))', {
    naive: (z) => {
      const e = exp(sub(z, max(z)))
      return div(e, sum(e))
    },
    op: (z) => softmax(z),
    truth: softmaxTruth,
    at: scores,
    within: besideTerms,
  }),
  row('exp(logSoftmax(z))', {
    naive: (z) => exp(logSoftmax(z)),
    op: (z) => softmax(z),
    truth: softmaxTruth,
    at: scores,
    within: besideTerms,
  }),
  row('log(Σ exp(z))', {
    naive: (z) => log(sum(exp(z))),
    op: (z) => logSumExp(z),
    truth: (z) => [total(z)],
    at: scores,
    within: besideTerms,
  }),
  row('log(1 + Σ exp(z))', {
    naive: (z) => log(add(1, sum(exp(z)))),
    op: (z) => softplus(logSumExp(z)),
    truth: (z) => [r.log(r.add(r.one, r.exp(total(z))))],
    at: scores,
    within: { ...besideTerms, value: { ulps: 32 } },
  }),
  row('log(mean(exp(z)))', {
    naive: (z) => log(mean(exp(z))),
    op: (z) => sub(logSumExp(z), Math.log(3)),
    truth: (z) => [r.sub(total(z), r.log(r.of(3)))],
    at: scores,
    within: { ...besideTerms, value: { of: 1 } },
  }),
  row('m + log(Σ exp(z − m)), m = max(z)', {
    naive: (z) => {
      const m = max(z)
      return add(m, log(sum(exp(sub(z, m)))))
    },
    op: (z) => logSumExp(z),
    truth: (z) => [total(z)],
    at: scores,
    within: besideTerms,
  }),
  row('log(softmax(z))', {
    naive: (z) => log(softmax(z)),
    op: (z) => logSoftmax(z),
    truth: logSoftmaxTruth,
    at: scores,
    within: besideTerms,
  }),
  row('log(exp(z) / Σ exp(z))', {
    naive: (z) => log(div(exp(z), sum(exp(z)))),
    op: (z) => logSoftmax(z),
    truth: logSoftmaxTruth,
    at: scores,
    within: besideTerms,
  }),
  row('z − log(Σ exp(z))', {
    naive: (z) => sub(z, log(sum(exp(z)))),
    op: (z) => logSoftmax(z),
    truth: logSoftmaxTruth,
    at: scores,
    within: besideTerms,
  }),
  row('log(softmax(z))[1]', {
    naive: (z) => slice(log(softmax(z)), 1, 2),
    op: (z) => slice(logSoftmax(z), 1, 2),
    truth: (z) => [at(logSoftmaxTruth(z), 1)],
    at: scores,
    within: { ...besideTerms, value: { of: 1 } },
  }),
  row('log(softmax(z)[1])', {
    naive: (z) => log(slice(softmax(z), 1, 2)),
    op: (z) => slice(logSoftmax(z), 1, 2),
    truth: (z) => [at(logSoftmaxTruth(z), 1)],
    at: scores,
    within: { ...besideTerms, value: { of: 1 } },
  }),
  row('−Σ p · log(p), p = softmax(z)', {
    naive: (z) => {
      const p = softmax(z)
      return neg(sum(mul(p, log(p))))
    },
    op: (z) => neg(sum(mul(softmax(z), logSoftmax(z)))),
    truth: (z) => [r.neg(r.sum(softmaxTruth(z).map((p) => r.mul(p, r.log(p)))))],
    at: scores,
    within: { ...besideTerms, value: { of: 1 } },
  }),
]

const divergences = [
  row('Σ p · log(p / q), p = softmax(z), q = softmax(−z)', {
    naive: (z) => {
      const p = softmax(z)
      return sum(mul(p, log(div(p, softmax(neg(z))))))
    },
    op: (z) => sum(mul(softmax(z), sub(logSoftmax(z), logSoftmax(neg(z))))),
    truth: (z) => {
      const [p, q] = [softmaxTruth(z), softmaxTruth(z.map(r.neg))]
      return [r.sum(p.map((v, i) => r.mul(v, r.log(r.div(v, at(q, i))))))]
    },
    at: scores,
    within: { value: { of: 1 }, first: { of: 4, ulps: 8 }, second: { of: 4, ulps: 64 } },
  }),
]

/** Losses near 0 are the difference of terms of size 1. */
const besideLoss = { ...besideTerms, value: { of: 1 } }

export const crossEntropies = [
  ...divergences,
  labelled('−log(softmax(z) · onehot(y))', {
    naive: (z, y) => neg(log(dot(softmax(z), oneHot(y, 3)))),
    op: (z, y) => crossEntropy(z, y),
    truth: loss,
    at: labels,
    within: besideLoss,
  }),
  labelled('−Σ onehot(y) · log(softmax(z))', {
    naive: (z, y) => neg(sum(mul(oneHot(y, 3), log(softmax(z))))),
    op: (z, y) => crossEntropy(z, y),
    truth: loss,
    at: labels,
    within: besideLoss,
  }),
  labelled('−log(Σ onehot(y) · exp(z) / Σ exp(z))', {
    naive: (z, y) => neg(log(sum(mul(oneHot(y, 3), div(exp(z), sum(exp(z))))))),
    op: (z, y) => crossEntropy(z, y),
    truth: loss,
    at: labels,
    within: besideLoss,
  }),
  labelled('−log(softmax(z)[y])', {
    naive: (z, y) => neg(log(gather(softmax(z), y))),
    op: (z, y) => crossEntropy(z, y),
    truth: loss,
    at: labels,
    within: besideLoss,
  }),
  labelled('−log(exp(z) / Σ exp(z))[y]', {
    naive: (z, y) => neg(gather(log(div(exp(z), sum(exp(z)))), y)),
    op: (z, y) => crossEntropy(z, y),
    truth: loss,
    at: labels,
    within: besideLoss,
  }),
  labelled('log(Σ exp(z)) − z[y]', {
    naive: (z, y) => sub(log(sum(exp(z))), gather(z, y)),
    op: (z, y) => crossEntropy(z, y),
    truth: loss,
    at: labels,
    within: besideLoss,
  }),
  labelled('log(Σ exp(z)) − z · onehot(y)', {
    naive: (z, y) => sub(log(sum(exp(z))), dot(z, oneHot(y, 3))),
    op: (z, y) => crossEntropy(z, y),
    truth: loss,
    at: labels,
    within: besideLoss,
  }),
  labelled('−Σ (⅝ · onehot(y) + ⅛) · log(softmax(z))', {
    naive: (z, y) => neg(sum(mul(add(mul(0.625, oneHot(y, 3)), 0.125), log(softmax(z))))),
    op: (z, y) => crossEntropy(z, y, { smoothing: 0.375 }),
    truth: (z, y) => r.sum(z.map((_, i) => r.mul(r.of(i === y ? 0.75 : 0.125), loss(z, i)))),
    at: labels,
    within: besideLoss,
  }),
]

const length = (z: Reals): r.Real => r.sqrt(r.sum(z.map(r.square)))
const deviation = (z: Reals): r.Real => {
  const m = r.div(r.sum(z), r.of(z.length))
  return r.sqrt(r.div(r.sum(z.map((v) => r.square(r.sub(v, m)))), r.of(z.length)))
}
const nothing = [0, 0, 0]
/** Where the function has a corner the derivative is 0 by convention; there is no second one, but it must be finite. */
const corner = (x: readonly number[], value: readonly number[] = [0]) => ({
  x,
  truth: { value, first: nothing, second: null },
})
const squares = (x: readonly number[]) => ({
  x,
  gap: { orders: ['value', 'first', 'second'], why: 'the squares leave the range of f32' } as const,
})

export const norms = [
  pair('√(a² + b²)', {
    naive: (a, b) => sqrt(add(square(a), square(b))),
    op: hypot,
    truth: (a, b) => r.sqrt(r.add(r.square(a), r.square(b))),
    at: [
      [3, 4],
      [3e-30, 4e-30],
      [3e30, 4e30],
      [1, 1e-30],
      { x: [0, 0], truth: { value: [0], first: [0, 0], second: null } },
    ],
    within: { second: { ulps: 16 } },
  }),
  row('√Σ x²', {
    name: 'x',
    naive: (x) => sqrt(sum(square(x))),
    op: (x) => norm(x),
    truth: (x) => [length(x)],
    at: [
      [3, 4, 0],
      [1e-10, 1e-10, 1e-10],
      [1, 1e-30, 0],
      corner(nothing),
      squares([3e30, 4e30, 0]),
      squares([3e-30, 4e-30, 0]),
    ],
  }),
  row('√(xᵀ x)', {
    name: 'x',
    naive: (x) => sqrt(dot(x, x)),
    op: (x) => norm(x),
    truth: (x) => [length(x)],
    at: [[3, 4, 0], [1e-10, 1e-10, 1e-10], [1, 1e-30, 0], corner(nothing)],
  }),
  row('(Σ x²)^½', {
    name: 'x',
    naive: (x) => pow(sum(square(x)), 0.5),
    op: (x) => norm(x),
    truth: (x) => [length(x)],
    at: [[3, 4, 0], [1e-10, 1e-10, 1e-10], [1, 1e-30, 0], corner(nothing)],
  }),
  row('x / √Σ x²', {
    name: 'x',
    naive: (x) => div(x, sqrt(sum(square(x)))),
    op: (x) => div(x, norm(x)),
    truth: (x) => x.map((v) => r.div(v, length(x))),
    at: [[3, 4, 0], [1e-10, 1e-10, 1e-10], [1, 1e-30, 0], corner(nothing, nothing), squares([3e-30, 4e-30, 0])],
  }),
  row('(√Σ x² − 1)²', {
    name: 'x',
    naive: (x) => square(sub(sqrt(sum(square(x))), 1)),
    op: (x) => square(sub(norm(x), 1)),
    truth: (x) => [r.square(r.sub(length(x), r.one))],
    at: [[3, 4, 0], [1, 1e-30, 0], corner(nothing, [1])],
  }),
  row('√mean((x − mean(x))²)', {
    name: 'x',
    naive: (x) => sqrt(mean(square(sub(x, mean(x))))),
    op: (x) => std(x),
    truth: (x) => [deviation(x)],
    at: [[3, 4, 0], [1, 2, 3], corner([2, 2, 2]), corner(nothing)],
    within: { second: { ulps: 128 } },
  }),
  scalar('x · √x', {
    naive: (x) => mul(x, sqrt(x)),
    truth: (x) => r.mul(x, r.sqrt(x)),
    at: [1, 4, 1e-20, { x: 0, truth: [0, 0, Number.POSITIVE_INFINITY] }],
  }),
]
