// In: random programs: floats with their gradients, integers and truth values, bodies of loops. Out: whether simplification keeps
// types and values, ends at its own result, and lowers the cost with every single step.

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pull } from '../../compiler/grad/vjp.ts'
import { interpret } from '../../compiler/interpret/interpret.ts'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'
import { simplifyBodies } from '../../compiler/loops/bodies.ts'
import { shareLoops } from '../../compiler/loops/share.ts'
import { costOf, isLower } from '../../compiler/simplify/cost.ts'
import { simplify } from '../../compiler/simplify/simplify.ts'
import { equalTypes, range, type Shape, sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b } from '../../src/expr/node.ts'
import { freshBound, makeScan, resultsOf, substitute } from '../../src/expr/scan.ts'
import { programOf } from '../pipeline/programs.ts'
import { inputsOf, widened } from './proof.ts'
import { assertProperty } from '../properties.ts'
import { stream } from '../random.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 })

/** Integers below a bound, from a seed. */
const chooser = (seed: number): ((bound: number) => number) => {
  const next = stream(seed)
  return (bound) => Math.floor(next() * bound)
}

const withGradients = (seed: number, size: number): readonly Node[] => {
  const { roots, env } = programOf(seed, size, true)
  const first = roots.find((r) => r.dtype === 'f32')
  if (first === undefined) return roots
  const loss = b.sum([b.tanh([first])], { axes: range(first.shape.length), keepDims: false })
  return [...roots, ...pull(loss, b.lit(1, 'f32'), [...env.keys()]).filter((c): c is Node => c !== null)]
}

describe('every step', () => {
  /** Applications that are equal but for the order of their operands, and signs that meet, stand beside the rules. */
  const isBeside = (rule: string): boolean => rule === 'sign-absorb' || rule.endsWith('-commute')

  test.each([false, true])(
    'lowers the cost of what it rewrites, whatever the leaves weigh (fastMath %s)',
    (fastMath) => {
      const fired = new Set<string>()
      assertProperty(
        fc.property(seeds, (seed) => {
          for (const f of simplify(withGradients(seed, 16), { fastMath }).fired) {
            if (isBeside(f.rule)) continue
            fired.add(f.rule)
            const weights = new Map<Node, number>()
            const next = stream(seed)
            const leaf = (n: Node): number => {
              const known = weights.get(n) ?? 4 + Math.floor(next() ** 4 * 1e6)
              weights.set(n, known)
              return known
            }
            const [before, after] = [costOf(f.node, leaf), costOf(f.replacement, leaf)]
            expect(isLower(after, before), `${f.rule}: ${JSON.stringify([before, after])}`).toBe(true)
          }
        }),
        { numRuns: 60 },
      )
      expect(fired.size).toBeGreaterThan(30)
    },
  )
})

// ---- integers and truth

const shapes: readonly Shape[] = [[2, 3], [3], [], [2, 1], [1]]

/** A program over i32 and bool: nothing is rounded, so nothing may differ. */
const exactProgram = (seed: number, size: number): readonly Node[] => {
  const choose = chooser(seed)
  const pick = <T>(list: readonly T[]): T => list[choose(list.length)] as T
  const input = (name: string, dtype: 'i32' | 'bool'): Node => b.input([], { name, dtype, shape: pick(shapes) })
  const ints: Node[] = [input('i', 'i32'), input('j', 'i32'), b.lit(choose(3) - 1, 'i32')]
  const truths: Node[] = [input('p', 'bool'), input('q', 'bool'), b.lit(choose(2), 'bool')]
  const pair = (list: readonly Node[]): readonly [Node, Node] => [pick(list), pick(list)]
  const made: readonly (() => void)[] = [
    () => ints.push(b[pick(['add', 'sub', 'mul', 'maximum', 'minimum'] as const)](pair(ints))),
    () => ints.push(b[pick(['neg', 'abs', 'sign', 'square'] as const)]([pick(ints)])),
    () => ints.push(b.where([pick(truths), ...pair(ints)])),
    () => ints.push(b.cast([pick(truths)], { dtype: 'i32' })),
    () => ints.push(b.clip([pick(ints)], { lo: -choose(3), hi: choose(3) })),
    () => {
      const x = pick(ints)
      if (x.shape.length > 0) ints.push(b.gather([x, pick(ints)], { axis: choose(x.shape.length), batch: 0 }))
    },
    () => {
      const x = pick(ints)
      if (x.shape.length > 0) ints.push(b.sum([x], { axes: [choose(x.shape.length)], keepDims: choose(2) === 0 }))
    },
    () => truths.push(b[pick(['logicalAnd', 'logicalOr', 'logicalXor'] as const)](pair(truths))),
    () => truths.push(b.logicalNot([pick(truths)])),
    () => truths.push(b.where([pick(truths), ...pair(truths)])),
    () =>
      truths.push(b[pick(['greater', 'greaterEqual', 'less', 'lessEqual', 'equal', 'notEqual'] as const)](pair(ints))),
  ]
  const isSmall = (n: Node): boolean => n.shape.length < 5 && sizeOf(n.shape) < 300
  for (let k = 0; k < size; k++) {
    const before = [ints.length, truths.length]
    try {
      pick(made)()
    } catch {
      // shapes that do not broadcast: another choice follows
    }
    if (ints.length > (before[0] as number) && !isSmall(ints.at(-1) as Node)) ints.pop()
    if (truths.length > (before[1] as number) && !isSmall(truths.at(-1) as Node)) truths.pop()
  }
  return [ints.at(-1) as Node, truths.at(-1) as Node, pick(ints), pick(truths)]
}

