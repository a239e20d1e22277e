// Central differences in double precision. In: expressions, and values for their leaves. Out: values and derivatives in f64.
// Invariant: whatever begins as f32 is widened where it begins; the interpreter then computes in the type of its operands.

import { type Expr, key, uniform } from 'nabla'
import { interpret, type Tensor, tensor } from 'nabla/compiler'

/** Values of leaves. Float leaves without one are drawn from [−1, 1). */
export type Given = ReadonlyMap<Expr, ArrayLike<number>>

type Env = ReadonlyMap<Expr, Tensor>

const isFloat = (e: Expr): boolean => e.dtype === 'f32' || e.dtype === 'f64'

const isLeaf = (e: Expr): boolean => e.op === 'input' || e.op === 'param' || e.op === 'state'

const below = (roots: readonly Expr[]): ReadonlySet<Expr> => {
  const seen = new Set<Expr>(roots)
  for (const e of seen) for (const i of e.ins) seen.add(i)
  return seen
}

const only = (e: Expr, env: Env): Tensor => interpret([e], env)[0] as Tensor

const drawn = (e: Expr, i: number): Tensor => only(uniform(key(i + 1), e.shape, -1, 1, 'f64'), new Map())

/** Where floats begin: leaves, literals, one-hot vectors. */
const sources = (roots: readonly Expr[], given: Given): Env => {
  const all = [...below(roots)].sort((a, b) => a.id - b.id)
  const env = new Map<Expr, Tensor>()
  for (const [i, e] of all.filter(isLeaf).entries()) {
    const values = given.get(e)
    if (values === undefined && !isFloat(e)) throw new Error(`a leaf of dtype ${e.dtype} needs values`)
    env.set(e, values === undefined ? drawn(e, i) : tensor(isFloat(e) ? 'f64' : e.dtype, e.shape, values))
  }
  // what a loop gives begins in the loop, which has no type of its own: such a model is built in f64
  for (const e of all)
    if (isFloat(e) && e.op !== 'result' && !env.has(e) && !e.ins.some(isFloat))
      env.set(e, tensor('f64', e.shape, only(e, env).data))
  return env
}

/** The value of an expression in double precision. */
export const inDouble = (e: Expr, given: Given = new Map()): Tensor => only(e, sources([e], given))

/** (f(x + h) − f(x − h)) / 2h for each element of `by`, which is a leaf or any other expression below the scalar f. */
const differences = (f: Expr, by: Expr, env: Env): readonly number[] => {
  const h = 1e-5
  const at = only(by, env).data
  const moved = (i: number, step: number): number =>
    only(
      f,
      new Map(env).set(
        by,
        tensor(
          'f64',
          by.shape,
          Array.from(at, (x, k) => (k === i ? x + step : x)),
        ),
      ),
    ).data[0] ?? NaN
  return Array.from(at, (_, i) => (moved(i, h) - moved(i, -h)) / (2 * h))
}

/** How far a gradient of f is from central differences, at most, beside its own greatest element (or 1). */
export const differenceOf = (f: Expr, by: Expr, gradient: Expr, given: Given = new Map()): number => {
  const env = sources([f, by, gradient], given)
  const [expected, found] = [differences(f, by, env), only(gradient, env).data]
  const scale = Math.max(1, ...expected.map(Math.abs))
  return Math.max(...expected.map((d, i) => Math.abs(d - (found[i] ?? NaN)))) / scale
}
