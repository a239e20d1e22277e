// A fresh process that times a workload's step kernel by kernel. Comes in: the workload's name, a variant, the number of
// rounds; goes out: a Profile. The step's module gets an entry for each of its kernels, which runs that kernel alone, as
// often as the step does and at the same places; a round runs the step and then these entries in the step's order, so that a
// kernel finds in the caches about what it finds there in a step. In a loop that is not quite so: what its kernels hand to each
// other trip by trip is handed over whole. The learning rate is 0, for kernels repeated by themselves are no training.

import { isLeft } from 'fp-ts/lib/Either.js'
import { compileWhole } from '../../compiler/compile.ts'
import { emitWasm } from '../../compiler/emit/wasm/emit.ts'
import { costOf } from '../../compiler/kernel/cost.ts'
import type { Kernel } from '../../compiler/kernel/kernel.ts'
import type { PlanEntry, PlanRange } from '../../compiler/plan/plan.ts'
import { tell } from '../figures/clock.ts'
import { median } from '../measure.ts'
import { heldModels, isHeld } from '../nabla/held.ts'
import { placeFirst } from '../nabla/place.ts'
import { ceiling } from '../peak.ts'
import type { KernelFigure, Profile } from './figures.ts'

// A sample is at least this long, so that reading the clock does not show in it.
const sampleMilliseconds = 0.25
const warmMilliseconds = 1500

const [, , workload = '', variant = 'plain', rounds = '7'] = process.argv
if (!isHeld(workload) || (variant !== 'plain' && variant !== 'relaxed')) throw new Error(`no ${workload} ${variant}`)
const { training, entries } = heldModels[workload]
const compiled = await compileWhole(entries(), { simd: variant })
if (isLeft(compiled)) throw new Error(compiled.left.message)
const { plan, manifest } = compiled.right
const step = plan.entries.find(({ name }) => name === 'step')
if (step === undefined) throw new Error('there is no entry step')

const isAround = (r: PlanRange, at: number): boolean => r.tag === 'loop' && r.from <= at && at < r.to

/** One kernel of the step in the loops around it; of a choice every arm runs, and a loop with a condition once. */
const alone = (at: number): PlanEntry => ({
  ...step,
  name: `kernel ${at}`,
  steps: step.steps.slice(at, at + 1),
  ranges: step.ranges.map((r) => ({
    tag: 'loop',
    from: 0,
    to: isAround(r, at) ? 1 : 0,
    trips: r.tag === 'loop' ? r.trips : 1,
  })),
})

const singles = step.steps.map((_, at) => alone(at))
const bytes = await emitWasm({ ...plan, entries: [step, ...singles] }, { simd: variant })
const { instance } = await WebAssembly.instantiate(bytes as BufferSource)
const { memory } = instance.exports as { readonly memory: WebAssembly.Memory }
const given = training()
placeFirst(memory, manifest, { ...given, optimizer: { ...given.optimizer, learningRate: 0 } } as typeof given)

const entryOf = ({ name }: PlanEntry): (() => void) => instance.exports[name] as () => void
const whole = entryOf(step)
const kernels = singles.map(entryOf)

const timed = (run: () => void, times: number): number => {
  const start = performance.now()
  for (let time = 0; time < times; time += 1) run()
  return (performance.now() - start) / times
}

const [arithmetic, copy] = [ceiling('peak', variant), ceiling('bandwidth', variant)]
if (arithmetic === undefined || copy === undefined) throw new Error(`this engine has no ${variant} SIMD`)
const peakRuns = 20

type Round = {
  readonly warm: number
  readonly whole: number
  readonly kernels: readonly number[]
  readonly peak: number
  readonly bandwidth: number
}

// The copy has swept the caches, so the step is run before it is timed.
const round = (times: number): Round => ({
  warm: timed(whole, 1),
  whole: timed(whole, times),
  kernels: kernels.map((run) => timed(run, times)),
  peak: timed(() => void arithmetic.run(1), peakRuns),
  bandwidth: timed(() => void copy.run(1), 1),
})

const warm = performance.now()
let once = round(1)
while (performance.now() - warm < warmMilliseconds) once = round(1)
const times = Math.max(1, Math.ceil(sampleMilliseconds / once.whole))
const taken = Array.from({ length: Number(rounds) }, () => round(times))
const middle = (of: (r: Round) => number): number => median(taken.map(of))

const extentsOf = (k: Kernel): string => {
  if (k.tag === 'sort') return `${k.rows} x ${k.length}`
  const extents = (dims: readonly number[]): string => `[${dims.join()}]`
  return k.tag === 'contraction'
    ? `${k.batch.length === 0 ? '' : extents(k.batch)}${k.m}x${k.k}x${k.n}`
    : `${k.outer.length === 0 ? '' : `${extents(k.outer)} `}${k.stages.map((s) => extents(s.dims)).join('')}`
}

const figures = step.steps.map((s, at): KernelFigure => {
  const kernel = plan.kernels[s.kernel] as Kernel
  const trips = step.ranges.reduce((n, r) => (r.tag === 'loop' && isAround(r, at) ? n * r.trips : n), 1)
  const cost = costOf(kernel)
  return {
    at,
    name: kernel.name,
    extents: extentsOf(kernel),
    trips,
    milliseconds: middle((r) => r.kernels[at] ?? Number.NaN),
    flops: trips * cost.flops,
    bytes: trips * cost.bytes,
    isProduct: kernel.tag === 'contraction',
  }
})

tell({
  workload,
  variant,
  milliseconds: middle((r) => r.whole),
  kernels: figures,
  peak: arithmetic.work / middle((r) => r.peak) / 1e6,
  bandwidth: copy.work / middle((r) => r.bandwidth) / 1e6,
} satisfies Profile)
