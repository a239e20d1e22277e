/**
 * Planning: from fused kernels to memory. In: the entries with their kernels, and the scratch a target wants for a kernel.
 * Out: a Plan. Invariant: parameters, states, constants, inputs and outputs have places of their own for ever; everything
 * else shares one arena by lifetime; identical kernels appear once.
 */
import { type DType, bytesOf } from '../../src/core/dtype.ts'
import { InternalError } from '../../src/core/errors.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { costOf } from '../kernel/cost.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { EntryProgram } from '../program/entry.ts'
import type { FusedKernel, FusedProgram } from '../program/fused.ts'
import { mayAlias } from './alias.ts'
import { type Lifetime, packArena, paddedBytes } from './arena.ts'
import { copyKernel } from './copy.ts'
import type { Plan, PlanBuffer, PlanEntry, PlanStep, Port, Region } from './plan.ts'
import { schedule } from './schedule.ts'

export interface PlannedEntry {
  readonly entry: EntryProgram
  readonly program: FusedProgram
}

export interface PlanOptions {
  /** Bytes of working memory that the target's own code for a kernel needs. */
  readonly scratchBytes: (kernel: Kernel) => number
}

/** A buffer before it has an offset. */
interface Draft {
  readonly dtype: DType
  readonly elements: number
  readonly region: Region
  readonly label: string
}

/** One step before its buffers have places. */
interface DraftStep {
  readonly kernel: Kernel
  readonly bindings: readonly number[]
}

/** Everything that decides what a kernel computes: names and labels do not. */
const kernelKey = (k: Kernel): string =>
  JSON.stringify(k, (key, v: unknown) => {
    if (key === 'name' || key === 'label') return undefined
    return typeof v === 'number' && (!Number.isFinite(v) || Object.is(v, -0)) ? `#${Object.is(v, -0) ? '-0' : v}` : v
  })

const named = (n: Node): string => paramsOf(n, n.op as 'input').name

const elementBytes = (data: Float32Array | Float64Array | Int32Array): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

