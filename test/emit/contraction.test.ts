// In: contractions of many forms. Out: that their Wasm gives the oracle's bits, reads at most 16 bytes behind a buffer and
// writes nothing but what the kernel names.
// Invariant: memory is full of NaN where no buffer lies, each buffer takes its turn as the last before the memory's end, and
// whatever is neither stored to nor scratch must be as it was.

import { beforeAll, describe, expect, it } from 'vitest'
import { emitContraction } from '../../compiler/emit/wasm/contraction/contraction.ts'
import { contractionScratch, type Tuning } from '../../compiler/emit/wasm/contraction/schedule.ts'
import { type EmitContext, emitContext } from '../../compiler/emit/wasm/function.ts'
import { type Binaryen, loadBinaryen } from '../../compiler/emit/wasm/load.ts'
import type { ContractionKernel, Instr, KernelBuffer, Store } from '../../compiler/kernel/kernel.ts'
import { splitK } from '../../compiler/kernel/pieces.ts'
import { lowerScalar } from '../../compiler/kernel/scalar.ts'
import { bytesOf, type DType, type Float } from '../../src/core/dtype.ts'
import { arrayOf, bitsOf, type Memory, runKernel } from './oracle.ts'

let binaryen: Binaryen
beforeAll(async () => {
  binaryen = await loadBinaryen()
})

// ---- kernels

/** How a matrix of rows x columns lies in memory: stride of a row, stride of a column, elements before, in all. */
interface Layout {
  readonly row: number
  readonly col: number
  readonly offset: number
  readonly elements: number
}
type Lay = (rows: number, columns: number) => Layout

const rowMajor: Lay = (r, c) => ({ row: c, col: 1, offset: 0, elements: r * c })
const columnMajor: Lay = (r, c) => ({ row: 1, col: r, offset: 0, elements: r * c })
const spaced: Lay = (r, c) => ({ row: 2 * c + 3, col: 2, offset: 5, elements: 5 + r * (2 * c + 3) })
/** Both axes run backwards. */
const reversed: Lay = (r, c) => ({ row: -c, col: -1, offset: r * c - 1, elements: r * c })
/** A window of a wider matrix. */
const window: Lay = (r, c) => ({ row: c + 7, col: 1, offset: 3, elements: 3 + r * (c + 7) })
const oneRow: Lay = (_, c) => ({ row: 0, col: 1, offset: 0, elements: c })
const oneColumn: Lay = (r) => ({ row: 1, col: 0, offset: 0, elements: r })

interface Shape {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly dtype?: Float
  readonly a?: Lay
  readonly b?: Lay
  readonly batch?: readonly number[]
  /** Whether each batch dim moves A and B. */
  readonly moves?: readonly (readonly [a: boolean, b: boolean])[]
  readonly pieces?: readonly number[]
  readonly epilogue?: Epilogue
}

/** Gets the buffers so far (its own come behind) and the number of batch dims. */
type Epilogue = (
  at: { readonly m: number; readonly n: number; readonly dtype: Float; readonly batch: readonly number[] },
  first: number,
) => { readonly body: readonly Instr[]; readonly stores: readonly Store[]; readonly buffers: readonly KernelBuffer[] }

const buffer = (dtype: DType, elements: number, mode: KernelBuffer['mode'], label: string): KernelBuffer => ({
  dtype,
  elements: Math.max(elements, 1),
  mode,
  label,
})
const product = (extents: readonly number[]): number => extents.reduce((p, x) => p * x, 1)
const contiguous = (extents: readonly number[]): readonly number[] =>
  extents.map((_, d) => product(extents.slice(d + 1)))
const apply = (dtype: DType, op: string, args: readonly number[], params: unknown = null): Instr => ({
  tag: 'apply',
  dtype,
  op: op as never,
  params,
  args,
})

/** The bare product, row after row. */
const plain: Epilogue = ({ m, n, dtype, batch }, first) => ({
  body: [{ tag: 'accumulator', dtype }],
  stores: [{ buffer: first, access: { offset: 0, strides: contiguous([...batch, m, n]) }, value: 0 }],
  buffers: [buffer(dtype, product([...batch, m, n]), 'write', 'c')],
})

