/**
 * Indexing, blocks at computed places, and sorting. In: nothing. Out: rows of the table. Invariant: as in axes.ts.
 */
import * as nabla from 'nabla'
import { graph } from '../../../src/expr/node.ts'
import { breaks, type BrokenConstraints, d, ids, loose, m, none, scalar, w, x } from './constraint.ts'

const rows = { axis: 0, batch: 0 }
/** A row for each index. */
const u = nabla.input('u', [4, 3])
/** One place of a block in each row of x, and one in all. */
const places = nabla.input('places', [4], 'i32')
const place = nabla.input('place', [], 'i32')
const pair = { batch: 1, sizes: [2] }
const patch = { batch: 0, sizes: [2, 2] }
const adding = { ...pair, combine: 'sum' } as const

export const indexing = {
  gather: {
    C1: [
      breaks('E_DTYPE', 'gather: the indices must be i32, not f32, operands x f32[4,3] and w f32[5,2]', () =>
        loose(nabla.gather)(x, w),
      ),
    ],
    C2: [
      breaks('E_AXIS', 'gather: axis 2 does not exist in shape [4,3], operands x [4,3] and ids [4]', () =>
        graph.gather([x, ids], { axis: 2, batch: 0 }),
      ),
    ],
    C3: [
      breaks(
        'E_SHAPE_INDICES',
        'gather: [4,3] and indices [4] do not have the first 1 axes in common, operands x [4,3] and ids [4]',
        () => graph.gather([x, ids], { axis: 0, batch: 1 }),
      ),
      breaks(
        'E_SHAPE_INDICES',
        'gather: [4,3] and indices [5,2] do not have the first 1 axes in common, operands x [4,3] and many [5,2]',
        () => graph.gather([x, nabla.input('many', [5, 2], 'i32')], { axis: 1, batch: 1 }),
      ),
    ],
    C4: [
      breaks('E_EMPTY', 'gather: axis 0 of [0,3] has no row to take, operands none [0,3] and ids [4]', () =>
        nabla.gather(none, ids),
      ),
    ],
  },
  scatterAdd: {
    C1: [
      breaks(
        'E_DTYPE',
        'scatterAdd: the indices must be i32, not f32, operands x f32[4,3] and w f32[5,2] and u f32[4,3]',
        () => loose(nabla.scatterAdd)(x, w, u),
      ),
    ],
    C2: [
      breaks(
        'E_AXIS',
        'scatterAdd: axis -1 does not exist in shape [4,3], operands x [4,3] and ids [4] and u [4,3]',
        () => graph.scatterAdd([x, ids, u], { axis: -1, batch: 0 }),
      ),
    ],
    C3: [
      breaks(
        'E_SHAPE_INDICES',
        'scatterAdd: [5,2] and indices [4] do not have the first 1 axes in common, operands w [5,2] and ids [4] and u [4,3]',
        () => graph.scatterAdd([w, ids, u], { axis: 1, batch: 1 }),
      ),
    ],
    C4: [
      breaks(
        'E_SHAPE_UPDATES',
        'scatterAdd: updates [5,2] are not of shape [4,3], which indices [4] take from [4,3] along axis 0, operands x [4,3] and ids [4] and w [5,2]',
        () => loose(nabla.scatterAdd)(x, ids, w),
      ),
    ],
    C5: [
      breaks(
        'E_DTYPE',
        'scatterAdd: the operand must be f32, f64 or i32, not bool, operands m bool[4,3] and ids i32[4] and m bool[4,3]',
        () => loose(nabla.scatterAdd)(m, ids, m),
      ),
      breaks(
        'E_DTYPE_MISMATCH',
        'scatterAdd: dtypes f32 and f64 differ, operands x f32[4,3] and ids i32[4] and d f64[4,3]',
        () => loose(nabla.scatterAdd)(x, ids, d),
      ),
    ],
  },
  scatterRows: {
    C1: [
      breaks('E_DTYPE', 'scatterRows: the indices must be i32, not f32, operands w f32[5,2] and u f32[4,3]', () =>
        graph.scatterRows([w, u], { ...rows, extent: 7 }),
      ),
    ],
    C2: [
      breaks('E_AXIS', 'scatterRows: axis 5 does not exist in shape [4,3,7], operands ids [4] and u [4,3]', () =>
        graph.scatterRows([ids, u], { ...rows, axis: 5, extent: 7 }),
      ),
    ],
    C3: [
      breaks(
        'E_SHAPE_INDICES',
        'scatterRows: [7,4,3] and indices [4] do not have the first 1 axes in common, operands ids [4] and u [4,3]',
        () => graph.scatterRows([ids, u], { axis: 0, batch: 1, extent: 7 }),
      ),
    ],
    C4: [
      breaks(
        'E_SHAPE_UPDATES',
        'scatterRows: rows [5,2] are not what indices [4] take along axis 0, operands ids [4] and w [5,2]',
        () => graph.scatterRows([ids, w], { ...rows, extent: 7 }),
      ),
    ],
    C5: [
      breaks(
        'E_DTYPE',
        'scatterRows: the operand must be f32 or f64, not bool, operands ids i32[4] and m bool[4,3]',
        () => graph.scatterRows([ids, m], { ...rows, extent: 7 }),
      ),
    ],
    C6: [
      breaks('E_EMPTY', 'scatterRows: [0,3] has no row along axis 0, operands ids [4] and u [4,3]', () =>
        graph.scatterRows([ids, u], { ...rows, extent: 0 }),
      ),
    ],
  },
  lastEqual: {
    C1: [
      breaks('E_DTYPE', 'lastEqual: the indices must be i32, not f32, operand x f32[4,3]', () =>
        graph.lastEqual([x], { extent: 7 }),
      ),
    ],
    C2: [
      breaks('E_AXIS', 'lastEqual: one index alone has no axis, operand place []', () =>
        graph.lastEqual([place], { extent: 7 }),
      ),
    ],
    C3: [
      breaks('E_EMPTY', 'lastEqual: 0 rows, none to name, operand ids [4]', () =>
        graph.lastEqual([ids], { extent: 0 }),
      ),
    ],
  },
  block: {
    C1: [
      breaks('E_SLICE', 'block: [2,4] is no block of [4,3], operands x [4,3] and place []', () =>
        graph.block([x, place], { batch: 0, sizes: [2, 4] }),
      ),
    ],
    C2: [
      breaks('E_DTYPE', 'block: the places must be i32, not f32, operands x f32[4,3] and s f32[]', () =>
        graph.block([x, scalar], patch),
      ),
    ],
    C3: [
      breaks(
        'E_SHAPE_INDICES',
        'block: [5,2] and places [4] do not have the first 1 axes in common, operands w [5,2] and places [4]',
        () => graph.block([w, places], pair),
      ),
    ],
  },
  withBlocks: {
    C1: [
      breaks(
        'E_SLICE',
        'withBlocks: [4] is no block of [4,3] behind 1 axes, operands x [4,3] and places [4] and u [4,3]',
        () => graph.withBlocks([x, places, u], { ...adding, sizes: [4] }),
      ),
    ],
    C2: [
      breaks(
        'E_DTYPE',
        'withBlocks: the places must be i32, not f32, operands x f32[4,3] and u f32[4,3] and u f32[4,3]',
        () => graph.withBlocks([x, u, u], adding),
      ),
    ],
    C3: [
      breaks(
        'E_SHAPE_INDICES',
        'withBlocks: [5,2] and places [4] do not have the first 1 axes in common, operands w [5,2] and places [4] and u [4,3]',
        () => graph.withBlocks([w, places, u], adding),
      ),
    ],
    C4: [
      breaks(
        'E_SHAPE_UPDATES',
        'withBlocks: updates [5,2] are not of shape [4,2], operands x [4,3] and places [4] and w [5,2]',
        () => graph.withBlocks([x, places, w], adding),
      ),
    ],
    C5: [
      breaks(
        'E_DTYPE_MISMATCH',
        'withBlocks: dtypes f32 and f64 differ, operands x f32[4,3] and places i32[4] and e f64[4,2]',
        () => graph.withBlocks([x, places, nabla.input('e', [4, 2], 'f64')], adding),
      ),
      breaks(
        'E_DTYPE',
        'withBlocks: the operand must be f32, f64 or i32, not bool, operands m bool[4,3] and places i32[4] and t bool[4,2]',
        () => graph.withBlocks([m, places, nabla.input('t', [4, 2], 'bool')], adding),
      ),
    ],
    C6: [
      breaks(
        'E_SLICE',
        'withBlocks: blocks [2,2] that are set may overlap, operands x [4,3] and places [4] and v [4,2,2]',
        () => graph.withBlocks([x, places, nabla.input('v', [4, 2, 2])], { ...patch, combine: 'set' }),
      ),
    ],
  },
  order: {
    C1: [breaks('E_DTYPE', 'order: the operand must be i32, not f32, operand x f32[4,3]', () => graph.order([x]))],
    C2: [breaks('E_RANK', 'order: [] has no axis to be put in order, operand place []', () => graph.order([place]))],
  },
  argsort: {
    C1: [
      breaks('E_DTYPE', 'argsort: the operand must be f32, f64 or i32, not bool, operand m bool[4,3]', () =>
        graph.argsort([m], { descending: false, nan: 'last' }),
      ),
    ],
    C2: [
      breaks('E_RANK', 'argsort: [] has no axis to be put in order, operand s []', () =>
        graph.argsort([scalar], { descending: false, nan: 'last' }),
      ),
    ],
  },
} satisfies Readonly<Record<string, BrokenConstraints>>
