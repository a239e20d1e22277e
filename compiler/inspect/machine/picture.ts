/**
 * The arena as a picture: steps from left to right, bytes from the bottom up. In: arenas. Out: SVG.
 * Invariant: one rectangle a place and lifetime, at its offset and as high as its bytes; what is overwritten in place is one
 * rectangle with a line where the next value begins.
 */
import { showBytes } from '../amounts.ts'
import { colours, element, fits, hint, legend, picture, words } from '../svg.ts'
import { type ArenaOf, labelOf, type Tenancy } from './memory.ts'

const [left, right, top, below] = [84, 170, 64, 150]

interface Frame {
  readonly at: number
  readonly width: number
  readonly height: number
  readonly column: number
}

const x = ({ column }: Frame, step: number): number => left + step * column
const y = ({ at, height }: Frame, a: ArenaOf, bytes: number): number =>
  at + top + height * (1 - bytes / Math.max(1, a.bytes))

/** Text at the size that fits, or none. */
const inside = (text: string, x0: number, y0: number, width: number, height: number): string => {
  const size = [12, 10, 8].find((s) => s <= height + 1 && fits(text, width - 4, s))
  return size === undefined
    ? ''
    : words(text, {
        x: x0 + width / 2,
        y: y0 + height / 2 + size * 0.35,
        'text-anchor': 'middle',
        style: `font-size:${size}px`,
      })
}

const box = (f: Frame, a: ArenaOf, t: Tenancy): string => {
  const [x0, x1] = [x(f, t.from), x(f, t.to + 1)]
  const [y0, y1] = [y(f, a, t.offset + t.bytes), y(f, a, t.offset)]
  const { fill, line } = colours[t.values[0]?.phase ?? 'scratch']
  const starts = t.values.map((v, i) => (i === 0 ? t.from : v.from))
  const parts = t.values.map((v, i) => {
    const from = x(f, starts[i] as number)
    const to = i + 1 < starts.length ? x(f, starts[i + 1] as number) : x1
    const own = colours[v.phase]
    const fold =
      i === 0
        ? ''
        : element('rect', {
            x: from,
            y: y0 + 0.4,
            width: to - from - 1,
            height: Math.max(0.2, y1 - y0 - 0.8),
            fill: own.fill,
          }) + element('line', { x1: from, x2: from, y1: y0, y2: y1, stroke: own.line, 'stroke-dasharray': '3 2' })
    return fold + inside(v.name, from, y0, to - from, y1 - y0)
  })
  return element(
    'g',
    {},
    hint(`${labelOf(t)} ${t.type}: ${t.bytes} bytes at ${t.offset}, steps ${t.from + 1} to ${t.to + 1}`),
    element('rect', {
      x: x0 + 0.5,
      y: y0,
      width: x1 - x0 - 1,
      height: Math.max(1, y1 - y0),
      rx: Math.min(2, (y1 - y0) / 2),
      fill,
      stroke: line,
      'stroke-width': 0.8,
    }),
    ...parts,
  )
}

const axes = (f: Frame, a: ArenaOf): string => {
  const bottom = f.at + top + f.height
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const height = y(f, a, a.bytes * part)
    return (
      element('line', { x1: left, x2: left + f.width, y1: height, y2: height, stroke: '#e1e4e8' }) +
      words(showBytes(Math.round(a.bytes * part)), {
        x: left - 8,
        y: height + 4,
        'text-anchor': 'end',
        class: 'small quiet',
      })
    )
  })
  const every = Math.max(1, Math.ceil(14 / f.column))
  const names = a.steps.flatMap((name, i) => {
    if (i % every !== 0) return []
    const at = x(f, i + 0.5)
    const short = name.length > 24 ? `${name.slice(0, 23)}…` : name
    return [
      words(`${i + 1} ${short}`, {
        x: at,
        y: bottom + 12,
        class: 'small quiet',
        transform: `rotate(40 ${Math.round(at)} ${Math.round(bottom + 12)})`,
      }),
    ]
  })
  return [...ticks, ...names].join('')
}

const peak = (f: Frame, a: ArenaOf): string => {
  const from = x(f, a.peakStep)
  const alive = a.alive[a.peakStep] ?? 0
  return (
    element('rect', {
      x: from,
      y: f.at + top - 6,
      width: f.column,
      height: f.height + 6,
      fill: 'none',
      stroke: '#b31d28',
      'stroke-width': 1.5,
      'stroke-dasharray': '5 3',
    }) +
    words(`peak: ${showBytes(alive)} alive`, {
      x: Math.max(left, Math.min(from + f.column / 2, left + f.width)),
      y: f.at + top - 12,
      'text-anchor': 'middle',
      class: 'small',
    })
  )
}

const panel = (a: ArenaOf, f: Frame): string =>
  element(
    'g',
    {},
    words(`${a.name}: arena of ${showBytes(a.bytes)} (${a.bytes} bytes) over ${a.steps.length} steps`, {
      x: 16,
      y: f.at + 24,
      class: 'title',
    }),
    axes(f, a),
    ...a.tenancies.map((t) => `\n${box(f, a, t)}`),
    peak(f, a),
  )

/** The arenas one below the other; `notes` stand below them all. */
export const arenaPicture = (arenas: readonly ArenaOf[], notes: readonly string[] = []): string => {
  const shown = arenas.filter((a) => a.tenancies.length > 0)
  const frames = shown.map((a, i): Frame => {
    const column = Math.max(6, Math.min(96, 1100 / a.steps.length))
    const height = 340
    return { at: 28 + i * (height + top + below), width: column * a.steps.length, height, column }
  })
  const width = Math.max(560, ...frames.map((f) => left + f.width + right))
  const bottom = 28 + frames.length * (340 + top + below)
  const lines = notes.flatMap((note) => note.split('\n'))
  return picture(
    width,
    bottom + 20 * lines.length + 8,
    legend(['forward', 'backward', 'update', 'scratch'], 16, 20),
    ...shown.map((a, i) => panel(a, frames[i] as Frame)),
    ...lines.map((note, i) => words(note.trim(), { x: note.startsWith(' ') ? 32 : 16, y: bottom + 20 * i })),
  )
}
