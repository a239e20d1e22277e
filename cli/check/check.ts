/**
 * The gradient check of one scalar. In: the scalar, how thoroughly, a sample of inputs. Out: a report a variable.
 * Invariant: what is checked is what the compiler makes: the model in f64, differentiated, simplified, compiled and run like
 * any other; only the numbers that it is held against are not.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { compile } from '../../compiler/compile.ts'
import { variablesOf } from '../../compiler/describe.ts'
import { retype } from '../../compiler/program/retype.ts'
import { leavesOf } from '../../compiler/program/walk.ts'
import { grad, type Scalar } from '../../compiler/transforms.ts'
import { load } from '../../runtime/load.ts'
import type { Program } from '../../runtime/program.ts'
import type { VariableFindings } from '../../src/artifact/types.ts'
import { InternalError, type NablaError } from '../../src/core/errors.ts'
import { type Shape, sizeOf, unravel } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { make } from '../../src/expr/node.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { refuseCli } from '../codes.ts'
import type { Sample } from '../model.ts'
import { type Difference, differenceAt } from './differences.ts'
import { statedReasons } from './stated.ts'
import { drawInputs, drawPositions, labelRanges, normals } from './values.ts'

export interface CheckOptions {
  /** Coordinates looked at of each variable. */
  readonly samples: number
  readonly tolerance: number
  readonly seed: number
  /** By what; the parameters where left out, or the float inputs where there are none. */
  readonly wrt?: readonly Node[]
  /** Told after each coordinate. */
  readonly progress?: (done: number, all: number) => void
}

export interface VariableReport {
  readonly name: string
  readonly shape: Shape
  readonly differences: readonly Difference[]
  /** Why the user's rules make the gradient no derivative on purpose: it is not compared then. */
  readonly stated?: string
}

/** Whether the two disagree where differences can tell. */
export const isWrong = (d: Difference, tolerance: number): boolean => !(d.error <= tolerance) && d.undecided !== true

/** What a report comes to, for people and for certificates: errors are those of coordinates that differences can tell. */
export const findingsOf = (of: string, { name, shape, differences, stated }: VariableReport): VariableFindings => {
  const told = differences.filter((d) => d.undecided !== true)
  const worst = told.reduce<Difference | undefined>((p, q) => (p === undefined || q.error > p.error ? q : p), undefined)
  return {
    of,
    by: name,
    shape,
    coordinates: differences.length,
    worst: worst?.error ?? 0,
    at: worst === undefined ? [] : unravel(worst.index, shape),
    mean: told.reduce((sum, d) => sum + d.error, 0) / Math.max(told.length, 1),
    undecided: differences.length - told.length,
    ...(stated === undefined ? {} : { stated }),
  }
}

type Values = ReadonlyMap<string, Float64Array | Int32Array>

/**
 * Parameters and states as the artifact itself initializes them. Where all elements are equal (zeros, most often), noise is
 * added: at such points layers are alike and half of a gradient is zero, which checks little.
 */
const initialValues = async (loss: Node, seed: number): Promise<Either<NablaError, Values>> => {
  const kept = [...leavesOf([loss], 'param'), ...leavesOf([loss], 'state')]
  if (kept.length === 0) return right(new Map())
  const artifact = await compile({ loss })
  if (isLeft(artifact)) return artifact
  const program = await load(artifact.right, { seed })
  if (isLeft(program)) return program
  const { params, state } = program.right
  return right(
    new Map(
      kept.map((leaf, stream): readonly [string, Float64Array | Int32Array] => {
        const name = nameOf(leaf) as string
        const found = params[name] ?? state[name]
        if (found === undefined) throw new InternalError(`the program has no ${name}`)
        if (found instanceof Int32Array) return [name, found.slice()]
        const values = Float64Array.from(found)
        const alike = values.length > 1 || leaf.op === 'param' ? values.every((v) => v === values[0]) : false
        const noise = alike ? normals(seed, 1000 + stream, values.length) : undefined
        return [name, noise === undefined ? values : values.map((v, i) => v + 0.1 * (noise[i] as number))]
      }),
    ),
  )
}

