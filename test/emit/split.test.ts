// In: products of many shapes, in all orders of their operands. Out: that the parts they are cut into for threads are packed and
// turned as the whole is, whatever the number of threads, and that large ones are cut at all.

import { input, matmul, param, transpose, zeros } from 'nabla'
import { expect, it } from 'vitest'
import { compileWhole } from '../../compiler/compile.ts'
import { schedule } from '../../compiler/emit/wasm/contraction/schedule.ts'
import { lengthOf, shortened } from '../../compiler/kernel/split.ts'
import { rightOf } from '../artifact/outcome.ts'

const shapes = [
  [512, 1024, 128],
  [128, 1024, 512],
  [256, 2048, 768],
  [1024, 128, 512],
  [32, 768, 256],
  [700, 200, 1000],
] as const

const products = (m: number, k: number, n: number) => ({
  plain: matmul(input('a', [m, k]), param('b', [k, n], zeros)),
  left: matmul(transpose(input('c', [k, m])), param('d', [k, n], zeros)),
  right: matmul(input('e', [m, k]), transpose(param('f', [n, k], zeros))),
})

it.each(shapes)('parts of %i x %i x %i are run as the whole is', async (m, k, n) => {
  for (const threads of [2, 3, 8, 64]) {
    const { plan } = rightOf(await compileWhole({ y: products(m, k, n) }, { threads }))
    const cut = plan.kernels.flatMap((kernel, i) => {
      const split = plan.threads?.splits[i] ?? null
      return kernel.tag === 'contraction' && split !== null ? [{ kernel, split }] : []
    })
    expect(cut).toHaveLength(3)
    for (const { kernel, split } of cut) {
      const { modeB, packA, swapped } = schedule(kernel, 'plain')
      for (const part of [0, split.parts - 1])
        expect(schedule(shortened(kernel, split.axis, lengthOf(kernel, split, part)), 'plain')).toMatchObject({
          modeB,
          packA,
          swapped,
        })
    }
  }
})
