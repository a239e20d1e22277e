/**
 * Where a gradient comes from, and what each line costs, as a table. In: costs by line, terms, and the text of files. Out: text.
 * Invariant: the last row is the sum of those above it, which is the plan's own.
 */
import { render } from '../doc.ts'
import { showBytes, showCount, showFlops, table } from '../amounts.ts'
import { byPlace, type LineCost, type Place, totalOf } from './lines.ts'
import { type Phase, phases } from './phases.ts'
import type { Term } from './terms.ts'

export interface EntryProvenance {
  readonly name: string
  readonly lines: readonly LineCost[]
  readonly terms: readonly Term[]
}

/** The text of a file, where it is known. */
export type SourceText = (file: string) => string | undefined

export const fileName = (file: string): string => file.replace(/^.*[\\/]/, '')

/** What stands at a line. */
const lineText = (source: SourceText, { file, line }: Place): string =>
  source(file)?.split(/\r?\n/)[line - 1]?.trim() ?? ''

const files = (places: readonly (Place | null)[]): readonly string[] => [
  ...new Set(places.flatMap((p) => p?.file ?? [])),
]

export const filesOf = ({ lines, terms }: EntryProvenance): readonly string[] =>
  files([...lines.map((l) => l.place), ...terms.flatMap((t) => t.places)].toSorted(byPlace))

/** Where all stands in one file its name says nothing. */
const placeWriter =
  (among: readonly string[]) =>
  (p: Place | null): string =>
    p === null ? '–' : among.length > 1 ? `${fileName(p.file)}:${p.line}` : String(p.line)

export const termText = ({ equation: { name, sign, doc } }: Term): string => `${name} ${sign} ${render(doc).text}`

/** The phases that cost anything, in order. */
export const phasesIn = (lines: readonly LineCost[]): readonly Phase[] =>
  phases.filter((p) => lines.some((l) => l[p].flops > 0 || l[p].bytes > 0))

export const sumBy = (lines: readonly LineCost[], p: Phase): LineCost[Phase] => ({
  flops: lines.reduce((s, l) => s + l[p].flops, 0),
  bytes: lines.reduce((s, l) => s + l[p].bytes, 0),
})

const longest = 64
const short = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text)

export const entryText = (e: EntryProvenance, source: SourceText): string => {
  const shown = filesOf(e)
  const place = placeWriter(shown)
  const own = phasesIn(e.lines)
  const numbers = (of: (p: Phase) => LineCost[Phase]): readonly string[] =>
    own.flatMap((p) => [showCount(of(p).flops), showBytes(of(p).bytes)])
  const columns = own.flatMap((p) => [`${p} FLOPs`, `${p} bytes`])
  const costs = table(
    ['line', ...columns, 'source'],
    [
      ...e.lines.map((l) => [
        place(l.place),
        ...numbers((p) => l[p]),
        l.place === null ? 'copies to their places' : short(lineText(source, l.place)),
      ]),
      ['all', ...numbers((p) => sumBy(e.lines, p)), ''],
    ],
    ['line', ...columns],
  )
  const terms = table(
    ['comes from', 'term'],
    e.terms.map((t) => [t.places.map(place).join(', ') || '–', termText(t)]),
  )
  const { flops, bytes } = totalOf(e.lines)
  const title = `${e.name}: ${showFlops(flops)} · ${showBytes(bytes)} moved · ${shown.map(fileName).join(', ')}`
  return [title, costs, ...(e.terms.length === 0 ? [] : [terms])].join('\n\n')
}