const drawn = (roots: readonly Node[], seed: number): ReadonlyMap<Node, Tensor> => {
  const choose = chooser(seed + 1)
  const value = (n: Node): number => (n.dtype === 'bool' ? choose(2) : choose(9) - 4)
  return new Map(
    inputsOf(roots).map((n) => [
      n,
      tensor(
        n.dtype,
        n.shape,
        range(sizeOf(n.shape)).map(() => value(n)),
      ),
    ]),
  )
}

describe('programs over integers and truth values', () => {
  test('keep their types and every bit, and are their own result when simplified again', () => {
    assertProperty(
      fc.property(seeds, (seed) => {
        const roots = exactProgram(seed, 24)
        const { roots: now } = simplify(roots)
        expect(now.every((n, i) => equalTypes(n, roots[i] as Node))).toBe(true)
        const env = drawn(roots, seed)
        expect(interpret(now, env).map((t) => [...t.data])).toEqual(interpret(roots, env).map((t) => [...t.data]))
        expect(simplify(now).fired.map((f) => f.rule)).toEqual([])
      }),
      { numRuns: 250 },
    )
  })
})

// ---- loops

/** A loop whose steps are a random program of its carry and its element; inputs of the program beside them are constants. */
const loopOf = (seed: number): { readonly roots: readonly Node[]; readonly env: ReadonlyMap<Node, Tensor> } | null => {
  const program = programOf(seed, 12)
  const roots = program.roots.map(widened)
  const leaves = [...program.env].map(([n, t]) => [widened(n), tensor('f64', t.shape, t.data)] as const)
  const [carry, element] = leaves
  const next = roots.find((r) => r.dtype === 'f64' && carry !== undefined && equalTypes(r, carry[0]))
  if (carry === undefined || element === undefined || next === undefined) return null
  const stand = new Map(leaves.map(([n]) => [n, freshBound(n)]))
  const body = [next, ...roots].map((r) => substituted(r, stand))
  const params = leaves.map(([n]) => stand.get(n) as Node)
  const xs = b.input([], { name: 'xs', dtype: 'f64', shape: [3, ...element[0].shape] })
  const scan = makeScan({
    fn: { params, results: [b.tanh([body[0] as Node]), ...body.slice(1)] },
    length: 3,
    reverse: seed % 2 === 1,
    init: [carry[0]],
    sequences: [xs],
    constants: leaves.slice(2).map(([n]) => n),
  })
  const repeated = range(3).flatMap((k) => [...element[1].data].map((v) => v / (k + 1)))
  return { roots: resultsOf(scan), env: new Map([...leaves, [xs, tensor('f64', xs.shape, repeated)]]) }
}

const substituted = (root: Node, given: ReadonlyMap<Node, Node>): Node => substitute([root], given)[0] as Node

describe('loops with random bodies', () => {
  const small = (roots: readonly Node[]): readonly Node[] => simplify(roots).roots
  const wholly = (roots: readonly Node[]): readonly Node[] => shareLoops(simplifyBodies(small(roots), small))

  test('keep their types and values, and are their own result', () => {
    let loops = 0
    assertProperty(
      fc.property(seeds, (seed) => {
        const loop = loopOf(seed)
        if (loop === null) return
        loops++
        const now = wholly(loop.roots)
        expect(now.every((n, i) => equalTypes(n, loop.roots[i] as Node))).toBe(true)
        const [before, after] = [interpret(loop.roots, loop.env), interpret(now, loop.env)]
        for (const [i, t] of before.entries())
          for (const [k, v] of t.data.entries()) if (Number.isFinite(v)) expect(after[i]?.data[k]).toBeCloseTo(v, 6)
        const again = wholly(now)
        expect(again.every((n, i) => n === now[i])).toBe(true)
      }),
      { numRuns: 120 },
    )
    expect(loops).toBeGreaterThan(15)
  })
})
