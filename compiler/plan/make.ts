/**
 * Planning: from fused kernels to memory. In: the entries with their kernels, and the scratch a target wants for a kernel.
 * Out: a Plan. Invariant: parameters, states, constants, inputs and outputs have places of their own for ever; everything
 * else shares one arena by lifetime; identical kernels appear once.
 */
import { bytesOf, type DType } from '../../src/core/dtype.ts'
import { InternalError } from '../../src/core/errors.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import type { Elements } from '../../src/ops/leaf.ts'
import { type Cost, costOf } from '../kernel/cost.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Split } from '../kernel/split.ts'
import { rootsOf } from '../program/entry.ts'
import type { Fused } from '../program/fused.ts'
import { leavesOf } from '../program/walk.ts'
import { packArena, paddedBytes } from './arena.ts'
import { type Buffers, type DraftBuffer, type Drafted, draftSteps, type Queued } from './draft.ts'
import { buffersOf, type Plan, type PlanBuffer, type PlanEntry, type PlanStep, type Port, runsOf } from './plan.ts'
import { type Memory, type SharedStep, shareKernels } from './share.ts'

export interface PlanOptions {
  /** Bytes of working memory that the target's own code for a kernel needs. */
  readonly scratchBytes: (kernel: Kernel, split: Split | null) => number
  /** Left out where one thread alone runs the program. */
  readonly threads?: {
    readonly most: number
    /** How a kernel is run in parts, if it is worth it. */
    readonly split: (kernel: Kernel) => Split | null
  }
  /** How often an entry may run in one call; once where it is not named. */
  readonly queue?: Readonly<Record<string, number>> | undefined
}

/** Three words in cache lines of their own, and how far the loops around a kernel have come. */
const controlBytes = (drafts: readonly Drafted[]): number =>
  paddedBytes(3 * 64 + 4 * drafts.reduce((most, { ranges }) => Math.max(most, ranges.length), 0))

const named = (n: Node): string => paramsOf(n, n.op as 'input').name

const bytesIn = (b: DraftBuffer): number => bytesOf(b.dtype) * b.elements

interface Globals extends Memory {
  readonly leaf: Buffers['leaf']
  /** A buffer of the world with room for so many runs, one behind the other: that of the first. */
  readonly port: (one: DraftBuffer, times: number) => number
  readonly leaves: ReadonlyMap<Node, number>
  readonly constants: Plan['constants']
}

/** What the world sees, and constants: one place for all entries. An input has room for as many runs as `runs` tells. */
const makeGlobals = (runs: ReadonlyMap<Node, number>): Globals => {
  const list: DraftBuffer[] = []
  const leaves = new Map<Node, number>()
  const constants: { buffer: number; bytes: Uint8Array }[] = []
  const add = (buffer: DraftBuffer): number => {
    list.push(buffer)
    return list.length - 1
  }
  const port = (one: DraftBuffer, times: number): number => {
    if (times === 1) return add(one)
    const of = add({ ...one, elements: times * one.elements })
    return add({ ...one, slice: { of, start: 0, move: null } })
  }
  const constant = (dtype: DType, data: Elements, label: string): number => {
    const id = add({ dtype, elements: data.length, region: 'constant', label })
    constants.push({ buffer: id, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) })
    return id
  }
  const made = (n: Node): number => {
    if (n.op === 'constant') return constant(n.dtype, paramsOf(n, 'constant').data, 'constant')
    if (n.op !== 'param' && n.op !== 'state' && n.op !== 'input') throw new InternalError(`${n.op} has no memory`)
    return port({ dtype: n.dtype, elements: sizeOf(n.shape), region: n.op, label: named(n) }, runs.get(n) ?? 1)
  }
  const leaf = (n: Node): number => {
    const id = leaves.get(n) ?? made(n)
    leaves.set(n, id)
    return id
  }
  return { list, add, port, leaf, leaves, constant, constants }
}

/** One output buffer for each value that an entry gives, under the names of all results that are it. */
const outputPorts = ({ entry }: Fused, g: Globals, times: number): readonly Port[] => {
  const made = new Map<Node, number>()
  return entry.results.map(({ name, value }) => {
    const elements = sizeOf(value.shape)
    const one: DraftBuffer = { dtype: value.dtype, elements, region: 'output', label: name }
    const buffer = made.get(value) ?? g.port(one, times)
    made.set(value, buffer)
    return { name, dtype: value.dtype, shape: value.shape, buffer }
  })
}

/** For how many runs each input has to have room. */
const runsOfInputs = (entries: readonly Fused[], queue: PlanOptions['queue'] = {}): ReadonlyMap<Node, number> => {
  const runs = new Map<Node, number>()
  for (const { entry } of entries)
    for (const n of leavesOf(rootsOf(entry), 'input')) runs.set(n, Math.max(runs.get(n) ?? 1, queue[entry.name] ?? 1))
  return runs
}

/** The queue of an entry that may run several times in one call. */
const queuedOf = ({ entry }: Fused, outputs: readonly Port[], length: number, g: Globals): Queued | undefined => {
  if (length === 1) return undefined
  const whole = (id: number): number => g.list[id]?.slice?.of ?? id
  return {
    length,
    count: g.add({ dtype: 'i32', elements: 1, region: 'input', label: `runs of ${entry.name}` }),
    inputs: new Map(leavesOf(rootsOf(entry), 'input').map((n) => [n, whole(g.leaf(n))])),
    outputs: outputs.map((o) => whole(o.buffer)),
  }
}

