// `npm run guard`: counts every workload again and keeps the counts in guard.json. What has grown is said on the way; the
// change of the file is for a reviewer to agree with.

import { writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { heldNames } from '../nabla/held.ts'
import { type Counts, countsOf, grown, guardFile, keptCounts } from './counts.ts'

const kept = existsSync(guardFile) ? keptCounts() : {}
const found: Record<string, Counts> = {}
for (const name of heldNames) {
  found[name] = await countsOf(name)
  for (const line of grown(kept[name] ?? {}, found[name])) process.stdout.write(`${name}: ${line}\n`)
}
await writeFile(guardFile, `${JSON.stringify(found, null, 2)}\n`)
process.stdout.write('bench/guard.json written\n')
