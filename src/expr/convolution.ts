/**
 * Convolutions. In: images and filters. Out: one contraction of the images' windows with the filters.
 * Invariant: a window is a view, so that nothing is copied out of an image but its padding; all derivatives are again
 * contractions with windows. Convolution is cross-correlation: filters are not turned round.
 */
import { oneOf } from './arguments.ts'
import { range, type Shape, showShape } from '../core/shape.ts'
import type { CheckDType, Checked, Fits, SameDType, ShapeOf } from '../core/shape-types.ts'
import type { ConvTransposed, Convolved, PerAxis, WindowOptions } from '../core/window-types.ts'
import { spanOf } from '../ops/windows.ts'
import type { Expr, Node } from './expr.ts'
import { graph, shapeError } from './node.ts'
import { accepting, type First, sameDType, typed } from './typed.ts'
import { channelsFirst, channelsLast, isChannelsFirst, moving, pace, padsOf, perAxis, windowsOf } from './windowing.ts'

/** Stride, pads and dilation of the window, groups of channels (1 unless told). */
export interface ConvOptions extends WindowOptions {
  readonly groups?: number
}

interface Conv1dOptions extends ConvOptions {
  /** NWC with filters [k, c, f], unless told; NCW with filters [f, c, k]. */
  readonly layout?: 'NWC' | 'NCW'
}

export interface Conv2dOptions extends ConvOptions {
  /** NHWC with filters [h, w, c, f], unless told; NCHW with filters [f, c, h, w]. */
  readonly layout?: 'NHWC' | 'NCHW'
}

export interface ConvTransposeOptions extends Conv2dOptions {
  /** Rows and columns more at the bottom and at the right, fewer than the stride; none unless told. */
  readonly outputPadding?: PerAxis
}

/** Image [n, …, c] and filters [k…, c, f], whatever the layout. */
interface Operands {
  readonly x: Node
  readonly w: Node
  readonly groups: number
}

const operandsOf = (
  op: string,
  x: Node,
  w: Node,
  rank: number,
  layout: string,
  given: number | undefined,
): Operands => {
  accepting(op, 'float', x)
  sameDType(op, x, w)
  if (x.shape.length !== rank || w.shape.length !== rank) {
    const sentence = `${op}: image and filter have ${rank} axes, not ${showShape(x.shape)} and ${showShape(w.shape)}`
    throw shapeError({ code: 'E_RANK', sentence }, [x, w])
  }
  const [groups = 1] = perAxis(op, 'groups', given ?? 1, 1)
  if (!isChannelsFirst(layout)) return { x, w, groups }
  const filters = graph.transpose([w], { perm: [...range(rank - 2).map((i) => i + 2), 1, 0] })
  return { x: channelsLast(x), w: filters, groups }
}

const misfit = (op: string, sentence: string, x: Node, w: Node) =>
  shapeError({ code: 'E_SHAPE_CHANNELS', sentence: `${op}: ${sentence}` }, [x, w])

/** The last axis as [groups, rest]. */
const grouped = (x: Node, groups: number): Node =>
  graph.reshape([x], { shape: [...x.shape.slice(0, -1), groups, (x.shape.at(-1) as number) / groups] })

/** Windows [n, (o, k)…, c] times filters [k…, c, f]: [n, o…, f]. */
const contracted = (windows: Node, w: Node, groups: number): Node => {
  const rank = w.shape.length - 2
  const kernel = range(rank)
  const inWindows = kernel.map((i) => 2 + 2 * i)
  const last = 1 + 2 * rank
  if (groups === 1)
    return graph.dotGeneral([windows, w], {
      batch: [[], []],
      contract: [
        [...inWindows, last],
        [...kernel, rank],
      ],
    })
  // [g, n, o…, f / g]
  const out = graph.dotGeneral([windows, grouped(w, groups)], {
    batch: [[last], [rank + 1]],
    contract: [
      [...inWindows, last + 1],
      [...kernel, rank],
    ],
  })
  return ungrouped(out, 0, groups)
}

/** [g, n, o…, f / g] as [n, o…, f], the groups at `axis`. */
const ungrouped = (x: Node, axis: number, groups: number): Node => {
  const rest = range(x.shape.length).filter((i) => i !== axis)
  const last = rest.at(-1) as number
  const moved = graph.transpose([x], { perm: [...rest.slice(0, -1), axis, last] })
  return graph.reshape([moved], { shape: [...moved.shape.slice(0, -2), groups * (x.shape[last] as number)] })
}

