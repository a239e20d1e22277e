import { describe, expect, test } from 'vitest'
import { fuse } from '../../compiler/fuse/fuse.ts'
import { grad } from '../../compiler/index.ts'
import { interpret } from '../../compiler/interpret/interpret.ts'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'
import { faultsOf } from '../../compiler/kernel/check.ts'
import { printKernel } from '../../compiler/kernel/print.ts'
import type { LoopKernel } from '../../compiler/kernel/kernel.ts'
import { faultsOfPlan } from '../../compiler/plan/check.ts'
import { makePlan } from '../../compiler/plan/make.ts'
import type { Plan } from '../../compiler/plan/plan.ts'
import type { DType } from '../../src/core/dtype.ts'
import { range, type Shape, sizeOf } from '../../src/core/shape.ts'
import type { Expr, Node } from '../../src/expr/expr.ts'
import { graph as b, make } from '../../src/expr/node.ts'
import type { Elements } from '../../src/ops/leaf.ts'
import {
  add,
  embedding,
  input,
  mean,
  param,
  scan,
  scatterAdd,
  segmentSum,
  square,
  takeAlongAxis,
  zeros,
} from '../../src/index.ts'
import { scratchFor } from '../../compiler/emit/wasm/split.ts'
import { stream } from '../random.ts'
import { read, startJavaScript, startWasm, write } from './run.ts'

const leaf = (name: string, dtype: DType, shape: Shape): Node => make('input', [], { name, dtype, shape })

/** Whole numbers where sums of floats must be exact in any order, else anything. */
const drawn = (dtype: DType, shape: Shape, seed: number, rows: number): Tensor => {
  const next = stream(seed)
  const value = (): number => {
    if (dtype === 'i32') return Math.floor(next() * (rows + 4)) - 2
    return dtype === 'bool' ? Math.floor(next() * 2) : next() * 4 - 2
  }
  return tensor(dtype, shape, range(sizeOf(shape)).map(value))
}

const bitsOf = (data: Elements): readonly number[] => [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]

interface Run {
  readonly plan: Plan
  readonly kernels: readonly LoopKernel[]
}

/** Both targets give the interpreter's bits. */
const expectBits = async (roots: readonly Node[], env: ReadonlyMap<Node, Tensor>): Promise<Run> => {
  const results = roots.map((value, i) => ({ name: `y${i}`, value }))
  const fused = fuse({ name: 'main', results, updates: [] })
  const kernels = fused.steps.flatMap((s) => (s.tag === 'kernel' && s.kernel.tag === 'loop' ? [s.kernel] : []))
  expect(kernels.flatMap((k) => faultsOf(k))).toEqual([])
  const plan = makePlan([fused], { scratchBytes: scratchFor('plain') })
  expect(faultsOfPlan(plan)).toEqual([])
  const want = interpret(roots, env)
  for (const start of [startWasm, startJavaScript]) {
    const target = await start(plan)
    for (const [n, value] of env) write(plan, target, (n.params as { readonly name: string }).name, value.data)
    target.run('main')
    for (const [i, t] of want.entries())
      expect({ start: start.name, i, bits: bitsOf(read(plan, target, `y${i}`)) }).toEqual({
        start: start.name,
        i,
        bits: bitsOf(t.data),
      })
  }
  return { plan, kernels }
}

const shapes = [
  { x: [5], indices: [0], axis: 0, batch: 0 },
  { x: [1], indices: [9], axis: 0, batch: 0 },
  { x: [37], indices: [41], axis: 0, batch: 0 },
  { x: [6, 1], indices: [11], axis: 0, batch: 0 },
  { x: [6, 3], indices: [11], axis: 0, batch: 0 },
  { x: [6, 4], indices: [3, 5], axis: 0, batch: 0 },
  { x: [6, 100], indices: [33], axis: 0, batch: 0 },
  { x: [3, 7, 5], indices: [13], axis: 1, batch: 0 },
  { x: [3, 7, 5], indices: [4, 2], axis: 2, batch: 0 },
  { x: [3, 7, 33], indices: [3, 9], axis: 1, batch: 1 },
  { x: [4, 3, 7], indices: [4, 3, 5], axis: 2, batch: 2 },
] as const

