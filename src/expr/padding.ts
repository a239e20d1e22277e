/**
 * Padding. In: an expression, counts before and behind each axis, and what stands there. Out: an expression of the same dtype.
 * Invariant: a value is one pad; a border made of the tensor itself is a concat of views an axis, so that it costs one copy
 * for each axis that grows, and its derivative adds what the copies of an element got.
 */
import { checkFill, oneOf, checkList } from './arguments.ts'
import type { Pad } from '../core/movement-types.ts'
import { showShape } from '../core/shape.ts'
import type { Checked, Fits, ShapeOf } from '../core/shape-types.ts'
import type { Expr, Node } from './expr.ts'
import { along } from './joining.ts'
import { graph, shapeError } from './node.ts'
import { dataLast, typed } from './typed.ts'

/** Counts before and behind each axis. */
export type PadWidths = readonly (readonly [before: number, behind: number])[]

/**
 * What stands in the border: a value; with `'reflect'` the elements mirrored at the first and the last, which are not
 * repeated (… 2 1 0 1 2 …); with `'edge'` the first and the last over and over.
 */
export type PadMode = number | 'reflect' | 'edge'

type Border = (x: Node, axis: number, before: number, behind: number) => readonly [before: Node, behind: Node]

const borders: Readonly<Record<'reflect' | 'edge', Border>> = {
  reflect: (x, axis, before, behind) => {
    const extent = x.shape[axis] as number
    const mirrored = (start: number, limit: number): Node =>
      graph.reverse([along(x, axis, start, limit)], { axes: [axis] })
    return [mirrored(1, 1 + before), mirrored(extent - 1 - behind, extent - 1)]
  },
  edge: (x, axis, before, behind) => {
    const extent = x.shape[axis] as number
    const repeated = (at: number, count: number): Node =>
      graph.broadcastTo([along(x, axis, at, at + 1)], { shape: x.shape.map((d, i) => (i === axis ? count : d)) })
    return [repeated(0, before), repeated(extent - 1, behind)]
  },
}

const refused = (x: Node, sentence: string) => shapeError({ code: 'E_PAD', sentence: `pad: ${sentence}` }, [x])

/** The counts, of which the axis has elements enough for the border. */
const checkWidths = (x: Node, widths: PadWidths, mode: 'reflect' | 'edge'): void => {
  const { shape } = x
  if (widths.length !== shape.length)
    throw refused(x, `counts given for ${widths.length} axes, but ${showShape(shape)} has ${shape.length}`)
  for (const [axis, pair] of widths.entries()) {
    const bad = pair.find((n) => !Number.isInteger(n) || n < 0)
    if (bad !== undefined) throw refused(x, `the count ${bad} of axis ${axis} is not a natural number`)
    const extent = shape[axis] as number
    const most = Math.max(...pair)
    if (mode === 'reflect' && most >= Math.max(extent, 1))
      throw refused(x, `axis ${axis} of ${showShape(shape)} has not ${most} elements to reflect beside its edge`)
    if (mode === 'edge' && most > 0 && extent === 0) throw refused(x, `axis ${axis} of ${showShape(shape)} has no edge`)
  }
}

const bordered = (x: Node, widths: PadWidths, mode: 'reflect' | 'edge'): Node => {
  checkWidths(x, widths, mode)
  return widths.reduce((y, [before, behind], axis) => {
    if (before + behind === 0) return y
    const [low, high] = borders[mode](y, axis, before, behind)
    const parts = [...(before > 0 ? [low] : []), y, ...(behind > 0 ? [high] : [])]
    return graph.concat(parts, { axis })
  }, x)
}

/**
 * A border before and behind each axis: of a value (0 unless told), of what lies inside mirrored (`'reflect'`), or of the
 * outermost elements repeated (`'edge'`), as NumPy's modes of these names. E_PAD where the counts are not one pair of natural
 * numbers an axis, or where an axis has too few elements to reflect (a count must be less than the extent) or no edge.
 * @example
 * console.log(pad(input('x', [2, 3]), [[0, 0], [1, 1]]).shape) // [ 2, 5 ]
 * console.log(pad(input('image', [28, 28]), [[2, 2], [2, 2]], 'reflect').shape) // [ 32, 32 ]
 */
export const pad: {
  <const W extends PadWidths>(
    widths: W,
    mode?: PadMode,
  ): <X extends Expr>(x: X & Fits<Pad<X['shape'], W>>) => Expr<ShapeOf<Pad<X['shape'], W>>, X['dtype']>
  <X extends Expr, const W extends PadWidths>(
    x: X,
    widths: Checked<W, Pad<X['shape'], W>>,
    mode?: PadMode,
  ): Expr<ShapeOf<Pad<X['shape'], W>>, X['dtype']>
} = typed(
  dataLast((x, widths: PadWidths, mode: PadMode = 0) => {
    checkList('pad', 'the list of counts', widths)
    if (typeof mode === 'string') return bordered(x, widths, oneOf('pad', 'mode', mode, ['reflect', 'edge']))
    checkFill('pad', mode, x.dtype)
    return graph.pad([x], {
      low: widths.map(([before]) => before),
      high: widths.map(([, behind]) => behind),
      interior: widths.map(() => 0),
      value: mode,
    })
  }),
)
