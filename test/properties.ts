/**
 * Properties over random samples. In: a property of fast-check. Out: nothing, or its failure, shrunk.
 * Invariant: the samples are the same on every run, so that a change is never judged by a draw that no other run sees.
 * PROPERTY_SEED=1234 in the environment draws others: that is how more of them are searched.
 */
import * as fc from 'fast-check'

const seed = Number(process.env.PROPERTY_SEED ?? 20)

export function assertProperty<T>(property: fc.IAsyncProperty<T>, parameters?: fc.Parameters<T>): Promise<void>
export function assertProperty<T>(property: fc.IProperty<T>, parameters?: fc.Parameters<T>): void
export function assertProperty<T>(property: fc.IRawProperty<T>, parameters: fc.Parameters<T> = {}): unknown {
  return fc.assert(property, { seed, ...parameters })
}
