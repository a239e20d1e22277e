/**
 * Whether threads may run a plan. In: the plan. Out: what is wrong with how its kernels are cut and with what each thread has
 * of its own. Invariant: nothing is taken from what decided the cuts; every part is asked what it touches.
 */
import { bytesOf } from '../../src/core/dtype.ts'
import { equalSpans, joinSpans, type Span, sizeOfSpans, subtractSpans } from '../kernel/access.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { axesOf, footprintsOfPart, type Split } from '../kernel/split.ts'
import { type Footprint, footprintsOf } from '../kernel/uses.ts'
import { ALIGNMENT, type Say } from './places.ts'
import type { Plan, PlanStep, PlanThreads } from './plan.ts'

const meets = (a: readonly Span[], b: readonly Span[]): boolean => sizeOfSpans(subtractSpans(a, b)) < sizeOfSpans(a)

const checkSplit = (kernel: Kernel, split: Split, say: Say): void => {
  const fault = (message: string): void => say('parts', `${kernel.name}: ${message}`)
  const extent = axesOf(kernel)[split.axis] ?? 0
  const { length, parts } = split
  if (parts < 2 || length < 1 || length * (parts - 1) >= extent || length * parts < extent)
    return fault(`${parts} parts of ${length} do not cut axis ${split.axis} of ${extent}`)
  const footprints = Array.from({ length: parts }, (_, p) => footprintsOfPart(kernel, split, p))
  const whole = footprintsOf(kernel)
  kernel.buffers.forEach(({ mode, label }, b) => {
    if (mode === 'scratch') return
    const each = footprints.map((f) => f[b] as Footprint)
    if (each.every(({ writes }) => writes.length === 0)) return
    const here = `b${b} (${label})`
    const writes = joinSpans(each.flatMap((f) => f.writes))
    if (!equalSpans(writes, (whole[b] as Footprint).writes)) fault(`its parts do not write what it writes to ${here}`)
    if (each.reduce((n, f) => n + sizeOfSpans(f.writes), 0) !== sizeOfSpans(writes))
      fault(`two of its parts write the same element of ${here}`)
    each.forEach(({ reads }, p) => {
      const others = joinSpans(each.flatMap((f, q) => (q === p ? [] : f.writes)))
      if (meets(reads, others)) fault(`part ${p} reads what another part writes of ${here}`)
    })
  })
}

/** Two slots in one memory: what a part writes through the one, no other part reads or writes through the other. */
const checkShared = (plan: Plan, step: PlanStep, split: Split, where: string, say: Say): void => {
  const kernel = plan.kernels[step.kernel] as Kernel
  const areas = step.bindings.map((id) => plan.buffers[id])
  const pairs = areas.flatMap((a, i) =>
    areas.flatMap((b, j) => (i < j && a !== undefined && a.offset === b?.offset ? [[i, j] as const] : [])),
  )
  const risky = pairs.filter((pair) => pair.some((i) => kernel.buffers[i]?.mode !== 'read'))
  if (risky.length === 0) return
  const footprints = Array.from({ length: split.parts }, (_, p) => footprintsOfPart(kernel, split, p))
  const touched = (p: number, slot: number): readonly Span[] => {
    const found = footprints[p]?.[slot]
    return joinSpans([...(found?.reads ?? []), ...(found?.writes ?? [])])
  }
  for (const [i, j] of risky)
    for (let p = 0; p < split.parts; p++)
      for (let q = p + 1; q < split.parts; q++)
        if (meets(touched(p, i), touched(q, j)) || meets(touched(q, i), touched(p, j)))
          return say(
            'parts',
            `${where}: parts ${p} and ${q} of ${kernel.name} meet in b${i} and b${j}, which are one memory`,
          )
}

const checkOwn = (plan: Plan, { most }: PlanThreads, step: PlanStep, where: string, say: Say): void => {
  const kernel = plan.kernels[step.kernel] as Kernel
  if (step.scratchBytes % (most * ALIGNMENT) !== 0)
    say('parts', `${where}: scratch of ${step.scratchBytes} bytes is not that of ${most} threads`)
  if (kernel.tag === 'contraction') return
  kernel.buffers.forEach((slot, i) => {
    const buffer = plan.buffers[step.bindings[i] as number]
    if (slot.mode !== 'scratch' || buffer === undefined) return
    const each = buffer.elements / most
    if (each < slot.elements || (each * bytesOf(buffer.dtype)) % ALIGNMENT !== 0)
      say('parts', `${where}: b${i} (${slot.label}) has ${buffer.elements} elements for ${most} threads`)
  })
}

export const checkThreads = (plan: Plan, say: Say): void => {
  const { threads } = plan
  if (threads === undefined) return
  plan.kernels.forEach((kernel, k) => {
    const split = threads.splits[k] ?? null
    if (split !== null) checkSplit(kernel, split, say)
  })
  const { control, controlBytes } = threads
  const first = plan.buffers.reduce((least, b) => Math.min(least, b.offset), plan.memoryBytes)
  if (control % 64 !== 0 || control + controlBytes > first)
    say('parts', `the control area of ${controlBytes} bytes at ${control} meets memory that is used from ${first} on`)
  for (const e of plan.entries)
    e.steps.forEach((step, at) => {
      const split = threads.splits[step.kernel] ?? null
      if (split === null) return
      const where = `${e.name}, step ${at}`
      checkOwn(plan, threads, step, where, say)
      checkShared(plan, step, split, where, say)
    })
}
