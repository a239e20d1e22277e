// In: the systems of the lecture texts. Out: whether their derivations read like the lectures.
// Invariant: the lectures' own formulas, named one by one; whole documents are among the golden files.

import { isLeft } from 'fp-ts/lib/Either.js'
import { input, mul, named, param, sigmoid, square, sub, sum, zeros } from 'nabla'
import { derivation } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { loadModels } from '../../cli/model.ts'
import { topological } from '../../compiler/program/walk.ts'
import type { Node } from '../../src/expr/expr.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { isExpr } from '../../src/expr/node.ts'

/** The derivation of an example's model, by its parameters or by what is named. */
const derived = async (example: string, by?: readonly string[]): Promise<string> => {
  const file = await loadModels(`examples/${example}/model.ts#model`)
  if (isLeft(file)) throw new Error(file.left.message)
  const { entries } = file.right.models[0] as (typeof file.right.models)[number]
  const roots = Object.values(entries).flatMap((e): readonly Node[] => (isExpr(e) ? [e] : []))
  const nodes = topological(roots)
  const wrt = by?.map((name) => nodes.find((n) => nameOf(n) === name) as Node)
  return derivation(entries, wrt === undefined ? {} : { wrt })
}

describe('the systems of the lectures', () => {
  test.each([
    ['square', undefined, ['y = x²', '∂y/∂x = 2 · x']],
    ['perceptron-family', undefined, ['(adaline − t) · x', '(logistic − t) · logistic · (1 − logistic)']],
    ['xor', undefined, ['h = tanh(z₁)', '∂h/∂z₁ = 1 − h²', 'the sum over the 4 examples that share it']],
    ['softmax-regression', undefined, ['e − P', '(e − P) zᵀ']],
    ['delta-rule', undefined, ['(y − t) · y · (1 − y)', '(δ₁ W₂ᵀ) · o · (1 − o)', 'o δ₁ᵀ', 'x δ₃ᵀ']],
    ['softmax-of-hidden', undefined, ['e − P', '(e − P) zᵀ', 'Wᵀ (e − P)', 'δ₁ · (1 − z²)', 'δ₂ fᵀ']],
    [
      'two-layer-classifier',
      ['x', 'W₁', 'b₁', 'W₂', 'b₂'],
      [
        '∂J/∂θ = ŷ − y',
        'δ₁ = ∂J/∂h₁ = ∂J/∂θ ∂θ/∂h₁\n            = (ŷ − y) W₂ᵀ',
        'δ₂ = ∂J/∂z₁ = ∂J/∂h₁ ∂h₁/∂z₁\n            = δ₁ · h₁ · (1 − h₁)',
        '∂J/∂x = ∂J/∂z₁ ∂z₁/∂x\n      = δ₂ W₁ᵀ',
        '∂J/∂W₁ = xᵀ δ₂                          [5,4]',
        '∂J/∂b₁ = ∂J/∂z₁ ∂z₁/∂b₁\n       = δ₂',
        '∂J/∂W₂ = h₁ᵀ (ŷ − y)                    [4,3]',
        '∂J/∂b₂ = ∂J/∂θ ∂θ/∂b₂\n       = ŷ − y',
      ],
    ],
    [
      'siamese-exercise',
      undefined,
      [
        '(h₁ − h₂) · h₁ · (1 − h₁)',
        '(h₂ − h₁) · h₂ · (1 − h₂)',
        '∂J/∂W = δ₁ x₁ᵀ + δ₂ x₂ᵀ + λ · W',
        '∂J/∂b = δ₁ + δ₂',
        'W is used 3 times, in z₁, z₂ and J',
      ],
    ],
    [
      'two-branch-exercise',
      ['h₁', 'h₂', 'x'],
      ['(ŷ − y) W₃ / 8', 'δ₁ · h₁ · (1 − h₁)', 'δ₁ · 1[h₂ > 0]', '∂J/∂x = δ₂ W₁ + δ₃ W₂'],
    ],
  ])('%s', async (example, by, formulas) => {
    const text = await derived(example, by)
    for (const formula of formulas) expect(text).toContain(formula)
  })
})

test('a simplification stands with its rule, and what only moves numbers does not', () => {
  const [x, t] = [param('x', [3], zeros), input('t', [3])]
  const text = derivation(named('E', mul(0.5, sum(square(sub(sigmoid(x), t))))))
  expect(text).toContain('= ½ · 2 · (σ(x) − t)')
  expect(text).toMatch(/= \(σ\(x\) − t\) · σ\(x\) · \(1 − σ\(x\)\) {2,}\(product-literals\)/)
  expect(text).not.toMatch(/fold-|literal-side|· 1\b/)
})

test('a loop is derived as a loop', async () => {
  const file = await loadModels('examples/rnn-language-model/model.ts')
  if (isLeft(file)) throw new Error(file.left.message)
  const text = derivation((file.right.models[0] as (typeof file.right.models)[number]).entries)
  // the way back stands by itself, and among all that is compiled; every gradient is told in its names
  expect(text.match(/for t = 6…1/g)).toHaveLength(2)
  expect(text.match(/Σₜ hₜ₋₁ᵀ δ₃‚ₜ/g)).toHaveLength(2)
  expect(text).toContain('δ₃‚ₜ  = (δhₜ + δ₁‚ₜ W⁽ˢ⁾ᵀ) · (1 − hₜ²)')
})
