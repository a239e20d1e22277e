// In: the runtime, bundled, and a generated wrapper, in a page. Out: whether a page can do with them what Node can.
// Invariant: without a Chromium these fail and say so.

import { describe, expect, it } from 'vitest'
import { wrapperOf } from '../../compiler/wrapper.ts'
import { toyArtifact, toyManifest } from '../artifact/toy.ts'
import { bundleForPage, type Site, withPage } from '../browser/chromium.ts'

const bytes = toyArtifact()

/** What the page does, each check giving back plain data. */
const checks = `
import { detectFeatures, load } from './runtime/index.ts'
import { toyJavaScript } from './test/artifact/toy.ts'

const described = (result) => {
  if (result._tag === 'Left') return result.left.code
  const program = result.right
  program.call('step', { x: [1, 2], learningRate: 0.5 })
  return [...program.params.w, program.entries.step.outputs.loss[0]]
}
const options = { seed: 3 }
const url = new URL('/model.wasm', location.href)
const wrapped = async () => {
  const { load } = await import(new URL('/model.js', location.href).href)
  const program = await load(undefined, options)
  const { loss } = program.call('step', { x: [1, 2], learningRate: 0.5 })
  program.restore(program.save())
  return [...program.params.w, loss[0]]
}
globalThis.checks = {
  features: () => detectFeatures(WebAssembly),
  url: async () => described(await load(url, options)),
  response: async () => described(await load(await fetch(url), options)),
  bytes: async () => described(await load(new Uint8Array(await (await fetch(url)).arrayBuffer()), options)),
  module: async () => described(await load(await WebAssembly.compileStreaming(fetch(url)), options)),
  missing: async () => described(await load(new URL('/none.wasm', url), options)),
  javascript: async () => described(await load(toyJavaScript, options)),
  wrapper: () => wrapped().catch((e) => e.code),
}
`

const siteOf = async (policy: string): Promise<Site> => ({
  '/index.html': `<!doctype html>${policy}<script type="module" src="/checks.js"></script>`,
  '/checks.js': await bundleForPage(checks),
  '/model.js': wrapperOf({ manifest: toyManifest, bytes }, 'model.wasm').js,
  '/model.wasm': bytes,
})

/** What each of the page's checks gives. */
const results = async (names: readonly string[], policy = ''): Promise<Readonly<Record<string, unknown>>> =>
  withPage(await siteOf(policy), async (page) => {
    await page.waitForFunction('globalThis.checks !== undefined')
    const found: [string, unknown][] = []
    for (const name of names) found.push([name, await page.evaluate(`checks.${name}()`)])
    return Object.fromEntries(found)
  })

// w = [3, 0] goes to [3, 0] - 0.5 · [1, 2], and the output is w · [1, 2].
const trained = [2.5, -1, 0.5]

describe('in Chromium', () => {
  it('loads from everywhere and takes a step', async () => {
    const sources = ['url', 'response', 'bytes', 'module', 'javascript', 'wrapper']
    expect(await results([...sources, 'missing', 'features'])).toEqual({
      ...Object.fromEntries(sources.map((name) => [name, trained])),
      missing: 'E_LOAD_READ',
      features: { wasm: true, simd: true, relaxedSimd: true, threads: true },
    })
  }, 60_000)

  it('runs a JavaScript artifact where a policy forbids to compile WebAssembly, and says so of the other', async () => {
    const policy = `<meta http-equiv="content-security-policy" content="default-src 'self'; script-src 'self'">`
    expect(await results(['javascript', 'bytes', 'wrapper'], policy)).toEqual({
      javascript: trained,
      bytes: 'E_FEATURE_WASM',
      wrapper: 'E_FEATURE_WASM',
    })
  }, 60_000)
})
