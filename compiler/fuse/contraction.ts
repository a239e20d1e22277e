/**
 * A contraction group as a ContractionKernel. In: the group. Out: one matrix product with its epilogue.
 * Invariant: A is rows by k and B is k by columns, where an index has as few digits as the strides of its axes allow; the
 * epilogue runs on finished elements only.
 */
import { InternalError } from '../../src/core/errors.ts'
import { isFloat } from '../../src/core/dtype.ts'
import { stridesOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { countAxis, ownAxis } from '../../src/ops/windows.ts'
import type { ContractionKernel, Edge, Operand, Store, Value } from '../kernel/kernel.ts'
import { splitK } from '../kernel/pieces.ts'
import { freeValue, makeBody, makeBuffers, storeOf } from './body.ts'
import { epilogueStrides, productDims } from './epilogue.ts'
import type { FusedKernel } from '../program/fused.ts'
import { type Group, productOf, useOf, walkedShape } from './group.ts'
import { type Inlining, isFree } from './inline.ts'
import { prune } from './prune.ts'
import { stripView } from './shape.ts'
import { type Place, resolve, rowMajor } from './view.ts'

/** Digits of an index, and the strides of some operands along them. */
interface Digits {
  readonly extents: readonly number[]
  readonly strides: readonly (readonly number[])[]
  /** Which digit each of the axes is that are apart. */
  readonly apart: readonly number[]
}

/**
 * Axes walked together, in row-major order, as digits: neighbours become one where one stride does for every operand, but
 * those that are `apart`, which windows with edges run along.
 */
const digitsOf = (
  extents: readonly number[],
  operands: readonly (readonly number[])[],
  apart: readonly number[],
): Digits => {
  const digits: { extent: number; strides: readonly number[]; apart: number }[] = []
  extents.forEach((extent, i) => {
    const own = apart.indexOf(i)
    if (extent === 1 && own < 0) return
    const strides = operands.map((s) => s[i] as number)
    const above = digits.at(-1)
    const isOne = own < 0 && above?.apart === -1 && strides.every((s, o) => above.strides[o] === s * extent)
    if (isOne) digits[digits.length - 1] = { extent: above.extent * extent, strides, apart: -1 }
    else digits.push({ extent, strides, apart: own })
  })
  if (digits.length === 0 || extents.includes(0))
    return { extents: [extents.includes(0) ? 0 : 1], strides: operands.map(() => [0]), apart: [] }
  return {
    extents: digits.map((d) => d.extent),
    strides: operands.map((_, o) => digits.map((d) => d.strides[o] as number)),
    apart: apart.map((_, e) => digits.findIndex((d) => d.apart === e)),
  }
}

/** The edges of an operand of windows, with the axes of the operand in the place of digits. */
const edgesOf = (x: Node): readonly Edge[] => {
  if (x.op === 'transpose') {
    const { perm } = paramsOf(x, 'transpose')
    return edgesOf(x.ins[0] as Node).map((e) => ({
      ...e,
      across: perm.indexOf(e.across),
      inner: perm.indexOf(e.inner),
    }))
  }
  if (x.op !== 'windows') return []
  const p = paramsOf(x, 'windows')
  return (p.around ?? []).flatMap(([low, high], i) =>
    low === 0 && high === 0
      ? []
      : [
          {
            across: countAxis(p, i),
            inner: ownAxis(p, i),
            step: p.stride[i] as number,
            dilation: p.dilation[i] as number,
            low,
            extent: (x.ins[0] as Node).shape[p.axes[i] as number] as number,
          },
        ],
  )
}

const placeOf = (x: Node): Place => {
  const place = resolve(x)
  if (place === null) throw new InternalError('a product operand was not lowered')
  return place
}

export const contractionKernel = (
  group: Group,
  inlining: Inlining,
  stored: (n: Node) => boolean,
  name: string,
): FusedKernel => {
  const product = productOf(group)
  if (!isFloat(product.dtype)) throw new InternalError('a product of integers was not lowered')
  const buffers = makeBuffers()
  const { batch: batchAxes, contract } = paramsOf(product, 'dotGeneral')
  const dims = productDims(product)
  const [x, y] = product.ins as readonly [Node, Node]
  const [left, right] = [placeOf(x), placeOf(y)]
  const along = ({ view }: Place, axes: readonly number[]): readonly number[] =>
    axes.map((i) => view.strides[i] as number)
  const extents = (n: Node, axes: readonly number[]): readonly number[] => axes.map((i) => n.shape[i] as number)
  const edges = [edgesOf(x), edgesOf(y)] as const
  /** A window's number, or an element of it, may be counted across or summed, whichever way round. */
  const turned = (e: Edge, summed: readonly number[]): Edge =>
    summed.includes(e.inner) ? e : { ...e, across: e.inner, inner: e.across, step: e.dilation, dilation: e.step }
  const [edgesA, edgesB] = [
    edges[0].map((e) => turned(e, contract[0])),
    edges[1].map((e) => turned(e, contract[1])),
  ] as const
  const apart = (own: readonly Edge[], key: 'across' | 'inner', axes: readonly number[]): readonly number[] =>
    own.map((e) => axes.indexOf(e[key]))
  const rows = digitsOf(extents(x, dims.freeA), [along(left, dims.freeA)], apart(edgesA, 'across', dims.freeA))
  const columns = digitsOf(extents(y, dims.freeB), [along(right, dims.freeB)], apart(edgesB, 'across', dims.freeB))
  const inner = digitsOf(
    extents(x, contract[0]),
    [along(left, contract[0]), along(right, contract[1])],
    [...apart(edgesA, 'inner', contract[0]), ...apart(edgesB, 'inner', contract[1])],
  )
  const edged = (own: readonly Edge[], across: Digits, from: number): Pick<Operand, 'edges'> =>
    own.length === 0 || [rows, columns, inner].some((d) => d.extents.includes(0))
      ? {}
      : {
          edges: own.map((e, i) => ({
            ...e,
            across: across.apart[i] as number,
            inner: inner.apart[from + i] as number,
          })),
        }
  const operandOf = (
    place: Place,
    axes: readonly number[],
    digits: Omit<Operand, 'buffer' | 'offset' | 'batch'>,
  ): Operand => {
    const wide = dims.wide.map((i) => axes[i] as number)
    return { buffer: buffers.read(place.base), offset: place.view.offset, batch: along(place, wide), ...digits }
  }
  const [[aRow = []], [bCol = []], [aCol = [], bRow = []]] = [rows.strides, columns.strides, inner.strides]
  const a = operandOf(left, batchAxes[0], { row: aRow, col: aCol, ...edged(edgesA, rows, 0) })
  const b = operandOf(right, batchAxes[1], { row: bRow, col: bCol, ...edged(edgesB, columns, edgesA.length) })

  const body = makeBody()
  const memo = new Map<Node, Value>()
  const valueOf = (n: Node): Value => {
    const known = memo.get(n)
    if (known !== undefined) return known
    const value =
      n === product
        ? body.emit({ tag: 'accumulator', dtype: n.dtype as 'f32' | 'f64' })
        : body.apply(
            n,
            n.ins.map((i) => operand(i, n)),
          )
    memo.set(n, value)
    return value
  }
  const operand = (i: Node, user: Node): Value => {
    if (inlining.inlined(i) && !isFree(i)) return valueOf(i)
    const { base, view } = useOf(i, walkedShape(user))
    if (group.anchors.has(base)) return valueOf(base)
    const strides = epilogueStrides(product, view)
    if (strides === null && !isFree(i)) throw new InternalError('an epilogue operand has no row and column stride')
    const access = { offset: view.offset, strides: strides ?? [] }
    return isFree(i) ? freeValue(body, base, access) : body.load(buffers.read(base), base.dtype, access)
  }

  const place =
    epilogueStrides(product, stripView(rowMajor(product.shape))) ?? stridesOf([...dims.batch, dims.m, dims.n])
  const stores: Store[] = []
  const [sums] = [...group.anchors].flatMap(([n, level]) => (level === 'row' && stored(n) ? [n] : []))
  for (const [n, level] of group.anchors) {
    if (level === 'row') continue
    // in order, so that no chain of anchors is followed by recursion
    valueOf(n)
    if (stored(n)) stores.push(storeOf(buffers.write(n), { offset: 0, strides: place }, valueOf(n)))
  }

  const pieces = splitK(inner.extents)
  const partial = pieces.length > 1 ? buffers.scratch(product, dims.m * dims.n) : -1
  const { body: wanted, at } = prune(
    body.instrs(),
    stores.map((x) => x.value),
  )
  const kernel: ContractionKernel = {
    tag: 'contraction',
    name,
    dtype: product.dtype,
    batch: dims.batch,
    m: dims.m,
    n: dims.n,
    k: dims.k,
    rows: rows.extents,
    columns: columns.extents,
    inner: inner.extents,
    pieces,
    a,
    b,
    body: wanted,
    stores: stores.map((x) => ({ ...x, value: at(x.value) })),
    ...(sums === undefined
      ? {}
      : { columnSums: { buffer: buffers.write(sums), access: { offset: 0, strides: [0, 1] } } }),
    partial,
    buffers: buffers.list(),
  }
  return { tag: 'kernel', kernel, slots: buffers.slots(), anchors: [...group.anchors.keys()] }
}
