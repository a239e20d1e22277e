/**
 * Markdown as a page. In: a document. Out: one HTML file that asks nothing of the network.
 * Invariant: the text of the document cannot become markup that it did not write: raw HTML in it is shown as text.
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { NablaError } from '../src/core/errors.ts'
import { refuseCli } from './codes.ts'

const style = `
  :root { color-scheme: light dark; --ink: #1c1c1e; --paper: #fff; --soft: #f4f4f6; --line: #d8d8de }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6e6ea; --paper: #17171a; --soft: #232328; --line: #3a3a42 } }
  body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 52rem; margin: 2rem auto; padding: 0 1.2rem }
  h1 { font-size: 1.6rem } h2 { margin-top: 2.2rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem } h3 { margin-top: 1.6rem }
  pre, code { font-family: 'DejaVu Sans Mono', 'JuliaMono', ui-monospace, monospace; font-size: .92em }
  code { background: var(--soft); padding: .08em .3em; border-radius: .25em }
  pre { background: var(--soft); padding: .8rem 1rem; border-radius: .5rem; overflow-x: auto; line-height: 1.45 }
  pre code { padding: 0; background: none }
  table { border-collapse: collapse } td, th { border: 1px solid var(--line); padding: .25rem .7rem; text-align: left }
`

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** The first heading, without its marks. */
const titleOf = (markdown: string): string => /^#\s+(.*)$/m.exec(markdown)?.[1]?.replaceAll('`', '') ?? 'Nabla'

type Missing = Either<NablaError, never>

const load = async (): Promise<Either<NablaError, typeof import('marked')>> => {
  try {
    return right(await import('marked'))
  } catch {
    const missing: Missing = refuseCli(
      'E_CLI_USAGE',
      'pages are written with the package marked, which is not installed',
      'npm install marked, or ask for a .md file',
    )
    return missing
  }
}

export const markdownPage = async (markdown: string): Promise<Either<NablaError, string>> => {
  const library = await load()
  if (library._tag === 'Left') return left(library.left)
  const { Marked } = library.right
  const marked = new Marked({ renderer: { html: ({ text }) => escaped(text) } })
  const body = await marked.parse(markdown)
  return right(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(titleOf(markdown))}</title>
<style>${style}</style>
</head>
<body>
${body.trim()}
</body>
</html>
`)
}
