// In: the loss of a softmax over many classes and its derivative by the logits. Out: what the kernel of them moves: the
// logits lie in memory once, the gradient takes their place, and the label's logit is one load and not a walk over the row.

import { describe, expect, it } from 'vitest'
import { interpret } from '../../compiler/interpret/interpret.ts'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'
import type { LoopKernel } from '../../compiler/kernel/kernel.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, make } from '../../src/expr/node.ts'
import { compileAndRun, compiled } from './compiled.ts'

const [ROWS, WIDTH, CLASSES] = [6, 3, 1203]
const leaf = (name: string, shape: readonly number[], dtype: 'f32' | 'i32' = 'f32'): Node =>
  make('input', [], { name, dtype, shape })
const [h, v, e, label] = [
  leaf('h', [ROWS, WIDTH]),
  leaf('v', [WIDTH, CLASSES]),
  leaf('e', [CLASSES]),
  leaf('label', [ROWS], 'i32'),
]
const logits = b.add([b.dotGeneral([h, v], { batch: [[], []], contract: [[1], [0]] }), e])
const loss = b.crossEntropy([logits, label])
const gradient = b.sub([b.softmax([logits], { axis: 1 }), b.oneHot([label], { depth: CLASSES, dtype: 'f32' })])

const wave = (name: Node, scale: number): readonly [Node, Tensor] => {
  const size = name.shape.reduce((n, d) => n * d, 1)
  return [
    name,
    tensor(
      'f32',
      name.shape,
      Array.from({ length: size }, (_, i) => scale * Math.sin(1 + 7 * i)),
    ),
  ]
}

const valuesWith = (bias: Tensor): ReadonlyMap<Node, Tensor> =>
  new Map<Node, Tensor>([
    wave(h, 2),
    wave(v, 2),
    [e, bias],
    // the first class, the last, two in between, and two that there are not
    [label, tensor('i32', [ROWS], [0, CLASSES - 1, 7, 600, -1, CLASSES])],
  ])

describe('a softmax over many classes', () => {
  const bias = wave(e, 1)[1]
  const holes = tensor(
    'f32',
    [CLASSES],
    Array.from({ length: CLASSES }, (_, i) => (i % 5 === 2 ? Number.NEGATIVE_INFINITY : i === 9 ? -0 : 0.25 * (i % 3))),
  )

  it.each(['wasm', 'javascript'] as const)('has the loss and the gradient of the interpreter on %s', async (target) => {
    for (const env of [valuesWith(bias), valuesWith(holes)]) {
      const want = interpret([loss, gradient], env)
      const got = await compileAndRun({ loss, gradient }, env, target)
      got.forEach((values, i) => {
        expect(Array.from(values)).toEqual(
          Array.from(want[i]?.data as ArrayLike<number>, (x) => (Number.isFinite(x) ? expect.closeTo(x, 5) : x)),
        )
      })
    }
  })

  it('takes the logit of the label where it lies', async () => {
    const { plan } = await compiled({ loss }, 'wasm')
    const kernels = plan.kernels.filter((k): k is LoopKernel => k.tag === 'loop')
    const reduced = kernels.flatMap((k) => k.stages.flatMap((s) => s.reductions.map((r) => r.combine)))
    expect(reduced).toEqual(['max', 'sum'])
    expect(kernels.flatMap((k) => k.stages.flatMap((s) => s.body)).filter((i) => i.tag === 'gather')).toHaveLength(1)
  })

  it('writes the gradient over the logits', async () => {
    const total = b.sum([b.square([gradient])], { axes: [0, 1], keepDims: false })
    const { plan } = await compiled(
      { loss, by: b.dotGeneral([h, gradient], { batch: [[], []], contract: [[0], [0]] }), total },
      'wasm',
    )
    expect(plan.entries[0]?.peak).toBeLessThan(4 * 1.3 * ROWS * CLASSES)
  })
})
