// In: `npm test -- ARGS`, on a checkout in any state. Out: the test suite (ARGS go to vitest), and its exit code.
// Invariant: needs nothing installed beforehand.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ensureInstalled, root } from './setup.js'

ensureInstalled()
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const { status } = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
