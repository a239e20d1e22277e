/**
 * Elementwise ops: dtypes that they do not take, shapes that do not broadcast. In: the functions that users call. Out: rows of the
 * table. Invariant: ops of one family say the same words under their own names.
 */
import * as nabla from 'nabla'
import { graph } from '../../../src/expr/node.ts'
import type { KindOf, OpName } from '../../../src/ops/signature.ts'
import { breaks, type BrokenConstraints, d, loose, m, n, w, x } from './constraint.ts'

type Elementwise = { [K in OpName]: KindOf<K> extends 'elementwise' ? K : never }[OpName]
type Constructor = (...operands: readonly unknown[]) => unknown

const rows = <K extends Elementwise>(
  names: readonly K[],
  row: (name: K, f: Constructor) => BrokenConstraints,
  from: object = nabla,
): Readonly<Record<K, BrokenConstraints>> =>
  Object.fromEntries(
    names.map((name) => [
      name,
      row(name, (...operands) => Reflect.apply(Reflect.get(from, name), undefined, operands)),
    ]),
  ) as Readonly<Record<K, BrokenConstraints>>

const ofFloats = (name: string, f: Constructor): BrokenConstraints => ({
  C1: [breaks('E_DTYPE', `${name}: the operand must be f32 or f64, not i32, operand n i32[4,3]`, () => f(n))],
})

const ofNumbers = (name: string, f: Constructor): BrokenConstraints => ({
  C1: [breaks('E_DTYPE', `${name}: the operand must be f32, f64 or i32, not bool, operand m bool[4,3]`, () => f(m))],
})

const apart = (name: string, f: Constructor): BrokenConstraints => ({
  C2: [
    breaks(
      'E_SHAPE_BROADCAST',
      `${name}: extents 3 and 2 of axis -1 do not broadcast ([4,3] and [5,2]), operands x [4,3] and w [5,2]`,
      () => f(x, w),
    ),
  ],
})

const mixed = (name: string, f: Constructor) =>
  breaks('E_DTYPE_MISMATCH', `${name}: dtypes f32 and f64 differ, operands x f32[4,3] and d f64[4,3]`, () => f(x, d))

const ofTwoFloats = (name: string, f: Constructor): BrokenConstraints => ({
  C1: [
    breaks('E_DTYPE', `${name}: the operand must be f32 or f64, not i32, operands x f32[4,3] and n i32[4,3]`, () =>
      f(x, n),
    ),
    mixed(name, f),
  ],
  ...apart(name, f),
})

const ofTwoNumbers = (name: string, f: Constructor): BrokenConstraints => ({
  C1: [
    breaks(
      'E_DTYPE',
      `${name}: the operand must be f32, f64 or i32, not bool, operands x f32[4,3] and m bool[4,3]`,
      () => f(x, m),
    ),
    mixed(name, f),
  ],
  ...apart(name, f),
})

const ofTruths = (name: string, f: Constructor): BrokenConstraints => ({
  C1: [
    breaks('E_DTYPE', `${name}: the operand must be bool, not f32, operands m bool[4,3] and x f32[4,3]`, () => f(m, x)),
  ],
  C2: [
    breaks(
      'E_SHAPE_BROADCAST',
      `${name}: extents 3 and 2 of axis -1 do not broadcast ([4,3] and [2]), operands m [4,3] and o [2]`,
      () => f(m, nabla.input('o', [2], 'bool')),
    ),
  ],
})

const k = nabla.input('k', [2], 'i32')

