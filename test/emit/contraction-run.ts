// In: contractions with their tuning. Out: that each, run as Wasm, leaves the memory that the reference leaves.
// Invariant: memory is full of NaN where no buffer lies; a buffer may be chosen to end, padded, where memory ends; whatever
// is neither stored to nor scratch must be as it was.

import { expect } from 'vitest'
import { emitContraction } from '../../compiler/emit/wasm/contraction/contraction.ts'
import { contractionScratch, type Simd, type Tuning } from '../../compiler/emit/wasm/contraction/schedule.ts'
import { emitContext } from '../../compiler/emit/wasm/function.ts'
import { loadBinaryen } from '../../compiler/emit/wasm/load.ts'
import type { ContractionKernel, KernelBuffer } from '../../compiler/kernel/kernel.ts'
import { lowerScalar } from '../../compiler/kernel/scalar.ts'
import { bytesOf } from '../../src/core/dtype.ts'
import { stream } from '../random.ts'
import { allowRelaxed } from './wasm-run.ts'
import { arrayOf, bitsOf, type Memory, runKernel } from './oracle.ts'

export interface Case {
  readonly kernel: ContractionKernel
  readonly tuning?: Tuning
  /** The buffers that take their turn as the last one; the first alone when left out. */
  readonly lasts?: readonly number[]
  /** What the buffers hold before; random numbers when left out. */
  readonly arrays?: readonly Memory[]
}

export interface Against {
  readonly simd?: Simd
  readonly reference?: (kernel: ContractionKernel, buffers: readonly Memory[]) => void
}

const next = stream(1)
const random = (): number => next() - 0.5

/** Random numbers in ±0.5; a second moment is positive. */
export const filled = (b: KernelBuffer): Memory => {
  const array = arrayOf(b.dtype, b.elements)
  for (let i = 0; i < array.length; i++)
    array[i] = b.dtype === 'bool' ? Number(random() > 0) : b.label === 'second moment' ? random() + 0.5 : random()
  return array
}

const PAGE = 65536
const PAD = 16
const roomFor = (bytes: number): number => Math.ceil(bytes / 16) * 16 + PAD
const sizesOf = (kernel: ContractionKernel): readonly number[] =>
  kernel.buffers.map((b) => b.elements * bytesOf(b.dtype))

/** Offsets in which buffer `last` ends, padded, where memory ends; it is not aligned, so the padding ends at the last byte. */
const placeBuffers = (kernel: ContractionKernel, scratch: number, last: number, memoryBytes: number): number[] => {
  let at = PAD + roomFor(scratch)
  return sizesOf(kernel).map((size, i) => {
    if (i === last) return memoryBytes - PAD - size
    const offset = at
    at += roomFor(size)
    return offset
  })
}

const toBytes = (array: Memory): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

export const checkAll = async (cases: readonly Case[], against: Against = {}): Promise<void> => {
  const { simd = 'plain', reference = runKernel } = against
  const binaryen = await loadBinaryen()
  const module = new binaryen.Module()
  const { SIMD128, RelaxedSIMD } = binaryen.Features
  module.setFeatures(simd === 'relaxed' ? SIMD128 | RelaxedSIMD : SIMD128)
  const scratches = cases.map(({ kernel, tuning }) => contractionScratch(kernel, simd, tuning))
  const needs = cases.map(({ kernel }, i) =>
    sizesOf(kernel).reduce((sum, size) => sum + roomFor(size), PAD + roomFor(scratches[i] as number)),
  )
  const pages = Math.ceil(Math.max(...needs) / PAGE)
  module.setMemory(pages, pages, 'memory')
  const context = emitContext(binaryen, module, simd, lowerScalar)
  const names = cases.map(({ kernel, tuning }) => emitContraction(context, kernel, tuning))
  for (const name of names) module.addFunctionExport(name, name)
  if (!module.validate()) throw new Error('the module is not valid')
  const bytes = module.emitBinary()
  module.dispose()
  if (simd === 'relaxed') allowRelaxed(bytes)
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource))
  const memory = new Uint8Array((exports['memory'] as WebAssembly.Memory).buffer)

  cases.forEach(({ kernel, tuning, lasts = [0], arrays = kernel.buffers.map(filled) }, c) => {
    const expected = arrays.map((x) => x.slice())
    reference(kernel, expected)
    const scratch = scratches[c] as number
    for (const last of lasts) {
      const offsets = placeBuffers(kernel, scratch, last, pages * PAGE)
      memory.fill(0xff)
      arrays.forEach((array, i) => memory.set(toBytes(array), offsets[i]))
      const before = memory.slice()
      ;(exports[names[c] as string] as (...args: readonly number[]) => void)(...offsets, PAD)
      const what = `${kernel.m}x${kernel.k}x${kernel.n} ${kernel.dtype} ${JSON.stringify({ a: kernel.a, b: kernel.b, tuning })}`
      kernel.buffers.forEach((b, i) => {
        const from = offsets[i] as number
        const after = memory.slice(from, from + b.elements * bytesOf(b.dtype))
        if (b.mode !== 'scratch') {
          const got = arrayOf(b.dtype, b.elements)
          toBytes(got).set(after)
          expect(bitsOf(got), `${b.label} of ${what}`).toEqual(bitsOf(expected[i] as Memory))
        }
        if (b.mode !== 'read') before.set(after, from)
      })
      before.set(memory.slice(PAD, PAD + scratch), PAD)
      expect(Buffer.compare(memory, before), `only what is named is written: ${what}`).toBe(0)
    }
  })
}
