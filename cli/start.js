// In: `npm start -- ARGS`, on a checkout in any state. Out: the main job, examples/digits/main.ts, run with ARGS.
// Invariant: needs nothing installed beforehand.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureInstalled, root } from './setup.js'

ensureInstalled()
const { runTypeScript } = await import('./typescript.js')
const main = join(root, 'examples', 'digits', 'main.ts')
process.argv[1] = main
await runTypeScript(pathToFileURL(main))
