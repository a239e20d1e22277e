/**
 * What a rule's label demands, as a check of two programs on drawn inputs. In: both sides. Out: the first disagreement.
 * Invariant: the same seed draws the same inputs.
 */
import { interpret } from '../../compiler/interpret/interpret.ts'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'
import { mapGraph, topological } from '../../compiler/program/walk.ts'
import type { DType } from '../../src/core/dtype.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { make, paramsOf } from '../../src/expr/node.ts'
import { functionOf, withFunction } from '../../src/expr/scan.ts'
import type { Label } from '../../src/ops/signature.ts'
import { stream } from '../random.ts'

export type Domain = Readonly<Record<string, readonly [lo: number, hi: number]>>

export interface Sides {
  readonly left: Node
  readonly right: Node
}

const floats = [0, -0, 1, -1, Infinity, -Infinity, Number.NaN, 1e-40, -1e-40, 3e38, -3e38, 1e-300, 0.5, 100, -100]
const integers = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 7]

export interface Drawing {
  readonly domain: Domain
  /** How often a special value stands in for a drawn one. */
  readonly special: number
  readonly scale: number
}

const drawOne = (n: Node, { domain, special, scale }: Drawing, next: () => number): number => {
  const { name } = paramsOf(n, 'input')
  const pick = (list: readonly number[]): number => list[Math.floor(next() * list.length)] as number
  if (n.dtype === 'bool') return next() < 0.5 ? 0 : 1
  if (name.startsWith('label')) return Math.floor(next() * 4)
  if (n.dtype === 'i32') return next() < 0.5 ? pick(integers) : Math.floor(next() * 2000 - 1000)
  if (next() < special) return pick(floats)
  const [lo, hi] = domain[name] ?? [-3 * scale, 3 * scale]
  return lo + (hi - lo) * next()
}

export const inputsOf = (roots: readonly Node[]): readonly Node[] => topological(roots).filter((n) => n.op === 'input')

export const draw = (inputs: readonly Node[], drawing: Drawing, next: () => number): ReadonlyMap<Node, Tensor> =>
  new Map(
    inputs.map((n) => [
      n,
      tensor(
        n.dtype,
        n.shape,
        Array.from({ length: sizeOf(n.shape) }, () => drawOne(n, drawing, next)),
      ),
    ]),
  )

/** The same program with every f64 as f32. */
export const narrowed = (root: Node): Node => {
  const narrow = (params: unknown): unknown => {
    if (typeof params !== 'object' || params === null || !('dtype' in params) || params.dtype !== 'f64') return params
    const data = 'data' in params && params.data instanceof Float64Array ? { data: Float32Array.from(params.data) } : {}
    return { ...params, dtype: 'f32', ...data }
  }
  return retyped([root], narrow)(root)
}

/** The same program over other params, inside of branches and loops too. */
const retyped = (roots: readonly Node[], retype: (params: unknown) => unknown): ((n: Node) => Node) =>
  mapGraph(roots, (n, ins) => {
    const fn = functionOf(n)
    if (fn === null) return make(n.op, ins, retype(n.params))
    const inside = retyped([...fn.params, ...fn.results], retype)
    return withFunction(n, ins, { params: fn.params.map(inside), results: fn.results.map(inside) })
  })

/** The same program with every f32 as f64. */
export const widened = (root: Node): Node => {
  const widen = (params: unknown): unknown => {
    if (typeof params !== 'object' || params === null || !('dtype' in params) || params.dtype !== 'f32') return params
    const data = 'data' in params && params.data instanceof Float32Array ? { data: Float64Array.from(params.data) } : {}
    const value = 'value' in params ? { value: Math.fround(params.value as number) } : {}
    return { ...params, dtype: 'f64', ...data, ...value }
  }
  return retyped([root], widen)(root)
}

const sameBits = (a: number, b: number): boolean => Object.is(a, b)
const sameButZero = (a: number, b: number): boolean => Object.is(a, b) || (a === 0 && b === 0)

const epsilon: Readonly<Record<DType, number>> = { f32: 2 ** -24, f64: 2 ** -53, i32: 0, bool: 0 }

const tensorsOf = (sides: Sides, env: ReadonlyMap<Node, Tensor>): readonly [Tensor, Tensor] =>
  interpret([sides.left, sides.right], env) as readonly [Tensor, Tensor]

