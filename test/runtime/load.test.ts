import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkFeatures, detectFeatures, mayCompile } from '../../runtime/features.ts'
import { type ArtifactSource, load } from '../../runtime/load.ts'
import { attachManifest } from '../../src/artifact/container.ts'
import { readSections } from '../../src/artifact/sections.ts'
import { codeOf, leftOf, rightOf } from '../artifact/outcome.ts'
import { moduleOf, section, toyArtifact, toyCode, toyJavaScript, toyManifest, unreachable } from '../artifact/toy.ts'
import { assertProperty } from '../properties.ts'

const artifact = toyArtifact()

describe('load', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nabla-load-'))
    await writeFile(join(folder, 'model.wasm'), artifact)
  })
  afterAll(() => rm(folder, { recursive: true }))

  it.each<[string, () => ArtifactSource]>([
    ['bytes', () => artifact],
    ['bytes inside others', () => new Uint8Array([9, ...artifact]).subarray(1)],
    ['a Buffer', () => Buffer.from(artifact)],
    ['an ArrayBuffer', () => artifact.slice().buffer],
    ['a Response', () => new Response(artifact)],
    ['a file: URL', () => pathToFileURL(join(folder, 'model.wasm'))],
    ['a data: URL', () => new URL(`data:application/wasm;base64,${Buffer.from(artifact).toString('base64')}`)],
    ['a WebAssembly.Module', () => new WebAssembly.Module(artifact)],
    ['a JavaScript artifact', () => toyJavaScript],
  ])('loads from %s', async (_, source) => {
    const program = rightOf(await load(source(), { seed: 3 + 4 * 2 ** 32 }))
    expect([...(program.params['w'] ?? [])]).toEqual([3, 4])
    expect(rightOf(program.call('predict', { x: [2, 10], flags: [0, 1] }))['y']?.[0]).toBe(46)
  })

  it('loads what compile gives', async () => {
    expect(codeOf(await load({ bytes: artifact, manifest: toyManifest }))).toBe('right')
  })

  it('loads over http, and tells the status where that fails', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/model.wasm') response.end(artifact)
      else response.writeHead(404).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect(codeOf(await load(new URL('/model.wasm', base)))).toBe('right')
    const missing = leftOf(await load(new URL('/other.wasm', base)))
    expect(missing.code).toBe('E_LOAD_READ')
    expect(missing.message).toBe(`${base}/other.wasm was answered with status 404`)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    expect(codeOf(await load(new URL('/model.wasm', base)))).toBe('E_LOAD_READ')
  })

  it('tells what cannot be read', async () => {
    const url = pathToFileURL(join(folder, 'none.wasm'))
    const error = leftOf(await load(url))
    expect(error.code).toBe('E_LOAD_READ')
    expect(error.message).toContain(url.href)
    const used = new Response(artifact)
    await used.arrayBuffer()
    expect(codeOf(await load(used))).toBe('E_LOAD_READ')
    const failing = new Response(new ReadableStream({ pull: () => Promise.reject(new Error('cable cut')) }))
    expect(leftOf(await load(failing)).message).toContain('cable cut')
  })

  it('reads no more than the limit, from a stream that does not end and from disk', async () => {
    let chunks = 0
    const endless = new ReadableStream({
      pull: (controller) => {
        chunks++
        controller.enqueue(new Uint8Array(65_536))
      },
    })
    expect(codeOf(await load(new Response(endless), { memoryLimit: 2 ** 20 }))).toBe('E_LOAD_READ')
    expect(chunks).toBeLessThan(20)
    expect(codeOf(await load(pathToFileURL(join(folder, 'model.wasm')), { memoryLimit: 100 }))).toBe('E_LOAD_READ')
  })

  it.each([
    ['a path', 'model.wasm', 'string', 'write new URL(path, import.meta.url)'],
    ['nothing', undefined, 'undefined', undefined],
    ['null', null, '[object Null]', undefined],
    ['an object', {}, '[object Object]', undefined],
    ['a function', () => 1, 'function', undefined],
  ])('refuses %s', async (_, source, found, hint) => {
    const error = leftOf(await load(source as ArtifactSource))
    expect(error.code).toBe('E_LOAD_SOURCE')
    expect(error.message).toContain(`not ${found}`)
    expect(error.hint).toBe(hint)
  })

  it('refuses a damaged artifact with the code of the damage', async () => {
    expect(codeOf(await load(artifact.subarray(0, 300)))).toBe('E_ARTIFACT_TRUNCATED')
    const altered = artifact.slice()
    altered[altered.length - 3] = 0
    expect(codeOf(await load(altered))).toBe('E_ARTIFACT_DIGEST')
    expect(codeOf(await load(toyArtifact({ memoryBytes: 2 ** 31 })))).toBe('E_MEMORY_LIMIT')
    expect(codeOf(await load(toyArtifact(), { memoryLimit: 143 }))).toBe('E_MEMORY_LIMIT')
    expect(codeOf(await load(new WebAssembly.Module(new Uint8Array(moduleOf()))))).toBe('E_ARTIFACT_NO_MANIFEST')
  })

  it.each([
    ['an entry that it lacks', { code: { init: toyCode['init'] ?? [] } }, 'it has no function for the entry step'],
    ['code that is not valid', { code: { ...toyCode, step: [0x1a] } }, 'the engine does not compile the artifact'],
  ])('refuses a signed module with %s', async (_, parts, words) => {
    const error = leftOf(await load(toyArtifact({}, parts)))
    expect(error.code).toBe('E_ARTIFACT_CODE')
    expect(error.message).toContain(words)
  })

  it('refuses a compiled module that imports, that takes parameters, or whose memory is too small', async () => {
    const importing = moduleOf({ extra: [] })
    const withImport = new Uint8Array([
      ...importing.subarray(0, 8),
      ...section(1, [0x01, 0x60, 0x00, 0x00]),
      ...section(2, [1, 1, 0x61, 1, 0x62, 0, 0]),
    ])
    const imports = new WebAssembly.Module(new Uint8Array(attachManifest(withImport, toyManifest)))
    expect(leftOf(await load(imports)).message).toBe('an artifact imports nothing, this one a.b')
    const parametric = toyArtifact({}).slice()
    // The one type, [] -> [], made [i32] -> []: same code, another signature.
    const at = parametric.findIndex((_, i) => parametric.subarray(i, i + 6).join() === '1,4,1,96,0,0')
    const bytes = new Uint8Array([
      ...parametric.subarray(0, at),
      1,
      5,
      1,
      0x60,
      1,
      0x7f,
      0,
      ...parametric.subarray(at + 6),
    ])
    expect(leftOf(await load(new WebAssembly.Module(bytes))).message).toContain('takes parameters')
    const small = attachManifest(moduleOf(), { ...toyManifest, memoryBytes: 65_537 })
    expect(leftOf(await load(new WebAssembly.Module(new Uint8Array(small)))).message).toContain('its memory has 65536')
  })

  it('refuses a JavaScript module that does not do what its manifest says', async () => {
    const wasmTarget = { ...toyJavaScript, manifest: toyManifest }
    expect(leftOf(await load(wasmTarget)).message).toBe('the JavaScript module states the target wasm')
    const failing = {
      ...toyJavaScript,
      instantiate: () => {
        throw new Error('no')
      },
    }
    expect(leftOf(await load(failing))).toMatchObject({ code: 'E_LOAD_MODULE' })
    const made = toyJavaScript.instantiate()
    const lacking = { ...toyJavaScript, instantiate: () => ({ ...made, entries: { init: () => undefined } }) }
    expect(leftOf(await load(lacking)).message).toContain('it has no function for the entry step')
    const small = { ...toyJavaScript, instantiate: () => ({ ...made, memory: new ArrayBuffer(8) }) }
    expect(leftOf(await load(small)).message).toContain('its memory has 8 bytes, the manifest states 144')
    expect(codeOf(await load({ ...toyJavaScript, manifest: { schema: 7 } }))).toBe('E_ARTIFACT_SCHEMA_NEWER')
  })

  it('refuses where the parameters cannot be initialized', async () => {
    const trap = leftOf(await load(toyArtifact({}, { code: { ...toyCode, init: unreachable } })))
    expect(trap.code).toBe('E_LOAD_INIT')
    expect(trap.message).toContain('init: the engine stopped the program')
    expect(codeOf(await load(artifact, { seed: -1 }))).toBe('E_LOAD_INIT')
    expect(codeOf(await load(artifact, { seed: 0.5 }))).toBe('E_LOAD_INIT')
  })

  it('never rejects, whatever bytes are altered, signed or not', async () => {
    await assertProperty(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(artifact.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(artifact.length),
        async (changes, length) => {
          const bytes = artifact.slice(0, length)
          for (const [at, value] of changes) bytes[at] = value
          await load(bytes)
        },
      ),
      { numRuns: 200 },
    )
    // Damage ahead of the signature: the digest is right, so the engine's own validation has to refuse it. The code itself
    // is left alone: a valid loop without an end is what neither can tell.
    const bare = moduleOf()
    const codeAt = rightOf(readSections(bare)).find((s) => s.id === 10)?.start ?? 0
    await assertProperty(
      fc.asyncProperty(fc.integer({ min: 8, max: codeAt - 1 }), fc.nat(255), async (at, value) => {
        const damaged = bare.slice()
        damaged[at] = value
        let file: Uint8Array
        try {
          file = attachManifest(damaged, toyManifest)
        } catch {
          return // No sections any more: attachManifest is only ever given a compiler's module.
        }
        const result = await load(file)
        if (result._tag === 'Right') expect(result.right.memory.byteLength).toBe(65_536)
      }),
      { numRuns: 300 },
    )
  })
})

