/**
 * The code blocks of a page. In: Markdown. Out: its fenced blocks, each with the place where it stands.
 * Invariant: `line` counts from 1, so that a message about a block leads to the page.
 */
export interface Block {
  /** `ts`, `sh`, `text` … */
  readonly language: string
  /** What follows the language on the opening fence: `continue`, `refused`, the name of a file. */
  readonly words: readonly string[]
  /** The line of the page on which the code begins. */
  readonly line: number
  readonly lines: readonly string[]
  /** Lines between the block before it and this one that are not empty. */
  readonly between: number
}

const fence = /^```(\S*)\s*(.*)$/

/** The blocks of a page, in order. A fence that is never closed is an error. */
export const blocksOf = (markdown: string): readonly Block[] => {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  let between = 0
  for (let i = 0; i < lines.length; i++) {
    const open = fence.exec(lines[i] as string)
    if (open === null) {
      if ((lines[i] as string).trim() !== '') between++
      continue
    }
    const end = lines.indexOf('```', i + 1)
    if (end < 0) throw new Error(`the block of line ${i + 1} is never closed`)
    const [, language = '', rest = ''] = open
    blocks.push({
      language,
      words: rest.split(/\s+/).filter((w) => w !== ''),
      line: i + 2,
      lines: lines.slice(i + 1, end),
      between,
    })
    between = 0
    i = end
  }
  return blocks
}

export interface Example {
  readonly line: number
  readonly lines: readonly string[]
}

/** A line of a comment without its frame. */
const bare = (line: string): string =>
  line
    .replace(/\s*\*\/$/, '')
    .replace(/^\s*(?:\/\*)?\*+ ?/, '')
    .trimEnd()

/** The `@example` texts of a source file's comments; each goes on up to the next tag or the comment's end. */
export const examplesOf = (source: string): readonly Example[] =>
  [...source.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) => {
    const first = source.slice(0, comment.index).split('\n').length
    const lines = comment[0].split('\n').map(bare)
    const tags = lines.flatMap((l, i) => (l.startsWith('@') ? [i] : []))
    return tags.flatMap((at, k) => {
      const [tag, text = ''] = (lines[at] as string).split(/ (.*)/)
      const whole = [text, ...lines.slice(at + 1, tags[k + 1])].join('\n').trimEnd()
      return tag === '@example' ? [{ line: first + at, lines: whole.split('\n') }] : []
    })
  })