const disagreement = (what: string, env: ReadonlyMap<Node, Tensor>, at: number, a: number, b: number): string => {
  const inputs = [...env].map(([n, t]) => `${paramsOf(n, 'input').name} = [${t.data.join(', ')}]`)
  return `${what}: ${a} became ${b} at element ${at}, where ${inputs.join('; ')}`
}

const compare = (
  sides: Sides,
  env: ReadonlyMap<Node, Tensor>,
  agree: (a: number, b: number) => boolean,
  what: string,
): string | null => {
  const [a, b] = tensorsOf(sides, env)
  for (let i = 0; i < a.data.length; i++)
    if (!agree(a.data[i] as number, b.data[i] as number))
      return disagreement(what, env, i, a.data[i] as number, b.data[i] as number)
  return null
}

/** What a side computes in f64, of the same inputs. */
const inWide = (side: Node, env: ReadonlyMap<Node, Tensor>): Tensor => {
  const wide = new Map([...env].map(([n, t]) => [widened(n), t.dtype === 'f32' ? tensor('f64', t.shape, t.data) : t]))
  return interpret([widened(side)], wide)[0] as Tensor
}

const isNear = (a: number, b: number, relative: number, scale: number): boolean =>
  Object.is(a, b) ||
  (Number.isFinite(a) &&
    Math.abs(a - b) <= relative * Math.max(scale, Math.abs(a), Number.isFinite(b) ? Math.abs(b) : 0))

/**
 * Where the left side is well conditioned (inputs of moderate size), the right side is it, to a few units in the last
 * place of the operands' magnitude. Where it is not (large inputs), the right side is still what it is in f64, and both
 * agree in f64 as far as the left side has digits left.
 */
const refinement = (
  sides: Sides,
  env: ReadonlyMap<Node, Tensor>,
  scale: number,
  conditioned: boolean,
): string | null => {
  const [a, b] = tensorsOf(sides, env)
  const [left, right] = [inWide(sides.left, env), inWide(sides.right, env)]
  for (let i = 0; i < a.data.length; i++) {
    const [p, q, l, r] = [a.data[i], b.data[i], left.data[i], right.data[i]] as [number, number, number, number]
    if (!Number.isFinite(l) || Math.abs(l) > 1e38) continue
    const fits = conditioned
      ? isNear(q, l, 32 * epsilon[b.dtype], scale)
      : isNear(q, r, 32 * epsilon[b.dtype], scale) && isNear(l, r, 0.05, 1)
    if (!fits) return disagreement('refines', env, i, p, q)
  }
  return null
}

/** Where an operand that the right side still has is NaN, both sides are. */
const keepsNaN = (sides: Sides, drawing: Drawing, next: () => number): string | null => {
  const inputs = inputsOf([sides.left])
  for (const n of inputsOf([sides.right])) {
    if (n.dtype !== 'f32' && n.dtype !== 'f64') continue
    const env = new Map(draw(inputs, drawing, next))
    env.set(n, tensor(n.dtype, n.shape, new Array<number>(sizeOf(n.shape)).fill(Number.NaN)))
    const wrong = compare(sides, env, (a, b) => !Number.isNaN(a) || Number.isNaN(b), 'a NaN operand')
    if (wrong !== null) return wrong
  }
  return null
}

const specialRuns = 24
const plainRuns = 8

/** The first way in which two sides break a label's promise, or null. */
export const broken = (sides: Sides, label: Label, domain: Domain, seed: number): string | null => {
  const next = stream(seed)
  const inputs = inputsOf([sides.left])
  const plain: Drawing = { domain, special: 0, scale: 1 }
  const attempts: (() => string | null)[] = []
  const exact = label === 'always' || label === 'zeroSign'
  const agree = label === 'always' ? sameBits : sameButZero
  for (let i = 0; i < plainRuns; i++) {
    if (exact || label === 'finite') attempts.push(() => compare(sides, draw(inputs, plain, next), agree, label))
    else
      for (const scale of label === 'refines' ? [1, 40] : [1])
        attempts.push(() => refinement(sides, draw(inputs, { ...plain, scale }, next), 3 * scale, scale === 1))
  }
  if (exact)
    for (let i = 0; i < specialRuns; i++)
      attempts.push(() => compare(sides, draw(inputs, { domain, special: 0.6, scale: 1 }, next), agree, label))
  if (label === 'refines' && (sides.left.dtype === 'f32' || sides.left.dtype === 'f64'))
    attempts.push(() => keepsNaN(sides, plain, next))
  for (const attempt of attempts) {
    const wrong = attempt()
    if (wrong !== null) return wrong
  }
  return null
}
