/**
 * Saving and restoring a program's parameters and states.
 * In: their slots, or a checkpoint. Out: a checkpoint, or memory that holds it.
 * Invariant: a checkpoint is decoded and compared as a whole before the first byte of memory is written.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { refuse } from '../src/artifact/codes.ts'
import { decodeWeights, encodeWeights, type WeightTensor } from '../src/artifact/weights.ts'
import type { LoadError } from '../src/core/errors.ts'
import { equalTypes, showType } from '../src/core/shape.ts'
import type { Slot } from './ports.ts'

type Kind = WeightTensor['kind']

const words = { param: 'parameter', state: 'state' } as const

const tensorsOf = (kind: Kind, slots: readonly Slot[]): readonly WeightTensor[] =>
  slots.map(({ port: { name, dtype, shape }, view }) => ({ kind, name, dtype, shape, data: view }))

export const saveSlots = (params: readonly Slot[], states: readonly Slot[]): Uint8Array =>
  encodeWeights([...tensorsOf('param', params), ...tensorsOf('state', states)])

interface Assignment {
  readonly slot: Slot
  readonly tensor: WeightTensor
}

const assign = (
  kind: Kind,
  slots: readonly Slot[],
  tensors: readonly WeightTensor[],
): Either<LoadError, readonly Assignment[]> => {
  const byName = new Map(tensors.filter((t) => t.kind === kind).map((t) => [t.name, t]))
  const out: Assignment[] = []
  for (const slot of slots) {
    const { port } = slot
    const tensor = byName.get(port.name)
    if (tensor === undefined)
      return refuse('E_WEIGHTS_MISSING', `the checkpoint has no ${words[kind]} ${port.name} (${showType(port)})`)
    if (!equalTypes(port, tensor))
      return refuse(
        'E_WEIGHTS_TYPE',
        `${words[kind]} ${port.name} is ${showType(port)} in the program and ${showType(tensor)} in the checkpoint`,
      )
    out.push({ slot, tensor })
  }
  return right(out)
}

/**
 * Writes a checkpoint into the slots. Parameters must be the same set; states that the program does not have are left
 * out, so that what a training artifact saved also serves one that only predicts.
 */
export const restoreSlots = (
  params: readonly Slot[],
  states: readonly Slot[],
  bytes: Uint8Array,
): Either<LoadError, void> => {
  const decoded = decodeWeights(bytes)
  if (isLeft(decoded)) return decoded
  const names = new Set(params.map(({ port }) => port.name))
  const stranger = decoded.right.find((t) => t.kind === 'param' && !names.has(t.name))
  if (stranger !== undefined)
    return refuse('E_WEIGHTS_SURPLUS', `the program has no parameter ${stranger.name} (${showType(stranger)})`)
  const weights = assign('param', params, decoded.right)
  if (isLeft(weights)) return weights
  const carried = assign('state', states, decoded.right)
  if (isLeft(carried)) return carried
  for (const { slot, tensor } of [...weights.right, ...carried.right]) slot.view.set(tensor.data)
  return right(undefined)
}
