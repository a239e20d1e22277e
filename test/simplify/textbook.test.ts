import { describe, expect, test } from 'vitest'
import { push } from '../../compiler/grad/jvp.ts'
import { pull } from '../../compiler/grad/vjp.ts'
import { interpret } from '../../compiler/interpret/interpret.ts'
import { topological } from '../../compiler/program/walk.ts'
import { simplify } from '../../compiler/simplify/simplify.ts'
import { range, sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b } from '../../src/expr/node.ts'
import { opDef } from '../../src/ops/registry.ts'
import { stream } from '../random.ts'
import { draw, inputsOf } from './proof.ts'

// The same gradients twice: as the compiler makes them, and as a careful person writes them, over the same forward values.
// Counted are distinct applications that compute something: no leaves, no literals, no movements.

const x = (name: string, ...shape: readonly number[]): Node => b.input([], { name, dtype: 'f64', shape })
const label = (...shape: readonly number[]): Node => b.input([], { name: 'label', dtype: 'i32', shape })
const num = (value: number): Node => b.lit(value, 'f64')
const add = (p: Node, q: Node): Node => b.add([p, q])
const sub = (p: Node, q: Node): Node => b.sub([p, q])
const mul = (...ps: readonly Node[]): Node => ps.reduce((p, q) => b.mul([p, q]))
const sum = (p: Node, ...axes: readonly number[]): Node => b.sum([p], { axes, keepDims: false })
const total = (p: Node): Node => sum(p, ...range(p.shape.length))
const dot = (p: Node, q: Node, i: number, j: number): Node =>
  b.dotGeneral([p, q], { batch: [[], []], contract: [[i], [j]] })
/** p q of matrices, or of a matrix and a vector. */
const mm = (p: Node, q: Node): Node => dot(p, q, p.shape.length - 1, 0)
const outer = (p: Node, q: Node): Node => b.dotGeneral([p, q], { batch: [[], []], contract: [[], []] })
const softmax = (p: Node): Node => b.softmax([p], { axis: p.shape.length - 1 })
const onehot = (y: Node, depth: number): Node => b.oneHot([y], { depth, dtype: 'f64' })
/** o ∘ (1 − o) ∘ δ, in the order of the lecture. */
const throughSigmoid = (delta: Node, o: Node): Node => mul(delta, o, sub(num(1), o))

const operations = (roots: readonly Node[]): number =>
  topological(roots).filter((n) => !['leaf', 'movement'].includes(opDef(n.op).kind)).length

interface Exercise {
  readonly loss: Node
  readonly by: readonly Node[]
  readonly hand: readonly Node[]
  readonly count: number
  /** The cotangent of the loss; 1 when left out. */
  readonly ct?: Node
  /** Of the gradient where the text itself is differentiated, if that is more. */
  readonly unsimplified?: number
}

const gradients = ({ loss, by, ct = num(1) }: Exercise, before: boolean): readonly Node[] => {
  // a gradient by inner nodes keeps them: only what stands above leaves may be rewritten first
  const root = before && by.every((n) => n.ins.length === 0) ? (simplify([loss]).roots[0] as Node) : loss
  return simplify(pull(root, ct, by) as readonly Node[]).roots
}

const isEqual = (got: readonly Node[], want: readonly Node[]): void => {
  const env = draw(inputsOf([...got, ...want]), { domain: {}, special: 0, scale: 0.5 }, stream(3))
  const [p, q] = [interpret(got, env), interpret(want, env)]
  for (const [i, t] of q.entries()) for (const [k, v] of t.data.entries()) expect(p[i]?.data[k]).toBeCloseTo(v, 9)
}

const check = (exercise: Exercise): void => {
  expect(operations(exercise.hand)).toBe(exercise.count)
  for (const before of [true, false]) {
    const got = gradients(exercise, before)
    expect(got.map((n) => n.shape)).toEqual(exercise.by.map((n) => n.shape))
    isEqual(got, exercise.hand)
    expect(operations(got)).toBeLessThanOrEqual(before ? exercise.count : (exercise.unsimplified ?? exercise.count))
  }
}

