// Classification metrics against counts done by hand, and against their own definitions on random data.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accuracy, classScores, confusionMatrix, countOf, macroScores } from '../../runtime/metrics/classification.ts'
import { assertProperty } from '../properties.ts'

const actual = Int32Array.from([0, 0, 0, 1, 1, 2, 2, 2])
const predicted = Int32Array.from([0, 0, 1, 1, 2, 2, 2, 0])

describe('eight examples of three classes, by hand', () => {
  const matrix = confusionMatrix(predicted, actual, 3)

  test('accuracy and the matrix', () => {
    expect(accuracy(predicted, actual)).toBe(5 / 8)
    expect([...matrix.counts]).toEqual([2, 1, 0, 0, 1, 1, 1, 0, 2])
    expect(countOf(matrix, 0, 1)).toBe(1)
    expect(countOf(matrix, 1, 0)).toBe(0)
  })

  test('precision, recall, F1 and support', () => {
    expect(classScores(matrix)).toEqual([
      { precision: 2 / 3, recall: 2 / 3, f1: 2 / 3, support: 3 },
      { precision: 1 / 2, recall: 1 / 2, f1: 1 / 2, support: 2 },
      { precision: 2 / 3, recall: 2 / 3, f1: 2 / 3, support: 3 },
    ])
    expect(macroScores(matrix).f1).toBeCloseTo(11 / 18, 15)
  })
})

test('a class that is never predicted, or never there, scores 0 and not NaN', () => {
  const scores = classScores(confusionMatrix([0, 0], [0, 1], 3))
  expect(scores).toEqual([
    { precision: 1 / 2, recall: 1, f1: 2 / 3, support: 1 },
    { precision: 0, recall: 0, f1: 0, support: 1 },
    { precision: 0, recall: 0, f1: 0, support: 0 },
  ])
})

test('no examples: accuracy is NaN, as 0 / 0', () => {
  expect(accuracy([], [])).toBeNaN()
})

test.each([
  ['too many predictions', [0, 1], [0], '2 predictions for 1 examples'],
  ['a class past the last', [3], [0], 'example 0: predicted class 3 is not one of 0 to 2'],
  ['a negative class', [0], [-1], 'example 0: actual class -1 is not one of 0 to 2'],
  ['half a class', [0.5], [0], 'example 0: predicted class 0.5 is not one of 0 to 2'],
])('%s throws', (_what, p, a, message) => {
  expect(() => confusionMatrix(p, a, 3)).toThrow(new RangeError(message))
})

test('the matrix keeps every example, its diagonal is the accuracy, and F1 is the harmonic mean', () => {
  const examples = fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { minLength: 1, maxLength: 60 })
  assertProperty(
    fc.property(examples, (pairs) => {
      const p = pairs.map(([x]) => x)
      const a = pairs.map(([, y]) => y)
      const matrix = confusionMatrix(p, a, 5)
      expect(matrix.counts.reduce((sum, n) => sum + n, 0)).toBe(pairs.length)
      const diagonal = [0, 1, 2, 3, 4].reduce((sum, c) => sum + countOf(matrix, c, c), 0)
      expect(accuracy(p, a)).toBe(diagonal / pairs.length)
      for (const { precision, recall, f1 } of classScores(matrix))
        if (precision + recall > 0) expect(f1).toBeCloseTo((2 * precision * recall) / (precision + recall), 12)
        else expect(f1).toBe(0)
    }),
  )
})
