/**
 * A Plan as text. In: the plan. Out: its memory, and for each entry the kernels in order with what they read and write.
 * Invariant: every buffer and every step of the plan is shown, in the plan's own order.
 */
import { showShape } from '../../src/core/shape.ts'
import type { Plan, PlanBuffer, PlanStep, Port } from '../plan/plan.ts'

const place = (b: PlanBuffer): string => `${b.region} @${b.offset}`

const bufferLine = (b: PlanBuffer, i: number): string =>
  `  b${i} ${b.dtype}[${b.elements}] ${place(b)} ${b.label}`.trimEnd()

const portList = (title: string, ports: readonly Port[]): readonly string[] =>
  ports.length === 0
    ? []
    : [`  ${title} ${ports.map((p) => `${p.name} ${p.dtype}${showShape(p.shape)} b${p.buffer}`).join(', ')}`]

const stepLine = (plan: Plan, s: PlanStep): string => {
  const kernel = plan.kernels[s.kernel]
  const bound = s.bindings.map((b, i) => `${kernel?.buffers[i]?.mode ?? '?'} b${b}`).join(', ')
  const scratch = s.scratchBytes > 0 ? `, ${s.scratchBytes} bytes of scratch @${s.scratch}` : ''
  const split = plan.threads?.splits[s.kernel] ?? null
  const parts = split === null ? '' : `, in ${split.parts} parts of ${split.length} along axis ${split.axis}`
  return `  ${kernel?.name ?? `kernel ${s.kernel}`}: ${bound}${scratch}${parts}`
}

export const printPlan = (plan: Plan): string =>
  [
    `memory ${plan.memoryBytes} bytes${plan.threads === undefined ? '' : `, for up to ${plan.threads.most} threads`}`,
    ...plan.buffers.map(bufferLine),
    ...portList('parameters', plan.params),
    ...portList('states', plan.states),
    ...plan.entries.flatMap((e) => [
      `entry ${e.name}: ${e.steps.length} kernels, ${e.flops} FLOPs, ${e.traffic} bytes moved, arena peak ${e.peak} bytes`,
      ...portList('inputs', e.inputs),
      ...portList('outputs', e.outputs),
      ...e.steps.map((s) => stepLine(plan, s)),
    ]),
  ].join('\n')
