/**
 * Code of the documentation as modules. In: the blocks of a page, the examples of a source file. Out: modules, to be
 * type-checked as they stand on the page and run with their printing watched.
 * Invariant: a line of a module is the same line of its page, so that errors of both kinds lead there.
 */
import { type Block, blocksOf, examplesOf } from './markdown.ts'

/** `runs`; or `refused`: does not compile, and throws with the same words; or `throws`: compiles, and throws. */
export type Outcome = 'runs' | 'refused' | 'throws'

export interface Module {
  /** `docs/language.md:12`. */
  readonly title: string
  readonly page: string
  readonly line: number
  readonly outcome: Outcome
  /** What is type-checked. */
  readonly plain: string
  /** What is run. */
  readonly watched: string
  /** For what is refused: the line that is, and the words. */
  readonly refusal?: { readonly line: number; readonly words: string }
}

interface Line {
  readonly plain: string
  readonly watched: string
}

const same = (text: string): Line => ({ plain: text, watched: text })

const brackets: Readonly<Record<string, number>> = { '(': 1, '[': 1, '{': 1, ')': -1, ']': -1, '}': -1 }

/** Code and comment of a line; brackets inside of strings do not count. */
const parts = (line: string): { readonly code: string; readonly comment: string | null; readonly depth: number } => {
  let quote = ''
  let depth = 0
  for (let i = 0; i < line.length; i++) {
    const c = line[i] as string
    if (quote !== '') {
      if (c === '\\') i++
      else if (c === quote) quote = ''
    } else if (c === "'" || c === '"' || c === '`') quote = c
    else if (c === '/' && line[i + 1] === '/')
      return { code: line.slice(0, i).trimEnd(), comment: line.slice(i + 2), depth }
    else depth += brackets[c] ?? 0
  }
  return { code: line.trimEnd(), comment: null, depth }
}

/** The text of a comment: one space behind the slashes belongs to them. */
const wordsOf = (comment: string): string => comment.replace(/^ /, '').trimEnd()

