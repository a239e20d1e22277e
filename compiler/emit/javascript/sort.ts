/**
 * Sorts as functions. In: a SortKernel and the names of its buffers. Out: the lines of the function's body.
 * Invariant: each pass distributes the keys, with their positions, by one digit and keeps the order of equal digits, so the
 * passes together are a stable sort; the sign bit of the last digit is turned, because the keys are signed.
 */
import { KEY_BITS, type SortKernel } from '../../kernel/kernel.ts'
import { block, type Lines } from './text.ts'

export const emitSort = (k: SortKernel, names: readonly string[]): Lines => {
  const { length, digit } = k
  const name = (buffer: number): string => names[buffer] as string
  const [keys, places, counts] = [name(k.keys), name(k.places), name(k.between.counts)]
  const passes = KEY_BITS / digit
  const values = 1 << digit
  /** Where the keys of this key's digit are counted, and later where the next of them goes. */
  const slot = (pass: number): string => {
    const own = pass === 0 ? `key & ${values - 1}` : `(key >>> ${pass * digit}) & ${values - 1}`
    const unsigned = pass === passes - 1 ? `((${own}) ^ ${values / 2})` : `(${own})`
    return `${counts}[${pass === 0 ? '' : `${pass * values} + `}${unsigned}]`
  }
  const each = (body: Lines): Lines => block(`for (let i = 0; i < ${length}; i++)`, body)
  const distribute = (pass: number): Lines => {
    const from = pass === 0 ? `${keys}[row + i]` : `${name(k.between.keys[(pass - 1) % 2] as number)}[i]`
    // the positions change sides so that the last pass leaves them in their place
    const side = (inPlace: boolean, at: string): string =>
      inPlace ? `${places}[row + ${at}]` : `${name(k.between.places)}[${at}]`
    const place = pass === 0 ? 'i' : side((passes - pass) % 2 === 0, 'i')
    return each([
      `const key = ${from}`,
      `const to = ${slot(pass)}++`,
      ...(pass < passes - 1 ? [`${name(k.between.keys[pass % 2] as number)}[to] = key`] : []),
      `${side((passes - 1 - pass) % 2 === 0, 'to')} = ${place}`,
    ])
  }
  return block(`for (let row = 0; row < ${k.rows * length}; row += ${length})`, [
    `${counts}.fill(0)`,
    ...each([`const key = ${keys}[row + i]`, ...Array.from({ length: passes }, (_, pass) => `${slot(pass)}++`)]),
    ...block(
      `for (let first = 0; first < ${passes * values}; first += ${values})`,
      block(`for (let j = first, total = 0; j < first + ${values}; j++)`, [
        `const own = ${counts}[j]`,
        `${counts}[j] = total`,
        'total += own',
      ]),
    ),
    ...Array.from({ length: passes }, (_, pass) => distribute(pass)).flat(),
  ])
}
