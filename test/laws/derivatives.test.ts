import { describe, expect, test } from 'vitest'
import { pull } from '../../compiler/grad/vjp.ts'
import { push } from '../../compiler/grad/jvp.ts'
import { evaluator, interpret, type Tensor, tensor } from '../../compiler/interpret.ts'
import { range, sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph, make } from '../../src/expr/node.ts'
import { type Case, casesOf, drawOperand, sampleOf, stream, titleOf, triedOps } from './cases.ts'

interface Setting {
  readonly inputs: readonly Node[]
  readonly values: readonly Tensor[]
  readonly output: Node
  /** Operands that can carry a derivative. */
  readonly moving: readonly number[]
}

const settingOf = (c: Case): Setting => {
  const next = stream(c.shapes.length + 7 * c.op.length)
  const values = c.shapes.map((shape, i) => drawOperand(c.op, i, shape, 'f64', next))
  const inputs = values.map((v, i) => make('input', [], { name: `x${i}`, dtype: v.dtype, shape: v.shape }))
  const output = make(c.op, inputs, c.params)
  return { inputs, values, output, moving: values.flatMap((v, i) => (v.dtype === 'f64' ? [i] : [])) }
}

const direction = (shape: readonly number[], seed: number): Tensor => {
  const next = stream(seed)
  return tensor(
    'f64',
    shape,
    range(sizeOf(shape)).map(() => 2 * next() - 1),
  )
}

const dot = (a: Tensor, b: Tensor): number => Array.from(a.data).reduce((n, v, i) => n + v * (b.data[i] as number), 0)

const moveBy = (x: Tensor, t: Tensor, h: number): Tensor =>
  tensor(
    x.dtype,
    x.shape,
    Array.from(x.data, (v, i) => v + h * (t.data[i] as number)),
  )

const valueAt = (s: Setting, roots: readonly Node[], values: readonly Tensor[]): readonly Tensor[] =>
  interpret(roots, new Map(s.inputs.map((n, i) => [n, values[i] as Tensor])))

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

/** stopGradient is the one op whose derivative is not that of its value; it has a test of its own below. */
const isSmooth = (s: Setting): boolean =>
  s.output.dtype === 'f64' && s.moving.length > 0 && s.output.op !== 'stopGradient'

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
    const ts = new Map(s.moving.map((i) => [i, direction((s.inputs[i] as Node).shape, i + 1)]))
    const ct = direction(s.output.shape, 99)
    const wrt = s.moving.map((i) => s.inputs[i] as Node)
    const difference = centralDifference(s, s.output, ts)

    const cotangent = make('constant', [], ct)
    const pulled = pull(s.output, cotangent, wrt)
    const cts = valueAt(
      s,
      pulled.map((p, k) => p ?? zeros(wrt[k] as Node)),
      s.values,
    )
    const reverse = cts.reduce((n, g, k) => n + dot(g, ts.get(s.moving[k] as number) as Tensor), 0)
    expect(close(reverse, dot(ct, difference), tolerance)).toBe(true)
    expect(cts.map((g) => g.shape)).toEqual(wrt.map((n) => [...n.shape]))

    const tangents = new Map(s.moving.map((i) => [s.inputs[i] as Node, make('constant', [], ts.get(i) as Tensor)]))
    const [pushed] = push([s.output], tangents)
    const forward =
      pushed === null || pushed === undefined
        ? tensor(
            'f64',
            s.output.shape,
            difference.data.map(() => 0),
          )
        : (valueAt(s, [pushed], s.values)[0] as Tensor)
    expect(forward.shape).toEqual([...s.output.shape])
    // the transpose identity is exact up to rounding: ⟨c, jvp t⟩ = ⟨vjp c, t⟩
    expect(close(dot(ct, forward), reverse, 1e-11)).toBe(true)
  })

  test.each(smooth.map((c) => ({ c, title: titleOf(c) })))(
    'second derivatives meet central differences: $title',
    ({ c }) => {
      const s = settingOf(c)
      const wrt = s.moving.map((i) => s.inputs[i] as Node)
      const first = pull(s.output, make('constant', [], direction(s.output.shape, 99)), wrt)
      const ts = new Map(s.moving.map((i) => [i, direction((s.inputs[i] as Node).shape, i + 11)]))
      // ⟨u, vjp(c)⟩ as one scalar, differentiated again by both modes
      const parts = first.flatMap((g, k) =>
        g === null
          ? []
          : [
              graph.sum([graph.mul([g, make('constant', [], direction((wrt[k] as Node).shape, k + 31))])], {
                axes: range(g.shape.length),
                keepDims: false,
              }),
            ],
      )
      if (parts.length === 0) return
      const scalar = parts.reduce((p, q) => graph.add([p, q]))
      const difference = centralDifference(s, scalar, ts).data[0] as number
      const second = pull(scalar, graph.lit(1, 'f64'), wrt)
      const reverse = valueAt(
        s,
        second.map((p, k) => p ?? zeros(wrt[k] as Node)),
        s.values,
      ).reduce((n, g, k) => n + dot(g, ts.get(s.moving[k] as number) as Tensor), 0)
      expect(close(reverse, difference, 10 * tolerance)).toBe(true)
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