const isOutput = (line: string): boolean => /^(console\.log|print)\(/.test(line)
const isComment = (line: string | undefined): boolean => line !== undefined && line.startsWith('//')

/**
 * Puts behind each statement that prints what its comments say that it prints: the comment at its end and those on the
 * lines directly below. A bare `print(…)` prints its result.
 */
const watch = (lines: readonly string[], from: number): readonly Line[] => {
  const out: Line[] = []
  for (let i = 0; i < lines.length; i++) {
    const text = lines[i] as string
    if (!isOutput(text)) {
      out.push(same(text))
      continue
    }
    let end = i
    let depth = parts(text).depth
    while (depth > 0 && end + 1 < lines.length) depth += parts(lines[++end] as string).depth
    const last = parts(lines[end] as string)
    const wanted = last.comment === null ? [] : [wordsOf(last.comment)]
    let below = end
    while (isComment(lines[below + 1])) wanted.push(wordsOf((lines[++below] as string).slice(2)))
    const [open, close] = text.startsWith('print(') ? ['console.log(', ')'] : ['', '']
    for (let k = i; k <= end; k++) {
      const plain = lines[k] as string
      const head = k === i ? open : ''
      const claim = wanted.length === 0 ? '' : `; said(${from + i}, ${JSON.stringify(wanted)})`
      const tail = k === end ? `${close}${claim}` : ''
      out.push({ plain, watched: `${head}${k === end ? last.code : plain}${tail}` })
    }
    for (let k = end + 1; k <= below; k++) out.push(same(lines[k] as string))
    i = below
  }
  return out
}

/** Lines at their places in a file, each at the number that it has on its page. */
const assemble = (pieces: readonly { readonly from: number; readonly lines: readonly Line[] }[], head: string) => {
  const placed: Line[] = [{ plain: '', watched: head }]
  for (const { from, lines } of pieces) {
    while (placed.length < from - 1) placed.push(same(''))
    placed.push(...lines)
  }
  return {
    plain: `${placed.map((l) => l.plain).join('\n')}\nexport {}\n`,
    watched: placed.map((l) => l.watched).join('\n'),
  }
}

const isImports = (b: Block): boolean =>
  b.lines
    .join('\n')
    .replace(/^import [\s\S]*? from '[^']+'$/gm, '')
    .trim() === ''

const outcomeOf = (b: Block): Outcome =>
  b.words.includes('refused') ? 'refused' : b.words.includes('throws') ? 'throws' : 'runs'

/** The last line of a block that ends in a comment: what is refused, and in which words. */
const refusalOf = (b: Block): { readonly line: number; readonly words: string } => {
  const at = b.lines.findLastIndex((l) => parts(l).comment !== null && !isComment(l.trim()))
  if (at < 0) throw new Error(`the block of line ${b.line} says of no line why it is refused`)
  return { line: b.line + at, words: wordsOf(parts(b.lines[at] as string).comment as string) }
}

/** A block that shows a file belongs to the test that follows its page. */
export const fileOf = (b: Block): string | undefined => b.words.find((w) => /[/.]/.test(w))

const isCode = (b: Block): boolean => b.language === 'ts' && fileOf(b) === undefined

const headOf = (page: string, witnessPath: string): string =>
  `import { witness } from ${JSON.stringify(witnessPath)}; const { console, said } = witness(${JSON.stringify(page)}); `

/** The text block that stands directly below a block is what the block prints. */
const outputBelow = (blocks: readonly Block[], b: Block): readonly string[] | null => {
  const next = blocks[blocks.indexOf(b) + 1]
  return next !== undefined && next.language === 'text' && next.between === 0
    ? next.lines.map((l) => l.trimEnd())
    : null
}

const piecesOf = (blocks: readonly Block[], all: readonly Block[]) =>
  blocks.map((b) => {
    const close = `said(${b.line}, ${JSON.stringify(outputBelow(all, b) ?? [])})`
    return {
      from: b.line,
      lines: outcomeOf(b) === 'runs' ? [...watch(b.lines, b.line), { plain: '', watched: close }] : b.lines.map(same),
    }
  })

/**
 * The modules of a page. A block of nothing but imports stands at the head of every later block; a block marked `continue`
 * goes on where the one before it ended.
 */
export const modulesOfPage = (page: string, markdown: string, witnessPath: string): readonly Module[] => {
  const blocks = blocksOf(markdown)
  const imports: Block[] = []
  let chain: readonly Block[] = []
  const modules: Module[] = []
  for (const [i, b] of blocks.entries()) {
    if (!isCode(b)) continue
    if (isImports(b)) {
      imports.push(b)
      chain = []
      continue
    }
    chain = b.words.includes('continue') ? [...chain, b] : [b]
    const next = blocks.slice(i + 1).find((other) => isCode(other) && !isImports(other))
    const outcome = outcomeOf(b)
    // the last block of a chain runs all of it
    if (outcome === 'runs' && next?.words.includes('continue') === true && outcomeOf(next) === 'runs') continue
    const first = chain[0] as Block
    const module: Module = {
      title: `${page}:${first.line}`,
      page,
      line: first.line,
      outcome,
      ...assemble(piecesOf([...imports, ...chain], blocks), headOf(page, witnessPath)),
    }
    modules.push(outcome === 'runs' ? module : { ...module, refusal: refusalOf(b) })
    // what is refused adds nothing to what follows
    if (outcome !== 'runs') chain = chain.slice(0, -1)
  }
  return modules
}

const declared = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(/\b(?:const|let|function)\s+([\w$]+|[[{][^=]*)/g)].flatMap(
      (m) => (m[1] ?? '').match(/[\w$]+/g) ?? [],
    ),
  )

/** `type Node` is called Node. */
const bare = (name: string): string => name.replace(/^type /, '')

/**
 * Names of the entries that a text uses and does not make itself; those of types begin with `type `. A name that several entries
 * have is the first one's.
 */
const importsFor = (text: string, entries: ReadonlyMap<string, readonly string[]>): string => {
  const taken = new Set(declared(text))
  const used = new Set(text.replace(/'[^']*'/g, '').match(/(?<![.\w$])[A-Za-z_$][\w$]*/g) ?? [])
  return [...entries]
    .flatMap(([entry, names]) => {
      const wanted = names.filter((n) => used.has(bare(n)) && !taken.has(bare(n)))
      for (const n of wanted) taken.add(bare(n))
      return wanted.length === 0 ? [] : [`import { ${wanted.join(', ')} } from '${entry}'`]
    })
    .join('; ')
}

/** The examples in the comments of a source file, one module each, with the imports that they need. */
export const modulesOfSource = (
  file: string,
  source: string,
  witnessPath: string,
  entries: ReadonlyMap<string, readonly string[]>,
): readonly Module[] =>
  examplesOf(source).map(({ line, lines }) => {
    const code = watch(lines, line)
    const text = lines.map((l) => parts(l).code).join('\n')
    const imports = importsFor(text, entries)
    const [first, ...rest] = code
    // the imports share the line of the example's first statement
    const head: Line = { plain: `${imports}; ${first?.plain ?? ''}`, watched: `${imports}; ${first?.watched ?? ''}` }
    return {
      title: `${file}:${line}`,
      page: file,
      line,
      outcome: 'runs',
      ...assemble(
        [{ from: line, lines: [head, ...rest, { plain: '', watched: `said(${line}, [])` }] }],
        headOf(file, witnessPath),
      ),
    }
  })
