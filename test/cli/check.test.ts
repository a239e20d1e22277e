// In: gradients, right and wrong ones. Out: whether the check tells them apart.

import { describe, expect, test } from 'vitest'
import { differenceAt } from '../../cli/check/differences.ts'
import { drawInputs, drawPositions, labelRanges, naturals, normals } from '../../cli/check/values.ts'
import { crossEntropy, input, mean, oneHot, reshape, sum } from 'nabla'
import { fixture, nabla } from './collect.ts'

describe('central differences', () => {
  /** The error that a gradient of f at x has. */
  const errorOf = (f: (x: number) => number, x: number, gradient: number): number => {
    const at = [x]
    return differenceAt(() => f(at[0] as number), at, 0, gradient, Math.abs(gradient), 1e-6).error
  }

  test.each([
    ['x³', (x: number) => x ** 3, 1.3, 3 * 1.3 ** 2],
    ['exp', Math.exp, -2, Math.exp(-2)],
    ['a small slope on a high plateau', (x: number) => 100 + 1e-3 * x, 0.5, 1e-3],
    ['nothing', () => 3, 0.5, 0],
    ['|x| beside its kink', Math.abs, 3e-6, 1],
  ])('%s agrees', (_, f, x, gradient) => {
    expect(errorOf(f, x, gradient)).toBeLessThan(1e-6)
  })

  test.each([
    ['a flipped sign', (x: number) => x ** 3, 1.3, -3 * 1.3 ** 2],
    ['a lost factor', (x: number) => x ** 3, 1.3, 1.3 ** 2],
    ['an error of one in 10⁵', (x: number) => x ** 3, 1.3, 3 * 1.3 ** 2 * (1 + 1e-5)],
    ['a gradient that is not there', (x: number) => x ** 3, 1.3, 0],
    ['a gradient of what does not move', () => 3, 0.5, 1],
    ['NaN', (x: number) => x ** 3, 1.3, Number.NaN],
    ['|x| with the slope of the other side', Math.abs, 3e-6, -1],
  ])('%s is found', (_, f, x, gradient) => {
    expect(errorOf(f, x, gradient)).toBeGreaterThan(1e-6)
  })

  test.each([
    ['a kink at the point', Math.abs, 0, 0.5, 'kink', true],
    ['a slope beyond those of a kink', Math.abs, 0, 1.5, 'kink', undefined],
    ['a kink beside it', Math.abs, 3e-6, 1, 'kink nearby', undefined],
    ['a kink beside it, with the slope of its other side', Math.abs, 3e-6, -1, 'kink nearby', undefined],
    ['a difference of large numbers', (x: number) => x * x + 1e9 - 1e9, 0.7, 1.4, 'cancellation', true],
    ['a flipped sign', (x: number) => x ** 3, 1.3, -3 * 1.3 ** 2, 'wrong', undefined],
    [
      'a small error on a curved function',
      (x: number) => Math.exp(9 * x),
      1.3,
      9 * Math.exp(11.7) * 1.00001,
      'wrong',
      undefined,
    ],
    ['a flipped sign on a plateau', (x: number) => x * x + 1e3, 1.3, -2.6, 'wrong', undefined],
    ['a number that is none', (x: number) => x, 1.3, Number.NaN, 'not finite', undefined],
  ] as const)('%s is suspected for what it is', (_, f, x, gradient, tag, undecided) => {
    const at = [x]
    const d = differenceAt(() => f(at[0] as number), at, 0, gradient, Math.abs(gradient), 1e-6)
    expect([d.suspect?.tag, d.undecided]).toEqual([tag, undecided])
  })

  test('what agrees at once is not suspected', () => {
    const at = [0.3]
    expect(differenceAt(() => Math.sin(at[0] as number), at, 0, Math.cos(0.3), 1, 1e-6)).not.toHaveProperty('suspect')
  })

  test('the variable is left as it was', () => {
    const at = [0.3]
    differenceAt(() => (at[0] as number) ** 2, at, 0, 7, 7, 1e-6)
    expect(at).toEqual([0.3])
  })
})

describe('what is drawn', () => {
  test('is the same for the same seed and another for another', () => {
    expect(normals(1, 0, 50)).toEqual(normals(1, 0, 50))
    expect(normals(1, 0, 50)).not.toEqual(normals(2, 0, 50))
    expect(normals(1, 0, 50)).not.toEqual(normals(1, 1, 50))
  })

  test('has the mean and the spread of the normal distribution', () => {
    const z = normals(3, 0, 20_000)
    const mean1 = z.reduce((s, v) => s + v, 0) / z.length
    expect(Math.abs(mean1)).toBeLessThan(0.03)
    expect(Math.abs(z.reduce((s, v) => s + v * v, 0) / z.length - 1)).toBeLessThan(0.03)
  })

  test('labels lie in the range that the model gives them', () => {
    const [logits, y, u, free] = [
      input('z', [8, 3]),
      input('y', [2, 4], 'i32'),
      input('u', [8], 'i32'),
      input('v', [8], 'i32'),
    ]
    const loss = mean(crossEntropy(logits, reshape(y, [8])))
    const ranges = labelRanges([loss, sum(oneHot(u, 7))])
    expect([ranges.get(y), ranges.get(u), ranges.get(free)]).toEqual([3, 7, undefined])
    expect(new Set(naturals(5, 0, 200, 3))).toEqual(new Set([0, 1, 2]))
  })

  test('positions are distinct and in order', () => {
    expect(drawPositions(5, 9, 0, 0)).toEqual([0, 1, 2, 3, 4])
    const some = drawPositions(1000, 40, 0, 0)
    expect(new Set(some).size).toBe(40)
    expect(some).toEqual([...some].sort((a, b) => a - b))
  })

  test('a sample that does not fit is refused', () => {
    const x = input('x', [2, 3])
    expect(drawInputs([x], new Map(), 0, { x: [1, 2] })).toMatchObject({ left: { code: 'E_CLI_SAMPLE' } })
    expect(drawInputs([x], new Map(), 0, { x: [1, 2, 3, 4, 5, 'six'] })).toMatchObject({
      left: { code: 'E_CLI_SAMPLE' },
    })
  })
})

