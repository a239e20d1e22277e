// Whether two formulas are the same but for the order of their terms and factors. In: expressions. Out: yes or no.
// Invariant: only the laws of commutation, association and signs are used, and numbers multiplied; nothing is multiplied out,
// and no function is looked into: σ(x) is equal to σ(x) alone.

import type { Expr } from 'nabla'
import { simplify } from 'nabla/compiler'

/** coefficient · factor · factor · … */
interface Term {
  readonly coefficient: number
  readonly factors: readonly string[]
}
type Sum = readonly Term[]

const scaled = (sum: Sum, by: number): Sum => sum.map((t) => ({ ...t, coefficient: t.coefficient * by }))

/** Numbers are compared as far as f32 holds them: 1/20 is 0.05000000075 where it has been rounded. */
const keyOfTerm = (t: Term): string => [t.coefficient.toPrecision(6), ...t.factors].join('·')

const keyOf = (sum: Sum): string => sum.map(keyOfTerm).sort().join('+')

/** A sum as one factor, by its first term's coefficient: (b − a) is −1 · (a − b). */
const asTerm = (sum: Sum): Term => {
  const [only] = sum
  if (only !== undefined && sum.length === 1) return only
  const first = [...sum].sort((s, t) => (s.factors.join() < t.factors.join() ? -1 : 1))[0]?.coefficient ?? 1
  return { coefficient: first, factors: [`(${keyOf(scaled(sum, 1 / first))})`] }
}

const product = (x: Sum, y: Sum): Sum => {
  const number = [x, y].findIndex(([t, more]) => more === undefined && t?.factors.length === 0)
  if (number >= 0) return scaled(number === 0 ? y : x, asTerm(number === 0 ? x : y).coefficient)
  const [s, t] = [asTerm(x), asTerm(y)]
  return [{ coefficient: s.coefficient * t.coefficient, factors: [...s.factors, ...t.factors].sort() }]
}

const inverse = (x: Sum): Sum => {
  const { coefficient, factors } = asTerm(x)
  return [{ coefficient: 1 / coefficient, factors: factors.map((f) => `1/${f}`) }]
}

const paramsKey = (e: Expr): string => (e.ins.length === 0 ? `#${e.id}` : JSON.stringify(e.params))

/** An application that is not looked into; of a linear one, the operands' numbers stand before it. */
const opaque = (e: Expr, ins: readonly Sum[]): Sum => {
  const linear = e.op === 'dotGeneral' || e.op === 'sum' || e.op === 'transpose'
  const terms = ins.map(asTerm)
  const coefficient = linear ? terms.reduce((c, t) => c * t.coefficient, 1) : 1
  const operands = terms.map((t) => keyOfTerm(linear ? { ...t, coefficient: 1 } : t))
  return [{ coefficient, factors: [`${e.op}${paramsKey(e)}(${operands.join()})`] }]
}

const none: Sum = []

const sumOf = (e: Expr, of: (e: Expr) => Sum): Sum => {
  const ins = e.ins.map(of)
  const [x = none, y = none] = ins
  switch (e.op) {
    case 'full':
      return [{ coefficient: (e.params as { readonly value: number }).value, factors: [] }]
    case 'broadcastTo':
      return x
    case 'neg':
      return scaled(x, -1)
    case 'add':
      return [...x, ...y]
    case 'sub':
      return [...x, ...scaled(y, -1)]
    case 'mul':
      return product(x, y)
    case 'square':
      return product(x, x)
    case 'div':
      return product(x, inverse(y))
    default:
      return opaque(e, ins)
  }
}

const canonical = (root: Expr): string => {
  const known = new Map<Expr, Sum>()
  const of = (e: Expr): Sum => {
    const found = known.get(e) ?? sumOf(e, of)
    known.set(e, found)
    return found
  }
  return keyOf(of(root))
}

/** Whether two expressions simplify to the same terms and factors. */
export const isSame = (x: Expr, y: Expr): boolean => {
  const [p, q] = simplify([x, y])
  return p === q || (p.shape.join() === q.shape.join() && canonical(p) === canonical(q))
}
