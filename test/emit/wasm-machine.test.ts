// Every instruction of the vector machines against the number machine, over special and random operands, at 4 lanes and at 2.
import { describe, expect, it } from 'vitest'
import type { Instr } from '../../compiler/kernel/kernel.ts'
import type { Lower } from '../../compiler/kernel/scalar.ts'
import type { DType } from '../../src/core/dtype.ts'
import type { Machine } from '../../src/core/machine.ts'
import { rarely } from '../../src/ops/math/rarely.ts'
import type { OpName } from '../../src/ops/signature.ts'
import { stage } from '../kernel/build.ts'
import { stream } from '../random.ts'
import { access, buffer, load, type LoopCase } from './kernels.ts'
import { arrayOf, bitsOf, type Memory, runKernel } from './oracle.ts'
import { runWasm } from './wasm-run.ts'

type Make = <R>(m: Machine<R>, ins: readonly R[]) => R
interface Instruction {
  readonly name: string
  readonly make: Make
  readonly ins: readonly DType[]
  readonly out: DType
  readonly domain: keyof typeof domains
}

const random = stream(11)
const spread = (count: number, make: () => number): readonly number[] => Array.from({ length: count }, make)
const float = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-40, -1e-310, 3e38, -3e38, 5e300, Infinity, -Infinity, NaN]
const domains = {
  any: [...float, ...spread(12, () => (random() - 0.5) * 2 ** (random() * 80 - 40))],
  normal: spread(29, () => (random() < 0.5 ? -1 : 1) * (1 + random()) * 2 ** Math.floor(random() * 252 - 126)),
  exponents: spread(29, () => Math.floor(random() * 254) - 126),
  numbers: [...float.slice(0, 14), ...spread(15, () => (random() - 0.5) * 8)],
}
const integers = [
  0,
  1,
  -1,
  2,
  -2,
  7,
  31,
  2147483647,
  -2147483648,
  ...spread(20, () => Math.floor((random() - 0.5) * 2 ** 32)),
]

const operands = (dtype: DType, count: number, domain: Instruction['domain'], turn: number): Memory => {
  const from = dtype === 'bool' ? [0, 1, 1] : dtype === 'i32' ? integers : domains[domain]
  // Every pair of operands meets: the first runs fast, the second slowly.
  const at = (i: number): number => (turn === 0 ? i : Math.floor(i / from.length) * (turn + 1) + i * (turn - 1))
  return arrayOf(dtype, count).map((_, i) => from[at(i) % from.length] as number) as Memory
}

/** Where x < y, x + 1, and −y instead where x < 0 as well; the inner choice is made for the lanes of the outer one. */
const nested: Make = (m, [x, y]) => {
  const [a, b] = [x, y] as [NonNullable<typeof x>, NonNullable<typeof y>]
  const zero = m.lit(0, m.typeOf(a))
  const inner = () => rarely(m, m.lt(a, zero), () => [m.neg(b)], [m.add(a, m.lit(1, m.typeOf(a)))])
  return rarely(m, m.lt(a, b), inner, [a])[0] as NonNullable<typeof x>
}

const row = (
  name: string,
  make: Make,
  ins: readonly DType[],
  out: DType,
  domain: Instruction['domain'] = 'any',
): Instruction => ({ name: `${name} ${ins.join(', ')}`, make, ins, out, domain })

const floats = (['f32', 'f64'] as const).flatMap((t) => [
  ...(['sqrt', 'floor', 'ceil', 'trunc', 'nearest'] as const).map((op) =>
    row(op, (m, [x]) => m[op](x as never), [t], t),
  ),
  ...(['div', 'pmin', 'pmax', 'copysign'] as const).map((op) =>
    row(op, (m, [x, y]) => m[op](x as never, y as never), [t, t], t),
  ),
  row('pow2', (m, [n]) => m.pow2(n as never), [t], t, 'exponents'),
  row('exponent', (m, [x]) => m.exponent(x as never), [t], t, 'normal'),
  row('significand', (m, [x]) => m.significand(x as never), [t], t, 'normal'),
])

const numbers = (['f32', 'f64', 'i32'] as const).flatMap((t) => [
  ...(['neg', 'abs'] as const).map((op) => row(op, (m, [x]) => m[op](x as never), [t], t)),
  ...(['add', 'sub', 'mul', 'min', 'max'] as const).map((op) =>
    row(op, (m, [x, y]) => m[op](x as never, y as never), [t, t], t),
  ),
  ...(['lt', 'le', 'eq'] as const).map((op) => row(op, (m, [x, y]) => m[op](x as never, y as never), [t, t], 'bool')),
  row('select', (m, [c, x, y]) => m.select(c as never, x as never, y as never), ['bool', t, t], t),
  row(
    'rarely',
    (m, [c, x, y]) => rarely(m, c as never, () => [m.add(x as never, m.lit(3, t))], [y as never])[0] as never,
    ['bool', t, t],
    t,
  ),
  row('rarely in rarely', nested, [t, t], t),
  row('lit', (m, [x]) => m.add(x as never, m.lit(-3, t)), [t], t),
])

