/**
 * From a Plan to what its artifact says about itself. In: the plan and how it is emitted. Out: the Manifest.
 * Invariant: what comes out is what the runtime's own reader takes.
 */
import { isLeft } from 'fp-ts/lib/Either.js'
import { decodeManifest, MANIFEST_SCHEMA } from '../src/artifact/manifest.ts'
import type { GradientCertificate, Manifest, ManifestPort, Simd, Target } from '../src/artifact/types.ts'
import { InternalError } from '../src/core/errors.ts'
import type { Plan, Port } from './plan/plan.ts'

/** The version that artifacts carry: that of package.json, which a test holds them to. */
export const COMPILER_VERSION = '0.1.0'

export interface ManifestSettings {
  readonly target: Target
  readonly simd: Simd
  readonly certificate?: GradientCertificate
}

const offsetOf = (plan: Plan, buffer: number): number => {
  const found = plan.buffers[buffer]
  if (found === undefined) throw new InternalError(`a port names buffer ${buffer}, which is not planned`)
  return found.offset
}

const portsOf = (plan: Plan, ports: readonly Port[]): readonly ManifestPort[] =>
  ports.map(({ name, dtype, shape, buffer }) => ({ name, dtype, shape, offset: offsetOf(plan, buffer) }))

export const manifestOf = (plan: Plan, { target, simd, certificate }: ManifestSettings): Manifest => {
  const manifest: Manifest = {
    schema: MANIFEST_SCHEMA,
    compiler: COMPILER_VERSION,
    target,
    // JavaScript has no fused multiply-add: it is always the plain program.
    simd: target === 'wasm' ? simd : 'plain',
    memoryBytes: plan.memoryBytes,
    params: portsOf(plan, plan.params),
    states: portsOf(plan, plan.states),
    entries: plan.entries.map((entry) => ({
      name: entry.name,
      inputs: portsOf(plan, entry.inputs),
      outputs: portsOf(plan, entry.outputs),
      flops: entry.flops,
      bytes: entry.traffic,
      peak: entry.peak,
    })),
    constants: plan.constants.map(({ buffer, bytes }) => ({ offset: offsetOf(plan, buffer), bytes: bytes.length })),
    ...(certificate === undefined ? {} : { certificate }),
  }
  const checked = decodeManifest(manifest, { memoryBytes: 2 ** 32 })
  if (isLeft(checked)) throw new InternalError(`the manifest of a plan is refused: ${checked.left.message}`)
  return manifest
}
