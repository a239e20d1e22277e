// The systems of the lectures, run as a user runs them. In: the `run` of each example. Out: whether its derivatives are those
// of the slides, right by central differences, and whether what it trains is learned.
// Invariant: formulas are golden, so that a derivative that becomes longer or unlike the slide's is seen.

import { existsSync } from 'node:fs'
import { add, greater, input, matmul, mul, neg, sigmoid, sub, transpose, where } from 'nabla'
import { describe, expect, test } from 'vitest'
import { picture, run as activations } from '../../examples/activations/main.ts'
import { run as deltaRule } from '../../examples/delta-rule/main.ts'
import { run as losses } from '../../examples/losses/main.ts'
import { run as perceptronFamily } from '../../examples/perceptron-family/main.ts'
import { differenceOf } from '../../examples/shared/differences.ts'
import type { Findings } from '../../examples/shared/lecture.ts'
import { isSame } from '../../examples/shared/same.ts'
import { run as siamese } from '../../examples/siamese-exercise/main.ts'
import { run as softmaxOfHidden } from '../../examples/softmax-of-hidden/main.ts'
import { run as softmaxRegression } from '../../examples/softmax-regression/main.ts'
import { run as square } from '../../examples/square/main.ts'
import { run as twoBranch } from '../../examples/two-branch-exercise/main.ts'
import { run as twoLayer } from '../../examples/two-layer-classifier/main.ts'
import { run as xor } from '../../examples/xor/main.ts'

const silent = (): void => undefined

/** Every derivative is the slide's, and agrees with central differences; out come their formulas. */
const asOnSlides = (findings: Findings): Readonly<Record<string, string>> => {
  for (const [name, { same, difference }] of Object.entries(findings)) {
    expect({ name, same }).toEqual({ name, same: true })
    expect(difference).toBeLessThan(1e-7)
  }
  return Object.fromEntries(Object.entries(findings).map(([name, finding]) => [name, finding.formula]))
}

const last = (values: readonly number[]): number => values.at(-1) ?? Number.NaN

test('1: y = x·x → (y, dy) = (x·x, 2·x·dx)', async () => {
  const { line, source, found } = await square(silent)
  expect(line).toBe('y = x · x   →   (y, dy) = (x · x, 2 · x · dx)')
  expect(found).toEqual([9, 3])
  expect(source).toContain('2 · x[0] · dx[0]')
})

test('2: units from McCulloch and Pitts to Rumelhart learn by their rules', async () => {
  const { gates, perceptron, adaline, logistic } = await perceptronFamily(silent)
  expect(gates).toEqual({ and: [0, 0, 0, 1], or: [0, 1, 1, 1] })
  expect(perceptron.mistakes.length).toBeGreaterThan(2)
  expect(last(perceptron.mistakes)).toBe(0)
  expect(perceptron.mistakes.reduce((a, b) => a + b)).toBeLessThanOrEqual(perceptron.bound)
  expect(adaline.found.map((a) => Number(a.toFixed(3)))).toEqual([0.5, -1, 2])
  expect(logistic.learned.map(Math.round)).toEqual(gates.or)
  expect(asOnSlides({ ...adaline.findings, ...logistic.findings })).toEqual({
    '∂L/∂u': '(uᵀ x − t) · x',
    'dy_j/dx_j': 'y_j · (1 − y_j)',
    '∂E/∂w': '(h − t) · h · (1 − h) · x',
  })
})

describe('3: XOR', async () => {
  const { unit, network, sameInitials } = await xor(silent)

  test('one tanh unit, given and learned', () => {
    expect(unit.given.map((y) => Number(y > 0.25))).toEqual(new Float32Array([0, 1, 1, 0]))
    expect(unit.movie.map((y) => Number(y > 0.25))).toEqual(new Float32Array([0, 1, 0, 0]))
    expect(Array.from(unit.learned, (y) => Math.round(1000 * y) / 1000).map(Math.abs)).toEqual([0, 1, 1, 0])
    expect(asOnSlides(unit.findings)).toEqual({ 'dy/dx₁': 'h₂ − 2', 'dy/dx₂': 'h₂ − 1' })
  })

  test('a network 2-8-1 is solved by training', () => {
    expect(last(network.losses)).toBeLessThan(0.01)
    expect(Array.from(network.outputs, Math.round)).toEqual([0, 1, 1, 0])
    expect(asOnSlides(network.findings)).toEqual({ '∂J/∂W₁': 'xᵀ δ₂', '∂J/∂W₂': 'hᵀ δ₁' })
  })

  test('from zeros its hidden units stay identical', () => {
    expect(sameInitials.h.every((v) => v === 0)).toBe(true)
    expect(last(sameInitials.losses.zero)).toBeCloseTo(Math.log(2), 5)
    const { copies } = sameInitials
    expect(copies).toHaveLength(32)
    expect(copies.every((v, i) => v === copies[8 * Math.floor(i / 8)])).toBe(true)
    expect(last(sameInitials.losses.equal)).not.toBeCloseTo(sameInitials.losses.equal[0] ?? Number.NaN, 3)
  })
})

test('4: multiclass logistic regression has ∂L/∂W = (e_i* − P) zᵀ in both of its forms', async () => {
  const { findings, losses: trained, accuracy } = await softmaxRegression(silent)
  expect(asOnSlides(findings)).toEqual({
    'log softmax': '(onehot(i*) − P) zᵀ',
    'multiplied out': '(onehot(i*) − P) zᵀ',
    'of a batch': '(softmax(Z Wᵀ) − onehot(labels))ᵀ Z / 20',
  })
  expect(last(trained)).toBeLessThan(0.1)
  expect(accuracy).toBeGreaterThan(0.9)
})

