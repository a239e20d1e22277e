// In: `node cli/run.js FILE ARGS`, on a checkout in any state. Out: a TypeScript file, run with ARGS as Node would run it.
// Invariant: needs nothing installed beforehand; FILE is relative to the folder of the shell.

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureInstalled } from './setup.js'

const [node = '', , file] = process.argv
if (file === undefined) {
  console.error('usage: node cli/run.js FILE.ts ARGS')
  process.exit(1)
}
ensureInstalled()
const { runTypeScript } = await import('./typescript.js')
const main = resolve(file)
process.argv = [node, main, ...process.argv.slice(3)]
await runTypeScript(pathToFileURL(main))
