// In: calls with arguments that no function takes. Out: whether each is refused with its code and its words.

import { expect, test } from 'vitest'
import { ShapeError } from '../../src/core/errors.ts'
import { refusedArguments } from './arguments.ts'
import { errorOf, sentenceOf } from './program.ts'

test.each(refusedArguments)('%s', async (message, code, run) => {
  const error = await errorOf(run)
  expect(error).toBeInstanceOf(ShapeError)
  expect([error.code, sentenceOf(error)]).toEqual([code, message])
})
