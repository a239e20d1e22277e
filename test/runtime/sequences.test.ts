// BLEU against the examples of its paper, and F1 of spans against counts by hand.
import { describe, expect, test } from 'vitest'
import { bleu } from '../../runtime/metrics/bleu.ts'
import { spanScores, spansOf } from '../../runtime/metrics/spans.ts'

const words = (text: string): readonly string[] => text.split(' ')

describe('BLEU, by the examples of Papineni et al.', () => {
  const references = [
    'It is a guide to action that ensures that the military will forever heed Party commands',
    'It is the guiding principle which guarantees the military forces always being under the command of the Party',
    'It is the practical guide for the army always to heed the directions of the party',
  ].map(words)
  const first = words('It is a guide to action which ensures that the military always obeys the commands of the party')
  const second = words('It is to insure the troops forever hearing the activity guidebook that party direct')

  test('example 1: 17/18 words and 10/17 pairs of the first candidate, 8/14 and 1/13 of the second', () => {
    const one = bleu([first], [references])
    expect(one.precisions.slice(0, 2)).toEqual([17 / 18, 10 / 17])
    expect(bleu([second], [references]).precisions.slice(0, 2)).toEqual([8 / 14, 1 / 13])
    // 7 of 16 triples and 4 of 15 quadruples; lengths 18 and 18, 16 being further off
    expect(one.precisions.slice(2)).toEqual([7 / 16, 4 / 15])
    expect([one.candidateLength, one.referenceLength, one.brevityPenalty]).toEqual([18, 18, 1])
    // (17/18 · 10/17 · 7/16 · 4/15)^(1/4) = (7/108)^(1/4)
    expect(one.score).toBeCloseTo((7 / 108) ** 0.25, 14)
    expect(one.score).toBeCloseTo(0.504566684, 9)
  })

  test('example 2: a word counts as often as in one reference, 2/7', () => {
    const known = ['The cat is on the mat', 'There is a cat on the mat'].map((s) => words(s.toLowerCase()))
    const found = bleu([words('the the the the the the the')], [known])
    expect(found.precisions.slice(0, 2)).toEqual([2 / 7, 0])
    expect(found.score).toBe(0)
  })

  test('what is too short is penalized: exp(1 − r/c)', () => {
    const found = bleu([words('of the')], [references], { order: 2 })
    expect(found.precisions).toEqual([1, 1])
    expect(found.referenceLength).toBe(16)
    expect(found.score).toBeCloseTo(Math.exp(1 - 16 / 2), 15)
  })

  test('the corpus is counted as a whole: 2 of 2 and 1 of 4 words are 3 of 6', () => {
    const found = bleu(
      [
        [1, 2],
        [1, 9, 9, 9],
      ],
      [[[1, 2]], [[1, 2, 3, 4]]],
      { order: 1 },
    )
    expect(found.score).toBe(1 / 2)
  })

  test('of two lengths as close the shorter counts, and the token 1 is not the token "1"', () => {
    expect(bleu([[1, 2]], [[[1], [1, 2, 3]]], { order: 1 }).referenceLength).toBe(1)
    expect(bleu([[1, 2]], [[['1', 2]]], { order: 1 }).precisions).toEqual([1 / 2])
  })

  test('add one: hits and totals of pairs and more grow by one', () => {
    const known = [words('the cat sat here today')]
    // 3 of 4 words, 1 of 3 pairs, 0 of 2 triples, 0 of 1 quadruple; 4 words against 5
    const candidate = words('the cat lay here')
    expect(bleu([candidate], [known]).score).toBe(0)
    const { score, precisions } = bleu([candidate], [known], { smoothing: 'addOne' })
    expect(precisions).toEqual([3 / 4, 2 / 4, 1 / 3, 1 / 2])
    expect(score).toBeCloseTo(Math.exp(1 - 5 / 4) * (1 / 16) ** 0.25, 14)
  })

  test('nothing said scores 0; candidates without references are refused', () => {
    expect(bleu([[]], [[[1]]]).score).toBe(0)
    expect(() => bleu([[1]], [])).toThrow('1 candidates for references of 0')
    expect(() => bleu([[1], [2]], [[[1]], []])).toThrow('candidate 1 has no reference')
  })
})

describe('spans of BIO tags', () => {
  test('of the lecture’s sentence', () => {
    const tags = words('O O O B_ESE I_ESE O B_DSE I_DSE I_DSE I_DSE I_DSE I_DSE O')
    expect(spansOf(tags)).toEqual([
      { type: 'ESE', start: 3, end: 5 },
      { type: 'DSE', start: 6, end: 12 },
    ])
  })

  test('neighbours, an I that begins, plain tags, the end of the sentence', () => {
    expect(spansOf(words('B-PER B-PER I-PER I-LOC'))).toEqual([
      { type: 'PER', start: 0, end: 1 },
      { type: 'PER', start: 1, end: 3 },
      { type: 'LOC', start: 3, end: 4 },
    ])
    expect(spansOf(words('O I I B'))).toEqual([
      { type: '', start: 1, end: 3 },
      { type: '', start: 3, end: 4 },
    ])
    expect(() => spansOf(['O', 'X-PER'])).toThrow('token 1: the tag "X-PER" is none of B, I and O')
  })

  test('only exact spans count: 2 of 4 predicted, 2 of 3 that are there', () => {
    const actual = [words('B-PER I-PER O B-LOC'), words('O B-LOC I-LOC')]
    // the person is found, the place has another type, the next place is cut in two of which one begins alike
    const predicted = [words('B-PER I-PER O B-PER'), words('O B-LOC I-LOC')]
    const cut = [predicted[0] as readonly string[], words('B-LOC B-LOC I-LOC')]
    expect(spanScores(predicted, actual)).toEqual({
      precision: 2 / 3,
      recall: 2 / 3,
      f1: 2 / 3,
      types: {
        LOC: { precision: 1, recall: 1 / 2, f1: 2 / 3, support: 2 },
        PER: { precision: 1 / 2, recall: 1, f1: 2 / 3, support: 1 },
      },
    })
    expect(spanScores(cut, actual)).toMatchObject({ precision: 2 / 4, recall: 2 / 3, f1: 4 / 7 })
    expect(spanScores([words('B-LOC I-LOC O')], [words('B-LOC I-LOC I-LOC')])).toMatchObject({ precision: 0, f1: 0 })
  })

  test('no spans at all score 0, and what does not pair up is refused', () => {
    expect(spanScores([['O']], [['O']])).toEqual({ precision: 0, recall: 0, f1: 0, types: {} })
    expect(() => spanScores([['O']], [['O', 'O']])).toThrow('sentence 0: 1 predicted tags for 2 tokens')
    expect(() => spanScores([], [['O']])).toThrow('0 predictions for 1 sentences')
  })
})
