/**
 * Contractions take transposes up into their axes. In: dotGeneral and its surroundings. Out: fewer movements, or an
 * elementwise product. Invariant: the same products are summed, in the order of the contracted axes as before.
 */
import { isFloat } from '../../../src/core/dtype.ts'
import { equalShapes, range, type Shape, sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, paramsOf } from '../../../src/expr/node.ts'
import { type DotAxes, freeAxes } from '../../../src/ops/contraction.ts'
import { conform, operand, pair, reshaped, type Rule, x } from '../rule.ts'

const isAscending = (list: readonly number[]): boolean => list.every((a, i) => i === 0 || a > (list[i - 1] as number))

const freeOf = (node: Node, side: 0 | 1): readonly number[] => {
  const { batch, contract } = paramsOf(node, 'dotGeneral')
  return freeAxes((node.ins[side] as Node).shape.length, batch[side], contract[side])
}

const onSide = (p: DotAxes, side: 0 | 1, f: (axes: readonly number[]) => readonly number[]): DotAxes => ({
  batch: side === 0 ? [f(p.batch[0]), p.batch[1]] : [p.batch[0], f(p.batch[1])],
  contract: side === 0 ? [f(p.contract[0]), p.contract[1]] : [p.contract[0], f(p.contract[1])],
})

const dotTranspose: Rule = {
  name: 'dot-transpose',
  bookkeeping: true,
  roots: ['dotGeneral'],
  when: 'always',
  law: 'dot(xᵀ, y) → dot(x, y) over the axes where they came from',
  apply: (node) => {
    const p = paramsOf(node, 'dotGeneral')
    for (const side of [0, 1] as const) {
      const t = node.ins[side] as Node
      if (t.op !== 'transpose') continue
      const { perm } = paramsOf(t, 'transpose')
      if (!isAscending(freeOf(node, side).map((a) => perm[a] as number))) continue
      const ins = node.ins.toSpliced(side, 1, operand(t)) as unknown as readonly [Node, Node]
      return graph.dotGeneral(
        ins,
        onSide(p, side, (axes) => axes.map((a) => perm[a] as number)),
      )
    }
    return null
  },
  examples: () => [
    { node: graph.dotGeneral([transposed(x('x', 3, 2)), x('y', 3, 5)], plain(1, 0)) },
    { node: graph.dotGeneral([x('x', 2, 3), transposed(x('y', 5, 3))], plain(1, 0)) },
    {
      node: graph.dotGeneral([graph.transpose([x('x', 3, 7, 2)], { perm: [1, 2, 0] }), x('y', 7, 3, 5)], {
        batch: [[0], [0]],
        contract: [[2], [1]],
      }),
    },
  ],
}

const plain = (a: number, b: number): DotAxes => ({ batch: [[], []], contract: [[a], [b]] })
const transposed = (n: Node): Node => graph.transpose([n], { perm: [1, 0] })

const transposeDot: Rule = {
  name: 'transpose-dot',
  bookkeeping: true,
  roots: ['transpose'],
  when: 'always',
  law: '(x y)ᵀ → yᵀ xᵀ, the axes taken up by the product',
  apply: (node, { once }) => {
    const d = operand(node)
    if (d.op !== 'dotGeneral' || !once(d)) return null
    const { batch, contract } = paramsOf(d, 'dotGeneral')
    const [nb, nx, ny] = [batch[0].length, freeOf(d, 0).length, freeOf(d, 1).length]
    const swapped = [...range(nb), ...range(ny).map((i) => nb + nx + i), ...range(nx).map((i) => nb + i)]
    const { perm } = paramsOf(node, 'transpose')
    if (!perm.every((q, i) => q === swapped[i])) return null
    const [a, b] = pair(d)
    return graph.dotGeneral([b, a], { batch: [batch[1], batch[0]], contract: [contract[1], contract[0]] })
  },
  examples: () => [
    { node: transposed(graph.dotGeneral([x('x', 2, 3), x('y', 3, 5)], plain(1, 0))) },
    {
      node: graph.transpose(
        [graph.dotGeneral([x('x', 7, 2, 3), x('y', 7, 3, 5)], { batch: [[0], [0]], contract: [[2], [1]] })],
        { perm: [0, 2, 1] },
      ),
    },
  ],
}

