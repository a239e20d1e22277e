// The first file of a subject's process, started by process.ts: plain JavaScript that hands over to TypeScript.

import { runTypeScript } from '../cli/typescript.js'

await runTypeScript(new URL('./child.ts', import.meta.url))
