// In: small models. Out: their kernels, cost, memory and emitted text, beside the plan that these are read off.

import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { input, matmul, mul, named, sum, tanh } from 'nabla'
import { cost, javascript, kernels, memory, memoryPicture, wat } from 'nabla/compiler'
import type { EntryInputs } from '../../../compiler/entries.ts'
import { costByPhase } from '../../../compiler/inspect/machine/cost.ts'
import { type Machine, ownEntries } from '../../../compiler/inspect/machine/machine.ts'
import { arenasOf, atPeak } from '../../../compiler/inspect/machine/memory.ts'
import { colours } from '../../../compiler/inspect/svg.ts'
import { machineOf, memoryError } from '../../../compiler/views.ts'
import { elementsOf } from '../xml.ts'
import { gated, net, netStep, recurrent, right } from './models.ts'

const models: readonly (readonly [string, () => EntryInputs])[] = [
  ['a net', () => ({ loss: net() })],
  ['its training step', () => ({ step: netStep() })],
  ['a loop', () => ({ loss: recurrent() })],
]

const machine = (entries: EntryInputs): Machine => right(machineOf(entries))

describe('kernels', () => {
  test('a product of a scalar with itself', () => {
    const x = input('x', [])
    expect(right(kernels({ y: mul(x, x) }))).toBe(`y: 2 kernels · 2 FLOPs · 16 B moved · 0.13 FLOPs a byte

1  square  1 FLOPs · 8 B · 0.13 FLOPs a byte
   y = x²  []
     y[0] = x[0]²

2  mul  1 FLOPs · 8 B · 0.13 FLOPs a byte
   ∂y/∂x = 2 · x  []
     ∂y/∂x[0] = 2 · x[0]`)
  })

  test('what is fused stands in one kernel, under the names of the user', () => {
    const text = right(kernels({ loss: net() }))
    expect(text).toMatch(/^1 {2}dotGeneral_relu .*\n {3}h₁ = relu\(x w1 \+ b1\) {2}\[8,16]$/m)
    expect(text).toContain('   δ₂ = (δ₁ w2ᵀ) · 1[h₁ > 0]  [8,16]')
    expect(text).toContain('   ∂loss/∂w1 = xᵀ δ₂  [4,16]')
  })

  test('the body of a loop stands in it, at each step', () => {
    const text = right(kernels({ loss: recurrent() }))
    expect(text).toMatch(/^12 times, together \d/m)
    expect(text).toContain('     hₜ = tanh(z₁‚ₜ + hₜ₋₁ wh + b)  [3,5]')
  })
})

