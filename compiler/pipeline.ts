/**
 * The table of contents: every road through the passes. In: entry programs. Out: a module's bytes with its plan and manifest.
 * Invariant: the only place where data goes from one pass to the next.
 *
 *     expression -> simplify -> grad -> simplify -> sparse -> fuse -> Kernel[] -> remat -> plan -> Plan -> emit -> Artifact
 */
import type { GradientFindings, Manifest, Simd, Target } from '../src/artifact/types.ts'
import { certified } from '../src/artifact/certificate.ts'
import { attachManifest } from '../src/artifact/container.ts'
import type { Node } from '../src/expr/expr.ts'
import { graph as b, isRecording } from '../src/expr/node.ts'
import { nameOf } from '../src/expr/origin.ts'
import { policyName } from '../src/expr/policy.ts'
import { dependentOn, freshBound, substitute } from '../src/expr/scan.ts'
import { indexObserver } from './checks/indices.ts'
import { instrument } from './checks/instrument.ts'
import { numberObserver } from './checks/numbers.ts'
import { emitJavaScript } from './emit/javascript/module.ts'
import { emitWasm, emitWasmText } from './emit/wasm/emit.ts'
import { scratchFor, splitFor } from './emit/wasm/split.ts'
import { fuse } from './fuse/fuse.ts'
import { batchRoots } from './grad/vmap.ts'
import { withoutCustom } from './grad/custom.ts'
import { pull } from './grad/vjp.ts'
import { push } from './grad/jvp.ts'
import { printPlan } from './inspect/plan.ts'
import { print } from './inspect/print.ts'
import { faultsOf } from './kernel/check.ts'
import { printKernel } from './kernel/print.ts'
import { behindLoops } from './loops/behind.ts'
import { simplifyBodies } from './loops/bodies.ts'
import { optimizeLoops } from './loops/loops.ts'
import { manifestOf } from './manifest.ts'
import { type Pass, runPass, type Watch } from './pass.ts'
import { faultsOfPlan } from './plan/check.ts'
import { makePlan, type PlanOptions } from './plan/make.ts'
import type { Plan } from './plan/plan.ts'
import type { Batch } from './program/batch.ts'
import { type EntryProgram, mapEntry, rootsOf } from './program/entry.ts'
import { type Fused, kernelsOf } from './program/fused.ts'
import { topological } from './program/walk.ts'
import { type BuildUnder, fitLoops, type Policed, tryPolicies } from './remat/loops.ts'
import { type Derivatives, openLoops, type Taken, underPolicies } from './remat/policies.ts'
import { type Builders, costsOf, type EntryCost, type Fitted, fitEntry } from './remat/search.ts'
import { lawOf } from './simplify/law.ts'
import { replaySteps, type Step, stepOf } from './simplify/replay.ts'
import { type Fired, simplify } from './simplify/simplify.ts'
import { keepRows } from './sparse/sparse.ts'

export { costsOf, type EntryCost, type Fired, type Fitted, lawOf, replaySteps, type Step, stepOf }

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

// ---- expressions to expressions

/** Simplified roots, and the rules that fired, in order. */
export const simplifyRoots = (
  roots: readonly Node[],
  fastMath = false,
): { readonly roots: readonly Node[]; readonly fired: readonly Fired[] } => simplify(roots, { fastMath })

const once = (roots: readonly Node[]): readonly Node[] => simplifyRoots(roots).roots

/** Simplified roots whose loops hold simplified functions, of what every step is needed for. */
const stableForms = (roots: readonly Node[]): readonly Node[] => {
  const simplified = simplifyBodies(once(roots), once)
  const behind = behindLoops(simplified)
  return behind.every((r, i) => r === simplified[i]) ? simplified : simplifyBodies(once(behind), once)
}

/** One program simplified, from its first form to its last. */
export interface Derivation {
  /** What a loop makes first, where the program is the body of a loop. */
  readonly loop?: string
  readonly before: readonly Node[]
  readonly after: readonly Node[]
  readonly fired: readonly Fired[]
}

/** How roots are simplified, and the bodies of the loops among them that change, inner loops first. */
export const derivationsOf = (roots: readonly Node[], fastMath: boolean): readonly Derivation[] => {
  const whole = simplifyRoots(roots, fastMath)
  const found: Derivation[] = [{ before: roots, after: whole.roots, fired: whole.fired }]
  simplifyBodies(whole.roots, (body) => {
    const { roots: after, fired } = simplifyRoots(body, fastMath)
    if (fired.length === 0) return after
    const made = after.find((r) => nameOf(r) !== undefined)
    found.push({
      loop: (made === undefined ? undefined : nameOf(made)) ?? `${found.length}`,
      before: body,
      after,
      fired,
    })
    return after
  })
  return found
}

