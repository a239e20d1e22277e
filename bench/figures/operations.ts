// How long the generated derivatives are: operations of the simplified gradient beside those of the hand-written one.
// Comes in: the derivations of textbook.ts; goes out: two lines for each. Counted is every distinct operation from the
// leaves to the results, forward values that the derivative uses included; views (transposes and the like) are none.

import type { Expr } from 'nabla'
import { topological } from '../../compiler/program/walk.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { Measurement } from '../measure.ts'
import { type Derivation, generated } from '../textbook.ts'

const isOperation = ({ op }: Expr): boolean => {
  const def = opDef(op)
  return def.kind !== 'leaf' && !(def.kind === 'movement' && def.move.tag === 'view')
}

export const operationsOf = (results: Readonly<Record<string, Expr>>): number =>
  topological(Object.values(results)).filter(isOperation).length

export const operationsName = ({ name }: Derivation): string => `ops-${name}`

export const measureOperations = (derivation: Derivation): readonly Measurement[] =>
  (
    [
      ['nabla', generated(derivation)],
      ['hand', derivation.hand],
    ] as const
  ).map(([subject, results]) => {
    const value = operationsOf(results)
    return {
      line: { workload: operationsName(derivation), subject, variant: 'plain', threads: 1, unit: 'ops', value },
      best: value,
    }
  })
