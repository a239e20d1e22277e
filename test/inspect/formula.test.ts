// In: random scalar expressions. Out: whether the formula that is printed means what the expression computes.
// Invariant: the reader below knows precedence as a person does and nothing of how formulas are made.

import fc from 'fast-check'
import { add, div, type Expr, input, mul, neg, square, sub } from 'nabla'
import { interpret, print, tensor } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { assertProperty } from '../properties.ts'

const values: Readonly<Record<string, number>> = { x: 1.7, y: -0.6, z: 2.3 }
const leaves = Object.keys(values).map((name) => input(name, [], 'f64'))

type Scalar = Expr<readonly [], 'f64'>

const formula: fc.Arbitrary<Scalar> = fc.letrec<{ e: Scalar }>((tie) => ({
  e: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom(...leaves),
    fc.tuple(tie('e'), tie('e')).map(([a, b]) => add(a, b)),
    fc.tuple(tie('e'), tie('e')).map(([a, b]) => sub(a, b)),
    fc.tuple(tie('e'), tie('e')).map(([a, b]) => mul(a, b)),
    fc.tuple(tie('e'), tie('e')).map(([a, b]) => div(a, b)),
    fc.tuple(fc.constantFrom(2, -3, 0.5, 0.03125, -0.125, 1), tie('e')).map(([c, e]) => mul(c, e)),
    fc.tuple(fc.constantFrom(2, -3, 0.5, 0.03125), tie('e')).map(([c, e]) => sub(c, e)),
    tie('e').map((e) => neg(e)),
    tie('e').map((e) => square(e)),
  ),
})).e

/** Reads a formula: sums of products of signed powers, left to right. */
const evaluate = (text: string, names: Readonly<Record<string, number>>): number => {
  const tokens = text.match(/[0-9.]+(?:e[−+]?\d+)?|½|[a-zα-ω][₀-₉]*|[−+·/()²]/gu) ?? []
  let at = 0
  const take = (token: string): boolean => tokens[at] === token && at++ >= 0
  const atom = (): number => {
    const t = tokens[at++] ?? ''
    if (t === '(') {
      const inside = sum()
      if (!take(')')) throw new Error(`no ) in ${text}`)
      return inside
    }
    if (t === '½') return 0.5
    const named = names[t]
    if (named !== undefined) return named
    const number = Number(t.replace('−', '-'))
    if (Number.isNaN(number)) throw new Error(`${t} in ${text}`)
    return number
  }
  const signed = (): number => (take('−') ? -signed() : power())
  const power = (): number => {
    let v = atom()
    while (take('²')) v *= v
    return v
  }
  const product = (): number => {
    let v = signed()
    for (;;) {
      if (take('·')) v *= signed()
      else if (take('/')) v /= signed()
      else return v
    }
  }
  const sum = (): number => {
    let v = product()
    for (;;) {
      if (take('+')) v += product()
      else if (take('−')) v -= product()
      else return v
    }
  }
  const result = sum()
  if (at !== tokens.length) throw new Error(`${tokens[at]} stands over in ${text}`)
  return result
}

/** Evaluates the definitions in order, then the formula. */
const evaluateAll = (printed: string): number => {
  const names = { ...values }
  const joined: string[] = []
  for (const line of printed.split('\n').filter((l) => l !== ''))
    if (line.startsWith(' ')) joined.push(`${joined.pop()} ${line.trim()}`)
    else joined.push(line)
  for (const line of joined.slice(0, -1)) {
    const [name = '', text = ''] = line.split(' = ')
    names[name.trim()] = evaluate(text, names)
  }
  return evaluate(joined.at(-1) ?? '', names)
}

describe('a printed formula', () => {
  test('means what the expression computes', () => {
    assertProperty(
      fc.property(formula, (e) => {
        const [value] = interpret(
          [e],
          new Map(leaves.map((n) => [n, tensor('f64', [], [values[(n.params as { name: string }).name] as number])])),
        )
        const expected = value?.data[0] as number
        const found = evaluateAll(print(e, { shapes: false }))
        fc.pre(Number.isFinite(expected) && Math.abs(expected) < 1e12)
        expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected)))
      }),
      { numRuns: 400, seed: 7 },
    )
  })

  test('the reader is no fool: a wrong sign and a missing parenthesis are seen', () => {
    expect(evaluate('x − (y + z)', values)).toBeCloseTo(0)
    expect(evaluate('x − y + z', values)).toBeCloseTo(4.6)
    expect(evaluate('x / (y · z)', values)).not.toBeCloseTo(evaluate('x / y · z', values))
  })
})
