// In: models of this folder, as files of users. Out: the lines that their derivatives come from, and what these cost.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { input, mul, sgd } from 'nabla'
import { provenance, trainStep } from 'nabla/compiler'
import type { EntryInputs } from '../../../compiler/entries.ts'
import { costByLine, totalOf } from '../../../compiler/inspect/machine/lines.ts'
import { ownEntries } from '../../../compiler/inspect/machine/machine.ts'
import { machineOf } from '../../../compiler/views.ts'
import { embedded, gated, net, recurrent, right } from './models.ts'

const losses = { 'a net': net, 'a loop': recurrent, 'a gated loop': gated, 'a table of rows': embedded }
const text = readFileSync(new URL('models.ts', import.meta.url), 'utf8').split('\n')

describe.each(Object.entries(losses))('%s', (_, make) => {
  test('what lines cost is together what the plan counts, and every line is one of the file', () => {
    const entries: EntryInputs = { loss: make() }
    const machine = right(machineOf(entries))
    for (const [e, fused] of ownEntries(machine)) {
      const lines = costByLine(machine.plan, e, fused)
      expect(totalOf(lines)).toEqual({ flops: e.flops, bytes: e.traffic })
      for (const { place, ...costs } of lines) {
        if (place !== null) expect(place.file).toMatch(/test\/inspect\/machine\/models\.ts$/)
        for (const { flops, bytes } of Object.values(costs)) expect(Math.min(flops, bytes)).toBeGreaterThanOrEqual(0)
      }
      // what belongs to no line is copied from one place to another
      expect(lines.filter((l) => l.place === null).every((l) => totalOf([l]).flops === 0)).toBe(true)
    }
  })

  test('so it is for a training step, whose update belongs to the line that asked for it', () => {
    const machine = right(machineOf({ step: trainStep(make(), sgd()) }))
    for (const [e, fused] of ownEntries(machine)) {
      const lines = costByLine(machine.plan, e, fused)
      expect(totalOf(lines)).toEqual({ flops: e.flops, bytes: e.traffic })
      const own = lines.filter((l) => l.place?.file.endsWith('provenance.test.ts'))
      expect(own).toHaveLength(1)
      expect(own[0]?.forward).toEqual({ flops: 0, bytes: 0 })
    }
  })
})

test('products cost backward twice what they cost forward, at the line that has them', () => {
  const machine = right(machineOf({ loss: gated() }))
  const [[e, fused]] = ownEntries(machine) as [ReturnType<typeof ownEntries>[number]]
  const at = 1 + text.findIndex((line) => line.includes('gru(xs, params)'))
  const line = costByLine(machine.plan, e, fused).find((l) => l.place?.line === at)
  // 7 steps of 2 examples, a product of [3] with [3, 12] and one of [4] with [4, 12]
  const products = 7 * 2 * 2 * (3 + 4) * 12
  expect(line?.forward.flops).toBeGreaterThan(products)
  expect(line?.backward.flops).toBeGreaterThan(1.5 * products)
  expect(line?.forward.flops).toBeLessThan(2 * products)
})

test('a table of lines, and the terms that come from them', () => {
  const x = input('x', [])
  const [file] = [new URL(import.meta.url).pathname]
  const entries = { y: mul(x, x) }
  const table = right(provenance(entries, { source: (f) => (f === file ? readFileSync(file, 'utf8') : undefined) }))
  const line =
    1 +
    readFileSync(file, 'utf8')
      .split('\n')
      .findIndex((l) => l.includes('{ y: mul(x, x) }'))
  expect(table.replaceAll(`${line}`, 'L')).toBe(`y: 2 FLOPs · 16 B moved · provenance.test.ts

line  forward FLOPs  forward bytes  backward FLOPs  backward bytes  source
  L              1            8 B               1             8 B  const entries = { y: mul(x, x) }
 all              1            8 B               1             8 B

comes from  term
L          ∂y/∂x = 2 · x`)
})

test('a term names the lines of the parts that it writes', () => {
  const table = right(provenance({ loss: net() }))
  const at = 1 + text.findIndex((line) => line.includes('return pipe(x, dense(w1, b1)'))
  expect(table).toContain(`${at}          δ₂ = (δ₁ w2ᵀ) · 1[h > 0]`)
})

test('what leaves a loop keeps the line of what it is at each step', () => {
  const table = right(provenance({ loss: recurrent() }))
  const at = 1 + text.findIndex((line) => line.includes('const next = tanh('))
  expect(table).toContain(`${at}          ∂loss/∂wh = Σₜ hₜ₋₁ᵀ δₜ`)
  expect(table).not.toContain('hₜ = tanh(')
})
