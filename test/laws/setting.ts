/**
 * A case with numbers, and the programs about it. In: a case. Out: its operands, its value, and its derivatives of first and
 * second order as expressions. Invariant: cotangents and directions are fixed numbers, the same on every run, so that each
 * program is a function of the operands alone.
 */
import { push } from '../../compiler/grad/jvp.ts'
import { pull } from '../../compiler/grad/vjp.ts'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'
import { range, sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph, make } from '../../src/expr/node.ts'
import { stream } from '../random.ts'
import { type Case, outputOf } from './cases.ts'
import { drawOperand, sampleOf } from './draws.ts'

export type Precision = 'f32' | 'f64'

export interface Setting {
  readonly inputs: readonly Node[]
  readonly values: readonly Tensor[]
  readonly output: Node
  readonly float: Precision
  /** Operands that can carry a derivative. */
  readonly moving: readonly number[]
}

export interface Choice {
  readonly float: Precision
  readonly seed: number
  /** What the inputs' names begin with. */
  readonly prefix?: string
  /** Whether the op's special values are put in front of the drawn ones, where there is room. */
  readonly special?: boolean
}

export const settingOf = (c: Case, { float, seed, prefix = 'x', special = false }: Choice): Setting => {
  const next = stream(seed)
  const first = special ? (sampleOf(c.op).special ?? []) : []
  const values = c.shapes.map((shape, i) => {
    const drawn = drawOperand(c.op, i, shape, float, next)
    if (drawn.dtype === 'f32' || drawn.dtype === 'f64')
      for (let j = 0; j < drawn.data.length && j < first.length; j++)
        drawn.data[j] = first[(j * (i === 0 ? 1 : 3)) % first.length] as number
    return drawn
  })
  const inputs = values.map((v, i) => make('input', [], { name: `${prefix}${i}`, dtype: v.dtype, shape: v.shape }))
  return {
    inputs,
    values,
    output: outputOf(c, inputs),
    float,
    moving: values.flatMap((v, i) => (v.dtype === float ? [i] : [])),
  }
}

/** stopGradient is the one op whose derivative is not that of its value; it has a test of its own. */
export const isSmooth = (s: Setting): boolean =>
  s.output.dtype === s.float && s.moving.length > 0 && s.output.op !== 'stopGradient'

export const direction = (n: Node, seed: number): Tensor => {
  const next = stream(seed)
  return tensor(
    n.dtype,
    n.shape,
    range(sizeOf(n.shape)).map(() => 2 * next() - 1),
  )
}

const fixed = (n: Node, seed: number): Node => make('constant', [], direction(n, seed))

/** Seeds of the directions along which operand i moves, for derivatives of the first and second order. */
export const FIRST = 1
export const SECOND = 11
export const COTANGENT = 99

const wrtOf = (s: Setting): readonly Node[] => s.moving.map((i) => s.inputs[i] as Node)

/** What each moving operand receives when the value has received a fixed cotangent; null where it receives nothing. */
export const pulled = (s: Setting): readonly (Node | null)[] => pull(s.output, fixed(s.output, COTANGENT), wrtOf(s))

/** How the value moves along fixed directions of its operands. */
export const pushed = (s: Setting): Node | null => {
  const tangents = new Map(s.moving.map((i) => [s.inputs[i] as Node, fixed(s.inputs[i] as Node, i + FIRST)] as const))
  return push([s.output], tangents)[0] ?? null
}

/** Σ ⟨u, what an operand receives⟩ for fixed u, as one number; null where no operand receives anything. */
export const paired = (s: Setting): Node | null => {
  const parts = pulled(s).flatMap((g, k) => {
    if (g === null) return []
    const u = fixed(wrtOf(s)[k] as Node, k + 31)
    return [graph.sum([graph.mul([g, u])], { axes: range(g.shape.length), keepDims: false })]
  })
  return parts.length === 0 ? null : parts.reduce((p, q) => graph.add([p, q]))
}

/** The gradient of `paired`. */
export const pulledTwice = (s: Setting): readonly (Node | null)[] => {
  const scalar = paired(s)
  return scalar === null ? [] : pull(scalar, graph.lit(1, scalar.dtype), wrtOf(s))
}

/** The derivatives of an order as programs to run on targets. */
export const derivatives = (s: Setting, order: 1 | 2): readonly Node[] => {
  if (!isSmooth(s)) return []
  const found = order === 1 ? [...pulled(s), pushed(s)] : pulledTwice(s)
  return found.filter((n): n is Node => n !== null)
}
