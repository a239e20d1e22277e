/**
 * What a program can be made of, each as a function of two vectors of COUNT elements. In: nodes of any float dtype. Out: a
 * tensor that depends on both, smoothly near the values that the tests give.
 * Invariant: x stands for an example, w for what all examples share; nothing but them moves.
 */
import {
  abs,
  add,
  argsort,
  attention,
  avgPool2d,
  batchNorm,
  broadcastTo,
  cast,
  checkpoint,
  clip,
  concat,
  cond,
  constant,
  conv1d,
  conv2d,
  convTranspose2d,
  cos,
  crossEntropy,
  cumLogSumExp,
  cummax,
  cumprod,
  cumsum,
  customVjp,
  div,
  dropout,
  dynamicSlice,
  dynamicUpdateSlice,
  einsum,
  embedding,
  exp,
  gather,
  gatherNd,
  greater,
  gru,
  key,
  layerNorm,
  less,
  log,
  logSumExp,
  lstm,
  map,
  matmul,
  max,
  maxPool2d,
  mean,
  min,
  mul,
  multiHeadAttention,
  neg,
  type Node,
  norm,
  normal,
  pad,
  prod,
  reshape,
  reverse,
  rmsNorm,
  roll,
  type SavePolicy,
  scan,
  scatterAdd,
  scatterSet,
  segmentSum,
  sigmoidCrossEntropy,
  sin,
  slice,
  softmax,
  sort,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  switchCase,
  takeAlongAxis,
  tanh,
  topK,
  transpose,
  variance,
  where,
  whileLoop,
  withGradient,
  zeros,
} from 'nabla'
import { grad, jvp, type Scalar, vmap } from 'nabla/compiler'
import { sizeOf } from '../../src/core/shape.ts'
import { numbers } from '../expr/run.ts'

export const COUNT = 6

export interface Construct {
  readonly title: string
  readonly build: (x: Node, w: Node) => Node
}

/** Numbers of the dtype of another node. */
const fixed = (like: Node, shape: readonly number[], seed: number): Node => {
  const elements = like.dtype === 'f64' ? Float64Array : Float32Array
  return constant(elements.from(numbers(sizeOf(shape), seed)), shape)
}

/** A tensor of a shape, of which each element depends on each of v; equal shapes get unequal ones by their seed. */
const spread = (v: Node, shape: readonly number[], seed = 0): Node =>
  reshape(sin(matmul(v, fixed(v, [COUNT, sizeOf(shape)], seed + 0.5))), shape) as Node

const half = (v: Node): Node => mul(0.5, v) as Node

/** An i32 scalar in 0 … n − 1 that depends on v. */
const place = (v: Node, n: number): Node => cast(clip(mul(n, add(0.5, mul(0.37, sum(v)))), 0, n - 0.01), 'i32') as Node

const indices = (values: readonly number[]): Node => constant(values, 'i32') as Node

const cell = (h: Node, v: Node, u: Node): Node => tanh(add(matmul(h, u), v)) as Node

const overSteps = (
  x: Node,
  w: Node,
  options: { readonly save?: SavePolicy; readonly reverse?: boolean } = {},
): Node => {
  const u = spread(w, [3, 3])
  const step = (h: Node, v: Node) => {
    const next = cell(h, v, u)
    return { carry: next, output: sin(mul(h, next)) as Node }
  }
  const { carry, outputs } = scan(step, spread(w, [3], 1), spread(x, [5, 3]), options)
  return add(carry, sum(outputs as Node, 0)) as Node
}

const policies: readonly SavePolicy[] = ['products', 'nothing', 'sqrt', { every: 2 }]

const scanInScan = (x: Node, w: Node, save: SavePolicy): Node => {
  const u = half(spread(w, [3, 3]))
  const outer = (h: Node, v: Node) => {
    const inner = (c: Node) => ({ carry: cell(c, mul(v, h) as Node, u), output: mul(c, v) as Node })
    const { carry, outputs } = scan(inner, h, [], { length: 3, save })
    return { carry, output: sum(outputs as Node, 0) as Node }
  }
  const { carry, outputs } = scan(outer, spread(w, [3], 1), spread(x, [4, 3]), { save })
  return add(carry, mean(outputs as Node, 0)) as Node
}

