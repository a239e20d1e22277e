/**
 * Two texts of equations, line by line. In: lines. Out: those of both in one order, marked, in common columns.
 * Invariant: lines that are kept are in both; names that Nabla gave are matched where they stand for the same, so that a line differs
 * only where its mathematics does.
 */
import { widthOf } from '../../compiler/inspect/layout.ts'
import { subscript } from '../../compiler/inspect/indices.ts'

/** An equation in its parts; what is none has a text alone. */
export interface Cells {
  readonly indent: string
  readonly name: string
  readonly sign: string
  readonly text: string
  readonly shape: string
}

export const cellsOf = (line: string): Cells => {
  const indent = /^ */.exec(line)?.[0] ?? ''
  const plain = { indent, name: '', sign: '', text: line.trim(), shape: '' }
  if (/^ *(?:for|with|while) /.test(line)) return plain
  const [, name = '', sign = '', text = '', shape = ''] =
    /^ *(\S.*?) +([=←:]) (.*?)(?: {2,}(\S*\[[^\]]*\]))?$/u.exec(line) ?? []
  return name === '' ? plain : { indent, name, sign, text: text.trim(), shape }
}

/** Names that Nabla gives: a letter with a number, perhaps at a step. */
const given = /(?<![\p{L}\p{N}_∂/′])([azhmδτ][₀-₉]*)(?=$|[^\p{L}\p{N}_/]|[‚ₜₛᵣᵀ])/gu

const mapped = (text: string, by: (name: string) => string): string => text.replace(given, (name) => by(name))

const namesIn = (text: string): readonly string[] => text.match(given) ?? []

/** The second text with the names of the first, as far as they stand for the same; `fixed` are names of the users'. */
export const renamedAlike = (
  a: readonly Cells[],
  b: readonly Cells[],
  fixed: ReadonlySet<string>,
): readonly Cells[] => {
  const isFree = (name: string): boolean => namesIn(name)[0] === name && !fixed.has(name)
  const known = new Map<string, string>()
  const taken = new Set<string>()
  const match = (nameB: string, nameA: string): boolean => {
    if (!isFree(nameB) || !isFree(nameA) || known.has(nameB) || taken.has(nameA)) return false
    known.set(nameB, nameA)
    taken.add(nameA)
    return true
  }
  const base = (name: string): string => namesIn(name)[0] ?? name
  const skeleton = (text: string): string => mapped(text, (name) => (fixed.has(name) ? name : '#'))
  const now = (text: string): string => mapped(text, (name) => known.get(name) ?? (fixed.has(name) ? name : `?${name}`))
  /** One round: formulas that are equal by now, and formulas of one name that differ in names alone. */
  const round = (): boolean => {
    let found = false
    for (const q of b) {
      const same = a.find((p) => p.text === now(q.text) && p.shape === q.shape && !taken.has(base(p.name)))
      if (same !== undefined && match(base(q.name), base(same.name))) found = true
      const own = a.find((p) => p.name === now(q.name) && p.sign === q.sign && p.indent === q.indent)
      if (own === undefined || skeleton(own.text) !== skeleton(q.text)) continue
      const [theirs, ours] = [namesIn(own.text), namesIn(q.text)]
      ours.forEach((name, i) => {
        if (match(name, theirs[i] as string)) found = true
      })
    }
    return found
  }
  while (round());
  // of what is left, names of one letter and shape go in order: the line then shows what became of it
  for (const q of b) {
    const like = a.find((p) => base(p.name)[0] === base(q.name)[0] && p.shape === q.shape && !taken.has(base(p.name)))
    if (like !== undefined && match(base(q.name), base(like.name))) while (round());
  }
  const used = new Set([...a, ...b].flatMap((c) => [...namesIn(c.name), ...namesIn(c.text)]))
  const fresh = (name: string): string => {
    const own = known.get(name)
    if (own !== undefined || fixed.has(name)) return own ?? name
    const letter = name[0] as string
    let k = 1
    while (used.has(`${letter}${subscript(k)}`)) k++
    const next = taken.has(name) || a.some((c) => namesIn(c.name).includes(name)) ? `${letter}${subscript(k)}` : name
    used.add(next)
    known.set(name, next)
    return next
  }
  return b.map((c) => ({ ...c, name: mapped(c.name, fresh), text: mapped(c.text, fresh) }))
}

export interface Marked {
  readonly mark: ' ' | '−' | '+'
  readonly cells: Cells
}

const keyOf = (c: Cells): string => [c.indent, c.name, c.sign, c.text, c.shape].join('\u0000')

/** The lines of both in one order, by the longest sequence that both have. */
export const merged = (a: readonly Cells[], b: readonly Cells[]): readonly Marked[] => {
  const [p, q] = [a.map(keyOf), b.map(keyOf)]
  const longest = Array.from({ length: p.length + 1 }, () => new Uint32Array(q.length + 1))
  const at = (i: number, j: number): number => longest[i]?.[j] ?? 0
  for (let i = p.length - 1; i >= 0; i--)
    for (let j = q.length - 1; j >= 0; j--)
      (longest[i] as Uint32Array)[j] = p[i] === q[j] ? 1 + at(i + 1, j + 1) : Math.max(at(i + 1, j), at(i, j + 1))
  const out: Marked[] = []
  let [i, j] = [0, 0]
  while (i < p.length || j < q.length) {
    if (i < p.length && j < q.length && p[i] === q[j]) {
      out.push({ mark: ' ', cells: a[i++] as Cells })
      j++
    } else if (i < p.length && (j === q.length || at(i + 1, j) >= at(i, j + 1)))
      out.push({ mark: '−', cells: a[i++] as Cells })
    else out.push({ mark: '+', cells: b[j++] as Cells })
  }
  return out
}

const around = 2

/** In common columns; of what is the same only what stands near a change. */
export const written = (
  lines: readonly Marked[],
  colour: (mark: Marked['mark'], line: string) => string,
): readonly string[] => {
  const near = lines.map((_, i) => lines.slice(Math.max(0, i - around), i + around + 1).some((l) => l.mark !== ' '))
  const shown = lines.filter((_, i) => near[i])
  const wide = (of: (c: Cells) => string): number =>
    Math.max(0, ...shown.map((l) => (l.cells.sign === '' ? 0 : widthOf(of(l.cells)))))
  const [left, middle] = [
    wide((c) => c.indent + c.name),
    Math.min(
      100,
      wide((c) => c.text),
    ),
  ]
  const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))
  return lines.flatMap(({ mark, cells: c }, i) => {
    if (!near[i]) return i > 0 && near[i - 1] === false ? [] : ['  …']
    const text =
      c.sign === ''
        ? c.indent + c.text
        : `${pad(c.indent + c.name, left)} ${c.sign} ${pad(c.text, c.shape === '' ? 0 : middle)}  ${c.shape}`
    return [colour(mark, `${mark} ${text}`.trimEnd())]
  })
}
