import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pull } from '../../compiler/grad/vjp.ts'
import { interpret } from '../../compiler/interpret/interpret.ts'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'
import { topological } from '../../compiler/program/walk.ts'
import { simplify } from '../../compiler/simplify/simplify.ts'
import { equalTypes, range } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b } from '../../src/expr/node.ts'
import { nameOf, originOf, setName } from '../../src/expr/origin.ts'
import { programOf } from '../pipeline/programs.ts'
import { widened } from './proof.ts'
import { assertProperty } from '../properties.ts'

const x = (name: string, ...shape: readonly number[]): Node => b.input([], { name, dtype: 'f32', shape })
const num = (value: number): Node => b.lit(value, 'f32')
const one = (root: Node, fastMath = false): Node => simplify([root], { fastMath }).roots[0] as Node
const firedOn = (root: Node, fastMath = false): readonly string[] =>
  simplify([root], { fastMath }).fired.map((f) => f.rule)
const all = (n: Node): { readonly axes: readonly number[]; readonly keepDims: false } => ({
  axes: range(n.shape.length),
  keepDims: false,
})

const seeds = fc.integer({ min: 0, max: 2 ** 31 })

interface Wide {
  readonly roots: readonly Node[]
  readonly env: ReadonlyMap<Node, Tensor>
}

/** A random program in f64, with the gradients of its first root by every input. */
const programWithGradients = (seed: number, size: number): Wide => {
  const program = programOf(seed, size, true)
  const roots = program.roots.map(widened)
  const env = new Map([...program.env].map(([n, t]) => [widened(n), tensor('f64', t.shape, t.data)]))
  const first = roots.find((r) => r.dtype === 'f64')
  if (first === undefined) return { roots, env }
  const loss = b.sum([b.tanh([first])], all(first))
  const cts = pull(loss, b.lit(1, 'f64'), [...env.keys()])
  return { roots: [...roots, ...cts.filter((c): c is Node => c !== null)], env }
}

const near = (got: number, want: number): boolean =>
  Object.is(got, want) || !Number.isFinite(want) || Math.abs(got - want) <= 1e-7 * (1 + Math.abs(want))

describe.each([
  { size: 5, runs: 240 },
  { size: 12, runs: 150 },
  { size: 40, runs: 16 },
])('random programs of $size applications and their gradients', ({ size, runs }) => {
  test('keep their types and values', () => {
    assertProperty(
      fc.property(seeds, (seed) => {
        const { roots, env } = programWithGradients(seed, size)
        const { roots: now } = simplify(roots)
        expect(now.map((n, i) => equalTypes(n, roots[i] as Node))).toEqual(roots.map(() => true))
        const [before, after] = [interpret(roots, env), interpret(now, env)]
        for (const [i, t] of before.entries()) {
          const got = (after[i] as Tensor).data
          const wrong = t.data.findIndex((v, k) => !near(got[k] as number, v))
          expect(wrong < 0 ? 'equal' : `root ${i}: ${t.data[wrong]} became ${got[wrong]}`).toBe('equal')
        }
      }),
      { numRuns: runs },
    )
  })

  test('are their own result when simplified again', () => {
    assertProperty(
      fc.property(seeds, fc.boolean(), (seed, fastMath) => {
        const { roots } = programWithGradients(seed, size)
        const first = simplify(roots, { fastMath })
        const second = simplify(first.roots, { fastMath })
        expect(second.fired.map((f) => f.rule)).toEqual([])
        expect(second.roots.every((r, i) => r === first.roots[i])).toBe(true)
      }),
      { numRuns: runs },
    )
  })
})