const loops: readonly Construct[] = [
  { title: 'no loop', build: (x, w) => mul(sin(mul(x, w)), exp(mul(0.3, x))) as Node },
  { title: 'scan', build: (x, w) => overSteps(x, w) },
  { title: 'scan backwards', build: (x, w) => overSteps(x, w, { reverse: true }) },
  ...policies.map((save) => ({
    title: `scan that saves ${JSON.stringify(save)}`,
    build: (x: Node, w: Node) => overSteps(x, w, { save }),
  })),
  { title: 'scan in a scan', build: (x, w) => scanInScan(x, w, 'all') },
  { title: 'scan in a scan that saves nothing', build: (x, w) => scanInScan(x, w, 'nothing') },
  { title: 'scan in a scan, in segments', build: (x, w) => scanInScan(x, w, { every: 2 }) },
  {
    title: 'scan with a key for each step',
    build: (x, w) => {
      const u = spread(w, [3, 3])
      const step = (h: Node, v: Node, k: Node) => ({
        carry: dropout(cell(h, v, u), 0.4, k as never) as Node,
        output: h,
      })
      const { carry, outputs } = scan(step as never, spread(w, [3], 1), spread(x, [5, 3]), { key: key(3) } as never)
      return add(carry as Node, sum(outputs as never as Node, 0)) as Node
    },
  },
  {
    title: 'map',
    build: (x, w) => map((v: Node) => mul(sin(mul(v, w)), sum(v)) as Node, spread(x, [4, COUNT])) as Node,
  },
  {
    title: 'map in a map',
    build: (x, w) => {
      const rows = spread(x, [3, 2])
      return map(
        (a: Node) => map((b: Node) => sum(sin(mul(matmul(b, transpose(rows)), sum(a)))) as Node, spread(w, [4, 2])),
        rows,
      ) as Node
    },
  },
]

const choices: readonly Construct[] = [
  {
    title: 'cond, of what all examples share',
    build: (x, w) =>
      cond(
        greater(sum(w), 0),
        () => sin(mul(x, w)) as Node,
        () => exp(mul(0.2, mul(x, w))) as Node,
      ),
  },
  {
    title: 'cond, of the example',
    build: (x, w) =>
      cond(
        greater(sum(x), 0),
        () => sum(sin(mul(x, w))) as Node,
        () => sum(exp(mul(0.2, mul(x, w)))) as Node,
      ),
  },
  {
    title: 'cond whose other branch is not finite',
    build: (x, w) =>
      cond(
        greater(sum(x), 0),
        () => mul(log(sum(x)), w) as Node,
        () => mul(sqrt(neg(sum(x))), w) as Node,
      ),
  },
  {
    title: 'cond at each step of a scan',
    build: (x, w) => {
      const step = (h: Node, v: Node) => ({
        carry: cond(
          less(sum(mul(h, v)), 0),
          () => tanh(add(h, mul(v, w))) as Node,
          () => sin(sub(mul(h, w), v)) as Node,
        ),
        output: [],
      })
      return scan(step, w, spread(x, [4, COUNT])).carry
    },
  },
  {
    title: 'scan in a branch',
    build: (x, w) =>
      cond(
        greater(sum(x), 0),
        () => overSteps(x, w),
        () => overSteps(w, x, { save: 'nothing' }),
      ),
  },
  {
    title: 'cond in a cond',
    build: (x, w) =>
      cond(
        greater(sum(x), 0),
        () =>
          cond(
            greater(sum(w), 0),
            () => mul(x, w) as Node,
            () => mul(square(x), w) as Node,
          ),
        () => sin(mul(x, square(w))) as Node,
      ),
  },
  {
    title: 'switchCase',
    build: (x, w) =>
      switchCase(place(x, 3) as never, [
        () => sin(mul(x, w)) as Node,
        () => mul(square(x), w) as Node,
        () => mul(exp(mul(0.3, x)), sum(w)) as Node,
      ]),
  },
  {
    title: 'whileLoop with a bound',
    build: (x, w) => {
      const start = { c: x, n: indices([0]) }
      const done = whileLoop(
        start,
        ({ c, n }) => reshape(less(mul(cast(n, x.dtype as 'f64'), add(1.2, sum(mul(c, c)))), 9.1), []),
        ({ c, n }) => ({ c: tanh(add(mul(c, w), sin(c))) as Node, n: add(n, 1) as Node }),
        { bound: 7 },
      )
      return done.c
    },
  },
  {
    title: 'whileLoop with a bound in a scan',
    build: (x, w) => {
      const grown = (h: Node, v: Node) =>
        whileLoop(
          h,
          (c: Node) => less(sum(square(c)), 20),
          (c: Node) => mul(1.7, add(c, mul(v, w))) as Node,
          { bound: 5 },
        )
      return scan((h: Node, v: Node) => ({ carry: tanh(grown(h, v)) as Node, output: [] }), w, spread(x, [3, COUNT]))
        .carry
    },
  },
  {
    title: 'where, masked',
    build: (x, w) => mul(where(greater(x, 0), sqrt(where(greater(x, 0), x, 1)), square(x)), w) as Node,
  },
]

