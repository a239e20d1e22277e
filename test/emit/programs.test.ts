// In: small programs as expressions. Out: that fusion and planning give kernels and plans without a fault, that Wasm and
// JavaScript run them to the same bits, and that these are the interpreter's values up to the order of sums.

import { describe, expect, it } from 'vitest'
import { emitJavaScript } from '../../compiler/emit/javascript/module.ts'
import { scratchFor } from '../../compiler/emit/wasm/split.ts'
import { emitWasm } from '../../compiler/emit/wasm/emit.ts'
import { fuse } from '../../compiler/fuse/fuse.ts'
import { pull } from '../../compiler/grad/vjp.ts'
import { interpret } from '../../compiler/interpret/interpret.ts'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'
import { faultsOf } from '../../compiler/kernel/check.ts'
import { faultsOfPlan } from '../../compiler/plan/check.ts'
import { makePlan } from '../../compiler/plan/make.ts'
import { kernelsOf } from '../../compiler/program/fused.ts'
import type { Plan, PlanBuffer, Port } from '../../compiler/plan/plan.ts'
import { type EntryProgram, rootsOf } from '../../compiler/program/entry.ts'
import { topological } from '../../compiler/program/walk.ts'
import type { DType } from '../../src/core/dtype.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import type { Update } from '../../src/expr/leaves.ts'
import { graph as b, literal, make } from '../../src/expr/node.ts'
import { bitsOf, type Memory } from './oracle.ts'
import { importText } from './run-javascript.ts'

const input = (name: string, shape: readonly number[], dtype: DType = 'f32'): Node =>
  make('input', [], { name, dtype, shape })
const param = (name: string, shape: readonly number[], dtype: DType = 'f32'): Node =>
  make('param', [], { name, dtype, shape, init: literal(0, dtype) })
const sum = (x: Node, axis: number, keepDims = false): Node => b.sum([x], { axes: [axis], keepDims })
const mean = (x: Node): Node => b.mean([x], { axes: x.shape.map((_, i) => i), keepDims: false })
const stepDown = (loss: Node, wrt: readonly Node[]): readonly Update[] => {
  const cts = pull(loss, literal(1, loss.dtype), wrt)
  return wrt.map((target, i) => ({
    target,
    value: b.sub([target, b.mul([cts[i] as Node, literal(0.1, loss.dtype)])]),
  }))
}

const entry = (results: Readonly<Record<string, Node>>, updates: readonly Update[] = []): EntryProgram => ({
  name: 'run',
  results: Object.entries(results).map(([name, value]) => ({ name, value })),
  updates,
})

/** Operands of which some lanes of a vector take the long path of sin, cos, tan and mod, and others do not. */
const rareOperands = (dtype: 'f32' | 'f64', scale: number): Readonly<Record<string, Node>> => {
  const large = (name: string, shape: readonly number[]): Node =>
    b.mul([input(`${name}_${dtype}`, shape, dtype), literal(scale, dtype)])
  const [all, row, column] = [large('all', [17, 70]), large('row', [17, 1]), large('column', [70])]
  const product = b.dotGeneral([input(`p_${dtype}`, [17, 9], dtype), input(`q_${dtype}`, [9, 70], dtype)], {
    batch: [[], []],
    contract: [[1], [0]],
  })
  const one = literal(1, dtype)
  return {
    map: b.sin([all]),
    hoisted: b.add([b.mul([b.cos([row]), b.sin([column])]), b.mod([row, b.add([b.square([column]), one])])]),
    rows: sum(b.mul([b.cos([all]), b.sin([row])]), 1),
    columns: sum(b.sin([b.add([all, row])]), 0),
    greatest: b.max([b.cos([all])], { axes: [0, 1], keepDims: false }),
    behind: b.mul([product, b.mul([b.sin([b.add([all, one])]), b.mul([b.cos([row]), b.cos([column])])])]),
  }
}

