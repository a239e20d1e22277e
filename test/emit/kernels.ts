// Loop kernels to try emitters on. In: extents, dtypes, orders, a seed. Out: cases: a kernel with the arrays it runs on.
// Invariant: the arrays hold ±0, infinities, NaN and subnormals among random numbers, and equal numbers, so that ties,
// signs and the order of a sum all show.

import type { DType } from '../../src/core/dtype.ts'
import type { Combine, OpName } from '../../src/ops/signature.ts'
import type { Access, Instr, KernelBuffer, LoopKernel, Stage } from '../../compiler/kernel/kernel.ts'
import { stage } from '../kernel/build.ts'
import { stream } from '../random.ts'
import { arrayOf, type Memory } from './oracle.ts'

export interface LoopCase {
  readonly kernel: LoopKernel
  readonly arrays: readonly Memory[]
}

const specials = [0, -0, 1, -1, Infinity, -Infinity, Number.NaN, 1e-40, -1e-310, 3e38]

const numberOf = (dtype: DType, random: () => number, special: number): number => {
  if (dtype === 'bool') return random() < 0.5 ? 0 : 1
  if (dtype === 'i32') return random() < 0.1 ? -2147483648 : Math.floor(random() * 9) - 4
  return random() < special ? (specials[Math.floor(random() * specials.length)] as number) : random() * 4 - 2
}

const filled = (dtype: DType, elements: number, random: () => number, special = 0): Memory =>
  arrayOf(dtype, elements).map(() => numberOf(dtype, random, special)) as Memory

export const access = (strides: readonly number[], offset = 0): Access => ({ offset, strides })
export const load = (dtype: DType, buffer: number, strides: readonly number[], offset = 0): Instr => ({
  tag: 'load',
  dtype,
  buffer,
  access: access(strides, offset),
})
export const literal = (dtype: DType, value: number): Instr => ({ tag: 'literal', dtype, value })
export const apply = (dtype: DType, op: OpName, args: readonly number[], params: unknown = null): Instr => ({
  tag: 'apply',
  dtype,
  op,
  params,
  args,
})
const row = (dtype: DType, number: number): Instr => ({ tag: 'row', dtype, row: number })
export const index = (axis: number): Instr => ({ tag: 'index', dtype: 'i32', axis })

export const buffer = (
  dtype: DType,
  elements: number,
  mode: KernelBuffer['mode'] = 'read',
  label = 'x',
): KernelBuffer => ({ dtype, elements, mode, label })

export const loopCase = (
  kernel: Omit<LoopKernel, 'tag' | 'name' | 'rows'> & Partial<Pick<LoopKernel, 'rows' | 'name'>>,
  random: () => number,
  special = 0.1,
): LoopCase => ({
  kernel: { tag: 'loop', name: 'k', rows: [], ...kernel },
  arrays: kernel.buffers.map((b) => filled(b.dtype, b.elements, random, special)),
})

/** y = (x + a) · c, where x moves by `stride`, a by 1 or not at all. */
export const mapCase = (
  dtype: DType,
  n: number,
  stride: number,
  order: LoopKernel['order'],
  seed: number,
): LoopCase => {
  const random = stream(seed)
  const span = Math.max(1, (n - 1) * Math.abs(stride) + 1)
  const body = [
    load(dtype, 0, [stride], stride < 0 ? span - 1 : 0),
    load(dtype, 1, [seed % 2], 1),
    apply(dtype, 'add', [0, 1]),
    literal(dtype, 3),
    apply(dtype, 'mul', [2, 3]),
  ]
  const stores = [{ buffer: 2, access: access([1]), value: 4 }]
  const across = order === 'sequential'
  return loopCase(
    {
      outer: across ? [n] : [],
      stages: [stage(across ? [] : [n], body, { stores })],
      order,
      buffers: [buffer(dtype, span), buffer(dtype, n + 1), buffer(dtype, Math.max(n, 1), 'write')],
    },
    random,
  )
}

/** One reduction of [rows, n] over its rows or over its columns. */
export const reduceCase = (
  dtype: DType,
  combine: Combine,
  order: LoopKernel['order'],
  outer: number,
  n: number,
  special: number,
  seed: number,
): LoopCase => {
  const strides = order === 'lanes' ? [n, 1] : [1, outer]
  const positional = combine === 'argmax' || combine === 'argmin'
  const result: DType = positional ? 'i32' : dtype
  return loopCase(
    {
      outer: [outer],
      stages: [
        stage([n], [load(dtype, 0, strides)], { reductions: [{ row: 0, combine, value: 0 }] }),
        stage([], [row(result, 0)], { stores: [{ buffer: 1, access: access([1]), value: 0 }] }),
      ],
      order,
      rows: [result],
      buffers: [buffer(dtype, outer * n), buffer(result, outer, 'write')],
    },
    stream(seed),
    special,
  )
}