const indexing: readonly Construct[] = [
  {
    title: 'embedding',
    build: (x, w) => mul(embedding(spread(w, [9, COUNT]), indices([4, 1, 4])), x) as Node,
  },
  { title: 'gather of computed rows', build: (x, w) => mul(sum(x), gather(spread(w, [5, 3]), place(x, 5))) as Node },
  {
    title: 'gather in a scan',
    build: (x, w) => {
      const table = spread(w, [9, COUNT])
      const step = (h: Node, i: Node) => ({ carry: tanh(add(h, gather(table, i))) as Node, output: [] })
      return scan(step, x, indices([2, 0, 2])).carry
    },
  },
  {
    title: 'takeAlongAxis',
    build: (x, w) => {
      const table = mul(spread(x, [2, 4]), spread(w, [2, 4])) as Node
      return takeAlongAxis(table, argsort(spread(x, [2, 4], 3)) as never, 1) as Node
    },
  },
  {
    title: 'gatherNd',
    build: (x, w) =>
      gatherNd(
        mul(spread(x, [3, 4]), spread(w, [3, 4])),
        constant(
          [
            [0, 1],
            [2, 3],
            [0, 1],
          ],
          'i32',
        ),
      ) as Node,
  },
  { title: 'scatterAdd', build: (x, w) => scatterAdd(x, indices([1, 4, 1]), spread(w, [3])) as Node },
  {
    title: 'scatterAdd of the example to what is shared',
    build: (x, w) => square(scatterAdd(w, indices([1, 4, 1]), spread(x, [3]))) as Node,
  },
  { title: 'scatterSet', build: (x, w) => square(scatterSet(x, indices([1, 4, 1]), spread(w, [3]))) as Node },
  {
    title: 'scatterSet of the example in what is shared',
    build: (x, w) => square(scatterSet(w, indices([1, 4, 1]), spread(x, [3]))) as Node,
  },
  {
    title: 'segmentSum',
    build: (x, w) => mul(segmentSum(mul(x, w), indices([0, 2, 0, 1, 2, 2]), 3), sum(x)) as Node,
  },
  { title: 'sort', build: (x, w) => mul(sort(x), w) as Node },
  { title: 'sort along the first axis', build: (x, w) => mul(sort(spread(x, [4, 2]), 0), spread(w, [4, 2])) as Node },
  { title: 'topK', build: (x, w) => topK(mul(x, w), 3).values as Node },
  {
    title: 'dynamicSlice',
    build: (x, w) => dynamicSlice(mul(spread(x, [5, 3]), spread(w, [5, 3])), [place(x, 4) as never, 1], [2, 2]) as Node,
  },
  {
    title: 'dynamicUpdateSlice',
    build: (x, w) => square(dynamicUpdateSlice(x, spread(w, [2]), [place(x, 5) as never])) as Node,
  },
  {
    title: 'dynamicUpdateSlice in a scan',
    build: (x, w) => {
      const step = ({ b, i }: { readonly b: Node; readonly i: Node }, v: Node) => {
        const before = dynamicSlice(b, [i as never], [1]) as Node
        const next = dynamicUpdateSlice(b, mul(0.5, add(mul(before, v), sin(v))), [i as never]) as Node
        return { carry: { b: next, i: add(i, 1) as Node }, output: sum(sin(b)) as Node }
      }
      const { carry, outputs } = scan(step, { b: w, i: reshape(indices([0]), []) as Node }, spread(x, [5, 1]))
      return add(carry.b, sum(outputs as Node)) as Node
    },
  },
]

