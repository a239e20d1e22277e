// Every op as source and back. In: the cases of the laws. Out: whether a module that is written of them, and of their first
// derivatives, makes the same expressions, is formatted, and is typed.

import { afterAll, describe, expect, test } from 'vitest'
import { casesOf, triedOps } from '../../laws/cases.ts'
import { derivatives, settingOf } from '../../laws/setting.ts'
import { expectFormatted, expectRoundTrip, expectTyped, openWorkshop } from './round-trip.ts'

const workshop = openWorkshop()
afterAll(() => workshop.close())

describe('every op and its derivatives', () => {
  test.each(triedOps)('%s: source to source and back', async (op) => {
    const programs = casesOf(op).flatMap((c, k) => {
      const setting = settingOf(c, { float: k % 2 === 0 ? 'f32' : 'f64', seed: k + 1, prefix: `x${k}_` })
      return [setting.output, ...derivatives(setting, 1)].map((n, i) => [`y${k}_${i}`, n] as const)
    })
    const text = await expectRoundTrip(workshop, op, Object.fromEntries(programs), 'none')
    expect(text).toContain("from 'nabla'")
  })

  test('all of them are formatted', () => expectFormatted(workshop))

  test('all of them are typed', () => expectTyped(workshop))
})
