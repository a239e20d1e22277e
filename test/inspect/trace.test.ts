// In: small models. Out: the stages of their compilation as text and as a page, and lines beside what comes from them.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { add, div, exp, input, log, mul, named, neg, sum } from 'nabla'
import { provenancePage, rewrites, trace, tracePage } from 'nabla/compiler'
import { machineOf } from '../../compiler/views.ts'
import { net, recurrent, right } from './machine/models.ts'

const naive = () => neg(sum(log(div(1, add(1, exp(neg(input('x', [3]))))))))

const texts = (page: string, of: RegExp): readonly string[] => [...page.matchAll(of)].map((m) => m[1] as string)

test('passes in order, with the sizes of what they made', () => {
  const text = right(trace({ loss: net() }))
  const { plan } = right(machineOf({ loss: net() }))
  expect(text).toMatch(/^entry loss +simplify +\d+ nodes\nentry loss +sparse +\d+ nodes\nentry loss +fuse +9 kernels$/m)
  const steps = plan.entries.reduce((n, e) => n + e.steps.length, 0)
  expect(text).toContain(`${plan.kernels.length} different kernels, ${steps} steps, ${plan.memoryBytes} bytes`)
})

test('as many rewritings of each rule as the record has', () => {
  const model = { penalty: naive() }
  const steps = rewrites(model).flatMap((p) => p.steps)
  const rows = right(trace(model)).split('\n\n').at(-1)?.split('\n').slice(1) ?? []
  expect(rows.reduce((n, row) => n + Number(row.split(/ +/)[1]), 0)).toBe(steps.length)
  expect(rows.map((row) => row.split(' ')[0]).toSorted()).toEqual([...new Set(steps.map((s) => s.rule))].toSorted())
})

test('a page has a section and an item a stage, and the programs between rewritings', () => {
  const page = right(tracePage({ penalty: naive() }))
  const titles = texts(page, /<section><h1>([^<]*)<\/h1>/g)
  expect(titles).toHaveLength(texts(page, /<(button) data-rule=/g).length)
  expect(titles.slice(0, 4)).toEqual([
    'model: before',
    'model: div-one-plus-exp',
    'model: log-sigmoid',
    'model: simplified',
  ])
  const programs = texts(page, /<pre>(?:<span>|<mark>)([^<]*)/g)
  expect(programs.slice(0, 3).map((p) => p.trim().replace(/ +/g, ' '))).toEqual([
    'penalty = −Σ(log(1 / (1 + exp(−x)))) []',
    'penalty = −Σ(log(σ(x))) []',
    'penalty = −Σ(log σ(x)) []',
  ])
  expect(page).toContain('<pre class="was">1 / (1 + exp(−x))</pre><pre class="is">σ(x)</pre>')
})

test('pages need nothing from outside, and names in them are text', () => {
  const a = input('<script>alert("a&b")</script>', [3])
  const model = { y: sum(mul(named('<i>&', exp(a)), a)) }
  const source = (): string => 'if (a < b && c) "</td>"\n'.repeat(200)
  for (const page of [
    right(tracePage(model, { title: '<b>' })),
    right(provenancePage(model, { title: '<b>', source })),
  ]) {
    expect(page).toContain('<title>&lt;b&gt;</title>')
    expect(page).toContain('&lt;i&gt;&amp;')
    expect(page).not.toMatch(/<i>|<script>alert|a&b|b && c|(src|href)=|https?:/)
    for (const name of ['section', 'tr', 'td', 'pre', 'span', 'div', 'li', 'button'])
      expect(page.split(`</${name}>`).length).toBe(page.split(new RegExp(`<${name}[ >]`)).length)
  }
})

test('beside each line stand its costs and the terms that come from it', () => {
  const file = new URL('machine/models.ts', import.meta.url)
  const text = readFileSync(file, 'utf8')
  const page = right(provenancePage({ loss: recurrent() }, { source: () => text }))
  const rows = texts(page, /<tr(?: class="costs")?>(<td class="number quiet">.*?)<\/tr>/gs)
  expect(rows).toHaveLength(text.trimEnd().split('\n').length)
  const row = rows.find((r) => r.includes('const next = tanh(')) ?? ''
  expect(row).toMatch(/<td class="number forward">[\d.]+ k<\/td>/)
  expect(row).toContain('∂loss/∂wh = Σₜ hₜ₋₁ᵀ δₜ')
})
