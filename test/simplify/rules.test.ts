import { describe, expect, test } from 'vitest'
import { type Cost, costOf, isLower } from '../../compiler/simplify/cost.ts'
import { makeFacts } from '../../compiler/simplify/facts.ts'
import type { Context, Rule } from '../../compiler/simplify/rule.ts'
import { families, rules } from '../../compiler/simplify/simplify.ts'
import { topological } from '../../compiler/program/walk.ts'
import { equalTypes, showType } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { opDef, opNames } from '../../src/ops/registry.ts'
import { stream } from '../random.ts'
import { broken, narrowed } from './proof.ts'

const facts = makeFacts()
/** `finite` rules ask whether their variables are finite: here they are, because they are drawn so. */
const contextFor = (rule: Rule): Context => ({
  facts: rule.when === 'finite' ? { ...facts, finite: () => true } : facts,
  once: () => true,
  fastMath: false,
})

/** Left sides as written, and in f32 where they are in f64. */
const leftSides = (
  rule: Rule,
): readonly { readonly left: Node; readonly domain: Record<string, readonly [number, number]> }[] =>
  rule.examples().flatMap(({ node, domain = {}, only }) => {
    const narrow = narrowed(node)
    return (narrow === node || only === 'f64' ? [node] : [node, narrow]).map((left) => ({ left, domain }))
  })

const drawnLeaves = (seed: number): ((n: Node) => number) => {
  const known = new Map<Node, number>()
  const next = stream(seed)
  return (n) => {
    const before = known.get(n)
    if (before !== undefined) return before
    const value = 4 + Math.floor(next() ** 4 * 1e6)
    known.set(n, value)
    return value
  }
}

describe.each(rules.map((rule) => [rule.name, rule] as const))('%s', (_, rule) => {
  const sides = leftSides(rule).map((l) => ({ ...l, right: rule.apply(l.left, contextFor(rule)) }))

  test('fires on its examples and keeps the type', () => {
    expect(sides.length).toBeGreaterThan(0)
    for (const { left, right } of sides) {
      expect(right, `${left.op} ${showType(left)}`).not.toBeNull()
      expect(equalTypes(left, right as Node)).toBe(true)
      expect(rule.roots).toContain(left.op)
    }
  })

  test('lowers the cost, whatever the leaves cost', () => {
    for (const { left, right } of sides)
      for (const seed of [1, 2, 3, 4, 5]) {
        const leaf = drawnLeaves(seed)
        const [a, b]: readonly [Cost, Cost] = [costOf(left, leaf), costOf(right as Node, leaf)]
        expect(isLower(b, a), `${JSON.stringify(a)} became ${JSON.stringify(b)} (${showType(left)})`).toBe(true)
      }
  })

  test(`holds as its label says: ${rule.when}`, () => {
    for (const [i, { left, right, domain }] of sides.entries())
      expect(broken({ left, right: right as Node }, rule.when, domain, 17 + i)).toBeNull()
  })
})

describe('the table', () => {
  test('holds every identity of the op table', () => {
    const names = new Set(rules.map((r) => r.name))
    for (const op of opNames) for (const law of opDef(op).identities) expect(names).toContain(law.name)
  })

  test('has no name twice, and each rule in one family', () => {
    const names = families.flatMap((f) => f.rules.map((r) => r.name))
    expect(names.length).toBe(rules.length)
    expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([])
  })
})

describe('the proofs can fail', () => {
  const find = (name: string): Rule => rules.find((r) => r.name === name) as Rule
  const sidesOf = (name: string): { readonly left: Node; readonly right: Node } => {
    const rule = find(name)
    const left = (leftSides(rule)[0] as { readonly left: Node }).left
    return { left, right: rule.apply(left, contextFor(rule)) as Node }
  }

  test('a finite law is not exact', () => {
    expect(broken(sidesOf('mul-zero'), 'finite', {}, 1)).toBeNull()
    expect(broken(sidesOf('mul-zero'), 'always', {}, 1)).toMatch(/NaN|-0/)
    expect(broken(sidesOf('sub-self'), 'zeroSign', {}, 1)).toMatch(/NaN/)
  })

  test('a law that loses the sign of zero is not exact', () => {
    expect(broken(sidesOf('add-zero'), 'always', {}, 1)).toMatch(/0/)
    expect(broken(sidesOf('neg-sub'), 'always', {}, 1)).toMatch(/0/)
  })

  test('a law that rounds otherwise is not exact', () => {
    expect(broken(sidesOf('product-literals'), 'zeroSign', {}, 1)).not.toBeNull()
    expect(broken(sidesOf('log-one-plus'), 'zeroSign', {}, 1)).not.toBeNull()
  })

  test('the naive side of a stabilizing law does not refine the stable one', () => {
    const { left, right } = sidesOf('log-one-plus-exp')
    expect(broken({ left: narrowed(right), right: narrowed(left) }, 'refines', {}, 1)).not.toBeNull()
  })

  test('a wrong law is found', () => {
    const { left } = sidesOf('neg-sub')
    expect(broken({ left, right: left.ins[0] as Node }, 'refines', {}, 1)).not.toBeNull()
    expect(topological([left]).length).toBe(4)
  })
})
