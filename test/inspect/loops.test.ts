// In: loops forwards, backwards, within loops, and their derivatives. Out: whether they print as recurrences.
// Invariant: golden, whole pages; and whatever a loop is like, it prints.

import {
  add,
  broadcastTo,
  cast,
  full,
  glorotUniform,
  input,
  iota,
  matmul,
  mean,
  mul,
  type Node,
  named,
  param,
  rnn,
  scan,
  sgd,
  sigmoid,
  square,
  sub,
  sum,
  tanh,
  zeros,
} from 'nabla'
import { compile, grad, hvp, inspect, jvp, print, type Scalar, trainStep, vmap } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { page } from './page.ts'

const [T, B, E, H] = [12, 3, 4, 5]
const [xs, h0, targets] = [input('xs', [T, B, E]), input('h0', [B, H]), input('targets', [T, B, H])]
const [wx, wh, b] = [param('wx', [E, H], glorotUniform), param('wh', [H, H], glorotUniform), param('b', [H], zeros)]

type Step = (carry: never, element: never) => { readonly carry: Node; readonly output: Node }
interface Run {
  readonly carry: Node
  readonly outputs: Node
}

/** A scan over nodes of any shape. */
const loop = (step: Step, init: Node, sequences: unknown, options = {}): Run =>
  scan(step as never, init, sequences as never, options) as unknown as Run

const cell = (h: Node, x: Node): Node => tanh(add(add(matmul(x, wx), matmul(h, wh)), b)) as Node

const elman = (options = {}): Scalar => {
  const { carry, outputs } = loop(
    (h: Node, { x, t }: { readonly x: Node; readonly t: Node }) => {
      const next = cell(h, x)
      return { carry: next, output: sum(square(sub(next, t))) as Node }
    },
    h0,
    { x: xs, t: targets },
    options,
  )
  return add(sum(outputs), mean(carry)) as Scalar
}

test('an Elman network and its derivatives', () => {
  expect(inspect(elman())).toBe(page`
    inputs      xs [12,3,4] · h0 [3,5] · targets [12,3,5]
    parameters  wx [4,5] · wh [5,5] · b [5]

    model
      for t = 1…12
        hₜ = tanh(xsₜ wx + hₜ₋₁ wh + b)  [3,5]
        lₜ = ‖hₜ − targetsₜ‖²            []
      with h₀ = h0
      y = Σₜ lₜ + mean(h₁₂)              []

    derivatives
      for t = 12…1
        δₜ    = (δhₜ + 2 · (hₜ − targetsₜ)) · (1 − hₜ²)  [3,5]
        δhₜ₋₁ = δₜ whᵀ                                   [3,5]
      with δh₁₂ = 1/15
      ∂y/∂wx = Σₜ xsₜᵀ δₜ                                [4,5]
      ∂y/∂wh = Σₜ hₜ₋₁ᵀ δₜ                               [5,5]
      ∂y/∂b  = Σₜ Σ₀(δₜ)                                 [5]
    `)
})

test('backwards, and forwards on the way back', () => {
  expect(inspect(elman({ reverse: true }))).toBe(page`
    inputs      xs [12,3,4] · h0 [3,5] · targets [12,3,5]
    parameters  wx [4,5] · wh [5,5] · b [5]

    model
      for t = 12…1
        hₜ = tanh(xsₜ wx + hₜ₊₁ wh + b)  [3,5]
        lₜ = ‖hₜ − targetsₜ‖²            []
      with h₁₃ = h0
      y = Σₜ lₜ + mean(h₁)               []

    derivatives
      for t = 1…12
        δₜ    = (δhₜ + 2 · (hₜ − targetsₜ)) · (1 − hₜ²)  [3,5]
        δhₜ₊₁ = δₜ whᵀ                                   [3,5]
      with δh₁ = 1/15
      ∂y/∂wx = Σₜ xsₜᵀ δₜ                                [4,5]
      ∂y/∂wh = Σₜ hₜ₊₁ᵀ δₜ                               [5,5]
      ∂y/∂b  = Σₜ Σ₀(δₜ)                                 [5]
    `)
})

test('a step updates by the gradients that have been told', () => {
  expect(inspect(trainStep(elman(), sgd()) as never).split('updates\n')[1]).toBe(page`
      wx   ← wx − learningRate · ∂loss/∂wx  [4,5]
      wh   ← wh − learningRate · ∂loss/∂wh  [5,5]
      b    ← b − learningRate · ∂loss/∂b    [5]
      step ← 1 + step                       i32[]
    `)
})

