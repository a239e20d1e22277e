// In: the files test/**/*.test.ts. Out: what `npm test` runs: everything that Node alone can run.
// Invariant: the tests of a page (test/browser) have a configuration of their own, because they need a Chromium.

import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'

const entry = (name: string, path: string) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(path, import.meta.url)),
})

export default defineConfig({
  // bench/ is a package of its own, so that the name of this one does not mean itself there.
  resolve: {
    alias: [
      entry('nabla', 'src/index.ts'),
      entry('nabla/compiler', 'compiler/index.ts'),
      entry('nabla/runtime', 'runtime/index.ts'),
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/browser/**'],
    // Compiling and checking against central differences takes its time where two cores are shared.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Vitest leaves one core idle, which of two is half of the machine.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
})
