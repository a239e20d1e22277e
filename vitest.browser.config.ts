// In: the files test/browser/**/*.test.ts. Out: what `npm run test:browser` runs: the tests that need a Chromium.
// Invariant: where there is none, it says loudly what it left out; under CI=true that is a failure.

import { readdirSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { chromiumPath } from './test/browser/chromium.ts'

const folder = 'test/browser'
const chromium = chromiumPath()

if (chromium === undefined) {
  const skipped = readdirSync(new URL(folder, import.meta.url)).filter((file) => file.endsWith('.test.ts'))
  const message = [
    'SKIPPED, because there is no Chromium (install one, or name it in CHROMIUM):',
    ...skipped.map((file) => `  ${folder}/${file}`),
  ].join('\n')
  if (process.env['CI'] === 'true') throw new Error(message)
  console.error(`\n${message}\n`)
}

export default defineConfig({
  test: {
    include: chromium === undefined ? [] : [`${folder}/**/*.test.ts`],
    passWithNoTests: chromium === undefined,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Each page is a browser of its own.
    maxWorkers: 1,
  },
})