test('a loop as it is compiled: what depends on no carry is ahead of it', async () => {
  const dumped: string[] = []
  const dump = { passes: ['simplify'] as const, print: (_: string, text: string) => void dumped.push(text) }
  const y = elman()
  await compile({ y: { results: { y, wx: grad(y, wx), wh: grad(y, wh) }, updates: [] } } as never, { dump })
  expect(dumped[0]).toBe(page`
    z  = xs wx                                         [12,3,5]
    for t = 1…12
      hₜ = tanh(zₜ + hₜ₋₁ wh + b)                      [3,5]
      lₜ = ‖hₜ − targetsₜ‖²                            []
    with h₀ = h0
    y  = Σₜ lₜ + mean(h₁₂)                             []
    for t = 12…1
      δₜ    = (δhₜ + 2 · (hₜ − targetsₜ)) · (1 − hₜ²)  [3,5]
      δhₜ₋₁ = δₜ whᵀ                                   [3,5]
    with δh₁₂ = 1/15
    wx : Σₜ xsₜᵀ δₜ                                    [4,5]
    wh : Σₜ hₜ₋₁ᵀ δₜ                                   [5,5]
    `)
})

test('gates, by the names of their user', () => {
  const gate = (name: string, f: (x: Node) => Node) => {
    const [w, u] = [param(`w${name}`, [E, H], glorotUniform), param(`u${name}`, [H, H], glorotUniform)]
    return (x: Node, h: Node): Node => named(name, f(add(matmul(x, w), matmul(h, u)) as Node))
  }
  const [f, g] = [gate('f', sigmoid as never), gate('g', tanh as never)]
  const run = scan(
    ({ h, c }: { readonly h: Node; readonly c: Node }, x) => {
      const forget = f(x as Node, h)
      const memory = add(mul(forget, c), mul(sub(1, forget), g(x as Node, h))) as Node
      const shown = tanh(memory) as Node
      return { carry: { h: shown, c: memory }, output: { h: shown } }
    },
    { h: full([B, H], 0) as Node, c: h0 as Node },
    xs,
  )
  expect(print({ energy: mean(square(run.outputs.h)), last: run.carry.c })).toBe(page`
    for t = 1…12
      fₜ = σ(xsₜ wf + hₜ₋₁ uf)        [3,5]
      gₜ = tanh(xsₜ wg + hₜ₋₁ ug)     [3,5]
      cₜ = fₜ · cₜ₋₁ + (1 − fₜ) · gₜ  [3,5]
      hₜ = tanh(cₜ)                   [3,5]
    with h₀ = 0, c₀ = h0
    energy = mean(h²)                 []
    last   = c₁₂                      [3,5]
    `)
})

describe('a loop within a loop', () => {
  const [ys, c0, w] = [input('ys', [3, 2, 5]), input('c0', [5]), param('w', [5], zeros)]
  const nested = (): Scalar => {
    const { carry, outputs } = loop(
      (c: Node, y: Node) => {
        const inner = loop(
          (d: Node, e: Node) => ({ carry: named('d', tanh(mul(w, add(d, e))) as Node), output: mul(d, e) as Node }),
          c,
          y,
        )
        return { carry: inner.carry, output: sum(inner.outputs) as Node }
      },
      c0,
      ys,
    )
    return add(sum(outputs), sum(carry)) as Scalar
  }

  test('has two indices', () => {
    expect(inspect(nested())).toBe(page`
    inputs      ys [3,2,5] · c0 [5]
    parameters  w [5]

    model
      for t = 1…3
        for s = 1…2
          dₜ‚ₛ = tanh(w · (dₜ‚ₛ₋₁ + ysₜ‚ₛ))  [5]
          hₜ‚ₛ = dₜ‚ₛ₋₁ · ysₜ‚ₛ              [5]
        with dₜ‚₀ = cₜ₋₁
        cₜ = dₜ‚₂                            [5]
        lₜ = Σₛ Σ(hₜ‚ₛ)                      []
      with c₀ = c0
      y = Σₜ lₜ + Σ(c₃)                      []

    derivatives
      for t = 3…1
        for s = 2…1
          δₜ‚ₛ     = δdₜ‚ₛ · (1 − dₜ‚ₛ²)                   [5]
          δdₜ‚ₛ₋₁  = ysₜ‚ₛ + w · δₜ‚ₛ                      [5]
          Δw⁽²⁾ₜ‚ₛ = Δw⁽²⁾ₜ‚ₛ₊₁ + (dₜ‚ₛ₋₁ + ysₜ‚ₛ) · δₜ‚ₛ  [5]
        with δdₜ‚₂ = δcₜ, Δw⁽²⁾ₜ‚₃ = 0
        δcₜ₋₁ = δdₜ‚₀                                      [5]
        Δwₜ   = Δwₜ₊₁ + Δw⁽²⁾ₜ‚₁                           [5]
      with δc₃ = 1, Δw₄ = 0
      ∂y/∂w = Δw₁                                          [5]
    `)
  })

  test('has a derivative that is one expression, however often it is asked for', () => {
    const y = nested()
    expect(grad(y, w)).toBe(grad(y, w))
  })
})