const products: readonly Construct[] = [
  { title: 'matmul', build: (x, w) => matmul(spread(x, [2, 3]), spread(w, [3, 2])) as Node },
  { title: 'einsum of a diagonal', build: (x, w) => einsum('ii,ij->ij', spread(x, [3, 3]), spread(w, [3, 2])) as Node },
  { title: 'einsum, a trace', build: (x, w) => mul(einsum('ii->', spread(x, [3, 3])), w) as Node },
  {
    title: 'einsum with an ellipsis',
    build: (x, w) => einsum('...ij,...jk->...ki', spread(x, [2, 1, 2, 3]), spread(w, [2, 3, 2])) as Node,
  },
  {
    title: 'einsum of three',
    build: (x, w) => einsum('bi,ij,bj->b', spread(x, [3, 2]), spread(w, [2, 4]), spread(x, [3, 4], 1)) as Node,
  },
  { title: 'conv1d', build: (x, w) => conv1d(spread(x, [1, 6, 2]), spread(w, [3, 2, 2])) as Node },
  {
    title: 'conv2d',
    build: (x, w) =>
      conv2d(spread(x, [1, 5, 5, 2]), spread(w, [3, 3, 1, 2]), { stride: 2, pads: 'same', groups: 2 }) as Node,
  },
  {
    title: 'conv2d, channels first',
    build: (x, w) => conv2d(spread(x, [1, 2, 5, 4]), spread(w, [2, 2, 2, 2]), { layout: 'NCHW', dilation: 2 }) as Node,
  },
  {
    title: 'convTranspose2d',
    build: (x, w) => convTranspose2d(spread(x, [1, 2, 2, 2]), spread(w, [3, 3, 1, 2]), { stride: 2 }) as Node,
  },
  {
    title: 'maxPool2d',
    build: (x, w) => maxPool2d(mul(spread(x, [1, 4, 4, 2]), spread(w, [2])), 2) as Node,
  },
  {
    title: 'maxPool2d of a conv2d',
    build: (x, w) =>
      maxPool2d(conv2d(spread(x, [1, 5, 5, 1]), spread(w, [2, 2, 1, 2])), 3, { stride: 1, pads: 'same' }) as Node,
  },
  {
    title: 'avgPool2d',
    build: (x, w) => avgPool2d(square(mul(spread(x, [1, 4, 4, 2]), spread(w, [2]))), 3, { pads: 'same' }) as Node,
  },
]

const layers: readonly Construct[] = [
  {
    title: 'attention, causal',
    build: (x, w) => attention(spread(x, [3, 2]), spread(w, [3, 2]), spread(x, [3, 2], 1), { causal: true }) as Node,
  },
  {
    title: 'attention, of several heads',
    build: (x, w) => {
      const weight = (seed: number): Node => spread(w, [4, 4], seed)
      const weights = { wq: weight(0), wk: weight(1), wv: weight(2), wo: weight(3) }
      return multiHeadAttention(spread(x, [3, 4]), weights as never, { heads: 2 }) as Node
    },
  },
  {
    title: 'batchNorm',
    build: (x, w) => {
      const running = { mean: zeros([2], x.dtype as 'f64'), variance: zeros([2], x.dtype as 'f64') }
      const scale = spread(w, [2])
      return batchNorm(spread(x, [4, 2]), running as never, { scale } as never).output as Node
    },
  },
  { title: 'layerNorm', build: (x, w) => mul(layerNorm(add(x, sin(mul(3, x)))), w) as Node },
  { title: 'rmsNorm', build: (x, w) => rmsNorm(mul(x, w)) as Node },
  {
    title: 'lstm',
    build: (x, w) => lstm(spread(x, [3, 2, 2]), { w: spread(w, [2, 8]), u: spread(w, [2, 8], 1) }).outputs as Node,
  },
  {
    title: 'gru backwards, which saves its products',
    build: (x, w) =>
      gru(spread(x, [3, 2, 2]), { w: spread(w, [2, 6]), u: spread(w, [2, 6], 1) }, { reverse: true, save: 'products' })
        .outputs as Node,
  },
  { title: 'dropout', build: (x, w) => dropout(mul(x, sin(w)), 0.4, key(7)) as Node },
  {
    title: 'noise',
    build: (x, w) => sin(add(mul(x, w), mul(x, normal(key(1), [COUNT], 0, 1, x.dtype as 'f64')))) as Node,
  },
  { title: 'logSumExp', build: (x, w) => mul(logSumExp(mul(3, mul(x, w))), x) as Node },
  {
    title: 'crossEntropy with classes',
    build: (x, w) => crossEntropy(matmul(spread(x, [3, 2]), spread(w, [2, 4])), indices([1, 3, 1])) as Node,
  },
  {
    title: 'crossEntropy with probabilities',
    build: (x, w) => crossEntropy(spread(x, [2, 3]), softmax(spread(w, [2, 3])), { smoothing: 0.1 }) as Node,
  },
  { title: 'sigmoidCrossEntropy', build: (x, w) => sigmoidCrossEntropy(mul(3, x), square(sin(w))) as Node },
  {
    title: 'the cross-entropy, written naively',
    build: (x, w) => neg(log(gather(softmax(mul(x, w)), reshape(indices([2]), []) as never))) as Node,
  },
  { title: 'log(1 + exp), written naively', build: (x, w) => log(add(1, exp(mul(x, w)))) as Node },
]