describe('what does not fire', () => {
  test('x · 0 and x − x stay where x may be infinite, and go where it cannot', () => {
    const v = x('x', 3)
    expect(one(b.mul([v, num(0)])).op).toBe('mul')
    expect(one(b.sub([v, v])).op).toBe('sub')
    const h = b.oneHot([b.input([], { name: 'y', dtype: 'i32', shape: [3] })], { depth: 4, dtype: 'f32' })
    expect(one(b.mul([h, num(0)])).op).toBe('full')
    expect(one(b.sub([h, h])).op).toBe('full')
    expect(one(b.mul([b.exp([h]), num(0)])).op).toBe('mul')
  })

  test('rules that change roundings wait for fastMath', () => {
    const [v, w] = [x('x', 3), x('y', 3)]
    const cancels = b.add([b.sub([v, w]), w])
    expect(one(cancels)).toBe(cancels)
    expect(one(cancels, true)).toBe(v)
    const third = b.div([v, num(3)])
    expect(one(third)).toBe(third)
    expect(firedOn(third, true)).toContain('div-literal-rounded')
    expect(one(b.pow([v, num(3)])).op).toBe('pow')
  })

  test('a shared value is not computed a second time', () => {
    const v = x('x', 4, 3)
    const scaled = b.mul([num(3), v])
    const total = b.sum([scaled], { axes: [1], keepDims: false })
    expect(simplify([total]).fired.map((f) => f.rule)).toEqual(['sum-factor'])
    expect(simplify([total, scaled]).fired).toEqual([])
    const p = b.sigmoid([v])
    const rest = b.sub([num(1), p])
    expect(one(rest).op).toBe('sigmoid')
    expect(simplify([rest, p]).roots[0]).toBe(rest)
  })

  test('literals that would overflow or vanish are not merged', () => {
    const huge = b.mul([num(1e30), b.mul([num(1e30), x('x')])])
    expect(one(huge)).toBe(huge)
    const tiny = b.mul([num(1e-30), b.mul([num(1e-30), x('x')])])
    expect(one(tiny)).toBe(tiny)
  })

  test('exp(log x) and |√…| ask for the sign', () => {
    const v = x('x', 3)
    expect(one(b.exp([b.log([v])])).op).toBe('exp')
    expect(one(b.exp([b.log([b.square([v])])])).op).toBe('square')
    expect(one(b.square([b.sqrt([v])])).op).toBe('square')
  })

  test('a copy and a stopped gradient stay', () => {
    const v = x('x', 3)
    expect(one(b.copy([v])).op).toBe('copy')
    expect(one(b.stopGradient([v])).op).toBe('stopGradient')
  })
})

describe('names and origins', () => {
  test('a replacement takes the name of what it replaces, and leads back to it', () => {
    const v = x('x', 3)
    const naive = b.log([b.add([num(1), b.exp([v])])])
    setName(naive, 'penalty')
    const now = one(naive)
    expect(now.op).toBe('softplus')
    expect(nameOf(now)).toBe('penalty')
    expect(originOf(now)).toBe(naive)
  })

  test('a rebuilt node keeps its name, a leaf its own', () => {
    const v = x('x', 3)
    const kept = b.tanh([b.neg([b.neg([b.square([v])])])])
    setName(kept, 'h')
    expect(nameOf(one(kept))).toBe('h')
    const gone = b.mul([v, num(1)])
    setName(gone, 'other')
    expect(one(gone)).toBe(v)
    expect(nameOf(v)).toBe('x')
  })
})

describe('signs', () => {
  test('a sign goes where every way ends at a sum', () => {
    const [p, q, w] = [x('p', 4, 3), x('q', 4, 3), x('w', 4, 3)]
    const d = b.neg([p])
    const product = b.mul([d, q])
    const [r, s] = simplify([b.add([w, product]), b.sub([w, b.mul([product, q])])]).roots as [Node, Node]
    expect([r.op, s.op]).toEqual(['sub', 'add'])
    expect(topological([r, s]).some((n) => n.op === 'neg')).toBe(false)
  })

  test('a sign that reaches a root stays', () => {
    const [p, q] = [x('p', 4, 3), x('q', 4, 3)]
    const product = b.mul([b.neg([p]), q])
    const roots = simplify([product, b.add([q, product])]).roots
    expect(topological(roots).filter((n) => n.op === 'neg').length).toBe(1)
  })

  test('−x − y becomes −(x + y) on the way', () => {
    const [p, q, w] = [x('p', 3), x('q', 3), x('w', 3)]
    const half = b.sub([b.neg([p]), q])
    const twice = [b.add([w, b.mul([half, q])]), b.add([w, b.mul([half, p])])]
    const now = simplify(twice)
    expect(now.roots.map((n) => n.op)).toEqual(['sub', 'sub'])
    const env = new Map([p, q, w].map((n, i) => [n, tensor('f32', [3], [1 + i, -2, 0.5])]))
    expect(interpret(now.roots, env).map((t) => [...t.data])).toEqual(interpret(twice, env).map((t) => [...t.data]))
  })
})

