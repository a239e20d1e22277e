// In: products with windows that reach over an image, in every way of packing and blocking. Out: whether Wasm and JavaScript give
// the bits that the order of the Kernel says, and touch nothing outside of the image; and what the checker says of edges.

import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { Tuning } from '../../compiler/emit/wasm/contraction/schedule.ts'
import { checkKernel, faultsOf } from '../../compiler/kernel/check.ts'
import { costOf } from '../../compiler/kernel/cost.ts'
import type { ContractionKernel, Operand } from '../../compiler/kernel/kernel.ts'
import { splitK } from '../../compiler/kernel/pieces.ts'
import { printKernel } from '../../compiler/kernel/print.ts'
import { kernelOf } from './contraction-cases.ts'
import { checkAll, filled } from './contraction-run.ts'
import { runKernel } from './oracle.ts'
import { runJavaScript } from './run-javascript.ts'

/** Windows along one axis. */
interface Along {
  readonly extent: number
  readonly size: number
  readonly low: number
  readonly high: number
  readonly step: number
  readonly dilation: number
}

const along = (extent: number, size: number, more: Partial<Along> = {}): Along => ({
  extent,
  size,
  low: 0,
  high: 0,
  step: 1,
  dilation: 1,
  ...more,
})

const countOf = ({ extent, size, low, high, step, dilation }: Along): number =>
  Math.floor((low + extent + high - (size - 1) * dilation - 1) / step) + 1

const product = (extents: readonly number[]): number => extents.reduce((n, d) => n * d, 1)
const contiguous = (extents: readonly number[]): readonly number[] =>
  extents.map((_, d) => product(extents.slice(d + 1)))

type Form = 'windows by matrix' | 'matrix by windows' | 'summed over windows' | 'matrix summed over windows'

/**
 * An image [n, h, w, c]: its windows as rows (or columns), the elements within them as k; or the other way round. The other
 * operand is a matrix of `f` columns (or rows).
 */
const imageKernel = (
  form: Form,
  { n, h, w, c, f }: { n: number; h: Along; w: Along; c: number; f: number },
  limit: number,
): ContractionKernel => {
  const [image, windows, elements] = [
    [n, h.extent, w.extent, c],
    [n, countOf(h), countOf(w)],
    [h.size, w.size, c],
  ]
  const [sn, sh, sw, sc] = contiguous(image) as [number, number, number, number]
  const overWindows = [sn, h.step * sh, w.step * sw]
  const overElements = [h.dilation * sh, w.dilation * sw, sc]
  const isSummed = form.endsWith('summed over windows')
  const [across, inner] = isSummed ? [elements, windows] : [windows, elements]
  const places = isSummed ? { across: overElements, inner: overWindows } : { across: overWindows, inner: overElements }
  const edges = [h, w].map((a, i) => {
    const [window, element] = [i + 1, i]
    const axis = { low: a.low, extent: a.extent }
    return isSummed
      ? { ...axis, across: element, inner: window, step: a.dilation, dilation: a.step }
      : { ...axis, across: window, inner: element, step: a.step, dilation: a.dilation }
  })
  const isLeft = !form.startsWith('matrix')
  const [m, k] = [product(across), product(inner)]
  const base = kernelOf({ m: isLeft ? m : f, n: isLeft ? f : m, k, pieces: splitK(inner, limit) })
  const offset = -(h.low * sh + w.low * sw)
  const matrix = contiguous([...inner, f])
  const sized = (at: 0 | 1, elements: number) => ({ ...base.buffers[at], elements }) as (typeof base.buffers)[number]
  const own = isLeft ? 0 : 1
  const a: Operand = isLeft
    ? { buffer: 0, offset, batch: [], row: places.across, col: places.inner, edges }
    : { buffer: 0, offset: 0, batch: [], row: [1], col: matrix.slice(0, -1) }
  const b: Operand = isLeft
    ? { buffer: 1, offset: 0, batch: [], row: matrix.slice(0, -1), col: [1] }
    : { buffer: 1, offset, batch: [], row: places.inner, col: places.across, edges }
  return {
    ...base,
    rows: isLeft ? across : [f],
    columns: isLeft ? [f] : across,
    inner,
    a,
    b,
    buffers: [
      sized(0, own === 0 ? product(image) : k * f),
      sized(1, own === 1 ? product(image) : k * f),
      ...base.buffers.slice(2),
    ],
  }
}

const same = (extent: number, size: number, more: Partial<Along> = {}): Along =>
  along(extent, size, { low: Math.floor((size - 1) / 2), high: Math.ceil((size - 1) / 2), ...more })

