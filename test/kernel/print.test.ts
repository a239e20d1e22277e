// In: small kernels. Out: their text, to the letter, and what they cost.

import { describe, expect, it } from 'vitest'
import { costOf } from '../../compiler/kernel/cost.ts'
import { printKernel } from '../../compiler/kernel/print.ts'
import { apply, contraction, literal, load, loop, slot, softmax, stage } from './build.ts'

describe('a kernel as text', () => {
  it('shows the stages of a row', () => {
    expect(printKernel(softmax(4, 10))).toMatchInlineSnapshot(`
      "kernel softmax, lanes
        read z f32[40]
        write b1 f32[40]  softmax(z)
      for i0 < 4
        for i1 < 10
          r0 = max of z[10·i0 + i1]
        for i1 < 10
          v3 = exp(z[10·i0 + i1] − r0)
          r1 = sum of v3
          b1[10·i0 + i1] = v3
        for i1 < 10
          b1[10·i0 + i1] = b1[10·i0 + i1] / r1"
    `)
  })

  it('shows a product with its epilogue', () => {
    expect(printKernel(contraction({ m: 5, n: 6, k: 7, epilogue: true }))).toMatchInlineSnapshot(`
      "kernel product 5x6x7, product of f32
        read a f32[35]
        read b f32[42]
        read bias f32[6]
        write b3 f32[30]  c
      for i0 < 5
        for i1 < 6
          c = sum over k < 7 of a[7·i0 + k] · b[6·k + i1]
          b3[6·i0 + i1] = relu(c + bias[i1])"
    `)
  })

  it('shows pieces, batches and transposed operands', () => {
    const k = contraction({ m: 5, n: 6, k: 9, pieces: [5, 4], batch: [2], transposeA: true, transposeB: true })
    expect(printKernel(k)).toMatchInlineSnapshot(`
      "kernel product 2x5x6x9, product of f32
        read a f32[90]
        read b f32[54]
        read bias f32[6]
        write b3 f32[60]  c
        scratch partial f32[30]
      for i0 < 2
        for i1 < 5
          for i2 < 6
            c = sum over k < 9 in pieces 5 + 4 of a[45·i0 + i1 + 5·k] · b[k + 9·i2]
            b3[30·i0 + 6·i1 + i2] = c"
    `)
  })

  it('shows offsets, steps backwards, literals and row values', () => {
    const k = loop(
      'odd',
      [slot('f32', 40, 'read', 'x'), slot('f32', 5, 'write', 'y')],
      [
        stage([4], [load('f32', 0, [8, -2], 6), literal(-2, 'f32'), apply('f32', 'mul', [0, 1])], {
          reductions: [{ row: 0, combine: 'sum', value: 2 }],
        }),
        stage([], [{ tag: 'row', dtype: 'f32', row: 0 }], { rows: [{ row: 1, value: 0 }] }),
        stage([], [{ tag: 'row', dtype: 'f32', row: 1 }], {
          stores: [{ buffer: 1, access: { offset: 0, strides: [1] }, value: 0 }],
        }),
      ],
      { outer: [5], rows: ['f32', 'f32'], order: 'sequential' },
    )
    expect(printKernel(k)).toMatchInlineSnapshot(`
      "kernel odd, sequential
        read x f32[40]
        write y f32[5]
      for i0 < 5
        for i1 < 4
          r0 = sum of x[8·i0 − 2·i1 + 6] · −2
        r1 = r0
        y[i0] = r1"
    `)
  })
})

describe('the cost of a kernel', () => {
  it('counts two for a product, and the epilogue', () => {
    const { flops, bytes } = costOf(contraction({ m: 5, n: 6, k: 7, epilogue: true }))
    expect(flops).toBe(5 * 6 * (2 * 7 + 2))
    expect(bytes).toBe(4 * (5 * 7 + 7 * 6 + 6 + 5 * 6))
  })

  it('counts what a fused kernel does, and memory once', () => {
    // max; subtraction, exp and sum; quotient: five an element
    expect(costOf(softmax(4, 10))).toEqual({ flops: 5 * 40, bytes: 4 * (40 + 40) })
  })

  it('counts a broadcast operand by its own size, and an update twice', () => {
    const k = loop(
      'step',
      [slot('f64', 12, 'update', 'w'), slot('f64', 1, 'read', 'rate')],
      [
        stage([12], [load('f64', 0, [1]), load('f64', 1, [0]), apply('f64', 'mul', [0, 1])], {
          stores: [{ buffer: 0, access: { offset: 0, strides: [1] }, value: 2 }],
        }),
      ],
    )
    expect(costOf(k)).toEqual({ flops: 12, bytes: 8 * (12 + 12 + 1) })
  })
})
