// In: `npm run bench -- ARGS`, on a checkout in any state. Out: bench/main.ts run with ARGS, beside the peers unless ARGS
// leave them out; their packages are those of bench/package.json and are installed for nothing else.
// Invariant: needs nothing installed beforehand.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureInstalled, root } from './setup.js'

/** @param {string[]} words */
const wantsPeers = (words) => {
  if (words.includes('--help') || words.includes('-h')) return false
  const at = words.findIndex((word) => word === '--peers' || word.startsWith('--peers='))
  return at < 0 || (words[at]?.split('=')[1] ?? words[at + 1]) !== 'none'
}

ensureInstalled()
if (wantsPeers(process.argv.slice(2))) ensureInstalled(join(root, 'bench'))
const { runTypeScript } = await import('./typescript.js')
const main = join(root, 'bench', 'main.ts')
process.argv[1] = main
await runTypeScript(pathToFileURL(main))
