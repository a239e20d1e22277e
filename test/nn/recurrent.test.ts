/**
 * Recurrent layers. In: sequences, states and parameters. Out: whether a layer is its cell, step after step, in values and
 * gradients; whether what the lecture says of gates is true; and what a compiled layer costs.
 * Invariant: the reference is the plain cell, unrolled; both are computed in double precision by the interpreter.
 */
import { isLeft, isRight } from 'fp-ts/lib/Either.js'
import {
  add,
  bidirectional,
  cos,
  div,
  dot,
  type Gate,
  gru,
  gruCell,
  iota,
  cast,
  input,
  lstm,
  lstmCell,
  type LstmState,
  matmul,
  mean,
  mul,
  type Node,
  pipe,
  reshape,
  rnn,
  rnnCell,
  slice,
  sigmoid,
  square,
  stack,
  sub,
  sum,
  tanh,
  reverse,
} from 'nabla'
import { grad, interpret, jacobian, type Scalar, type Tensor, tensor } from 'nabla/compiler'
import { load } from 'nabla/runtime'
import { describe, expect, test } from 'vitest'
import { compileWhole, type Whole } from '../../compiler/compile.ts'

const [T, B, E, H] = [6, 2, 3, 5]
type Float = 'f32' | 'f64'

/** Leaves for n gates side by side. */
const packed = (n: number, dtype: Float = 'f64', mark = ''): Required<Gate> => ({
  w: input(`w${mark}`, [E, n * H], dtype),
  u: input(`u${mark}`, [H, n * H], dtype),
  b: input(`b${mark}`, [n * H], dtype),
  c: input(`c${mark}`, [n * H], dtype),
})

/** The k-th of n gates as a gate by itself. */
const part = ({ w, u, b, c }: Required<Gate>, k: number): Gate => {
  const columns = (x: Node): Node => slice(x, [0, k * H], [x.shape[0] as number, (k + 1) * H])
  const elements = (x: Node): Node => slice(x, k * H, (k + 1) * H)
  return { w: columns(w), u: columns(u), b: elements(b), c: elements(c) }
}

interface Case {
  readonly gates: number
  /** All states [T, B, H] and the last, from one initial state or a pair. */
  readonly layer: (xs: Node, params: Gate, initial: LstmState, reverse: boolean) => readonly Node[]
  readonly cell: (x: Node, state: LstmState, params: Required<Gate>) => LstmState
}

const cases: Readonly<Record<'rnn' | 'relu rnn' | 'gru' | 'lstm', Case>> = {
  rnn: {
    gates: 1,
    layer: (xs, params, { h: initial }, backwards) => {
      const { outputs, last } = rnn(xs, params, { initial, reverse: backwards })
      return [outputs, last]
    },
    cell: (x, { h, c }, params) => ({ h: rnnCell(x, h, params), c }),
  },
  'relu rnn': {
    gates: 1,
    layer: (xs, params, { h: initial }, backwards) => {
      const { outputs, last } = rnn(xs, params, { initial, reverse: backwards, activation: 'relu' })
      return [outputs, last]
    },
    cell: (x, { h, c }, params) => ({ h: rnnCell(x, h, params, 'relu'), c }),
  },
  gru: {
    gates: 3,
    layer: (xs, params, { h: initial }, backwards) => {
      const { outputs, last } = gru(xs, params, { initial, reverse: backwards })
      return [outputs, last]
    },
    cell: (x, { h, c }, params) => ({
      h: gruCell(x, h, { r: part(params, 0), z: part(params, 1), n: part(params, 2) }),
      c,
    }),
  },
  lstm: {
    gates: 4,
    layer: (xs, params, initial, backwards) => {
      const { outputs, last } = lstm(xs, params, { initial, reverse: backwards })
      return [outputs, last.h, last.c]
    },
    cell: (x, state, params) =>
      lstmCell(x, state, { i: part(params, 0), f: part(params, 1), g: part(params, 2), o: part(params, 3) }),
  },
}

const unrolled = ({ cell, gates }: Case, xs: Node, params: Required<Gate>, initial: LstmState, backwards: boolean) => {
  const states: LstmState[] = []
  for (let k = 0; k < T; k++) {
    const t = backwards ? T - 1 - k : k
    const x = reshape(slice(xs, t, t + 1), [B, E])
    states.push(cell(x, states.at(-1) ?? initial, params))
  }
  const last = states.at(-1) as LstmState
  const placed = backwards ? states.toReversed() : states
  const outputs = stack(placed.map((s) => s.h)) as Node
  return gates === 4 ? [outputs, last.h, last.c] : [outputs, last.h]
}

/** A scalar in which every element of the results counts differently. */
const weighed = (results: readonly Node[]): Scalar =>
  results
    .map((r) => {
      const size = r.shape.reduce((a, b) => a * b, 1)
      return dot(reshape(r, [size]), cos(cast(iota([size]), r.dtype)))
    })
    .reduce((a, b) => add(a, b)) as Scalar

