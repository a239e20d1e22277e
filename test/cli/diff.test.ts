// In: pairs of models. Out: what the command says changed between them.

import { expect, test } from 'vitest'
import { type Cells, cellsOf, merged, renamedAlike } from '../../cli/diff/lines.ts'
import { fixture, nabla } from './collect.ts'

const example = (name: string): string => `examples/${name}/model.ts`

test('a model and itself are equal, gradients included', async () => {
  const place = `${example('two-layer-classifier')}#model`
  const { code, out, err } = await nabla('diff', place, place)
  expect([code, err]).toEqual([0, ''])
  expect(out).toContain('∂J/∂W₁: equal, ')
  expect(out.split('\n').every((line) => line.includes(': equal, '))).toBe(true)
})

test('models that share little are shown one after the other', async () => {
  const [a, b] = [`${example('softmax-of-hidden')}#model`, `${example('softmax-regression')}#model`]
  const { code, out, err } = await nabla('diff', a, b)
  expect([code, err.split(':')[0]]).toEqual([1, 'E_CLI_DIFF'])
  expect(out).toMatch(/^− .*onehot/m)
  expect(out).toMatch(/^\+ .*softmax/m)
  expect(out).toMatch(/∂logLikelihood\/∂V: only in the first, \d+ operations/)
})

const against = async (name: string) => {
  const place = (of: string): string => `${fixture('variants.ts')}#${of}`
  const { code, out } = await nabla('diff', place('base'), place(name))
  return { code, lines: out.split('\n'), changed: out.split('\n').filter((line) => /^[−+~] /.test(line)) }
}

test('the same expressions, built again, are equal', async () => {
  const { code, lines } = await against('same')
  expect([code, lines]).toEqual([
    0,
    [
      'loss: equal, 7 operations',
      '∂loss/∂w1: equal, 13 operations',
      '∂loss/∂b1: equal, 13 operations',
      '∂loss/∂w2: equal, 10 operations',
      '∂loss/∂b2: equal, 10 operations',
    ],
  ])
})

test('another activation changes its own line, and that of its derivative', async () => {
  const { code, changed } = await against('smooth')
  expect([code, changed]).toEqual([
    1,
    [
      '−   h    = relu(x w1 + b1)           [8,16]',
      '+   h    = tanh(x w1 + b1)           [8,16]',
      '−   δ₂        = (δ₁ w2ᵀ) · 1[h > 0]           [8,16]',
      '+   δ₂        = (δ₁ w2ᵀ) · (1 − h²)           [8,16]',
    ],
  ])
})

test('another loss changes the error that arrives, and nothing behind it', async () => {
  const { code, lines, changed } = await against('squared')
  expect([code, changed]).toEqual([
    1,
    [
      '−   z    = h w2 + b2                 [8,3]',
      '−   loss = mean(crossEntropy(z, y))  []',
      '+   h₂   = softmax(h w2 + b2)        [8,3]',
      '+   loss = mse(h₂, onehot(y))        []',
      '−   δ₁        = (softmax(z) − onehot(y)) / 8  [8,3]',
      '+   δ₄        = (h₂ − onehot(y)) / 12         [8,3]',
      '+   δ₁        = h₂ · (δ₄ − Σ₁(h₂ · δ₄))       [8,3]',
    ],
  ])
  expect(lines).toContain('loss: differs, 7 and 8 operations')
})

test('another layer has its own parameters, error and gradients', async () => {
  const { code, lines, changed } = await against('deeper')
  expect([code, changed.slice(0, 2)]).toEqual([1, ['+ parameter w3 [16,16]', '+ parameter b3 [16]']])
  expect(changed).toContain('+   h₂   = relu(h w3 + b3)           [8,16]')
  expect(changed).toContain('+   δ₂        = (δ₄ w3ᵀ) · 1[h > 0]           [8,16]')
  expect(changed).toContain('+   ∂loss/∂w3 = hᵀ δ₄                         [16,16]')
  expect(lines).toContain('    ∂loss/∂w1 = xᵀ δ₂                         [4,16]')
  expect(lines).toContain('∂loss/∂w3: only in the second, 16 operations')
})

test('parameters that were renamed are recognized, and their formulas are equal', async () => {
  const { code, lines, changed } = await against('renamed')
  expect([code, changed]).toEqual([1, ['~ parameter w1 [4,16] is called w1x', '~ parameter b1 [16] is called b1x']])
  expect(lines.filter((line) => line.includes(': equal, '))).toHaveLength(5)
})

test('other initial values change no formula', async () => {
  const { code, lines, changed } = await against('begun')
  expect([code, changed]).toEqual([
    1,
    ['~ parameter w1 [4,16] begins with other values', '~ parameter w2 [16,3] begins with other values'],
  ])
  expect(lines.filter((line) => line.includes(': equal, '))).toHaveLength(5)
})

test('other shapes are told of parameters and of what depends on them', async () => {
  const { code, changed } = await against('wide')
  expect(code).toBe(1)
  expect(changed.slice(0, 3)).toEqual([
    '~ parameter w1 [4,16] is [4,32]',
    '~ parameter b1 [16] is [32]',
    '~ parameter w2 [16,3] is [32,3]',
  ])
  expect(changed.filter((line) => /= (relu|.* δ)/.test(line)).every((line) => /(16|32)/.test(line))).toBe(true)
})

test('updates are compared as results are', async () => {
  const place = (of: string): string => `${fixture('variants.ts')}#${of}`
  const { code, out } = await nabla('diff', place('descent'), place('adaptive'))
  expect(code).toBe(1)
  expect(out).toContain('+ state w1/m [4,16]')
  expect(out).toContain('∂loss/∂w1: equal, 13 operations')
  expect(out).toContain('w1 ←: differs, ')
  expect(out).toContain('step ←: equal, 1 operation\n')
  expect(out).not.toMatch(/^model$/m)
})

test('names that Nabla gave follow what they stand for', () => {
  const lines = (text: string): readonly Cells[] => text.split('\n').map(cellsOf)
  const a = lines('h₁ = relu(x w)  [4]\nδ = h₁ · v  [4]\nf : Σ(δ)  []')
  const b = lines('h₂ = tanh(x)  [4]\nh₃ = relu(x w)  [4]\nδ₁ = h₃ · v  [4]\nf : Σ(δ₁) + h₂  []')
  expect(renamedAlike(a, b, new Set(['x', 'w', 'v'])).map((c) => `${c.name} ${c.text}`)).toEqual([
    'h₂ tanh(x)',
    'h₁ relu(x w)',
    'δ h₁ · v',
    'f Σ(δ) + h₂',
  ])
  // a user's h is never taken for one of Nabla's
  expect(renamedAlike(lines('h₁ = exp(x)  []'), lines('h = exp(x)  []'), new Set(['h']))[0]?.name).toBe('h')
  expect(merged(a, a).every((l) => l.mark === ' ')).toBe(true)
  expect(merged(a, b).filter((l) => l.mark === '+')).toHaveLength(4)
})
