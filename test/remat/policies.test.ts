// In: programs whose loops keep much for their way back, and less memory than they take. Out: that a policy is chosen for loops whose
// user named none, that the program then fits and computes the same, and that a policy which was named stays.

import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { type Artifact, compile, type CompileOptions } from '../../compiler/compile.ts'
import type { EntryInput } from '../../compiler/entries.ts'
import { rematText } from '../../compiler/remat.ts'
import { trainStep } from '../../compiler/train-step.ts'
import { grad, type Scalar } from '../../compiler/transforms.ts'
import { cost, fitted, memory } from '../../compiler/views.ts'
import { load } from '../../runtime/load.ts'
import type { Program } from '../../runtime/program.ts'
import { keyOf, uniforms } from '../../src/core/threefry.ts'
import {
  add,
  glorotUniform,
  gru,
  input,
  matmul,
  mul,
  type Node,
  param,
  type SavePolicy,
  scan,
  sgd,
  sin,
  square,
  sum,
  tanh,
  zeros,
} from '../../src/index.ts'

const length = 90

const lossOf = (save?: SavePolicy): { readonly loss: Scalar; readonly u: Node } => {
  const xs = input('xs', [length, 4, 8]) as Node
  const u = param('u', [8, 8], glorotUniform) as Node
  const next = (h: Node, x: Node) => ({ carry: tanh(sin(matmul(sin(add(h, x)), u))) as Node, output: [] })
  const { carry } = scan(next, zeros([4, 8]) as Node, xs, save === undefined ? {} : { save })
  return { loss: sum(square(carry)) as Scalar, u }
}

const training = (save?: SavePolicy): EntryInput => trainStep(lossOf(save).loss, sgd())

const gated = (): EntryInput => {
  const xs = input('xs', [60, 4, 8]) as Node
  const gates = {
    w: param('w', [8, 24], glorotUniform),
    u: param('u', [8, 24], glorotUniform),
    b: param('b', [24], zeros),
  }
  const { last } = gru(gates as never)(xs as never) as { readonly last: Node }
  return trainStep(sum(square(last)) as Scalar, sgd())
}

/** A gradient, and a product with the Hessian. */
const curved = (): EntryInput => {
  const { loss, u } = lossOf()
  const g = grad(loss, u) as Node
  return { loss, g, hv: grad(sum(mul(g, sin(u))) as Scalar, u) as Node }
}

const twoLoops = (): EntryInput => {
  const { loss, u } = lossOf()
  const other = input('ys', [12, 4, 8]) as Node
  const next = (h: Node, x: Node) => ({ carry: tanh(matmul(add(h, x), u)) as Node, output: [] })
  return trainStep(add(loss, sum(scan(next, zeros([4, 8]) as Node, other).carry)) as Scalar, sgd())
}

const compiled = async (main: EntryInput, options: CompileOptions = {}): Promise<Artifact> => {
  const artifact = await compile({ main }, { checked: true, ...options })
  if (isLeft(artifact)) throw new Error(`${artifact.left.code}: ${artifact.left.message}`)
  return artifact.right
}

const mainOf = ({ manifest }: Artifact) => {
  const found = manifest.entries.find((e) => e.name === 'main')
  if (found === undefined) throw new Error('there is no entry main')
  return found
}

/** The limit under which an entry has such a share of its arena. */
const limitFor = (plain: Artifact, share: number): number =>
  plain.manifest.memoryBytes - Math.ceil((1 - share) * mainOf(plain).peak)

/** Results and parameters after two runs on drawn inputs. */
const valuesAfter = async (artifact: Artifact): Promise<ReadonlyMap<string, readonly number[]>> => {
  const loaded = await load(artifact, { seed: 3 })
  if (isLeft(loaded)) throw new Error(loaded.left.message)
  const program = loaded.right as unknown as Program
  const main = program.entries['main'] as Program['entries'][string]
  for (let run = 0; run < 2; run++) {
    for (const [name, view] of Object.entries(main.inputs)) {
      const drawn = uniforms(keyOf(10 * run + name.length), view.length)
      for (let k = 0; k < view.length; k++) view[k] = name === 'learningRate' ? 0.01 : 2 * (drawn[k] as number) - 1
    }
    const ran = main.run()
    if (isLeft(ran)) throw new Error(ran.left.message)
  }
  return new Map(
    [main.outputs, program.params].flatMap((v) => Object.entries(v).map(([n, x]) => [n, Array.from(x, Number)])),
  )
}

