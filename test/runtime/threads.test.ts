// In: small programs like the workloads, compiled for threads. Out: that any number of threads gives the bits of one, that a
// program says how many run it, and that one which gets no help runs all the same.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { argsort, input, matmul } from 'nabla'
import { compile, type EntryInputs } from 'nabla/compiler'
import { load, type Program } from 'nabla/runtime'
import { build } from 'esbuild'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { View } from '../../src/artifact/types.ts'
import { rightOf } from '../artifact/outcome.ts'
import { toyArtifact } from '../artifact/toy.ts'
import { programs } from './threads-programs.ts'

/** The same numbers for every program: small ones, and indices that every table has. */
const fill = (name: string, view: View): void => {
  for (let i = 0; i < view.length; i++)
    view[i] = view instanceof Int32Array ? (i * 7) % 10 : Math.sin(i + name.length) / 2
}

const bitsOf = (view: View): readonly number[] =>
  Array.from(new Int32Array(view.buffer, view.byteOffset, view.byteLength / 4))

/** All helpers of a program have begun. */
const helped = async ({ threads }: Program): Promise<void> => {
  for (let i = 0; threads.ready < threads.count && i < 2000; i++) await setTimeout(5)
  expect(threads.ready).toBe(threads.count)
}

/** What a program holds and gives after some steps. */
const steps = (program: Program, count = 4): Readonly<Record<string, readonly number[]>> => {
  const { step } = program.entries
  if (step === undefined) throw new Error('there is no entry step')
  for (const [name, view] of Object.entries(step.inputs)) fill(name, view)
  for (let i = 0; i < count; i++) rightOf(step.run())
  const all = { ...program.params, ...program.state, ...step.outputs }
  return Object.fromEntries(Object.entries(all).map(([name, view]) => [name, bitsOf(view)]))
}

const compiledFor = async (threads: number, name: keyof typeof programs) =>
  rightOf(await compile(programs[name](), { threads }))

describe('a program for threads', () => {
  it.each(Object.entries(programs))('has the same bits for any number of them: %s', async (_, entries) => {
    const single = rightOf(await compile(entries()))
    const several = rightOf(await compile(entries(), { threads: 4, checked: true }))
    expect(single.manifest.threads).toBeUndefined()
    const wanted = steps(rightOf(await load(single)))
    for (const threads of [1, 2, 3, 4]) {
      const program = rightOf(await load(several, { threads }))
      expect(program.threads.count).toBe(threads)
      await helped(program)
      expect(steps(program)).toEqual(wanted)
    }
  })

  it('shares one pool with others, which take turns', async () => {
    const both = async (name: keyof typeof programs) => {
      const artifact = await compiledFor(3, name)
      return {
        one: rightOf(await load(artifact, { threads: 1 })),
        three: rightOf(await load(artifact, { threads: 3 })),
      }
    }
    const [a, b] = [await both('words'), await both('transformer')]
    await Promise.all([helped(a.three), helped(b.three)])
    for (let turn = 0; turn < 3; turn++) {
      expect(steps(a.three, 2)).toEqual(steps(a.one, 2))
      expect(steps(b.three, 2)).toEqual(steps(b.one, 2))
    }
  })

  it('is never for more threads than it was compiled for', async () => {
    const artifact = rightOf(await compile({ y: matmul(input('a', [64, 64]), input('b', [64, 64])) }, { threads: 2 }))
    expect(artifact.manifest.threads).toMatchObject({ most: 2 })
    const program = rightOf(await load(artifact, { threads: 8 }))
    expect(program.threads.count).toBe(2)
    expect(program.memory).toBeInstanceOf(SharedArrayBuffer)
  })

  it('sorts rows in parts, each with room of its own', async () => {
    const artifact = rightOf(await compile({ y: argsort(input('x', [37, 500])) }, { threads: 3, checked: true }))
    const x = Float32Array.from({ length: 37 * 500 }, (_, i) => Math.sin(i * 1.7))
    const sorted = async (threads: number) => {
      const program = rightOf(await load(artifact, { threads }))
      await helped(program)
      return Array.from({ length: 5 }, () => [...rightOf(program.entries.y.call({ x })).y])
    }
    const [one, three] = [await sorted(1), await sorted(3)]
    expect(three).toEqual(one)
    expect(one[0]?.slice(0, 500).map((place) => x[place])).toEqual([...x.slice(0, 500)].toSorted((a, b) => a - b))
  })

  it('makes several runs in one call', async () => {
    const entries: EntryInputs = programs.words()
    const artifact = rightOf(await compile(entries, { threads: 2, queue: { step: 3 } }))
    const [one, two] = [rightOf(await load(artifact, { threads: 1 })), rightOf(await load(artifact, { threads: 2 }))]
    await helped(two)
    steps(one, 3)
    const [single, queued] = [one.entries['step'], two.entries['step']]
    if (single === undefined || queued === undefined) throw new Error('there is no entry step')
    for (const [name, view] of Object.entries(queued.queue.inputs)) {
      const once = single.inputs[name] as View
      for (let i = 0; i < 3; i++) view.set(once, i * once.length)
    }
    rightOf(queued.run(3))
    const held = ({ params }: Program) => Object.entries(params).map(([name, view]) => [name, bitsOf(view)])
    expect(held(two)).toEqual(held(one))
  })

  it('saves and restores what it has learned', async () => {
    const artifact = await compiledFor(2, 'classifier')
    const [trained, fresh] = [rightOf(await load(artifact)), rightOf(await load(artifact, { seed: 9 }))]
    const { loss: _, ...params } = steps(trained)
    rightOf(fresh.restore(trained.save()))
    const found = { ...fresh.params, ...fresh.state }
    expect(Object.fromEntries(Object.entries(found).map(([n, view]) => [n, bitsOf(view)]))).toEqual(params)
  })
})

