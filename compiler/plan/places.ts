/**
 * Where a plan puts things. In: a plan. Out: what is wrong with the places of its buffers, ports and constants, whatever the
 * order in which they are used. Invariant: outside of the arena no two areas meet.
 */
import { bytesOf } from '../../src/core/dtype.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Span } from '../kernel/access.ts'
import type { Plan, PlanBuffer, Port, Region } from './plan.ts'

/** What is wrong, by a stable name, and where. */
export interface PlanFault {
  readonly rule:
    | 'placement'
    | 'binding'
    | 'port'
    | 'constant'
    | 'overlap'
    | 'definition'
    | 'clobber'
    | 'alias'
    | 'scratch'
    | 'unwritten'
    | 'parts'
  readonly message: string
}

export type Say = (rule: PlanFault['rule'], message: string) => void

/** Every buffer and scratch area begins at a multiple of this and has as many bytes of memory behind it. */
export const ALIGNMENT = 16

export const sizeInBytes = (b: PlanBuffer): number => b.elements * bytesOf(b.dtype)
export const rangeOf = (b: PlanBuffer): Span => ({ start: b.offset, end: b.offset + sizeInBytes(b) })
export const overlap = (a: Span, b: Span): boolean => a.start < b.end && b.start < a.end
export const named = (plan: Plan, b: number): string => `${plan.buffers[b]?.label ?? '?'} (#${b})`

export const checkPlacement = (plan: Plan, say: Say): void => {
  if (!Number.isSafeInteger(plan.memoryBytes) || plan.memoryBytes < 0)
    say('placement', `memory of ${plan.memoryBytes} bytes`)
  plan.buffers.forEach((b, i) => {
    const here = `${b.region} ${named(plan, i)}`
    if (!Number.isSafeInteger(b.elements) || b.elements < 0) say('placement', `${here}: ${b.elements} elements`)
    // a slice begins where its element does
    if (b.slice !== undefined) return
    if (!Number.isSafeInteger(b.offset) || b.offset < 0 || b.offset % ALIGNMENT !== 0)
      say('placement', `${here}: offset ${b.offset} is no multiple of ${ALIGNMENT}`)
    const end = rangeOf(b).end + ALIGNMENT
    if (end > plan.memoryBytes)
      say('placement', `${here}: ends, with its ${ALIGNMENT} bytes of padding, at ${end} of ${plan.memoryBytes}`)
  })
}

const checkPort = (plan: Plan, port: Port, region: Region | null, where: string, say: Say): void => {
  const b = plan.buffers[port.buffer]
  const here = `${where} ${port.name}`
  if (b === undefined) return say('port', `${here}: there is no buffer ${port.buffer}`)
  if (b.dtype !== port.dtype) say('port', `${here}: is ${port.dtype}, its buffer ${b.dtype}`)
  if (b.elements !== sizeOf(port.shape))
    say('port', `${here}: has ${sizeOf(port.shape)} elements, its buffer ${b.elements}`)
  if (region !== null && b.region !== region) say('port', `${here}: lies in region ${b.region}, not ${region}`)
}

export const checkPorts = (plan: Plan, say: Say): void => {
  for (const p of plan.params) checkPort(plan, p, 'param', 'parameter', say)
  for (const p of plan.states) checkPort(plan, p, 'state', 'state', say)
  for (const e of plan.entries) {
    for (const p of e.inputs) checkPort(plan, p, 'input', `${e.name}: input`, say)
    for (const p of e.outputs) {
      checkPort(plan, p, null, `${e.name}: output`, say)
      if (plan.buffers[p.buffer]?.region === 'arena') say('port', `${e.name}: output ${p.name} lies in the arena`)
    }
  }
}

export const checkConstants = (plan: Plan, say: Say): void => {
  const given = new Map<number, number>()
  for (const c of plan.constants) {
    given.set(c.buffer, (given.get(c.buffer) ?? 0) + 1)
    const b = plan.buffers[c.buffer]
    if (b === undefined || b.region !== 'constant') say('constant', `${named(plan, c.buffer)} is no constant buffer`)
    else if (c.bytes.length !== sizeInBytes(b))
      say('constant', `constant ${named(plan, c.buffer)}: ${c.bytes.length} bytes for ${sizeInBytes(b)}`)
  }
  plan.buffers.forEach((b, i) => {
    if (b.region === 'constant' && b.slice === undefined && given.get(i) !== 1)
      say('constant', `constant ${named(plan, i)} is given ${given.get(i) ?? 0} times`)
  })
}

/** The first buffer of the same area: one that outlives entries may have several names (a parameter and its new value). */
export const areasOf = (plan: Plan): readonly number[] => {
  const first = new Map<string, number>()
  return plan.buffers.map((b, i) => {
    if (b.slice !== undefined) return b.slice.of
    if (b.region === 'arena') return i
    const place = [b.region, b.offset, b.dtype, b.elements].join()
    const area = first.get(place) ?? i
    first.set(place, area)
    return area
  })
}

/** Outside the arena no two areas meet; and the arena keeps off what the user or the runtime has put into memory. */
export const checkRegions = (plan: Plan, areas: readonly number[], say: Say): void => {
  const byStart = plan.buffers
    .map((b, i) => ({ b, i, range: rangeOf(b) }))
    .filter(({ i, range }) => areas[i] === i && range.start < range.end)
    .sort((x, y) => x.range.start - y.range.start)
  byStart.forEach((x, n) => {
    for (let m = n + 1; m < byStart.length; m++) {
      const y = byStart[m]
      if (y === undefined || y.range.start >= x.range.end) break
      const regions = [x.b.region, y.b.region]
      // within the arena, and between it and an entry's outputs, it is a matter of lifetimes: the ledger's
      if (regions.every((r) => r === 'arena' || r === 'output') && regions.includes('arena')) continue
      say('overlap', `${x.b.region} ${named(plan, x.i)} and ${y.b.region} ${named(plan, y.i)} overlap`)
    }
  })
}