/** Contracted axes of extent 1 sum nothing. */
const dotOuter: Rule = {
  name: 'dot-extent-one',
  bookkeeping: true,
  roots: ['dotGeneral'],
  when: 'zeroSign',
  law: 'x [m,1] times y [1,n] → x · y',
  apply: (node) => {
    const { batch, contract } = paramsOf(node, 'dotGeneral')
    const [a, b] = pair(node)
    if (contract[0].length === 0 || sizeOf(contract[0].map((i) => a.shape[i] as number)) !== 1) return null
    if (!isAscending(batch[0]) || !isAscending(batch[1]) || !batch[0].every((i, k) => i === k && batch[1][k] === k))
      return null
    const lead = batch[0].map((i) => a.shape[i] as number)
    const extents = (n: Node, side: 0 | 1): Shape => freeOf(node, side).map((i) => n.shape[i] as number)
    const [fx, fy] = [extents(a, 0), extents(b, 1)]
    const left = reshaped(a, [...lead, ...fx, ...fy.map(() => 1)])
    const right = reshaped(b, [...lead, ...fx.map(() => 1), ...fy])
    return conform(graph.mul([left, right]), node.shape)
  },
  examples: () => [
    { node: graph.dotGeneral([x('x', 2, 1), x('y', 1, 3)], plain(1, 0)) },
    { node: graph.dotGeneral([x('x', 5, 1), x('y', 5, 1, 3)], { batch: [[0], [0]], contract: [[1], [1]] }) },
  ],
}

/** Nothing is summed, and one operand has nothing but what both share: each of its numbers multiplies a whole row. */
const dotScalar: Rule = {
  name: 'dot-scalar',
  bookkeeping: true,
  roots: ['dotGeneral'],
  when: 'zeroSign',
  law: 'a scalar times y, as a product without axes → x · y',
  apply: (node) => {
    const { batch, contract } = paramsOf(node, 'dotGeneral')
    if (contract[0].length > 0 || !batch.every((axes) => axes.every((a, i) => a === i))) return null
    const [a, b] = pair(node)
    const nb = batch[0].length
    if (a.shape.length > nb && b.shape.length > nb) return null
    const wide = (n: Node): Node =>
      reshaped(n, [...n.shape, ...new Array<number>(node.shape.length - n.shape.length).fill(1)])
    return conform(graph.mul([wide(a), wide(b)]), node.shape)
  },
  examples: () => [
    { node: graph.dotGeneral([x('x'), x('y', 2, 3)], { batch: [[], []], contract: [[], []] }) },
    { node: graph.dotGeneral([x('x', 5), x('y')], { batch: [[], []], contract: [[], []] }) },
    { node: graph.dotGeneral([x('x', 5), x('y', 5, 3)], { batch: [[0], [0]], contract: [[], []] }) },
  ],
}

/** A matrix repeated for every member of a batch: one flat product. */
const dotBroadcast: Rule = {
  name: 'dot-broadcast',
  roots: ['dotGeneral'],
  when: 'always',
  law: 'dot(x, broadcast w) over a batch → dot(x, w)',
  apply: (node) => {
    const { batch, contract } = paramsOf(node, 'dotGeneral')
    const [a, b] = pair(node)
    const nb = batch[0].length
    if (nb === 0 || b.op !== 'broadcastTo') return null
    const w = operand(b)
    const lead = b.shape.length - w.shape.length
    const repeated = (axis: number): boolean => axis < lead || w.shape[axis - lead] === 1
    const rest = range(b.shape.length).filter((i) => !batch[1].includes(i))
    const whole = rest.every((i) => i >= lead && w.shape[i - lead] === b.shape[i])
    // the batch axes of x stand before its free axes, so they may become free axes themselves
    const inFront = isAscending([...batch[0], ...freeOf(node, 0)])
    if (!batch[1].every(repeated) || !whole || !inFront) return null
    const flat = reshaped(
      w,
      rest.map((i) => b.shape[i] as number),
    )
    return graph.dotGeneral([a, flat], {
      batch: [[], []],
      contract: [contract[0], contract[1].map((i) => rest.indexOf(i))],
    })
  },
  examples: () => [
    {
      node: graph.dotGeneral([x('x', 7, 2, 3), graph.broadcastTo([x('w', 3, 5)], { shape: [7, 3, 5] })], {
        batch: [[0], [0]],
        contract: [[2], [1]],
      }),
    },
  ],
}

/** The parts of a concatenation along an axis; null for other nodes. */
const partsAlong = (n: Node, axis: number): readonly Node[] | null =>
  n.op === 'concat' && paramsOf(n, 'concat').axis === axis ? n.ins : null

