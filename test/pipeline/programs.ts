/**
 * Random well-typed programs. In: a seed. Out: roots over f32 inputs, with values for the inputs.
 * Invariant: every op family of the language can appear; values stay moderate, so that an f32 result is near the f64 one.
 */
import { range, type Shape, sizeOf } from '../../src/core/shape.ts'
import { cond } from '../../src/expr/cond.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b } from '../../src/expr/node.ts'
import { whileLoop } from '../../src/expr/while.ts'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'
import { stream } from '../random.ts'

export interface Program {
  readonly roots: readonly Node[]
  readonly env: ReadonlyMap<Node, Tensor>
}

/** A stream of choices: integers below a bound. */
type Choose = (bound: number) => number

const extents = [1, 1, 2, 3, 4, 5, 7, 16, 17] as const

const shapeOf = (choose: Choose): Shape => range(choose(4)).map(() => extents[choose(extents.length)] as number)

const unary = ['neg', 'abs', 'tanh', 'sigmoid', 'relu', 'square', 'sin', 'softplus', 'exp', 'copy', 'erf'] as const
const binary = ['add', 'sub', 'mul', 'maximum', 'minimum', 'squash'] as const

/** Keeps values in [−1, 1], so that chains neither overflow nor lose digits. */
const tame = (x: Node): Node => b.tanh([x])

const compatible = (x: Node, y: Node): boolean => {
  for (let i = 1; i <= Math.min(x.shape.length, y.shape.length); i++) {
    const [p, q] = [x.shape[x.shape.length - i], y.shape[y.shape.length - i]]
    if (p !== q && p !== 1 && q !== 1) return false
  }
  return sizeOf(x.shape) * sizeOf(y.shape) < 20_000
}

const someAxes = (choose: Choose, rank: number): readonly number[] => range(rank).filter(() => choose(2) === 0)

const shuffled = (choose: Choose, rank: number): readonly number[] => {
  const perm = [...range(rank)]
  for (let i = rank - 1; i > 0; i--) {
    const j = choose(i + 1)
    const [p, q] = [perm[i] as number, perm[j] as number]
    perm[i] = q
    perm[j] = p
  }
  return perm
}

const pairwise = (choose: Choose, x: Node, y: Node): Node => {
  const op = binary[choose(binary.length)] as (typeof binary)[number]
  if (!compatible(x, y)) return b.add([x, b.lit(0.5, 'f32')])
  if (op === 'squash') return b.where([b.less([x, y]), b.mul([x, y]), b.sub([y, x])])
  return b[op]([x, y])
}

const product = (choose: Choose, x: Node, y: Node): Node => {
  const pairs = x.shape.flatMap((d, i) => y.shape.flatMap((e, j) => (d === e ? [[i, j] as const] : [])))
  const pick = pairs[choose(Math.max(1, pairs.length))]
  if (pick === undefined || sizeOf(x.shape) * sizeOf(y.shape) > 20_000 * (x.shape[pick[0]] as number)) return b.neg([x])
  const more = pairs.find(([i, j]) => i !== pick[0] && j !== pick[1])
  const batch = more !== undefined && choose(2) === 0 ? ([[more[0]], [more[1]]] as const) : ([[], []] as const)
  return b.dotGeneral([x, y], { batch, contract: [[pick[0]], [pick[1]]] })
}

const moved = (choose: Choose, x: Node, y: Node): Node => {
  const rank = x.shape.length
  switch (choose(7)) {
    case 0:
      return b.transpose([x], { perm: shuffled(choose, rank) })
    case 1:
      return b.reshape([x], { shape: [sizeOf(x.shape)] })
    case 2:
      return b.reshape([x], { shape: [...x.shape.slice(0, 1), 1, ...x.shape.slice(1)] })
    case 3: {
      const start = x.shape.map((d) => choose(d))
      const step = x.shape.map(() => 1 + choose(2))
      return b.slice([x], { start, limit: x.shape, step })
    }
    case 4:
      return b.reverse([x], { axes: someAxes(choose, rank) })
    case 5:
      return b.pad([x], {
        low: x.shape.map(() => choose(2)),
        high: x.shape.map(() => choose(3)),
        interior: x.shape.map(() => choose(2)),
        value: 0.25,
      })
    default:
      return rank > 0 && y.shape.length === rank && x.shape.slice(1).join() === y.shape.slice(1).join()
        ? b.concat([x, y, x], { axis: 0 })
        : b.broadcastTo([x], { shape: [2, ...x.shape] })
  }
}

/** Indices for an axis of so many rows, some of them out of range: drawn, counted, or computed. */
const indicesFor = (choose: Choose, extent: number, x: Node): Node => {
  const rank = x.shape.length
  if (rank > 0 && choose(3) === 0) return b.argmax([x], { axis: choose(rank) })
  const shape = range(choose(3)).map(() => extents[choose(extents.length)] as number)
  if (shape.length > 0 && choose(4) === 0) return b.iota([], { shape, axis: choose(shape.length) })
  const data = Int32Array.from(range(sizeOf(shape)), () => choose(extent + 2) - 1)
  return b.constant([], { dtype: 'i32', shape, data })
}