describe('a program that gets no help', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
    vi.resetModules()
  })

  it('runs where nothing can be shared, and says so once', async () => {
    const artifact = await compiledFor(2, 'words')
    const wanted = steps(rightOf(await load(artifact, { threads: 2 })))
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    vi.stubGlobal('SharedArrayBuffer', undefined)
    vi.stubGlobal('crossOriginIsolated', false)
    vi.resetModules()
    const page: typeof import('nabla/runtime') = await import('nabla/runtime')
    const program = rightOf(await page.load(artifact, { threads: 2 }))
    expect(program.threads).toMatchObject({ count: 1, ready: 1, fallback: { code: 'W_THREADS_HOST' } })
    expect(program.threads.fallback?.message).toContain('not cross-origin isolated')
    expect(steps(program)).toEqual(wanted)
    rightOf(await page.load(artifact, { threads: 2 }))
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn.mock.calls[0]?.[0]).toContain('W_THREADS_HOST')
  })

  it('says that it was compiled for one thread', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    vi.resetModules()
    const page: typeof import('nabla/runtime') = await import('nabla/runtime')
    expect(rightOf(await page.load(toyArtifact())).threads).toEqual({ count: 1, ready: 1 })
    const { threads } = rightOf(await page.load(toyArtifact(), { threads: 2 }))
    expect(threads).toMatchObject({ count: 1, fallback: { code: 'W_THREADS_ARTIFACT' } })
    expect(warn).toHaveBeenCalledTimes(1)
  })
})

describe('the helpers of a process', () => {
  it('do not keep it alive, and work in a bundle', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nabla-threads-'))
    try {
      const artifact = await compiledFor(3, 'classifier')
      writeFileSync(join(folder, 'model.wasm'), artifact.bytes)
      const { outputFiles } = await build({
        stdin: {
          contents: `
            import { load } from '../../runtime/index.ts'
            const { right: program } = await load(new URL('model.wasm', import.meta.url), { threads: 3 })
            for (let i = 0; program.threads.ready < 3 && i < 2000; i++) await new Promise((r) => setTimeout(r, 5))
            for (let i = 0; i < 5; i++) program.entries.step.run()
            console.log(program.threads.ready)
          `,
          resolveDir: fileURLToPath(new URL('.', import.meta.url)),
          loader: 'ts',
        },
        bundle: true,
        platform: 'node',
        format: 'esm',
        write: false,
      })
      writeFileSync(join(folder, 'run.mjs'), outputFiles[0]?.contents ?? '')
      const run = spawnSync(process.execPath, [pathToFileURL(join(folder, 'run.mjs')).pathname], {
        encoding: 'utf8',
        timeout: 30_000,
      })
      expect({ status: run.status, out: run.stdout.trim(), err: run.stderr }).toEqual({ status: 0, out: '3', err: '' })
    } finally {
      rmSync(folder, { recursive: true })
    }
  }, 60_000)
})
