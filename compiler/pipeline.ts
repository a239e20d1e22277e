/**
 * The table of contents: the road of a program through the passes. In: entry programs. Out: a module's bytes with its plan and manifest.
 * Invariant: the only place where data goes from one pass to the next, but for what makes expressions of expressions (derivatives.ts).
 *
 *     expression -> simplify -> grad -> simplify -> sparse -> fuse -> Kernel[] -> remat -> plan -> Plan -> emit -> Artifact
 */
import type { GradientFindings, Manifest, Simd, Target } from '../src/artifact/types.ts'
import { certified } from '../src/artifact/certificate.ts'
import { attachManifest } from '../src/artifact/container.ts'
import type { Node } from '../src/expr/expr.ts'
import { nameOf } from '../src/expr/origin.ts'
import { policyName } from '../src/expr/policy.ts'
import { indexObserver } from './checks/indices.ts'
import { instrument } from './checks/instrument.ts'
import { numberObserver } from './checks/numbers.ts'
import { emitJavaScript } from './emit/javascript/module.ts'
import { emitWasm, emitWasmText } from './emit/wasm/emit.ts'
import { scratchFor, splitFor } from './emit/wasm/split.ts'
import { fuse } from './fuse/fuse.ts'
import { batchRoots } from './grad/vmap.ts'
import { withoutCustom } from './grad/custom.ts'
import { printPlan } from './inspect/plan.ts'
import { print } from './inspect/print.ts'
import { faultsOf } from './kernel/check.ts'
import { printKernel } from './kernel/print.ts'
import { simplifyBodies } from './loops/bodies.ts'
import { optimizeLoops } from './loops/loops.ts'
import { manifestOf } from './manifest.ts'
import { type Pass, runPass, type Watch } from './pass.ts'
import { faultsOfPlan } from './plan/check.ts'
import { makePlan, type PlanOptions } from './plan/make.ts'
import type { Plan } from './plan/plan.ts'
import { type EntryProgram, mapEntry, rootsOf } from './program/entry.ts'
import { type Fused, kernelsOf } from './program/fused.ts'
import { topological } from './program/walk.ts'
import { type BuildUnder, fitLoops, type Policed, tryPolicies } from './remat/loops.ts'
import { openLoops, underPolicies } from './remat/policies.ts'
import { type Builders, costsOf, type EntryCost, type Fitted, fitEntry } from './remat/search.ts'
import { simplify } from './simplify/simplify.ts'
import { keepRows } from './sparse/sparse.ts'
import { retaken } from './derivatives.ts'

export { costsOf, type EntryCost, type Fitted }

export interface Settings {
  readonly target: Target
  readonly simd: Simd
  readonly fastMath: boolean
  readonly debug: boolean
  /** As many as may run the program together; 1: no word of threads anywhere. */
  readonly threads: number
  /** Whether the program looks at its indices and numbers. */
  readonly checks: boolean
  /** How often an entry may run in one call; once where it is not named. */
  readonly queue?: Readonly<Record<string, number>>
  readonly certificate?: GradientFindings
  /** Bytes that the whole program may take: values are computed again until it fits. */
  readonly memory?: number
}

const showEntry = (e: EntryProgram): string =>
  print({ results: Object.fromEntries(e.results.map((r) => [r.name, r.value])), updates: e.updates })

const sizeOfEntry = (e: EntryProgram): string => `${topological(rootsOf(e)).length} nodes`

/** Indices are looked at as the user wrote them: rewriting may stop reading them. `init` is the compiler's own. */
const withIndexChecks = (e: EntryProgram): EntryProgram => (e.name === 'init' ? e : instrument(e, indexObserver()))

/** Numbers are looked at as the program computes them: looking changes none. */
const withNumberChecks = (e: EntryProgram): EntryProgram => (e.name === 'init' ? e : instrument(e, numberObserver()))

const simplifyPass = (fastMath: boolean): Pass<EntryProgram, EntryProgram> => ({
  name: 'simplify',
  run: (e) => {
    const before = rootsOf(e)
    const smaller = (roots: readonly Node[]): readonly Node[] => simplify(roots, { fastMath }).roots
    const small = smaller(withoutCustom(before))
    // what leaves a loop meets what is around it
    const outside = optimizeLoops(small, { simplify: smaller, batch: batchRoots })
    const roots = outside === small ? small : smaller(outside)
    const after = new Map(before.map((n, i) => [n, roots[i] as Node]))
    return mapEntry(e, (n) => after.get(n) as Node)
  },
  show: showEntry,
  size: sizeOfEntry,
})

