// In: extents of an image and filters, and how a window moves. Out: the convolution and its two adjoints, a loop an index.
// Invariant: it shares nothing with the compiler but row-major order; images are [n, h, w, c], filters [kh, kw, c / g, f].

import { stream } from '../random.ts'

export interface Placement {
  readonly image: readonly [n: number, h: number, w: number, c: number]
  readonly filter: readonly [kh: number, kw: number, c: number, f: number]
  readonly stride: readonly [number, number]
  readonly pads: readonly [readonly [number, number], readonly [number, number]]
  readonly dilation: readonly [number, number]
  readonly groups: number
}

/** Rows and columns of the result. */
export const outOf = ({ image, filter, stride, pads, dilation }: Placement): readonly [number, number] => {
  const along = (d: number, k: number, i: 0 | 1): number =>
    Math.floor((d + pads[i][0] + pads[i][1] - (k - 1) * dilation[i] - 1) / stride[i]) + 1
  return [along(image[1], filter[0], 0), along(image[2], filter[1], 1)]
}

/** Calls `visit` with the places in image, filter and result of every product of the convolution. */
const visitAll = (p: Placement, visit: (x: number, w: number, y: number) => void): void => {
  const [n, h, w, c] = p.image
  const [kh, kw, seen, f] = p.filter
  const [oh, ow] = outOf(p)
  for (let b = 0; b < n; b++)
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++)
        for (let j = 0; j < f; j++)
          for (let ky = 0; ky < kh; ky++)
            for (let kx = 0; kx < kw; kx++)
              for (let i = 0; i < seen; i++) {
                const y = oy * p.stride[0] + ky * p.dilation[0] - p.pads[0][0]
                const x = ox * p.stride[1] + kx * p.dilation[1] - p.pads[1][0]
                if (y < 0 || y >= h || x < 0 || x >= w) continue
                const channel = Math.floor(j / (f / p.groups)) * seen + i
                visit(
                  ((b * h + y) * w + x) * c + channel,
                  ((ky * kw + kx) * seen + i) * f + j,
                  ((b * oh + oy) * ow + ox) * f + j,
                )
              }
}

const product = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)
const zeros = (shape: readonly number[]): number[] => new Array<number>(product(shape)).fill(0)
type Numbers = ArrayLike<number>

export const naiveConvolution = (p: Placement, x: Numbers, w: Numbers): readonly number[] => {
  const out = zeros([p.image[0], ...outOf(p), p.filter[3]])
  visitAll(p, (i, j, k) => {
    out[k] = (out[k] as number) + (x[i] as number) * (w[j] as number)
  })
  return out
}

/** The cotangents of image and filters by that of the result. */
export const naiveAdjoints = (
  p: Placement,
  x: Numbers,
  w: Numbers,
  ct: Numbers,
): readonly [readonly number[], readonly number[]] => {
  const [dx, dw] = [zeros(p.image), zeros(p.filter)]
  visitAll(p, (i, j, k) => {
    dx[i] = (dx[i] as number) + (ct[k] as number) * (w[j] as number)
    dw[j] = (dw[j] as number) + (ct[k] as number) * (x[i] as number)
  })
  return [dx, dw]
}

/** Whole numbers in −3 … 3, so that every sum is exact in every order. */
export const whole = (length: number, seed: number): readonly number[] => {
  const next = stream(seed)
  return Array.from({ length }, () => Math.floor(next() * 7) - 3)
}

/** Elements of a tensor with its axes in another order. */
export const permuted = (data: Numbers, shape: readonly number[], perm: readonly number[]): readonly number[] => {
  const strides = shape.map((_, i) => product(shape.slice(i + 1)))
  const to = perm.map((p) => shape[p])
  return Array.from({ length: product(shape) }, (_, flat) => {
    let [rest, at] = [flat, 0]
    for (let d = to.length - 1; d >= 0; d--) {
      at += (rest % (to[d] as number)) * (strides[perm[d] as number] as number)
      rest = Math.floor(rest / (to[d] as number))
    }
    return data[at] as number
  })
}
