// Convolutions in Nabla: one in one entry, forward or in a form of its derivative.

import { conv2d, input, mul, type Node, sum } from 'nabla'
import { grad, type Scalar } from 'nabla/compiler'
import type { Multiplication, Variant } from '../subject.ts'
import type { Convolution } from '../workloads/workload.ts'
import { programOf } from './program.ts'

type Axes = readonly [number, number, number, number]
const IN_ORDER: Axes = [0, 1, 2, 3]

/** Where the axes of an image and of filters come from in a layout, and where those of an image go back to. */
const layouts: Readonly<Record<Convolution['layout'], { images: Axes; filters: Axes; back: Axes; filtersBack: Axes }>> =
  {
    NHWC: { images: IN_ORDER, filters: IN_ORDER, back: IN_ORDER, filtersBack: IN_ORDER },
    NCHW: { images: [0, 3, 1, 2], filters: [3, 2, 0, 1], back: [0, 2, 3, 1], filtersBack: [2, 3, 1, 0] },
  }

const permuted = (shape: readonly number[], [a, b, c, d]: Axes): Axes => {
  const at = (axis: number): number => shape[axis] ?? Number.NaN
  return [at(a), at(b), at(c), at(d)]
}

/** The data of a tensor of that shape with its axes in another order. */
const transposed = (data: Float32Array, shape: readonly number[], perm: Axes): Float32Array => {
  const strides = shape.map((_, a) => shape.slice(a + 1).reduce((n, d) => n * d, 1))
  const [a, b, c, d] = permuted(shape, perm)
  const [sa, sb, sc, sd] = permuted(strides, perm)
  const out = new Float32Array(data.length)
  let at = 0
  for (let i = 0; i < a; i += 1)
    for (let j = 0; j < b; j += 1)
      for (let k = 0; k < c; k += 1)
        for (let l = 0; l < d; l += 1) out[at++] = data[i * sa + j * sb + k * sc + l * sd] ?? Number.NaN
  return out
}

const resultOf = ({ form, image, filters, cotangent, pad, groups, layout }: Convolution): Node => {
  const order = layouts[layout]
  const [x, w]: readonly [Node, Node] = [
    input('image', permuted(image.shape, order.images)),
    input('filters', permuted(filters.shape, order.filters)),
  ]
  const around = [
    [pad, pad],
    [pad, pad],
  ] as const
  const y: Node = conv2d(x, w, { pads: around, groups, layout })
  if (form === 'forward') return y
  return grad(
    sum(mul(y, input('cotangent', permuted(cotangent.shape, order.images)))) as Scalar,
    form === 'image' ? x : w,
  )
}

export const convolve = async (wanted: Convolution, variant: Variant): Promise<Multiplication> => {
  const program = await programOf({ convolve: { y: resultOf(wanted) } }, variant)
  const { convolve: entry } = program.entries
  if (entry === undefined) throw new Error('there is no entry convolve')
  const order = layouts[wanted.layout]
  for (const name of ['image', 'filters', 'cotangent'] as const) {
    const { data, shape } = wanted[name]
    const perm = name === 'filters' ? order.filters : order.images
    ;(entry.inputs[name] as Float32Array | undefined)?.set(transposed(data as Float32Array, shape, perm))
  }
  const y = entry.outputs['y'] as Float32Array
  const [shape, from, to] =
    wanted.form === 'filters'
      ? [wanted.filters.shape, order.filters, order.filtersBack]
      : [(wanted.form === 'image' ? wanted.image : wanted.cotangent).shape, order.images, order.back]
  return {
    run: () => {
      entry.run()
    },
    result: () => transposed(y, permuted(shape, from), to),
  }
}
