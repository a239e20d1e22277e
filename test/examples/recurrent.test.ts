// Recurrent systems of the lectures, run as a user runs them. In: the `run` of each example. Out: whether derivatives through
// time are those of the slides, whether what is trained is learned, and whether norms keep to their bounds.
// Invariant: what is measured is compared with numbers that are known otherwise, not with what was measured before.

import { existsSync } from 'node:fs'
import { constant } from 'nabla'
import { interpret } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { run as languageModel } from '../../examples/rnn-language-model/main.ts'
import { coriolanus, corpusOf, windowsOf } from '../../examples/rnn-language-model/text.ts'
import { run as vanishingGradients } from '../../examples/vanishing-gradients/main.ts'
import { bounds, spectralNorm, steps } from '../../examples/vanishing-gradients/model.ts'

const silent = (): void => undefined

test('31: a recurrent language model', async () => {
  const { derivative, compiled, before, perplexities, sample, vocabulary } = await languageModel(silent)
  // a sum over the steps of products of a state and an error
  expect(derivative.formula).toMatch(/Σ.+ᵀ .+$/m)
  expect(derivative.difference).toBeLessThan(1e-7)
  expect(derivative.error).toBeLessThan(1e-12)
  const [few, many] = compiled
  expect(many?.kernels).toBe(few?.kernels)
  // before training no character is likelier than another
  expect(before).toBeGreaterThan(vocabulary * 0.8)
  expect(before).toBeLessThan(vocabulary * 1.3)
  const last = perplexities.at(-1)
  expect(last?.training).toBeLessThan(8)
  expect(last?.heldOut).toBeLessThan(12)
  expect([...sample]).toHaveLength(400)
  expect(new Set(sample).size).toBeGreaterThan(15)
}, 60_000)

describe('the text of the language model', () => {
  const corpus = corpusOf(coriolanus())

  test('is read back from its numbers', () => {
    const codes = [...corpus.training, ...corpus.heldOut]
    expect(codes.map((c) => corpus.alphabet[c]).join('')).toBe(coriolanus())
  })

  test('comes in windows that follow one another, each with the characters that follow', () => {
    const windows = windowsOf(
      Int32Array.from({ length: 41 }, (_, i) => i),
      5,
      2,
    )
    expect(windows).toHaveLength(4)
    // two streams, from 0 and from 20, time first
    expect(Array.from(windows[1]?.x ?? [])).toEqual([5, 25, 6, 26, 7, 27, 8, 28, 9, 29])
    expect(Array.from(windows[1]?.y ?? [])).toEqual([6, 26, 7, 27, 8, 28, 9, 29, 10, 30])
    expect(windows[3]?.y.at(-1)).toBe(40)
  })
})

describe('32: vanishing and exploding gradients', async () => {
  const { norms, clipping, svg, picture } = await vanishingGradients(silent)

  test('the norms keep to the slide’s bound', () => {
    for (const name of ['vanishing', 'exploding'] as const) {
      expect(norms[name]).toHaveLength(steps)
      for (const [i, v] of norms[name].entries()) expect(v).toBeLessThan(bounds[name] ** (i + 1) * (1 + 1e-4))
    }
  })

  test('plain networks lose or blow up what is far away; identity with ReLU, GRU and LSTM keep it', () => {
    expect(norms.vanishing.at(-1)).toBeLessThan(1e-9)
    expect(norms.exploding.at(-1)).toBeGreaterThan(1e3)
    for (const v of norms.irnn) expect(v).toBeCloseTo(1, 3)
    for (const name of ['gru', 'lstm'] as const) {
      expect(norms[name].at(-1)).toBeGreaterThan(0.1)
      expect(norms[name].at(-1)).toBeLessThan(20)
    }
  })

  test('clipping ends the explosion', () => {
    expect(clipping.before).toBeGreaterThan(1e3)
    expect(clipping.after).toBeCloseTo(5, 3)
  })

  test('is drawn', () => {
    expect(svg.match(/<path [^>]*stroke-width="2.2"/g)).toHaveLength(5)
    expect(existsSync(picture)).toBe(true)
  })

  test('by a norm that is the greatest singular value', () => {
    // singular values 3 and 1; 0; and (1 + √5)/2 of [[1, 1], [0, 1]]
    const matrices = constant([
      [
        [0, 3],
        [-1, 0],
      ],
      [
        [0, 0],
        [0, 0],
      ],
      [
        [1, 1],
        [0, 1],
      ],
    ])
    const [found] = interpret([spectralNorm(matrices)], new Map())
    for (const [i, want] of [3, 0, (1 + Math.sqrt(5)) / 2].entries()) expect(found?.data[i]).toBeCloseTo(want, 5)
  })
})
