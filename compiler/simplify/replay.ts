/**
 * Simplification again, one given step after the other. In: roots and steps. Out: the roots that these steps lead to, or the
 * first step that does not fit. Invariant: nothing is searched for: each rule is applied where its step says, with the
 * answers about sharing that it got then, and must give what it gave then.
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { Node } from '../../src/expr/expr.ts'
import { make } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import { digestOf } from '../program/digest.ts'
import { mapGraph, topological } from '../program/walk.ts'
import type { Fired } from './engine.ts'
import { makeFacts } from './facts.ts'
import { isCommutative, type Rule } from './rule.ts'
import { absorbOnce } from './signs.ts'
import { rules } from './simplify.ts'

/** One rewriting, as it can be told to another process. */
export interface Step {
  readonly rule: string
  /** Digests of the expression that it found, and of what it made of it. */
  readonly at: string
  readonly becomes: string
  /** What it was told when it asked whether a node is used once, in the order in which it asked. */
  readonly alone: readonly boolean[]
  /** Whether a round of rewriting begins here. */
  readonly opens: boolean
}

export const stepOf = ({ rule, node, replacement, alone, opens }: Fired): Step => ({
  rule,
  at: digestOf(node),
  becomes: digestOf(replacement),
  alone,
  opens,
})

export interface ReplayFault {
  /** Which step, from 0; the number of steps where all fit and their end is another one. */
  readonly step: number
  readonly sentence: string
}

const ruleNamed: ReadonlyMap<string, Rule> = new Map(rules.map((r) => [r.name, r]))

/** What nodes have become, wherever they stand and come to stand. */
const settled = (given: readonly Node[], became: ReadonlyMap<Node, Node>): readonly Node[] => {
  let roots = given
  for (;;) {
    const now = mapGraph(roots, (n, ins) => {
      const same = ins.every((i, k) => i === n.ins[k])
      const rebuilt = same ? n : derivedFrom(n, () => make(n.op, ins, n.params))
      return became.get(rebuilt) ?? rebuilt
    })
    const next = roots.map(now)
    if (next.every((r, i) => r === roots[i])) return roots
    roots = next
  }
}

/** What the step's rule makes of a node; a sentence where it makes nothing of it. */
const applied = (node: Node, step: Step, fastMath: boolean): Node | string => {
  if (step.rule === `${node.op}-commute` && isCommutative(node.op))
    return make(node.op, node.ins.toReversed(), node.params)
  const rule = ruleNamed.get(step.rule)
  if (rule === undefined) return `there is no rule ${step.rule}`
  if (rule.when === 'reassociates' && !fastMath) return `${step.rule} changes roundings, which fastMath alone allows`
  let asked = 0
  const once = (): boolean => step.alone[asked++] ?? false
  const context = { facts: makeFacts(), once, fastMath }
  return derivedFrom(node, () => rule.apply(node, context)) ?? `${step.rule} does not apply to ${node.op}`
}

/** How many steps one round of sign absorption takes, and what it leads to. */
const absorbed = (
  roots: readonly Node[],
  steps: readonly Step[],
): { readonly roots: readonly Node[]; readonly count: number } | null => {
  const { roots: now, fired } = absorbOnce(roots)
  const same = fired.every((f, i) => {
    const [mine, given] = [stepOf(f), steps[i]]
    return mine.at === given?.at && mine.becomes === given.becomes && mine.rule === given.rule
  })
  return same && fired.length > 0 ? { roots: now, count: fired.length } : null
}

/** The roots after all steps. */
export const replaySteps = (
  given: readonly Node[],
  steps: readonly Step[],
  fastMath = false,
): Either<ReplayFault, readonly Node[]> => {
  let roots = given
  let k = 0
  const became = new Map<Node, Node>()
  while (k < steps.length) {
    const step = steps[k] as Step
    if (step.opens) became.clear()
    const fault = (sentence: string): Either<ReplayFault, never> => left({ step: k, sentence })
    if (step.rule === 'sign-absorb') {
      const next = absorbed(roots, steps.slice(k))
      if (next === null) return fault('the signs are absorbed elsewhere')
      roots = next.roots
      k += next.count
      continue
    }
    const node = topological(roots).find((n) => digestOf(n) === step.at)
    if (node === undefined) return fault(`${step.rule} has no place: ${step.at} is not part of the program`)
    const out = applied(node, step, fastMath)
    if (typeof out === 'string') return fault(out)
    if (digestOf(out) !== step.becomes)
      return fault(`${step.rule} makes ${digestOf(out)} of ${step.at}, not ${step.becomes}`)
    became.set(node, out)
    roots = settled(roots, became)
    k++
  }
  return right(roots)
}
