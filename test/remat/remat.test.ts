// In: training steps, and less memory than they take. Out: the same bits in that memory, on both targets, and a report that says
// what it costs; or an error with the nearest that was found.

import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { type Artifact, compile, type CompileOptions } from '../../compiler/compile.ts'
import type { EntryInput } from '../../compiler/entries.ts'
import { rematText } from '../../compiler/remat.ts'
import { load } from '../../runtime/load.ts'
import type { Program } from '../../runtime/program.ts'
import { digestOf } from '../../src/artifact/digest.ts'
import { keyOf, uniforms } from '../../src/core/threefry.ts'
import { sin, tanh } from '../../src/index.ts'
import { chain, models } from './models.ts'

const compiled = async (step: EntryInput, options: CompileOptions): Promise<Artifact> => {
  const artifact = await compile({ step }, { checked: true, ...options })
  if (isLeft(artifact)) throw new Error(`${artifact.left.code}: ${artifact.left.message}`)
  return artifact.right
}

const stepOf = ({ manifest }: Artifact) => {
  const step = manifest.entries.find((e) => e.name === 'step')
  if (step === undefined) throw new Error('there is no step')
  return step
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

/** The digests of all that two steps leave behind: results, parameters and states. */
const bytesAfter = async (artifact: Artifact): Promise<readonly string[]> => {
  const loaded = await load(artifact, { seed: 3 })
  if (isLeft(loaded)) throw new Error(loaded.left.message)
  const program = loaded.right
  const step = program.entries['step'] as Program['entries'][string]
  for (let run = 0; run < 2; run++) {
    for (const [i, [name, view]] of Object.entries(step.inputs).toSorted(byName).entries()) {
      const drawn = uniforms(keyOf(10 * run + i), view.length)
      for (let k = 0; k < view.length; k++)
        view[k] = view instanceof Int32Array ? Math.floor(10 * (drawn[k] as number)) : 2 * (drawn[k] as number) - 1
      if (name === 'learningRate') view[0] = 0.01
    }
    const ran = step.run()
    if (isLeft(ran)) throw new Error(ran.left.message)
  }
  const views = [step.outputs, program.params, program.state].flatMap((v) => Object.entries(v).toSorted(byName))
  return views.map(
    ([name, v]) => `${name} ${digestOf(new Uint8Array(v.buffer, v.byteOffset, v.byteLength), 0).join(' ')}`,
  )
}

const targets = ['wasm', 'javascript'] as const

describe.each(targets)('on %s', (target) => {
  test.each(Object.keys(models))('%s: the same bits in less memory', async (name) => {
    const step = (models[name] as () => EntryInput)()
    const plain = await compiled(step, { target })
    const limit = plain.manifest.memoryBytes - Math.floor(0.15 * stepOf(plain).peak)
    const tight = await compiled(step, { target, maxMemory: limit, remat: true })
    expect(tight.manifest.memoryBytes).toBeLessThanOrEqual(limit)
    expect(await bytesAfter(tight)).toEqual(await bytesAfter(plain))
    const [report] = tight.recomputed
    expect(report).toMatchObject({
      entry: 'step',
      before: { peak: stepOf(plain).peak, flops: stepOf(plain).flops },
      after: { peak: stepOf(tight).peak, flops: stepOf(tight).flops },
    })
    expect(report?.values.length).toBeGreaterThan(0)
  })
})

test('where it cannot be, the error names the least that was found, and that much is enough', async () => {
  const step = chain(8)
  const refused = await compile({ step }, { maxMemory: 1, remat: true })
  if (!isLeft(refused)) throw new Error('one byte was enough')
  expect(refused.left.code).toBe('E_COMPILE_REMAT')
  const least = Number(/needs (\d+) bytes/.exec(refused.left.message)?.[1])
  const [plain, tight] = [await compiled(step, {}), await compiled(step, { maxMemory: least, remat: true })]
  expect(tight.manifest.memoryBytes).toBeLessThanOrEqual(least)
  expect(stepOf(tight).peak).toBeLessThan(0.6 * stepOf(plain).peak)
  expect(await bytesAfter(tight)).toEqual(await bytesAfter(plain))
})

describe('a chain of layers', () => {
  const reached = async (layers: number, share: number) => {
    const step = chain(layers)
    const plain = await compiled(step, {})
    const fixed = plain.manifest.memoryBytes - stepOf(plain).peak
    const tight = await compiled(step, { maxMemory: fixed + Math.floor(stepOf(plain).peak * share), remat: true })
    return { peak: stepOf(tight).peak / stepOf(plain).peak, flops: stepOf(tight).flops / stepOf(plain).flops }
  }

  test.each([
    [16, 0.8, 1.15],
    [16, 0.6, 1.3],
    [16, 0.45, 1.45],
    [32, 0.35, 1.5],
  ])('of %d in %d of its arena takes at most %d of its work', async (layers, share, work) => {
    const { peak, flops } = await reached(layers, share)
    expect(peak).toBeLessThanOrEqual(share)
    expect(flops).toBeLessThan(work)
    expect(flops).toBeGreaterThan(1)
  })

  test('a program that fits computes nothing again', async () => {
    const step = chain(4)
    const plain = await compiled(step, {})
    const roomy = await compiled(step, { maxMemory: plain.manifest.memoryBytes, remat: true })
    expect(roomy.recomputed).toEqual([])
    expect([...roomy.bytes]).toEqual([...plain.bytes])
  })

  test('cheap values are computed again before products are', async () => {
    const step = chain(8, (x) => sin(tanh(x)))
    const plain = await compiled(step, {})
    const limit = plain.manifest.memoryBytes - Math.floor(0.3 * stepOf(plain).peak)
    const tight = await compiled(step, { maxMemory: limit, remat: true })
    expect(stepOf(tight).flops / stepOf(plain).flops).toBeLessThan(1.02)
    expect(rematText(tight.recomputed)).toMatch(
      /^step: arena [\d.]+ kB instead of [\d.]+ kB, [\d.]+ \w FLOPs instead of [\d.]+ \w \(\+[01] %\)\n\ncomputed again +shape +bytes +times +line\nh\S* +\[32,24] +3\.07 kB +1 +remat\.test\.ts:\d+\n/,
    )
  })
})
