/**
 * `npm run docs`: writes every generated page of docs/.
 * In: `--measure`, where the errors of the scalar functions are to be measured anew. Out: the files.
 * Invariant: the list below is all of the others; a test compares each.
 */
import { errorsPage } from './errors.ts'
import { lawsPage } from './laws.ts'
import { opsPage } from './ops.ts'
import { type Page, writePage } from './page.ts'
import { performancePage } from './performance.ts'
import { simplifierPage } from './simplifier.ts'
import { stabilityPage } from './stability.ts'

const pages: readonly Page[] = [errorsPage, lawsPage, opsPage, performancePage, simplifierPage, stabilityPage]

for (const page of pages) {
  await writePage(page)
  console.log(`docs/${page.file}`)
}

// measuring takes minutes; the module writes its page itself
if (process.argv.includes('--measure')) await import('./math.ts')