/** Whether one of them is made of another. */
const isChained = (nodes: readonly Node[]): boolean => {
  const made = nodes.filter((n) => n.ins.length > 0)
  const operands = made.flatMap((n) => n.ins)
  const dependent = dependentOn(nodes, operands)
  return operands.some((n) => dependent.has(n))
}

/**
 * Cotangents of `wrt`, simplified; null where the output does not depend on one. The output is simplified first, with the
 * variables held as they are, so that naive text has the derivative of the stable one; where one variable is made of
 * another, rewriting could lose it, and the output is taken as it stands.
 */
export const differentiate = (output: Node, cotangent: Node, wrt: readonly Node[]): readonly (Node | null)[] => {
  const known = cotangents.get(output) ?? new Map<string, readonly (Node | null)[]>()
  cotangents.set(output, known)
  const key = [cotangent, ...wrt].map((n) => n.id).join()
  const found = (isRecording() ? undefined : known.get(key)) ?? differentiated(output, cotangent, wrt)
  known.set(key, found)
  for (const [index, ct] of found.entries())
    if (ct !== null && !derivatives.has(ct)) derivatives.set(ct, { output, cotangent, wrt, index })
  return found
}

/** What has been differentiated: a loop's derivative asked for twice is one loop. */
const cotangents = new WeakMap<Node, Map<string, readonly (Node | null)[]>>()

/** What each derivative was taken of: where a loop gets another policy, it is taken anew. */
const derivatives = new WeakMap<Node, Taken>()

const retaken: Derivatives = {
  takenOf: (n) => derivatives.get(n),
  differentiate: (y, ct, xs) => differentiate(y, ct, xs),
}

interface Held {
  /** What stands for each node that is no leaf. */
  readonly stands: ReadonlyMap<Node, Node>
  readonly back: ReadonlyMap<Node, Node>
}

/** Nodes held as they are while what is made of them is rewritten; null where one is made of another, and rewriting could lose it. */
const heldApart = (nodes: readonly Node[]): Held | null => {
  if (isChained(nodes)) return null
  const stands = new Map(nodes.flatMap((n) => (n.ins.length === 0 ? [] : [[n, freshBound(n)] as const])))
  return { stands, back: new Map([...stands].map(([n, stand]) => [stand, n] as const)) }
}

const differentiated = (output: Node, cotangent: Node, wrt: readonly Node[]): readonly (Node | null)[] => {
  const held = heldApart(wrt)
  if (held === null) return pulled(output, cotangent, wrt)
  const [stable] = stableForms(substitute([output], held.stands))
  const cts = pulled(
    stable as Node,
    cotangent,
    wrt.map((n) => held.stands.get(n) ?? n),
  )
  if (held.stands.size === 0) return cts
  const given = simplifyRoots(
    substitute(
      cts.filter((c): c is Node => c !== null),
      held.back,
    ),
  ).roots
  let k = 0
  return cts.map((c) => (c === null ? null : (given[k++] as Node)))
}

/** The cotangents of `wrt` as reverse mode leaves them, before they are simplified. */
export const rawCotangents = (output: Node, cotangent: Node, wrt: readonly Node[]): readonly (Node | null)[] =>
  pull(output, cotangent, wrt, once)

/** Those of a scalar, which is simplified first. */
export const rawGradients = (output: Node, wrt: readonly Node[]): readonly (Node | null)[] => {
  const [stable] = stableForms([output])
  return rawCotangents(stable as Node, b.lit(1, output.dtype), wrt)
}

const pulled = (output: Node, cotangent: Node, wrt: readonly Node[]): readonly (Node | null)[] => {
  const cts = pull(output, cotangent, wrt, once)
  const { roots } = simplifyRoots(cts.filter((c): c is Node => c !== null))
  let k = 0
  return cts.map((c) => (c === null ? null : (roots[k++] as Node)))
}

/**
 * Tangents of the outputs, simplified; null where one does not depend on a moving node. As in reverse mode, the outputs and the
 * bodies of their loops are simplified first, with the moving nodes held as they are.
 */
export const pushForward = (outputs: readonly Node[], tangents: ReadonlyMap<Node, Node>): readonly (Node | null)[] => {
  const held = heldApart([...tangents.keys()])
  const stable = held === null ? outputs : stableForms(substitute(outputs, held.stands))
  const moves = held === null ? tangents : new Map([...tangents].map(([n, t]) => [held.stands.get(n) ?? n, t] as const))
  const moved = push(stable, moves)
  const found = moved.filter((t): t is Node => t !== null)
  const given = stableForms(held === null ? found : substitute(found, held.back))
  let k = 0
  return moved.map((t) => (t === null ? null : (given[k++] as Node)))
}

/** Roots over a batch, whose axis is the first; without it where one does not depend on the batch. */
export const batch: Batch = batchRoots

// ---- expressions to artifacts

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
