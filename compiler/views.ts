/**
 * What the machine runs, for a person. In: models. Out: their kernels, cost, memory and emitted text.
 * Invariant: everything is read off the plan that a compilation of the same entries makes. A model that is no step is
 * compiled with the gradients of its losses, as `inspect` shows it.
 */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { Target } from '../src/artifact/types.ts'
import type { CompileError } from '../src/core/errors.ts'
import type { Expr, Node } from '../src/expr/expr.ts'
import { isExpr } from '../src/expr/node.ts'
import { checkpoint } from '../src/expr/checkpoint.ts'
import { policyName } from '../src/expr/policy.ts'
import { substitute } from '../src/expr/scan.ts'
import { topological } from './program/walk.ts'
import type { Checkpoint } from '../src/ops/control.ts'
import { derivativesOf, lossesOf } from './describe.ts'
import { type EntryInput, type EntryInputs, isStep, toPrograms } from './entries.ts'
import { graphDot } from './inspect/graph/dot.ts'
import { graphPicture } from './inspect/graph/draw.ts'
import { graphOf, type NamedGraph } from './inspect/graph/model.ts'
import { graphDocument } from './inspect/graph/page.ts'
import { phaseOf } from './inspect/machine/phases.ts'
import type { EntryProgram } from './program/entry.ts'
import { showCount } from './inspect/amounts.ts'
import { costText } from './inspect/machine/cost.ts'
import { kernelsText } from './inspect/machine/kernels.ts'
import type { Machine } from './inspect/machine/machine.ts'
import { arenasOf, memoryText } from './inspect/machine/memory.ts'
import { arenaPicture } from './inspect/machine/picture.ts'
import type { Root } from './inspect/names.ts'
import { kernelNotes } from './inspect/machine/notes.ts'
import { beyondLimit } from './limit.ts'
import { moreFlops, type Recomputation, recomputations } from './remat.ts'
import { passNames, type Watch } from './pass.ts'
import { costsOf, emitText, type Planned, planEntries, policyCosts, type Settings, shrink } from './pipeline.ts'

export interface ViewOptions {
  /** Bytes of memory: what is shown is the program that keeps less until it fits, as `compile` with `remat` makes it. */
  readonly fit?: number
}

const settingsFor = (target: Target, { fit }: ViewOptions = {}): Settings => ({
  target,
  simd: 'plain',
  fastMath: false,
  debug: false,
  checks: false,
  threads: 1,
  ...(fit === undefined ? {} : { memory: fit }),
})

const resultsOf = (name: string, entry: EntryInput): Readonly<Record<string, Expr>> =>
  isExpr(entry) ? { [name]: entry } : isStep(entry) ? entry.results : (entry as Readonly<Record<string, Expr>>)

const rootsOf = (results: Readonly<Record<string, Expr>>): readonly Root[] =>
  Object.entries(results).map(([label, node]) => ({ label, node, defines: true }))

/** The results of an entry and the gradients of the losses among them. */
const withGradients = (name: string, entry: EntryInput): EntryInput => {
  if (isStep(entry)) return entry
  const results = resultsOf(name, entry)
  const gradients = lossesOf(rootsOf(results)).flatMap(derivativesOf)
  return { ...results, ...Object.fromEntries(gradients.map((g) => [g.label, g.node])) }
}

const silent: Watch = { checked: false, dump: () => undefined, wanted: new Set(), note: () => undefined }

/** The entries of a model with the gradients of its losses. */
const programsOf = (model: EntryInputs): Either<CompileError, readonly EntryProgram[]> =>
  toPrograms(Object.fromEntries(Object.entries(model).map(([name, e]) => [name, withGradients(name, e)])))

/** The plan of a model with its gradients, and the programs that it was made of. */
export const machineOf = (
  model: EntryInputs,
  target: Target = 'wasm',
  watch: Watch = silent,
  options: ViewOptions = {},
): Either<CompileError, Planned> => {
  const programs = programsOf(model)
  return isLeft(programs) ? programs : right(planEntries(programs.right, settingsFor(target, options), watch))
}

/** The same, told pass by pass. */
export const watchMachine = (model: EntryInputs, dump: Watch['dump']): Either<CompileError, Machine> =>
  machineOf(model, 'wasm', { ...silent, wanted: new Set(passNames), dump })

const viewed =
  (show: (planned: Planned) => string) =>
  (model: EntryInputs, options: ViewOptions = {}): Either<CompileError, string> => {
    const machine = machineOf(model, 'wasm', silent, options)
    return isLeft(machine) ? machine : right(show(machine.right))
  }

/** Why a model with its gradients does not fit into so many bytes; null where it does. */
export const memoryError = (model: EntryInputs, limit: number): CompileError | null => {
  const machine = machineOf(model)
  return isLeft(machine) ? machine.left : beyondLimit(machine.right, limit)
}

/** What a model with its gradients computes again to fit into so many bytes; or why it does not fit though it does. */
export const fitted = (model: EntryInputs, limit: number): Either<CompileError, readonly Recomputation[]> => {
  const machine = machineOf(model, 'wasm', silent, { fit: limit })
  if (isLeft(machine)) return machine
  const refused = beyondLimit(machine.right, limit, true)
  return refused === null ? right(recomputations(machine.right)) : left(refused)
}

/** Which expressions became which kernel: equations, loops, FLOPs, bytes moved and FLOPs a byte of each. */
export const kernels = viewed(kernelsText)

/** FLOPs and bytes of the forward pass, the backward pass and the update, and the memory that all take, to the byte. */
export const cost = viewed(costText)

