// In: the workloads. Out: that their plans take hardly more than what has to be there at the worst moment: parameters, states,
// inputs, and what is alive in the arena.

import { describe, expect, it } from 'vitest'
import { plannedBytes } from '../../bench/figures/memory.ts'
import { heldNames } from '../../bench/nabla/held.ts'

/** A memory of WebAssembly has whole pages. */
const page = 65_536

describe('a plan takes at most a tenth more bytes than it needs, or less than a page', () => {
  it.each(heldNames)('%s', async (name) => {
    const { plan, needed } = await plannedBytes(name)
    expect(needed).toBeGreaterThan(0)
    expect(plan).toBeGreaterThanOrEqual(needed)
    expect(plan).toBeLessThanOrEqual(Math.max(page, 1.1 * needed))
  })
})
