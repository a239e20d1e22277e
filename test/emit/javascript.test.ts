// In: kernels of both forms, over every length that leaves a tail. Out: that their JavaScript gives the oracle's bits.
// Invariant: bits are compared, −0 and 0 apart, every NaN alike.

import { describe, expect, it } from 'vitest'
import { faultsOf } from '../../compiler/kernel/check.ts'
import type { Kernel, LoopKernel } from '../../compiler/kernel/kernel.ts'
import { inferScalar, type Lower, lowerScalar } from '../../compiler/kernel/scalar.ts'
import { emitJavaScript } from '../../compiler/emit/javascript/module.ts'
import type { DType } from '../../src/core/dtype.ts'
import type { Machine } from '../../src/core/machine.ts'
import { opDef, opNames } from '../../src/ops/registry.ts'
import type { OpName } from '../../src/ops/signature.ts'
import { apply, contraction, literal, load, loop, type Product, slot, softmax, stage } from '../kernel/build.ts'
import { stream } from '../random.ts'
import { arrayOf, bitsOf, type Memory, runKernel } from './oracle.ts'
import { importText, type Job, planOf, runJavaScript } from './run-javascript.ts'

const LENGTHS = [0, 1, 3, 4, 5, 15, 16, 17, 31, 33]

const SPECIAL: Readonly<Record<DType, readonly number[]>> = {
  f32: [
    ...[0, -0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.3, -0.3, 1e-3, 8388607.5, 8388609, 16777216, 4294967296],
    ...[Infinity, -Infinity, NaN, 1e-40, -1e-45, 1.1754943508222875e-38, 3.4028234663852886e38, -3.4e38, 88.7, -103.9],
    ...[2147483648, -2147483648, 2147483520, 0.49999997, -0.49999997, 3, -3, 7, 1e10, 127, -126],
  ].map(Math.fround),
  f64: [
    ...[0, -0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.3, 4503599627370495.5, -4503599627370497, 9007199254740992],
    ...[Infinity, -Infinity, NaN, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 709.7, -745.1],
    ...[2147483647.5, -2147483648.9, 2147483648, 0.49999999999999994, 3, -3, 7, 1e10, 1023, -1022],
  ],
  i32: [0, 1, -1, 2, -2, 3, 7, 31, 2147483647, -2147483648, 65536, -65535, 123456789, -987654321],
  bool: [0, 1],
}

const fill = (dtype: DType, elements: number, random: () => number): Memory => {
  const a = arrayOf(dtype, elements)
  for (let i = 0; i < elements; i++)
    a[i] =
      dtype === 'bool'
        ? random() < 0.5
          ? 0
          : 1
        : dtype === 'i32'
          ? Math.floor(random() * 200) - 100
          : random() * 4 - 2
  return a
}

/** A kernel with random contents. */
const jobOf = (kernel: Kernel, random: () => number): Job => ({
  kernel,
  buffers: kernel.buffers.map((b) => fill(b.dtype, b.elements, random)),
})

/** Every job through the oracle and through JavaScript; buffers by bits, scratch aside. */
const expectSame = async (jobs: readonly Job[], lower: Lower = lowerScalar): Promise<void> => {
  const found = await runJavaScript(jobs, lower)
  jobs.forEach(({ kernel, buffers }, n) => {
    const wanted = buffers.map((b) => b.slice())
    runKernel(kernel, wanted, lower)
    kernel.buffers.forEach(({ mode, label }, i) => {
      if (mode === 'scratch') return
      expect(bitsOf(found[n]?.[i] as Memory), `${kernel.name}: ${label}`).toEqual(bitsOf(wanted[i] as Memory))
    })
  })
}

/** Every pairing of the special values of the operands. */
const product = (columns: readonly (readonly number[])[]): readonly (readonly number[])[] =>
  columns.reduce<readonly (readonly number[])[]>((rows, c) => rows.flatMap((r) => c.map((x) => [...r, x])), [[]])