/** Bodies of loops first, as everywhere; what comes of rows is simplified once more. */
const sparsePass = (fastMath: boolean): Pass<EntryProgram, EntryProgram> => ({
  name: 'sparse',
  run: (e) => {
    const before = rootsOf(e)
    const kept = keepRows(simplifyBodies(before, keepRows))
    if (kept.every((n, i) => n === before[i])) return e
    const { roots } = simplify(kept, { fastMath })
    const after = new Map(before.map((n, i) => [n, roots[i] as Node]))
    return mapEntry(e, (n) => after.get(n) as Node)
  },
  show: showEntry,
  size: sizeOfEntry,
})

const fusePass: Pass<EntryProgram, Fused> = {
  name: 'fuse',
  run: fuse,
  show: (f) =>
    kernelsOf(f)
      .map((k) => printKernel(k.kernel))
      .join('\n'),
  size: (f) => `${kernelsOf(f).length} kernels`,
  faults: (f) =>
    kernelsOf(f).flatMap((k) => faultsOf(k.kernel).map((x) => `${k.kernel.name}: ${x.rule}: ${x.message}`)),
}

/** What the target's own code wants of the plan. */
const planOptions = ({ target, simd, threads, queue }: Settings): PlanOptions => {
  if (target === 'javascript') return { scratchBytes: () => 0, queue }
  const options = { scratchBytes: scratchFor(simd), queue }
  return threads > 1 ? { ...options, threads: { most: threads, split: splitFor(simd, threads) } } : options
}

const planPass = (settings: Settings): Pass<readonly Fused[], Plan> => ({
  name: 'plan',
  run: (entries) => makePlan(entries, planOptions(settings)),
  show: printPlan,
  size: (p) =>
    `${p.kernels.length} different kernels, ${p.entries.reduce((n, e) => n + e.steps.length, 0)} steps, ${p.memoryBytes} bytes`,
  faults: (p) => faultsOfPlan(p).map((f) => `${f.rule}: ${f.message}`),
})

const buildersFor = (settings: Settings): Builders => ({
  fuse,
  plan: (f) => makePlan([f], planOptions(settings)),
})

const simplified = (e: EntryProgram, { fastMath, checks }: Settings, watch: Watch): EntryProgram =>
  runPass(watch, simplifyPass(fastMath), checks ? withIndexChecks(e) : e)

const asKernels = (e: EntryProgram, { fastMath, checks }: Settings, watch: Watch): Fused => {
  const kept = runPass(watch, sparsePass(fastMath), e)
  return runPass(watch, fusePass, checks ? withNumberChecks(kept) : kept)
}

const silent: Watch = { checked: false, dump: () => undefined, wanted: new Set(), note: () => undefined }

/** An entry as kernels, under policies of its loops. */
const buildUnder =
  (e: EntryProgram, settings: Settings): BuildUnder =>
  (policies) =>
    asKernels(simplified(underPolicies(e, policies, retaken), settings, silent), settings, silent)

/** What an entry costs under each policy for the loops that were left without one; nothing where there are none. */
export const policyCosts = (e: EntryProgram, settings: Settings): readonly Policed[] =>
  tryPolicies(openLoops(e, retaken), buildUnder(e, settings), buildersFor(settings))

/** An entry with less memory for its loops: under policies, and then with values computed again; null where it has no such loops. */
const withPolicies = (e: EntryProgram, bytes: number, before: EntryCost, settings: Settings): Refitted | null => {
  const builders = buildersFor(settings)
  const policed = fitLoops(openLoops(e, retaken), bytes, buildUnder(e, settings), builders)
  if (policed === null) return null
  const { policies, fused } = policed
  const fitted = fitEntry(fused, bytes, builders)
  return {
    written: underPolicies(e, policies, retaken),
    fitted: { ...fitted, costs: [before, ...fitted.costs], policies },
  }
}

/** An entry that computes values again until its arena takes so many bytes, or as few as were found. */
export const shrink = (fused: Fused, bytes: number, settings: Settings): Fitted =>
  fitEntry(fused, bytes, buildersFor(settings))

/** An entry as it was written, and how it was made to fit. */
interface Refitted {
  readonly written: EntryProgram
  readonly fitted: Fitted
}

