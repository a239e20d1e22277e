// What every subject is given: shapes that fit their data, numbers that never change, and the operations that a share of
// the peak is counted in.

import { describe, expect, it } from 'vitest'
import { glorotUniform, labels, uniform } from '../../bench/workloads/random.ts'
import { workload, workloadNames } from '../../bench/workloads/table.ts'
import type { Tensor } from '../../bench/workloads/workload.ts'
import { w1 } from '../../bench/workloads/w1.ts'
import { w2 } from '../../bench/workloads/w2.ts'
import { w4 } from '../../bench/workloads/w4.ts'
import { w5 } from '../../bench/workloads/w5.ts'
import { w9 } from '../../bench/workloads/w9.ts'

const tensorsOf = (name: string): readonly Tensor[] => {
  const wanted = workload(name)
  if (wanted === undefined) throw new Error(`no workload ${name}`)
  if (wanted._tag === 'product') return [wanted.left, wanted.right]
  return wanted._tag === 'convolution'
    ? [wanted.image, wanted.filters, wanted.cotangent]
    : [...Object.values(wanted.parameters), ...wanted.batches.flatMap((batch) => Object.values(batch))]
}

describe('the workloads', () => {
  it.each(workloadNames)('%s has as many elements as its shapes say', (name) => {
    expect(workload(name)?.name).toBe(name)
    for (const { shape, data } of tensorsOf(name)) expect(data.length).toBe(shape.reduce((a, b) => a * b, 1))
  })

  it('are the same numbers every time', () => {
    expect([...uniform(1, [3], 0, 1).data]).toMatchInlineSnapshot(`
      [
        0.6341942548751831,
        0.5030583143234253,
        0.17268329858779907,
      ]
    `)
    expect([...labels(1, [2, 3], 10).data]).toMatchInlineSnapshot(`
      [
        6,
        5,
        1,
        8,
        1,
        7,
      ]
    `)
    const bytes = (): Buffer[] => tensorsOf('W2').map(({ data }) => Buffer.from(data.buffer))
    const again = bytes()
    expect(bytes().every((buffer, index) => buffer.equals(again[index] ?? Buffer.alloc(0)))).toBe(true)
  })

  it('draw evenly within their bounds', () => {
    const draws = [...uniform(5, [200, 100], -1, 3).data]
    expect(draws.every((value) => value >= -1 && value <= 3)).toBe(true)
    expect(draws.reduce((a, b) => a + b, 0) / draws.length).toBeCloseTo(1, 1)
    expect(new Set(labels(5, [1000], 10).data)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
    const limit = Math.fround(Math.sqrt(6 / 30))
    expect(glorotUniform(3, 10, 20).data.every((value) => Math.abs(value) <= limit)).toBe(true)
  })

  it('count the operations of their products', () => {
    // Forward 137.0 million, the weights' gradients as many, the hidden layers' inputs' gradients 34.2 million.
    expect(w2().productFlops).toBe(308_150_272)
    expect(w1().productFlops).toBe(0)
    // Of the vocabulary 8.4 and 4.8 billion; a transformer's weights 2.6 billion, queries, keys and values 0.2 billion.
    expect(w4().productFlops).toBe(8_736_000_000)
    expect(w5().productFlops).toBe(6_336_000_000)
    expect(w9().productFlops).toBe(2_818_572_288)
    const flops = (form: string): number | undefined => {
      const wanted = workload(`matmul-128x784x512-${form}`)
      return wanted?._tag === 'product' ? wanted.flops : undefined
    }
    expect(['nn', 'tn', 'nt'].map(flops)).toEqual(Array(3).fill(2 * 128 * 784 * 512))
    const unpadded = workload('conv-14x14x6-16')
    expect(unpadded?._tag === 'convolution' ? unpadded.flops : 0).toBe(2 * 128 * 10 * 10 * 16 * 150)
    const padded = workload('conv-14x14x64-64-image')
    // of 14 rows two see a row of padding
    expect(padded?._tag === 'convolution' ? padded.flops : 0).toBe(2 * 64 * 64 * 64 * (3 * 14 - 2) ** 2)
  })
})