/** softmax of [rows, n]: greatest, exponentials with their sum, quotients in place. Written to y, and the greatest to m. */
export const softmaxCase = (
  dtype: 'f32' | 'f64',
  order: LoopKernel['order'],
  rows: number,
  n: number,
  seed: number,
): LoopCase => {
  const strides = order === 'lanes' ? [n, 1] : [1, rows]
  const stages = [
    stage([n], [load(dtype, 0, strides)], { reductions: [{ row: 0, combine: 'max', value: 0 }] }),
    stage([n], [load(dtype, 0, strides), row(dtype, 0), apply(dtype, 'sub', [0, 1]), apply(dtype, 'exp', [2])], {
      reductions: [{ row: 1, combine: 'sum', value: 3 }],
      stores: [{ buffer: 1, access: access(strides), value: 3 }],
    }),
    stage([], [row(dtype, 1), literal(dtype, 1), apply(dtype, 'div', [1, 0]), row(dtype, 0)], {
      rows: [{ row: 2, value: 2 }],
      stores: [{ buffer: 2, access: access([1]), value: 3 }],
    }),
    stage([n], [load(dtype, 1, strides), row(dtype, 2), apply(dtype, 'mul', [0, 1])], {
      stores: [{ buffer: 1, access: access(strides), value: 2 }],
    }),
  ]
  const buffers = [buffer(dtype, rows * n), buffer(dtype, rows * n, 'write', 'y'), buffer(dtype, rows, 'write', 'm')]
  return loopCase({ outer: [rows], stages, order, rows: [dtype, dtype, dtype], buffers }, stream(seed), 0.01)
}