test('5: the δ rule', async () => {
  const { findings, losses: trained } = await deltaRule(silent)
  expect(asOnSlides(findings)).toEqual({
    'δ₂': '(y − t) · y · (1 − y)',
    'δ₁': '(δ₂ W₂ᵀ) · o · (1 − o)',
    '∂L/∂W₂': 'o δ₂ᵀ',
    '∂L/∂W₁': 'x δ₁ᵀ',
  })
  expect(last(trained)).toBeLessThan(1e-4)
})

test('6: the five steps of softmax(W g(V f(x)))', async () => {
  const { findings, losses: trained } = await softmaxOfHidden(silent)
  expect(asOnSlides(findings)).toEqual({
    'err(root)': 'onehot(i*) − P',
    '∂L/∂W': 'err(root) zᵀ',
    'err(z)': 'Wᵀ err(root)',
    '∂L/∂V': 'δ fᵀ',
    '∂L/∂f': 'Vᵀ δ',
  })
  expect(last(trained)).toBeLessThan(0.05)
})

test('7: all gradients of two layers, with their shapes', async () => {
  const { findings, losses: trained } = await twoLayer(silent)
  expect(asOnSlides(findings)).toEqual({
    '∂J/∂θ': 'ŷ − onehot(y)',
    'δ₁': '∂J/∂θ W₂ᵀ',
    'δ₂': 'δ₁ · h₁ · (1 − h₁)',
    '∂J/∂x': 'δ₂ W₁ᵀ',
    '∂J/∂W₁': 'xᵀ δ₂',
    '∂J/∂b₁': 'δ₂',
    '∂J/∂W₂': 'h₁ᵀ (∂J/∂θ)',
    '∂J/∂b₂': '∂J/∂θ',
  })
  expect(last(trained)).toBeLessThan(0.05)
})

test('8: the exercise on two words', async () => {
  const { findings, losses: trained } = await siamese(silent)
  expect(asOnSlides(findings)).toEqual({
    '∇_W J': 'λ · W − δ₁ x₂ᵀ + δ₂ x₁ᵀ',
    '∇_b J': 'δ₂ − δ₁',
  })
  expect(last(trained)).toBeLessThan((trained[0] ?? 0) / 10)
})

test('9: the exercise on two branches', async () => {
  const { findings, losses: trained } = await twoBranch(silent)
  expect(asOnSlides(findings)).toEqual({
    '∇_h₁ J': '(ŷ − onehot(y)) W₃ / 8',
    '∇_h₂ J': '∇_h₁ J',
    '∇_x J': 'δ₁ W₂ + δ₂ W₁',
  })
  expect(last(trained)).toBeLessThan(0.05)
})

test('11: activations, each with its derivative and its plot', async () => {
  const { findings, learned, svg, plots } = await activations(silent)
  expect(asOnSlides({ ...findings, slope: learned })).toEqual({
    sigmoid: 'f(x) · (1 − f(x))',
    tanh: '1 − f(x)²',
    relu: '1[f(x) > 0]',
    leakyRelu: 'where(x > 0, 1, 0.1)',
    prelu: 'where(x > 0, 1, a)',
    maxout: 'Σ([−1, 0.2, 1.5] · h₂ / Σ(h₂))',
    hardTanh: '1[x ≥ −1 ∧ x ≤ 1]',
    cube: '3 · x²',
    slope: 'x · 1[x ≤ 0]',
  })
  expect(plots).toHaveLength(8)
  expect(svg.match(/<clipPath/g)).toHaveLength(8)
  expect(existsSync(picture)).toBe(true)
})

test('12: losses and penalties, each with its derivative', async () => {
  const { findings, norms } = await losses(silent)
  expect(asOnSlides(findings)).toEqual({
    '∂CE/∂θ': 'ŷ − y',
    '∂L/∂Θ': 'softmax(Θ) − onehot(labels)',
    '∂J/∂s_c': '1[J > 0]',
    '∂J/∂s': '−∂J/∂s_c',
    '∂L2/∂o': '2 · (o − t)',
    '∂L1/∂o': 'sign(o − t)',
    '∂Ω₂/∂w': 'λ · w',
    '∂Ω₁/∂w': 'λ · sign(w)',
  })
  expect(Math.max(...norms)).toBeLessThan(2 + 1e-6)
})

describe('what the examples judge by can fail', () => {
  const [x, y, z] = [input('x', [3]), input('y', [3]), input('z', [3])]

  test.each([
    ['order of terms and factors', add(mul(x, y), z), add(z, mul(y, x)), true],
    ['order of associations', mul(mul(x, y), z), mul(x, mul(y, z)), true],
    ['signs', mul(sub(x, y), z), neg(mul(sub(y, x), z)), true],
    ['a wrong sign', sub(mul(x, y), z), add(mul(x, y), z), false],
    ['a missing factor', mul(x, mul(y, z)), mul(x, y), false],
    ['another number', mul(2, x), mul(3, x), false],
    ['another power', mul(mul(x, x), y), mul(x, y), false],
    ['a transpose', matmul(x, input('m', [3, 3])), matmul(x, transpose(input('m', [3, 3]))), false],
    ['another function', sigmoid(x), where(greater(x, 0), 1, 0), false],
    ['another shape', mul(input('s', []), 1), mul(input('s', []), sub(2, input('o', [3]))), false],
  ] as const)('same: %s', (_, a, b, same) => {
    expect(isSame(a, b)).toBe(same)
  })

  test('a wrong derivative is far from central differences', () => {
    const s = input('s', [])
    const f = sigmoid(s)
    expect(differenceOf(f, s, mul(f, sub(1, f)))).toBeLessThan(1e-9)
    expect(differenceOf(f, s, mul(f, f))).toBeGreaterThan(1e-2)
  })
})
