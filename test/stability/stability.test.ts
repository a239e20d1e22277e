// In: the torture suite's entries. Out: whether the naive texts are as right as the ops: their values, first and second
// derivatives, in both modes, within the stated bounds of the truth.

import { simplify } from 'nabla/compiler'
import { beforeAll, describe, expect, test } from 'vitest'
import { staleness } from '../../docs/generate/page.ts'
import { stabilityPage, textOf } from '../../docs/generate/stability.ts'
import { choices } from './choices.ts'
import { groups } from './entries.ts'
import { errorOf, faultsOf, isWithin, wrongWithoutRules } from './judge.ts'
import { leavesOf, type Measured, measure } from './measure.ts'

const entries = groups.flatMap((g) => g.entries)
let measured: readonly Measured[] = []

beforeAll(async () => {
  measured = await measure(entries)
}, 120_000)

describe.each(groups)('$title', ({ entries: members }) => {
  test.each(members.map((entry) => ({ entry, text: entry.text })))('$text', ({ entry }) => {
    const here = measured.filter((m) => m.entry === entry)
    expect(here).toHaveLength(entry.points.length)
    expect(here.flatMap(faultsOf)).toEqual([])
  })
})

/** Right too, but not the same program: other roundings. */
const otherPrograms = ['x · (1 + erf(x / √2)) / 2', '−Σ (⅝ · onehot(y) + ⅛) · log(softmax(z))', '√mean((x − mean(x))²)']

test('the naive text becomes the op itself', () => {
  const others = entries.filter(({ naive, op, takes }) => {
    if (op === null) return false
    const leaves = leavesOf(takes)
    return simplify([naive(...leaves)])[0] !== simplify([op(...leaves)])[0]
  })
  expect(others.map((e) => e.text)).toEqual(otherPrograms)
})

/** Stable as written: only the derivative could spoil them, and it chooses last. */
const stableAsWritten = [
  'e / Σ e, e = exp(z − max(z))',
  'exp(logSoftmax(z))',
  'm + log(Σ exp(z − m)), m = max(z)',
  ...choices.map((e) => e.text).filter((text) => text !== 'where(‖x‖ > 0, x / ‖x‖, 0)'),
]

test('without rules every other text is wrong somewhere', () => {
  const fails = new Set(measured.filter((m) => wrongWithoutRules(m).length > 0).map((m) => m.entry))
  expect(entries.filter((e) => !fails.has(e)).map((e) => e.text)).toEqual(stableAsWritten)
})

test('the known gaps are these', () => {
  const gaps = measured.flatMap(({ entry, point: { at, gap } }) =>
    gap === undefined ? [] : [`${entry.text} at ${at.join(', ')}: ${gap.orders.join(', ')}: ${gap.why}`],
  )
  expect(gaps).toEqual([
    '√Σ x² at 3e+30,4e+30,0: value, first, second: the squares leave the range of f32',
    '√Σ x² at 3e-30,4e-30,0: value, first, second: the squares leave the range of f32',
    'x / √Σ x² at 3e-30,4e-30,0: value, first, second: the squares leave the range of f32',
  ])
})

test('an error is seen', () => {
  expect(errorOf([1 + 2 ** -23], [1], 0)).toBe(1)
  expect(errorOf([2 ** -23], [0], 1)).toBe(1)
  expect(errorOf([Number.NaN], [1], 0)).toBe(Number.POSITIVE_INFINITY)
  expect(errorOf([Number.POSITIVE_INFINITY], [3e38], 0)).toBe(Number.POSITIVE_INFINITY)
  expect(errorOf([1], [1, 1], 0)).toBe(Number.POSITIVE_INFINITY)
  const [one] = measured as [Measured]
  expect(isWithin(one.entry, 'second', [Number.POSITIVE_INFINITY], null)).toBe(false)
  expect(faultsOf({ ...one, nabla: { ...one.nabla, second: [0.5] } })).toHaveLength(1)
  expect(faultsOf({ ...one, point: { ...one.point, gap: { orders: ['value'], why: '' } } })[0]).toMatch(/has closed/)
})

test('docs/generated/stability.md is up to date', async () => {
  expect(await staleness({ ...stabilityPage, body: () => textOf(measured) })).toBeNull()
})
