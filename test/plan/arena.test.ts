// In: lifetimes, random programs, the examples. Out: that places which are taken at once do not overlap, and that an arena is
// hardly larger than what is alive at its worst moment.

import { existsSync, readdirSync } from 'node:fs'
import * as fc from 'fast-check'
import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { loadModels } from '../../cli/model.ts'
import { fuse } from '../../compiler/fuse/fuse.ts'
import { type Lifetime, packArena, paddedBytes } from '../../compiler/plan/arena.ts'
import { makePlan } from '../../compiler/plan/make.ts'
import { arenaAlive, bytesAlive, type Plan } from '../../compiler/plan/plan.ts'
import { machineOf } from '../../compiler/views.ts'
import { bytesOf } from '../../src/core/dtype.ts'
import { programOf } from '../pipeline/programs.ts'
import { assertProperty } from '../properties.ts'

const most = (values: readonly number[]): number => Math.max(0, ...values)

const padded = (lives: readonly Lifetime[]): readonly Lifetime[] =>
  lives.map((l) => ({ ...l, bytes: paddedBytes(l.bytes) }))

const alive = (lives: readonly Lifetime[]): number =>
  most(bytesAlive(padded(lives), 1 + most(lives.map(({ to }) => to))))

const life = fc
  .tuple(fc.nat({ max: 30 }), fc.nat({ max: 12 }), fc.integer({ min: 1, max: 5000 }))
  .map(([from, length, bytes]): Lifetime => ({ from, to: from + length, bytes }))

describe('lifetimes', () => {
  test('that meet get places that do not overlap', () => {
    assertProperty(
      fc.property(fc.array(life, { maxLength: 60 }), (lives) => {
        const { offsets, bytes } = packArena(lives)
        const places = padded(lives).map((l, i) => ({ ...l, start: offsets[i] as number }))
        for (const [i, p] of places.entries()) {
          expect(p.start + p.bytes).toBeLessThanOrEqual(bytes)
          const met = places.slice(i + 1).filter((q) => p.from <= q.to && q.from <= p.to)
          expect(met.filter((q) => p.start < q.start + q.bytes && q.start < p.start + p.bytes)).toEqual([])
        }
      }),
      { numRuns: 200 },
    )
  })

  test('of a way forward and back take what is alive at once', () => {
    const lives = Array.from({ length: 400 }, (_, i) => ({ bytes: 64 * (1 + ((7 * i) % 13)), from: i, to: 799 - i }))
    expect(packArena(lives).bytes).toBe(alive(lives))
  })

  test('by size alone would leave a gap that another order closes', () => {
    const lives: readonly Lifetime[] = [
      { bytes: 112, from: 0, to: 2 },
      { bytes: 176, from: 0, to: 0 },
      { bytes: 240, from: 3, to: 3 },
      { bytes: 176, from: 2, to: 3 },
    ]
    expect(packArena(lives).bytes).toBe(alive(lives))
  })
})

/** The arena of the entries of a plan beside what is alive there, whole cache lines counted. */
const checkTight = (plan: Plan): void => {
  for (const e of plan.entries) {
    const lives = (e.lives ?? []).map(({ buffers, from, to }) => {
      const b = plan.buffers[buffers[0] as number] as Plan['buffers'][number]
      return { bytes: b.elements * bytesOf(b.dtype), from, to }
    })
    const scratch = e.steps.flatMap((s, i) => (s.scratchBytes === 0 ? [] : [{ bytes: s.scratchBytes, from: i, to: i }]))
    expect(most(arenaAlive(plan, e))).toBeLessThanOrEqual(e.peak)
    expect(e.peak).toBeLessThanOrEqual(1.1 * alive([...lives, ...scratch]))
  }
}

describe('an arena is at most a tenth larger than what is alive in it', () => {
  test('in random programs', () => {
    assertProperty(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.constantFrom(6, 20, 60), (seed, size) => {
        const results = programOf(seed, size).roots.map((value, i) => ({ name: `r${i}`, value }))
        checkTight(makePlan([fuse({ name: 'main', results, updates: [] })], { scratchBytes: () => 0 }))
      }),
      { numRuns: 60 },
    )
  })

  const examples = readdirSync('examples').filter((name) => existsSync(`examples/${name}/model.ts`))

  test.each(examples)('in the example %s', async (name) => {
    const file = await loadModels(`examples/${name}/model.ts`)
    if (isLeft(file)) throw new Error(file.left.message)
    for (const { entries } of file.right.models) {
      const machine = machineOf(entries)
      if (isLeft(machine)) throw new Error(machine.left.message)
      checkTight(machine.right.plan)
    }
  })
})
