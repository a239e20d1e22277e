// In: the constructs of this folder. Out: all of them.

import { choices } from './choices.ts'
import type { Construct } from './construct.ts'
import { indexing } from './indexing.ts'
import { layers, shapes } from './layers.ts'
import { loops } from './loops.ts'
import { products } from './products.ts'
import { rules } from './rules.ts'

export const constructs: readonly Construct[] = [
  ...loops,
  ...choices,
  ...indexing,
  ...products,
  ...layers,
  ...shapes,
  ...rules,
]
