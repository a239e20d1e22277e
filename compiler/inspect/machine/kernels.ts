/**
 * The kernels of a program with what they compute. In: a plan and the fused programs that it was made of. Out: text.
 * Invariant: steps come in the order in which they run, with the loops around them; the sums are those of the plan.
 */
import { type Cost, costOf } from '../../kernel/cost.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import { printKernel } from '../../kernel/print.ts'
import { nestSteps, type PlanEntry, type PlanStep } from '../../plan/plan.ts'
import type { Fused } from '../../program/fused.ts'
import { showBytes, showFlops, showIntensity } from '../amounts.ts'
import { layout } from '../layout.ts'
import { costAt } from './cost.ts'
import { type EntryNames, type Machine, namesOf, ownEntries } from './machine.ts'

const indented = (text: string, by: string): string => text.replace(/^(?=.)/gm, by)

/** The loop nest alone: what is read and written stands in the equations. */
const nestLines = (k: Kernel, names: readonly string[]): string =>
  printKernel(k, names)
    .split('\n')
    .slice(1 + k.buffers.length)
    .join('\n')

/** What a step computes, as equations; a copy says what it copies. */
const equationText = ({ plan }: Machine, s: PlanStep, names: EntryNames): string => {
  const reading = s.of === undefined ? undefined : names.readings.get(s.of)
  if (reading !== undefined) return layout(reading.equations)
  const [from, to] = s.bindings.map((b) => names.buffer(b))
  const region = plan.buffers[s.bindings[1] ?? -1]?.region
  return `${to} ← ${from}${region === 'arena' ? '' : `  (${region})`}`
}

const sumOf = (costs: readonly Cost[], of: (c: Cost) => number): number => costs.reduce((n, c) => n + of(c), 0)

/** What it costs; what only moves is not measured by its arithmetic. */
const numbers = ({ flops, bytes }: Cost): string =>
  flops === 0
    ? `${showBytes(bytes)} moved`
    : `${showFlops(flops)} · ${showBytes(bytes)} · ${showIntensity(flops, bytes)} FLOPs a byte`

const entryText = (machine: Machine, e: PlanEntry, fused: Fused): string => {
  const names = namesOf(machine, e, fused)
  let at = 0
  const stepText = (s: PlanStep): string => {
    at++
    // of identical kernels each is shown with its own names
    const kernel = s.of?.kernel ?? (machine.plan.kernels[s.kernel] as Kernel)
    const { flops, bytes } = costOf(kernel)
    const reading = s.of === undefined ? undefined : names.readings.get(s.of)
    return [
      `${at}  ${kernel.name}  ${numbers({ flops, bytes })}`,
      indented(equationText(machine, s, names), '   '),
      ...(reading === undefined ? [] : [indented(nestLines(kernel, reading.names), '     ')]),
    ].join('\n')
  }
  const parts = nestSteps<string>(e, {
    step: stepText,
    loop: ({ trips, from, to }, _, body) => {
      const costs = e.steps.slice(from, to).map((_s, i) => costAt(machine.plan, e, from + i))
      const all = { flops: sumOf(costs, (c) => c.flops), bytes: sumOf(costs, (c) => c.bytes) }
      return `${trips} times, together ${numbers(all)}\n${indented(body.join('\n'), '  ')}`
    },
    while: (_w, _, test, body) =>
      `until done\n${indented(test.join('\n'), '  ')}\nas long as that is true\n${indented(body.join('\n'), '  ')}`,
    choice: (_c, _, arms) => arms.map((arm, k) => `arm ${k}\n${indented(arm.join('\n'), '  ')}`).join('\n'),
  })
  const sum = `${showFlops(e.flops)} · ${showBytes(e.traffic)} moved · ${showIntensity(e.flops, e.traffic)} FLOPs a byte`
  return [`${e.name}: ${e.steps.length} ${e.steps.length === 1 ? 'kernel' : 'kernels'} · ${sum}`, ...parts].join('\n\n')
}

export const kernelsText = (machine: Machine): string =>
  ownEntries(machine)
    .map(([e, f]) => entryText(machine, e, f))
    .join('\n\n')
