// Every scalar function in Wasm and in JavaScript against the number machine: the same bits over the whole range.
import { describe, expect, it } from 'vitest'
import type { LoopKernel } from '../../compiler/kernel/kernel.ts'
import type { Lower } from '../../compiler/kernel/scalar.ts'
import { binarySubjects, unarySubjects } from '../../docs/generate/math/subjects.ts'
import type { Float } from '../../src/core/dtype.ts'
import { type Column, columnMachine } from '../../src/core/numeric.ts'
import type { OpName } from '../../src/ops/signature.ts'
import { stage } from '../kernel/build.ts'
import { stream } from '../random.ts'
import { access, buffer, load } from './kernels.ts'
import { arrayOf, type Memory } from './oracle.ts'
import { runJavaScript } from './run-javascript.ts'
import { runWasm } from './wasm-run.ts'

const subjects = { ...unarySubjects, ...binarySubjects }
type Name = keyof typeof subjects
const names = Object.keys(subjects) as readonly Name[]

const apply: Lower = (m, op, ins) => {
  const subject = subjects[op as Name]
  const [x, y] = ins as readonly [(typeof ins)[0], (typeof ins)[0]]
  return subject.arity === 1 ? subject.apply(m, x) : subject.apply(m, x, y)
}

const COUNT = 1500
const special = [0, -0, 1, -1, Infinity, -Infinity, NaN, 2, -3, 0.5, 1e-45, -5e-324, 3.4e38, 1.7e308]

/** A third bit patterns of all kinds, half of everyday numbers, the rest special values. */
const operandOf = (dtype: Float, seed: number): Memory => {
  const random = stream(seed)
  const bits = new DataView(new ArrayBuffer(8))
  const pattern = (): number => {
    bits.setUint32(0, Math.floor(random() * 2 ** 32))
    bits.setUint32(4, Math.floor(random() * 2 ** 32))
    return dtype === 'f32' ? bits.getFloat32(0) : bits.getFloat64(0)
  }
  return arrayOf(dtype, COUNT).map((_, i) =>
    i % 6 < 2
      ? pattern()
      : i % 6 < 5
        ? (random() - 0.5) * 2 ** (random() * 16 - 6)
        : (special[Math.floor(random() * special.length)] as number),
  ) as Memory
}

const kernelOf = (name: Name, dtype: Float): LoopKernel => {
  const ins = Array.from({ length: subjects[name].arity }, (_, i) => i)
  const body = [
    ...ins.map((b) => load(dtype, b, [1])),
    { tag: 'apply', dtype, op: name as OpName, params: null, args: ins } as const,
  ]
  return {
    tag: 'loop',
    name,
    outer: [],
    stages: [stage([COUNT], body, { stores: [{ buffer: ins.length, access: access([1]), value: ins.length }] })],
    order: 'lanes',
    rows: [],
    buffers: [...ins.map(() => buffer(dtype, COUNT)), buffer(dtype, COUNT, 'write')],
  }
}

const casesOf = (dtype: Float, chosen: readonly Name[]) =>
  chosen.map((name, i) => {
    const kernel = kernelOf(name, dtype)
    const ins = kernel.buffers.slice(1).map((_, b) => operandOf(dtype, 2 * i + b + 1))
    return { name, kernel, ins, arrays: [...ins, arrayOf(dtype, COUNT)] }
  })

const meant = (name: Name, dtype: Float, ins: readonly Memory[]): ArrayLike<number> =>
  apply(
    columnMachine(COUNT),
    name as OpName,
    ins.map((values): Column => ({ dtype, values })),
    null,
  ).values

describe.each(['f32', 'f64'] as const)('scalar functions in %s', (dtype) => {
  it('give the same bits in Wasm, JavaScript and the interpreter', async () => {
    const cases = casesOf(dtype, names)
    const wasm = await runWasm(cases, { lower: apply })
    const javascript = await runJavaScript(
      cases.map((c) => ({ kernel: c.kernel, buffers: c.arrays })),
      apply,
    )
    const wrong = cases.flatMap(({ name, ins }, i) => {
      const want = meant(name, dtype, ins)
      return [wasm.arrays, javascript].flatMap((all, target) => {
        const got = all[i]?.[ins.length] as Memory
        const at = Array.from(want).findIndex((v, e) => !Object.is(v, got[e]))
        const call = `${name}(${ins.map((values) => values[at]).join(', ')})`
        return at < 0 ? [] : [`${target === 0 ? 'Wasm' : 'JavaScript'}: ${call} is ${got[at]}, not ${want[at]}`]
      })
    })
    expect(wrong).toEqual([])
  })
})

/** Units in the last place of f32 between two numbers, at the size of either; none between two NaN. */
const ulps = (got: number, want: number, size: number): number => {
  if (Object.is(got, want) || got === want) return 0
  const [near, far] = [Math.fround(want), Math.max(Math.abs(want), size, 2 ** -126)]
  return got === near ? 0.5 : Math.abs(got - want) / 2 ** (Math.floor(Math.log2(far)) - 23)
}

describe('scalar functions in relaxed SIMD', () => {
  it('are as near to what they mean as in plain SIMD', async () => {
    const cases = casesOf('f32', names)
    const [plain, relaxed] = [
      await runWasm(cases, { lower: apply }),
      await runWasm(cases, { lower: apply, simd: 'relaxed' }),
    ]
    const changed: string[] = []
    const wrong = cases.flatMap(({ name, ins }, i) => {
      const want = meant(
        name,
        'f64',
        ins.map((a) => Float64Array.from(a)),
      )
      const [one, other] = [plain, relaxed].map((ran) => ran.arrays[i]?.[ins.length] as Memory) as [Memory, Memory]
      if (one.some((v, e) => !Object.is(v, other[e]))) changed.push(name)
      const farthest = (got: Memory): number =>
        Array.from(got).reduce((most, v, e) => {
          // two terms that cancel: what is left of them is no better than they are
          const size = name === 'logAddExp' ? Math.abs(ins[0]?.[e] as number) : 0
          const apart = ulps(v, want[e] as number, size)
          return apart > most || Number.isNaN(apart) ? apart : most
        }, 0)
      const [before, after] = [farthest(one), farthest(other)]
      return after <= before + 0.5 || Object.is(after, before) ? [] : [`${name}: ${after} ulp, plain ${before}`]
    })
    expect(wrong).toEqual([])
    expect(changed).toContain('exp')
    expect(changed).not.toContain('sqrt')
  })
})
