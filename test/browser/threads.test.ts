// In: a program for threads, in a page that is isolated from other origins and in one that is not. Out: that helpers work in the
// first, with the bits of one thread, and that the second runs alone and says so.

import { compile } from 'nabla/compiler'
import { load, type Program } from 'nabla/runtime'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
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

const page = `
import { load } from './runtime/index.ts'
${steps}
globalThis.run = async () => {
  const { right: program } = await load(new URL('/model.wasm', location.href), { threads: 3 })
  for (let i = 0; program.threads.ready < program.threads.count && i < 2000; i++) await new Promise((r) => setTimeout(r, 5))
  const { count, ready, fallback } = program.threads
  return { isolated: crossOriginIsolated, count, ready, code: fallback?.code ?? null, digest: steps(program, 4) }
}
`

const inPage = async (isolated: boolean): Promise<unknown> => {
  const artifact = rightOf(await compile(programs.characters(), { threads: 4 }))
  const site = {
    '/index.html': '<!doctype html><script type="module" src="/page.js"></script>',
    '/page.js': await bundleForPage(page),
    '/model.wasm': artifact.bytes,
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

test('an isolated page is helped by workers', async () => {
  expect(await inPage(true)).toEqual({ isolated: true, count: 3, ready: 3, code: null, digest: await wanted() })
}, 60_000)

test('any other page runs the program alone, and says so', async () => {
  const digest = await wanted()
  expect(await inPage(false)).toEqual({ isolated: false, count: 1, ready: 1, code: 'W_THREADS_HOST', digest })
}, 60_000)
