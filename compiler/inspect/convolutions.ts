/**
 * Convolutions and poolings as a reader knows them. In: a node. Out: how it is read where it is a product with windows of an image
 * (`x ∗ k`), what such a product gives back (`δ ∗ᵀ k`), or a reduction of windows (`maxpool(x, 2 × 2)`); null where it is none.
 * Invariant: a border of zeros is not written, as a reshape is not: the shapes in the margin tell of it.
 */
import { range } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import type { Windows } from '../../src/ops/windows.ts'
import { behind, isFull, type Reading } from './behind.ts'
import { type Doc, juxtaposed, linear, mul, render, text } from './doc.ts'

/** The image of windows along the axes behind the first, without its border. */
const imageOf = (windows: Node | undefined): Node | null => {
  if (windows?.op !== 'windows' || windows.shape.length !== 2 + 2 * paramsOf(windows, 'windows').axes.length)
    return null
  if (paramsOf(windows, 'windows').axes.some((a, i) => a !== i + 1)) return null
  const inside = windows.ins[0] as Node
  if (inside.op !== 'pad') return inside
  const { interior, value } = paramsOf(inside, 'pad')
  return value === 0 && interior.every((k) => k === 0) ? (inside.ins[0] as Node) : inside
}

const isOnes = (list: readonly number[]): boolean => list.every((k) => k === 1)

const paceText = ({ stride, dilation }: Windows): string =>
  [
    ...(isOnes(stride) ? [] : [`, every ${stride.join(', ')}`]),
    ...(isOnes(dilation) ? [] : [`, ${dilation.join(', ')} apart`]),
  ].join('')

/** `x ∗ k`; with its pace where that is not step by step. */
const product = (reads: readonly [Node, Node], sign: string, name: string, pace: Windows): Reading => ({
  reads,
  same: false,
  build: (docs) =>
    linear(docs, false, (ins) => {
      const plain = paceText(pace)
      const [x, y] = ins.map((p) => (p.precedence < 2 ? `(${p.text})` : p.text))
      return plain === ''
        ? { text: `${x} ${sign} ${y}`, precedence: juxtaposed }
        : { text: `${name}(${ins.map((p) => p.text).join(', ')}${plain})`, precedence: 4 }
    }),
})

const isList = (a: readonly number[], b: readonly number[]): boolean => a.join() === b.join()

/** A product of an image's windows with filters, or with the errors of its result, for the filters' gradient. */
const readProduct = (n: Node): Reading | null => {
  const [windows, other] = n.ins
  const image = n.op === 'dotGeneral' ? imageOf(windows) : null
  if (image === null || windows === undefined || other === undefined) return null
  const { batch, contract } = paramsOf(n, 'dotGeneral')
  const rank = paramsOf(windows, 'windows').axes.length
  const kernel = range(rank)
  const ofFilters = [[...kernel.map((i) => 2 + 2 * i), 1 + 2 * rank], range(rank + 1)] as const
  const ofErrors = [[0, ...kernel.map((i) => 1 + 2 * i)], range(rank + 1)] as const
  const is = (c: readonly [readonly number[], readonly number[]]): boolean =>
    isList(contract[0], c[0]) && isList(contract[1], c[1])
  if (batch[0].length > 0 || !(is(ofFilters) || is(ofErrors))) return null
  const { stride, dilation, ...pace } = paramsOf(windows, 'windows')
  // the errors lie as far apart as the windows did
  const moved = is(ofFilters) ? { stride, dilation } : { stride: dilation, dilation: stride }
  return product([image, other], '∗', 'conv', { ...pace, ...moved })
}

/** What comes back to the image: errors times filters, each window where it lay. */
const readBack = (n: Node): Reading | null => {
  const turned = n.op === 'overlapAdd' ? n.ins[0] : undefined
  const dot = turned?.op === 'transpose' ? turned.ins[0] : undefined
  if (dot?.op !== 'dotGeneral') return null
  const { batch, contract } = paramsOf(dot, 'dotGeneral')
  const [errors, filters] = dot.ins as readonly [Node, Node]
  const isLast = isList(contract[0], [errors.shape.length - 1]) && isList(contract[1], [filters.shape.length - 1])
  return batch[0].length === 0 && isLast ? product([errors, filters], '∗ᵀ', 'convᵀ', paramsOf(n, 'overlapAdd')) : null
}

