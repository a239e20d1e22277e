/**
 * What the machine runs, for a person. In: models. Out: their kernels, cost, memory and emitted text.
 * Invariant: everything is read off the plan that a compilation of the same entries makes. A model that is no step is
 * compiled with the gradients of its losses, as `inspect` shows it.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import type { Target } from '../src/artifact/types.ts'
import type { CompileError } from '../src/core/errors.ts'
import type { Expr, Node } from '../src/expr/expr.ts'
import { isExpr } from '../src/expr/node.ts'
import { derivativesOf, lossesOf } from './describe.ts'
import { type EntryInput, type EntryInputs, isStep, toPrograms } from './entries.ts'
import { costText } from './inspect/machine/cost.ts'
import { kernelsText } from './inspect/machine/kernels.ts'
import type { Machine } from './inspect/machine/machine.ts'
import { memoryText } from './inspect/machine/memory.ts'
import { kernelNotes } from './inspect/machine/notes.ts'
import { beyondLimit } from './limit.ts'
import { emitText, planEntries, type Settings } from './pipeline.ts'

const settingsFor = (target: Target): Settings => ({ target, simd: 'plain', fastMath: false, debug: false })

/** The results of an entry and the gradients of the losses among them. */
const withGradients = (name: string, entry: EntryInput): EntryInput => {
  if (isStep(entry)) return entry
  const results: Readonly<Record<string, Expr>> = isExpr(entry) ? { [name]: entry } : (entry as Record<string, Expr>)
  const roots = Object.entries(results).map(([label, node]) => ({ label, node: node as Node, defines: true }))
  const gradients = lossesOf(roots).flatMap(derivativesOf)
  return { ...results, ...Object.fromEntries(gradients.map((g) => [g.label, g.node])) }
}

const silent = { checked: false, dump: () => undefined, wanted: new Set<never>(), note: () => undefined }

/** The plan of a model with its gradients, and the programs that it was made of. */
export const machineOf = (model: EntryInputs, target: Target = 'wasm'): Either<CompileError, Machine> => {
  const programs = toPrograms(
    Object.fromEntries(Object.entries(model).map(([name, e]) => [name, withGradients(name, e)])),
  )
  return isLeft(programs) ? programs : right(planEntries(programs.right, settingsFor(target), silent))
}

const viewed =
  (show: (machine: Machine) => string) =>
  (model: EntryInputs): Either<CompileError, string> => {
    const machine = machineOf(model)
    return isLeft(machine) ? machine : right(show(machine.right))
  }

/** Why a model with its gradients does not fit into so many bytes; null where it does. */
export const memoryError = (model: EntryInputs, limit: number): CompileError | null => {
  const machine = machineOf(model)
  return isLeft(machine) ? machine.left : beyondLimit(machine.right, limit)
}

/** Which expressions became which kernel: equations, loops, FLOPs, bytes moved and FLOPs a byte of each. */
export const kernels = viewed(kernelsText)

/** FLOPs and bytes of the forward pass, the backward pass and the update, and the memory that all take, to the byte. */
export const cost = viewed(costText)

/** What lies where in the arena at which steps, and what is overwritten in place. */
export const memory = viewed(memoryText)

const emitted =
  (target: Target) =>
  async (model: EntryInputs): Promise<Either<CompileError, string>> => {
    const machine = machineOf(model, target)
    if (isLeft(machine)) return machine
    return right(await emitText(machine.right.plan, settingsFor(target), kernelNotes(machine.right)))
  }

/** The WebAssembly module as text; above each function the kernel, and the expressions that it computes. */
export const wat = emitted('wasm')

/** The ES module of the JavaScript target; above each function the kernel, and the expressions that it computes. */
export const javascript = emitted('javascript')