describe.each(['f32', 'f64', 'i32'] as const)('tables of %s', (dtype) => {
  test.each(shapes)('rows taken from $x at $indices along $axis', async ({ x, indices, axis, batch }) => {
    const [table, at] = [leaf('x', dtype, x), leaf('at', 'i32', indices)]
    const env = new Map([
      [table, drawn(dtype, x, 3, 9)],
      [at, drawn('i32', indices, 7, x[axis] as number)],
    ])
    const rows = b.gather([table, at], { axis, batch })
    await expectBits([rows, b.add([b.mul([rows, rows]), b.lit(1, dtype)])], env)
    // a table and indices that are views, walked where they lie
    const back = b.gather([b.reverse([table], { axes: [axis] }), b.reverse([at], { axes: [0] })], {
      axis,
      batch: 0,
    })
    if (batch === 0) await expectBits([back], env)
  })

  test.each(shapes)('rows added to $x at $indices along $axis', async ({ x, indices, axis, batch }) => {
    const taken = [...x.slice(0, axis), ...indices.slice(batch), ...x.slice(axis + 1)]
    const [table, at, updates] = [leaf('x', dtype, x), leaf('at', 'i32', indices), leaf('u', dtype, taken)]
    const env = new Map([
      [table, drawn(dtype, x, 3, 9)],
      [at, drawn('i32', indices, 7, x[axis] as number)],
      [updates, drawn(dtype, taken, 11, 9)],
    ])
    const onto = b.scatterAdd([table, at, updates], { axis, batch })
    const fresh = b.scatterAdd(
      [b.full([], { dtype, shape: x, value: 0 }), at, b.mul([updates, b.sub([updates, b.lit(3, dtype)])])],
      { axis, batch },
    )
    await expectBits([onto, fresh], env)
  })
})

test('truths are taken too', async () => {
  const [x, at] = [leaf('x', 'bool', [5, 3]), leaf('at', 'i32', [7])]
  const taken = b.gather([x, at], { axis: 0, batch: 0 })
  const env = new Map([
    [x, drawn('bool', [5, 3], 3, 2)],
    [at, drawn('i32', [7], 5, 5)],
  ])
  await expectBits([taken, b.logicalNot([taken]), b.gather([x, at], { axis: 1, batch: 0 })], env)
})

test('dtypes of both widths meet in one loop', async () => {
  const [x, at, w] = [leaf('x', 'f32', [5, 7]), leaf('at', 'i32', [7]), leaf('w', 'f64', [5, 7])]
  const taken = b.gather([x, at], { axis: 1, batch: 0 })
  const wide = b.add([b.cast([taken], { dtype: 'f64' }), w])
  const env = new Map([
    [x, drawn('f32', [5, 7], 3, 2)],
    [at, drawn('i32', [7], 5, 7)],
    [w, drawn('f64', [5, 7], 9, 2)],
  ])
  const u = leaf('u', 'f32', [5, 7])
  const sums = b.scatterAdd([w, at, b.mul([b.cast([u], { dtype: 'f64' }), w])], { axis: 1, batch: 0 })
  await expectBits([wide, sums], new Map([...env, [u, drawn('f32', [5, 7], 21, 2)] as const]))
})

