/**
 * What fusion and planning make of small, well-known programs: how many kernels, and what must not be there.
 */
import { isRight } from 'fp-ts/lib/Either.js'
import {
  adam,
  crossEntropy,
  dense,
  input,
  layerNorm,
  matmul,
  mean,
  type Node,
  param,
  pipe,
  relu,
  sgd,
  softmax,
  sum,
  transpose,
  zeros,
} from 'nabla'
import { grad, trainStep } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { compileWhole, type Whole } from '../../compiler/compile.ts'
import type { EntryInputs } from '../../compiler/entries.ts'
import type { ContractionKernel, LoopKernel } from '../../compiler/kernel/kernel.ts'
import { graph } from '../../src/expr/node.ts'
import type { DotAxes } from '../../src/ops/contraction.ts'

const built = async (entries: EntryInputs): Promise<Whole> => {
  const whole = await compileWhole(entries, { target: 'javascript', checked: true })
  if (!isRight(whole)) throw new Error(whole.left.message)
  return whole.right
}

/** Names of the kernels that one run of an entry starts. */
const kernelsOf = (w: Whole, entry: string): readonly string[] =>
  (w.plan.entries.find((e) => e.name === entry)?.steps ?? []).map((s) => w.plan.kernels[s.kernel]?.name ?? '')

const sizesIn = (w: Whole, region: string): readonly number[] =>
  w.plan.buffers.filter((b) => b.region === region).map((b) => b.elements)

const classifier = () => {
  const x = input('x', [16, 20])
  const y = input('y', [16], 'i32')
  const [w1, b1] = [param('w1', [20, 12], zeros), param('b1', [12], zeros)]
  const [w2, b2] = [param('w2', [12, 5], zeros), param('b2', [5], zeros)]
  return pipe(x, dense(w1, b1), relu, dense(w2, b2), crossEntropy(y), mean)
}

describe('one kernel', () => {
  const x: Node = input('x', [8, 10])
  test.each([
    ['softmax', { y: softmax(x) }],
    ['a chain of elementwise ops', { y: relu(softmax(x)) }],
    ['a layer norm', { y: layerNorm(x) }],
    ['the gradient of a squared norm', { y: grad(sum(softmax(x)) as never, x) }],
  ])('%s', async (_name, results) => {
    expect(kernelsOf(await built({ main: results }), 'main')).toHaveLength(1)
  })

  test('cross-entropy with its gradient by the logits', async () => {
    const [z, y] = [input('z', [8, 10]), input('y', [8], 'i32')]
    const loss = pipe(z, crossEntropy(y), sum)
    // the rows in one pass; their sum after it
    expect(kernelsOf(await built({ main: { loss, g: grad(loss, z) } }), 'main')).toHaveLength(2)
  })

  test('a product with bias and activation', async () => {
    const y = pipe(input('x', [8, 20]), dense(input('w', [20, 6]), input('b', [6])), relu)
    expect(kernelsOf(await built({ main: { y } }), 'main')).toHaveLength(1)
  })
})

describe('a training step of a classifier', () => {
  test('has one kernel a product, and five others: loss rows, mean, two bias updates, the counter', async () => {
    const w = await built({ step: trainStep(classifier(), sgd()) })
    const names = kernelsOf(w, 'step')
    expect(names.filter((n) => n.startsWith('dotGeneral'))).toHaveLength(5)
    expect(names.length).toBe(10)
  })

  test('never stores a weight gradient: it is used up in the epilogue of its product', async () => {
    const w = await built({ step: trainStep(classifier(), adam()) })
    expect(sizesIn(w, 'arena')).not.toContain(20 * 12)
    expect(sizesIn(w, 'arena')).not.toContain(12 * 5)
    expect(kernelsOf(w, 'step').filter((n) => n === 'copy')).toEqual([])
  })

  test('updates parameters and moments in place', async () => {
    const w = await built({ step: trainStep(classifier(), adam()) })
    const step = w.plan.entries.find((e) => e.name === 'step')
    const written = new Set(
      (step?.steps ?? []).flatMap((s) =>
        s.bindings.filter((_, i) => w.plan.kernels[s.kernel]?.buffers[i]?.mode === 'write'),
      ),
    )
    for (const p of [...w.plan.params, ...w.plan.states]) expect(written.has(p.buffer)).toBe(true)
  })

  test('makes no transpose: products take their operands as they lie', async () => {
    const w = await built({ step: trainStep(classifier(), sgd()) })
    expect(kernelsOf(w, 'step').filter((n) => n === 'copy')).toEqual([])
  })
})

