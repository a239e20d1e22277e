// In: `nabla inspect --as FORM` on a model file. Out: every form of the table, on the terminal and in a file.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { formNames } from '../../cli/forms.ts'
import { elementsOf } from '../inspect/xml.ts'
import { fixture, nabla } from './collect.ts'

const network = fixture('network.ts')
const folder = mkdtempSync(join(tmpdir(), 'nabla-forms-'))

afterAll(() => rmSync(folder, { recursive: true }))

test.each(formNames)('the form %s is the same on the terminal and in a file', async (form) => {
  const shown = await nabla('inspect', `${network}#loss`, '--as', form)
  expect([shown.code, shown.err]).toEqual([0, ''])
  const file = join(folder, `${form}.txt`)
  const { code, out } = await nabla('inspect', `${network}#loss`, '--as', form, '--out', file)
  expect([code, out.startsWith(file)]).toEqual([0, true])
  expect(readFileSync(file, 'utf8').trimEnd()).toBe(shown.out.trimEnd())
})

test('a file called .svg gets the arena as a picture', async () => {
  const file = join(folder, 'memory.svg')
  const { code } = await nabla('inspect', `${network}#step`, '--as', 'memory', '--out', file)
  expect(code).toBe(0)
  expect(elementsOf(readFileSync(file, 'utf8').trimEnd())[0]?.tag).toBe('svg')
})

test('what is a file of its own is that of one model', async () => {
  const { code, err } = await nabla('inspect', network, '--as', 'graph')
  expect([code, err.split('\n')[0]]).toEqual([2, 'E_CLI_USAGE: the form graph is that of one model'])
})

test('a model that needs more memory than is allowed is refused with what lives at the peak', async () => {
  const file = join(folder, 'refused.txt')
  const { code, err } = await nabla('inspect', `${network}#loss`, '--as', 'cost', '--max-memory', '100', '--out', file)
  expect(code).toBe(1)
  expect(err).toMatch(/^E_COMPILE_MEMORY: [^]*at its peak \(loss, step \d+ of \d+, \w+\) live/)
  expect(existsSync(file)).toBe(false)
})