const pick = <T>(random: () => number, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T

/** A view of a buffer over `extents`: row-major, perhaps with gaps, broadcast dims, or its dims in another order. */
const viewOver = (
  extents: readonly number[],
  random: () => number,
  broadcasts: boolean,
): { readonly access: Access; readonly elements: number } => {
  const axes = extents.map((_, axis) => axis)
  if (random() < 0.3) axes.reverse()
  const strides = extents.map(() => 0)
  const gap = pick(random, [1, 1, 1, 2])
  let step = gap
  for (const axis of axes.reverse()) {
    if (broadcasts && random() < 0.3) continue
    strides[axis] = step
    step *= Math.max(1, extents[axis] as number)
  }
  const offset = pick(random, [0, 0, 1, 5])
  return { access: { offset, strides }, elements: offset + step + 1 }
}

/** A load at a computed place of a buffer of its own; rows may lie backwards, and those of an i32 may be taken as well. */
const gatherFrom = (
  buffers: KernelBuffer[],
  dtype: DType,
  extents: readonly number[],
  which: number,
  random: () => number,
): Instr => {
  const view = viewOver(extents, random, true)
  const extent = pick(random, [1, 2, 3, 7])
  const step = pick(random, [1, view.elements])
  const backwards = random() < 0.3
  buffers.push(buffer(dtype, view.elements + step * (extent - 1), 'read', `b${buffers.length}`))
  const offset = view.access.offset + (backwards ? step * (extent - 1) : 0)
  const stride = backwards ? -step : step
  return {
    tag: 'gather',
    dtype,
    buffer: buffers.length - 1,
    access: { ...view.access, offset },
    index: which,
    stride,
    extent,
  }
}

/** A buffer laid down, then added to where indices say, along any dims, repeated and out of range as they may be. */
export const updateCase = (seed: number): LoopCase => {
  const random = stream(seed)
  const dtype = pick(random, ['f32', 'f32', 'f64', 'i32'] as const)
  const outer = pick(random, [[], [], [3]])
  const dims = Array.from({ length: pick(random, [0, 1, 2, 2, 3]) }, () => pick(random, [1, 2, 3, 4, 5, 8, 17, 21]))
  const extents = [...outer, ...dims]
  const extent = pick(random, [1, 2, 3, 7])
  // the updates of different outer points go to parts of their own
  const inner = viewOver(dims, random, true)
  const step = pick(random, [1, inner.elements])
  const size = inner.elements + step * (extent - 1)
  const lead = outer.map(() => size)
  const points = outer.reduce((n, d) => n * d, size)
  const view = viewOver(extents, random, true)
  const at = viewOver(extents, random, true)
  const buffers: KernelBuffer[] = [
    buffer(dtype, points, 'read', 'before'),
    buffer(dtype, points, 'write', 'sums'),
    buffer(dtype, view.elements, 'read', 'x'),
    buffer('i32', at.elements, 'read', 'at'),
  ]
  const body: Instr[] = [
    { tag: 'load', dtype: 'i32', buffer: 3, access: at.access },
    { tag: 'load', dtype, buffer: 2, access: view.access },
    apply(dtype, 'add', [1, 1]),
  ]
  if (random() < 0.4) {
    body.push(gatherFrom(buffers, dtype, extents, 0, random))
    body.push(apply(dtype, 'mul', [2, 3]))
  }
  const whole = access([...lead, 1])
  const update = {
    buffer: 1,
    access: access([...lead, ...inner.access.strides], inner.access.offset),
    index: 0,
    stride: step,
    extent,
    value: body.length - 1,
    combine: 'sum',
  } as const
  const stages = [
    stage([size], [{ tag: 'load', dtype, buffer: 0, access: whole }], {
      stores: [{ buffer: 1, access: whole, value: 0 }],
    }),
    stage(dims, body, { updates: [update] }),
  ]
  return loopCase({ outer, stages, order: pick(random, ['lanes', 'sequential'] as const), buffers }, random, 0.05)
}

/** Any stages over any outer dims, with mixed dtypes: loads, arithmetic, comparisons, indices, rows, several stores. */
export const anyCase = (seed: number): LoopCase => {
  const random = stream(seed)
  // No more points than the oracle goes through in a moment.
  let points = 1
  const extent = (): number => {
    const n = pick(random, points > 100 ? [1, 2, 3, 5] : [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 21, 33])
    points *= n
    return n
  }
  const outer = Array.from({ length: pick(random, [0, 1, 1, 2]) }, extent)
  const order = pick(random, ['lanes', 'sequential'] as const)
  const float = pick(random, ['f32', 'f32', 'f64'] as const)
  const buffers: KernelBuffer[] = []
  const rows: DType[] = []
  const stages: Stage[] = []
  for (let s = pick(random, [1, 2, 3]); s > 0; s--) {
    points = outer.reduce((n, d) => n * d, 1)
    const dims = Array.from({ length: pick(random, [0, 1, 1, 2]) }, extent)
    const extents = [...outer, ...dims]
    const body: Instr[] = []
    const floats: number[] = []
    const push = (i: Instr): number => {
      body.push(i)
      if (i.dtype === float) floats.push(body.length - 1)
      return body.length - 1
    }
    const open = (dtype: DType, mode: KernelBuffer['mode'], broadcasts: boolean): Access & { buffer: number } => {
      const view = viewOver(extents, random, broadcasts)
      buffers.push(buffer(dtype, view.elements, mode, `b${buffers.length}`))
      return { ...view.access, buffer: buffers.length - 1 }
    }
    const x = open(float, 'read', true)
    push(load(float, x.buffer, x.strides, x.offset))
    const z = open(float, random() < 0.3 ? 'update' : 'read', false)
    push(load(float, z.buffer, z.strides, z.offset))
    if (random() < 0.4) push(literal(float, pick(random, [2, -0, 0.1])))
    rows.forEach((dtype, r) => {
      push(row(dtype, r))
      if (dtype === 'i32') push(apply(float, 'cast', [body.length - 1], { dtype: float }))
    })
    if (extents.length > 0 && random() < 0.4) {
      push(index(Math.floor(random() * extents.length)))
      push(apply(float, 'cast', [body.length - 1], { dtype: float }))
    }
    if (random() < 0.4) {
      const at = open('i32', 'read', true)
      const own = extents.length > 0 && random() < 0.3
      const which = push(
        own ? index(Math.floor(random() * extents.length)) : load('i32', at.buffer, at.strides, at.offset),
      )
      push(gatherFrom(buffers, float, extents, which, random))
    }
    const any = (): number => pick(random, floats)
    for (let i = pick(random, [1, 3, 6]); i > 0; i--) {
      const op = pick(random, ['add', 'mul', 'sub', 'maximum', 'minimum', 'where'] as const)
      if (op === 'where') {
        const condition = push(apply('bool', pick(random, ['less', 'equal', 'notEqual'] as const), [any(), any()]))
        push(apply(float, 'where', [condition, any(), any()]))
      } else push(apply(float, op, [any(), any()]))
    }
    const value = body.length - 1
    const stores: { buffer: number; access: Access; value: number }[] = []
    const store = (dtype: DType, v: number): void => {
      const to = open(dtype, 'write', false)
      stores.push({ buffer: to.buffer, access: { offset: to.offset, strides: to.strides }, value: v })
    }
    if (buffers[z.buffer]?.mode === 'update')
      stores.push({ buffer: z.buffer, access: { offset: z.offset, strides: z.strides }, value })
    if (random() < 0.4) store(float, any())
    if (random() < 0.3) store('bool', push(apply('bool', 'less', [any(), value])))
    if (random() < 0.3) store('i32', push(apply('i32', 'cast', [value], { dtype: 'i32' })))
    const reductions: { row: number; combine: Combine; value: number }[] = []
    const made: { row: number; value: number }[] = []
    if (dims.length === 0) {
      made.push({ row: rows.length, value })
      rows.push(float)
    } else if (random() < 0.6) {
      const combines: readonly Combine[] =
        dims.length === 1 ? ['sum', 'prod', 'max', 'min', 'argmax', 'argmin'] : ['sum', 'max']
      const combine = pick(random, combines)
      reductions.push({ row: rows.length, combine, value })
      rows.push(combine.startsWith('arg') ? 'i32' : float)
    }
    stages.push(stage(dims, body, { stores, reductions, rows: made }))
  }
  return loopCase({ outer, stages, order, rows, buffers }, random, pick(random, [0, 0.05, 0.3]))
}