test('a transposed product reads its operands in place', async () => {
  const [a, b] = [input('a', [20, 8]), input('b', [6, 20])]
  const w = await built({ main: { c: matmul(transpose(a), transpose(b)) } })
  expect(kernelsOf(w, 'main')).toEqual(['dotGeneral'])
})

test('a product with a literal, as a chain of products has for a gradient, reads it from memory', async () => {
  const [m, n] = [input('m', [4, 4]), input('n', [4, 4])]
  const w = await built({ main: { g: grad(sum(matmul(m, matmul(m, n))), n) } })
  expect(kernelsOf(w, 'main')).toEqual(['copy', 'dotGeneral', 'dotGeneral'])
})

describe('a concatenation of what one kernel computes', () => {
  const [x, y] = [input('x', [6, 4]), input('y', [6, 4])]
  const [a, b2] = [graph.exp([graph.mul([x, y])]), graph.tanh([x])]
  const beside = (parts: readonly Node[], axis: number): Node => graph.concat(parts, { axis })

  test('is written by that kernel, part by part, and its parts are not kept', async () => {
    for (const axis of [0, 1]) {
      const w = await built({ main: { y: beside([a, b2, a], axis) } })
      expect(kernelsOf(w, 'main')).toHaveLength(1)
      expect(sizesIn(w, 'arena')).toEqual([])
    }
  })

  test('may hold what lies in memory besides, and rows of a softmax', async () => {
    const w = await built({ main: { y: beside([softmax(a as never) as Node, x, b2], 1), z: a } })
    expect(kernelsOf(w, 'main')).toHaveLength(1)
    expect(sizesIn(w, 'arena').filter((n) => n > 4)).toEqual([])
  })

  test('is a copy where nothing is computed, or where the parts are of several shapes', async () => {
    expect(kernelsOf(await built({ main: { y: beside([x, y], 1) } }), 'main')).toEqual(['concat'])
    const uneven = beside([a, graph.tanh([input('z', [6, 3])])], 1)
    expect(kernelsOf(await built({ main: { y: uneven } }), 'main').at(-1)).toBe('concat')
  })
})

describe('rows taken twice', () => {
  /** Rows by their indices, summed by themselves and by columns. */
  const sums = (count: number, row: number) => {
    const rows = graph.gather([input('table', [50_000, row]), input('ids', [count], 'i32')], { axis: 0, batch: 0 })
    return { rows: sum(rows, 1), columns: sum(graph.exp([rows]), 0) } as Readonly<Record<string, Node>>
  }

  test('are read where they lie, if a copy would not stay near, and copied if it would', async () => {
    expect(sizesIn(await built({ main: sums(4096, 100) }), 'arena')).toEqual([])
    expect(sizesIn(await built({ main: sums(512, 100) }), 'arena')).toEqual([512 * 100])
    // too short to be worth the way
    expect(sizesIn(await built({ main: sums(40_960, 10) }), 'arena')).toEqual([40_960 * 10])
  })
})

describe('inner products of a batch', () => {
  const kernelOf = async (y: Node): Promise<LoopKernel> => {
    const { plan } = await built({ main: { y } })
    const [kernel, ...others] = plan.kernels
    expect(others).toEqual([])
    if (kernel?.tag !== 'loop') throw new Error('the one kernel is no loop')
    return kernel
  }

  test('are one reduction in lanes, a row each', async () => {
    const k = await kernelOf(matmul(input('a', [8, 1, 5000]), input('b', [8, 5000, 1])))
    expect([k.order, k.outer, k.stages[0]?.dims]).toEqual(['lanes', [8], [5000]])
    const flat = await kernelOf(matmul(input('a', [2, 4, 1, 5000]), input('b', [2, 4, 5000, 1])))
    expect([flat.order, flat.outer, flat.stages[0]?.dims]).toEqual(['lanes', [8], [5000]])
  })

  test('that lie side by side are one reduction of columns', async () => {
    const [a, b] = [input('a', [5000, 8]), input('b', [5000, 8])]
    const k = await kernelOf(graph.dotGeneral([a, b], { batch: [[1], [1]], contract: [[0], [0]] }))
    expect([k.order, k.outer, k.stages[0]?.dims]).toEqual(['sequential', [8], [5000]])
    const store = k.stages.at(-1)?.stores[0]?.access
    expect(store).toEqual({ offset: 0, strides: [1] })
  })
})

