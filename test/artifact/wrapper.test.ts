import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wrapperOf } from '../../compiler/wrapper.ts'
import { load as loadWithRuntime } from '../../runtime/load.ts'
import type { ManifestPort, View } from '../../src/artifact/types.ts'
import { encodeWeights, type WeightTensor } from '../../src/artifact/weights.ts'
import { leftOf, rightOf } from './outcome.ts'
import { toyArtifact, toyManifest } from './toy.ts'
import { assertProperty } from '../properties.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bytes = toyArtifact()
const wrapper = wrapperOf({ manifest: toyManifest, bytes }, 'model.wasm')

type Named = Readonly<Record<string, View>>

/** What the generated module exports, as its `.d.ts` says in more detail. */
interface Wrapped {
  readonly memory: ArrayBuffer
  readonly params: Named
  readonly state: Named
  readonly entries: Readonly<Record<string, { readonly inputs: Named; readonly run: () => Named }>>
  readonly call: (name: string, values: unknown) => Named
  readonly initialize: (seed: number) => void
  readonly save: () => Uint8Array
  readonly restore: (bytes: Uint8Array) => void
}

type Load = (source?: unknown, options?: { readonly seed?: number }) => Promise<Wrapped>

let folder = ''
let load: Load

const importFrom = async (name: string): Promise<Load> => {
  const module = (await import(/* @vite-ignore */ pathToFileURL(join(folder, name)).href)) as { readonly load: Load }
  return module.load
}

