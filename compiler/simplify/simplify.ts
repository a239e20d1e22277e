/**
 * Simplification: the table of rules and the pass. In: roots. Out: roots of the same values and types, and what fired.
 * Invariant: pure, deterministic and idempotent; only rules whose label the caller allows are used.
 */
import type { Node } from '../../src/expr/expr.ts'
import { opDef, opNames } from '../../src/ops/registry.ts'
import type { Label } from '../../src/ops/signature.ts'
import { type Fired, indexRules, type Rewritten, rewrite } from './engine.ts'
import { foldRules } from './fold.ts'
import { lawRule } from './pattern.ts'
import type { Rule } from './rule.ts'
import { algebraRules } from './rules/algebra.ts'
import { branchRules } from './rules/branches.ts'
import { blockRules } from './rules/blocks.ts'
import { cancellingRules } from './rules/cancelling.ts'
import { choiceRules } from './rules/choice.ts'
import { contractionRules } from './rules/contraction.ts'
import { exponentialFactorRules, exponentialRules } from './rules/exponentials.ts'
import { labelRules } from './rules/labels.ts'
import { maskRules } from './rules/masks.ts'
import { movementRules } from './rules/movement.ts'
import { narrowingRules } from './rules/narrowing.ts'
import { outerRules } from './rules/outer.ts'
import { partRules } from './rules/parts.ts'
import { pickedProductRules } from './rules/picked-products.ts'
import { pickingRules } from './rules/picking.ts'
import { productRules } from './rules/products.ts'
import { quotientRules } from './rules/quotients.ts'
import { reductionRules } from './rules/reduction.ts'
import { scatteringRules } from './rules/scattering.ts'
import { selectRules } from './rules/select.ts'
import { slicingRules } from './rules/slicing.ts'
import { stabilityRules } from './rules/stability.ts'
import { stepRules } from './rules/steps.ts'
import { sumRules } from './rules/sums.ts'
import { windowRules } from './rules/windows.ts'
import { absorbSigns } from './signs.ts'

export type { Fired, Rewritten }

/** The identities of the op table, as rules. */
const identityRules: readonly Rule[] = opNames.flatMap((op) => opDef(op).identities.map(lawRule))

export interface Family {
  readonly title: string
  /** All of its rules are. */
  readonly bookkeeping?: true
  readonly rules: readonly Rule[]
}

/** Every rule, in the order in which they are tried at a node: folding, special forms, then general algebra. */
export const families: readonly Family[] = [
  { title: 'Constant folding', bookkeeping: true, rules: foldRules },
  { title: 'Movement', bookkeeping: true, rules: movementRules },
  { title: 'Slices and assemblies', rules: [...slicingRules, ...windowRules, ...stepRules] },
  { title: 'Slices below computations', rules: narrowingRules },
  { title: 'Matrix products', rules: [...contractionRules, ...outerRules] },
  { title: 'Likelihoods of labels', rules: labelRules },
  { title: 'Rows taken below computations', rules: [...pickingRules, ...pickedProductRules] },
  { title: 'Rows added', rules: [...scatteringRules, ...blockRules] },
  { title: 'Stability', rules: [...stabilityRules, ...exponentialRules] },
  { title: 'Identities of the ops', rules: identityRules },
  { title: 'Choice, conversion, known signs', rules: [...selectRules, ...choiceRules] },
  { title: 'Sums of choices', rules: maskRules },
  { title: 'Branches', rules: branchRules },
  { title: 'Reductions', rules: [...reductionRules, ...partRules] },
  { title: 'Operands, literals', rules: algebraRules },
  { title: 'Signs and like terms', rules: [...sumRules, ...cancellingRules] },
  { title: 'Quotients', rules: quotientRules },
  { title: 'Factors', rules: [...productRules, ...exponentialFactorRules] },
]

export const rules: readonly Rule[] = families.flatMap((f) =>
  f.bookkeeping === true ? f.rules.map((r) => ({ ...r, bookkeeping: true as const })) : f.rules,
)

const isDefault = (label: Label): boolean => label !== 'reassociates'

const defaultIndex = indexRules(rules.filter((r) => isDefault(r.when)))
const fastIndex = indexRules(rules)

export interface SimplifyOptions {
  /** Also rules that change roundings. */
  readonly fastMath?: boolean
}

/** The roots in normal form, in their order, and the rewritings that led there, in theirs. */
export const simplify = (roots: readonly Node[], { fastMath = false }: SimplifyOptions = {}): Rewritten => {
  const fired: Fired[] = []
  let current = roots
  for (;;) {
    const settled = rewrite(current, fastMath ? fastIndex : defaultIndex, fastMath)
    const signed = absorbSigns(settled.roots)
    fired.push(...settled.fired, ...signed.fired)
    current = signed.roots
    if (signed.fired.length === 0) return { roots: current, fired }
  }
}
