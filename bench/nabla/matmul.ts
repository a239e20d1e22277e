// Matrix products in Nabla: one product in one entry, in the three forms of a training step.

import { input, matmul, type Node, transpose } from 'nabla'
import type { Multiplication, Variant } from '../subject.ts'
import type { Product } from '../workloads/workload.ts'
import { programOf } from './program.ts'

const productOf = ({ left, right, form }: Product): Node => {
  const a: Node = input('a', left.shape)
  const b: Node = input('b', right.shape)
  return matmul(form === 'tn' ? transpose(a) : a, form === 'nt' ? transpose(b) : b)
}

export const multiply = async (product: Product, variant: Variant): Promise<Multiplication> => {
  const program = await programOf({ multiply: { c: productOf(product) } }, variant)
  const { multiply: entry } = program.entries
  if (entry === undefined) throw new Error('there is no entry multiply')
  ;(entry.inputs['a'] as Float32Array).set(product.left.data)
  ;(entry.inputs['b'] as Float32Array).set(product.right.data)
  const c = entry.outputs['c'] as Float32Array
  return {
    run: () => {
      entry.run()
    },
    result: () => c.slice(),
  }
}
