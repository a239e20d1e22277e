/**
 * How amounts and tables are written. In: numbers, cells. Out: text.
 * Invariant: columns are counted as a reader sees them.
 */
import { widthOf } from './layout.ts'

const scaled = (value: number, units: readonly string[], step: number): string => {
  let at = 0
  let v = value
  while (v >= step && at < units.length - 1) {
    v /= step
    at++
  }
  return `${at === 0 ? String(v) : v.toPrecision(3)} ${units[at]}`.trim()
}

/** 12345 → `12.3 kB` */
export const showBytes = (bytes: number): string => scaled(bytes, ['B', 'kB', 'MB', 'GB'], 1000)

/** 12345678 → `12.3 M` */
export const showCount = (count: number): string => scaled(count, ['', 'k', 'M', 'G', 'T'], 1000)

/** 12345678 → `12.3 MFLOPs` */
export const showFlops = (flops: number): string =>
  scaled(flops, ['FLOPs', 'kFLOPs', 'MFLOPs', 'GFLOPs', 'TFLOPs'], 1000)

/** FLOPs a byte moved: `0.42` */
export const showIntensity = (flops: number, bytes: number): string => (bytes === 0 ? '–' : (flops / bytes).toFixed(2))

/** Columns aligned: text to the left, columns named in `right` to the right. */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): string => {
  const widths = head.map((h, i) => Math.max(widthOf(h), ...rows.map((r) => widthOf(r[i] ?? ''))))
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => {
          const space = ' '.repeat((widths[i] as number) - widthOf(cell))
          return right.includes(head[i] as string) ? space + cell : cell + space
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
