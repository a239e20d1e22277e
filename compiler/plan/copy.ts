/**
 * The kernel that copies a tensor. In: dtype and number of elements. Out: a loop kernel of one load and one store.
 * Invariant: it is a kernel like any other; planning has no side door.
 */
import type { DType } from '../../src/core/dtype.ts'
import type { LoopKernel } from '../kernel/kernel.ts'

export const copyKernel = (dtype: DType, elements: number, label: string): LoopKernel => ({
  tag: 'loop',
  name: 'copy',
  outer: [],
  stages: [
    {
      dims: [elements],
      body: [{ tag: 'load', dtype, buffer: 0, access: { offset: 0, strides: [1] } }],
      reductions: [],
      rows: [],
      stores: [{ buffer: 1, access: { offset: 0, strides: [1] }, value: 0 }],
      updates: [],
    },
  ],
  order: 'lanes',
  rows: [],
  buffers: [
    { dtype, elements, mode: 'read', label },
    { dtype, elements, mode: 'write', label },
  ],
})