/** An elementwise kernel over all special values of its operands, and random ones behind. */
const pointwise = (name: string, op: string, args: readonly DType[], out: DType, params: unknown = null): Job => {
  const random = stream(name.length)
  // of three operands all pairings would be many: the third has few
  const rows = product(args.map((t, i) => (i < 2 ? SPECIAL[t] : SPECIAL[t].slice(0, 6))))
  const n = rows.length + 16
  const inputs = args.map((t, i) => {
    const a = fill(t, n, random)
    rows.forEach((row, r) => {
      a[r] = row[i] as number
    })
    return a
  })
  const body = [
    ...args.map((t, i) => load(t, i, [1])),
    apply(
      out,
      op,
      args.map((_, i) => i),
      params,
    ),
  ]
  const buffers = [...args.map((t, i) => slot(t, n, 'read', `x${i}`)), slot(out, n, 'write', 'y')]
  const stores = [{ buffer: args.length, access: { offset: 0, strides: [1] }, value: args.length }]
  return { kernel: loop(name, buffers, [stage([n], body, { stores })]), buffers: [...inputs, arrayOf(out, n)] }
}

describe('the JavaScript machine', () => {
  type Instruction = keyof Machine<unknown>
  const direct: Lower = (m, op, ins, params) => {
    const f = m[op as unknown as Instruction] as (...args: readonly unknown[]) => never
    return f(...ins, ...(params === null ? [] : [params]))
  }
  const table: readonly (readonly [Instruction, number, readonly DType[], DType?])[] = [
    ['add', 2, ['f32', 'f64', 'i32']],
    ['sub', 2, ['f32', 'f64', 'i32']],
    ['mul', 2, ['f32', 'f64', 'i32']],
    ['neg', 1, ['f32', 'f64', 'i32']],
    ['abs', 1, ['f32', 'f64', 'i32']],
    ['min', 2, ['f32', 'f64', 'i32']],
    ['max', 2, ['f32', 'f64', 'i32']],
    ['div', 2, ['f32', 'f64']],
    ['sqrt', 1, ['f32', 'f64']],
    ['floor', 1, ['f32', 'f64']],
    ['ceil', 1, ['f32', 'f64']],
    ['trunc', 1, ['f32', 'f64']],
    ['nearest', 1, ['f32', 'f64']],
    ['pmin', 2, ['f32', 'f64']],
    ['pmax', 2, ['f32', 'f64']],
    ['copysign', 2, ['f32', 'f64']],
    ['lt', 2, ['f32', 'f64', 'i32'], 'bool'],
    ['le', 2, ['f32', 'f64', 'i32'], 'bool'],
    ['eq', 2, ['f32', 'f64', 'i32'], 'bool'],
    ['and', 2, ['bool', 'i32']],
    ['or', 2, ['bool', 'i32']],
    ['xor', 2, ['bool', 'i32']],
    ['not', 1, ['bool', 'i32']],
  ]
  const rows = table.flatMap(([op, arity, dtypes, out]) =>
    dtypes.map((t) => [`${op} ${t}`, pointwise(op, op, new Array<DType>(arity).fill(t), out ?? t)] as const),
  )
  it.each(rows)('%s', async (_, job) => {
    await expectSame([job], direct)
  })

  it('selects in every dtype', async () => {
    const dtypes: readonly DType[] = ['f32', 'f64', 'i32', 'bool']
    await expectSame(
      dtypes.map((t) => pointwise('select', 'select', ['bool', t, t], t)),
      direct,
    )
  })

  it('converts between all dtypes', async () => {
    const dtypes: readonly DType[] = ['f32', 'f64', 'i32', 'bool']
    const jobs = dtypes.flatMap((a) => dtypes.map((b) => pointwise('convert', 'convert', [a], b, b)))
    await expectSame(jobs, direct)
  })

  it('shifts by every count', async () => {
    const counts = Array.from({ length: 32 }, (_, i) => i)
    const jobs = (['shl', 'shr', 'ushr'] as const).flatMap((op) =>
      counts.map((count) => pointwise(`${op}${count}`, op, ['i32'], 'i32', count)),
    )
    await expectSame(jobs, direct)
  })

  it('exchanges the bits of f32 and i32', async () => {
    await expectSame(
      [pointwise('bits', 'bitcast', ['f32'], 'i32', 'i32'), pointwise('bits', 'bitcast', ['i32'], 'f32', 'f32')],
      direct,
    )
  })

  it.each(['f32', 'f64'] as const)('takes %s apart and makes powers of two', async (t) => {
    const [least, largest] = t === 'f32' ? [-126, 127] : [-1022, 1023]
    const n = largest - least + 1
    const powers = arrayOf(t, n).map((_, i) => least + i)
    const normal = arrayOf(t, n).map((_, i) => (i % 2 === 0 ? 1 : -1) * (1 + (i % 7) / 7) * 2 ** (least + i))
    const jobs = (['pow2', 'exponent', 'significand'] as const).map((op): Job => {
      const stores = [{ buffer: 1, access: { offset: 0, strides: [1] }, value: 1 }]
      return {
        kernel: loop(
          op,
          [slot(t, n, 'read', 'x'), slot(t, n, 'write', 'y')],
          [stage([n], [load(t, 0, [1]), apply(t, op, [0])], { stores })],
        ),
        buffers: [op === 'pow2' ? powers : normal, arrayOf(t, n)],
      }
    })
    await expectSame(jobs, direct)
  })
})

