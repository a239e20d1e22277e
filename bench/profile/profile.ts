// A workload's step kernel by kernel, in a fresh process for each variant.

import type { Effort } from '../effort.ts'
import { relaxedByDefault, relaxedFlag } from '../engine.ts'
import { runFreshTypeScript } from '../figures/fresh.ts'
import { isHeld } from '../nabla/held.ts'
import type { Profile } from './figures.ts'

/** Nothing for what is no training step. */
export const profilesOf = async (workload: string, { rounds }: Effort): Promise<readonly Profile[]> => {
  if (!isHeld(workload)) return []
  const profile = (variant: 'plain' | 'relaxed', flags: readonly string[]): Promise<Profile> =>
    runFreshTypeScript('../profile/profile-once.ts', [workload, variant, String(rounds)], flags)
  return [await profile('plain', []), await profile('relaxed', relaxedByDefault ? [] : [relaxedFlag])]
}