describe.each(models)('%s', (_, make) => {
  test('the phases and the copies are together what the plan counts', () => {
    const m = machine(make())
    for (const [e, f] of ownEntries(m)) {
      const parts = costByPhase(m.plan, e, f)
      expect(parts.reduce((n, p) => n + p.flops, 0)).toBe(e.flops)
      expect(parts.reduce((n, p) => n + p.bytes, 0)).toBe(e.traffic)
      expect(parts.reduce((n, p) => n + p.kernels, 0)).toBe(e.steps.length)
      expect(parts.map((p) => p.phase).slice(0, 2)).toEqual(['forward', 'backward'])
    }
  })

  test('what lives lies in the arena, nothing over anything else', () => {
    for (const a of arenasOf(machine(make()))) {
      expect(a.tenancies.length).toBeGreaterThan(0)
      for (const t of a.tenancies) {
        expect(t.offset).toBeGreaterThanOrEqual(0)
        expect(t.offset + t.bytes).toBeLessThanOrEqual(a.bytes)
        const meeting = a.tenancies.filter(
          (o) =>
            o !== t &&
            o.from <= t.to &&
            t.from <= o.to &&
            o.offset < t.offset + t.bytes &&
            t.offset < o.offset + o.bytes,
        )
        expect(meeting).toEqual([])
      }
      expect(atPeak(a).reduce((n, t) => n + t.bytes, 0)).toBe(Math.max(...a.alive))
      expect(Math.max(...a.alive)).toBeLessThanOrEqual(a.bytes)
    }
  })

  test('the picture of the arena has a box a place, as high as its bytes', () => {
    const entries = make()
    const arenas = arenasOf(machine(entries))
    const elements = elementsOf(right(memoryPicture(entries)))
    expect(elements[0]).toMatchObject({ tag: 'svg', attributes: { xmlns: 'http://www.w3.org/2000/svg' } })
    const boxes = elements.filter((e) => e.tag === 'rect' && e.attributes['stroke-width'] === '0.8')
    const places = arenas.flatMap((a) => a.tenancies.map((t) => Math.max(1, (340 * t.bytes) / a.bytes)))
    expect(boxes.map((b) => Number(b.attributes['height']))).toEqual(places.map((h) => expect.closeTo(h, 2)))
    expect(elements.filter((e) => e.attributes['stroke'] === '#b31d28')).toHaveLength(arenas.length)
  })

  test('what is overwritten in place has the colour of its own phase', () => {
    const entries = make()
    const drawn = elementsOf(right(memoryPicture(entries))).filter((e) => e.tag === 'rect')
    for (const a of arenasOf(machine(entries)))
      for (const t of a.tenancies)
        for (const [i, v] of t.values.entries()) {
          if (i === 0) continue
          expect(v.phase).not.toBe('scratch')
          expect(
            drawn.some((e) => e.attributes['fill'] === colours[v.phase].fill && e.attributes['rx'] === undefined),
          ).toBe(true)
        }
    const reused = arenasOf(machine(entries)).flatMap((a) => a.tenancies.filter((t) => t.values.length > 1))
    for (const t of reused)
      for (const v of t.values) if (v.name.startsWith('δ')) expect([v.name, v.phase]).toEqual([v.name, 'backward'])
  })

  test('the memory that cost tells is that of the plan', () => {
    const entries = make()
    const { plan } = machine(entries)
    const text = right(cost(entries))
    expect(text).toMatch(new RegExp(`^together, with padding +${plan.memoryBytes}$`, 'm'))
    for (const a of arenasOf(machine(entries)))
      expect(right(memory(entries))).toContain(`${a.name}: arena ${a.bytes} bytes`)
  })

  test('emitted text says what each function computes', async () => {
    for (const show of [wat, javascript]) {
      const text = right(await show(make()))
      expect(text).toMatch(/^\s*(;;|\/\/) (loss|step), step 1, from models\.ts:\d+(, \d+)*:$/m)
    }
  })
})

test('what a loop keeps for the way back belongs to the forward pass', () => {
  const [arena] = arenasOf(machine({ loss: gated() }))
  const of = (name: string) => arena?.tenancies.flatMap((t) => t.values).find((v) => v.name === name)?.phase
  expect(['z', 'r', 'n', 'h'].map(of)).toEqual(['forward', 'forward', 'forward', 'forward'])
  expect(arena?.tenancies.flatMap((t) => t.values).some((v) => v.phase === 'update')).toBe(false)
})

test('a training step has its update beside forward and backward', () => {
  expect(right(cost({ step: netStep() }))).toMatch(/^update +1 /m)
})

test('what does not fit is refused with what lives at the peak', () => {
  const error = memoryError({ loss: net() }, 1000)
  expect(error?.code).toBe('E_COMPILE_MEMORY')
  expect(error?.hint).toMatch(/at its peak \(loss, step \d+ of 9, dotGeneral_where\) live\n {4}512 B {2}h₁ {2}\[128]/)
  expect(memoryError({ loss: net() }, 100_000)).toBeNull()
})

test('what checkpointing would save is measured where the gradient is not taken yet', () => {
  expect(right(memory({ loss: net() }))).toMatch(
    /^loss: arena 1280 bytes; as one checkpoint \d+ where its products are kept, \d+ where nothing is$/m,
  )
  expect(right(memory({ step: netStep() }))).not.toContain('as one checkpoint')
})

test('a name is text in a picture, whatever it holds', () => {
  const x = input('x', [40])
  const h = named('<a & "b">', tanh(x))
  const text = right(memoryPicture({ y: sum(mul(h, matmul(h, input('w', [40, 40])))) }))
  expect(text).toContain('&lt;a &amp; &quot;b&quot;&gt;')
  expect(elementsOf(text).length).toBeGreaterThan(3)
})

test('what is wrong with a model is told', () => {
  expect(isLeft(kernels({ 'no identifier': net() }))).toBe(true)
})