/** The scalar and its gradient in f64, every leaf an input of the same name. */
const inDouble = (
  loss: Node,
  variables: readonly Node[],
): { readonly loss: Node; readonly gradients: readonly Node[] } => {
  const [loss64, ...variables64] = retype([loss, ...variables], 'f32', 'f64', (leaf, dtype) =>
    make('input', [], { name: nameOf(leaf), dtype, shape: leaf.shape }),
  ) as readonly [Node, ...Node[]]
  return { loss: loss64, gradients: grad(loss64 as Scalar, variables64) }
}

const loadDouble = async (loss: Node, variables: readonly Node[]): Promise<Either<NablaError, Program>> => {
  const double = inDouble(loss, variables)
  const gradient = Object.fromEntries(variables.map((v, i) => [nameOf(v) as string, double.gradients[i] as Node]))
  const artifact = await compile({ loss: double.loss, gradient })
  if (isLeft(artifact)) return artifact
  const program = await load(artifact.right)
  return isLeft(program) ? program : right(program.right)
}

const entryOf = (program: Program, name: string): Program['entries'][string] => {
  const entry = program.entries[name]
  if (entry === undefined) throw new InternalError(`the program has no entry ${name}`)
  return entry
}

/** Fills every input of an entry. Inputs that the simplified entry does not need are not there. */
const fill = (inputs: Readonly<Record<string, { set: (values: ArrayLike<number>) => void }>>, values: Values): void => {
  for (const [name, view] of Object.entries(inputs)) view.set(values.get(name) as Float64Array)
}

const compare = (
  program: Program,
  variables: readonly Node[],
  values: Values,
  o: CheckOptions,
): readonly VariableReport[] => {
  const [value, gradient] = [entryOf(program, 'loss'), entryOf(program, 'gradient')]
  fill(gradient.inputs, values)
  gradient.run()
  // copied, because running the loss may overwrite them
  const found = variables.map((v) => Float64Array.from(gradient.outputs[nameOf(v) as string] as ArrayLike<number>))
  fill(value.inputs, values)
  const f = (): number => {
    value.run()
    return Number((value.outputs['loss'] as ArrayLike<number>)[0])
  }
  const positions = variables.map((v, i) => drawPositions(sizeOf(v.shape), o.samples, o.seed, 2000 + i))
  const all = positions.reduce((n, p) => n + p.length, 0)
  let done = 0
  return variables.map((v, k) => {
    const name = nameOf(v) as string
    const own = found[k] as Float64Array
    const scale = own.reduce((most, g) => Math.max(most, Math.abs(g)), 0)
    const view = value.inputs[name] ?? {}
    const differences = (positions[k] as readonly number[]).map((i) => {
      const d = differenceAt(f, view, i, own[i] as number, scale, o.tolerance)
      o.progress?.(++done, all)
      return d
    })
    return { name, shape: v.shape, differences }
  })
}

/** Checks the gradient of a scalar by its parameters, or by its float inputs where it has none; what users have stated is told of. */
export const checkGradient = async (
  loss: Node,
  sample: Sample,
  options: CheckOptions,
): Promise<Either<NablaError, readonly VariableReport[]>> => {
  const variables = options.wrt ?? variablesOf(loss)
  if (variables.length === 0)
    return refuseCli('E_CLI_CHECK', 'the scalar depends on no float parameter and no float input')
  const inputs = drawInputs(leavesOf([loss], 'input'), labelRanges([loss]), options.seed, sample)
  if (isLeft(inputs)) return inputs
  const kept = await initialValues(loss, options.seed)
  if (isLeft(kept)) return kept
  const reasons = statedReasons(loss, variables)
  const compared = variables.filter((v) => reasons.get(v)?.length === 0)
  const program = compared.length === 0 ? null : await loadDouble(loss, compared)
  if (program !== null && isLeft(program)) return program
  const reports =
    program === null ? [] : compare(program.right, compared, new Map([...inputs.right, ...kept.right]), options)
  return right(
    variables.map((v): VariableReport => {
      const name = nameOf(v) as string
      const stated = (reasons.get(v) ?? []).join(', ')
      return reports.find((r) => r.name === name) ?? { name, shape: v.shape, differences: [], stated }
    }),
  )
}
