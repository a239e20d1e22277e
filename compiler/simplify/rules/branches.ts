/**
 * Choices that are none. In: results of choices between functions. Out: what they are whichever branch runs.
 * Invariant: exact; what only one branch computes stays in it, whatever else is known of its operands.
 */
import { type CondParts, condParts, makeCond } from '../../../src/expr/cond.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, paramsOf } from '../../../src/expr/node.ts'
import { freshBound, substitute } from '../../../src/expr/scan.ts'
import { bools, num, operand, type Rule, valueOf, x } from '../rule.ts'

interface Chosen {
  readonly parts: CondParts
  readonly index: number
}

/** The choice that a node is a result of. */
const chosen = (node: Node): Chosen | null =>
  operand(node).op === 'cond' ? { parts: condParts(operand(node)), index: paramsOf(node, 'result').index } : null

/** The value of a branch where it is computed without a choice. */
const opened = ({ parts: { params, operands, branches }, index }: Chosen, branch: number): Node =>
  substitute([branches[branch]?.[index] as Node], new Map(params.map((p, i) => [p, operands[i] as Node])))[0] as Node

const isLiteral = (n: Node | undefined): n is Node => n?.op === 'full'

const isKnown = (pair: readonly [Node, Node | undefined]): pair is readonly [Node, Node] => isLiteral(pair[1])

/** cond(p, log(s), t · s) and, as a second result, t. */
const example = (predicate: Node, t = x('t')): readonly Node[] => {
  const s = x('s')
  const params = [freshBound(s), freshBound(t)] as [Node, Node]
  const branches = [
    [graph.mul([params[1], params[0]]), params[1]],
    [graph.log([params[0]]), params[1]],
  ]
  return makeCond({ predicate, operands: [s, t], params, branches })
}

const constant: Rule = {
  name: 'cond-constant',
  roots: ['result'],
  when: 'always',
  law: 'cond(true, f, g) → f; cond(false, f, g) → g',
  apply: (node) => {
    const choice = chosen(node)
    const value = choice === null ? null : valueOf(choice.parts.predicate)
    return choice === null || value === null ? null : opened(choice, value)
  },
  examples: () => [1, 0].flatMap((truth) => example(graph.lit(truth, 'bool')).map((node) => ({ node }))),
}

const equal: Rule = {
  name: 'cond-equal',
  roots: ['result'],
  when: 'always',
  law: 'cond(p, f, f) → f',
  apply: (node) => {
    const choice = chosen(node)
    if (choice === null) return null
    const { parts, index } = choice
    const [first, ...rest] = parts.branches
    return rest.every((results) => results[index] === first?.[index]) ? opened(choice, 0) : null
  },
  examples: () => [{ node: example(bools('p'))[1] as Node }],
}

const negated: Rule = {
  name: 'cond-not',
  roots: ['result'],
  when: 'always',
  law: 'cond(¬p, f, g) → cond(p, g, f)',
  apply: (node) => {
    const choice = chosen(node)
    if (choice?.parts.predicate.op !== 'logicalNot') return null
    const { parts, index } = choice
    const predicate = operand(parts.predicate)
    return makeCond({ ...parts, predicate, branches: parts.branches.toReversed() })[index] as Node
  },
  examples: () => [{ node: example(graph.logicalNot([bools('p')]))[0] as Node }],
}

const literal: Rule = {
  name: 'cond-literal',
  roots: ['result'],
  when: 'always',
  law: 'a literal is no operand of a choice: cond(p, f(1), g(1)) knows it inside',
  apply: (node) => {
    const choice = chosen(node)
    if (choice === null || !choice.parts.operands.some(isLiteral)) return null
    const { parts, index } = choice
    const known = new Map(parts.params.map((p, i) => [p, parts.operands[i]] as const).filter(isKnown))
    const branches = parts.branches.map((results) => substitute(results, known))
    return makeCond({ ...parts, branches })[index] as Node
  },
  examples: () => [{ node: example(bools('p'), num(2))[0] as Node }],
}

export const branchRules: readonly Rule[] = [constant, equal, negated, literal]