const leavesOf = (gates: number, dtype: Float) => {
  const params = packed(gates, dtype)
  const xs: Node = input('xs', [T, B, E], dtype)
  const initial = { h: input('h', [B, H], dtype), c: input('c0', [B, H], dtype) }
  return { params, xs, initial, wrt: [xs, initial.h, ...(gates === 4 ? [initial.c] : []), ...Object.values(params)] }
}

const draw = (leaves: readonly Node[]): ReadonlyMap<Node, Tensor> =>
  new Map(
    leaves.map((n, i) => {
      const size = n.shape.reduce((a, b) => a * b, 1)
      return [
        n,
        tensor(
          n.dtype,
          n.shape,
          Array.from({ length: size }, (_, k) => 0.8 * Math.sin(12.9898 * (k + 1) + 78.233 * (i + 1))),
        ),
      ]
    }),
  )

const evaluate = (roots: readonly Node[], env: ReadonlyMap<Node, Tensor>): readonly (readonly number[])[] =>
  interpret(roots, env).map((t) => Array.from(t.data))

const expectNear = (got: readonly (readonly number[])[], want: readonly (readonly number[])[]): void => {
  expect(got.map((g) => g.length)).toEqual(want.map((w) => w.length))
  for (const [i, w] of want.entries()) for (const [k, v] of w.entries()) expect(got[i]?.[k]).toBeCloseTo(v, 12)
}

const names = Object.keys(cases) as readonly (keyof typeof cases)[]

describe.each(names)('%s is its cell, step after step', (name) => {
  const c = cases[name]
  test.each([
    ['forward', false],
    ['backward', true],
  ] as const)('%s', (_, backwards) => {
    const { params, xs, initial, wrt } = leavesOf(c.gates, 'f64')
    const env = draw([...wrt, initial.c])
    const [layer, cells] = [c.layer(xs, params, initial, backwards), unrolled(c, xs, params, initial, backwards)]
    expectNear(evaluate(layer, env), evaluate(cells, env))
    expectNear(evaluate(grad(weighed(layer), wrt), env), evaluate(grad(weighed(cells), wrt), env))
  })
})

test('a layer starts from zeros, needs no bias, and waits for its sequence in a pipe', () => {
  const { w, u } = packed(3)
  const { xs } = leavesOf(3, 'f64')
  const [zero, bias] = [
    tensor('f64', [B, H], new Array(B * H).fill(0)),
    tensor('f64', [3 * H], new Array(3 * H).fill(0)),
  ]
  const [h, b] = [input('h', [B, H], 'f64'), input('b', [3 * H], 'f64')]
  const env = new Map([...draw([w, u, xs]), [h, zero], [b, bias]])
  expectNear(
    evaluate([pipe(xs, gru({ w, u })).outputs], env),
    evaluate([gru(xs, { w, u, b, c: b }, { initial: h }).outputs], env),
  )
})

test('a bidirectional layer is two layers side by side, the second on the reversed sequence', () => {
  const [forward, backward] = [packed(4, 'f64', 'f'), packed(4, 'f64', 'b')]
  const xs: Node = input('xs', [T, B, E], 'f64')
  const env = draw([xs, ...Object.values(forward), ...Object.values(backward)])
  const { outputs, last } = bidirectional(lstm)(xs, { forward, backward })
  const past = lstm(xs, forward)
  const future = lstm(reverse(xs, 0), backward)
  const [both] = evaluate([outputs], env) as [readonly number[]]
  const [left, right] = evaluate([past.outputs, reverse(future.outputs, 0)], env) as [
    readonly number[],
    readonly number[],
  ]
  expect(outputs.shape).toEqual([T, B, 2 * H])
  for (let row = 0; row < T * B; row++) {
    expect(both.slice(2 * H * row, 2 * H * row + H)).toEqual(left.slice(H * row, H * row + H))
    expect(both.slice(2 * H * row + H, 2 * H * (row + 1))).toEqual(right.slice(H * row, H * row + H))
  }
  expectNear(evaluate([last.backward.c], env), evaluate([future.last.c], env))
})