describe('fusion', () => {
  const table = leaf('table', 'f32', [50, 20])
  const ids = leaf('ids', 'i32', [8])
  const rows = b.gather([table, ids], { axis: 0, batch: 0 })
  const env = new Map([
    [table, drawn('f32', [50, 20], 3, 2)],
    [ids, drawn('i32', [8], 5, 50)],
  ])

  test('a gather is a load of its consumer', async () => {
    const { kernels } = await expectBits([b.exp([b.neg([rows])])], env)
    expect(kernels.map((k) => printKernel(k))).toEqual([
      [
        'kernel exp, lanes',
        '  read table f32[1000]',
        '  read ids i32[8]',
        '  write exp f32[160]',
        'for i0 < 8',
        '  for i1 < 20',
        '    exp[20·i0 + i1] = exp(−table[20·[ids[i0]: 50] + i1])',
      ].join('\n'),
    ])
  })

  test('a reduction takes rows as it goes', async () => {
    const fused = fuse({
      name: 'main',
      results: [{ name: 'y', value: b.sum([b.square([rows])], { axes: [1], keepDims: false }) }],
      updates: [],
    })
    expect(fused.steps.length).toBe(1)
    expect(fused.steps.every((s) => s.tag === 'kernel' && faultsOf(s.kernel).length === 0)).toBe(true)
    const one = b.max([rows], { axes: [1], keepDims: false })
    await expectBits([one, b.argmax([rows], { axis: 1 }), b.max([rows], { axes: [0], keepDims: false })], env)
  })

  test('what a kernel has yet to compute is not gathered in it', async () => {
    const hot = b.tanh([table])
    const { kernels } = await expectBits([hot, b.gather([hot, ids], { axis: 0, batch: 0 })], env)
    expect(kernels.length).toBe(2)
  })

  test('updates are computed where they are added, and indices too where they walk alike', async () => {
    const [u, at] = [leaf('u', 'f32', [31]), leaf('at', 'i32', [31])]
    const sums = b.scatterAdd(
      [
        b.full([], { dtype: 'f32', shape: [9], value: 0 }),
        b.clip([at], { lo: 0, hi: 8 }),
        b.mul([u, b.gather([u, at], { axis: 0, batch: 0 })]),
      ],
      { axis: 0, batch: 0 },
    )
    const { kernels } = await expectBits(
      [sums],
      new Map([
        [u, drawn('f32', [31], 3, 2)],
        [at, drawn('i32', [31], 5, 12)],
      ]),
    )
    expect(kernels.map((k) => k.stages.length)).toEqual([2])
  })
})

describe('rows are added where the tensor lies', () => {
  const [x, at, u] = [leaf('x', 'f32', [40, 3]), leaf('at', 'i32', [7]), leaf('u', 'f32', [7, 3])]
  const y = b.tanh([x])
  const env = new Map([
    [x, drawn('f32', [40, 3], 3, 2)],
    [at, drawn('i32', [7], 5, 40)],
    [u, drawn('f32', [7, 3], 7, 2)],
  ])
  const added = (into: Node, rows: Node): Node => b.scatterAdd([into, at, rows], { axis: 0, batch: 0 })
  const namesOf = ({ plan }: Run): readonly string[] =>
    (plan.entries[0]?.steps ?? []).map((s) => plan.kernels[s.kernel]?.name ?? '')

  test('once nobody reads it again', async () => {
    const run = await expectBits([b.exp([added(added(y, u), b.neg([u]))])], env)
    expect(namesOf(run)).toEqual(['tanh', 'scatterAdd', 'scatterAdd', 'exp'])
    expect(run.plan.buffers.filter((o) => o.region === 'arena').length).toBe(1)
  })

  test('and in a copy where somebody does', async () => {
    expect(namesOf(await expectBits([b.exp([b.add([added(y, u), y])])], env))).toContain('copy')
    expect(namesOf(await expectBits([b.exp([added(x, u)]), b.neg([x])], env))).toContain('copy')
  })

  test('of which rows are taken on the way', async () => {
    const rows = b.mul([u, b.gather([y, at], { axis: 0, batch: 0 })])
    expect(namesOf(await expectBits([b.exp([added(y, rows)])], env))).not.toContain('copy')
  })

  test('in one piece through a view of all of it, and laid down through any other', async () => {
    const wide = b.reshape([b.reshape([y], { shape: [120] })], { shape: [40, 3] })
    expect(namesOf(await expectBits([b.exp([added(wide, u)])], env))).toEqual(['tanh', 'scatterAdd', 'exp'])
    const turned = b.reverse([y], { axes: [0] })
    const { kernels } = await expectBits([b.exp([added(turned, u)])], env)
    expect(kernels.find((k) => k.name === 'scatterAdd')?.stages.length).toBe(2)
  })
})

test('the gradient of a mean over embeddings', async () => {
  const table = input('table', [6, 5])
  const ids = input('ids', [2, 4], 'i32')
  const loss = mean(square(embedding(table, ids)))
  const g = grad(loss, table)
  const env = new Map<Node, Tensor>([
    [table, drawn('f32', [6, 5], 3, 2)],
    [ids, tensor('i32', [2, 4], [0, 5, 2, 2, 2, -3, 9, 5])],
  ])
  const [value] = interpret([g], env) as [Tensor]
  // rows 0, 2 and 5 are taken 2, 3 and 3 times (an index out of range takes the nearest row), the others never
  const times = [2, 0, 3, 0, 0, 3]
  const x = (env.get(table) as Tensor).data
  for (const [i, got] of value.data.entries())
    expect(got).toBeCloseTo(((2 * (x[i] as number)) / 40) * (times[Math.floor(i / 5)] as number), 6)
  await expectBits([g], env)
})

