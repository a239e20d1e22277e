// Word vectors and the dependency parser, run as a user runs them. In: the `run` of each example. Out: whether derivatives are those
// of the slides, whether words of one kind lie together, and whether trees are found.
// Invariant: on what the examples make up, where it is known what is right.

import { describe, expect, test } from 'vitest'
import { run as parser } from '../../examples/dependency-parser/main.ts'
import { initial, isDone, isLegal, rightOne, take } from '../../examples/dependency-parser/transitions.ts'
import { isProjective, madeUp, readConllu } from '../../examples/dependency-parser/treebank.ts'
import { run as glove } from '../../examples/glove/main.ts'
import { drawing } from '../../examples/word2vec/pairs.ts'
import { run as word2vec } from '../../examples/word2vec/main.ts'
import { corpusOf } from '../../examples/words/corpus.ts'
import { analogies, nearest, spaceOf } from '../../examples/words/nearest.ts'

const silent = (): void => undefined

test('22: word2vec', async () => {
  const { findings, losses, alike } = await word2vec(silent)
  for (const found of Object.values(findings))
    for (const { same, difference } of Object.values(found)) {
      expect(same).toBe(true)
      expect(difference).toBeLessThan(1e-7)
    }
  // a pair has one word around it and five drawn ones, of which nothing is known at first
  expect(losses[0]).toBeLessThan(6 * Math.LN2)
  expect(alike).toBeGreaterThan(0.9)
}, 60_000)

test('23: GloVe', async () => {
  const { table, findings, losses, alike } = await glove(silent)
  expect(table[0]).toEqual([0, 2, 1, 0, 0, 0, 0, 0])
  expect(findings['∂J/∂V'].formula).toBe('δ U')
  expect(findings['∂J/∂U'].formula).toBe('δᵀ V')
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 3)
  expect(alike).toBeGreaterThan(0.7)
}, 60_000)

test('29: a dependency parser', async () => {
  const { losses, uas, las } = await parser(silent)
  expect(losses.at(-1)).toBeLessThan(0.05)
  expect(uas).toBeGreaterThan(0.95)
  expect(las).toBeGreaterThan(0.95)
}, 60_000)

describe('the parts of the parser', () => {
  const text = [
    '1\tShe\tshe\tPRON\t_\t_\t2\tnsubj:pass\t_\t_',
    '1.1\t_\t_',
    '2\tleft\tleave\tVERB\t_\t_\t0\troot\t_\t_',
  ].join('\n')

  test('a treebank is read without empty nodes and without what stands behind a colon', () => {
    expect(readConllu(`# text\n${text}\n\n`)).toEqual([
      { words: ['she', 'left'], tags: ['PRON', 'VERB'], heads: [2, 0], labels: ['nsubj', 'root'] },
    ])
  })

  test('arcs that cross are seen', () => {
    const tree = (heads: readonly number[]) => ({ words: [], tags: [], labels: [], heads })
    expect(isProjective(tree([2, 0, 2]))).toBe(true)
    expect(isProjective(tree([3, 4, 0, 3]))).toBe(false)
  })

  test('the right transitions lead to the tree', () => {
    for (const sentence of madeUp(20, 5)) {
      const labels = [...new Set(sentence.labels)]
      const state = initial(sentence.words.length)
      while (!isDone(state)) {
        const transition = rightOne(state, sentence, (label) => labels.indexOf(label))
        expect(isLegal(state, transition)).toBe(true)
        take(state, transition)
      }
      expect([...state.heads].slice(1)).toEqual(sentence.heads)
      expect([...state.labels].slice(1).map((l) => labels[l])).toEqual(sentence.labels)
    }
  })
})

test('words near one another, and analogies', () => {
  const space = spaceOf(['man', 'woman', 'king', 'queen', 'tree'], [1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 0.1, 0.1, -3])
  expect(nearest(space, 'king', 1)).toEqual(['queen'])
  expect(analogies(space, ': family\nman woman king queen\nman woman king moon')).toEqual({ right: 1, asked: 1 })
})

test('frequent words are drawn more often, but not in proportion', () => {
  const corpus = corpusOf(`${'a b\n'.repeat(16)}${'b c\n'.repeat(0)}a c`, 1)
  expect(corpus.vocabulary).toEqual(['a', 'b', 'c'])
  const drawn = drawing(corpus, 1)(6000)
  const share = drawn.filter((word) => word === 2).length / drawn.length
  const wanted = 1 / (17 ** 0.75 + 16 ** 0.75 + 1)
  expect(Math.abs(share - wanted)).toBeLessThan(0.02)
})
