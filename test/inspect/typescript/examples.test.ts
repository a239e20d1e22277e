// Every example as a module and back. In: the models of examples/. Out: whether the modules that are written of them and of
// their derivatives make the same expressions, are formatted, and are typed.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isLeft } from 'fp-ts/lib/Either.js'
import { afterAll, expect, test } from 'vitest'
import { loadModels } from '../../../cli/model.ts'
import type { Derivative } from '../../../compiler/index.ts'
import type { EntryInputs } from '../../../compiler/entries.ts'
import { topological } from '../../../compiler/program/walk.ts'
import { flatten, type Structure } from '../../../src/expr/structure.ts'
import { expectFormatted, expectRoundTrip, expectTyped, openWorkshop } from './round-trip.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const workshop = openWorkshop()
afterAll(() => workshop.close())

const examples = readdirSync(join(root, 'examples')).filter((name) =>
  existsSync(join(root, 'examples', name, 'model.ts')),
)

/** Loops, which are compared by running them, take their time. */
const derivativesOf = (entries: EntryInputs): readonly Derivative[] =>
  topological(flatten(entries as Structure)).some((n) => n.op === 'scan')
    ? ['gradient']
    : ['gradient', 'forward', 'reverse', 'none']

test.each(examples)('%s: source to source and back', async (example) => {
  const file = await loadModels(join('examples', example, 'model.ts'))
  if (isLeft(file)) throw new Error(file.left.message)
  for (const { name, entries } of file.right.models)
    for (const derivative of derivativesOf(entries)) {
      const text = await expectRoundTrip(workshop, `${example}-${name}-${derivative}`, entries, derivative)
      // the language itself, of which everything knows its type
      expect(text).not.toMatch(/\bgraph\.|\bshaped\(| as (Expr|Node)\b/)
    }
})

test('all of them are formatted', () => expectFormatted(workshop))

test('all of them are typed', () => expectTyped(workshop))