const convolve = (
  op: string,
  rank: number,
  image: Node,
  filter: Node,
  options: Conv1dOptions | Conv2dOptions,
): Node => {
  const axes = rank === 3 ? 'W' : 'HW'
  const layout = oneOf(op, 'layout', options.layout ?? `N${axes}C`, [`N${axes}C`, `NC${axes}`])
  const { x, w, groups } = operandsOf(op, image, filter, rank, layout, options.groups)
  const [channels, seen, filters] = [x.shape.at(-1), w.shape.at(-2), w.shape.at(-1)] as [number, number, number]
  const both = `(${showShape(image.shape)} and ${showShape(filter.shape)})`
  if (groups * seen !== channels) {
    const words = `${groups} x ${seen} channels of the filters are not the ${channels} of the image ${both}`
    throw misfit(op, words, image, filter)
  }
  if (filters % groups !== 0) throw misfit(op, `${groups} groups do not divide ${filters} filters`, image, filter)
  const windows = pace(op, w.shape.slice(0, -2), options)
  const move = moving(op, image, x.shape.slice(1, -1), windows, options.pads ?? 'valid')
  const y = contracted(windowsOf(groups === 1 ? x : grouped(x, groups), move, 0), w, groups)
  return isChannelsFirst(layout) ? channelsFirst(y) : y
}

type CheckConv<Op extends string, X extends Expr, W extends Expr, O, Rank extends number> = First<
  [
    CheckDType<Op, 'float', X['dtype']>,
    SameDType<Op, X['dtype'], W['dtype']>,
    Fits<Convolved<Op, X['shape'], W['shape'], O, Rank>>,
  ]
>

/**
 * The convolution of sequences [n, w, c] with filters [k, c/groups, f]: [n, o, f]. As conv2d, along one axis.
 * @example
 * const [x, w] = [input('x', [32, 100, 8]), param('w', [5, 8, 16], glorotUniform)]
 * console.log(conv1d(x, w, { pads: [[4, 0]] }).shape) // [ 32, 100, 16 ]
 */
export const conv1d: <X extends Expr, W extends Expr, const O extends Conv1dOptions = {}>(
  x: X,
  w: Checked<W, CheckConv<'conv1d', X, W, O, 3>>,
  options?: O,
) => Expr<ShapeOf<Convolved<'conv1d', X['shape'], W['shape'], O, 3>>, X['dtype']> = typed(
  (x: Node, w: Node, options: Conv1dOptions = {}) => convolve('conv1d', 3, x, w, options),
)

/**
 * The convolution of images [n, h, w, c] with filters [kh, kw, c/groups, f]: [n, oh, ow, f], where filter j sees the channels
 * of its group alone. In layout NCHW images are [n, c, h, w] and filters [f, c/groups, kh, kw]. Padding is 0; there are
 * ⌊(padded − (k − 1)·dilation − 1) / stride⌋ + 1 windows along an axis, with pads `same` ⌈extent / stride⌉.
 *
 * Throws ShapeError E_RANK, E_SHAPE_CHANNELS, E_SHAPE_WINDOW, E_WINDOW, E_PAD, E_DTYPE, E_DTYPE_MISMATCH.
 *
 * @example
 * const [x, w] = [input('x', [64, 28, 28, 1]), param('w', [5, 5, 1, 6], glorotUniform)]
 * console.log(conv2d(x, w, { pads: 'same' }).shape) // [ 64, 28, 28, 6 ]
 * console.log(conv2d(x, w, { stride: 2, pads: [[2, 2], [2, 2]] }).shape) // [ 64, 14, 14, 6 ]
 */
export const conv2d: <X extends Expr, W extends Expr, const O extends Conv2dOptions = {}>(
  x: X,
  w: Checked<W, CheckConv<'conv2d', X, W, O, 4>>,
  options?: O,
) => Expr<ShapeOf<Convolved<'conv2d', X['shape'], W['shape'], O, 4>>, X['dtype']> = typed(
  (x: Node, w: Node, options: Conv2dOptions = {}) => convolve('conv2d', 4, x, w, options),
)

/** What is left of an axis of a transposed convolution: from … to − 1 of `extent` elements. */
interface Left {
  readonly from: number
  readonly to: number
  readonly extent: number
}