/** The code and message that a call throws. */
const thrown = async (f: () => unknown): Promise<{ readonly code: string; readonly message: string }> => {
  try {
    await f()
  } catch (e) {
    const { name, code, message } = e as { name: string; code: string; message: string }
    expect(name).toBe('ProgramError')
    return { code, message }
  }
  throw new Error('nothing was thrown')
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nabla-wrapper-'))
  writeFileSync(join(folder, 'model.wasm'), bytes)
  writeFileSync(join(folder, 'model.mjs'), wrapper.js)
  writeFileSync(join(folder, 'model.d.mts'), wrapper.dts)
  load = await importFrom('model.mjs')
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('a wrapper', () => {
  it('is under 6 kB gzipped, depends on nothing and needs no module of Node in a page', async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: [join(folder, 'model.mjs')],
      bundle: true,
      platform: 'browser',
      format: 'esm',
      write: false,
      metafile: true,
    })
    expect(Object.keys(metafile.inputs)).toHaveLength(1)
    expect(outputFiles[0]?.text).not.toMatch(/import\(["']node:/)
    expect(wrapper.js).not.toMatch(/\beval\b|new Function|^import /m)
    const size = gzipSync(wrapper.js, { level: 9 }).length
    expect(size).toBeGreaterThan(1000)
    expect(size).toBeLessThan(6000)
  })

  it('stays under 6 kB for a network of six parameters with Adam', () => {
    const port = (name: string, i: number): ManifestPort => ({
      name,
      dtype: 'f32',
      shape: [512, 256],
      offset: 524_288 * i,
    })
    const names = ['w1', 'b1', 'w2', 'b2', 'w3', 'b3']
    const manifest = {
      ...toyManifest,
      memoryBytes: 2 ** 26,
      params: names.map(port),
      states: names.flatMap((n, i) => [port(`${n}.m`, 6 + i), port(`${n}.v`, 12 + i)]),
    }
    expect(gzipSync(wrapperOf({ manifest, bytes }, 'model.wasm').js).length).toBeLessThan(6000)
  })

  it.each<[string, () => unknown]>([
    ['the file beside it', () => undefined],
    ['bytes', () => bytes],
    ['an ArrayBuffer', () => bytes.slice().buffer],
    ['a Response', () => new Response(bytes)],
    ['a URL', () => new URL(`data:application/wasm;base64,${Buffer.from(bytes).toString('base64')}`)],
    ['a WebAssembly.Module', () => new WebAssembly.Module(bytes)],
  ])('loads from %s and runs', async (_, source) => {
    const program = await load(source(), { seed: 3 + 4 * 2 ** 32 })
    expect([...(program.params['w'] ?? [])]).toEqual([3, 4])
    expect(program.call('predict', { x: [2, 10], flags: [true, 0] })['y']?.[0]).toBe(46)
    program.entries['step']?.inputs['learningRate']?.fill(0.5)
    expect(program.entries['step']?.run()['loss']?.[0]).toBe(2 * 2 + 10 * -1)
    expect(program.state['steps']?.[0]).toBe(1)
    program.initialize(7)
    expect([...(program.params['w'] ?? []), ...(program.state['steps'] ?? [])]).toEqual([7, 0, 0])
  })

  it('gives the bits that the runtime gives', async () => {
    const [a, b] = [await load(undefined, { seed: 11 }), rightOf(await loadWithRuntime(bytes, { seed: 11 }))]
    for (let i = 0; i < 5; i++) {
      const values = { x: Float32Array.of(0.1 * i, -0.3), learningRate: 0.01 }
      a.call('step', values)
      b.call('step', values)
    }
    expect(new Uint8Array(a.memory)).toEqual(new Uint8Array(b.memory))
  })

  it('refuses every other file', async () => {
    expect(await thrown(() => load(bytes.subarray(0, 500)))).toEqual({
      code: 'E_ARTIFACT_TRUNCATED',
      message: `model.wasm is truncated: 500 of ${bytes.length} bytes`,
    })
    const altered = bytes.slice()
    altered[altered.length - 4] = 0
    expect((await thrown(() => load(altered))).code).toBe('E_ARTIFACT_DIGEST')
    const other = toyArtifact({ compiler: '0.1.1' })
    expect((await thrown(() => load(other))).code).toBe('E_ARTIFACT_DIGEST')
    expect((await thrown(() => load(new WebAssembly.Module(other)))).code).toBe('E_ARTIFACT_DIGEST')
    expect((await thrown(() => load('model.wasm'))).code).toBe('E_LOAD_SOURCE')
    expect((await thrown(() => load(pathToFileURL(join(folder, 'none.wasm'))))).code).toBe('E_LOAD_READ')
    expect((await thrown(() => load(new Response('', { status: 404 })))).message).toContain('status 404')
    expect((await thrown(() => load(bytes, { seed: -1 }))).code).toBe('E_RUN_SEED')
  })

  it('tells what the engine lacks', async () => {
    const relaxed = toyArtifact({ simd: 'relaxed' }, { code: { init: [0xfd, 0xff, 0x7f] } })
    const text = wrapperOf({ manifest: { ...toyManifest, simd: 'relaxed' }, bytes: relaxed }, 'model.wasm').js
    writeFileSync(join(folder, 'relaxed.mjs'), text)
    const loadRelaxed = await importFrom('relaxed.mjs')
    expect((await thrown(() => loadRelaxed(relaxed))).code).toBe('E_FEATURE_RELAXED_SIMD')
  })

  it.each<[string, string, unknown]>([
    ['nothing', 'step', undefined],
    ['a missing input', 'step', { x: [1, 2] }],
    ['a surplus input', 'step', { x: [1, 2], learningRate: 1, y: 1 }],
    ['a long input', 'step', { x: new Float32Array(3), learningRate: 1 }],
    ['a short list', 'step', { x: [1], learningRate: 1 }],
    ['a scalar for a vector', 'step', { x: 1, learningRate: 1 }],
    ['another typed array', 'step', { x: new Float64Array(2), learningRate: 1 }],
    ['text', 'step', { x: 'ab', learningRate: 1 }],
    ['null', 'step', { x: null, learningRate: 1 }],
    ['text in a list', 'step', { x: [1, '2'], learningRate: 1 }],
    ['a bool of 2', 'predict', { x: [1, 2], flags: Int32Array.of(0, 2) }],
    ['a fraction for i32', 'init', { key: [0.5, 1] }],
    ['an unknown entry', 'stepp', {}],
  ])('refuses %s with the words of the runtime', async (_, entry, values) => {
    const program = await load(undefined, { seed: 5 })
    const before = new Uint8Array(program.memory).slice()
    const expected = leftOf(rightOf(await loadWithRuntime(bytes)).call(entry, values as Record<string, never>))
    const found = await thrown(() => program.call(entry, values))
    expect(found.code).toBe(expected.code)
    // A list's element and the kind of a lone scalar are told in fewer words.
    expect(found.message.slice(0, 40)).toBe(expected.message.slice(0, 40))
    expect(new Uint8Array(program.memory)).toEqual(before)
  })

  it('saves and restores the same checkpoints as the runtime', async () => {
    const a = await load(undefined, { seed: 21 })
    const b = rightOf(await loadWithRuntime(bytes, { seed: 21 }))
    expect(a.save()).toEqual(b.save())
    a.call('step', { x: [1, 2], learningRate: 0.5 })
    rightOf(b.restore(a.save()))
    expect(b.params['w']).toEqual(a.params['w'])
    const fresh = await load()
    fresh.restore(b.save())
    expect(fresh.params).toEqual(a.params)
    expect(fresh.state).toEqual(a.state)
  })

  const w = { kind: 'param', name: 'w', dtype: 'f32', shape: [2, 1], data: Float32Array.of(8, 9) } as const
  const b = { kind: 'param', name: 'b', dtype: 'f32', shape: [], data: Float32Array.of(7) } as const
  const steps = { kind: 'state', name: 'steps', dtype: 'i32', shape: [], data: Int32Array.of(6) } as const

  it.each<[string, readonly WeightTensor[]]>([
    ['that lacks a parameter', [w, steps]],
    ['that lacks a state', [w, b]],
    ['of another shape', [w, { ...b, shape: [1] }, steps]],
    ['of another dtype', [w, b, { ...steps, dtype: 'bool' }]],
    ['with a parameter more', [w, b, { ...b, name: 'c' }, steps]],
  ])('refuses a checkpoint %s with the code of the runtime', async (_, tensors) => {
    const file = encodeWeights(tensors)
    const program = await load()
    const expected = leftOf(rightOf(await loadWithRuntime(bytes)).restore(file))
    expect((await thrown(() => program.restore(file))).code).toBe(expected.code)
    expect(program.params['w']?.[0]).toBe(0)
  })

  it('refuses a damaged checkpoint and changes nothing, whatever the damage', async () => {
    const program = await load(undefined, { seed: 4 })
    const runtime = rightOf(await loadWithRuntime(bytes))
    const file = encodeWeights([w, b, steps])
    const damaged = fc.tuple(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(file.length))
    await assertProperty(
      fc.asyncProperty(damaged, async ([at, mask, length]) => {
        const some = file.slice(0, length)
        if (at < length) some[at] = (some[at] as number) ^ mask
        if (at >= length && length === file.length) return
        expect((await thrown(() => program.restore(some))).code).toBe(leftOf(runtime.restore(some)).code)
        expect(program.params['w']?.[0]).toBe(4)
      }),
      { numRuns: 200 },
    )
  })

  it('wraps a JavaScript artifact that lies beside it', async () => {
    const manifest = { ...toyManifest, target: 'javascript' } as const
    const text = `const memory = new ArrayBuffer(144)
const f = new Float32Array(memory)
export const instantiate = () => ({ memory, entries: {
  init: () => { f[0] = new Int32Array(memory)[20] },
  step: () => {},
  predict: () => { f[32] = f[0] * f[12] },
} })`
    writeFileSync(join(folder, 'plain.mjs'), text)
    writeFileSync(join(folder, 'wrapped.mjs'), wrapperOf({ manifest, bytes: new Uint8Array() }, 'plain.mjs').js)
    const loadPlain = await importFrom('wrapped.mjs')
    const program = await loadPlain(undefined, { seed: 6 })
    expect(program.call('predict', { x: [7, 0], flags: [0, 0] })['y']?.[0]).toBe(42)
    expect((await thrown(() => loadPlain(bytes))).code).toBe('E_LOAD_SOURCE')
  })
})

describe("a wrapper's declarations", () => {
  const consumer = `import { load, type Entries, type Program, ProgramError } from './model.mjs'
const program: Program = await load(new URL('./model.wasm', import.meta.url), { seed: 1 })
const w: Float32Array = program.params.w
const steps: Int32Array = program.state.steps
const x: Float32Array = program.entries.step.inputs.x
const flags: Int32Array = program.entries.predict.inputs.flags
const loss: Float32Array = program.call('step', { x, learningRate: 0.1 }).loss
const y: Entries['predict']['outputs'] = program.call('predict', { x: [1, 2], flags: [true, 0] })
const code: string = new ProgramError().code
program.restore(program.save())
export { w, steps, flags, loss, y, code }
// @ts-expect-error: no such entry
program.call('stepp', {})
// @ts-expect-error: a missing input
program.call('step', { x })
// @ts-expect-error: a surplus input
program.call('step', { x, learningRate: 1, z: 1 })
// @ts-expect-error: another dtype
program.call('step', { x: new Int32Array(2), learningRate: 1 })
// @ts-expect-error: a scalar for a vector
program.call('step', { x: 1, learningRate: 1 })
// @ts-expect-error: a path is no source
load('./model.wasm')
// @ts-expect-error: no such output
program.entries.step.outputs.y
// @ts-expect-error: views are not replaced
program.params.w = w
`

  it.each([
    ['in a page', ['es2022', 'dom'], []],
    ['in Node', ['es2022'], ['node']],
  ])('are taken by tsc, %s', (_, lib, types) => {
    writeFileSync(join(folder, 'consumer.mts'), consumer)
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'es2022',
      module: 'nodenext',
      skipLibCheck: false,
      lib,
      types,
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.mts'] }))
    if (types.length > 0) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const run = () => execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })
    expect(run()).toBe('')
    // And tsc does look: one wrong line more is an error.
    writeFileSync(join(folder, 'consumer.mts'), `${consumer}program.params.v\n`)
    expect(run).toThrow('Command failed')
  })

  it('quote names that are no identifiers', async () => {
    const name = 'layer 1/"w"\u2028*/${x}`'
    const port: ManifestPort = { name, dtype: 'f64', shape: [1, 1], offset: 0 }
    const { js, dts } = wrapperOf({ manifest: { ...toyManifest, params: [port], states: [] }, bytes }, 'model.wasm')
    expect(dts).toContain(`readonly ${JSON.stringify(name)}: Float64Array`)
    expect(dts).toContain('export interface State {}')
    writeFileSync(join(folder, 'odd.mjs'), js)
    expect(Object.keys((await (await importFrom('odd.mjs'))()).params)).toEqual([name])
  })
})