describe('every elementwise op', () => {
  const params = (op: OpName): readonly unknown[] => {
    if (op === 'clip') return [{ lo: -1, hi: 1 }]
    if (op === 'cast') return (['f32', 'f64', 'i32', 'bool'] as const).map((dtype) => ({ dtype }))
    if (op === 'bitcast') return [{ dtype: 'i32' }, { dtype: 'f32' }]
    if (op === 'sortKey')
      return (['high', 'low'] as const).map((word) => ({ word, descending: word === 'low', nan: 'last' }))
    if (op === 'threefry')
      return [
        { word: 0, stream: 3 },
        { word: 1, stream: 0 },
      ]
    return [null]
  }
  /** An application for each combination of operand dtypes that the op accepts. */
  const jobsOf = (op: OpName): readonly Job[] => {
    const { arity } = opDef(op)
    const dtypes: readonly DType[] = ['f32', 'f64', 'i32', 'bool']
    let tuples: readonly (readonly DType[])[] = [[]]
    for (let i = 0; i < Number(arity); i++) tuples = tuples.flatMap((a) => dtypes.map((t) => [...a, t]))
    return tuples.flatMap((args) =>
      params(op).flatMap((p) => {
        const out = inferScalar(op, args, p)
        return out._tag === 'Left' ? [] : [pointwise(op, op, args, out.right, p)]
      }),
    )
  }
  const names = opNames.filter((op) => opDef(op).kind === 'elementwise')
  it.each(names)('%s', async (op) => {
    const jobs = jobsOf(op)
    expect(jobs.length).toBeGreaterThan(0)
    await expectSame(jobs)
  })
})