describe('a product with an operand shared along a batch', () => {
  const repeated = (name: string, shape: readonly number[], to: readonly number[]): Node =>
    graph.broadcastTo([input(name, shape)], { shape: to })
  const productOf = async (x: Node, y: Node, axes: DotAxes) => {
    const { plan } = await built({ main: { y: graph.dotGeneral([x, y], axes) } })
    expect(plan.kernels.map((k) => k.tag)).toEqual(['contraction'])
    const { batch, m, n, k } = plan.kernels[0] as ContractionKernel
    return { batch, m, n, k }
  }

  test('has the batch among its rows', async () => {
    const y = repeated('b', [32, 24], [2, 8, 32, 24])
    const axes: DotAxes = {
      batch: [
        [0, 1],
        [0, 1],
      ],
      contract: [[3], [2]],
    }
    expect(await productOf(input('a', [2, 8, 16, 32]), y, axes)).toEqual({ batch: [], m: 256, n: 24, k: 32 })
  })

  test('keeps what is not shared of the batch', async () => {
    const y = repeated('b', [2, 1, 32, 24], [2, 8, 32, 24])
    const axes: DotAxes = {
      batch: [
        [0, 1],
        [0, 1],
      ],
      contract: [[3], [2]],
    }
    expect(await productOf(input('a', [2, 8, 16, 32]), y, axes)).toEqual({ batch: [2], m: 128, n: 24, k: 32 })
  })

  test('takes the first operand, if shared, as the second where the other is a vector', async () => {
    const axes: DotAxes = { batch: [[0], [0]], contract: [[2], [1]] }
    const x = repeated('a', [16, 32], [8, 16, 32])
    expect(await productOf(x, input('b', [8, 32]), axes)).toEqual({ batch: [], m: 8, n: 16, k: 32 })
    const row = repeated('r', [1, 32], [8, 1, 32])
    const wide: DotAxes = { batch: [[0], [0]], contract: [[2], [2]] }
    expect(await productOf(row, input('c', [8, 24, 32]), wide)).toEqual({ batch: [], m: 192, n: 1, k: 32 })
  })

  test('stays a batch where its rows would have no one stride, or the batch stands further out', async () => {
    const heads = graph.transpose([input('h', [16, 8, 32])], { perm: [1, 0, 2] })
    const axes: DotAxes = { batch: [[0], [0]], contract: [[2], [1]] }
    const y = repeated('b', [32, 24], [8, 32, 24])
    expect(await productOf(heads, y, axes)).toEqual({ batch: [8], m: 16, n: 24, k: 32 })
    const inner = repeated('i', [1, 8, 32, 24], [2, 8, 32, 24])
    const two: DotAxes = {
      batch: [
        [0, 1],
        [0, 1],
      ],
      contract: [[3], [2]],
    }
    expect(await productOf(input('a', [2, 8, 16, 32]), inner, two)).toEqual({ batch: [2, 8], m: 16, n: 24, k: 32 })
  })
})

test('identical kernels appear once', async () => {
  const layer = (x: Node, i: number): Node => relu(matmul(x, param(`w${i}`, [16, 16], zeros) as never) as never)
  const x: Node = input('x', [16, 16])
  const w = await built({ main: { y: [0, 1, 2, 3].reduce(layer, x) } })
  expect(kernelsOf(w, 'main')).toHaveLength(4)
  expect(w.plan.kernels.filter((k) => k.tag === 'contraction')).toHaveLength(1)
})
