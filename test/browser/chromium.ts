// In: the files of a small site, by path. Out: a page of headless Chromium that has opened it.
// Invariant: nothing is fetched from anywhere; every request of the page is answered from those files or refused, and an
// error that the page does not catch is an error of the test.

import { existsSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chromium, type Page } from 'playwright-core'

/** The files of a site by their path, `/index.html` and so on. */
export type Site = Readonly<Record<string, string | Uint8Array>>

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'] as const

/** The Chromium of this machine: what CHROMIUM names, else where Linux distributions put it. */
export const chromiumPath = (): string | undefined =>
  [process.env['CHROMIUM'], ...candidates].find((path) => path !== undefined && existsSync(path))

// A container has neither a sandbox nor a GPU to give, and the rest keeps Chromium from calling home.
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
] as const

const origin = 'https://nabla.test'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

/** Shared memory is given only to pages that are isolated from every other origin. */
const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }

/**
 * Open `/index.html` of a site in a fresh Chromium, run `use` on it and close it again.
 * It is isolated from other origins unless told otherwise.
 * @throws what `use` throws, or else the first error that the page itself did not catch
 */
export const withPage = async <A>(site: Site, use: (page: Page) => Promise<A>, isolated = true): Promise<A> => {
  const executablePath = chromiumPath()
  if (executablePath === undefined) throw new Error(`no Chromium: tried CHROMIUM and ${candidates.join(', ')}`)
  // Playwright gives every launch a new, empty user data directory and removes it afterwards.
  const browser = await chromium.launch({ executablePath, headless: true, args: [...flags] })
  try {
    const context = await browser.newContext()
    await context.route('**/*', (route) => {
      const { pathname, origin: asked } = new URL(route.request().url())
      const path = pathname === '/' ? '/index.html' : pathname
      const body = asked === origin && Object.hasOwn(site, path) ? site[path] : undefined
      if (body === undefined) return route.fulfill({ status: 404, body: `no ${path}` })
      const headers = {
        ...(isolated ? isolation : {}),
        'content-type': types[extname(path)] ?? 'application/octet-stream',
      }
      return route.fulfill({ headers, body: typeof body === 'string' ? body : Buffer.from(body) })
    })
    const page = await context.newPage()
    const errors: Error[] = []
    page.on('pageerror', (error) => errors.push(error))
    await page.goto(`${origin}/`)
    const result = await use(page)
    if (errors[0] !== undefined) throw errors[0]
    return result
  } finally {
    await browser.close()
  }
}

/**
 * TypeScript text, its imports of `nabla`, `nabla/runtime` and of files relative to the root included, as one ES module
 * that a page can run.
 */
export const bundleForPage = async (contents: string): Promise<string> => {
  const resolveDir = fileURLToPath(new URL('../..', import.meta.url))
  const { outputFiles } = await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}