describe('the types of load', () => {
  it('take no path and no number', async () => {
    // @ts-expect-error: a path is no source
    expect(codeOf(await load('model.wasm'))).toBe('E_LOAD_SOURCE')
    // @ts-expect-error: nor is a number
    expect(codeOf(await load(3))).toBe('E_LOAD_SOURCE')
  })
})

describe('features', () => {
  const none = detectFeatures(undefined)
  const plain = { wasm: true, simd: true, relaxedSimd: false, threads: false }

  it('are found in this engine', () => {
    expect(detectFeatures(WebAssembly)).toMatchObject({ wasm: true, simd: true, threads: true })
    expect(none).toEqual({ wasm: false, simd: false, relaxedSimd: false, threads: false })
  })

  it('are asked of the engine by modules that use them', () => {
    const asked: Uint8Array[] = []
    detectFeatures({ validate: (bytes) => asked.push(new Uint8Array(bytes as ArrayBuffer)) > 1 })
    expect(asked).toHaveLength(3)
    // With the lane instruction replaced by one that no proposal defines, no engine takes the module.
    const broken = (asked[0] as Uint8Array).map((byte, i, all) => (all[i - 1] === 0xfd ? 0x9a : byte))
    expect(WebAssembly.validate(new Uint8Array(broken))).toBe(false)
  })

  it.each([
    ['wasm', 'plain', none, 'E_FEATURE_WASM'],
    ['wasm', 'plain', { ...none, wasm: true }, 'E_FEATURE_SIMD'],
    ['wasm', 'relaxed', plain, 'E_FEATURE_RELAXED_SIMD'],
    ['wasm', 'relaxed', { ...plain, relaxedSimd: true }, 'right'],
    ['wasm', 'plain', plain, 'right'],
    ['javascript', 'plain', none, 'right'],
  ] as const)('an artifact for %s, %s on %j: %s', (target, simd, has, code) => {
    const result = checkFeatures({ target, simd }, has)
    expect(codeOf(result)).toBe(code)
    if (code !== 'right') expect(leftOf(result).hint).toContain('compile with')
  })

  it('include that anything may be compiled at all', async () => {
    const closed = { compile: () => Promise.reject(new WebAssembly.CompileError('refused by policy')) }
    expect(await mayCompile(WebAssembly)).toBe(true)
    expect(await mayCompile(closed)).toBe(false)
  })

  it('decide whether a relaxed artifact is loaded', async () => {
    const expected = detectFeatures(WebAssembly).relaxedSimd ? 'right' : 'E_FEATURE_RELAXED_SIMD'
    expect(codeOf(await load(toyArtifact({ simd: 'relaxed' })))).toBe(expected)
  })
})