describe('reductions', () => {
  const reduction = (
    combine: string,
    t: DType,
    dims: readonly number[],
    order: LoopKernel['order'],
    random: () => number,
  ): Job => {
    const n = dims.reduce((a, b) => a * b, 1)
    const out: DType = combine.startsWith('arg') ? 'i32' : t
    const strides = dims.map((_, d) => dims.slice(d + 1).reduce((a, b) => a * b, 1))
    const rows = 3
    const stages = [
      stage(dims, [load(t, 0, [n, ...strides])], { reductions: [{ row: 0, combine: combine as 'sum', value: 0 }] }),
      stage([], [{ tag: 'row', dtype: out, row: 0 }], {
        stores: [{ buffer: 1, access: { offset: 0, strides: [1] }, value: 0 }],
      }),
    ]
    const kernel = loop(
      `${combine} ${t} [${dims}] ${order}`,
      [slot(t, rows * n, 'read', 'x'), slot(out, rows, 'write', 'y')],
      stages,
      {
        outer: [rows],
        rows: [out],
        order,
      },
    )
    const x = fill(t, rows * n, random)
    // the second row has equal extremes, the third a NaN
    if (n > 2) x.copyWithin(n, n + 1, n + 2)
    if (n > 2 && t !== 'i32') x[2 * n + Math.floor(n / 2)] = NaN
    return { kernel, buffers: [x, arrayOf(out, rows)] }
  }
  const dtypes = ['f32', 'f64', 'i32'] as const
  it.each(['sum', 'prod', 'max', 'min', 'argmax', 'argmin'])('%s, over every length', async (combine) => {
    const random = stream(7)
    const jobs = dtypes.flatMap((t) =>
      (['lanes', 'sequential'] as const).flatMap((order) =>
        LENGTHS.map((n) => reduction(combine, t, [n], order, random)),
      ),
    )
    for (const { kernel } of jobs) expect(faultsOf(kernel)).toEqual([])
    await expectSame(jobs)
  })

  it.each(['sum', 'prod', 'max', 'min'])('%s, over several dims', async (combine) => {
    const random = stream(11)
    const shapes = [[2, 3], [3, 17], [17, 3], [4, 16], [5, 33], [2, 3, 18], [3, 1], [1, 5], [0, 4], []]
    const jobs = dtypes.flatMap((t) =>
      (['lanes', 'sequential'] as const).flatMap((order) =>
        shapes.map((dims) => reduction(combine, t, dims, order, random)),
      ),
    )
    await expectSame(jobs)
  })

  it('depends on the order, so that the two tell each other apart', () => {
    const random = stream(5)
    const job = reduction('sum', 'f32', [33], 'lanes', random)
    const [a, b] = (['lanes', 'sequential'] as const).map((order) => {
      const buffers = job.buffers.map((x) => x.slice())
      runKernel({ ...(job.kernel as LoopKernel), order }, buffers)
      return bitsOf(buffers[1] as Memory)
    })
    expect(a).not.toEqual(b)
  })

  it('keeps positions of the first of equal values, zeros of either sign included', async () => {
    const x = Float32Array.of(-0, 0, -1, 0, -Infinity, -Infinity, -Infinity, -Infinity, 1, 5, 5, NaN)
    const kernel = reduction('argmax', 'f32', [4], 'lanes', stream(1)).kernel
    await expectSame([{ kernel, buffers: [x, arrayOf('i32', 3)] }])
    const buffers = [x, arrayOf('i32', 3)]
    runKernel(kernel, buffers)
    expect([...(buffers[1] as Memory)]).toEqual([0, 0, 3])
  })
})