test('the derivative by updates that are left out is 0', () => {
  const [x, at, u] = [input('x', [3]), input('at', [4], 'i32'), input('u', [4])]
  const g = grad(mean(square(scatterAdd(x, at, u))), u)
  const env = new Map<Node, Tensor>([
    [x, tensor('f32', [3], [1, 2, 3])],
    [at, tensor('i32', [4], [0, 3, -1, 2])],
    [u, tensor('f32', [4], [1, 1, 1, 1])],
  ])
  const [value] = interpret([g], env) as [Tensor]
  expect([...value.data].map((v) => Math.round(v * 3) / 2)).toEqual([2, 0, 0, 4])
})

test('elements along an axis, and sums of segments', () => {
  const x = input('x', [2, 3])
  const at = input('at', [2, 2], 'i32')
  const owner = input('owner', [2], 'i32')
  const env = new Map<Node, Tensor>([
    [x, tensor('f32', [2, 3], [1, 2, 3, 4, 5, 6])],
    [at, tensor('i32', [2, 2], [2, 0, 1, 1])],
    [owner, tensor('i32', [2], [3, 3])],
  ])
  const along = takeAlongAxis(x, at, -1)
  const [a, s, z] = interpret(
    [along, segmentSum(x, owner, 4), scatterAdd(zeros([4]), owner, input('v', [2]))],
    new Map([...env, [input('v', [2]), tensor('f32', [2], [1, 2])] as const]),
  ) as [Tensor, Tensor, Tensor]
  expect([...a.data]).toEqual([3, 1, 5, 5])
  expect([...s.data]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 7, 9])
  expect([...z.data]).toEqual([0, 0, 0, 3])
})

test('a table is trained in place, while its old rows are still read', async () => {
  const table = param('table', [6, 5], 0)
  const ids = input('ids', [2, 4], 'i32')
  const w = input('w', [5])
  // the rows of each step of a loop, taken ahead of it and within it
  const { outputs: sums } = scan(
    (h: Expr, at: Expr) => {
      const rows = b.gather([table, at], { axis: 0, batch: 0 })
      const next = b.add([h, b.sum([b.mul([rows, w])], { axes: [0], keepDims: false })])
      return { carry: next, output: b.tanh([next]) }
    },
    zeros([5]),
    ids,
  )
  const loss = add(mean(square(embedding(table, ids))), mean(b.sum([sums], { axes: [0, 1], keepDims: false })))
  const g = grad(loss, table)
  const value = b.sub([table, b.mul([b.lit(0.5, 'f32'), g])])
  const fused = fuse({
    name: 'main',
    results: [{ name: 'loss', value: loss }],
    updates: [{ target: table, value }],
  })
  const plan = makePlan([fused], { scratchBytes: scratchFor('plain') })
  expect(faultsOfPlan(plan)).toEqual([])
  const given: readonly (readonly [Node, Tensor])[] = [
    [ids, tensor('i32', [2, 4], [0, 5, 2, 2, 2, -3, 9, 5])],
    [w, drawn('f32', [5], 5, 2)],
  ]
  const start = drawn('f32', [6, 5], 3, 2)
  const wants: Elements[] = []
  let rows = start
  for (let i = 0; i < 3; i++) {
    ;[rows] = interpret([value], new Map([...given, [table, rows] as const])) as [Tensor]
    wants.push(rows.data)
  }
  for (const begin of [startWasm, startJavaScript]) {
    const target = await begin(plan)
    for (const [n, t] of given) write(plan, target, (n.params as { readonly name: string }).name, t.data)
    write(plan, target, 'table', start.data)
    for (const want of wants) {
      target.run('main')
      const got = read(plan, target, 'table')
      expect(Math.max(...Array.from(got, (v, i) => Math.abs(v - (want[i] as number))))).toBeLessThan(2e-6)
    }
  }
})
