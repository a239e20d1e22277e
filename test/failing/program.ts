/**
 * What a failing program is. In: a program that must fail, and its words. Out: the error that it gave.
 * Invariant: a program fails by a thrown ShapeError or by a Left, and in no other way.
 */
import { type NablaError, ShapeError } from '../../src/core/errors.ts'

export interface Failing {
  /** The sentence, without the place in the program. */
  readonly message: string
  readonly run: () => unknown
}

/** Failing programs by the code that each must give. */
export type FailingPrograms<Code extends string> = { readonly [C in Code]: Failing }

const isLeft = (x: unknown): x is { readonly _tag: 'Left'; readonly left: NablaError } =>
  typeof x === 'object' && x !== null && '_tag' in x && x._tag === 'Left'

/** The error that a program gives. */
export const errorOf = async (run: () => unknown): Promise<NablaError> => {
  try {
    const result = await run()
    if (isLeft(result)) return result.left
  } catch (e) {
    if (e instanceof ShapeError) return e
    throw e
  }
  throw new Error('the program did not fail')
}

/** The sentence without its place, ` at FILE:LINE:COLUMN`. */
export const sentenceOf = (e: NablaError): string =>
  e.source === undefined ? e.message : e.message.replace(/ at \S+:\d+:\d+$/, '')

/** An extent that only running the program tells, so that the type checker lets it pass. */
export const some = (extent: number): number => extent
