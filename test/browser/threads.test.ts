// In: a program for threads, in a page that is isolated from other origins and in one that is not, loaded by the runtime and by its
// own generated module. Out: that helpers work in the first, with the bits of one thread, and that the second runs alone and says so.

import { compile } from 'nabla/compiler'
import { load, type Program } from 'nabla/runtime'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { wrapperOf } from '../../compiler/wrapper.ts'
import { rightOf } from '../artifact/outcome.ts'
import { programs } from '../runtime/threads-programs.ts'
import { bundleForPage, withPage } from './chromium.ts'

/** Some steps on the same numbers, as a page and as Node take them; what becomes of the parameters as one number. */
const steps = `
export const steps = (program, count) => {
  const { step } = program.entries
  for (const [name, view] of Object.entries(step.inputs))
    for (let i = 0; i < view.length; i++) view[i] = view instanceof Int32Array ? (i * 7) % 10 : 0.1 + (i % 5) / 8
  for (let i = 0; i < count; i++) step.run()
  let digest = 0
  for (const view of Object.values(program.params))
    for (const word of new Int32Array(view.buffer, view.byteOffset, view.byteLength / 4))
      digest = (Math.imul(digest, 31) + word) | 0
  return digest
}
`

const loaders = {
  'the runtime': `import { load as loadArtifact } from './runtime/index.ts'
const load = async () => (await loadArtifact(new URL('/model.wasm', location.href), { threads: 3 })).right`,
  'its wrapper': `const load = async () => (await import(new URL('/model.js', location.href).href)).load(undefined, { threads: 3 })`,
} as const

const pageWith = (loader: string): string => `
${loader}
${steps}
globalThis.run = async () => {
  const program = await load()
  for (let i = 0; program.threads.ready < program.threads.count && i < 2000; i++) await new Promise((r) => setTimeout(r, 5))
  const { count, ready, fallback } = program.threads
  return { isolated: crossOriginIsolated, count, ready, code: fallback?.code ?? null, digest: steps(program, 4) }
}
`

const inPage = async (loader: string, isolated: boolean): Promise<unknown> => {
  const artifact = rightOf(await compile(programs.characters(), { threads: 4 }))
  const site = {
    '/index.html': '<!doctype html><script type="module" src="/page.js"></script>',
    '/page.js': await bundleForPage(pageWith(loader)),
    '/model.wasm': artifact.bytes,
    '/model.js': wrapperOf(artifact, 'model.wasm').js,
  }
  const run = async (opened: Page): Promise<unknown> => {
    await opened.waitForFunction('globalThis.run !== undefined')
    return opened.evaluate('run()')
  }
  return withPage(site, run, isolated)
}

/** What one thread makes of it in Node. */
const wanted = async (): Promise<number> => {
  const url = `data:text/javascript,${encodeURIComponent(steps)}`
  const module = (await import(/* @vite-ignore */ url)) as { readonly steps: (p: Program, count: number) => number }
  const single: Program = rightOf(await load(rightOf(await compile(programs.characters())) as never))
  return module.steps(single, 4)
}

describe.each(Object.entries(loaders))('a program for threads, loaded by %s', (_, loader) => {
  test('is helped by workers in an isolated page', async () => {
    const digest = await wanted()
    expect(await inPage(loader, true)).toEqual({ isolated: true, count: 3, ready: 3, code: null, digest })
  }, 60_000)

  test('runs alone in any other page, and says so', async () => {
    const found = await inPage(loader, false)
    expect(found).toEqual({ isolated: false, count: 1, ready: 1, code: 'W_THREADS_HOST', digest: await wanted() })
  }, 60_000)
})