describe('loop kernels', () => {
  it('runs softmax as one pass over rows of every length', async () => {
    const random = stream(3)
    const jobs = LENGTHS.map(
      (n): Job => ({ kernel: softmax(3, n), buffers: [fill('f32', 3 * n, random), arrayOf('f32', 3 * n)] }),
    )
    for (const { kernel } of jobs) expect(faultsOf(kernel)).toEqual([])
    await expectSame(jobs)
  })

  it('follows broadcast, transposed, reversed and offset accesses', async () => {
    const [m, n] = [5, 7]
    const body = [
      load('f32', 0, [1, m]),
      load('f32', 1, [0, -1], n - 1),
      apply('f32', 'mul', [0, 1]),
      load('f32', 2, [3, 0], 2),
      apply('f32', 'add', [2, 3]),
      { tag: 'index', dtype: 'i32', axis: 1 } as const,
      apply('f32', 'cast', [5], { dtype: 'f32' }),
      apply('f32', 'add', [4, 6]),
    ]
    const buffers = [
      slot('f32', m * n, 'read', 'x'),
      slot('f32', n, 'read', 'row'),
      slot('f32', 3 * m, 'read', 'b'),
      slot('f32', 2 * m * n + 1, 'write', 'f'),
    ]
    const stores = [{ buffer: 3, access: { offset: 1, strides: [2 * n, 2] }, value: 7 }]
    const flat = loop('outer product', buffers, [stage([m, n], body, { stores })])
    const nested = loop('nested', buffers, [stage([n], body, { stores })], { outer: [m] })
    const empty = loop('empty', buffers, [stage([n], body, { stores })], { outer: [0] })
    const random = stream(9)
    const contents = buffers.map((b) => fill(b.dtype, b.elements, random))
    await expectSame([flat, nested, empty].map((kernel) => ({ kernel, buffers: contents })))
  })

  it('updates in place, and hands values from stage to stage through scratch', async () => {
    const n = 33
    const one = { offset: 0, strides: [1] }
    const sgd = loop(
      'sgd',
      [slot('f32', n, 'update', 'w'), slot('f32', n, 'read', 'g'), slot('f32', 1, 'read', 'rate')],
      [
        stage(
          [n],
          [
            load('f32', 0, [1]),
            load('f32', 1, [1]),
            load('f32', 2, [0]),
            apply('f32', 'mul', [1, 2]),
            apply('f32', 'sub', [0, 3]),
          ],
          { stores: [{ buffer: 0, access: one, value: 4 }] },
        ),
      ],
    )
    const twice = loop(
      'scratch',
      [slot('f32', 4 * n, 'read', 'x'), slot('f32', n, 'scratch', 'e'), slot('f32', 4 * n, 'write', 'y')],
      [
        stage([n], [load('f32', 0, [n, 1]), apply('f32', 'mul', [0, 0])], {
          stores: [{ buffer: 1, access: { offset: 0, strides: [0, 1] }, value: 1 }],
          reductions: [{ row: 0, combine: 'sum', value: 1 }],
        }),
        stage([], [{ tag: 'row', dtype: 'f32', row: 0 }, literal(1, 'f32'), apply('f32', 'add', [0, 1])], {
          rows: [{ row: 1, value: 2 }],
        }),
        stage([n], [load('f32', 1, [0, 1]), { tag: 'row', dtype: 'f32', row: 1 }, apply('f32', 'div', [0, 1])], {
          stores: [{ buffer: 2, access: { offset: 0, strides: [n, 1] }, value: 2 }],
        }),
      ],
      { outer: [4], rows: ['f32', 'f32'] },
    )
    const random = stream(21)
    const jobs = [sgd, twice].map((kernel) => ({
      kernel,
      buffers: kernel.buffers.map((b) => fill(b.dtype, b.elements, random)),
    }))
    for (const { kernel } of jobs) expect(faultsOf(kernel)).toEqual([])
    await expectSame(jobs)
  })

  it('reads an updated buffer anew in each stage', async () => {
    const at = { offset: 0, strides: [1] }
    const double = [load('f32', 0, [1]), apply('f32', 'add', [0, 0])]
    const stores = [{ buffer: 0, access: at, value: 1 }]
    const kernel = loop(
      'twice',
      [slot('f32', 5, 'update', 'x')],
      [stage([], double, { stores }), stage([], double, { stores })],
      { outer: [5] },
    )
    await expectSame([{ kernel, buffers: [Float32Array.of(1, 2, 3, 4, 5)] }])
  })

  it('shows a dropped tail: the comparison can fail', async () => {
    const n = 33
    const whole = softmax(1, n)
    const cut: LoopKernel = { ...whole, stages: whole.stages.map((s) => ({ ...s, dims: [n - 1] })) }
    const buffers = [fill('f32', n, stream(2)), arrayOf('f32', n)]
    const found = await runJavaScript([{ kernel: cut, buffers }])
    const wanted = buffers.map((b) => b.slice())
    runKernel(whole, wanted)
    expect(bitsOf(found[0]?.[1] as Memory)).not.toEqual(bitsOf(wanted[1] as Memory))
  })
})

