// In: expressions of every kind. Out: how they are written, and what their parts are called.

import {
  abs,
  add,
  argmax,
  cast,
  clip,
  concat,
  crossEntropy,
  type Expr,
  equal,
  exp,
  gelu,
  greater,
  input,
  leakyRelu,
  logSoftmax,
  matmul,
  max,
  mean,
  mul,
  named,
  neg,
  norm,
  param,
  pow,
  relu,
  sigmoid,
  slice,
  softmax,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  variance,
  where,
  zeros,
} from 'nabla'
import { grad, inspect, print } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'

const [x, y] = [input('x', [8, 5]), input('y', [8, 5])]
const [s, t] = [input('s', []), input('t', [])]

describe('a formula', () => {
  test.each<[string, Expr, string]>([
    ['signs', sub(neg(x), neg(y)), 'y − x'],
    ['a difference of sums', sub(s, add(t, s)), 's − t − s'],
    ['numbers first, scalars next', mul(mul(x, s), -2), '−2 · s · x'],
    ['parentheses where they are needed', mul(add(s, t), sub(s, t)), '(s + t) · (s − t)'],
    ['a half', mul(s, 0.5), '½ · s'],
    ['a power', pow(s, 3), 's³'],
    ['an unusual power', pow(s, 1.5), 's^1.5'],
    ['a product of matrices beside another product', mul(matmul(x, input('w', [5, 5])), x), '(x w) · x'],
    ['a scaled product of matrices', matmul(mul(x, 2), input('w', [5, 5])), '2 · x w'],
    ['a batch of products', matmul(input('a', [2, 3, 4]), input('b', [2, 4, 5])), 'a b'],
    ['a norm', norm(x), '‖x‖'],
    ['a squared norm', sum(square(sub(x, y))), '‖x − y‖²'],
    ['a sum of a row', sum(x, 1), 'Σ₁(x)'],
    ['a masked value', where(greater(x, 0), y, 0), 'y · 1[x > 0]'],
    ['a value masked by the opposite', where(greater(x, 0), 0, y), 'y · 1[x ≤ 0]'],
    ['a choice', leakyRelu(x), 'where(x > 0, x, 0.01 · x)'],
    ['bounds', clip(x, -1, 1), 'clip(x, −1, 1)'],
    ['magnitude', abs(sub(x, y)), '|x − y|'],
    ['parts', slice(concat([x, y], 0), [4, 0], [12, 5]), '[x; y][4:12, :]'],
    ['a count of hits', mean(cast(equal(argmax(x, 1), argmax(y, 1)), 'f32')), 'mean(f32(argmax₁(x) = argmax₁(y)))'],
    ['the variance', variance(x), 'mean((x − mean(x))²)'],
    ['gelu', gelu(s), '½ · s · (1 + erf(s / √2))'],
    ['nothing for a broadcast', add(x, input('b', [5])), 'x + b'],
  ])('%s', (_, e, formula) => {
    expect(print(e)).toBe(formula)
  })

  test.each<[string, Expr, string]>([
    ['relu, over its output', grad(sum(relu(x)), x), '1[relu(x) > 0]'],
    ['σ', grad(sum(sigmoid(x)), x), 'σ(x) · (1 − σ(x))'],
    ['tanh', grad(sum(tanh(x)), x), '1 − tanh(x)²'],
    ['softplus', grad(sum(softplus(x)), x), 'σ(x)'],
    ['exp', grad(sum(exp(x)), x), 'exp(x)'],
    ['softmax', grad(sum(mul(softmax(x), y)), x), 'softmax(x) · (y − Σ₁(softmax(x) · y))'],
    ['log-softmax', grad(sum(mul(logSoftmax(x), y)), x), 'y − softmax(x) · Σ₁(y)'],
    ['the greatest of a row', grad(sum(max(x, 1)), x), 'δ = 1[x = max₁(x)]  [8,5]\n\nδ / Σ₁(δ)'],
    ['a distance', grad(mul(0.5, sum(square(sub(x, y)))), x), 'x − y'],
  ])('the derivative of %s', (_, e, formula) => {
    expect(print(e)).toBe(formula)
  })
})