describe('one line', () => {
  test('y = x · x: dy = 2 · x · dx', () => {
    const [v, dx] = [x('x'), x('dx')]
    const { roots } = simplify(push([mul(v, v)], new Map([[v, dx]])) as readonly Node[])
    isEqual(roots, [mul(num(2), v, dx)])
    expect(operations(roots)).toBe(2)
    check({ loss: mul(v, v), by: [v], hand: [mul(num(2), v)], count: 1 })
  })

  const ct = x('ct', 4)
  const v = x('x', 4)
  test.each<readonly [string, Node, Node, number]>([
    // σ′ = σ (1 − σ), over the saved output
    ['σ', b.sigmoid([v]), throughSigmoid(ct, b.sigmoid([v])), 4],
    // tanh′ = 1 − tanh²
    ['tanh', b.tanh([v]), mul(ct, sub(num(1), b.square([b.tanh([v])]))), 4],
    // relu′ = 1 where the output is above 0
    ['relu', b.relu([v]), b.where([b.greater([b.relu([v]), num(0)]), ct, num(0)]), 3],
    // softplus′ = σ
    ['log(1 + exp x)', b.log([add(num(1), b.exp([v]))]), mul(ct, b.sigmoid([v])), 2],
    // (log σ)′ = σ(−x)
    ['log σ', b.log([b.sigmoid([v])]), mul(ct, b.sigmoid([b.neg([v])])), 3],
    // (x³)′ = 3 x²
    ['cube', b.pow([v, num(3)]), mul(num(3), b.square([v]), ct), 3],
    // exp′ = exp
    ['exp', b.exp([v]), mul(ct, b.exp([v])), 2],
    // (log cosh)′ = tanh
    ['log cosh', b.log([b.cosh([v])]), mul(ct, b.tanh([v])), 2],
  ])('%s', (_, loss, hand, count) => check({ loss, by: [v], hand: [hand], count, ct }))

  test('1 / (1 + exp(−x)): σ(x) (1 − σ(x)), or σ(x) σ(−x) where the naive text is differentiated', () => {
    const loss = b.div([num(1), add(num(1), b.exp([b.neg([v])]))])
    const [p, q] = [b.sigmoid([v]), b.sigmoid([b.neg([v])])]
    const exercise = { loss, by: [v], hand: [throughSigmoid(ct, p)], count: 4, ct }
    expect(operations(gradients(exercise, true))).toBe(4)
    const naive = gradients(exercise, false)
    isEqual(naive, [mul(ct, p, q)])
    expect(operations(naive)).toBe(operations([mul(ct, p, q)]))
  })
})

describe('losses', () => {
  const [y, t] = [x('y', 5, 3), x('t', 5, 3)]

  test('½‖t − y‖²: y − t', () => {
    check({ loss: mul(num(0.5), total(b.square([sub(t, y)]))), by: [y], hand: [sub(y, t)], count: 1 })
  })

  test('mean squared error: 2/n (y − t)', () => {
    const hand = [mul(num(2 / 15), sub(y, t))]
    check({ loss: b.mse([y, t]), by: [y], hand, count: 2 })
    check({ loss: b.mean([b.square([sub(t, y)])], { axes: [0, 1], keepDims: false }), by: [y], hand, count: 2 })
  })

  test('softmax and cross-entropy: softmax(z) − onehot(y)', () => {
    const z = x('z', 4)
    const [l, e] = [label(), onehot(label(), 4)]
    const hand = [sub(softmax(z), e)]
    const exp = b.exp([z])
    check({ loss: b.crossEntropy([z, l]), by: [z], hand, count: 3 })
    check({ loss: b.neg([total(mul(e, b.log([softmax(z)])))]), by: [z], hand, count: 3 })
    check({ loss: b.neg([total(mul(e, b.log([b.div([exp, total(exp)])])))]), by: [z], hand, count: 3 })
  })

  test('−log softmax(z)[y] under a cotangent', () => {
    const [z, ct] = [x('z', 5, 4), x('ct', 5)]
    const hand = [mul(sub(softmax(z), onehot(label(5), 4)), b.reshape([ct], { shape: [5, 1] }))]
    check({ loss: b.crossEntropy([z, label(5)]), by: [z], hand, count: 4, ct })
  })

  test('cross-entropy against any target: softmax(z) · Σt − t', () => {
    const z = x('z', 4)
    const target = x('t', 4)
    const hand = [sub(mul(softmax(z), total(target)), target)]
    check({ loss: b.neg([total(mul(target, b.log([softmax(z)])))]), by: [z], hand, count: 4 })
  })

  test('binary cross-entropy of a sigmoid: σ(z) − t', () => {
    const [z, target] = [x('z', 5), x('t', 5)]
    const p = b.sigmoid([z])
    const loss = b.neg([total(add(mul(target, b.log([p])), mul(sub(num(1), target), b.log([sub(num(1), p)]))))])
    check({ loss, by: [z], hand: [sub(b.sigmoid([z]), target)], count: 2 })
  })

  test('Σ x · log x: 1 + log x', () => {
    const v = b.exp([y])
    check({ loss: total(mul(v, b.log([v]))), by: [v], hand: [add(num(1), b.log([v]))], count: 3 })
  })

  test('the entropy −Σ p · log p of a softmax: −p · (log p − Σ p · log p)', () => {
    const z = x('z', 4)
    const [p, l] = [softmax(z), b.logSoftmax([z], { axis: 0 })]
    const hand = [mul(p, sub(total(mul(p, l)), l))]
    check({ loss: b.neg([total(mul(p, b.log([p])))]), by: [z], hand, count: 6, unsimplified: 7 })
  })

  test('the entropy of a σ: −z · σ · (1 − σ)', () => {
    const z = x('z')
    const p = b.sigmoid([z])
    const rest = sub(num(1), p)
    const loss = b.neg([add(mul(p, b.log([p])), mul(rest, b.log([rest])))])
    check({ loss, by: [z], hand: [mul(z, p, sub(p, num(1)))], count: 4, unsimplified: 9 })
  })

  test('Σ p · log(p / q) of softmaxes by the scores of p: p · (h − Σ p · h), h = log p − log q', () => {
    const [z, w] = [x('z', 4), x('w', 4)]
    const [p, q] = [softmax(z), softmax(w)]
    const h = sub(b.logSoftmax([z], { axis: 0 }), b.logSoftmax([w], { axis: 0 }))
    const loss = total(mul(p, b.log([b.div([p, q])])))
    check({ loss, by: [z], hand: [mul(p, sub(h, total(mul(p, h))))], count: 8, unsimplified: 9 })
  })

  test('weight decay λ/2 ‖W‖²: λ W', () => {
    check({ loss: mul(num(0.05), total(b.square([y]))), by: [y], hand: [mul(num(0.1), y)], count: 1 })
  })

  test('max-margin: −1 and 1 where the margin is not kept', () => {
    const [s, c] = [x('s', 5), x('c', 5)]
    // J = max(0, 1 − s + s_c) as relu
    const margin = b.relu([add(sub(num(1), s), c)])
    const on = b.where([b.greater([margin, num(0)]), num(1), num(0)])
    check({ loss: total(margin), by: [s, c], hand: [b.neg([on]), on], count: 6 })
  })
})

