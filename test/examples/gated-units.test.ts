// GRU and LSTM, run as a user runs them. In: the example's `run`. Out: whether its derivatives are right, the slides' questions
// answered as there, and whether both networks remember.

import { expect, test } from 'vitest'
import { run } from '../../examples/gated-units/main.ts'

test('33: GRU and LSTM', async () => {
  const { differences, answers, gru, lstm } = await run(() => undefined)
  for (const difference of Object.values(differences)) expect(difference).toBeLessThan(1e-7)
  expect(answers.kept).toBeLessThan(1e-9)
  expect(answers.remembered).toBeLessThan(1e-9)
  expect(answers.throughCell).toBeLessThan(1e-9)
  expect(answers.throughState).toBeGreaterThan(0.01)
  for (const sum of answers.sums) expect(Math.abs(sum - 1)).toBeGreaterThan(1e-3)
  for (const { losses, accuracy } of [gru, lstm]) {
    expect(losses[0]).toBeGreaterThan(0.9)
    expect(accuracy).toBeGreaterThan(0.95)
  }
}, 60_000)
