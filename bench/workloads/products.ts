// The matrix products: squares from 64 to 1024, and the three products of a 784 -> 512 layer at batch 128, each in the
// three forms that a step of training needs. GFLOP/s counts 2·m·k·n operations.

import { uniform } from './random.ts'
import type { Product } from './workload.ts'

type Form = Product['form']

const product = (
  name: string,
  form: Form,
  left: readonly [number, number],
  right: readonly [number, number],
): Product => ({
  _tag: 'product',
  name: `matmul-${name}`,
  form,
  left: uniform(31, left, -1, 1),
  right: uniform(32, right, -1, 1),
  flops: 2 * left[0] * left[1] * (form === 'nt' ? right[0] : right[1]),
})

const forms: readonly Form[] = ['nn', 'tn', 'nt']

const squares = (extent: number): readonly (readonly [string, () => Product])[] =>
  forms.map((form) => {
    const name = form === 'nn' ? `${extent}` : `${extent}-${form}`
    return [`matmul-${name}`, () => product(name, form, [extent, extent], [extent, extent])] as const
  })

// A layer's forward product X·W, its weight's gradient Xᵀ·dY and its input's gradient dY·Wᵀ.
const layer: readonly (readonly [string, () => Product])[] = [
  ['matmul-128x784x512-nn', () => product('128x784x512-nn', 'nn', [128, 784], [784, 512])],
  ['matmul-128x784x512-tn', () => product('128x784x512-tn', 'tn', [128, 784], [128, 512])],
  ['matmul-128x784x512-nt', () => product('128x784x512-nt', 'nt', [128, 512], [784, 512])],
]

/** Every product by its name, made when asked for. */
export const products: ReadonlyMap<string, () => Product> = new Map([
  ...[64, 128, 256, 512, 1024].flatMap(squares),
  ...layer,
])
