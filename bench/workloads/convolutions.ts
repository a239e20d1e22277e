// The convolutions: both of LeNet-5 at batch 128 and one of 64 channels, each in both layouts, and the last in groups too; forward
// and in the two forms of the derivative.
// GFLOP/s counts 2 operations for each product of an element of the image, not of its padding, with one of a filter.

import { sizeOf, uniform } from './random.ts'
import type { Convolution } from './workload.ts'

type Form = Convolution['form']
type Layout = Convolution['layout']
type Size = {
  readonly name: string
  readonly image: readonly [n: number, h: number, w: number, c: number]
  readonly filters: readonly [kh: number, kw: number, c: number, f: number]
  /** Above, below, at the left and at the right. */
  readonly pad: number
  readonly groups: number
  readonly layout: Layout
}

const plain: readonly Omit<Size, 'layout'>[] = [
  { name: 'conv-28x28x1-6', image: [128, 28, 28, 1], filters: [5, 5, 1, 6], pad: 2, groups: 1 },
  { name: 'conv-14x14x6-16', image: [128, 14, 14, 6], filters: [5, 5, 6, 16], pad: 0, groups: 1 },
  { name: 'conv-14x14x64-64', image: [64, 14, 14, 64], filters: [3, 3, 64, 64], pad: 1, groups: 1 },
  { name: 'conv-14x14x64-64-4-groups', image: [64, 14, 14, 64], filters: [3, 3, 16, 64], pad: 1, groups: 4 },
  { name: 'conv-14x14x64-depthwise', image: [64, 14, 14, 64], filters: [3, 3, 1, 64], pad: 1, groups: 64 },
]

const sizes: readonly Size[] = [
  ...plain.map((size) => ({ ...size, layout: 'NHWC' as const })),
  ...plain.map((size) => ({ ...size, name: `${size.name}-nchw`, layout: 'NCHW' as const })),
]

/** How many pairs of an output and a filter's row lie within the image, along one axis. */
const within = (extent: number, size: number, pad: number): number => {
  const counts = Array.from({ length: extent + 2 * pad - size + 1 }, (_, o) =>
    Array.from({ length: size }, (__, k) => o + k - pad).filter((at) => at >= 0 && at < extent),
  )
  return counts.flat().length
}

const convolution = ({ name, image, filters, pad, groups, layout }: Size, form: Form): Convolution => {
  const [n, h, w] = image
  const [kh, kw, c, f] = filters
  const out = [n, h + 2 * pad - kh + 1, w + 2 * pad - kw + 1, f]
  return {
    _tag: 'convolution',
    name: form === 'forward' ? name : `${name}-${form}`,
    form,
    layout,
    groups,
    image: uniform(41, image, -1, 1),
    filters: uniform(42, filters, -1, 1),
    cotangent: uniform(43, out, -1, 1),
    pad,
    flops: 2 * n * c * f * within(h, kh, pad) * within(w, kw, pad),
  }
}

/** Every convolution by its name, made when asked for. */
export const convolutions: ReadonlyMap<string, () => Convolution> = new Map(
  sizes.flatMap((size) =>
    (['forward', 'image', 'filters'] as const).map((form) => {
      const name = form === 'forward' ? size.name : `${size.name}-${form}`
      return [name, () => convolution(size, form)] as const
    }),
  ),
)

const probes = 61

/**
 * Entries spread over a result, each against its sum in double precision; an error where they differ. A result in another
 * order, or without the padding, is a wrong number, not a fast one.
 */
export const checkConvolution = (wanted: Convolution, result: Float32Array): void => {
  const { form, image, filters, cotangent, pad, groups } = wanted
  const [n, h, w, c] = image.shape as Size['image']
  const [kh, kw, seen, f] = filters.shape as Size['filters']
  const each = f / groups
  const groupOf = (j: number): number => Math.floor(j / each)
  const [, oh, ow] = cotangent.shape as Size['image']
  const x = (b: number, y: number, z: number, i: number): number =>
    y < 0 || y >= h || z < 0 || z >= w ? 0 : (image.data[((b * h + y) * w + z) * c + i] ?? Number.NaN)
  const filter = (y: number, z: number, i: number, j: number): number =>
    filters.data[((y * kw + z) * seen + i) * f + j] ?? Number.NaN
  const ct = (b: number, y: number, z: number, j: number): number =>
    y < 0 || y >= oh || z < 0 || z >= ow ? 0 : (cotangent.data[((b * oh + y) * ow + z) * f + j] ?? Number.NaN)
  const shape = { forward: cotangent, image, filters }[form].shape
  if (result.length !== sizeOf(shape)) throw new Error(`${result.length} elements, expected ${sizeOf(shape)}`)
  for (let probe = 0; probe < probes; probe += 1) {
    const entry = Math.floor(((result.length - 1) * probe) / (probes - 1))
    const point = shape.map((d, axis) => Math.floor(entry / sizeOf(shape.slice(axis + 1))) % d)
    const [p, q, r, s] = point as [number, number, number, number]
    let [sum, terms] = [0, 0]
    const add = (term: number): void => {
      sum += term
      terms += 1
    }
    if (form === 'filters') {
      for (let b = 0; b < n; b += 1)
        for (let y = 0; y < oh; y += 1)
          for (let z = 0; z < ow; z += 1) add(x(b, y + p - pad, z + q - pad, groupOf(s) * seen + r) * ct(b, y, z, s))
    } else
      for (let y = 0; y < kh; y += 1)
        for (let z = 0; z < kw; z += 1)
          if (form === 'forward')
            for (let i = 0; i < seen; i += 1)
              add(x(p, q + y - pad, r + z - pad, groupOf(s) * seen + i) * filter(y, z, i, s))
          else {
            const group = Math.floor(s / seen)
            for (let j = group * each; j < (group + 1) * each; j += 1)
              add(ct(p, q + pad - y, r + pad - z, j) * filter(y, z, s % seen, j))
          }
    const got = result[entry] ?? Number.NaN
    if (!(Math.abs(got - sum) <= 1e-4 * Math.sqrt(terms)))
      throw new Error(`${wanted.name}: entry (${point.join(', ')}) is ${got}, expected ${sum}`)
  }
}
