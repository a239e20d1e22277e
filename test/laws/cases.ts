/**
 * Programs of one application for every op: shapes of unequal rank, extents of 1 and primes, every kind of parameter.
 * In: the op table. Out: cases. Invariant: total by type, so that a new op without cases does not compile.
 */
import type { Shape } from '../../src/core/shape.ts'
import { opDef, opNames } from '../../src/ops/registry.ts'
import type { OpName, ParamsOf } from '../../src/ops/signature.ts'
import type { Node } from '../../src/expr/expr.ts'
import { make } from '../../src/expr/node.ts'
import { type Build, type ControlName, controlPrograms } from './control.ts'

export interface Case {
  readonly op: OpName
  readonly shapes: readonly Shape[]
  readonly params: unknown
  /** A program about the op, where one application does not say it: ops that hold functions. */
  readonly program?: { readonly title: string; readonly build: Build }
}

/** What an op is tried with, beside the shapes that its arity and kind give. */
type Tries<K extends OpName> = readonly { readonly shapes: readonly Shape[]; readonly params: ParamsOf<K> }[]

const unaryShapes: readonly (readonly Shape[])[] = [[[]], [[5]], [[2, 1, 3]]]
const binaryShapes: readonly (readonly Shape[])[] = [
  [[], []],
  [[5], [5]],
  [
    [2, 1, 3],
    [7, 1],
  ],
  [[3], [2, 3]],
]
const ternaryShapes: readonly (readonly Shape[])[] = [
  [[3], [3], [3]],
  [[2, 1], [3], []],
]

const axesTries = [
  { shapes: [[5]], params: { axes: [0], keepDims: false } },
  { shapes: [[3, 17]], params: { axes: [1], keepDims: false } },
  { shapes: [[3, 5]], params: { axes: [0], keepDims: true } },
  { shapes: [[2, 3, 5]], params: { axes: [0, 2], keepDims: false } },
  { shapes: [[2, 3, 5]], params: { axes: [0, 1, 2], keepDims: false } },
  { shapes: [[1, 7]], params: { axes: [0], keepDims: true } },
] as const
const axisTries = [
  { shapes: [[5]], params: { axis: 0 } },
  { shapes: [[3, 17]], params: { axis: 1 } },
  { shapes: [[5, 3]], params: { axis: 0 } },
] as const

