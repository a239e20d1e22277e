// A profile: a step timed kernel by kernel in a process of its own, and how it is shown.

import { describe, expect, it } from 'vitest'
import { keptCounts } from '../../bench/guard/counts.ts'
import type { KernelFigure, Profile } from '../../bench/profile/figures.ts'
import { profilesOf } from '../../bench/profile/profile.ts'
import { profileText } from '../../bench/profile/report.ts'
import { quickEffort } from '../../bench/effort.ts'

const kernel = (at: number, name: string, milliseconds: number, more: Partial<KernelFigure> = {}): KernelFigure => ({
  at,
  name,
  extents: '[8]',
  trips: 1,
  milliseconds,
  flops: 1e6,
  bytes: 2e6,
  isProduct: false,
  ...more,
})

describe('a profile', () => {
  it('has every kernel of the step, and the operations that the plan counts', async () => {
    const [plain] = await profilesOf('W1', { ...quickEffort, rounds: 1 })
    const { kernels = Number.NaN, flops = Number.NaN } = keptCounts()['W1'] ?? {}
    expect(plain?.kernels).toHaveLength(kernels)
    expect(plain?.kernels.reduce((sum, k) => sum + k.flops, 0)).toBe(flops)
    expect(plain?.kernels.every((k) => k.milliseconds > 0)).toBe(true)
  })

  it('is none of what is no training step', async () => {
    expect(await profilesOf('matmul-64', quickEffort)).toEqual([])
  })

  it('names the longest kernels and puts the others together', () => {
    const profile: Profile = {
      workload: 'W0',
      variant: 'plain',
      milliseconds: 1.1,
      kernels: [
        kernel(0, 'small', 0.01),
        kernel(1, 'dotGeneral', 0.5, { isProduct: true, extents: '2x3x4', trips: 7, flops: 1e7 }),
        kernel(2, 'sum', 0.49),
      ],
      peak: 40,
      bandwidth: 10,
    }
    expect(profileText(profile)).toMatchInlineSnapshot(`
      "W0 plain: 1.10 ms a step, 1.00 ms its 3 kernels one by one
         kernel            extents  runs  ms      of the step  of the peak  of the bandwidth
      1  dotGeneral        2x3x4    7     0.500   50 %         50 %         40 %
      2  sum               [8]            0.490   49 %         5 %          41 %
         1 others                         0.0100  1 %          250 %        2000 %
         all products                     0.500   50 %         50 %         40 %
         all but products                 0.500   50 %         10 %         80 %
      peak 40.0 GFLOP/s, bandwidth 10.0 GB/s"
    `)
  })
})
