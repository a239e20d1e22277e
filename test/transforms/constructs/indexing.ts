// Constructs: rows and blocks at places, and orders.

import {
  add,
  argsort,
  constant,
  dynamicSlice,
  dynamicUpdateSlice,
  embedding,
  gather,
  gatherNd,
  mul,
  type Node,
  reshape,
  scan,
  scatterAdd,
  scatterSet,
  segmentSum,
  sin,
  sort,
  square,
  sum,
  takeAlongAxis,
  tanh,
  topK,
} from 'nabla'
import { type Construct, COUNT, indices, place, spread } from './construct.ts'

export const indexing: readonly Construct[] = [
  {
    title: 'embedding',
    build: (x, w) => mul(embedding(spread(w, [9, COUNT]), indices([4, 1, 4])), x),
  },
  { title: 'gather of computed rows', build: (x, w) => mul(sum(x), gather(spread(w, [5, 3]), place(x, 5))) },
  {
    title: 'gather in a scan',
    build: (x, w) => {
      const table = spread(w, [9, COUNT])
      const step = (h: Node, i: Node) => ({ carry: tanh(add(h, gather(table, i))), output: [] })
      return scan(step, x, indices([2, 0, 2])).carry
    },
  },
  {
    title: 'takeAlongAxis',
    build: (x, w) => {
      const table = mul(spread(x, [2, 4]), spread(w, [2, 4]))
      return takeAlongAxis(table, argsort(spread(x, [2, 4], 3)), 1)
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
      ),
  },
  { title: 'scatterAdd', build: (x, w) => scatterAdd(x, indices([1, 4, 1]), spread(w, [3])) },
  {
    title: 'scatterAdd of the example to what is shared',
    build: (x, w) => square(scatterAdd(w, indices([1, 4, 1]), spread(x, [3]))),
  },
  { title: 'scatterSet', build: (x, w) => square(scatterSet(x, indices([1, 4, 1]), spread(w, [3]))) },
  {
    title: 'scatterSet of the example in what is shared',
    build: (x, w) => square(scatterSet(w, indices([1, 4, 1]), spread(x, [3]))),
  },
  {
    title: 'segmentSum',
    build: (x, w) => mul(segmentSum(mul(x, w), indices([0, 2, 0, 1, 2, 2]), 3), sum(x)),
  },
  { title: 'sort', build: (x, w) => mul(sort(x), w) },
  { title: 'sort along the first axis', build: (x, w) => mul(sort(spread(x, [4, 2]), 0), spread(w, [4, 2])) },
  { title: 'topK', build: (x, w) => topK(mul(x, w), 3).values },
  {
    title: 'dynamicSlice',
    build: (x, w) => dynamicSlice(mul(spread(x, [5, 3]), spread(w, [5, 3])), [place(x, 4) as never, 1], [2, 2]),
  },
  {
    title: 'dynamicUpdateSlice',
    build: (x, w) => square(dynamicUpdateSlice(x, spread(w, [2]), [place(x, 5) as never])),
  },
  {
    title: 'dynamicUpdateSlice in a scan',
    build: (x, w) => {
      const step = ({ b, i }: { readonly b: Node; readonly i: Node }, v: Node) => {
        const before = dynamicSlice(b, [i as never], [1])
        const next = dynamicUpdateSlice(b, mul(0.5, add(mul(before, v), sin(v))), [i as never])
        return { carry: { b: next, i: add(i, 1) }, output: sum(sin(b)) }
      }
      const { carry, outputs } = scan(step, { b: w, i: reshape(indices([0]), []) }, spread(x, [5, 1]))
      return add(carry.b, sum(outputs))
    },
  },
]