const expectSameValues = async (a: Artifact, b: Artifact): Promise<void> => {
  const [before, after] = [await valuesAfter(a), await valuesAfter(b)]
  expect([...after.keys()]).toEqual([...before.keys()])
  for (const [name, values] of before) {
    expect(values.some((v) => v !== 0)).toBe(true)
    for (const [i, v] of (after.get(name) as readonly number[]).entries())
      expect(Math.abs(v - (values[i] as number))).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(v)))
  }
}

describe('a loop whose policy was left open', () => {
  test.each([
    ['training', 0.55, training],
    ['training', 0.15, training],
    ['a layer', 0.65, gated],
    ['derivatives of derivatives', 0.75, curved],
    ['two loops', 0.3, twoLoops],
  ] as const)('keeps less: %s in %d of its arena', async (_, share, make) => {
    const main = make()
    const plain = await compiled(main)
    const maxMemory = limitFor(plain, share)
    const tight = await compiled(main, { maxMemory, remat: true })
    expect(tight.manifest.memoryBytes).toBeLessThanOrEqual(maxMemory)
    const [report] = tight.recomputed
    expect(report?.loops.length).toBeGreaterThan(0)
    expect(report?.before.peak).toBe(mainOf(plain).peak)
    expect(report?.after).toEqual({ peak: mainOf(tight).peak, flops: mainOf(tight).flops })
    await expectSameValues(plain, tight)
  })

  test('keeps as much as it may: the cheaper policy where there is room for it', async () => {
    const main = training()
    const plain = await compiled(main)
    const under = async (share: number) => {
      const [report] = (await compiled(main, { maxMemory: limitFor(plain, share), remat: true })).recomputed
      return report?.loops.map((l) => [l.length, l.save])
    }
    expect(await under(0.55)).toEqual([[length, 'products']])
    expect(await under(0.3)).toEqual([[length, 'sqrt']])
  })

  test('is left alone beside one that gives enough', async () => {
    const main = twoLoops()
    const plain = await compiled(main)
    const { recomputed } = await compiled(main, { maxMemory: limitFor(plain, 0.55), remat: true })
    expect(recomputed[0]?.loops.map((l) => l.length)).toEqual([length])
    expect(rematText(recomputed)).toMatch(/loop {2}steps {2}saves +line\nc +90 {2}products {2}policies\.test\.ts:\d+/)
  })

  test('changes nothing of a program that fits', async () => {
    const main = training()
    const plain = await compiled(main)
    const roomy = await compiled(main, { maxMemory: plain.manifest.memoryBytes, remat: true })
    expect(roomy.recomputed).toEqual([])
    expect([...roomy.bytes]).toEqual([...plain.bytes])
  })

  test('keeps less with a queue, too', async () => {
    const main = training()
    const plain = await compiled(main, { queue: { main: 4 } })
    const maxMemory = limitFor(plain, 0.3)
    const tight = await compiled(main, { queue: { main: 4 }, maxMemory, remat: true })
    expect(tight.manifest.memoryBytes).toBeLessThanOrEqual(maxMemory)
    expect(tight.recomputed[0]?.after.peak).toBe(mainOf(tight).peak)
  })
})

test.each(['all', 'products'] as const)('a policy that was named stays: %s', async (save) => {
  const main = training(save)
  const refused = await compile({ main }, { maxMemory: limitFor(await compiled(main), 0.3), remat: true })
  expect(isLeft(refused) && refused.left.code).toBe('E_COMPILE_REMAT')
})

test('inspection says what policies would save, and shows the program that fits', () => {
  const model = { loss: lossOf().loss }
  const text = memory(model)
  if (isLeft(text)) throw new Error(text.left.message)
  expect(text.right).toMatch(
    /loss, with another policy for its loops \(save\):\n {2}products: arena \d+ bytes, .* FLOPs/,
  )
  expect(text.right).toMatch(/ {2}sqrt: arena \d+ bytes/)
  const arena = (options: { readonly fit?: number }): number => {
    const costs = cost(model, options)
    if (isLeft(costs)) throw new Error(costs.left.message)
    return Number(/arena of loss, at its peak +(\d+)/.exec(costs.right)?.[1])
  }
  const fit = 40_000
  const again = fitted(model, fit)
  expect(isLeft(again) ? again.left.message : again.right[0]?.after.peak).toBe(arena({ fit }))
  expect(arena({ fit })).toBeLessThan(0.5 * arena({}))
  expect(isLeft(fitted(model, 1000))).toBe(true)
})
