// The guard of what threads share: of the steps that two are to run 1.8 times as fast as one, what is not cut may be little, since
// both wait for it, and the times that they have to agree may be few.

import { expect, it } from 'vitest'
import { sharedWork } from '../../bench/guard/shared.ts'

it.each([
  ['W2', 12],
  ['W4', 90],
  ['W5', 200],
  ['W6', 300],
  ['W9', 100],
] as const)('nearly all of %s is shared, in at most %i jobs', async (name, jobs) => {
  for (const threads of [2, 8]) {
    const found = await sharedWork(name, threads)
    expect(found.flops).toBeGreaterThan(0.99)
    expect(found.bytes).toBeGreaterThan(0.9)
    expect(found.jobs).toBeGreaterThan(0)
    expect(found.jobs).toBeLessThanOrEqual(jobs)
  }
})
