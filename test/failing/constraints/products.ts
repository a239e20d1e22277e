/**
 * Products and losses. In: nothing. Out: rows of the table. Invariant: as in axes.ts.
 */
import * as nabla from 'nabla'
import { graph } from '../../../src/expr/node.ts'
import { some } from '../program.ts'
import { breaks, type BrokenConstraints, d, ids, loose, m, n, scalar, w, x } from './constraint.ts'

const a = nabla.input('a', [some(7), 4, 3])
const b = nabla.input('b', [some(5), 3, 2])

export const products = {
  dotGeneral: {
    C1: [
      breaks(
        'E_DTYPE',
        'dotGeneral: the operand must be f32, f64 or i32, not bool, operands m bool[4,3] and m bool[4,3]',
        () => nabla.dotGeneral(m, m, { contract: [[1], [1]] }),
      ),
      breaks('E_DTYPE_MISMATCH', 'dotGeneral: dtypes f32 and f64 differ, operands x f32[4,3] and d f64[4,3]', () =>
        nabla.dotGeneral(x, d, { contract: [[1], [1]] }),
      ),
    ],
    C2: [
      breaks('E_AXIS', 'dotGeneral: axes 1, 1 of [4,3] are not distinct, operands x [4,3] and w [5,2]', () =>
        nabla.dotGeneral(x, w, { batch: [[1], [0]], contract: [[1], [1]] }),
      ),
      breaks('E_AXIS', 'dotGeneral: axis 2 does not exist in shape [5,2], operands x [4,3] and w [5,2]', () =>
        graph.dotGeneral([x, w], { batch: [[], []], contract: [[1], [2]] }),
      ),
    ],
    C3: [
      breaks(
        'E_AXIS_PAIRS',
        'dotGeneral: the contract axes [0] of [4,3] and [] of [5,2] do not come in pairs, operands x [4,3] and w [5,2]',
        () => nabla.dotGeneral(x, w, { contract: [[0], []] }),
      ),
    ],
    C4: [
      breaks(
        'E_SHAPE_MATMUL_INNER',
        'dotGeneral: the contract extents 3 of axis 1 and 5 of axis 0 differ ([4,3] and [5,2]), operands x [4,3] and w [5,2]',
        () => nabla.dotGeneral(x, w, { contract: [[1], [0]] }),
      ),
    ],
    C5: [
      breaks(
        'E_SHAPE_MATMUL_BATCH',
        'dotGeneral: the batch extents 7 of axis 0 and 5 of axis 0 differ ([7,4,3] and [5,3,2]), operands a [7,4,3] and b [5,3,2]',
        () => nabla.dotGeneral(a, b, { batch: [[0], [0]], contract: [[2], [1]] }),
      ),
    ],
  },
  crossEntropy: {
    C1: [
      breaks(
        'E_DTYPE',
        'crossEntropy: the operand must be f32 or f64, not i32, operands n i32[4,3] and ids i32[4]',
        () => graph.crossEntropy([n, ids]),
      ),
    ],
    C2: [
      breaks('E_DTYPE', 'crossEntropy: the labels must be i32, not f64, operands x f32[4,3] and d f64[4,3]', () =>
        graph.crossEntropy([x, d]),
      ),
    ],
    C3: [
      breaks(
        'E_SHAPE_LABELS',
        'crossEntropy: logits [5,2] want labels [5], not [4], operands w [5,2] and ids [4]',
        () => loose(nabla.crossEntropy)(w, ids),
      ),
      breaks('E_SHAPE_LABELS', 'crossEntropy: logits [] have no axis of classes, operands s [] and ids [4]', () =>
        loose(nabla.crossEntropy)(scalar, ids),
      ),
    ],
  },
  softCrossEntropy: {
    C1: [
      breaks(
        'E_DTYPE',
        'crossEntropy: the operand must be f32 or f64, not bool, operands m bool[4,3] and m bool[4,3]',
        () => loose(nabla.crossEntropy)(m, m),
      ),
      breaks('E_DTYPE_MISMATCH', 'crossEntropy: dtypes f32 and f64 differ, operands x f32[4,3] and d f64[4,3]', () =>
        graph.softCrossEntropy([x, d]),
      ),
    ],
    C2: [
      breaks(
        'E_SHAPE_LABELS',
        'crossEntropy: logits [4,3] want labels [4,3], not [5,2], operands x [4,3] and w [5,2]',
        () => loose(nabla.crossEntropy)(x, w),
      ),
      breaks('E_SHAPE_LABELS', 'crossEntropy: logits [] have no axis of classes, operands s [] and s []', () =>
        loose(nabla.crossEntropy)(scalar, scalar),
      ),
    ],
  },
  mse: {
    C1: [
      breaks('E_DTYPE', 'mse: the operand must be f32 or f64, not i32, operands n i32[4,3] and n i32[4,3]', () =>
        graph.mse([n, n]),
      ),
      breaks('E_DTYPE_MISMATCH', 'mse: dtypes f32 and f64 differ, operands x f32[4,3] and d f64[4,3]', () =>
        graph.mse([x, d]),
      ),
    ],
    C2: [
      breaks('E_SHAPE_EQUAL', 'mse: shapes [4,3] and [5,2] differ, operands x [4,3] and w [5,2]', () =>
        graph.mse([x, w]),
      ),
    ],
  },
} satisfies Readonly<Record<string, BrokenConstraints>>