/** relu(product + bias of the column), and the mask beside it. */
const biasRelu: Epilogue = ({ m, n, dtype, batch }, first) => {
  const none = batch.map(() => 0)
  const all = { offset: 0, strides: contiguous([...batch, m, n]) }
  return {
    body: [
      { tag: 'accumulator', dtype },
      { tag: 'load', dtype, buffer: first, access: { offset: 0, strides: [...none, 0, 1] } },
      apply(dtype, 'add', [0, 1]),
      apply(dtype, 'relu', [2]),
      { tag: 'literal', dtype, value: 0 },
      apply('bool', 'greater', [2, 4]),
    ],
    stores: [
      { buffer: first + 1, access: all, value: 3 },
      { buffer: first + 2, access: all, value: 5 },
    ],
    buffers: [
      buffer(dtype, n, 'read', 'bias'),
      buffer(dtype, product([...batch, m, n]), 'write', 'relu'),
      buffer('bool', product([...batch, m, n]), 'write', 'mask'),
    ],
  }
}

/** where(mask, product, 0) · scale of the row. */
const masked: Epilogue = ({ m, n, dtype, batch }, first) => {
  const none = batch.map(() => 0)
  const all = { offset: 0, strides: contiguous([...batch, m, n]) }
  return {
    body: [
      { tag: 'load', dtype: 'bool', buffer: first, access: all },
      { tag: 'accumulator', dtype },
      { tag: 'literal', dtype, value: 0 },
      apply(dtype, 'where', [0, 1, 2]),
      { tag: 'load', dtype, buffer: first + 1, access: { offset: 0, strides: [...none, 1, 0] } },
      apply(dtype, 'mul', [3, 4]),
    ],
    stores: [{ buffer: first + 2, access: all, value: 5 }],
    buffers: [
      buffer('bool', product([...batch, m, n]), 'read', 'mask'),
      buffer(dtype, m, 'read', 'scale'),
      buffer(dtype, product([...batch, m, n]), 'write', 'c'),
    ],
  }
}

/** Two moments and a parameter in place, with a rate that is one number; the product itself is not stored. */
const moments: Epilogue = ({ m, n, dtype, batch }, first) => {
  const size = product([...batch, m, n])
  const all = { offset: 0, strides: contiguous([...batch, m, n]) }
  const one = { offset: 0, strides: [...batch.map(() => 0), 0, 0] }
  return {
    body: [
      { tag: 'accumulator', dtype },
      { tag: 'load', dtype, buffer: first + 1, access: all },
      { tag: 'literal', dtype, value: 0.875 },
      apply(dtype, 'mul', [1, 2]),
      apply(dtype, 'add', [3, 0]),
      { tag: 'load', dtype, buffer: first + 2, access: all },
      apply(dtype, 'mul', [5, 2]),
      apply(dtype, 'square', [0]),
      apply(dtype, 'add', [6, 7]),
      { tag: 'load', dtype, buffer: first, access: all },
      { tag: 'load', dtype, buffer: first + 3, access: one },
      apply(dtype, 'sqrt', [8]),
      { tag: 'literal', dtype, value: 0.0625 },
      apply(dtype, 'add', [11, 12]),
      apply(dtype, 'div', [4, 13]),
      apply(dtype, 'neg', [10]),
      apply(dtype, 'mul', [14, 15]),
      apply(dtype, 'add', [9, 16]),
    ],
    stores: [
      { buffer: first, access: all, value: 17 },
      { buffer: first + 1, access: all, value: 4 },
      { buffer: first + 2, access: all, value: 8 },
    ],
    buffers: [
      buffer(dtype, size, 'update', 'parameter'),
      buffer(dtype, size, 'update', 'first moment'),
      buffer(dtype, size, 'update', 'second moment'),
      buffer(dtype, 1, 'read', 'rate'),
    ],
  }
}