/**
 * Entries whose arenas share `bytes` beside what has a place for ever; those that fit stay as they are. Values are computed again,
 * which changes no bit; where that is not enough, loops keep less, which may add gradients in another order.
 */
const rematPass = (
  settings: Settings,
  bytes: number,
): Pass<readonly (readonly [EntryProgram, Fused])[], readonly Refitted[]> => ({
  name: 'remat',
  run: (entries) =>
    entries.map(([written, fused]) => {
      const fitted = fitEntry(fused, bytes, buildersFor(settings))
      const { before, after } = costsOf(fitted)
      const other = after.peak <= bytes ? null : withPolicies(written, bytes, before, settings)
      return other !== null && costsOf(other.fitted).after.peak < after.peak ? other : { written, fitted }
    }),
  show: (all) =>
    all
      .map(({ fitted: f }) => {
        const { before, after } = costsOf(f)
        const loops = [...f.policies.values()].map((save) => `, a loop saves ${policyName(save)}`)
        const names = [...f.again].map(([n, times]) => `${nameOf(n) ?? n.op}${times === 1 ? '' : ` ${times} times`}`)
        return `${f.fused.entry.name}: arena ${before.peak} to ${after.peak} bytes${loops.join('')}, again ${names.join(', ') || 'nothing'}`
      })
      .join('\n'),
})

/** What all targets share: each entry simplified and as kernels, and the plan. */
export interface Planned {
  /** As they are compiled: loops may have got policies. */
  readonly written: readonly EntryProgram[]
  readonly simplified: readonly EntryProgram[]
  readonly plan: Plan
  readonly fused: readonly Fused[]
  /** The kernels before values were computed again, and what was; where memory was to be kept within bounds. */
  readonly remat?: { readonly before: readonly Fused[]; readonly fitted: readonly Fitted[] }
}

/** The plan; where it takes more memory than there is, that of entries which keep less. */
export const planEntries = (entries: readonly EntryProgram[], settings: Settings, watch: Watch): Planned => {
  const small = entries.map((e) => simplified(e, settings, watch))
  const fused = small.map((e) => asKernels(e, settings, watch))
  const plan = runPass(watch, planPass(settings), fused)
  const { memory } = settings
  if (memory === undefined || plan.memoryBytes <= memory) return { written: entries, simplified: small, plan, fused }
  const fixed = plan.memoryBytes - Math.max(0, ...plan.entries.map((e) => e.peak))
  const pairs = entries.map((e, i) => [e, fused[i] as Fused] as const)
  const refitted = runPass(watch, rematPass(settings, Math.max(0, memory - fixed)), pairs)
  const fitted = refitted.map((r) => r.fitted)
  const smaller = fitted.map((f) => f.fused)
  return {
    written: refitted.map((r) => r.written),
    simplified: refitted.map(({ written }, i) =>
      written === entries[i] ? (small[i] as EntryProgram) : simplified(written, settings, silent),
    ),
    plan: runPass(watch, planPass(settings), smaller),
    fused: smaller,
    remat: { before: fused, fitted },
  }
}

/** What is emitted, as text; above each kernel stand the lines that `notes` has for it. */
export const emitText = (plan: Plan, settings: Settings, notes: readonly (readonly string[])[]): Promise<string> =>
  settings.target === 'javascript'
    ? Promise.resolve(emitJavaScript(plan, { manifest: JSON.stringify(manifestOf(plan, settings)), notes }))
    : emitWasmText(plan, { simd: settings.simd, debug: true }, notes)

export interface Emitted {
  readonly bytes: Uint8Array
  readonly manifest: Manifest
}

/** The artifact's bytes: a Wasm module with its manifest, or the text of an ES module that exports it. */
export const emit = async (plan: Plan, settings: Settings, watch: Watch): Promise<Emitted> => {
  const start = performance.now()
  const plain = manifestOf(plan, settings)
  const code = settings.target === 'javascript' ? null : await emitWasm(plan, settings)
  const file = (manifest: Manifest): Uint8Array =>
    code === null
      ? new TextEncoder().encode(emitJavaScript(plan, { manifest: JSON.stringify(manifest) }))
      : attachManifest(code, manifest)
  const uncertified = file(plain)
  const { certificate } = settings
  const manifest = certificate === undefined ? plain : certified(plain, uncertified, certificate)
  const bytes = certificate === undefined ? uncertified : file(manifest)
  watch.note({ pass: 'emit', milliseconds: performance.now() - start })
  return { bytes, manifest }
}
