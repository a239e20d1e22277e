// In: the failing programs. Out: whether each gives its code and its words, and says where it is wrong.

import { describe, expect, test } from 'vitest'
import { allCodes } from './all.ts'
import { errorOf, sentenceOf } from './program.ts'

describe('a failing program gives its code and its words:', () => {
  test.each(allCodes.map((known) => [known.code, known] as const))('%s', async (code, { program }) => {
    const error = await errorOf(program.run)
    expect([error.code, sentenceOf(error)]).toEqual([code, program.message])
  })
})

describe('where a program is wrong', () => {
  const built = allCodes.filter(({ phase }) => phase === 'expression' || phase === 'grad')

  test.each(built.map((known) => [known.code, known] as const))('%s names the line', async (_, { program }) => {
    const { source } = await errorOf(program.run)
    expect(source?.file).toMatch(/test\/failing\/(expressions|grad)\.ts$/)
    expect(source?.line).toBeGreaterThan(10)
  })
})

test('codes are told apart by their first word', () => {
  expect(new Set(allCodes.map(({ code }) => code)).size).toBe(allCodes.length)
  for (const { code, summary } of allCodes) {
    expect(code).toMatch(/^E(_[A-Z0-9]+)+$/)
    expect(summary).toMatch(/^[a-zA-Z][^.]*[^.]$/)
  }
})