const given: { readonly [K in OpName]?: Tries<K> } = {
  clip: [{ shapes: [[5]], params: { lo: -0.5, hi: 1 } }],
  cast: (['f32', 'f64', 'i32', 'bool'] as const).map((dtype) => ({ shapes: [[5]], params: { dtype } })),
  bitcast: [{ shapes: [[5]], params: { dtype: 'i32' } }],
  threefry: ([0, 1] as const).map((word) => ({ shapes: [[], [], [7]], params: { word, stream: 3 } })),
  sum: axesTries,
  prod: axesTries,
  max: axesTries,
  firstMax: axesTries,
  min: axesTries,
  mean: axesTries,
  logSumExp: axesTries,
  argmax: axisTries,
  argmin: axisTries,
  softmax: axisTries,
  logSoftmax: axisTries,
  oneHot: [
    { shapes: [[5]], params: { depth: 4, dtype: 'f64' } },
    { shapes: [[2, 3]], params: { depth: 4, dtype: 'f32' } },
  ],
  crossEntropy: [
    { shapes: [[5, 4], [5]], params: null },
    {
      shapes: [
        [2, 3, 4],
        [2, 3],
      ],
      params: null,
    },
  ],
  softCrossEntropy: [
    { shapes: [[5], [5]], params: null },
    {
      shapes: [
        [5, 4],
        [5, 4],
      ],
      params: null,
    },
    {
      shapes: [
        [2, 3, 17],
        [2, 3, 17],
      ],
      params: null,
    },
  ],
  mse: [
    { shapes: [[5], [5]], params: null },
    {
      shapes: [
        [2, 3],
        [2, 3],
      ],
      params: null,
    },
  ],
  dotGeneral: [
    {
      shapes: [
        [5, 3],
        [3, 2],
      ],
      params: { batch: [[], []], contract: [[1], [0]] },
    },
    {
      shapes: [
        [3, 5],
        [3, 2],
      ],
      params: { batch: [[], []], contract: [[0], [0]] },
    },
    {
      shapes: [
        [5, 3],
        [2, 3],
      ],
      params: { batch: [[], []], contract: [[1], [1]] },
    },
    { shapes: [[7], [7]], params: { batch: [[], []], contract: [[0], [0]] } },
    { shapes: [[3], [5]], params: { batch: [[], []], contract: [[], []] } },
    {
      shapes: [
        [2, 5, 3],
        [2, 3, 4],
      ],
      params: { batch: [[0], [0]], contract: [[2], [1]] },
    },
    {
      shapes: [
        [3, 2, 5],
        [5, 3, 2],
      ],
      params: {
        batch: [[0], [1]],
        contract: [
          [1, 2],
          [2, 0],
        ],
      },
    },
  ],
  reshape: [
    { shapes: [[2, 6]], params: { shape: [3, 4] } },
    { shapes: [[]], params: { shape: [1, 1] } },
  ],
  broadcastTo: [
    { shapes: [[3]], params: { shape: [2, 3] } },
    { shapes: [[2, 1, 3]], params: { shape: [5, 2, 4, 3] } },
  ],
  transpose: [
    { shapes: [[2, 3]], params: { perm: [1, 0] } },
    { shapes: [[2, 3, 5]], params: { perm: [2, 0, 1] } },
  ],
  slice: [
    { shapes: [[7]], params: { start: [1], limit: [6], step: [2] } },
    { shapes: [[3, 5]], params: { start: [0, 2], limit: [3, 5], step: [1, 1] } },
  ],
  after: [{ shapes: [[3, 5], [2]], params: null }],
  reverse: [{ shapes: [[3, 5]], params: { axes: [0, 1] } }],
  pad: [
    { shapes: [[3]], params: { low: [2], high: [1], interior: [0], value: 0.5 } },
    { shapes: [[2, 3]], params: { low: [0, 1], high: [1, 0], interior: [1, 2], value: 0 } },
  ],
  concat: [
    {
      shapes: [
        [2, 3],
        [4, 3],
      ],
      params: { axis: 0 },
    },
    {
      shapes: [
        [2, 3],
        [2, 1],
        [2, 2],
      ],
      params: { axis: 1 },
    },
  ],
  windows: [
    { shapes: [[7]], params: { axes: [0], size: [3], stride: [1], dilation: [1] } },
    { shapes: [[2, 9, 3]], params: { axes: [1], size: [2], stride: [2], dilation: [3] } },
    { shapes: [[2, 5, 6, 3]], params: { axes: [1, 2], size: [3, 2], stride: [1, 2], dilation: [1, 2] } },
    { shapes: [[2, 5, 3, 4]], params: { axes: [1, 3], size: [2, 4], stride: [1, 1], dilation: [2, 1] } },
  ],
  overlapAdd: [
    { shapes: [[5, 3]], params: { axes: [0], size: [3], stride: [1], dilation: [1], extents: [7] } },
    { shapes: [[2, 3, 2, 3]], params: { axes: [1], size: [2], stride: [2], dilation: [3], extents: [9] } },
    { shapes: [[2, 2, 3]], params: { axes: [1], size: [3], stride: [5], dilation: [1], extents: [12] } },
    { shapes: [[2, 3, 4]], params: { axes: [1], size: [4], stride: [4], dilation: [1], extents: [13] } },
    {
      shapes: [[2, 3, 3, 2, 2, 3]],
      params: { axes: [1, 2], size: [3, 2], stride: [1, 2], dilation: [1, 2], extents: [5, 6] },
    },
  ],
  gather: [
    { shapes: [[5], []], params: { axis: 0, batch: 0 } },
    { shapes: [[5], [7]], params: { axis: 0, batch: 0 } },
    { shapes: [[5], [0]], params: { axis: 0, batch: 0 } },
    { shapes: [[0, 3], [0]], params: { axis: 0, batch: 0 } },
    { shapes: [[5, 17], [3]], params: { axis: 0, batch: 0 } },
    {
      shapes: [
        [5, 4],
        [2, 3],
      ],
      params: { axis: 0, batch: 0 },
    },
    { shapes: [[3, 5, 2], [4]], params: { axis: 1, batch: 0 } },
    { shapes: [[3, 5], [7]], params: { axis: 1, batch: 0 } },
    {
      shapes: [
        [3, 5],
        [3, 4],
      ],
      params: { axis: 1, batch: 1 },
    },
    {
      shapes: [
        [2, 3, 5, 4],
        [2, 7],
      ],
      params: { axis: 2, batch: 1 },
    },
    { shapes: [[1, 4], [1]], params: { axis: 0, batch: 0 } },
  ],
  scatterRows: [
    { shapes: [[], []], params: { axis: 0, batch: 0, extent: 5 } },
    { shapes: [[7], [7]], params: { axis: 0, batch: 0, extent: 5 } },
    { shapes: [[0], [0]], params: { axis: 0, batch: 0, extent: 5 } },
    { shapes: [[0], [0, 3]], params: { axis: 0, batch: 0, extent: 0 } },
    { shapes: [[9], [9, 17]], params: { axis: 0, batch: 0, extent: 5 } },
    {
      shapes: [
        [2, 3],
        [2, 3, 4],
      ],
      params: { axis: 0, batch: 0, extent: 5 },
    },
    { shapes: [[4], [3, 4, 2]], params: { axis: 1, batch: 0, extent: 5 } },
    {
      shapes: [
        [2, 7],
        [2, 3, 7, 4],
      ],
      params: { axis: 2, batch: 1, extent: 5 },
    },
  ],
  lastEqual: [
    { shapes: [[9]], params: { extent: 5 } },
    { shapes: [[1]], params: { extent: 5 } },
    { shapes: [[0]], params: { extent: 0 } },
    { shapes: [[33]], params: { extent: 3 } },
    { shapes: [[3, 17]], params: { extent: 5 } },
    { shapes: [[2, 1, 7]], params: { extent: 1 } },
  ],
  blocks: [
    { shapes: [[5]], params: { batch: 0, sizes: [2] } },
    { shapes: [[4, 3]], params: { batch: 0, sizes: [2, 2] } },
    { shapes: [[2, 5, 3]], params: { batch: 1, sizes: [1, 3] } },
    { shapes: [[2, 3]], params: { batch: 0, sizes: [2, 3] } },
  ],
  block: [
    { shapes: [[7], []], params: { batch: 0, sizes: [3] } },
    { shapes: [[5, 17], []], params: { batch: 0, sizes: [1, 17] } },
    { shapes: [[4, 3], []], params: { batch: 0, sizes: [2, 2] } },
    { shapes: [[4, 3], [5]], params: { batch: 0, sizes: [3, 1] } },
    {
      shapes: [
        [2, 4, 3],
        [2, 3],
      ],
      params: { batch: 1, sizes: [2, 3] },
    },
    { shapes: [[2, 3], []], params: { batch: 0, sizes: [2, 3] } },
    { shapes: [[2, 3], []], params: { batch: 0, sizes: [0, 3] } },
  ],
  withBlocks: [
    { shapes: [[7], [], [3]], params: { batch: 0, sizes: [3], combine: 'set' } },
    { shapes: [[5, 17], [], [1, 17]], params: { batch: 0, sizes: [1, 17], combine: 'set' } },
    { shapes: [[4, 3], [], [2, 2]], params: { batch: 0, sizes: [2, 2], combine: 'set' } },
    { shapes: [[4, 3], [], [2, 2]], params: { batch: 0, sizes: [2, 2], combine: 'sum' } },
    { shapes: [[7], [9], [9, 3]], params: { batch: 0, sizes: [3], combine: 'sum' } },
    { shapes: [[7], [9], [9, 1]], params: { batch: 0, sizes: [1], combine: 'set' } },
    {
      shapes: [
        [4, 3],
        [2, 5],
        [2, 5, 1, 3],
      ],
      params: { batch: 0, sizes: [1, 3], combine: 'set' },
    },
    {
      shapes: [
        [2, 5, 3],
        [2, 7],
        [2, 7, 1, 1],
      ],
      params: { batch: 1, sizes: [1, 1], combine: 'set' },
    },
    { shapes: [[2, 3], [], [2, 3]], params: { batch: 0, sizes: [2, 3], combine: 'set' } },
    { shapes: [[2, 3], [2], [2, 0, 3]], params: { batch: 0, sizes: [0, 3], combine: 'sum' } },
  ],
  sortKey: (['high', 'low'] as const).flatMap((word) => [
    { shapes: [[9]], params: { word, descending: false, nan: 'last' as const } },
    { shapes: [[2, 7]], params: { word, descending: true, nan: 'first' as const } },
  ]),
  order: [[1], [5], [0], [3, 17], [2, 0], [2, 3, 130], [1, 300]].map((shape) => ({ shapes: [shape], params: null })),
  argsort: [
    { shapes: [[5]], params: { descending: false, nan: 'last' } },
    { shapes: [[1]], params: { descending: false, nan: 'last' } },
    { shapes: [[33]], params: { descending: true, nan: 'last' } },
    { shapes: [[3, 17]], params: { descending: true, nan: 'first' } },
    { shapes: [[2, 3, 140]], params: { descending: false, nan: 'first' } },
  ],
  scatterAdd: [
    { shapes: [[5], [], []], params: { axis: 0, batch: 0 } },
    { shapes: [[5], [7], [7]], params: { axis: 0, batch: 0 } },
    { shapes: [[5], [0], [0]], params: { axis: 0, batch: 0 } },
    { shapes: [[0, 3], [2], [2, 3]], params: { axis: 0, batch: 0 } },
    { shapes: [[5, 17], [9], [9, 17]], params: { axis: 0, batch: 0 } },
    {
      shapes: [
        [5, 4],
        [2, 3],
        [2, 3, 4],
      ],
      params: { axis: 0, batch: 0 },
    },
    { shapes: [[3, 5, 2], [4], [3, 4, 2]], params: { axis: 1, batch: 0 } },
    { shapes: [[3, 5], [7], [3, 7]], params: { axis: 1, batch: 0 } },
    {
      shapes: [
        [3, 5],
        [3, 4],
        [3, 4],
      ],
      params: { axis: 1, batch: 1 },
    },
    {
      shapes: [
        [2, 3, 5, 4],
        [2, 7],
        [2, 3, 7, 4],
      ],
      params: { axis: 2, batch: 1 },
    },
    { shapes: [[1, 4], [1], [1, 4]], params: { axis: 0, batch: 0 } },
  ],
}

