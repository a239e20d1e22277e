/**
 * Windows of a padded image as windows that reach over the image. In: an operand of a product. Out: the same without the
 * padding, where the product can leave out what is not there; or null.
 * Invariant: the same sums but for products with the zeros of the padding, which are left out; no operand needs a copy that
 * needed none.
 */
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, paramsOf } from '../../src/expr/node.ts'
import { countAxis, ownAxis } from '../../src/ops/windows.ts'
import { resolve } from './view.ts'

/** The image behind a padding by zeros along some axes alone, and how many before and behind each of them. */
const unpadded = (
  x: Node,
  axes: readonly number[],
): { readonly image: Node; readonly around: readonly (readonly [number, number])[] } | null => {
  if (x.op !== 'pad') return null
  const { low, high, interior, value } = paramsOf(x, 'pad')
  const isElsewhere = low.some((n, a) => !axes.includes(a) && (n !== 0 || high[a] !== 0))
  if (value !== 0 || isElsewhere || interior.some((n) => n !== 0)) return null
  if ([...low, ...high].some((n) => n < 0)) return null
  return { image: x.ins[0] as Node, around: axes.map((a) => [low[a] as number, high[a] as number]) }
}

/**
 * Of windows or of what lies in them, one has to be summed and the other not. An image whose windows follow each other element
 * by element is better padded: vectors run along the windows then, and a vector is there or not as a whole.
 */
export const reaching = (x: Node, free: readonly number[], contract: readonly number[]): Node | null => {
  if (x.op !== 'windows') return null
  const p = paramsOf(x, 'windows')
  const found = unpadded(x.ins[0] as Node, p.axes)
  const place = found === null ? null : resolve(found.image)
  if (found === null || place === null || p.around !== undefined) return null
  // a literal is no memory
  if (place.base.op === 'full' || place.base.op === 'iota') return null
  const isPair = (m: number, n: number): boolean => free.includes(m) && contract.includes(n)
  const isSayable = p.axes.every((axis, i) => {
    const [count, own] = [countAxis(p, i), ownAxis(p, i)]
    return place.view.strides[axis] !== 1 && (isPair(count, own) || isPair(own, count))
  })
  return isSayable ? b.windows([found.image], { ...p, around: found.around }) : null
}