describe('systems of the lectures', () => {
  test('softmax regression over a batch', () => {
    const [data, w, bias] = [x('x', 7, 5), x('W', 5, 4), x('b', 4)]
    const z = add(mm(data, w), bias)
    // δ = (softmax(z) − onehot(y)) / N; ∂W = xᵀ δ, ∂b = Σ δ
    const delta = mul(num(1 / 7), sub(softmax(z), onehot(label(7), 4)))
    const hand = [dot(data, delta, 0, 0), sum(delta, 0)]
    const e = onehot(label(7), 4)
    const mean = (rows: Node): Node => b.mean([rows], { axes: [0], keepDims: false })
    check({ loss: mean(b.crossEntropy([z, label(7)])), by: [w, bias], hand, count: 8 })
    check({ loss: mean(b.neg([sum(mul(e, b.log([softmax(z)])), 1)])), by: [w, bias], hand, count: 8 })
    check({ loss: b.neg([b.div([total(mul(e, b.log([softmax(z)]))), num(7)])]), by: [w, bias], hand, count: 8 })
  })

  test('one example of it: ∂L/∂W = (P − e) xᵀ', () => {
    const [data, w] = [x('x', 5), x('W', 4, 5)]
    const z = mm(w, data)
    const hand = [outer(sub(softmax(z), onehot(label(), 4)), data)]
    check({ loss: b.crossEntropy([z, label()]), by: [w], hand, count: 5 })
  })

  test('the δ rule of a sigmoid network with squared error', () => {
    const [data, w1, b1, w2, b2, t] = [x('x', 7, 5), x('W1', 5, 6), x('b1', 6), x('W2', 6, 3), x('b2', 3), x('t', 7, 3)]
    const h = b.sigmoid([add(mm(data, w1), b1)])
    const o = b.sigmoid([add(mm(h, w2), b2)])
    // δ_j = (o_j − t_j) o_j (1 − o_j) of an output, (Σ δ_l w_jl) o_j (1 − o_j) of a hidden unit; ∂w_ij = o_i δ_j
    const output = throughSigmoid(sub(o, t), o)
    const hidden = throughSigmoid(dot(output, w2, 1, 1), h)
    const hand = [dot(data, hidden, 0, 0), sum(hidden, 0), dot(h, output, 0, 0), sum(output, 0)]
    const loss = mul(num(0.5), total(b.square([sub(t, o)])))
    check({ loss, by: [w1, b1, w2, b2], hand, count: 18 })
  })

  test('softmax(W g(V f(x))): the five steps', () => {
    const [data, u, v, w] = [x('x', 5), x('U', 6, 5), x('V', 4, 6), x('W', 3, 4)]
    const f = b.tanh([mm(u, data)])
    const g = b.sigmoid([mm(v, f)])
    const z = mm(w, g)
    // δ₃ = softmax(z) − e; ∂W = δ₃ gᵀ; δ₂ = (Wᵀ δ₃) g (1 − g); ∂V = δ₂ fᵀ; δ₁ = (Vᵀ δ₂) (1 − f²); ∂U = δ₁ xᵀ
    const d3 = sub(softmax(z), onehot(label(), 3))
    const d2 = throughSigmoid(dot(w, d3, 0, 0), g)
    const d1 = mul(dot(v, d2, 0, 0), sub(num(1), b.square([f])))
    const hand = [outer(d3, g), outer(d2, f), outer(d1, data)]
    const loss = b.neg([total(mul(onehot(label(), 3), b.log([softmax(z)])))])
    check({ loss, by: [w, v, u], hand, count: 19 })
  })

  test('h₁ = σ(x W₁ + b₁), ŷ = softmax(h₁ W₂ + b₂), J = CE: all gradients', () => {
    const [data, w1, b1, w2, b2] = [x('x', 1, 5), x('W1', 5, 6), x('b1', 6), x('W2', 6, 4), x('b2', 4)]
    const h = b.sigmoid([add(mm(data, w1), b1)])
    const theta = add(mm(h, w2), b2)
    // δ₀ = ŷ − y; δ₁ = δ₀ W₂ᵀ; δ₂ = δ₁ ∘ h₁ ∘ (1 − h₁)
    const d0 = sub(softmax(theta), onehot(label(1), 4))
    const d1 = dot(d0, w2, 1, 1)
    const d2 = throughSigmoid(d1, h)
    const flat = (n: Node): Node => b.reshape([n], { shape: [sizeOf(n.shape)] })
    // ∂x = δ₂ W₁ᵀ, ∂W₁ = xᵀ δ₂, ∂b₁ = δ₂, ∂W₂ = h₁ᵀ δ₀, ∂b₂ = δ₀
    const hand = [dot(d2, w1, 1, 1), dot(data, d2, 0, 0), flat(d2), dot(h, d0, 0, 0), flat(d0)]
    const loss = total(b.crossEntropy([theta, label(1)]))
    check({ loss, by: [data, w1, b1, w2, b2], hand, count: 15 })
    check({ loss, by: [h], hand: [d1], count: 9 })
  })

  test('J = ½‖h₁ − h₂‖² + λ/2 ‖W‖², h = σ(W x + b)', () => {
    const [x1, x2, w, bias] = [x('x1', 5), x('x2', 5), x('W', 4, 5), x('b', 4)]
    const [h1, h2] = [x1, x2].map((v) => b.sigmoid([add(mm(w, v), bias)])) as [Node, Node]
    const loss = add(mul(num(0.5), total(b.square([sub(h1, h2)]))), mul(num(0.15), total(b.square([w]))))
    // δ₁ = (h₁ − h₂) h₁ (1 − h₁), δ₂ = (h₁ − h₂) h₂ (1 − h₂); ∂W = δ₁ x₁ᵀ − δ₂ x₂ᵀ + λ W; ∂b = δ₁ − δ₂
    const [d1, d2] = [throughSigmoid(sub(h1, h2), h1), throughSigmoid(sub(h1, h2), h2)]
    const hand = [add(sub(outer(d1, x1), outer(d2, x2)), mul(num(0.3), w)), sub(d1, d2)]
    check({ loss, by: [w, bias], hand, count: 19 })
  })

  test('ŷ = softmax(W₃ (σ(W₁ x + b₁) + relu(W₂ x + b₂)) + b₃) over N examples', () => {
    const [n, k] = [7, 4]
    const data = x('x', n, 5)
    const [w1, w2, w3] = [x('W1', 6, 5), x('W2', 6, 5), x('W3', k, 6)]
    const [b1, b2, b3] = [x('b1', 6), x('b2', 6), x('b3', k)]
    const h1 = b.sigmoid([add(dot(data, w1, 1, 1), b1)])
    const h2 = b.relu([add(dot(data, w2, 1, 1), b2)])
    const z = add(dot(add(h1, h2), w3, 1, 1), b3)
    // ∇h₁ = ∇h₂ = (ŷ − y) W₃ / N; ∇x = (∇h₁ ∘ h₁ ∘ (1 − h₁)) W₁ + (∇h₂ ∘ [h₂ > 0]) W₂
    const dh = mm(mul(num(1 / n), sub(softmax(z), onehot(label(n), k))), w3)
    const left = mm(throughSigmoid(dh, h1), w1)
    const right = mm(b.where([b.greater([h2, num(0)]), dh, num(0)]), w2)
    const e = onehot(label(n), k)
    const loss = b.neg([mul(num(1 / n), total(mul(e, b.log([softmax(z)]))))])
    check({ loss, by: [h1, h2], hand: [dh, dh], count: 14 })
    check({ loss, by: [data], hand: [add(left, right)], count: 22 })
  })
})