describe('names', () => {
  test('what is used twice and takes more than a step is defined once', () => {
    const h = tanh(add(s, t))
    expect(print({ y: mul(h, h) })).toBe('h = tanh(s + t)  []\ny = h · h        []')
    expect(print({ y: mul(tanh(s), tanh(s)) })).toBe('y = tanh(s) · tanh(s)  []')
  })

  test('the user has the first say, and no two things share a name', () => {
    const a = named('h', exp(add(s, t)))
    const b = named('h', exp(sub(s, t)))
    const c = sqrt(exp(add(a, b)))
    const lines = print({ y: mul(c, c) }).split('\n')
    const defined = lines.map((line) => line.split(' ')[0])
    expect(defined).toHaveLength(4)
    expect(new Set(defined).size).toBe(4)
    expect(lines[0]).toMatch(/^h +=/)
  })

  test('a name of an input is never taken', () => {
    const [h, h1] = [input('h', []), input('h1', [])]
    const z = tanh(add(h, h1))
    expect(print({ y: mul(z, z) }).split('\n')[0]).toBe('a = tanh(h + h1)  []')
  })

  test('a field that bears the name of a parameter is no definition of it', () => {
    const w = param('w', [3], zeros)
    const loss = sum(square(w))
    expect(print({ loss, w: grad(loss, w) })).toBe('loss = ‖w‖²   []\nw    : 2 · w  [3]')
  })

  test('structures show where each expression stands', () => {
    expect(print([s, { a: t, b: [add(s, t)] }], { shapes: false })).toBe('[0]      = s\n[1].a    = t\n[1].b[0] = s + t')
  })

  test('shapes stand in a margin, with the dtype where it is not f32', () => {
    const z = input('z', [4, 3], 'f64')
    expect(print({ e: mean(z), k: argmax(z, 1) })).toBe('e = mean(z)     f64[]\nk = argmax₁(z)  i32[4]')
  })
})

describe('length', () => {
  test('a long sum is broken before its signs', () => {
    const terms = Array.from({ length: 12 }, (_, i) => input(`longname${i}`, []))
    const lines = print({ y: terms.reduce((a, b) => add(a, b) as typeof a) }, { width: 60 }).split('\n')
    expect(lines.length).toBeGreaterThan(2)
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {6}\+ /)
    for (const line of lines) expect(line.replace(/ {2}\[]$/, '').length).toBeLessThanOrEqual(60)
  })

  test('a formula that grows too long is cut into named parts', () => {
    let e: Expr<readonly [], 'f32'> = s
    for (let i = 0; i < 60; i++) e = sigmoid(mul(e, i + 2))
    const lines = print(e).split('\n')
    expect(lines.length).toBeGreaterThan(5)
    for (const line of lines) expect(line.length).toBeLessThan(120)
  })

  test('20,000 nodes deep is no trouble', () => {
    let e: Expr<readonly [], 'f32'> = s
    for (let i = 0; i < 20_000; i++) e = i % 2 === 0 ? add(e, t) : exp(e)
    expect(print(e).length).toBeGreaterThan(20_000)
  })
})

describe('inspect', () => {
  test('a model that simplification changes is shown before and after', () => {
    const page = inspect(named('p', sum(mul(tanh(x), 1))))
    expect(page).toContain('inputs      x [8,5]\n\nmodel\n  p = 1 · Σ(tanh(x))  []\n\nsimplified\n  p = Σ(tanh(x))  []')
    expect(inspect(named('q', sum(tanh(y))))).not.toContain('simplified')
  })

  test('inputs that simplification does without are shown all the same', () => {
    expect(inspect(named('one', sum(softmax(input('z', [5])))))).toContain('inputs      z [5]')
  })

  test('one loss under two names is differentiated once', () => {
    const w = param('w', [5, 3], zeros)
    const loss = mean(crossEntropy(matmul(x, w), input('k', [8], 'i32')))
    const page = inspect({ loss, evaluate: { loss, logits: matmul(x, w) } })
    expect(page.match(/∂/g)).toHaveLength(2)
  })

  test('a gradient that does not exist is zero', () => {
    const [w, v] = [param('w', [2], zeros), param('v', [2], zeros)]
    expect(inspect(named('r', sum(square(w))), { wrt: [w, v] })).toContain('∂r/∂v = 0      [2]')
  })
})
