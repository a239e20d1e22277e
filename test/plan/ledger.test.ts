// In: spans of bytes written one after the other. Out: that the ledger says of each byte what an array with a place a byte says.

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { claim, firstLost, holderOf, type Ledger, meet } from '../../compiler/plan/ledger.ts'
import { assertProperty } from '../properties.ts'

const size = 40

const span = fc.tuple(fc.nat({ max: size }), fc.nat({ max: 12 })).map(([start, n]) => ({
  start,
  end: Math.min(size, start + n),
}))
const writing = fc.tuple(fc.array(span, { maxLength: 3 }), fc.option(fc.nat({ max: 3 })))
type Writing = readonly [readonly { readonly start: number; readonly end: number }[], number | null]

const ledgerOf = (writings: readonly Writing[]): Ledger => {
  const ledger: Ledger = []
  for (const [spans, owner] of writings) claim(ledger, spans, owner)
  return ledger
}

const bytesOf = (writings: readonly Writing[]): readonly (number | null)[] => {
  const bytes = new Array<number | null>(size).fill(null)
  for (const [spans, owner] of writings) for (const { start, end } of spans) bytes.fill(owner, start, end)
  return bytes
}

const held = (ledger: Ledger): readonly (number | null)[] => Array.from({ length: size }, (_, i) => holderOf(ledger, i))

describe('a ledger', () => {
  test('knows who holds each byte, in as few spans as there may be', () => {
    assertProperty(
      fc.property(fc.array(writing, { maxLength: 20 }), (writings) => {
        const [ledger, bytes] = [ledgerOf(writings), bytesOf(writings)]
        expect(held(ledger)).toEqual(bytes)
        const changes = bytes.filter((owner, i) => owner !== null && owner !== (bytes[i - 1] ?? null))
        expect(ledger.length).toBe(changes.length)
      }),
      { numRuns: 300 },
    )
  })

  test('finds the first byte that somebody has lost', () => {
    assertProperty(
      fc.property(fc.array(writing, { maxLength: 20 }), span, fc.nat({ max: 3 }), (writings, wanted, owner) => {
        const lost = bytesOf(writings).findIndex((o, i) => wanted.start <= i && i < wanted.end && o !== owner)
        expect(firstLost(ledgerOf(writings), [wanted], owner)).toBe(lost < 0 ? null : lost)
      }),
      { numRuns: 300 },
    )
  })

  test('keeps what holds on every way', () => {
    assertProperty(
      fc.property(fc.array(fc.array(writing, { maxLength: 8 }), { minLength: 1, maxLength: 3 }), (ways) => {
        const all = ways.map(bytesOf)
        const common = all[0]?.map((owner, i) => (all.every((bytes) => bytes[i] === owner) ? owner : null))
        expect(held(meet(ways.map(ledgerOf)))).toEqual(common)
      }),
      { numRuns: 300 },
    )
  })
})
