/**
 * Clipping of gradients by their norm over all parameters. In: gradients, as a list or under names. Out: the same structure.
 * Invariant: gradients whose norm is within the bound are left as they are (scaled by exactly 1).
 */
import { numberOf } from '../expr/arguments.ts'
import { range } from '../core/shape.ts'
import type { Expr, Node } from '../expr/expr.ts'
import { graph, literal, shapeError } from '../expr/node.ts'

const squares = (g: Node): Node => graph.sum([graph.square([g])], { axes: range(g.shape.length), keepDims: false })

/** √ Σ g² over all elements of all gradients. */
export const globalNorm = (gradients: readonly Node[]): Expr<readonly []> => {
  const [first, ...rest] = gradients.map(squares)
  if (first === undefined) throw shapeError({ code: 'E_OPTIMIZER', sentence: 'globalNorm: no gradient given' }, [])
  return graph.sqrt([rest.reduce((total, s) => graph.add([total, s]), first)]) as Expr<readonly []>
}

/**
 * Scales all gradients by max / maximum(‖g‖, max), ‖g‖ the norm over all of them. Pascanu, Mikolov, Bengio, "On the difficulty
 * of training recurrent neural networks" (2013), algorithm 1.
 * @example
 * const w = param('w', [3], ones)
 * print(clipByGlobalNorm(grad(sum(square(w)), [w]), 5)) // [0] = 2 · 5 · w / max(‖2 · w‖, 5)  [3]
 */
export const clipByGlobalNorm = <const G extends readonly Node[] | Readonly<Record<string, Node>>>(
  gradients: G,
  max: number,
): G => {
  const all = Object.values(gradients) as readonly Node[]
  const norm = globalNorm(all)
  const bound = literal(numberOf('clipByGlobalNorm', 'the bound', max, 'a number above 0'), norm.dtype)
  const scale = graph.div([bound, graph.maximum([norm, bound])])
  const scaled = (g: Node): Node => graph.mul([g, scale])
  // a list or a record of the same keys: only the type checker cannot see that mapping keeps which of both it is
  return (Array.isArray(gradients)
    ? gradients.map(scaled)
    : Object.fromEntries(Object.entries(gradients).map(([k, g]) => [k, scaled(g)]))) as unknown as G
}