test('what is summed is told step by step', () => {
  const z = input('z', [6, 4])
  const { outputs } = loop(
    (c: Node, x: Node) => {
      const next = tanh(add(c, x)) as Node
      return { carry: next, output: next }
    },
    full([4], 0),
    mul(z, 2),
  )
  const rows = {
    s: sum(mul(outputs, tanh(outputs)), 0),
    all: sum(mul(outputs, 3)),
    r: sum(outputs, 1),
    states: outputs,
  }
  expect(print(rows)).toBe(page`
    x      = 2 · z             [6,4]
    for t = 1…6
      cₜ = tanh(cₜ₋₁ + xₜ)     [4]
    with c₀ = 0
    s      = Σₜ cₜ · tanh(cₜ)  [4]
    all    = 3 · Σₜ Σ(cₜ)      []
    r      = Σ₁(c)             [6]
    states = c                 [6,4]
    `)
})

describe('whatever a loop is like, it prints', () => {
  const [a, zs] = [input('a', []), input('zs', [6])]
  const double = (c: Node) => ({ carry: mul(c, 2) as Node, output: c })
  const all = ({ carry, outputs }: Run): Readonly<Record<string, Node>> => ({ carry, outputs })

  test.each<[string, () => Readonly<Record<string, Node>>, string]>([
    ['no step', () => all(loop(double, a, [], { length: 0 })), 'carry   = c₀'],
    ['one step', () => all(loop(double, a, [], { length: 1 })), 'for t = 1\n'],
    [
      'no carry that changes',
      () => all(loop((c: Node) => ({ carry: c, output: c }), a, [], { length: 3 })),
      'cₜ = cₜ₋₁',
    ],
    ['a literal', () => all(loop((c: Node) => ({ carry: c, output: full([], 7) as Node }), a, zs)), 'outputsₜ = 7'],
    [
      'a sequence of one value',
      () => all(loop((c: Node, x: Node) => ({ carry: add(c, x) as Node, output: x }), a, broadcastTo(a, [4]))),
      'cₜ = cₜ₋₁ + a',
    ],
    [
      'a number at each step',
      () => all(loop((c: Node, x: Node) => ({ carry: mul(mul(c, x), 3) as Node, output: x }), a, full([4], 2))),
      'cₜ = 6 · cₜ₋₁',
    ],
    [
      'indices',
      () => all(loop((c: Node, x: Node) => ({ carry: mul(c, x) as Node, output: c }), a, cast(iota([4], 0), 'f32'))),
      'xₜ',
    ],
    ['a derivative by the start', () => ({ g: grad(loop(double, a, [], { length: 3 }).carry as Scalar, a) }), 'δc'],
    ['a tangent', () => ({ g: jvp(loop(double, a, [], { length: 3 }).carry, a, input('da', [])) as Node }), 'τc'],
    ['a second derivative', () => ({ g: hvp(elman(), wh, input('v', [H, H])) as Node }), 'τδhₜ'],
    [
      'a batch',
      () => ({ g: vmap((c: Node) => loop(double, c, [], { length: 3 }).carry)(input('as', [7])) as Node }),
      'cₜ',
    ],
    ['the loop itself', () => ({ loop: loop(double, a, [], { length: 3 }).carry.ins[0] as Node }), 'scan(a, 3 steps)'],
  ])('%s', (_, make, part) => {
    expect(print(make())).toContain(part)
  })

  test('two carries that change places', () => {
    const swapped = scan(
      ({ p, q }: { readonly p: Node; readonly q: Node }) => ({ carry: { p: q, q: p }, output: {} }),
      { p: a as Node, q: input('q0', []) as Node } as never,
      [],
      { length: 2 },
    ) as unknown as { readonly carry: Readonly<Record<string, Node>> }
    expect(print(swapped.carry)).toContain('pₜ = qₜ₋₁')
  })
})

test('of loops on top of one another, each error is that of its own state', () => {
  const upper = { w: param('w2', [H, H], glorotUniform), u: param('u2', [H, H], glorotUniform) }
  const first = rnn(xs, { w: wx, u: wh, b }).outputs
  const text = inspect(sum(square(rnn(first, upper).outputs)))
  expect(text).toContain('hₜ = tanh(xsₜ wx + b + hₜ₋₁ wh)')
  expect(text).toContain('h⁽²⁾ₜ = tanh(hₜ w2 + h⁽²⁾ₜ₋₁ u2)')
  // what goes back over h⁽²⁾ first is δh⁽²⁾
  const [upperBack = '', lowerBack = ''] = text.split('for t = 12…1').slice(1)
  expect(upperBack).toContain('δh⁽²⁾ₜ₋₁ = ')
  expect(upperBack).toContain('u2ᵀ')
  expect(lowerBack).toContain('δhₜ₋₁ = ')
  expect(lowerBack).toContain('whᵀ')
})
