// In: affine accesses of every kind. Out: that what is said of them is what counting their addresses one by one gives.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  firstMissing,
  hullOf,
  isInjective,
  joinSpans,
  type Span,
  spansOf,
  subtractSpans,
} from '../../compiler/kernel/access.ts'
import type { Access } from '../../compiler/kernel/kernel.ts'
import { assertProperty } from '../properties.ts'

const access = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: -7, max: 7 })), { maxLength: 3 })
  .map((axes) => ({ dims: axes.map(([d]) => d), access: { offset: 100, strides: axes.map(([, s]) => s) } }))

const addresses = (a: Access, dims: readonly number[]): readonly number[] =>
  dims.reduce<readonly number[]>(
    (found, extent, d) =>
      found.flatMap((at) => Array.from({ length: extent }, (_, i) => at + i * (a.strides[d] as number))),
    [a.offset],
  )
const listed = (spans: readonly Span[]): readonly number[] =>
  spans.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))
const ascending = (xs: Iterable<number>): readonly number[] => [...new Set(xs)].sort((a, b) => a - b)

const spans = fc
  .array(fc.tuple(fc.nat(30), fc.nat(5)), { maxLength: 6 })
  .map((pairs) => joinSpans(pairs.map(([start, length]) => ({ start, end: start + length }))))

describe('accesses', () => {
  it('touch the elements that their loops give', () => {
    assertProperty(
      fc.property(access, ({ access: a, dims }) => {
        const all = ascending(addresses(a, dims))
        expect(listed(spansOf(a, dims))).toEqual(all)
        const hull = hullOf(a, dims)
        expect(hull).toEqual(all.length === 0 ? null : { start: all[0], end: (all.at(-1) as number) + 1 })
      }),
    )
  })

  it('that are called injective touch no element twice', () => {
    assertProperty(
      fc.property(access, ({ access: a, dims }) => {
        const all = addresses(a, dims)
        if (isInjective(a, dims)) expect(new Set(all).size).toBe(all.length)
      }),
    )
  })

  it('of tensors in any order of their axes are called injective', () => {
    expect(isInjective({ offset: 0, strides: [12, 4, 1] }, [2, 3, 4])).toBe(true)
    expect(isInjective({ offset: 0, strides: [1, 6, 2] }, [2, 4, 3])).toBe(true)
    expect(isInjective({ offset: 23, strides: [-12, -4, -1] }, [2, 3, 4])).toBe(true)
    expect(isInjective({ offset: 0, strides: [0, 1] }, [1, 4])).toBe(true)
  })
})

describe('spans', () => {
  it('are taken away and compared as sets', () => {
    assertProperty(
      fc.property(spans, spans, (a, b) => {
        const left = ascending(listed(a).filter((x) => !listed(b).includes(x)))
        expect(listed(subtractSpans(a, b))).toEqual(left)
        expect(firstMissing(a, b)).toBe(left[0] ?? null)
      }),
    )
  })
})