const leftOf = (op: string, x: Node, extents: Shape, w: Node, options: ConvTransposeOptions) => {
  const size = w.shape.slice(0, -2)
  const windows = pace(op, size, options)
  const given = options.outputPadding ?? 0
  const more = typeof given === 'number' ? size.map(() => given) : given
  const isLess = (n: number, i: number): boolean => Number.isInteger(n) && n >= 0 && n < (windows.stride[i] as number)
  if (more.length !== size.length || !more.every(isLess)) {
    const words = `outputPadding ${showShape(more)} is not less than the stride ${showShape(windows.stride)}`
    throw shapeError({ code: 'E_WINDOW', sentence: `${op}: ${words}` }, [])
  }
  const full = extents.map(
    (d, i) => (d - 1) * (windows.stride[i] as number) + spanOf(size[i] as number, windows.dilation[i] as number),
  )
  const wanted = extents.map((d, i) => d * (windows.stride[i] as number))
  const pads = padsOf(op, options.pads ?? 'valid', size.length, (i) => (full[i] as number) - (wanted[i] as number))
  const left = full.map((d, i): Left => {
    const [before, behind] = pads[i] as readonly [number, number]
    const to = options.pads === 'same' ? before + (wanted[i] as number) : d - behind + (more[i] as number)
    return { from: before, to, extent: Math.max(d, to) }
  })
  if (left.some(({ from, to }) => to <= from))
    throw shapeError({ code: 'E_SHAPE_WINDOW', sentence: `${op}: pads leave nothing of ${showShape(x.shape)}` }, [x])
  return { windows, left }
}

const convolveTransposed = (op: string, image: Node, filter: Node, options: ConvTransposeOptions): Node => {
  const layout = oneOf(op, 'layout', options.layout ?? 'NHWC', ['NHWC', 'NCHW'])
  const { x, w, groups } = operandsOf(op, image, filter, 4, layout, options.groups)
  const [channels, filters] = [x.shape.at(-1), w.shape.at(-1)] as [number, number]
  const both = `(${showShape(image.shape)} and ${showShape(filter.shape)})`
  if (channels !== filters)
    throw misfit(op, `${filters} filters are not the ${channels} channels of the image ${both}`, image, filter)
  if (filters % groups !== 0) throw misfit(op, `${groups} groups do not divide ${filters} filters`, image, filter)
  const { windows, left } = leftOf(op, image, x.shape.slice(1, -1), w, options)
  // [g, n, h, w, kh, kw, f / g] as [n, h, kh, w, kw, g, f / g]
  const products = graph.dotGeneral([grouped(x, groups), grouped(w, groups)], {
    batch: [[3], [3]],
    contract: [[4], [4]],
  })
  const y = graph.overlapAdd([graph.transpose([products], { perm: [1, 2, 4, 3, 5, 0, 6] })], {
    ...windows,
    extents: left.map((l) => l.extent),
  })
  const cut = graph.slice([y], {
    start: [0, ...left.map((l) => l.from), 0, 0],
    limit: [y.shape[0] as number, ...left.map((l) => l.to), groups, w.shape[2] as number],
    step: [1, 1, 1, 1, 1],
  })
  const out = graph.reshape([cut], { shape: [...cut.shape.slice(0, 3), groups * (w.shape[2] as number)] })
  return isChannelsFirst(layout) ? channelsFirst(out) : out
}

/**
 * What conv2d with the same filters and options gives its image as cotangent: filters [kh, kw, f/groups, c] spread each element
 * of an image [n, h, w, c] over a window of the result [n, oh, ow, f], oh = (h − 1)·stride + (k − 1)·dilation + 1 − pads +
 * outputPadding; with pads `same` h·stride. In layout NCHW the filters are [c, f/groups, kh, kw]. Errors as in conv2d.
 * @example
 * const [x, w] = [input('x', [64, 7, 7, 16]), param('w', [4, 4, 8, 16], glorotUniform)]
 * console.log(convTranspose2d(x, w, { stride: 2, pads: [[1, 1], [1, 1]] }).shape) // [ 64, 14, 14, 8 ]
 */
export const convTranspose2d: <X extends Expr, W extends Expr, const O extends ConvTransposeOptions = {}>(
  x: X,
  w: Checked<
    W,
    First<
      [
        CheckDType<'convTranspose2d', 'float', X['dtype']>,
        SameDType<'convTranspose2d', X['dtype'], W['dtype']>,
        Fits<ConvTransposed<'convTranspose2d', X['shape'], W['shape'], O>>,
      ]
    >
  >,
  options?: O,
) => Expr<ShapeOf<ConvTransposed<'convTranspose2d', X['shape'], W['shape'], O>>, X['dtype']> = typed(
  (x: Node, w: Node, options: ConvTransposeOptions = {}) => convolveTransposed('convTranspose2d', x, w, options),
)
