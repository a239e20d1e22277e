/**
 * Laws as patterns. In: identities of the op table (or laws written in the same form). Out: rules.
 * Invariant: the one text of a law is evaluated over a Builder of patterns, so that what is matched is what is tested;
 * a variable stands for any node of its dtype and shape, twice the same variable for the same node.
 */
import type { DType } from '../../src/core/dtype.ts'
import { InternalError } from '../../src/core/errors.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph, make } from '../../src/expr/node.ts'
import { paramsKey } from '../../src/expr/key.ts'
import { deriveBuilder, opDef } from '../../src/ops/registry.ts'
import type { Builder, Identity, OpName, Printed } from '../../src/ops/signature.ts'
import { conform, type Example, isCommutative, type Rule } from './rule.ts'

export type Pattern =
  | { readonly tag: 'variable'; readonly index: 0 | 1 | 2; readonly dtype: DType }
  | { readonly tag: 'literal'; readonly value: number; readonly dtype: DType }
  | { readonly tag: 'application'; readonly op: OpName; readonly ins: readonly Pattern[]; readonly params: unknown }

const patterns: Builder<Pattern> = deriveBuilder<Pattern>(
  (op, ins, params) => ({ tag: 'application', op, ins, params }),
  (value, dtype) => ({ tag: 'literal', value, dtype }),
)

type Binding = (Node | undefined)[]

const matches = (p: Pattern, n: Node, found: Binding): boolean => {
  switch (p.tag) {
    case 'variable': {
      if (n.dtype !== p.dtype) return false
      const before = found[p.index]
      found[p.index] = before ?? n
      return before === undefined || before === n
    }
    case 'literal':
      return (
        n.op === 'full' && n.dtype === p.dtype && Object.is((n.params as { readonly value: number }).value, p.value)
      )
    case 'application': {
      if (n.op !== p.op || n.ins.length !== p.ins.length || !sameParams(p.params, n.params)) return false
      const before = [...found]
      if (p.ins.every((q, i) => matches(q, n.ins[i] as Node, found))) return true
      found.splice(0, found.length, ...before)
      if (!isCommutative(n.op)) return false
      return p.ins.every((q, i) => matches(q, n.ins[n.ins.length - 1 - i] as Node, found))
    }
    default:
      return p satisfies never
  }
}

const sameParams = (a: unknown, b: unknown): boolean => a === b || paramsKey(a) === paramsKey(b)

const build = (p: Pattern, found: Binding): Node => {
  switch (p.tag) {
    case 'variable': {
      const n = found[p.index]
      if (n === undefined) throw new InternalError('the right side of a law has a variable that its left side lacks')
      return n
    }
    case 'literal':
      return graph.lit(p.value, p.dtype)
    case 'application':
      return make(
        p.op,
        p.ins.map((q) => build(q, found)),
        p.params,
      )
    default:
      return p satisfies never
  }
}

export interface Compiled {
  readonly dtype: DType
  readonly left: Pattern & { readonly tag: 'application' }
  readonly right: Pattern
}

const dtypesOf = (law: Identity): readonly DType[] => law.dtypes ?? ['f32', 'f64']

/** The dtype of variable i of a law at one of its dtypes. */
const variableType = (law: Identity, dtype: DType, i: 0 | 1 | 2): DType =>
  law.conditions?.includes(i) === true ? 'bool' : dtype

const compileLaw = (law: Identity, dtype: DType): Compiled => {
  const v = (index: 0 | 1 | 2): Pattern => ({ tag: 'variable', index, dtype: variableType(law, dtype, index) })
  const [left, right] = law.rule(patterns, dtype, v(0), v(1), v(2))
  if (left.tag !== 'application') throw new InternalError(`the left side of ${law.name} is not an application`)
  return { dtype, left, right }
}

/** Left sides with variables of unequal ranks, size-1 and prime extents. */
const shapes: readonly (readonly [readonly number[], readonly number[], readonly number[]])[] = [
  [
    [2, 3],
    [2, 3],
    [2, 3],
  ],
  [[5], [], [5]],
  [[3, 1], [5], [3, 5]],
]

const lawExamples = (law: Identity): readonly Example[] =>
  dtypesOf(law).flatMap((dtype) =>
    shapes.map((s) => {
      const v = (i: 0 | 1 | 2): Node =>
        graph.input([], { name: `v${i}`, dtype: variableType(law, dtype, i), shape: s[i] as readonly number[] })
      return { node: law.rule(graph, dtype, v(0), v(1), v(2))[0] }
    }),
  )

const texts: Builder<Printed> = deriveBuilder<Printed>(
  (op, ins, params) => opDef(op).print(ins, params, []),
  (value) => opDef('full').print([], { value, dtype: 'f64', shape: [] }, []),
)

/** Both sides of a law as mathematics writes them. */
const lawText = (law: Identity): string => {
  const v = (text: string): Printed => ({ text, precedence: 4 })
  const [left, right] = law.rule(texts, dtypesOf(law)[0] as DType, v('x'), v('y'), v('z'))
  return `${left.text} → ${right.text}`
}

/** Whether the operands of a node can be those of a pattern, by a look at their ops alone. */
const mayMatch = ({ ins }: Compiled['left'], n: Node): boolean => {
  const fits = (p: Pattern, i: Node): boolean =>
    p.tag === 'application'
      ? p.op === i.op
      : p.tag === 'literal'
        ? i.op === 'full' && i.dtype === p.dtype
        : i.dtype === p.dtype
  const [a, b] = ins
  const [m, k] = n.ins
  if (a === undefined || m === undefined) return true
  if (b === undefined || k === undefined) return fits(a, m)
  return (fits(a, m) && fits(b, k)) || (isCommutative(n.op) && fits(a, k) && fits(b, m))
}

/** A law as a rule: `finite` laws fire only where every variable is known to be finite. */
export const lawRule = (law: Identity): Rule => {
  const compiled = new Map(dtypesOf(law).map((d) => [d, compileLaw(law, d)]))
  const root = [...compiled.values()][0]?.left.op as OpName
  const tries = [...compiled.values()]
  return {
    name: law.name,
    roots: [root],
    when: law.when,
    law: lawText(law),
    ...(law.bookkeeping === true ? { bookkeeping: true } : {}),
    apply: (node, { facts }) => {
      for (const { left, right } of tries) {
        if (!mayMatch(left, node)) continue
        const found: Binding = [undefined, undefined, undefined]
        if (!matches(left, node, found)) continue
        if (law.when === 'finite' && !found.every((n) => n === undefined || facts.finite(n))) continue
        const out = build(right, found)
        return out === node ? null : conform(out, node.shape)
      }
      return null
    },
    examples: () => lawExamples(law),
  }
}