/** product where j ≤ i, else the index of the first batch dim (or 0) less i; into a wider matrix. */
const triangle: Epilogue = ({ m, n, dtype, batch }, first) => {
  const [i, j] = [batch.length, batch.length + 1]
  const row = n + 3
  return {
    body: [
      { tag: 'accumulator', dtype },
      { tag: 'index', dtype: 'i32', axis: i },
      { tag: 'index', dtype: 'i32', axis: j },
      apply('bool', 'lessEqual', [2, 1]),
      batch.length > 0 ? { tag: 'index', dtype: 'i32', axis: 0 } : { tag: 'literal', dtype: 'i32', value: 0 },
      apply('i32', 'sub', [4, 1]),
      apply(dtype, 'cast', [5], { dtype }),
      apply(dtype, 'where', [3, 0, 6]),
    ],
    stores: [
      {
        buffer: first,
        access: { offset: 2, strides: [...contiguous([...batch, m * row]).slice(0, -1), row, 1] },
        value: 7,
      },
    ],
    buffers: [buffer(dtype, 2 + product(batch) * m * row, 'write', 'c')],
  }
}

const kernelOf = (s: Shape): ContractionKernel => {
  const { m, n, k, dtype = 'f32', batch = [] } = s
  const a = (s.a ?? rowMajor)(m, k)
  const b = (s.b ?? rowMajor)(k, n)
  const moves = s.moves ?? batch.map(() => [true, true] as const)
  const pieces = s.pieces ?? splitK(k)
  const stepsOf = (side: 0 | 1, elements: number) => {
    let stride = elements
    const strides = batch.map(() => 0)
    for (let d = batch.length - 1; d >= 0; d--)
      if (moves[d]?.[side]) {
        strides[d] = stride
        stride *= batch[d] as number
      }
    return { strides, elements: stride }
  }
  const ofA = stepsOf(0, a.elements)
  const ofB = stepsOf(1, b.elements)
  const partial = pieces.length > 1
  const operands = [
    buffer(dtype, ofA.elements, 'read', 'a'),
    buffer(dtype, ofB.elements, 'read', 'b'),
    ...(partial ? [buffer(dtype, m * n, 'scratch', 'sums')] : []),
  ]
  const { body, stores, buffers } = (s.epilogue ?? plain)({ m, n, dtype, batch }, operands.length)
  return {
    tag: 'contraction',
    name: 'product',
    dtype,
    batch,
    m,
    n,
    k,
    pieces,
    a: { buffer: 0, offset: a.offset, batch: ofA.strides, row: a.row, col: a.col },
    b: { buffer: 1, offset: b.offset, batch: ofB.strides, row: b.row, col: b.col },
    body,
    stores,
    partial: partial ? 2 : -1,
    buffers: [...operands, ...buffers],
  }
}

// ---- running

let seed = 1
const random = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32 - 0.5
}
const filled = (b: KernelBuffer): Memory => {
  const array = arrayOf(b.dtype, b.elements)
  for (let i = 0; i < array.length; i++)
    array[i] = b.dtype === 'bool' ? Number(random() > 0) : b.label === 'second moment' ? random() + 0.5 : random()
  return array
}

const PAGE = 65536
const PAD = 16

interface Loaded {
  readonly run: (name: string, args: readonly number[]) => void
  readonly memory: Uint8Array
}

const contextFor = (simd: 'plain' | 'relaxed', pages: number): EmitContext => {
  const module = new binaryen.Module()
  const { SIMD128, RelaxedSIMD } = binaryen.Features
  module.setFeatures(simd === 'relaxed' ? SIMD128 | RelaxedSIMD : SIMD128)
  module.setMemory(pages, pages, 'memory')
  return emitContext(binaryen, module, simd, lowerScalar)
}

const loadModule = (context: EmitContext, names: readonly string[]): Loaded => {
  const { module } = context
  for (const name of names) module.addFunctionExport(name, name)
  if (!module.validate()) throw new Error('the module is not valid')
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.emitBinary() as BufferSource))
  module.dispose()
  const { memory, ...functions } = instance.exports
  return {
    run: (name, args) => (functions[name] as (...args: readonly number[]) => void)(...args),
    memory: new Uint8Array((memory as WebAssembly.Memory).buffer),
  }
}

