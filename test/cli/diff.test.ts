// In: pairs of models. Out: what the command says changed between them.

import { expect, test } from 'vitest'
import { nabla } from './collect.ts'

const example = (name: string): string => `examples/${name}/model.ts`

test('a model and itself are equal, gradients included', async () => {
  const place = `${example('two-layer-classifier')}#model`
  const { code, out, err } = await nabla('diff', place, place)
  expect([code, err]).toEqual([0, ''])
  expect(out).toContain('∂J/∂W₁: equal, ')
  expect(out.split('\n').every((line) => line.includes(': equal, '))).toBe(true)
})

test('what differs is shown in both forms, with its lines marked', async () => {
  const [a, b] = [`${example('softmax-of-hidden')}#model`, `${example('softmax-regression')}#model`]
  const { code, out, err } = await nabla('diff', a, b)
  expect([code, err.split(':')[0]]).toEqual([1, 'E_CLI_DIFF'])
  expect(out).toMatch(/^− .*onehot/m)
  expect(out).toMatch(/^\+ .*softmax/m)
  expect(out).toMatch(/∂logLikelihood\/∂V: \d+ and none operations/)
})