describe('contractions', () => {
  const expectProducts = async (products: readonly Product[]): Promise<void> => {
    const random = stream(13)
    const jobs = products.map((p) => jobOf(contraction(p), random))
    for (const { kernel } of jobs) expect(faultsOf(kernel)).toEqual([])
    await expectSame(jobs)
  }

  it('covers every tail of rows, columns and depth', async () => {
    await expectProducts([
      ...LENGTHS.map((m) => ({ m, n: 5, k: 7 })),
      ...LENGTHS.map((n) => ({ m: 9, n, k: 6 })),
      ...LENGTHS.map((k) => ({ m: 9, n: 6, k })),
      ...LENGTHS.map((n) => ({ m: 1, n, k: 5 })),
      ...LENGTHS.map((m) => ({ m, n: 1, k: 5 })),
      ...[2, 3].map((n) => ({ m: 11, n, k: 5 })),
    ])
  })

  it('reads either operand transposed, packed or in place', async () => {
    const ms = [3, 17]
    await expectProducts(
      ms.flatMap((m) => [
        { m, n: 10, k: 12, transposeA: true },
        { m, n: 10, k: 12, transposeB: true },
        { m, n: 10, k: 12, transposeA: true, transposeB: true },
      ]),
    )
  })

  it('adds the pieces in order', async () => {
    await expectProducts([
      { m: 5, n: 6, k: 20, pieces: [7, 7, 6] },
      { m: 17, n: 9, k: 33, pieces: [17, 16] },
      { m: 17, n: 9, k: 33, pieces: [17, 16], dtype: 'f64' },
    ])
    const [one, two] = [[33], [17, 16]].map((pieces) => {
      const { kernel, buffers } = jobOf(contraction({ m: 9, n: 9, k: 33, pieces }), stream(1))
      runKernel(kernel, buffers)
      return bitsOf(buffers[3] as Memory)
    })
    expect(one).not.toEqual(two)
  })

  it('applies the epilogue, in batches and in f64', async () => {
    await expectProducts([
      { m: 9, n: 10, k: 7, epilogue: true },
      { m: 9, n: 10, k: 7, epilogue: true, dtype: 'f64' },
      { m: 3, n: 5, k: 4, epilogue: true, batch: [2, 3] },
      { m: 3, n: 5, k: 4, batch: [0, 3] },
      { m: 9, n: 5, k: 0, epilogue: true },
    ])
  })
})

describe('the module', () => {
  const kernel: Kernel = {
    ...softmax(2, 5),
    name: 'evil */ \u2028 name',
    buffers: [slot('f32', 10, 'read', 'x\n*/ globalThis.harmed = 1 //'), slot('f32', 10, 'write', 'f')],
  }
  const buffers = [fill('f32', 10, stream(4)), arrayOf('f32', 10)]
  const plan = planOf([{ kernel, buffers }])
  const withConstant = {
    ...plan,
    buffers: plan.buffers.map((b, i) => (i === 0 ? { ...b, region: 'constant' as const } : b)),
    constants: [{ buffer: 0, bytes: new Uint8Array((buffers[0] as Memory).buffer) }],
    entries: plan.entries.map((e) => ({ ...e, name: '__proto__' })),
  }
  const manifest = JSON.stringify({ entries: [{ name: 'a', shape: [1, 2] }], text: '</script>\u2029' }).replace(
    '"text"',
    '"__proto__"',
  )
  const text = emitJavaScript(withConstant, { manifest })

  it('carries the manifest as it is, hostile keys included', async () => {
    const module = await importText(text)
    expect(JSON.stringify(module.manifest)).toBe(manifest)
  })

  it('takes labels for text alone', async () => {
    await importText(text)
    expect('harmed' in globalThis).toBe(false)
  })

  it('compiles nothing at run time', () => {
    expect(text).not.toMatch(/\beval\b|\bFunction\b|import\s*\(|\brequire\b|\bBuffer\b/)
  })

  it('allocates nothing inside the functions of kernels', () => {
    const functions = text.slice(text.indexOf('const k0_'), text.indexOf('export const manifest'))
    expect(functions.length).toBeGreaterThan(100)
    expect(functions).not.toMatch(/\bnew\b|\.subarray|\.slice|\[\]|\.\.\./)
  })

  it('writes constants into its own memory, or into one that is given', async () => {
    const { instantiate } = await importText(text)
    const wanted = buffers.map((b) => b.slice())
    runKernel(kernel, wanted)
    const out = plan.buffers[1]
    for (const given of [undefined, new ArrayBuffer(plan.memoryBytes + 64)]) {
      const { memory, entries } = instantiate(given)
      if (given !== undefined) expect(memory).toBe(given)
      expect(Object.keys(entries)).toEqual(['__proto__'])
      for (const run of Object.values(entries)) run()
      expect(bitsOf(new Float32Array(memory, out?.offset, out?.elements))).toEqual(bitsOf(wanted[1] as Memory))
    }
  })

  it('refuses a memory that is too small', async () => {
    const { instantiate } = await importText(text)
    expect(() => instantiate(new ArrayBuffer(16))).toThrow(RangeError)
  })

  it('refuses a manifest that is no JSON', () => {
    expect(() => emitJavaScript(plan, { manifest: 'alert(1)' })).toThrow(SyntaxError)
  })
})
