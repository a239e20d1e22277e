// In: the programs that break constraints. Out: whether there is one for each constraint of each op, and none for anything else;
// whether it breaks that constraint and no other, with its words, and says where.

import { describe, expect, test } from 'vitest'
import { ShapeError } from '../../../src/core/errors.ts'
import { opDef, opNames } from '../../../src/ops/registry.ts'
import { errorOf, sentenceOf } from '../program.ts'
import { brokenConstraints } from './all.ts'

describe('each constraint of an op is broken, and no other:', () => {
  test.each(opNames)('%s', (op) => {
    const rows = Object.entries(brokenConstraints[op])
    expect(rows.map(([label]) => label).toSorted()).toEqual(Object.keys(opDef(op).doc.constraints).toSorted())
    for (const [label, programs] of rows) expect(programs.length, label).toBeGreaterThan(0)
  })

  test('there is no row for what is no op', () => {
    expect(Object.keys(brokenConstraints).toSorted()).toEqual([...opNames].toSorted())
  })
})

const programs = opNames.flatMap((op) =>
  Object.entries(brokenConstraints[op]).flatMap(([label, list]) =>
    list.map((program) => [`${op} ${label}`, program.message, program] as const),
  ),
)

describe('a program that breaks a constraint says so:', () => {
  test.each(programs)('%s: %s', async (constraint, message, { code, run }) => {
    const error = await errorOf(run)
    expect(error).toBeInstanceOf(ShapeError)
    expect({ ...error, message: sentenceOf(error) }).toMatchObject({ constraint, code, message })
    expect(error.source?.file).toMatch(/test\/failing\/constraints\/[a-z]+\.ts$/)
  })
})