/** A loss whose derivative computes again what the policy does not keep. */
const checkpointed = (loss: Node, save: Checkpoint['save']): Node => {
  const leaves = topological([loss]).filter((n) => n.op === 'input' || n.op === 'param' || n.op === 'state')
  const again = checkpoint(
    (...given: readonly Node[]) =>
      substitute([loss], new Map(leaves.map((leaf, i) => [leaf, given[i] as Node])))[0] as Node,
    { save },
  )
  return again(...leaves)
}

/** What checkpointing a whole loss would save, measured: the arena of the same entry compiled so. */
const checkpointNotes = (model: EntryInputs, machine: Machine): readonly string[] =>
  Object.entries(model).flatMap(([name, entry]) => {
    if (isStep(entry)) return []
    const results = resultsOf(name, entry)
    const losses = new Set(lossesOf(rootsOf(results)).map((l) => l.node))
    const before = machine.plan.entries.find((e) => e.name === name)?.peak
    if (losses.size === 0 || before === undefined) return []
    const peakWith = (save: Checkpoint['save']): number | undefined => {
      const other = machineOf({
        [name]: Object.fromEntries(
          Object.entries(results).map(([n, r]) => [n, losses.has(r) ? checkpointed(r, save) : r]),
        ),
      })
      return isLeft(other) ? undefined : other.right.plan.entries[0]?.peak
    }
    const [products, nothing] = [peakWith('products'), peakWith('nothing')]
    return [
      `${name}: arena ${before} bytes; as one checkpoint ${products} where its products are kept, ${nothing} where nothing is`,
    ]
  })

/** What computing values again would save, measured: plans for three quarters, half and a quarter of the arena. */
const rematNotes = ({ fused, plan }: Machine): readonly string[] =>
  fused.flatMap((f, i) => {
    const peak = plan.entries[i]?.peak ?? 0
    if (f.entry.name === 'init' || peak === 0) return []
    const smaller: ReturnType<typeof costsOf>[] = []
    for (const share of [0.75, 0.5, 0.25]) {
      const costs = costsOf(shrink(f, share * peak, settingsFor('wasm')))
      if (costs.after.peak < (smaller.at(-1)?.after.peak ?? peak)) smaller.push(costs)
      // what cannot be reached is not asked for more of
      if (costs.after.peak > share * peak) break
    }
    return smaller.length === 0
      ? [`${f.entry.name}: computing values again (--remat) saves nothing`]
      : [
          `${f.entry.name}, with values computed again (--remat):`,
          ...smaller.map(
            ({ before, after }) =>
              `  arena ${after.peak} bytes, ${showCount(after.flops)} FLOPs (+${moreFlops(before, after)} %)`,
          ),
        ]
  })

/** What policies for loops would save, measured: the arena of the same entry with all open loops under each. */
const policyNotes = ({ written, plan }: Planned): readonly string[] =>
  written.flatMap((e, i) => {
    const costs = policyCosts(e, settingsFor('wasm'))
    const before = plan.entries[i]
    if (costs.length === 0 || before === undefined) return []
    const rows = costs.map(({ policies, cost }) => {
      const save = [...new Set([...policies.values()].map(policyName))].join(', ')
      return `  ${save}: arena ${cost.peak} bytes, ${showCount(cost.flops)} FLOPs (${signed(moreFlops(before, cost))} %)`
    })
    return [`${e.name}, with another policy for its loops (save):`, ...rows]
  })

const signed = (percent: number): string => (percent < 0 ? `−${-percent}` : `+${percent}`)

const memoryNotes = (model: EntryInputs, machine: Planned): readonly string[] => [
  ...checkpointNotes(model, machine),
  ...rematNotes(machine),
  ...policyNotes(machine),
]

/** What lies where in the arena at which steps, what is overwritten in place, and what checkpointing would save. */
export const memory = (model: EntryInputs, options: ViewOptions = {}): Either<CompileError, string> =>
  viewed((m) => memoryText(arenasOf(m), memoryNotes(model, m)))(model, options)

/** The same as a picture, in SVG: steps from left to right, bytes from the bottom up. */
export const memoryPicture = (model: EntryInputs, options: ViewOptions = {}): Either<CompileError, string> =>
  viewed((m) => arenaPicture(arenasOf(m), memoryNotes(model, m)))(model, options)

const emitted =
  (target: Target) =>
  async (model: EntryInputs, options: ViewOptions = {}): Promise<Either<CompileError, string>> => {
    const machine = machineOf(model, target, silent, options)
    if (isLeft(machine)) return machine
    return right(await emitText(machine.right.plan, settingsFor(target, options), kernelNotes(machine.right)))
  }

/** The WebAssembly module as text; above each function the kernel, and the expressions that it computes. */
export const wat = emitted('wasm')

/** The ES module of the JavaScript target; above each function the kernel, and the expressions that it computes. */
export const javascript = emitted('javascript')

const graphsOf = ({ simplified }: Planned): readonly NamedGraph[] =>
  simplified.flatMap((entry) =>
    entry.name === 'init' ? [] : [{ name: entry.name, graph: graphOf(entry, phaseOf({ entry })) }],
  )

/**
 * The expression graph with its gradients as a picture, in SVG: forward, backward and update in colours of their own, loops as
 * boxes around what they hold, shapes on the edges.
 */
export const graph = viewed((m) => graphPicture(graphsOf(m)))

/** The same picture as a page of HTML by itself, in which one can zoom and move, and point at a box for its neighbours. */
export const graphPage = (
  model: EntryInputs,
  { title = 'graph', ...options }: ViewOptions & { readonly title?: string } = {},
): Either<CompileError, string> => {
  const svg = graph(model, options)
  return isLeft(svg) ? svg : right(graphDocument(title, svg.right))
}

/** The same graph in DOT, the language of Graphviz. */
export const dot = viewed((m) => graphDot(graphsOf(m)))