/** Rows of x taken by indices, or added to a tensor of its rows. */
const indexed = (choose: Choose, x: Node, y: Node): Node => {
  const rank = x.shape.length
  if (rank === 0) return b.sin([x])
  const axis = choose(rank)
  const extent = x.shape[axis] as number
  if (choose(2) === 0) {
    const at = indicesFor(choose, extent, y)
    return sizeOf(at.shape) * sizeOf(x.shape) > 20_000 * extent ? b.neg([x]) : b.gather([x, at], { axis, batch: 0 })
  }
  // x as updates: one index for each place along the axis, or for each along all axes up to it
  const batch = choose(2) === 0 ? 0 : axis
  const rows = 1 + choose(5)
  const atShape = [...x.shape.slice(0, batch), extent]
  const at = b.constant([], {
    dtype: 'i32',
    shape: atShape,
    data: Int32Array.from(range(sizeOf(atShape)), () => choose(rows + 2) - 1),
  })
  const shape = x.shape.map((d, i) => (i === axis ? rows : d))
  return b.scatterAdd([b.full([], { dtype: x.dtype, shape, value: choose(2) / 2 }), at, x], { axis, batch })
}

const reduced = (choose: Choose, x: Node): Node => {
  const rank = x.shape.length
  const axes = someAxes(choose, rank)
  const keepDims = choose(2) === 0
  if (rank === 0) return b.exp([x])
  const axis = choose(rank)
  switch (choose(8)) {
    case 0:
      return b.sum([x], { axes, keepDims })
    case 1:
      return b.max([x], { axes, keepDims })
    case 2:
      return b.min([x], { axes, keepDims })
    case 3:
      return b.mean([x], { axes, keepDims })
    case 4:
      return b.softmax([x], { axis })
    case 5:
      return b.logSoftmax([x], { axis })
    case 6:
      return b.cast([b.argmax([x], { axis })], { dtype: 'f32' })
    default:
      return b.logSumExp([x], { axes: [axis], keepDims })
  }
}

/** Whether the first element of an input is below some number: the same on every target. */
const predicate = (choose: Choose, source: Node): Node => {
  const first = b.slice([source], {
    start: source.shape.map(() => 0),
    limit: source.shape.map(() => 1),
    step: source.shape.map(() => 1),
  })
  return b.less([b.reshape([first], { shape: [] }), b.lit(choose(2000) / 1000 - 1, 'f32')])
}

interface Source {
  /** An input, by which choices are made. */
  readonly leaf: Node
  /** Whether loops that end by a condition have a bound, and with it a gradient. */
  readonly bounded: boolean
}

/** One of two functions, or one as often as a counter says; small programs themselves. */
const controlled = (choose: Choose, x: Node, y: Node, { leaf: source, bounded }: Source): Node => {
  if (choose(2) === 0) {
    const count = b.lit(choose(4), 'i32')
    const step = (v: Node): Node => tame(pairwise(choose, b.sin([v]), v))
    return whileLoop(
      { v: x, k: b.lit(0, 'i32') },
      ({ k }) => b.less([k, count]),
      ({ v, k }) => ({ v: step(v), k: b.add([k, b.lit(1, 'i32')]) }),
      bounded ? { bound: 4 } : {},
    ).v
  }
  // small programs, whose results are made to have the type of x
  const spread = (v: Node): Node =>
    b.broadcastTo([b.mean([tame(v)], { axes: range(v.shape.length), keepDims: false })], { shape: x.shape })
  return cond(
    predicate(choose, source),
    () => b.add([x, spread(grow(choose, [x, y], { leaf: source, bounded }))]),
    () => b.mul([b.cos([x]), spread(grow(choose, [y, x], { leaf: source, bounded }))]),
  )
}

const grow = (choose: Choose, nodes: readonly Node[], source: Source): Node => {
  const x = nodes[choose(nodes.length)] as Node
  const y = nodes[choose(nodes.length)] as Node
  if (sizeOf(x.shape) > 5000) return b.mean([x], { axes: range(x.shape.length), keepDims: false })
  switch (choose(13)) {
    case 12:
      return controlled(choose, x, y, source)
    case 0:
    case 1:
      return b[unary[choose(unary.length)] as (typeof unary)[number]]([x])
    case 2:
    case 3:
    case 4:
      return pairwise(choose, x, y)
    case 5:
    case 6:
      return reduced(choose, x)
    case 7:
      return product(choose, x, y)
    case 8:
      return indexed(choose, x, y)
    default:
      return moved(choose, x, y)
  }
}

/** A program from a seed; the same seed gives the same program. One with `bounded` loops alone has a gradient. */
export const programOf = (seed: number, size: number, bounded = false): Program => {
  const next = stream(seed)
  const choose: Choose = (bound) => (bound <= 0 ? 0 : Math.floor(next() * bound))
  const base = shapeOf(choose)
  const shapes = [base, base.slice(1), [...base].reverse(), shapeOf(choose)]
  const inputs = shapes.map((shape, i) => b.input([], { name: `x${i}`, dtype: 'f32', shape }))
  const unique = [...new Set(inputs)]
  const nodes: Node[] = [...unique]
  for (let i = 0; i < size; i++) {
    const n = grow(choose, nodes, { leaf: unique[0] as Node, bounded })
    nodes.push(i % 4 === 3 && n.dtype === 'f32' ? tame(n) : n)
  }
  const roots = [
    ...new Set([nodes.at(-1) as Node, nodes[choose(nodes.length)] as Node, nodes[choose(nodes.length)] as Node]),
  ]
  const env = new Map(
    unique.map(
      (n) =>
        [
          n,
          tensor(
            'f32',
            n.shape,
            range(sizeOf(n.shape)).map(() => choose(2000) / 1000 - 1),
          ),
        ] as const,
    ),
  )
  return { roots, env }
}