describe('the lecture’s true-or-false questions', () => {
  const [x, h, c] = [input('x', [B, E], 'f64'), input('h', [B, H], 'f64'), input('c', [B, H], 'f64')]
  const gate = (name: string): Required<Gate> => packed(1, 'f64', name)
  const [i, f, o, g, z, r, n] = ['i', 'f', 'o', 'g', 'z', 'r', 'n'].map(gate) as [
    Required<Gate>,
    Required<Gate>,
    Required<Gate>,
    Required<Gate>,
    Required<Gate>,
    Required<Gate>,
    Required<Gate>,
  ]
  const all = [i, f, o, g, z, r, n].flatMap((p) => Object.values(p))
  const env = draw([x, h, c, ...all])
  /** Values under which a gate is about 0 or about 1: its bias decides. */
  const held = (...biases: readonly (readonly [Required<Gate>, number])[]): ReadonlyMap<Node, Tensor> =>
    new Map([...env, ...biases.map(([p, v]) => [p.b, tensor('f64', [H], new Array(H).fill(v))] as const)])
  const next = gruCell(x, h, { z, r, n })
  const after = lstmCell(x, { h, c }, { i, f, o, g })
  const greatest = (values: readonly number[]): number => Math.max(...values.map(Math.abs))
  const size = (of: Node, by: Node, at: ReadonlyMap<Node, Tensor>): number =>
    greatest(evaluate([jacobian(of, by)], at)[0] as readonly number[])

  test('true: if the update gate is close to 1, the net does not update its state significantly', () => {
    const [now, before] = evaluate([next, h], held([z, 30])) as [readonly number[], readonly number[]]
    expect(greatest(now.map((v, k) => v - (before[k] as number)))).toBeLessThan(1e-9)
    const [otherwise] = evaluate([next], env) as [readonly number[]]
    expect(greatest(otherwise.map((v, k) => v - (before[k] as number)))).toBeGreaterThan(0.1)
  })

  test('false: with update and reset gate close to 0 the net remembers its past; it depends on x, and not on h', () => {
    const closed = held([z, -30], [r, -30])
    expect(size(next, h, closed)).toBeLessThan(1e-9)
    expect(size(next, x, closed)).toBeGreaterThan(0.1)
  })

  test('false: with a forget gate of 0 no error reaches earlier steps; it does through i and the new memory', () => {
    const forgetting = held([f, -30])
    expect(size(after.c, c, forgetting)).toBeLessThan(1e-9)
    expect(size(after.h, h, forgetting)).toBeGreaterThan(0.01)
  })

  test('a cell’s error is multiplied by the forget gate alone', () => {
    const by = grad(sum(after.c), c)
    const gateOf = sigmoid(add(add(matmul(x, f.w), f.b), add(matmul(h, f.u), f.c)))
    expectNear(evaluate([by], env), evaluate([gateOf], env))
  })

  test('true: the entries of gates are in (0, 1); false: they sum to 1', () => {
    // with g at 1 the results show the gates: c′ = f∘c + i and h′ = o∘tanh(c′)
    const open = held([g, 30])
    const forget = grad(sum(after.c), c)
    const gates = [forget, sub(after.c, mul(forget, c)), div(after.h, tanh(after.c))]
    for (const values of evaluate(gates, open)) {
      for (const v of values) expect(v > 0 && v < 1).toBe(true)
      const rows = [values.slice(0, H), values.slice(H)].map((row) => row.reduce((a, b) => a + b))
      for (const total of rows) expect(Math.abs(total - 1)).toBeGreaterThan(0.1)
    }
  })
})

// ---- compiled

const built = async (results: Readonly<Record<string, Node>>, target: 'wasm' | 'javascript'): Promise<Whole> => {
  const whole = await compileWhole({ main: results }, { target, checked: true })
  if (!isRight(whole)) throw new Error(whole.left.message)
  return whole.right
}

const run = async (w: Whole, env: ReadonlyMap<Node, Tensor>): Promise<readonly ArrayLike<number>[]> => {
  const program = await load({ manifest: w.manifest, bytes: w.bytes })
  if (isLeft(program)) throw new Error(program.left.message)
  const { main } = program.right.entries
  if (main === undefined) throw new Error('no entry main')
  for (const [n, t] of env) {
    const view = main.inputs[(n.params as { readonly name: string }).name]
    if (view !== undefined) view.set(t.data)
  }
  const done = main.run()
  if (isLeft(done)) throw new Error(done.left.message)
  return Object.values(main.outputs)
}

const modelOf = (name: keyof typeof cases, dtype: Float) => {
  const c = cases[name]
  const { params, xs, initial, wrt } = leavesOf(c.gates, dtype)
  const [outputs, ...last] = c.layer(xs, params, initial, false)
  const loss = add(weighed([outputs as Node]), mul(0.5, mean(square(last.at(-1) as Node)))) as Scalar
  const gradients = grad(loss, wrt)
  return {
    results: { loss, ...Object.fromEntries(gradients.map((g, i) => [`g${i}`, g])) },
    leaves: [...wrt, initial.c],
  }
}

describe.each(names)('%s, compiled', (name) => {
  test('has the interpreter’s loss and gradients on both targets', async () => {
    const { results, leaves } = modelOf(name, 'f32')
    const env = draw(leaves)
    const want = interpret(Object.values(results), env)
    for (const target of ['wasm', 'javascript'] as const) {
      const got = await run(await built(results, target), env)
      for (const [i, w] of want.entries())
        for (const [k, v] of Array.from(w.data).entries())
          expect(Math.abs((got[i]?.[k] as number) - v)).toBeLessThan(2e-5 * (1 + Math.abs(v)))
    }
  })

  test('is one loop forward and one backward, each with one product; all others are over all steps', async () => {
    const { plan } = await built(modelOf(name, 'f32').results, 'javascript')
    const [entry] = plan.entries
    const loops = entry?.ranges ?? []
    expect(loops).toHaveLength(2)
    const products = (entry?.steps ?? []).flatMap((s, at) =>
      plan.kernels[s.kernel]?.name.startsWith('dotGeneral') === true
        ? [loops.findIndex((l) => l.from <= at && at < l.to)]
        : [],
    )
    // ahead x·w; in the loops h·u and its transpose; behind the gradients of x, w and u
    expect(products).toEqual([-1, 0, 1, -1, -1, -1])
  })
})
