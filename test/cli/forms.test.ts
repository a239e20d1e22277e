// In: `nabla inspect --as FORM` on a model file. Out: every form of the table, on the terminal and in a file.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRight } from 'fp-ts/lib/Either.js'
import { afterAll, expect, test } from 'vitest'
import { formNames } from '../../cli/forms.ts'
import { markdownPage } from '../../cli/page.ts'
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

test('a derivation for a file called .html is a page, which shows markup as text', async () => {
  const file = join(folder, 'derivation.html')
  const { code, err } = await nabla('inspect', `${network}#loss`, '--as', 'derivation', '--out', file)
  expect([code, err]).toEqual([0, ''])
  const page = readFileSync(file, 'utf8')
  expect(page).toMatch(/^<!doctype html>\n<html lang="en">[^]*<h1>[^]*<\/table>[^]*<\/html>\n$/)
  expect(page).not.toMatch(/https?:\/\/|<script/)
  const hostile = await markdownPage('# <b>x</b> & y\n\n<script>alert(1)</script>\n\n```text\na < b\n```\n')
  expect(isRight(hostile) && hostile.right).toContain('<title>&lt;b&gt;x&lt;/b&gt; &amp; y</title>')
  expect(isRight(hostile) && /<script|<b>/.test(hostile.right)).toBe(false)
})

test('a derivation leaves out a numerical check that would take long, and says who makes it', async () => {
  const place = `${fixture('heavy.ts')}#loss`
  const { code, out } = await nabla('inspect', place, '--as', 'derivation')
  expect(code).toBe(0)
  expect(out).toContain(`Left out, because each run takes long: \`nabla check ${place}\` compares the two.`)
})
