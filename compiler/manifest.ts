/**
 * From a Plan to what its artifact says about itself. In: the plan and how it is emitted. Out: the Manifest.
 * Invariant: what comes out is what the runtime's own reader takes.
 */
import { isLeft } from 'fp-ts/lib/Either.js'
import { decodeManifest, MANIFEST_SCHEMA } from '../src/artifact/manifest.ts'
import type { Manifest, ManifestEntry, ManifestPort, Simd, Target } from '../src/artifact/types.ts'
import { InternalError } from '../src/core/errors.ts'
import type { Plan, PlanEntry, Port } from './plan/plan.ts'

/** The version that artifacts carry: that of package.json, which a test holds them to. */
export const COMPILER_VERSION = '0.1.0'

export interface ManifestSettings {
  readonly target: Target
  readonly simd: Simd
}

const offsetOf = (plan: Plan, buffer: number): number => {
  const found = plan.buffers[buffer]
  if (found === undefined) throw new InternalError(`a port names buffer ${buffer}, which is not planned`)
  return found.offset
}

const portsOf = (plan: Plan, ports: readonly Port[]): readonly ManifestPort[] =>
  ports.map(({ name, dtype, shape, buffer }) => ({ name, dtype, shape, offset: offsetOf(plan, buffer) }))

/** What the world sees of an entry: its outputs without the findings of checks, which lie behind them. */
const entryOf = (
  plan: Plan,
  { name, inputs, outputs, flops, traffic, peak, checks = [], queue }: PlanEntry,
): ManifestEntry => {
  const findings = new Set(checks.flatMap((c) => c.results))
  const at = (i: number): number => offsetOf(plan, (outputs[i] as Port).buffer)
  return {
    name,
    inputs: portsOf(plan, inputs),
    outputs: portsOf(
      plan,
      outputs.filter((_, i) => !findings.has(i)),
    ),
    flops,
    bytes: traffic,
    peak,
    ...(queue === undefined ? {} : { queue: { length: queue.length, count: offsetOf(plan, queue.count) } }),
    ...(checks.length === 0 ? {} : { checks: checks.map(({ results, ...c }) => ({ ...c, offsets: results.map(at) })) }),
  }
}

export const manifestOf = (plan: Plan, { target, simd }: ManifestSettings): Manifest => {
  const manifest: Manifest = {
    schema: MANIFEST_SCHEMA,
    compiler: COMPILER_VERSION,
    target,
    // JavaScript has no fused multiply-add: it is always the plain program.
    simd: target === 'wasm' ? simd : 'plain',
    memoryBytes: plan.memoryBytes,
    params: portsOf(plan, plan.params),
    states: portsOf(plan, plan.states),
    entries: plan.entries.map((entry) => entryOf(plan, entry)),
    constants: plan.constants.map(({ buffer, bytes }) => ({ offset: offsetOf(plan, buffer), bytes: bytes.length })),
    ...(plan.threads === undefined ? {} : { threads: { most: plan.threads.most, control: plan.threads.control } }),
  }
  const checked = decodeManifest(manifest, { memoryBytes: 2 ** 32 })
  if (isLeft(checked)) throw new InternalError(`the manifest of a plan is refused: ${checked.left.message}`)
  return manifest
}
