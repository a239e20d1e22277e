/**
 * Pages as text. In: a title, parts. Out: HTML.
 * Invariant: a page needs no other file and no network, reads in light and in dark, and whatever a user wrote is text in it.
 */
import { type Attributes, element, escaped } from './svg.ts'

/** An element of HTML: one that holds nothing has an end all the same. */
export const tag = (name: string, all: Attributes, ...inside: readonly string[]): string =>
  element(name, all, ...(inside.length === 0 ? [''] : inside))

/** Text in an element, its lines kept. */
export const said = (name: string, all: Attributes, text: string): string =>
  tag(name, all, text.split('\n').map(escaped).join('\n'))

const style = `:root{color-scheme:light dark;--ink:#1b1f24;--quiet:#5f6770;--paper:#fff;--raised:#f3f5f7;--rule:#d6dade;
--was:#fbd9d3;--is:#cdebd0;--forward:#2f6fbd;--backward:#b9500f;--update:#2f8a3c}
@media(prefers-color-scheme:dark){:root{--ink:#e4e7eb;--quiet:#99a2ad;--paper:#14171b;--raised:#1e2329;--rule:#373e47;
--was:#5c2b26;--is:#204a2a;--forward:#7db3f2;--backward:#f0a06a;--update:#76c983}}
body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.45 system-ui,sans-serif}
h1{font-size:18px}h2{font-size:15px}.quiet{color:var(--quiet)}
pre,code,td,.mono{font:13px/1.5 ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace}pre{margin:0;white-space:pre}`

export const page = (title: string, own: string, body: string, script = ''): string =>
  [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">`,
    said('title', {}, title),
    `<style>${style}\n${own}</style></head>`,
    `<body>${body}`,
    script === '' ? '' : `<script>${script}</script>`,
    '</body></html>',
  ].join('\n')