/** Rows and columns put together of parts that fit: nothing has to be copied. */
const dotConcats: Rule = {
  name: 'dot-concats',
  roots: ['dotGeneral'],
  when: 'refines',
  law: '[x, y] times [u; v] → x u + y v, where the parts fit and copying them costs more than the sum',
  apply: (node) => {
    const p = paramsOf(node, 'dotGeneral')
    const [a, b] = pair(node)
    for (const [k, axis] of p.contract[0].entries()) {
      const other = p.contract[1][k] as number
      const [xs, ys] = [partsAlong(a, axis), partsAlong(b, other)]
      if (xs === null || ys === null || xs.length !== ys.length) continue
      if (!xs.every((n, i) => n.shape[axis] === ys[i]?.shape[other])) continue
      const copied = sizeOf(a.shape) + sizeOf(b.shape)
      if (2 * (xs.length - 1) * (sizeOf(node.shape) + 3) > copied) continue
      return xs
        .map((n, i) => graph.dotGeneral([n, ys[i] as Node], p))
        .reduce((sum, product) => graph.add([sum, product]))
    }
    return null
  },
  examples: () => {
    const [u, v] = [x('u', 7, 2), x('v', 5, 2)]
    const plainly = plain(1, 0)
    return [
      {
        node: graph.dotGeneral(
          [graph.concat([x('x', 3, 7), x('y', 3, 5)], { axis: 1 }), graph.concat([u, v], { axis: 0 })],
          plainly,
        ),
        domain: { x: [-3, 3], y: [-3, 3], u: [-3, 3], v: [-3, 3] },
      },
    ]
  },
}

const besides = (n: Node, axis: number): Shape => n.shape.filter((_, i) => i !== axis)

/** Two products of one shape, summed: one longer product, where the result is large and what is multiplied is small. */
const addDots: Rule = {
  name: 'add-dots',
  roots: ['add'],
  when: 'refines',
  law: 'x u + y v → [x, y] times [u; v], where copying the parts costs less than the sum',
  apply: (node, { once }) => {
    const [d, e] = pair(node)
    if (d.op !== 'dotGeneral' || e.op !== 'dotGeneral' || !once(d) || !once(e)) return null
    const [p, q] = [paramsOf(d, 'dotGeneral'), paramsOf(e, 'dotGeneral')]
    const [axis, other] = [p.contract[0][0], p.contract[1][0]]
    if (axis === undefined || other === undefined || p.contract[0].length > 1 || !isFloat(node.dtype)) return null
    if (JSON.stringify(p) !== JSON.stringify(q) || !equalShapes(d.shape, e.shape)) return null
    const [[a, b], [s, t]] = [pair(d), pair(e)]
    if (!equalShapes(besides(a, axis), besides(s, axis)) || !equalShapes(besides(b, other), besides(t, other)))
      return null
    const copied = [a, b, s, t].reduce((total, n) => total + sizeOf(n.shape), 0)
    // a sum that a kernel adds as it stores costs little; a copy is written and read
    if (4 * copied > sizeOf(node.shape)) return null
    return graph.dotGeneral([graph.concat([a, s], { axis }), graph.concat([b, t], { axis: other })], p)
  },
  examples: () => [
    {
      node: graph.add([
        graph.dotGeneral([x('x', 29, 1), x('u', 1, 31)], { batch: [[], []], contract: [[1], [0]] }),
        graph.dotGeneral([x('y', 29, 1), x('v', 1, 31)], { batch: [[], []], contract: [[1], [0]] }),
      ]),
    },
  ],
}

/** A vector times itself is the square of its length, under the name that the rules for norms know. */
const dotSelf: Rule = {
  name: 'dot-self',
  roots: ['dotGeneral'],
  when: 'refines',
  law: 'xᵀ x → Σ x², where all axes are summed but those of the batch',
  apply: (node) => {
    const [a, b] = pair(node)
    if (a !== b || !isFloat(node.dtype)) return null
    const { batch, contract } = paramsOf(node, 'dotGeneral')
    const inOrder = isAscending(batch[0]) && batch[0].every((axis, i) => axis === batch[1][i])
    const same = contract[0].every((axis, i) => axis === contract[1][i])
    if (!inOrder || !same || batch[0].length + contract[0].length !== a.shape.length) return null
    return graph.sum([graph.square([a])], { axes: contract[0].toSorted((p, q) => p - q), keepDims: false })
  },
  examples: () => {
    const [v, m] = [x('x', 5), x('y', 2, 3)]
    return [
      { node: graph.dotGeneral([v, v], { batch: [[], []], contract: [[0], [0]] }) },
      { node: graph.dotGeneral([m, m], { batch: [[0], [0]], contract: [[1], [1]] }) },
      {
        node: graph.dotGeneral([m, m], {
          batch: [[], []],
          contract: [
            [1, 0],
            [1, 0],
          ],
        }),
      },
    ]
  },
}

export const contractionRules: readonly Rule[] = [
  dotSelf,
  dotTranspose,
  transposeDot,
  dotBroadcast,
  dotOuter,
  dotScalar,
  dotConcats,
  addDots,
]
