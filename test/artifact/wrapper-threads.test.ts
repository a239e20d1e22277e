// In: a training step for threads. Out: that its generated module has helpers and the bits of one thread, alone where there are
// none and saying so once, and that its types tell of both.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { compile } from 'nabla/compiler'
import { load } from 'nabla/runtime'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { wrapperOf } from '../../compiler/wrapper.ts'
import type { View } from '../../src/artifact/types.ts'
import { programs } from '../runtime/threads-programs.ts'
import { rightOf } from './outcome.ts'

type Named = Readonly<Record<string, View>>

interface Wrapped {
  readonly memory: SharedArrayBuffer
  readonly params: Named
  readonly threads: { readonly count: number; readonly ready: number; readonly fallback?: { readonly code: string } }
  readonly entries: { readonly step: { readonly inputs: Named; readonly run: () => Named } }
  readonly save: () => Uint8Array
}

interface Module {
  readonly load: (source?: URL, options?: { readonly threads?: number }) => Promise<Wrapped>
}

const root = fileURLToPath(new URL('../..', import.meta.url))
let folder = ''
let wanted: Uint8Array
let text = ''

const fill = (inputs: Named): void => {
  for (const view of Object.values(inputs))
    for (let i = 0; i < view.length; i++) view[i] = view instanceof Int32Array ? (i * 7) % 10 : Math.sin(i) / 2
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nabla-wrapped-threads-'))
  const artifact = rightOf(await compile(programs.classifier(), { threads: 4 }))
  const { js, dts } = wrapperOf(artifact, 'model.wasm')
  text = js
  for (const [name, content] of [
    ['package.json', '{ "type": "module" }'],
    ['model.wasm', artifact.bytes],
    ['model.js', js],
    ['model.d.ts', dts],
  ] as const)
    writeFileSync(join(folder, name), content)
  const program = rightOf(await load(artifact, { threads: 1 }))
  const { step } = program.entries
  fill(step?.inputs ?? {})
  for (let i = 0; i < 4; i++) rightOf(step?.run() as never)
  wanted = program.save()
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** The module with a pool of its own. */
const fresh = async (name: string): Promise<Module> => {
  writeFileSync(join(folder, name), text)
  return (await import(pathToFileURL(join(folder, name)).href)) as Module
}

/** What a program has learned after four steps. */
const learned = ({ entries: { step }, save }: Wrapped): Uint8Array => {
  fill(step.inputs)
  for (let i = 0; i < 4; i++) step.run()
  return save()
}

describe('a wrapper for threads', () => {
  it('is helped, with the same bits for any number of threads', async () => {
    const { load: loadWrapped } = await fresh('model.js')
    for (const threads of [1, 2, 3, 4, 9]) {
      const program = await loadWrapped(undefined, { threads })
      expect(program.threads.count).toBe(Math.min(threads, 4))
      for (let i = 0; program.threads.ready < program.threads.count && i < 2000; i++) await setTimeout(5)
      expect(program.threads.ready).toBe(program.threads.count)
      expect(program.threads.fallback).toBeUndefined()
      expect(program.memory).toBeInstanceOf(SharedArrayBuffer)
      expect(learned(program)).toEqual(wanted)
    }
  })

  it('lets programs that it loads take turns', async () => {
    const { load: loadWrapped } = await fresh('turns.js')
    const [a, b] = [await loadWrapped(undefined, { threads: 3 }), await loadWrapped(undefined, { threads: 2 })]
    for (const { entries } of [a, b]) fill(entries.step.inputs)
    for (let i = 0; i < 4; i++) for (const { entries } of [a, b]) entries.step.run()
    expect([a.save(), b.save()]).toEqual([wanted, wanted])
  })

  it('runs alone where nothing can be shared, and says so once', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    vi.stubGlobal('SharedArrayBuffer', undefined)
    vi.stubGlobal('crossOriginIsolated', false)
    const { load: loadWrapped } = await fresh('alone.js')
    const [program] = [await loadWrapped(undefined, { threads: 2 }), await loadWrapped(undefined, { threads: 2 })]
    expect(program.threads).toMatchObject({ count: 1, ready: 1, fallback: { code: 'W_THREADS_HOST' } })
    expect(learned(program)).toEqual(wanted)
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^W_THREADS_HOST: 2 threads .* not cross-origin isolated/)],
    ])
  })

  it('keeps no process alive', () => {
    const script = `import { load } from './model.js'
const program = await load(undefined, { threads: 3 })
for (let i = 0; program.threads.ready < 3 && i < 2000; i++) await new Promise((r) => setTimeout(r, 5))
program.entries.step.run()
console.log(program.threads.ready)`
    writeFileSync(join(folder, 'run.js'), script)
    const run = spawnSync(process.execPath, [join(folder, 'run.js')], { encoding: 'utf8', timeout: 30_000 })
    expect({ status: run.status, out: run.stdout.trim(), err: run.stderr }).toEqual({ status: 0, out: '3', err: '' })
  })

  it('depends on nothing and stays under 6 kB gzipped', () => {
    expect(text).not.toMatch(/\beval\(|new Function|^import /m)
    expect(gzipSync(text, { level: 9 }).length).toBeLessThan(6000)
  })

  it('says so in its types', () => {
    writeFileSync(
      join(folder, 'consumer.ts'),
      `import { load } from './model.js'
const { memory, threads, entries } = await load(undefined, { seed: 1, threads: 2 })
const shared: SharedArrayBuffer = memory
const why: string | undefined = threads.fallback?.code
const loss: Float32Array = entries.step.run().loss
export const all = [shared, why, loss, threads.ready < threads.count]
// @ts-expect-error: a number of them
load(undefined, { threads: 'two' })
`,
    )
    const compilerOptions = { module: 'nodenext', strict: true, noEmit: true, target: 'es2022', types: [] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
    expect(execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })).toBe('')
  })
})