const words = [
  ...(['bool', 'i32'] as const).flatMap((t) => [
    ...(['and', 'or', 'xor'] as const).map((op) => row(op, (m, [x, y]) => m[op](x as never, y as never), [t, t], t)),
    row('not', (m, [x]) => m.not(x as never), [t], t),
  ]),
  row('select', (m, [c, x, y]) => m.select(c as never, x as never, y as never), ['bool', 'bool', 'bool'], 'bool'),
  ...(['shl', 'shr', 'ushr'] as const).flatMap((op) =>
    [0, 5, 31].map((count) => row(`${op} ${count}`, (m, [x]) => m[op](x as never, count), ['i32'], 'i32')),
  ),
  row('bitcast', (m, [x]) => m.bitcast(x as never, 'i32'), ['f32'], 'i32', 'numbers'),
  row('word high', (m, [x]) => m.word(x as never, 'high'), ['f64'], 'i32', 'numbers'),
  row('word low', (m, [x]) => m.word(x as never, 'low'), ['f64'], 'i32', 'numbers'),
  row('bitcast', (m, [x]) => m.add(m.bitcast(x as never, 'f32'), m.lit(0, 'f32')), ['i32'], 'f32'),
]

const dtypes = ['f32', 'f64', 'i32', 'bool'] as const
const conversions = dtypes.flatMap((from) =>
  dtypes.map((to) => row(`convert to ${to}`, (m, [x]) => m.convert(x as never, to), [from], to)),
)

const instructions: readonly Instruction[] = [...floats, ...numbers, ...words, ...conversions]

/** The only op of each kernel here is its instruction. */
const lower: Lower = (m, op, ins) => (instructions[Number(op)] as Instruction).make(m, ins)

const COUNT = 150

/** An f64 buffer beside the others makes any kernel one of 2 lanes. */
const caseOf = ({ ins, out, domain }: Instruction, number: number, lanes: 2 | 4): LoopCase => {
  const loads = ins.map((dtype, b) => load(dtype, b, [1]))
  const op: Instr = { tag: 'apply', dtype: out, op: String(number) as OpName, params: null, args: ins.map((_, i) => i) }
  const stores = [{ buffer: ins.length, access: access([1]), value: ins.length }]
  const wide = lanes === 2 ? [buffer('f64', 1)] : []
  return {
    kernel: {
      tag: 'loop',
      name: 'instruction',
      outer: [],
      stages: [stage([COUNT], [...loads, op], { stores })],
      order: 'lanes',
      rows: [],
      buffers: [...ins.map((dtype) => buffer(dtype, COUNT)), buffer(out, COUNT, 'write'), ...wide],
    },
    arrays: [
      ...ins.map((dtype, turn) => operands(dtype, COUNT, domain, turn)),
      arrayOf(out, COUNT),
      ...wide.map((b) => arrayOf(b.dtype, 1)),
    ],
  }
}

describe.each([4, 2] as const)('the machine of %i lanes', (lanes) => {
  it('does as the number machine does', async () => {
    const cases = instructions.map((instruction, i) => caseOf(instruction, i, lanes))
    const ran = await runWasm(cases, { lower })
    const wrong = cases.flatMap(({ kernel, arrays }, i) => {
      const want = arrays.map((a) => a.slice())
      runKernel(kernel, want, lower)
      const result = kernel.buffers.findIndex((b) => b.mode === 'write')
      const [w, g] = [want, ran.arrays[i] ?? []].map((all) => bitsOf(all[result] as Memory)) as [string[], string[]]
      const at = w.findIndex((x, e) => x !== g[e])
      const given = arrays.slice(0, result).map((a) => a[at])
      return at < 0 ? [] : [`${instructions[i]?.name} of ${given.join(', ')}: ${g[at]}, not ${w[at]}`]
    })
    expect(wrong).toEqual([])
  })
})

it('shows an instruction that is wrong for one operand', async () => {
  const first = caseOf(instructions[0] as Instruction, 0, 4)
  const { arrays } = await runWasm([first], { lower: (m, _op, [x]) => m.sqrt(m.abs(x as never)) })
  const want = first.arrays.map((a) => a.slice())
  runKernel(first.kernel, want, lower)
  expect(bitsOf(arrays[0]?.[1] as Memory)).not.toEqual(bitsOf(want[1] as Memory))
})
