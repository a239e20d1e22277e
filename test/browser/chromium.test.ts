// In: small sites. Out: whether the harness tells the truth about them.
// Invariant: what a page can do is shown here once (SIMD, shared memory), so that a failing test of the runtime is about
// the runtime.

import { expect, test } from 'vitest'
import { bundleForPage, withPage } from './chromium.ts'

const page = (script: string): string => `<!doctype html><title>Nabla</title><script type="module">${script}</script>`

test('a page gets its files and nothing else', async () => {
  const site = { '/index.html': page(''), '/data.json': '{"a":1}' }
  const answers = await withPage(site, (opened) =>
    opened.evaluate(async () => {
      const found = await fetch('/data.json')
      const missing = await fetch('/other.json')
      return [await found.json(), missing.status]
    }),
  )
  expect(answers).toEqual([{ a: 1 }, 404])
})

test('a page is isolated and has WebAssembly SIMD', async () => {
  // (func (result v128) v128.const 0), the shortest module that needs SIMD
  const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 22, 1, 20, 0, 253, 12]
  const simd = [...bytes, ...new Array<number>(16).fill(0), 11]
  const seen = await withPage({ '/index.html': page('') }, (opened) =>
    opened.evaluate((module) => [crossOriginIsolated, WebAssembly.validate(new Uint8Array(module))], simd),
  )
  expect(seen).toEqual([true, true])
})

test('an error of the page is an error of the test', async () => {
  const site = { '/index.html': page('throw new Error("from the page")') }
  await expect(withPage(site, (opened) => opened.evaluate(() => 1))).rejects.toThrow('from the page')
})

test('TypeScript of this repository runs in a page', async () => {
  const script = await bundleForPage(`
    import { showShape } from './src/core/shape.ts'
    const shape: readonly number[] = [2, 3]
    Object.assign(globalThis, { shown: showShape(shape) })
  `)
  const site = { '/index.html': page(`import './main.js'`), '/main.js': script }
  const shown = await withPage(site, async (opened) => {
    await opened.waitForFunction(() => 'shown' in globalThis)
    return opened.evaluate(() => Reflect.get(globalThis, 'shown'))
  })
  expect(shown).toBe('[2,3]')
})
