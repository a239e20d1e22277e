// In: a place where binaryen cannot be loaded. Out: that artifacts are loaded and run there, and JavaScript ones compiled too.
// Invariant: the third test shows that binaryen is really missing.

import { input, square, sum } from 'nabla'
import { compile } from 'nabla/compiler'
import { load } from 'nabla/runtime'
import { expect, test, vi } from 'vitest'
import { rightOf } from '../artifact/outcome.ts'
import { toyArtifact } from '../artifact/toy.ts'

vi.mock('binaryen', () => {
  throw new Error('binaryen is asked for')
})

const model = () => ({ main: { y: sum(square(input('x', [3]))) } })

test('a Wasm artifact is loaded and run without binaryen', async () => {
  const program = rightOf(await load(toyArtifact()))
  expect(rightOf(program.call('step', { x: [1, 2], learningRate: 0.5 }))).toHaveProperty('loss')
})

test('a JavaScript artifact is compiled, loaded and run without binaryen', async () => {
  const program = rightOf(await load(rightOf(await compile(model(), { target: 'javascript', checked: true }))))
  expect(rightOf(program.call('main', { x: [1, 2, 3] })).y[0]).toBe(14)
})

test('a Wasm artifact is not compiled without it', async () => {
  await expect(compile(model())).rejects.toThrow('mocking a module')
})