const x = input('x', [17, 9])
const literalOf = (value: number, shape: readonly number[]): Node => b.broadcastTo([literal(value, 'f32')], { shape })
const programs: Readonly<Record<string, () => EntryProgram>> = {
  'softmax over the last axis': () => entry({ y: b.softmax([x], { axis: 1 }) }),
  'softmax over the first axis': () => entry({ y: b.softmax([x], { axis: 0 }) }),
  'log-softmax and log-sum-exp': () =>
    entry({ y: b.logSoftmax([x], { axis: 0 }), l: b.logSumExp([x], { axes: [1], keepDims: false }) }),
  'a dear value kept between stages': () =>
    entry(
      Object.fromEntries(
        [0, 1].map((axis) => {
          const e = b.exp([b.sin([x])])
          return [`y${axis}`, sum(b.square([b.div([e, sum(e, axis, true)])]), axis)]
        }),
      ),
    ),
  'a normalized batch': () => {
    const d = b.sub([x, b.mean([x], { axes: [0], keepDims: true })])
    const variance = b.mean([b.square([d])], { axes: [0], keepDims: true })
    return entry({ y: b.div([d, b.sqrt([b.add([variance, literal(1e-5, 'f32')])])]) })
  },
  'cross-entropy and its gradient': () => {
    const loss = mean(b.crossEntropy([x, input('labels', [17], 'i32')]))
    return entry({ loss, g: pull(loss, literal(1, 'f32'), [x])[0] as Node })
  },
  'padding and joining': () =>
    entry({
      p: b.pad([x], { low: [1, 0], high: [2, 3], interior: [0, 2], value: 0.5 }),
      c: b.concat([b.exp([x]), input('more', [17, 2])], { axis: 1 }),
    }),
  'what is computed together, side by side': () => {
    const [e, s] = [b.exp([b.sin([x])]), b.softmax([b.cos([x])], { axis: 1 })]
    return entry({
      last: b.concat([e, b.tanh([x]), x, e], { axis: 1 }),
      first: b.concat([s, literalOf(2, [17, 9]), b.neg([s])], { axis: 0 }),
      columns: b.concat([b.softmax([e], { axis: 0 }), e], { axis: 1 }),
      stacked: b.concat([b.reshape([e], { shape: [17, 9, 1] }), b.reshape([s], { shape: [17, 9, 1] })], { axis: 2 }),
    })
  },
  'axes in another order, and positions': () =>
    entry({ y: b.exp([b.transpose([x], { perm: [1, 0] })]), at: b.argmax([x], { axis: 0 }) }),
  'a training step in place': () => {
    const [w, c] = [param('w', [9, 10]), param('c', [10])]
    const z = b.add([b.dotGeneral([x, w], { batch: [[], []], contract: [[1], [0]] }), c])
    const loss = mean(b.crossEntropy([z, input('labels', [17], 'i32')]))
    return entry({ loss }, stepDown(loss, [w, c]))
  },
  'the same in f64': () => {
    const w = param('w', [9, 4], 'f64')
    const y = b.tanh([b.dotGeneral([input('x64', [17, 9], 'f64'), w], { batch: [[], []], contract: [[1], [0]] })])
    const loss = mean(b.square([y]))
    return entry({ loss, y }, stepDown(loss, [w]))
  },
  'rare operands in loops, outside of them, in sums and behind products, in f32': () => entry(rareOperands('f32', 5e3)),
  'rare operands in loops, outside of them, in sums and behind products, in f64': () => entry(rareOperands('f64', 4e7)),
  'products with an operand shared along a batch': () => {
    const to = (y: Node, shape: readonly number[]): Node => b.broadcastTo([y], { shape })
    const [u, v, w] = [input('u', [2, 3, 5, 7]), input('v', [7, 6]), input('w', [2, 1, 7, 6])]
    const two = {
      batch: [
        [0, 1],
        [0, 1],
      ],
      contract: [[3], [2]],
    } as const
    const rows = input('rows', [5, 7])
    const scale = input('scale', [2, 3, 5, 6])
    return entry({
      whole: b.tanh([b.mul([b.dotGeneral([u, to(v, [2, 3, 7, 6])], two), scale])]),
      part: b.dotGeneral([u, to(w, [2, 3, 7, 6])], two),
      first: b.exp([
        b.dotGeneral([to(rows, [9, 5, 7]), input('vectors', [9, 7])], { batch: [[0], [0]], contract: [[2], [1]] }),
      ]),
      row: b.dotGeneral(
        [to(b.slice([rows], { start: [1, 0], limit: [2, 7], step: [1, 1] }), [6, 1, 7]), input('many', [6, 4, 7])],
        {
          batch: [[0], [0]],
          contract: [[2], [2]],
        },
      ),
      turned: b.dotGeneral([b.transpose([u], { perm: [1, 0, 2, 3] }), to(v, [3, 2, 7, 6])], two),
      reordered: b.dotGeneral([u, to(v, [3, 2, 7, 6])], {
        batch: [
          [1, 0],
          [0, 1],
        ],
        contract: [[3], [2]],
      }),
      lone: b.dotGeneral([u, to(input('z', [7]), [2, 3, 5, 7])], {
        batch: [
          [0, 1, 2],
          [0, 1, 2],
        ],
        contract: [[3], [3]],
      }),
    })
  },
  'inner products of a batch, along rows and along columns': () => {
    const [p, q] = [input('p', [37, 6]), input('q', [37, 6])]
    const [r, s] = [input('r', [3, 4, 37]), input('s', [3, 4, 37])]
    return entry({
      columns: b.dotGeneral([p, q], { batch: [[1], [1]], contract: [[0], [0]] }),
      mixed: b.dotGeneral([p, input('t', [6, 37])], { batch: [[1], [0]], contract: [[0], [1]] }),
      rows: b.dotGeneral([r, s], {
        batch: [
          [0, 1],
          [0, 1],
        ],
        contract: [[2], [2]],
      }),
      both: b.dotGeneral([r, s], {
        batch: [[2], [2]],
        contract: [
          [0, 1],
          [0, 1],
        ],
      }),
      crossed: b.dotGeneral([r, s], {
        batch: [[1], [1]],
        contract: [
          [0, 2],
          [0, 2],
        ],
      }),
    })
  },
  'two parameters that change places': () => {
    const [p, q] = [param('p', [33]), param('q', [33])]
    return entry({ s: sum(p, 0) }, [
      { target: p, value: b.add([q, p]) },
      { target: q, value: b.mul([p, literal(0.5, 'f32')]) },
    ])
  },
}