/** The extents of windows that lie side by side: [n, h, w, c] as [n, h / 2, 2, w / 2, 2, c]. */
const tiledBy = (
  tiles: Node,
  axes: readonly number[],
): { readonly image: Node; readonly size: readonly number[] } | null => {
  const image = tiles.op === 'reshape' ? (tiles.ins[0] as Node) : null
  if (image?.shape.length !== 4 || !isList(axes, [2, 4]) || tiles.shape.length !== 6) return null
  const [n, h, kh, w, kw, c] = tiles.shape as readonly [number, number, number, number, number, number]
  return isList(image.shape, [n, h * kh, w * kw, c]) ? { image, size: [kh, kw] } : null
}

const poolNames = { firstMax: 'maxpool', mean: 'avgpool' } as const

const readPooling = (n: Node): Reading | null => {
  if (n.op !== 'firstMax' && n.op !== 'mean') return null
  const { axes, keepDims } = paramsOf(n, n.op)
  const inside = n.ins[0] as Node
  const moved = imageOf(inside)
  const pace = moved === null ? null : paramsOf(inside, 'windows')
  const found =
    moved !== null &&
    pace !== null &&
    isList(
      axes,
      pace.axes.map((a, i) => a + i + 1),
    )
      ? { image: moved, size: pace.size }
      : tiledBy(inside, axes)
  if (found === null || keepDims) return null
  const usual = pace === null || isList(pace.stride, pace.size)
  const apart = pace === null || isOnes(pace.dilation) ? '' : `, ${pace.dilation.join(', ')} apart`
  const told = `${usual ? '' : `, every ${pace.stride.join(', ')}`}${apart}`
  const name = poolNames[n.op]
  return {
    reads: [found.image],
    same: false,
    build: (docs) => {
      const [x] = docs.map(render)
      return text({ text: `${name}(${x?.text}, ${found.size.join(' × ')}${told})`, precedence: 4 })
    },
  }
}

/** The tiles and their greatest elements, where a condition holds for the first of these in each tile. */
const firstOf = (condition: Node): { readonly tiles: Node; readonly most: Node } | null => {
  const least = condition.op === 'equal' ? condition.ins.map(behind).find((x) => x.op === 'min') : undefined
  const places = least?.ins[0]
  const equal = places?.op === 'where' ? places.ins[0] : undefined
  const isCounted = condition.ins.some((x) => unshaped(x).op === 'iota')
  const [tiles, most] = equal?.op === 'equal' && isCounted ? equal.ins : []
  return tiles === undefined || most === undefined ? null : { tiles, most: behind(most) }
}

const unshaped = (n: Node): Node => {
  let at = n
  while (at.op === 'reshape' || at.op === 'broadcastTo') at = at.ins[0] as Node
  return at
}

/** What comes back from a maximum of tiles goes to their greatest elements: δ · 1[x = maxpool(x, 2 × 2)]. */
const readUnpooling = (n: Node): Reading | null => {
  const chosen = n.op === 'reshape' ? n.ins[0] : undefined
  const [condition, errors, none] = chosen?.op === 'where' ? chosen.ins : []
  const first = condition === undefined ? null : firstOf(condition)
  if (first === null || errors === undefined || none === undefined || !isFull(none, 0)) return null
  const image = first.tiles.op === 'reshape' ? (first.tiles.ins[0] as Node) : null
  if (image === null || !isList(image.shape, n.shape) || readPooling(first.most) === null) return null
  return {
    reads: [behind(errors).op === 'reshape' ? (behind(errors).ins[0] as Node) : errors, image, first.most],
    same: false,
    build: ([e, x, m]) => {
      const indicator = text({ text: `1[${render(x as Doc).text} = ${render(m as Doc).text}]`, precedence: 4 })
      return mul({ doc: e as Doc, scalar: false }, { doc: indicator, scalar: false })
    },
  }
}

export const readConvolution = (n: Node): Reading | null =>
  readProduct(n) ?? readBack(n) ?? readPooling(n) ?? readUnpooling(n)
