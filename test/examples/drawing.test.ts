// Small multiples. In: a plot of a curve that jumps. Out: whether it is drawn as the parts that it has.

import { expect, test } from 'vitest'
import { type Multiples, multiplesSvg } from '../../examples/drawing/multiples.ts'

const plotted = (f: (x: number) => number, columns = 2): Multiples => ({
  title: 'a < b',
  subtitle: '',
  columns,
  x: [-1, 1],
  y: [-1, 1],
  steepest: 10,
  plots: ['one', 'two', 'three'].map((title) => ({
    title,
    subtitle: '',
    curves: [
      { label: 'f', colour: '#123456', points: Array.from({ length: 201 }, (_, i) => [i / 100 - 1, f(i / 100 - 1)]) },
    ],
  })),
})

const curvesIn = (svg: string): number => svg.match(/stroke="#123456" stroke-width="2.2"/g)?.length ?? 0

test('a smooth curve is drawn in one piece, one that jumps in two', () => {
  expect(curvesIn(multiplesSvg(plotted((x) => x * x)))).toBe(3)
  expect(curvesIn(multiplesSvg(plotted((x) => (x > 0 ? 1 : 0))))).toBe(6)
})

test('plots stand in rows, and all words and ticks are inside the picture', () => {
  const svg = multiplesSvg(plotted((x) => x))
  const [, width, height] = (/viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? []).map(Number)
  const places = [...svg.matchAll(/<text x="([-\d.]+)" y="([-\d.]+)"/g)].map(
    ([, x, y]) => [Number(x), Number(y)] as const,
  )
  expect(places.length).toBe(3 + 3 * (2 + 5 + 5))
  expect(places.every(([x, y]) => x >= 0 && y >= 0 && x <= (width ?? 0) && y <= (height ?? 0))).toBe(true)
  expect(svg).toContain('a &lt; b')
  expect(svg).toContain('−1')
})