describe('nabla check', () => {
  test('compares every parameter of a loss, all coordinates of it', async () => {
    const { code, out } = await nabla('check', `${fixture('network.ts')}#loss`, '--all')
    expect(code).toBe(0)
    const rows = out.split('\n').filter((line) => /^[wb]\d /.test(line))
    expect(rows.map((r) => r.split(/\s+/).slice(0, 4).join(' '))).toEqual([
      'w1 [5,4] all 20',
      'b1 [4] all 4',
      'w2 [4,3] all 12',
      'b2 [3] all 3',
    ])
    expect(out).toContain('agrees with central differences at 39 coordinates')
  })

  test('does not compare what the user has stated, and says so', async () => {
    const { code, out } = await nabla('check', `${fixture('stated.ts')}#loss`, '--all')
    expect(code).toBe(0)
    expect(out).toMatch(/^w +\[3,4] +stated$/m)
    expect(out).toMatch(/^v +\[4,2] +all 8 /m)
    expect(out).toContain('w: stated by the user, not checked (straight-through: rounding passes the cotangent on)')
    expect(out).toContain('at 8 coordinates, to 0.000001; those by 1 variable are stated by the user')
    const looped = await nabla('check', `${fixture('stated.ts')}#looped`, '--all')
    expect([looped.code, /^w .* stated$/m.test(looped.out), /^v .* all 8 /m.test(looped.out)]).toEqual([0, true, true])
  })

  test('has nothing to compare where a hook changes the only gradient', async () => {
    const { code, out } = await nabla('check', `${fixture('stated.ts')}#hooked`)
    expect(code).toBe(0)
    expect(out).toContain('w: stated by the user, not checked (withGradient)')
    expect(out).toContain('nothing to compare: every gradient is stated by the user')
  })

  test('fails for a rule that does not say that it is no derivative', async () => {
    const { code, out } = await nabla('check', `${fixture('stated.ts')}#unsaid`)
    expect(code).toBe(1)
    expect(out).toContain('the gradient differs from central differences')
  })

  test('takes inputs from the file, a sample of coordinates, and a seed', async () => {
    const place = `${fixture('curve.ts')}#entropy`
    const [first, again, other] = [
      await nabla('check', place, '--samples', '3'),
      await nabla('check', place, '--samples', '3'),
      await nabla('check', place, '--samples', '3', '--seed', '1'),
    ]
    expect([first.code, first.out]).toEqual([0, again.out])
    expect(first.out).toContain('3 of 6')
    expect(other.out).not.toBe(first.out)
  })

  test('a tolerance below what differences can tell fails, with exit code 1', async () => {
    const { code, out, err } = await nabla('check', `${fixture('network.ts')}#loss`, '--tolerance', '1e-16')
    expect(code).toBe(1)
    expect(out).toMatch(/differs from central differences at \d+ of 39 coordinates/)
    expect(err).toMatch(/^E_CLI_CHECK: the gradient of .*network\.ts#loss differs/)
  })

  test.each([
    [
      'loss',
      1,
      'w[0]: the gradient is 2.308, the difference 1.154 at steps of every width: the gradient is 2 times that',
    ],
    ['kink', 0, 'x[0]: a kink at the point: the slopes of its sides are -1 and 1, the gradient 0.5 lies between them'],
    [
      'outside',
      1,
      'x[0]: a kink at the point: the slopes of its sides are -1 and 1, the gradient 3 is neither nor between them',
    ],
    ['cancelling', 0, 'w[0]: cancellation: rounding moves the value by'],
    ['near', 0, 'x[0]: a kink within 7.6e-6: a narrower step agrees'],
  ])('%s: a suspect is explained', async (name, exit, words) => {
    const { code, out } = await nabla('check', `${fixture('suspects.ts')}#${name}`)
    expect(out).toContain(words)
    expect(code).toBe(exit)
  })

  test('what differences can tell nothing of is counted apart', async () => {
    const { out } = await nabla('check', `${fixture('suspects.ts')}#kink`)
    expect(out).toContain('differences can tell nothing at any of 3 coordinates')
  })

  test('a model without a scalar has no gradient', async () => {
    const { code, err } = await nabla('check', `${fixture('network.ts')}#logits`)
    expect([code, err.split(':')[0]]).toEqual([1, 'E_CLI_CHECK'])
  })
})