const byArity = { 0: [], 1: unaryShapes, 2: binaryShapes, 3: ternaryShapes, n: [] } as const

const isControl = (op: OpName): op is ControlName => opDef(op).kind === 'control'

export const casesOf = (op: OpName): readonly Case[] => {
  if (isControl(op))
    return controlPrograms[op].map(({ title, shapes, build }) => ({
      op,
      shapes,
      params: null,
      program: { title, build },
    }))
  const mine = given[op]
  if (mine !== undefined) return mine.map((t) => ({ op, ...t }))
  return byArity[opDef(op).arity].map((shapes) => ({ op, shapes, params: null }))
}

/** Ops with operands of their own: leaves have nothing to try. */
export const triedOps: readonly OpName[] = opNames.filter((op) => opDef(op).kind !== 'leaf')

/** The value that a case is about. */
export const outputOf = (c: Case, inputs: readonly Node[]): Node =>
  c.program === undefined ? make(c.op, inputs, c.params) : c.program.build(inputs)

/** A case as a person reads it: `add [2,1,3] [7,1]`. */
export const titleOf = (c: Case): string =>
  c.program?.title ??
  `${c.op} ${c.shapes.map((s) => `[${s.join(',')}]`).join(' ')}${c.params === null ? '' : ` ${JSON.stringify(c.params)}`}`
