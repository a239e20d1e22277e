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
    ['a layer norm', { y: layerNorm(x as never) as Node }],
    ['the gradient of a squared norm', { y: grad(sum(softmax(x)) as never, x) }],
  ] as readonly (readonly [string, Readonly<Record<string, Node>>])[])('%s', async (_name, results) => {
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

test('identical kernels appear once', async () => {
  const layer = (x: Node, i: number): Node =>
    relu(matmul(x as never, param(`w${i}`, [16, 16], zeros) as never) as never)
  const x: Node = input('x', [16, 16])
  const w = await built({ main: { y: [0, 1, 2, 3].reduce(layer, x) } })
  expect(kernelsOf(w, 'main')).toHaveLength(4)
  expect(w.plan.kernels.filter((k) => k.tag === 'contraction')).toHaveLength(1)
})