export const makePlan = (entries: readonly PlannedEntry[], options: PlanOptions): Plan => {
  const drafts: Draft[] = []
  const kernels: Kernel[] = []
  const kernelIds = new Map<string, number>()
  const add = (dtype: DType, elements: number, region: Region, label: string): number => {
    drafts.push({ dtype, elements, region, label })
    return drafts.length - 1
  }
  const kernelId = (k: Kernel): number => {
    const key = kernelKey(k)
    const known = kernelIds.get(key)
    if (known !== undefined) return known
    kernels.push(k)
    kernelIds.set(key, kernels.length - 1)
    return kernels.length - 1
  }

  // ---- what the world sees, and constants: one place for all entries
  const global = new Map<Node, number>()
  const constants: { buffer: number; bytes: Uint8Array }[] = []
  const leaf = (n: Node): number => {
    const known = global.get(n)
    if (known !== undefined) return known
    if (n.op === 'constant') {
      const id = add(n.dtype, sizeOf(n.shape), 'constant', 'constant')
      constants.push({ buffer: id, bytes: elementBytes(paramsOf(n, 'constant').data) })
      global.set(n, id)
      return id
    }
    if (n.op !== 'param' && n.op !== 'state' && n.op !== 'input') throw new InternalError(`${n.op} has no memory`)
    const id = add(n.dtype, sizeOf(n.shape), n.op, named(n))
    global.set(n, id)
    return id
  }

  // ---- each entry: its steps over buffers
  const lives: { readonly buffer: number; readonly entry: number; life: Lifetime }[] = []
  const planned = entries.map(({ entry, program }, e) => {
    const { order, inPlace } = schedule(program.kernels, entry.updates)
    const own = new Map<Node, number>()
    for (const u of entry.updates) if (inPlace.has(u)) own.set(u.value, leaf(u.target))
    const outputs = entry.results.map((r): Port & { readonly copyOf: Node | null } => {
      const taken = own.get(r.value)
      const taking = taken === undefined || drafts[taken]?.region !== 'output'
      const id = taking ? add(r.value.dtype, sizeOf(r.value.shape), 'output', r.name) : taken
      const isUpdate = taken !== undefined && taking
      if (taken === undefined) own.set(r.value, id)
      return { name: r.name, dtype: r.value.dtype, shape: r.value.shape, buffer: id, copyOf: isUpdate ? r.value : null }
    })
    const steps: DraftStep[] = []
    const reused = new Map<number, number>()
    const lastRead = new Map<Node, number>()
    for (const [i, k] of order.entries()) for (const s of k.slots) if (s.role === 'read') lastRead.set(s.node, i)

    const copies = [
      ...outputs.flatMap((o) => (o.copyOf === null ? [] : [{ from: o.copyOf, to: o.buffer }])),
      ...entry.updates.flatMap((u) => (inPlace.has(u) ? [] : [{ from: u.value, to: leaf(u.target) }])),
    ]
    for (const c of copies) lastRead.set(c.from, order.length)

    const writeBuffer = (k: FusedKernel, slot: number, at: number): number => {
      const n = (k.slots[slot] as FusedKernel['slots'][number]).node
      const known = own.get(n)
      if (known !== undefined) return known
      const id = add(n.dtype, sizeOf(n.shape), 'arena', labelOf(k, slot))
      own.set(n, id)
      // lie where an operand lay that nobody reads again
      for (const [r, s] of k.slots.entries()) {
        const old = own.get(s.node)
        if (s.role !== 'read' || old === undefined || reused.has(old) || lastRead.get(s.node) !== at) continue
        const draft = drafts[old] as Draft
        if (draft.region !== 'arena' || bytesOf(draft.dtype) * draft.elements !== bytesOf(n.dtype) * sizeOf(n.shape))
          continue
        if (!mayAlias(k.kernel, r, slot)) continue
        reused.set(old, id)
        break
      }
      return id
    }

    for (const [at, k] of order.entries()) {
      const bindings = k.slots.map((s, slot) => {
        if (s.role === 'write') return writeBuffer(k, slot, at)
        if (s.role === 'scratch') {
          const b = k.kernel.buffers[slot] as Kernel['buffers'][number]
          const id = add(b.dtype, b.elements, 'arena', `${b.label} (scratch)`)
          lives.push({ buffer: id, entry: e, life: { bytes: bytesOf(b.dtype) * b.elements, from: at, to: at } })
          return id
        }
        return own.get(s.node) ?? leaf(s.node)
      })
      steps.push({ kernel: k.kernel, bindings })
    }
    for (const c of copies) {
      const from = own.get(c.from) as number
      const { dtype, elements, label } = drafts[c.to] as Draft
      steps.push({ kernel: copyKernel(dtype, elements, label), bindings: [from, c.to] })
    }

    // ---- lifetimes of arena buffers, chains of reuse as one
    const spans = new Map<number, { from: number; to: number }>()
    for (const [at, s] of steps.entries())
      for (const id of s.bindings) {
        const span = spans.get(id)
        if (span === undefined) spans.set(id, { from: at, to: at })
        else span.to = at
      }
    const owner = new Map<number, number>()
    const rootOf = (id: number): number => {
      let r = id
      while (owner.has(r)) r = owner.get(r) as number
      return r
    }
    for (const [old, next] of reused) owner.set(next, old)
    const scratchIds = new Set(lives.map((l) => l.buffer))
    const chains = new Map<number, { from: number; to: number }>()
    for (const [id, span] of spans) {
      if ((drafts[id] as Draft).region !== 'arena' || scratchIds.has(id)) continue
      const root = rootOf(id)
      const chain = chains.get(root)
      if (chain === undefined) chains.set(root, { ...span })
      else {
        chain.from = Math.min(chain.from, span.from)
        chain.to = Math.max(chain.to, span.to)
      }
    }
    for (const [root, span] of chains) {
      const d = drafts[root] as Draft
      lives.push({ buffer: root, entry: e, life: { bytes: bytesOf(d.dtype) * d.elements, ...span } })
    }
    return { entry, steps, outputs, rootOf, reads: [...new Set(order.flatMap((k) => k.slots))] }
  })

  // every update's target has a place even if nothing reads it
  for (const { entry } of entries) for (const u of entry.updates) leaf(u.target)

  // ---- places
  const offsets = new Array<number>(drafts.length).fill(-1)
  let at = 64
  for (const region of ['constant', 'param', 'state', 'input', 'output'] as const)
    for (const [id, d] of drafts.entries())
      if (d.region === region) {
        offsets[id] = at
        at += paddedBytes(bytesOf(d.dtype) * d.elements)
      }
  const arenaStart = at
  let arenaBytes = 0
  const finished = planned.map(({ entry, steps, outputs, rootOf }, e): PlanEntry => {
    const mine = lives.filter((l) => l.entry === e)
    const scratch = steps.map((s) => options.scratchBytes(s.kernel))
    const scratchLives = scratch.flatMap((bytes, i) => (bytes > 0 ? [{ bytes, from: i, to: i }] : []))
    const packed = packArena([...mine.map((l) => l.life), ...scratchLives])
    for (const [i, l] of mine.entries()) offsets[l.buffer] = arenaStart + (packed.offsets[i] as number)
    arenaBytes = Math.max(arenaBytes, packed.bytes)
    let nextScratch = mine.length
    const planSteps = steps.map((s, i): PlanStep => {
      const bytes = scratch[i] as number
      return {
        kernel: kernelId(s.kernel),
        bindings: s.bindings,
        scratch: bytes > 0 ? arenaStart + (packed.offsets[nextScratch++] as number) : 0,
        scratchBytes: bytes,
      }
    })
    for (const s of steps)
      for (const id of s.bindings) if (offsets[id] === -1) offsets[id] = offsets[rootOf(id)] as number
    const costs = steps.map((s) => costOf(s.kernel))
    return {
      name: entry.name,
      inputs: inputPorts(steps, drafts, global),
      outputs: outputs.map(({ name, dtype, shape, buffer }) => ({ name, dtype, shape, buffer })),
      steps: planSteps,
      flops: costs.reduce((n, c) => n + c.flops, 0),
      traffic: costs.reduce((n, c) => n + c.bytes, 0),
      peak: packed.bytes,
    }
  })
  return {
    kernels,
    buffers: drafts.map((d, i): PlanBuffer => ({ ...d, offset: offsets[i] as number })),
    params: leafPorts('param', global),
    states: leafPorts('state', global),
    constants,
    entries: finished,
    memoryBytes: arenaStart + arenaBytes,
  }
}

const labelOf = (k: FusedKernel, slot: number): string => (k.kernel.buffers[slot] as Kernel['buffers'][number]).label

const portOf = (n: Node, buffer: number): Port => ({ name: named(n), dtype: n.dtype, shape: n.shape, buffer })

const leafPorts = (op: 'param' | 'state', global: ReadonlyMap<Node, number>): readonly Port[] =>
  [...global].filter(([n]) => n.op === op).map(([n, id]) => portOf(n, id))

const inputPorts = (
  steps: readonly DraftStep[],
  drafts: readonly Draft[],
  global: ReadonlyMap<Node, number>,
): readonly Port[] => {
  const used = new Set(steps.flatMap((s) => s.bindings).filter((id) => (drafts[id] as Draft).region === 'input'))
  return [...global].filter(([, id]) => used.has(id)).map(([n, id]) => portOf(n, id))
}