export const elementwise: Readonly<Record<Elementwise, BrokenConstraints>> = {
  ...rows(
    ['floor', 'ceil', 'round', 'trunc', 'sqrt', 'rsqrt', 'exp', 'exp2', 'expm1', 'log', 'log2', 'log1p'],
    ofFloats,
  ),
  ...rows(['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh'], ofFloats),
  ...rows(['erf', 'erfc', 'sigmoid', 'softplus', 'logSigmoid', 'relu', 'isNan', 'isFinite'], ofFloats),
  ...rows(['rsqrtOrZero'], (name, f) => ofFloats(name, (v) => f([v])), graph),
  ...rows(['neg', 'abs', 'sign', 'square', 'cube'], ofNumbers),
  ...rows(
    ['sortKey'],
    (name, f) => ofNumbers(name, (v) => f([v], { descending: false, nan: 'last', word: 'high' })),
    graph,
  ),
  ...rows(['add', 'sub', 'mul', 'maximum', 'minimum'], ofTwoNumbers),
  ...rows(['greater', 'greaterEqual', 'less', 'lessEqual', 'equal', 'notEqual'], ofTwoNumbers),
  ...rows(['div', 'mod', 'pow', 'atan2', 'hypot', 'logAddExp', 'logSubExp', 'sigmoidCrossEntropy'], ofTwoFloats),
  ...rows(['logicalAnd', 'logicalOr', 'logicalXor'], ofTruths),
  stopGradient: {},
  copy: {},
  cast: {},
  logicalNot: {
    C1: [
      breaks('E_DTYPE', 'logicalNot: the operand must be bool, not f32, operand x f32[4,3]', () =>
        loose(nabla.logicalNot)(x),
      ),
    ],
  },
  clip: {
    C1: [
      breaks('E_DTYPE', 'clip: the operand must be f32, f64 or i32, not bool, operand m bool[4,3]', () =>
        loose(nabla.clip)(m, 0, 1),
      ),
    ],
    C2: [
      breaks('E_RANGE', 'clip: 1 to -1 is not a range, operand x [4,3]', () => nabla.clip(x, 1, -1)),
      breaks('E_RANGE', 'clip: 0 to NaN is not a range, operand x [4,3]', () => nabla.clip(x, 0, Number.NaN)),
    ],
  },
  where: {
    C1: [
      breaks(
        'E_DTYPE',
        'where: the condition must be bool, not f32, operands x f32[4,3] and x f32[4,3] and x f32[4,3]',
        () => loose(nabla.where)(x, x, x),
      ),
    ],
    C2: [
      breaks(
        'E_DTYPE_MISMATCH',
        'where: dtypes f32 and f64 of the branches differ, operands m bool[4,3] and x f32[4,3] and d f64[4,3]',
        () => loose(nabla.where)(m, x, d),
      ),
    ],
    C3: [
      breaks(
        'E_SHAPE_BROADCAST',
        'where: extents 3 and 2 of axis -1 do not broadcast ([4,3] and [4,3] and [5,2]), operands m [4,3] and x [4,3] and w [5,2]',
        () => loose(nabla.where)(m, x, w),
      ),
    ],
  },
  bitcast: {
    C1: [
      breaks('E_DTYPE', 'bitcast: from f64 to i32; only f32 and i32 exchange their bits, operand d f64[4,3]', () =>
        loose(nabla.bitcast)(d, 'i32'),
      ),
      breaks('E_DTYPE', 'bitcast: from f32 to f32; only f32 and i32 exchange their bits, operand x f32[4,3]', () =>
        loose(nabla.bitcast)(x, 'f32'),
      ),
    ],
  },
  unitFloat: {
    C1: [
      breaks('E_DTYPE', 'unitFloat: the operand must be i32, not f32, operand x f32[4,3]', () => graph.unitFloat([x])),
    ],
  },
  bitXor: {
    C1: [
      breaks('E_DTYPE', 'bitXor: the operand must be i32, not f32, operands n i32[4,3] and x f32[4,3]', () =>
        graph.bitXor([n, x]),
      ),
    ],
    C2: [
      breaks(
        'E_SHAPE_BROADCAST',
        'bitXor: extents 3 and 2 of axis -1 do not broadcast ([4,3] and [2]), operands n [4,3] and k [2]',
        () => graph.bitXor([n, k]),
      ),
    ],
  },
  threefry: {
    C1: [
      breaks(
        'E_DTYPE',
        'threefry: the operand must be i32, not f32, operands k i32[2] and k i32[2] and x f32[4,3]',
        () => graph.threefry([k, k, x], { word: 0, stream: 0 }),
      ),
    ],
    C2: [
      breaks(
        'E_SHAPE_BROADCAST',
        'threefry: extents 2 and 3 of axis -1 do not broadcast ([2] and [2] and [4,3]), operands k [2] and k [2] and n [4,3]',
        () => graph.threefry([k, k, n], { word: 0, stream: 0 }),
      ),
    ],
  },
}