const shapes: readonly Construct[] = [
  {
    title: 'cumsum and cumprod',
    build: (x, w) => add(cumsum(mul(x, w), 0), cumprod(add(1, mul(0.5, mul(x, w))), 0)) as Node,
  },
  { title: 'cummax', build: (x, w) => mul(cummax(x, 0), w) as Node },
  { title: 'cumLogSumExp, backwards', build: (x, w) => cumLogSumExp(mul(x, w), 0, { reverse: true }) as Node },
  { title: 'prod, max, min', build: (x, w) => add(prod(add(1, mul(x, w))), mul(max(x), min(mul(x, w)))) as Node },
  { title: 'variance and norm', build: (x, w) => add(variance(mul(x, w)), norm(add(x, w))) as Node },
  { title: 'pad, reflected', build: (x, w) => mul(pad(x, [[2, 1]], 'reflect'), sum(w)) as Node },
  {
    title: 'movement',
    build: (x, w) => mul(concat([slice(reverse(x, 0), [1], [6], [2]), roll(x, 2, 0)], 0), sum(mul(x, w))) as Node,
  },
  { title: 'broadcastTo', build: (x, w) => mul(broadcastTo(mul(sum(x), w), [3, COUNT]), x) as Node },
]

const rules: readonly Construct[] = [
  {
    title: 'customVjp',
    build: (x, w) =>
      mul(
        customVjp(
          (v: Node) => sin(v) as Node,
          ({ inputs: [v], cotangent }) => [mul(cotangent, cos(v as Node)) as Node],
          { jvp: ({ inputs: [v], tangents: [t] }) => mul(t as Node, cos(v as Node)) as Node },
        )(mul(x, w) as Node),
        x,
      ) as Node,
  },
  {
    title: 'a hook on a cotangent',
    build: (x, w) => square(withGradient(mul(x, w) as Node, (ct) => mul(1, clip(ct, -1e3, 1e3)))) as Node,
  },
  { title: 'checkpoint', build: (x, w) => checkpoint((a: Node, b: Node) => tanh(sin(mul(a, exp(b)))) as Node)(x, w) },
  {
    title: 'checkpoint that keeps its products',
    build: (x, w) =>
      checkpoint((a: Node, b: Node) => sin(matmul(sin(spread(a, [2, 3])), spread(b, [3, 2]))) as Node, {
        save: 'products',
      })(x, w),
  },
  {
    title: 'checkpoint of a scan in a checkpoint',
    build: (x, w) =>
      checkpoint((a: Node, b: Node) => sin(checkpoint((c: Node, d: Node) => overSteps(c, d))(a, b)) as Node)(x, w),
  },
  {
    title: 'vmap within',
    build: (x, w) => vmap((v: Node) => sum(sin(mul(v, w))) as Node)(spread(x, [3, COUNT])),
  },
  {
    title: 'a gradient within',
    build: (x, w) => mul(grad(sum(sin(mul(square(x), w))) as Scalar, x), w) as Node,
  },
  {
    title: 'a tangent within',
    build: (x, w) => jvp(sin(mul(square(x), w)) as Node, [x], [w]),
  },
  {
    title: 'a gradient at each step of a scan',
    build: (x, w) => {
      const step = (h: Node, v: Node) => {
        const loss = sum(square(sub(sin(mul(h, v)), w))) as Scalar
        return { carry: sub(h, mul(0.1, grad(loss, h))) as Node, output: [] }
      }
      return scan(step, w, spread(x, [3, COUNT])).carry
    },
  },
  {
    title: 'a part that stands still',
    build: (x, w) => {
      // what stops the derivative must not depend on what moves, or differences would see it
      const still = fixed(x, [COUNT], 2)
      return mul(mul(x, w), stopGradient(exp(still))) as Node
    },
  },
]

export const constructs: readonly Construct[] = [
  ...loops,
  ...choices,
  ...indexing,
  ...products,
  ...layers,
  ...shapes,
  ...rules,
]

/** A loop whose end nobody knows beforehand: forward mode alone. */
export const endless: Construct = {
  title: 'whileLoop without a bound',
  build: (x, w) =>
    whileLoop(
      x,
      (c: Node) => less(sum(abs(c)), 30),
      (c: Node) => mul(1.7, add(c, mul(w, div(c, add(1, square(c)))))) as Node,
    ),
}
