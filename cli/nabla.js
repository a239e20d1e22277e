#!/usr/bin/env node
// In: the command line of `nabla`. Out: cli/main.ts, run by tsx.
// Invariant: works in a checkout in any state (`npx nabla`) as well as from an installed package.

import { ensureInstalled } from './setup.js'

ensureInstalled()
const { runTypeScript } = await import('./typescript.js')
const { main } = await runTypeScript(new URL('./main.ts', import.meta.url))
process.exitCode = await main(process.argv.slice(2))
