/**
 * Movements and windows. In: nothing. Out: rows of the table. Invariant: as in axes.ts; windows and blocks are asked of the graph,
 * since convolutions, poolings and slices check what users say of them.
 */
import * as nabla from 'nabla'
import { graph } from '../../../src/expr/node.ts'
import { some } from '../program.ts'
import { breaks, type BrokenConstraints, d, loose, m, n, w, x } from './constraint.ts'

const every = { start: [0, 0], limit: [4, 3], step: [1, 1] }
const window = { axes: [0, 1], size: [2, 2], stride: [1, 1], dilation: [1, 1] }
/** 3 × 2 windows of 2 × 2. */
const y = nabla.input('y', [3, 2, 2, 2])
const back = { ...window, extents: [4, 3] }

export const movement = {
  after: {},
  reshape: {
    C1: [
      breaks('E_SHAPE_RESHAPE', 'reshape: [4,3] has 12 elements, [5,2] has 10, operand x [4,3]', () =>
        loose(nabla.reshape)(x, [5, 2]),
      ),
    ],
  },
  broadcastTo: {
    C1: [
      breaks('E_SHAPE_BROADCAST', 'broadcastTo: [4,3] does not broadcast to [4,6], operand x [4,3]', () =>
        nabla.broadcastTo(x, [some(4), some(6)]),
      ),
    ],
  },
  transpose: {
    C1: [
      breaks('E_AXIS_PERMUTATION', 'transpose: [0,0] is not a permutation of the axes of [4,3], operand x [4,3]', () =>
        graph.transpose([x], { perm: [0, 0] }),
      ),
      breaks(
        'E_AXIS_PERMUTATION',
        'transpose: [0,1,2] is not a permutation of the axes of [4,3], operand x [4,3]',
        () => graph.transpose([x], { perm: [0, 1, 2] }),
      ),
    ],
  },
  slice: {
    C1: [
      breaks('E_SLICE', 'slice: 1 ranges given for the 2 axes of [4,3], operand x [4,3]', () =>
        graph.slice([x], { start: [0], limit: [4], step: [1] }),
      ),
    ],
    C2: [
      breaks('E_SLICE', 'slice: 0 to 9 is not a range of axis 1 of [4,3], operand x [4,3]', () =>
        graph.slice([x], { ...every, limit: [4, 9] }),
      ),
      breaks('E_SLICE', 'slice: 3 to 2 is not a range of axis 0 of [4,3], operand x [4,3]', () =>
        graph.slice([x], { ...every, start: [3, 0], limit: [2, 3] }),
      ),
      breaks('E_SLICE', 'slice: 0.5 to 4 is not a range of axis 0 of [4,3], operand x [4,3]', () =>
        graph.slice([x], { ...every, start: [0.5, 0] }),
      ),
    ],
    C3: [
      breaks('E_SLICE', 'slice: step 0 of axis 1 is not a positive integer, operand x [4,3]', () =>
        graph.slice([x], { ...every, step: [1, 0] }),
      ),
      breaks('E_SLICE', 'slice: step 1.5 of axis 0 is not a positive integer, operand x [4,3]', () =>
        graph.slice([x], { ...every, step: [1.5, 1] }),
      ),
    ],
  },
  reverse: {
    C1: [
      breaks('E_AXIS', 'reverse: axis 2 does not exist in shape [4,3], operand x [4,3]', () =>
        graph.reverse([x], { axes: [2] }),
      ),
      breaks('E_AXIS', 'reverse: axes 1, 0 of [4,3] do not ascend, operand x [4,3]', () =>
        graph.reverse([x], { axes: [1, 0] }),
      ),
    ],
  },
  pad: {
    C1: [
      breaks('E_PAD', 'pad: counts given for 1 axes, but [4,3] has 2, operand x [4,3]', () =>
        loose(nabla.pad)(x, [[1, 1]]),
      ),
    ],
    C2: [
      breaks('E_PAD', 'pad: the count -1 of axis 1 is not a natural number, operand x [4,3]', () =>
        loose(nabla.pad)(x, [
          [0, 0],
          [-1, 0],
        ]),
      ),
      breaks('E_PAD', 'pad: the count 0.5 of axis 1 is not a natural number, operand x [4,3]', () =>
        loose(nabla.pad)(x, [
          [0, 0],
          [0, 0.5],
        ]),
      ),
    ],
  },
  concat: {
    C1: [
      breaks('E_CONCAT_EMPTY', 'concat: no operand given', () => graph.concat([], { axis: 0 })),
      breaks('E_DTYPE_MISMATCH', 'concat: dtypes f32 and f64 differ, operands x f32[4,3] and d f64[4,3]', () =>
        graph.concat([x, d], { axis: 0 }),
      ),
    ],
    C2: [
      breaks('E_AXIS', 'concat: axis -1 does not exist in shape [4,3], operands x [4,3] and x [4,3]', () =>
        graph.concat([x, x], { axis: -1 }),
      ),
    ],
    C3: [
      breaks(
        'E_SHAPE_CONCAT',
        'concat: [4,3] and [5,2] differ at axis 1, not only at axis 0, operands x [4,3] and w [5,2]',
        () => loose(nabla.concat)([x, w], 0),
      ),
      breaks('E_SHAPE_CONCAT', 'concat: the ranks of [4,3] and [3] differ, operands x [4,3] and v [3]', () =>
        loose(nabla.concat)([x, nabla.input('v', [3])], 0),
      ),
    ],
  },
  windows: {
    C1: [
      breaks('E_AXIS', 'windows: axis 2 does not exist in shape [4,3], operand x [4,3]', () =>
        graph.windows([x], { ...window, axes: [0, 2] }),
      ),
      breaks('E_AXIS', 'windows: axes 1, 0 of [4,3] do not ascend, operand x [4,3]', () =>
        graph.windows([x], { ...window, axes: [1, 0] }),
      ),
    ],
    C2: [
      breaks('E_WINDOW', 'windows: stride [1,0] is not a positive number for each of 2 axes, operand x [4,3]', () =>
        graph.windows([x], { ...window, stride: [1, 0] }),
      ),
      breaks('E_WINDOW', 'windows: size [2] is not a positive number for each of 2 axes, operand x [4,3]', () =>
        graph.windows([x], { ...window, size: [2] }),
      ),
      breaks('E_WINDOW', 'windows: dilation [1,0.5] is not a positive number for each of 2 axes, operand x [4,3]', () =>
        graph.windows([x], { ...window, dilation: [1, 0.5] }),
      ),
    ],
    C3: [
      breaks('E_SHAPE_WINDOW', 'windows: a window of 4 does not fit into axis 1 of [4,3], operand x [4,3]', () =>
        graph.windows([x], { ...window, size: [2, 4] }),
      ),
      breaks(
        'E_SHAPE_WINDOW',
        'windows: a window of 2, 3 apart, does not fit into axis 1 of [4,3], operand x [4,3]',
        () => graph.windows([x], { ...window, dilation: [1, 3] }),
      ),
    ],
  },
  overlapAdd: {
    C1: [
      breaks('E_AXIS', 'overlapAdd: axis 2 does not exist in shape [3,2], operand y [3,2,2,2]', () =>
        graph.overlapAdd([y], { ...back, axes: [0, 2] }),
      ),
    ],
    C2: [
      breaks(
        'E_WINDOW',
        'overlapAdd: size [2,-2] is not a positive number for each of 2 axes, operand y [3,2,2,2]',
        () => graph.overlapAdd([y], { ...back, size: [2, -2] }),
      ),
    ],
    C3: [
      breaks('E_SHAPE_WINDOW', 'overlapAdd: [3,2,2,2] does not have 4 × 2 windows of 2 × 2, operand y [3,2,2,2]', () =>
        graph.overlapAdd([y], { ...back, extents: [5, 3] }),
      ),
      breaks('E_SHAPE_WINDOW', 'overlapAdd: [3,2,2,2] does not have 3 × 2 windows of 2 × 1, operand y [3,2,2,2]', () =>
        graph.overlapAdd([y], { ...back, size: [2, 1], extents: [4, 2] }),
      ),
    ],
    C4: [
      breaks(
        'E_DTYPE',
        'overlapAdd: the operand must be f32, f64 or i32, not bool, operand windows(m, 2 × 2) bool[3,2,2,2]',
        () => graph.overlapAdd([graph.windows([m], window)], back),
      ),
    ],
  },
  blocks: {
    C1: [
      breaks('E_SLICE', 'blocks: [5,1] is no block of [4,3], operand x [4,3]', () =>
        graph.blocks([x], { batch: 0, sizes: [5, 1] }),
      ),
      breaks('E_SLICE', 'blocks: [2,2] is no block of [4,3] behind 1 axes, operand n [4,3]', () =>
        graph.blocks([n], { batch: 1, sizes: [2, 2] }),
      ),
    ],
  },
} satisfies Readonly<Record<string, BrokenConstraints>>
