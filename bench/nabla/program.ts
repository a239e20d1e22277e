// Nabla as a subject: entries compiled to an artifact and loaded with the workload's own parameters.
// In: entries, initial parameters. Out: a program whose views are ready to be written and read.

import { isLeft } from 'fp-ts/lib/Either.js'
import { type CompileOptions, compile, type EntryInputs } from 'nabla/compiler'
import { type Entry, load, type Program } from 'nabla/runtime'
import type { Step, Variant } from '../subject.ts'
import type { Tensor, Training } from '../workloads/workload.ts'

/** Those of this subject, as its process was told. */
const threads = Number(process.env['BENCH_THREADS'] ?? 1)

const optionsOf = (variant: Variant): CompileOptions =>
  variant === 'javascript' ? { target: 'javascript' } : { simd: variant, threads }

export const programOf = async (
  entries: EntryInputs,
  variant: Variant,
  options: CompileOptions = {},
): Promise<Program> => {
  const artifact = await compile(entries, { ...optionsOf(variant), ...options })
  if (isLeft(artifact)) throw new Error(artifact.left.message)
  const program = await load(artifact.right)
  if (isLeft(program)) throw new Error(program.left.message)
  return program.right
}

const copyInto = (
  views: Readonly<Record<string, ArrayBufferView | undefined>>,
  name: string,
  { data }: Tensor,
): void => {
  const view = views[name] as Float32Array | Int32Array | undefined
  if (view === undefined || view.length !== data.length) throw new Error(`${name} does not fit`)
  view.set(data)
}

export const writeParameters = (program: Program, { parameters }: Training): void => {
  for (const [name, value] of Object.entries(parameters)) copyInto(program.params, name, value)
}

/** The learning rate and one of the batches. */
export const writeBatch = ({ inputs }: Entry, { batches, optimizer }: Training, index: number): void => {
  copyInto(inputs, 'learningRate', { shape: [], data: Float32Array.of(optimizer.learningRate) })
  for (const [name, value] of Object.entries(batches[index % batches.length] ?? {})) copyInto(inputs, name, value)
}

/** A step on each batch in turn: the batch is copied into the inputs, and the loss is read from the output. */
export const stepOf = async (training: Training, entries: EntryInputs, variant: Variant): Promise<Step> => {
  const program = await programOf(entries, variant)
  writeParameters(program, training)
  const { step } = program.entries
  if (step === undefined) throw new Error('there is no entry step')
  writeBatch(step, training, 0)
  const { batches } = training
  const loss = step.outputs['loss'] as Float32Array
  const views = Object.entries(batches[0] ?? {}).map(([name]) => [name, step.inputs[name]] as const)
  let held = 0
  return (index) => {
    const k = index % batches.length
    // one batch alone stays where it is, as a page would leave it
    if (k !== held) {
      const batch = batches[k] as Readonly<Record<string, Tensor>>
      for (const [name, view] of views) (view as Float32Array).set((batch[name] as Tensor).data)
      held = k
    }
    step.run()
    return loss[0] as number
  }
}