/** Offsets in which buffer `last` ends, padded, where memory ends; scratch comes first of all. */
const placeBuffers = (kernel: ContractionKernel, scratch: number, last: number) => {
  const sizes = kernel.buffers.map((b) => b.elements * bytesOf(b.dtype))
  const room = (bytes: number): number => Math.ceil(bytes / 16) * 16 + PAD
  const offsets = sizes.map(() => 0)
  let at = PAD + room(scratch)
  sizes.forEach((size, i) => {
    if (i === last) return
    offsets[i] = at
    at += room(size)
  })
  const pages = Math.ceil((at + room(sizes[last] as number)) / PAGE)
  // Not aligned, so that the padding ends at the last byte.
  offsets[last] = pages * PAGE - PAD - (sizes[last] as number)
  return { offsets, pages }
}

const toBytes = (array: Memory): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

const check = (kernel: ContractionKernel, tuning: Tuning = {}, lasts: readonly number[] = [0]): void => {
  const arrays = kernel.buffers.map(filled)
  const expected = arrays.map((x) => x.slice())
  runKernel(kernel, expected)
  for (const last of lasts) {
    const scratch = contractionScratch(kernel, 'plain', tuning)
    const { offsets, pages } = placeBuffers(kernel, scratch, last)
    const context = contextFor('plain', pages)
    const name = emitContraction(context, kernel, tuning)
    const { run, memory } = loadModule(context, [name])
    memory.fill(0xff)
    arrays.forEach((array, i) => memory.set(toBytes(array), offsets[i]))
    const before = memory.slice()
    run(name, [...offsets, PAD])
    kernel.buffers.forEach((b, i) => {
      const size = b.elements * bytesOf(b.dtype)
      const from = offsets[i] as number
      const bytes = memory.slice(from, from + size)
      if (b.mode !== 'scratch') {
        const got = arrayOf(b.dtype, b.elements)
        toBytes(got).set(bytes)
        expect(bitsOf(got), b.label).toEqual(bitsOf(expected[i] as Memory))
      }
      if (b.mode !== 'read') before.set(bytes, from)
    })
    before.set(memory.slice(PAD, PAD + scratch), PAD)
    expect(Buffer.compare(memory, before), 'only what is named is written').toBe(0)
  }
}

// ---- tests

const layouts: readonly (readonly [string, Lay, Lay])[] = [
  ['nn', rowMajor, rowMajor],
  ['tn', columnMajor, rowMajor],
  ['nt', rowMajor, columnMajor],
  ['tt', columnMajor, columnMajor],
]
const odd: readonly (readonly [string, Lay, Lay])[] = [
  ['spaced', spaced, spaced],
  ['reversed', reversed, reversed],
  ['windows', window, window],
  ['one row of A, one column of B', oneRow, oneColumn],
  ['one column of A, one row of B', oneColumn, oneRow],
]

