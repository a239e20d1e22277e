import { describe, expect, test } from 'vitest'
import { push } from '../../compiler/grad/jvp.ts'
import { pull } from '../../compiler/grad/vjp.ts'
import { evaluator, interpret } from '../../compiler/interpret/interpret.ts'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph, make } from '../../src/expr/node.ts'
import { type Case, casesOf, titleOf, triedOps } from './cases.ts'
import { sampleOf } from './draws.ts'
import {
  COTANGENT,
  direction,
  FIRST,
  isSmooth,
  paired,
  pulled,
  pulledTwice,
  pushed,
  SECOND,
  type Setting,
  settingOf as settingAt,
} from './setting.ts'

const settingOf = (c: Case): Setting => settingAt(c, { float: 'f64', seed: c.shapes.length + 7 * c.op.length })

const dot = (a: Tensor, b: Tensor): number => Array.from(a.data).reduce((n, v, i) => n + v * (b.data[i] as number), 0)

const moveBy = (x: Tensor, t: Tensor, h: number): Tensor =>
  tensor(
    x.dtype,
    x.shape,
    Array.from(x.data, (v, i) => v + h * (t.data[i] as number)),
  )

const valueAt = (s: Setting, roots: readonly Node[], values: readonly Tensor[]): readonly Tensor[] =>
  interpret(roots, new Map(s.inputs.map((n, i) => [n, values[i] as Tensor])))

/** Directions of all moving operands at once. */
const directions = (s: Setting, seed: number): ReadonlyMap<number, Tensor> =>
  new Map(s.moving.map((i) => [i, direction(s.inputs[i] as Node, i + seed)]))

/** (f(x + h·t) − f(x − h·t)) / 2h along directions of all moving operands at once. */
const centralDifference = (s: Setting, root: Node, ts: ReadonlyMap<number, Tensor>): Tensor => {
  const h = 1e-5
  const at = (sign: number) => s.values.map((v, i) => (ts.has(i) ? moveBy(v, ts.get(i) as Tensor, sign * h) : v))
  const [up, down] = [valueAt(s, [root], at(1))[0] as Tensor, valueAt(s, [root], at(-1))[0] as Tensor]
  return tensor(
    'f64',
    up.shape,
    Array.from(up.data, (v, i) => (v - (down.data[i] as number)) / (2 * h)),
  )
}

const close = (a: number, b: number, tolerance: number): boolean =>
  Math.abs(a - b) <= tolerance * (1 + Math.abs(a) + Math.abs(b))

/** What the moving operands receive, zeros where it is nothing. */
const received = (s: Setting, cts: readonly (Node | null)[]): readonly Tensor[] =>
  valueAt(
    s,
    cts.map((p, k) => p ?? zeros(s.inputs[s.moving[k] as number] as Node)),
    s.values,
  )

const along = (s: Setting, cts: readonly Tensor[], ts: ReadonlyMap<number, Tensor>): number =>
  cts.reduce((n, g, k) => n + dot(g, ts.get(s.moving[k] as number) as Tensor), 0)

describe.each(triedOps.map((op) => ({ op })))('$op', ({ op }) => {
  const tolerance = sampleOf(op).tolerance ?? 1e-6

  test.each(casesOf(op).map((c) => ({ c, title: titleOf(c) })))(
    'infer agrees with the interpreter: $title',
    ({ c }) => {
      const s = settingOf(c)
      const [value] = valueAt(s, [s.output], s.values)
      expect({ shape: value?.shape, dtype: value?.dtype, size: value?.data.length }).toEqual({
        shape: [...s.output.shape],
        dtype: s.output.dtype,
        size: sizeOf(s.output.shape),
      })
    },
  )

  const smooth = casesOf(op).filter((c) => isSmooth(settingOf(c)))
  if (smooth.length === 0) return

  test.each(smooth.map((c) => ({ c, title: titleOf(c) })))('vjp and jvp meet central differences: $title', ({ c }) => {
    const s = settingOf(c)
    const ts = directions(s, FIRST)
    const ct = direction(s.output, COTANGENT)
    const difference = centralDifference(s, s.output, ts)
    const cts = received(s, pulled(s))
    const reverse = along(s, cts, ts)
    expect(close(reverse, dot(ct, difference), tolerance)).toBe(true)
    expect(cts.map((g) => g.shape)).toEqual(s.moving.map((i) => [...(s.inputs[i] as Node).shape]))

    const tangent = pushed(s)
    const forward = valueAt(s, [tangent ?? zeros(s.output)], s.values)[0] as Tensor
    expect(forward.shape).toEqual([...s.output.shape])
    // the transpose identity is exact up to rounding: ⟨c, jvp t⟩ = ⟨vjp c, t⟩
    expect(close(dot(ct, forward), reverse, 1e-11)).toBe(true)
  })

  test.each(smooth.map((c) => ({ c, title: titleOf(c) })))(
    'second derivatives meet central differences: $title',
    ({ c }) => {
      const s = settingOf(c)
      const scalar = paired(s)
      if (scalar === null) return
      const ts = directions(s, SECOND)
      const difference = centralDifference(s, scalar, ts).data[0] as number
      expect(close(along(s, received(s, pulledTwice(s)), ts), difference, 10 * tolerance)).toBe(true)
    },
  )
})

const zeros = (n: Node): Node => graph.full([], { dtype: n.dtype, shape: n.shape, value: 0 })

test('nothing flows through stopGradient', () => {
  const x = make('input', [], { name: 'x', dtype: 'f64', shape: [3] })
  const y = graph.stopGradient([x])
  expect(pull(y, x, [x])).toEqual([null])
  expect(push([y], new Map([[x, x]]))).toEqual([null])
})

test('a flipped sign is caught', () => {
  // the planted fault: a rule for sin that says −cos
  const x = tensor('f64', [3], [0.3, 0.7, 1.1])
  const wrong = evaluator.neg([evaluator.cos([x])])
  const h = 1e-6
  const right = Array.from(x.data, (v) => (Math.sin(v + h) - Math.sin(v - h)) / (2 * h))
  expect(right.every((r, i) => close(r, wrong.data[i] as number, 1e-6))).toBe(false)
})