const view = (memory: ArrayBuffer, { dtype, offset, elements }: PlanBuffer): Memory =>
  dtype === 'f32'
    ? new Float32Array(memory, offset, elements)
    : dtype === 'f64'
      ? new Float64Array(memory, offset, elements)
      : new Int32Array(memory, offset, elements)

const nameOf = (n: Node): string => (n.params as { readonly name: string }).name
const leavesOf = (plan: Plan): readonly Port[] => [...(plan.entries[0]?.inputs ?? []), ...plan.params, ...plan.states]
const valuesOf = (p: Port): readonly number[] =>
  Array.from({ length: sizeOf(p.shape) }, (_, i) =>
    p.dtype === 'i32' ? (i * 7) % 9 : 2 * Math.sin(1.7 * i + p.name.charCodeAt(0)),
  )

type Run = (memory: ArrayBuffer) => void
const runAll = (plan: Plan, memory: ArrayBuffer, run: Run, results: readonly number[]): readonly Memory[] => {
  for (const p of leavesOf(plan)) view(memory, plan.buffers[p.buffer] as PlanBuffer).set(valuesOf(p))
  run(memory)
  return results.map((r) => view(memory, plan.buffers[r] as PlanBuffer).slice())
}

const interpreted = (e: EntryProgram, plan: Plan): readonly Tensor[] => {
  const ports = new Map(leavesOf(plan).map((p) => [p.name, p]))
  const env = new Map<Node, Tensor>()
  for (const n of topological(rootsOf(e))) {
    const p = n.op === 'input' || n.op === 'param' ? ports.get(nameOf(n)) : undefined
    if (p !== undefined) env.set(n, tensor(p.dtype, p.shape, valuesOf(p)))
  }
  return interpret(rootsOf(e), env)
}

describe('programs', () => {
  it.each(Object.entries(programs))('%s', async (_, program) => {
    const e = program()
    const fused = fuse(e)
    expect(kernelsOf(fused).flatMap((k) => faultsOf(k.kernel))).toEqual([])
    const plan = makePlan([fused], {
      scratchBytes: scratchFor('plain'),
    })
    expect(faultsOfPlan(plan)).toEqual([])

    const places = new Map([...plan.params, ...plan.states].map((p) => [p.name, p.buffer]))
    const results = [
      ...(plan.entries[0]?.outputs ?? []).map((p) => p.buffer),
      ...e.updates.map((u) => places.get(nameOf(u.target)) as number),
    ]
    const js = (await importText(emitJavaScript(plan, { manifest: '{}' }))).instantiate()
    const found = runAll(plan, js.memory, () => js.entries.run?.(), results)
    const { instance } = await WebAssembly.instantiate((await emitWasm(plan)) as BufferSource as ArrayBuffer)
    const { memory, run } = instance.exports
    const wanted = runAll(plan, (memory as WebAssembly.Memory).buffer, () => (run as () => void)(), results)
    expect(found.map(bitsOf)).toEqual(wanted.map(bitsOf))

    interpreted(e, plan).forEach((t, i) => {
      const error = Array.from(t.data, (v, j) => Math.abs(v - (found[i]?.[j] as number)) / (1 + Math.abs(v)))
      expect(Math.max(...error)).toBeLessThan(t.dtype === 'f64' ? 1e-13 : 1e-6)
    })
  })
})
