/**
 * Ops along axes: reductions, means, softmax. In: nothing. Out: rows of the table. Invariant: functions count axes from either end
 * and refuse what they cannot count, so that only the graph itself can name an axis that does not exist.
 */
import * as nabla from 'nabla'
import { graph } from '../../../src/expr/node.ts'
import { breaks, type BrokenConstraints, ids, loose, m, n, none, x } from './constraint.ts'

type Reducing = 'sum' | 'prod' | 'max' | 'min' | 'firstMax' | 'mean' | 'logSumExp'
const over = (op: Reducing, of: typeof x | typeof m | typeof n | typeof none, axes: readonly number[]) => () =>
  graph[op]([of], { axes, keepDims: false })

const stray = (op: Reducing) => [
  breaks('E_AXIS', `${op}: axis 2 does not exist in shape [4,3], operand x [4,3]`, over(op, x, [0, 2])),
  breaks('E_AXIS', `${op}: axis 0.5 does not exist in shape [4,3], operand x [4,3]`, over(op, x, [0.5])),
  breaks('E_AXIS', `${op}: axes 1, 1 of [4,3] do not ascend, operand x [4,3]`, over(op, x, [1, 1])),
]

const reducing = (op: Reducing): BrokenConstraints => ({
  C1: [
    breaks('E_DTYPE', `${op}: the operand must be f32, f64 or i32, not bool, operand m bool[4,3]`, over(op, m, [0])),
  ],
  C2: stray(op),
})

const extreme = (op: Reducing): BrokenConstraints => ({
  ...reducing(op),
  C3: [
    breaks('E_EMPTY', `${op}: axis 0 of [0,3] is empty, so it has no ${op}, operand none [0,3]`, over(op, none, [0])),
  ],
})

const mean = (op: Reducing): BrokenConstraints => ({
  C1: [breaks('E_DTYPE', `${op}: the operand must be f32 or f64, not i32, operand n i32[4,3]`, over(op, n, [0]))],
  C2: stray(op),
})

const position = (op: 'argmax' | 'argmin', f: (...args: never) => unknown): BrokenConstraints => ({
  C1: [
    breaks('E_DTYPE', `${op}: the operand must be f32, f64 or i32, not bool, operand m bool[4,3]`, () =>
      loose(f)(m, 0),
    ),
  ],
  C2: [
    breaks('E_AXIS', `${op}: axis 2 does not exist in shape [4,3], operand x [4,3]`, () => graph[op]([x], { axis: 2 })),
  ],
  C3: [
    breaks('E_EMPTY', `${op}: axis 0 of [0,3] is empty, so it has no ${op}, operand none [0,3]`, () =>
      loose(f)(none, 0),
    ),
  ],
})

const softmax = (op: 'softmax' | 'logSoftmax', f: (...args: never) => unknown): BrokenConstraints => ({
  C1: [breaks('E_DTYPE', `${op}: the operand must be f32 or f64, not i32, operand n i32[4,3]`, () => loose(f)(n))],
  C2: [
    breaks('E_AXIS', `${op}: axis -1 does not exist in shape [4,3], operand x [4,3]`, () =>
      graph[op]([x], { axis: -1 }),
    ),
  ],
})

export const axes = {
  sum: reducing('sum'),
  prod: reducing('prod'),
  max: extreme('max'),
  min: extreme('min'),
  firstMax: {
    C1: [
      breaks(
        'E_DTYPE',
        'max: the operand must be f32, f64 or i32, not bool, operand m bool[4,3]',
        over('firstMax', m, [0]),
      ),
    ],
    C2: [breaks('E_AXIS', 'max: axis 2 does not exist in shape [4,3], operand x [4,3]', over('firstMax', x, [2]))],
    C3: [
      breaks(
        'E_EMPTY',
        'max: axis 0 of [0,3] is empty, so it has no max, operand none [0,3]',
        over('firstMax', none, [0]),
      ),
    ],
  },
  mean: mean('mean'),
  logSumExp: mean('logSumExp'),
  argmax: position('argmax', nabla.argmax),
  argmin: position('argmin', nabla.argmin),
  softmax: softmax('softmax', nabla.softmax),
  logSoftmax: softmax('logSoftmax', nabla.logSoftmax),
  oneHot: {
    C1: [
      breaks('E_DTYPE', 'oneHot: the labels must be i32, not f32, operand x f32[4,3]', () => loose(nabla.oneHot)(x, 3)),
    ],
    C2: [
      breaks('E_EXTENT', 'oneHot: the depth -1 is not a natural number, operand ids [4]', () => nabla.oneHot(ids, -1)),
      breaks('E_EXTENT', 'oneHot: the depth 2.5 is not a natural number, operand ids [4]', () =>
        nabla.oneHot(ids, 2.5),
      ),
    ],
  },
} satisfies Readonly<Record<string, BrokenConstraints>>