const images = {
  'the size of the image stays': { n: 2, h: same(6, 3), w: same(13, 5), c: 3, f: 6 },
  'an even window, uneven padding': { n: 1, h: same(5, 2), w: along(9, 4, { low: 3 }), c: 2, f: 9 },
  'the cotangent of a valid convolution': {
    n: 2,
    h: along(4, 5, { low: 4, high: 4 }),
    w: along(5, 5, { low: 4, high: 4 }),
    c: 16,
    f: 6,
  },
  strides: { n: 2, h: same(7, 3, { step: 2 }), w: same(11, 3, { step: 3 }), c: 2, f: 5 },
  dilation: {
    n: 2,
    h: along(7, 3, { low: 3, high: 2, dilation: 2 }),
    w: along(9, 3, { low: 4, high: 3, dilation: 3 }),
    c: 4,
    f: 4,
  },
  'strides and dilation': {
    n: 1,
    h: along(9, 3, { low: 3, high: 3, step: 2, dilation: 2 }),
    w: along(8, 2, { low: 3, high: 1, step: 3, dilation: 2 }),
    c: 3,
    f: 7,
  },
  'a window larger than the image': {
    n: 2,
    h: along(2, 5, { low: 3, high: 2 }),
    w: along(3, 7, { low: 4, high: 5 }),
    c: 2,
    f: 8,
  },
  'windows beside the image': {
    n: 2,
    h: along(2, 2, { low: 5, high: 4 }),
    w: along(3, 2, { low: 4, high: 6, step: 2 }),
    c: 2,
    f: 3,
  },
  'one line': { n: 3, h: along(1, 1), w: same(17, 4), c: 8, f: 12 },
} as const

const forms: readonly Form[] = [
  'windows by matrix',
  'matrix by windows',
  'summed over windows',
  'matrix summed over windows',
]

const tunings: readonly Tuning[] = [
  {},
  { packA: true, packB: true, blockRows: 4 },
  { packA: true, blockRows: 8, stripeRows: 3 },
  { packB: true, groupPanels: 1, stripeRows: 5 },
  { tile: { rows: 3, vectors: 1 } },
  { tile: { rows: 1, vectors: 4 }, packA: true },
]

describe.each(forms)('%s', (form) => {
  it.each(Object.entries(images))('%s', async (_, image) => {
    const kernels = [1024, 6].map((limit) => imageKernel(form, image, limit))
    for (const kernel of kernels) expect(faultsOf(kernel)).toEqual([])
    await checkAll(kernels.flatMap((kernel) => tunings.map((tuning) => ({ kernel, tuning, lasts: [0, 1] }))))
    const jobs = kernels.map((kernel) => ({ kernel, buffers: kernel.buffers.map(filled) }))
    const results = await runJavaScript(jobs)
    jobs.forEach(({ kernel, buffers }, i) => {
      const expected = buffers.map((x) => x.slice())
      runKernel(kernel, expected)
      kernel.buffers.forEach((b, at) => {
        if (b.mode !== 'scratch') expect(results[i]?.[at]).toEqual(expected[at])
      })
    })
  })
})

describe('what a kernel with edges says', () => {
  const kernel = imageKernel('windows by matrix', images['the size of the image stays'], 1024)

  it('counts the products that are there', () => {
    const within = (size: number, extent: number): number =>
      Array.from({ length: extent }, (_, o) =>
        Array.from({ length: size }, (__, k) => o + k - (size - 1) / 2).filter((p) => p >= 0 && p < extent),
      ).flat().length
    expect(costOf(kernel).flops).toBeCloseTo(2 * 2 * within(3, 6) * within(5, 13) * 3 * 6, 6)
  })

  it('prints where elements are', () => {
    expect(printKernel(kernel)).toContain('where 0 ≤ i0.1 + k.0 − 1 < 6 and 0 ≤ i0.2 + k.1 − 2 < 13')
  })

  it('is refused with edges that are not those of its operand', () => {
    const edges = kernel.a.edges ?? []
    const withEdges = (a: Partial<Operand>, b: Partial<Operand> = {}) =>
      faultsOf({ ...kernel, a: { ...kernel.a, ...a }, b: { ...kernel.b, ...b } }).map((f) => f.rule)
    expect(isRight(checkKernel(kernel))).toBe(true)
    expect(withEdges({ edges: edges.map((e) => ({ ...e, dilation: 2 })) })).toContain('edge')
    expect(withEdges({ edges: edges.map((e) => ({ ...e, inner: 7 })) })).toContain('edge')
    expect(withEdges({ edges: edges.map((e) => ({ ...e, inner: 0, across: 1 })) })).toContain('edge')
    expect(withEdges({}, { edges })).toContain('edge')
    expect(withEdges({ edges: edges.map((e) => ({ ...e, extent: e.extent + 1 })) })).toContain('range')
  })
})