describe('contraction', () => {
  it.each(layouts)('%s of sizes 1 to 9', (_, a, b) => {
    for (const m of [1, 2, 3, 4, 5, 7, 9])
      for (const n of [1, 2, 3, 4, 5, 6, 8, 9]) for (const k of [1, 2, 3, 5, 8, 9]) check(kernelOf({ m, n, k, a, b }))
  })
  it.each([...layouts, ...odd])('%s of larger sizes', (_, a, b) => {
    for (const [m, n, k] of [
      [16, 16, 16],
      [17, 33, 31],
      [33, 10, 17],
      [1, 37, 40],
      [37, 1, 40],
      [13, 4, 64],
    ] as const)
      check(kernelOf({ m, n, k, a, b }), {}, [0, 1, 2])
  })
  it.each([...layouts, ...odd])('%s in f64', (_, a, b) => {
    for (const [m, n, k] of [
      [1, 1, 1],
      [3, 5, 2],
      [2, 3, 7],
      [9, 17, 16],
      [1, 11, 33],
      [11, 1, 33],
      [33, 31, 13],
    ] as const)
      for (const epilogue of [plain, biasRelu, masked, moments])
        check(kernelOf({ m, n, k, a, b, dtype: 'f64', epilogue }), {}, [0, 1])
  })
  it.each([...layouts, ...odd])('%s with every way of packing, in blocks of rows', (_, a, b) => {
    for (const dtype of ['f32', 'f64'] as const)
      for (const [m, n, k] of [
        [11, 13, 9],
        [3, 17, 12],
        [10, 3, 6],
      ] as const)
        for (const packA of [false, true])
          for (const packB of [false, true])
            for (const blockRows of [1, 6, 1000])
              check(kernelOf({ m, n, k, a, b, dtype }), { packA, packB, blockRows }, [0, 1])
  })
  it('with every tile', () => {
    for (let rows = 1; rows <= 6; rows++)
      for (let vectors = 1; vectors <= 4; vectors++)
        check(kernelOf({ m: 13, n: 35, k: 11 }), { tile: { rows, vectors } })
  })
  it.each(layouts)('%s in pieces of k', (_, a, b) => {
    for (const [m, n, k, limit] of [
      [5, 9, 20, 7],
      [17, 10, 33, 8],
      [1, 6, 12, 5],
      [6, 1, 13, 4],
      [9, 16, 40, 4],
    ] as const)
      for (const epilogue of [plain, moments])
        for (const packB of [false, true])
          check(kernelOf({ m, n, k, a, b, pieces: splitK(k, limit), epilogue }), { packB })
  })
  it('without any k, rows or columns', () => {
    check(kernelOf({ m: 5, n: 6, k: 0 }))
    check(kernelOf({ m: 5, n: 6, k: 0, epilogue: biasRelu }))
    check(kernelOf({ m: 0, n: 6, k: 3 }))
    check(kernelOf({ m: 5, n: 0, k: 3 }))
    check(kernelOf({ m: 5, n: 4, k: 3, batch: [2, 0] }))
  })
  it.each([
    ['bias and relu', biasRelu],
    ['a mask', masked],
    ['moments in place', moments],
    ['indices', triangle],
  ] as const)('with %s behind the product', (_, epilogue) => {
    for (const [m, n, k] of [
      [1, 1, 1],
      [4, 8, 3],
      [5, 10, 7],
      [17, 33, 16],
      [1, 9, 30],
      [9, 1, 30],
    ] as const) {
      const kernel = kernelOf({ m, n, k, epilogue })
      check(
        kernel,
        {},
        kernel.buffers.map((_, i) => i),
      )
      check(kernelOf({ m, n, k, epilogue, batch: [2, 3] }))
      check(kernelOf({ m, n, k, epilogue, pieces: splitK(k, 3) }))
    }
  })
  it.each(layouts)('%s in batches, with operands shared and not', (_, a, b) => {
    for (const moves of [
      [
        [true, true],
        [true, true],
      ],
      [
        [false, true],
        [true, false],
      ],
      [
        [true, false],
        [true, false],
      ],
    ] as const)
      for (const [m, n, k] of [
        [3, 5, 4],
        [9, 10, 6],
        [6, 1, 5],
      ] as const)
        for (const packB of [false, true]) {
          check(kernelOf({ m, n, k, a, b, batch: [2, 3], moves }), { packB })
          check(kernelOf({ m, n, k, a, b, batch: [2, 3], moves, pieces: splitK(k, 3) }), { packB })
        }
  })
  it('keeps NaN, infinities and signed zeros', () => {
    const kernel = kernelOf({ m: 7, n: 6, k: 3, epilogue: biasRelu })
    const special = [0, -0, 1, -1, Infinity, -Infinity, NaN, 1e-45, 3e38]
    const arrays = kernel.buffers.map((b, i) =>
      filled(b).map((_, q) => (i < 3 ? (special[(q * (i + 4)) % 9] as number) : 0)),
    )
    const expected = arrays.map((x) => x.slice())
    runKernel(kernel, expected)
    const { offsets, pages } = placeBuffers(kernel, 0, 0)
    const context = contextFor('plain', pages)
    const name = emitContraction(context, kernel)
    const { run, memory } = loadModule(context, [name])
    arrays.forEach((array, i) => memory.set(toBytes(array), offsets[i]))
    run(name, [...offsets, PAD])
    for (const i of [3, 4]) {
      const got = arrayOf(kernel.buffers[i]?.dtype as DType, kernel.buffers[i]?.elements as number)
      toBytes(got).set(memory.slice(offsets[i], (offsets[i] as number) + got.byteLength))
      expect(bitsOf(got)).toEqual(bitsOf(expected[i] as Memory))
    }
  })
})
