// Batches: which examples a step sees, and their rows copied to where the step reads them.
// In: a key, an epoch, tables of rows. Out: an order of the examples, and filled batch buffers.
// Invariant: the order is a permutation that depends on key and epoch alone; gathering allocates nothing.

import { deriveKey, randomWords, type Words } from '../../src/core/threefry.ts'

/**
 * A uniform permutation of 0 .. count − 1 for one epoch.
 * Fisher and Yates's shuffle; the draw below n is the high half of word · n (Lemire 2019), its bias n / 2^32.
 */
export const epochOrder = (key: Words, epoch: number, count: number): Int32Array => {
  const words = randomWords(deriveKey(key, epoch), count)
  const order = Int32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(((words[i] ?? 0) * (i + 1)) / 2 ** 32)
    const swapped = order[i] ?? 0
    order[i] = order[j] ?? 0
    order[j] = swapped
  }
  return order
}

type Numbers = Float32Array | Float64Array | Int32Array

/**
 * Fills `batch`, whose rows have `width` elements, with the rows `order[from]`, `order[from + 1]` ... of `table`: as many as
 * `batch` holds. The order is cycled, so that the last batch of an epoch is full as well.
 */
export const gatherRows = <T extends Numbers>(
  batch: T,
  table: T,
  order: Int32Array,
  from: number,
  width: number,
): void => {
  const rows = batch.length / width
  for (let row = 0; row < rows; row++) {
    const start = (order[(from + row) % order.length] ?? 0) * width
    const at = row * width
    for (let i = 0; i < width; i++) batch[at + i] = table[start + i] ?? 0
  }
}