export const makePlan = (entries: readonly Fused[], options: PlanOptions): Plan => {
  const { threads } = options
  const most = threads?.most ?? 1
  const g = makeGlobals(runsOfInputs(entries, options.queue))
  const drafted = entries.map((fused) => {
    const length = options.queue?.[fused.entry.name] ?? 1
    const outputs = outputPorts(fused, g, length)
    const queued = queuedOf(fused, outputs, length, g)
    const targets = outputs.map((o) => o.buffer)
    const draft = draftSteps(fused, targets, g, most, queued)
    // an update's target has a place even where nothing reads it
    for (const u of fused.entry.updates) g.leaf(u.target)
    return { name: fused.entry.name, outputs, draft, checks: fused.entry.checks, queued }
  })

  const shared = shareKernels(
    drafted.map((d) => d.draft.steps),
    g,
  )
  const kernels = shared.kernels.map((kernel) => {
    const split = threads?.split(kernel) ?? null
    const bytes = options.scratchBytes(kernel, split)
    return { cost: costOf(kernel), split, scratch: split === null || bytes === 0 ? bytes : most * paddedBytes(bytes) }
  })

  // ---- places
  const offsets = new Array<number>(g.list.length).fill(-1)
  const control = 64
  const controlled = threads === undefined ? 0 : controlBytes(drafted.map((d) => d.draft))
  let at = control + controlled
  for (const region of ['constant', 'param', 'state', 'input', 'output'] as const)
    for (const [id, d] of g.list.entries())
      if (d.region === region && d.slice === undefined) {
        offsets[id] = at
        at += paddedBytes(bytesIn(d))
      }
  const arenaStart = at
  let arenaBytes = 0
  const finished = drafted.map(({ name, outputs, draft, checks, queued }, e): PlanEntry => {
    const { lives, ranges, placeOf } = draft
    const calls = shared.steps[e] as readonly SharedStep[]
    const scratch = calls.map((s) => kernels[s.kernel]?.scratch ?? 0)
    const scratchLives = scratch.flatMap((bytes, i) => (bytes > 0 ? [{ bytes, from: i, to: i }] : []))
    const packed = packArena([...lives.map((l) => l.life), ...scratchLives])
    for (const [i, l] of lives.entries()) offsets[l.buffer] = arenaStart + (packed.offsets[i] as number)
    arenaBytes = Math.max(arenaBytes, packed.bytes)
    let nextScratch = lives.length
    for (const id of buffersOf({ steps: calls, ranges }))
      if (offsets[id] === -1) offsets[id] = offsets[placeOf(id)] as number
    const costs = calls.map((s, i) => ({ ...(kernels[s.kernel] as { cost: Cost }).cost, trips: runsOf(draft, i) }))
    return {
      name,
      inputs: inputPorts(draft, g),
      outputs,
      steps: draft.steps.map((s, i): PlanStep => {
        const bytes = scratch[i] as number
        return {
          ...(calls[i] as SharedStep),
          scratch: bytes > 0 ? arenaStart + (packed.offsets[nextScratch++] as number) : 0,
          scratchBytes: bytes,
          ...(s.of === undefined ? {} : { of: s.of }),
        }
      }),
      ranges,
      flops: costs.reduce((n, c) => n + c.trips * c.flops, 0),
      traffic: costs.reduce((n, c) => n + c.trips * c.bytes, 0),
      peak: packed.bytes,
      lives: lives.map(({ sharing, life }) => ({ buffers: sharing, from: life.from, to: life.to })),
      ...(checks === undefined ? {} : { checks }),
      ...(queued === undefined ? {} : { queue: { length: queued.length, count: queued.count } }),
    }
  })
  return {
    kernels: shared.kernels,
    buffers: g.list.map((d, i) => finish(d, i, g.list, offsets)),
    params: leafPorts('param', g),
    states: leafPorts('state', g),
    constants: g.constants,
    entries: finished,
    memoryBytes: arenaStart + arenaBytes,
    ...(threads === undefined
      ? {}
      : { threads: { most, splits: kernels.map((k) => k.split), control, controlBytes: controlled } }),
  }
}

/** A buffer at its place; a slice lies in the buffer that it is a part of. */
const finish = (d: DraftBuffer, id: number, list: readonly DraftBuffer[], offsets: readonly number[]): PlanBuffer => {
  const { dtype, elements, region, label } = d
  if (d.slice === undefined) return { dtype, elements, region, label, offset: offsets[id] as number }
  const { of, start, move } = d.slice
  const whole = finish(list[of] as DraftBuffer, of, list, offsets)
  const bytes = bytesIn(d)
  const moves = move === null ? [] : [{ loop: move.loop, advance: move.reverse ? -bytes : bytes }]
  const last = move?.reverse === true ? (move.trips - 1) * bytes : 0
  return {
    dtype,
    elements,
    region,
    label,
    offset: whole.offset + start * bytesOf(dtype) + last,
    slice: { of: whole.slice?.of ?? of, moves: [...(whole.slice?.moves ?? []), ...moves] },
  }
}

const portOf = (n: Node, buffer: number): Port => ({ name: named(n), dtype: n.dtype, shape: n.shape, buffer })

const leafPorts = (op: 'param' | 'state', { leaves }: Globals): readonly Port[] =>
  [...leaves].filter(([n]) => n.op === op).map(([n, id]) => portOf(n, id))

const inputPorts = (draft: Drafted, { leaves, list }: Globals): readonly Port[] => {
  const rootOf = (id: number): number => {
    const of = list[id]?.slice?.of
    return of === undefined ? id : rootOf(of)
  }
  const used = new Set([...buffersOf(draft)].map(rootOf))
  return [...leaves].filter(([n, id]) => n.op === 'input' && used.has(rootOf(id))).map(([n, id]) => portOf(n, id))
}
