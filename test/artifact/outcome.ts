/**
 * What an Either came to, for expectations. In: an Either. Out: its Right, or the code and sentence of its Left.
 * Invariant: the side that was not asked for fails the test with what it holds.
 */
import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import { type NablaError, showError } from '../../src/core/errors.ts'

export const rightOf = <A>(result: Either<NablaError, A>): A => {
  if (isLeft(result)) throw new Error(`expected a Right, found ${showError(result.left)}`)
  return result.right
}

export const leftOf = <E extends NablaError>(result: Either<E, unknown>): E => {
  if (!isLeft(result)) throw new Error('expected a Left, found a Right')
  return result.left
}

export const codeOf = (result: Either<NablaError, unknown>): string => (isLeft(result) ? result.left.code : 'right')
