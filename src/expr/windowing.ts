/**
 * Windows as users say them. In: extents, a window, options. Out: how it moves and what is padded, or the error.
 * Invariant: every number is checked here, under the name of the function that the user called.
 */
import { oneOf } from './arguments.ts'
import { range, showShape, type Shape } from '../core/shape.ts'
import type { Pads, PerAxis, WindowOptions } from '../core/window-types.ts'
import { spanOf, type Windows } from '../ops/windows.ts'
import type { Node } from './expr.ts'
import { graph, shapeError } from './node.ts'

/** A window, and the padding that goes before it. */
export interface Moving extends Windows {
  readonly pads: readonly (readonly [before: number, behind: number])[]
}

const isNatural = (n: number): boolean => Number.isInteger(n) && n >= 0

/** A positive number an axis. */
export const perAxis = (op: string, what: string, given: PerAxis, rank: number): readonly number[] => {
  const list = Array.isArray(given) ? (given as readonly number[]) : range(rank).map(() => given as number)
  if (list.length === rank && list.every((n) => isNatural(n) && n > 0)) return list
  const sentence = `${op}: ${what} ${showShape(list)} is not a positive number for each of ${rank} axes`
  throw shapeError({ code: 'E_WINDOW', sentence }, [])
}

/** `total` elements before and behind, the odd one behind. */
const halves = (total: number): readonly [number, number] => [Math.floor(total / 2), Math.ceil(total / 2)]

const checkPads = (op: string, pads: Exclude<Pads, string>, rank: number): Moving['pads'] => {
  if (pads.length === rank && pads.every((p) => p.length === 2 && p.every(isNatural))) return pads
  const shown = pads.map((p) => showShape(p)).join(', ')
  throw shapeError(
    { code: 'E_PAD', sentence: `${op}: pads ${shown} are not two natural numbers for each of ${rank} axes` },
    [],
  )
}

/** A window along the axes from `first` on, checked; the stride is `stride` unless told. */
export const pace = (op: string, size: Shape, options: WindowOptions, stride: PerAxis = 1, first = 1): Windows => ({
  axes: size.map((_, i) => i + first),
  size: perAxis(op, 'window', size, size.length),
  stride: perAxis(op, 'stride', options.stride ?? stride, size.length),
  dilation: perAxis(op, 'dilation', options.dilation ?? 1, size.length),
})

/** Pads as numbers: `same` by what `total` says of an axis. */
export const padsOf = (op: string, pads: Pads, rank: number, total: (axis: number) => number): Moving['pads'] => {
  if (!Array.isArray(pads)) oneOf(op, 'pads', pads as string, ['same', 'valid'])
  if (pads === 'same') return range(rank).map((i) => halves(Math.max(0, total(i))))
  return pads === 'valid' ? range(rank).map(() => [0, 0] as const) : checkPads(op, pads, rank)
}

/** How a window moves over the axes of these extents; E_SHAPE_WINDOW where it does not fit. */
export const moving = (op: string, x: Node, extents: Shape, windows: Windows, pads: Pads): Moving => {
  const { size, stride, dilation } = windows
  const spans = size.map((k, i) => spanOf(k, dilation[i] as number))
  const around = padsOf(op, pads, size.length, (i) => {
    const [d, s] = [extents[i], stride[i]] as [number, number]
    return (Math.ceil(d / s) - 1) * s + (spans[i] as number) - d
  })
  const fits = spans.every((span, i) => span <= (extents[i] as number) + (around[i]?.[0] ?? 0) + (around[i]?.[1] ?? 0))
  if (fits) return { ...windows, pads: around }
  const sentence = `${op}: a window of ${showShape(size)} does not fit into ${showShape(x.shape)}`
  throw shapeError({ code: 'E_SHAPE_WINDOW', sentence }, [x])
}

/** Every position of the window in an image that is padded with a value. */
export const windowsOf = (x: Node, { pads, ...windows }: Moving, value: number): Node => {
  const around = (side: 0 | 1): readonly number[] => x.shape.map((_, a) => pads[windows.axes.indexOf(a)]?.[side] ?? 0)
  const none = x.shape.map(() => 0)
  const wide = pads.every(([l, h]) => l === 0 && h === 0)
    ? x
    : graph.pad([x], { low: around(0), high: around(1), interior: none, value })
  return graph.windows([wide], windows)
}

/** Image layouts: channels last, or first as `NC…`. */
export const isChannelsFirst = (layout: string): boolean => layout.startsWith('NC')

/** [n, c, …] as [n, …, c]. */
export const channelsLast = (x: Node): Node =>
  graph.transpose([x], { perm: [0, ...range(x.shape.length - 2).map((i) => i + 2), 1] })

/** [n, …, c] as [n, c, …]. */
export const channelsFirst = (x: Node): Node =>
  graph.transpose([x], { perm: [0, x.shape.length - 1, ...range(x.shape.length - 2).map((i) => i + 1)] })
