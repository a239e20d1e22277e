/**
 * Source text with what each line costs and which terms of the gradient come from it, as a page. In: provenances. Out: HTML.
 * Invariant: every line of every file is shown as it stands, with the numbers of the table beside it and its terms below, in the width
 * of the window: numbers are never out of sight.
 */
import { showBytes, showCount, showFlops } from '../amounts.ts'
import { page, said, tag } from '../page.ts'
import { totalOf } from './lines.ts'
import { type EntryProvenance, fileName, filesOf, phasesIn, type SourceText, sumBy, termText } from './provenance.ts'

const style = `body{padding:14px 22px}table{border-collapse:collapse;margin:8px 0 26px;width:100%;max-width:1500px}
th{text-align:left;font-weight:600;padding:2px 10px}tr.units th{border-bottom:1px solid var(--rule)}td{padding:0 10px;vertical-align:top}
td.number,th.number{text-align:right;white-space:nowrap}th{white-space:nowrap}td.number:first-child{width:1%}
td.source,.terms{white-space:pre-wrap;overflow-wrap:anywhere}.terms{color:var(--backward);padding-left:3ch}
tr.costs td{background:var(--raised)}.forward{color:var(--forward)}.backward{color:var(--backward)}.update{color:var(--update)}
tr.all td{border-top:1px solid var(--rule);font-weight:600}`

const fileTable = (e: EntryProvenance, file: string, text: string | undefined): string => {
  const own = phasesIn(e.lines.filter((l) => l.place !== null))
  const costs = new Map(e.lines.flatMap((l) => (l.place?.file === file ? [[l.place.line, l] as const] : [])))
  const terms = (line: number): string =>
    e.terms
      .filter((t) => t.places.some((p) => p.file === file && p.line === line))
      .map(termText)
      .join('\n')
  const termsBelow = (line: number): string => (terms(line) === '' ? '' : said('div', { class: 'terms' }, terms(line)))
  const known = [...costs.keys(), ...e.terms.flatMap((t) => t.places.flatMap((p) => (p.file === file ? [p.line] : [])))]
  const lines = text === undefined ? [] : text.trimEnd().split(/\r?\n/)
  const shown = text === undefined ? [...new Set(known)].toSorted((a, b) => a - b) : lines.map((_, i) => i + 1)
  const row = (line: number): string => {
    const cost = costs.get(line)
    const cells = own.flatMap((p) =>
      (['flops', 'bytes'] as const).map((of) =>
        said(
          'td',
          { class: `number ${p}` },
          cost === undefined || cost[p][of] === 0
            ? ''
            : of === 'flops'
              ? showCount(cost[p].flops)
              : showBytes(cost[p].bytes),
        ),
      ),
    )
    return tag(
      'tr',
      cost === undefined ? {} : { class: 'costs' },
      said('td', { class: 'number quiet' }, String(line)),
      tag('td', { class: 'source' }, `${said('span', {}, lines[line - 1] ?? '')}${termsBelow(line)}`),
      ...cells,
    )
  }
  const groups = own.map((p) => said('th', { class: `number ${p}`, colspan: '2' }, p))
  const units = own.flatMap((p) => ['FLOPs', 'bytes'].map((t) => said('th', { class: `number ${p}` }, t)))
  const sums = own.flatMap((p) => {
    const sum = sumBy(
      e.lines.filter((l) => l.place?.file === file),
      p,
    )
    return [showCount(sum.flops), showBytes(sum.bytes)].map((t) => said('td', { class: `number ${p}` }, t))
  })
  return tag(
    'table',
    {},
    tag('tr', {}, tag('th', {}), said('th', {}, fileName(file)), ...groups),
    tag('tr', { class: 'units' }, tag('th', {}), said('th', { class: 'backward' }, 'terms of the gradient'), ...units),
    ...shown.map((line) => `\n${row(line)}`),
    tag('tr', { class: 'all' }, tag('td', {}), said('td', {}, 'all lines'), ...sums),
  )
}

const section = (e: EntryProvenance, source: SourceText): string => {
  const { flops, bytes } = totalOf(e.lines)
  const placeless = totalOf(e.lines.filter((l) => l.place === null))
  const copies =
    placeless.bytes === 0 ? '' : `, of which ${showBytes(placeless.bytes)} are copies that belong to no line`
  return [
    said('h2', {}, e.name),
    said('p', { class: 'quiet' }, `${showFlops(flops)} · ${showBytes(bytes)} moved${copies}`),
    ...filesOf(e).map((file) => fileTable(e, file, source(file))),
  ].join('\n')
}

export const provenancePage = (title: string, entries: readonly EntryProvenance[], source: SourceText): string =>
  page(title, style, said('h1', {}, title) + entries.map((e) => section(e, source)).join('\n'))