describe('stability', () => {
  const at = (root: Node, value: number): number => {
    const inputs = topological([root]).filter((n) => n.op === 'input')
    const env = new Map(inputs.map((n) => [n, tensor('f32', n.shape, [value])]))
    return (interpret([root], env)[0] as Tensor).data[0] as number
  }
  const slope = (root: Node, before: boolean): Node => one(pull(before ? one(root) : root, num(1), [x('x')])[0] as Node)

  const v = x('x')
  test.each([
    ['log(1 + exp x)', b.log([b.add([num(1), b.exp([v])])]), 100, 100, 1],
    ['log σ(x)', b.log([b.sigmoid([v])]), -120, -120, 1],
    ['log(1 − σ(x))', b.log([b.sub([num(1), b.sigmoid([v])])]), 120, -120, -1],
    ['log(1 / (1 + exp −x))', b.log([b.div([num(1), b.add([num(1), b.exp([b.neg([v])])])])]), -120, -120, 1],
    ['√(x²)', b.sqrt([b.square([v])]), 1e-30, Math.fround(1e-30), 1],
  ])('%s and its derivative are right far out', (_, root, place, value, derivative) => {
    expect(at(one(root), place)).toBe(value)
    expect(at(slope(root, true), place)).toBe(derivative)
    expect(at(slope(root, false), place)).toBe(derivative)
  })

  test('−log softmax at [200, 0] has a finite value and the textbook gradient', () => {
    const z = x('z', 2)
    const t = b.constant([], { dtype: 'f32', shape: [2], data: Float32Array.of(0, 1) })
    const loss = b.neg([b.sum([b.mul([t, b.log([b.softmax([z], { axis: 0 })])])], { axes: [0], keepDims: false })])
    const env = new Map([[z, tensor('f32', [2], [200, 0])]])
    expect((interpret([one(loss)], env)[0] as Tensor).data[0]).toBe(200)
    for (const before of [true, false]) {
      const g = one(pull(before ? one(loss) : loss, num(1), [z])[0] as Node)
      expect([...(interpret([g], env)[0] as Tensor).data]).toEqual([1, -1])
    }
  })

  test('the gradient of a norm is 0 at 0', () => {
    const z = x('z', 3)
    const norm = b.sqrt([b.sum([b.square([z])], { axes: [0], keepDims: false })])
    const g = one(pull(norm, num(1), [z])[0] as Node)
    expect([...(interpret([g], new Map([[z, tensor('f32', [3], [0, 0, 0])]]))[0] as Tensor).data]).toEqual([0, 0, 0])
    const [some] = interpret([g], new Map([[z, tensor('f32', [3], [3, 0, 4])]])) as readonly [Tensor]
    expect([...some.data].map((n) => Math.round(n * 1e6) / 1e6)).toEqual([0.6, 0, 0.8])
  })
})

describe('size', () => {
  test('a chain of 100,000 applications is simplified without a deep stack, in near linear time', () => {
    const chain = (n: number): Node => {
      let r = x('x', 3)
      for (let i = 0; i < n; i++)
        r = i % 3 === 0 ? b.add([r, num(0)]) : i % 3 === 1 ? b.mul([r, x('w', 3)]) : b.tanh([r])
      return r
    }
    const timed = (n: number): number => {
      const root = chain(n)
      // processor time: other work on the machine does not count
      const start = process.cpuUsage().user
      const now = one(root)
      const time = (process.cpuUsage().user - start) / 1000
      expect(topological([now]).length).toBeLessThan(0.7 * n + 10)
      return time
    }
    timed(2_000)
    const [small, large] = [timed(20_000), timed(100_000)]
    expect(large).toBeLessThan(20 * small + 1000)
  }, 60_000)

  test('the same application with its operands swapped is computed once', () => {
    const [p, q] = [x('p', 3), x('q', 3)]
    const { roots, fired } = simplify([b.mul([p, q]), b.tanh([b.mul([q, p])])])
    expect((roots[1] as Node).ins[0]).toBe(roots[0])
    expect(fired.map((f) => f.rule)).toEqual(['mul-commute'])
  })
})
