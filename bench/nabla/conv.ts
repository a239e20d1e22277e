// Convolutions in Nabla: one in one entry, forward or in a form of its derivative.

import { conv2d, input, mul, type Node, sum } from 'nabla'
import { grad, type Scalar } from 'nabla/compiler'
import type { Multiplication, Variant } from '../subject.ts'
import type { Convolution } from '../workloads/workload.ts'
import { programOf } from './program.ts'

const resultOf = ({ form, image, filters, cotangent, pad }: Convolution): Node => {
  const [x, w]: readonly [Node, Node] = [input('image', image.shape), input('filters', filters.shape)]
  const around = [
    [pad, pad],
    [pad, pad],
  ] as const
  const y: Node = conv2d(x, w, { pads: around })
  if (form === 'forward') return y
  return grad(sum(mul(y, input('cotangent', cotangent.shape))) as Scalar, form === 'image' ? x : w)
}

export const convolve = async (wanted: Convolution, variant: Variant): Promise<Multiplication> => {
  const program = await programOf({ convolve: { y: resultOf(wanted) } }, variant)
  const { convolve: entry } = program.entries
  if (entry === undefined) throw new Error('there is no entry convolve')
  for (const name of ['image', 'filters', 'cotangent'] as const)
    (entry.inputs[name] as Float32Array | undefined)?.set(wanted[name].data)
  const y = entry.outputs['y'] as Float32Array
  return {
    run: () => {
      entry.run()
    },
    result: () => y.slice(),
  }
}
