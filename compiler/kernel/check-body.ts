/**
 * What loops and contractions alike are checked for. In: extents, a body, its stores. Out: what is wrong, told to `say`, and the
 * dtypes of the body's values. Invariant: values come before their uses and have the dtypes that the op table gives.
 */
import type { DType } from '../../src/core/dtype.ts'
import type { Instr, KernelBuffer } from './kernel.ts'
import type { Infer } from './scalar.ts'

/** What is wrong, by a stable name, and where. */
export interface Fault {
  readonly rule:
    | 'extent'
    | 'buffer'
    | 'range'
    | 'rank'
    | 'dtype'
    | 'definition'
    | 'row'
    | 'mode'
    | 'injective'
    | 'pieces'
    | 'edge'
    | 'column-stride'
    | 'scratch'
  readonly message: string
}

export type Say = (rule: Fault['rule'], message: string) => void

export const isExtent = (n: number): boolean => Number.isSafeInteger(n) && n >= 0

export const checkExtents = (extents: readonly number[], what: string, say: Say): void => {
  if (!extents.every(isExtent)) say('extent', `${what}: extents ${extents.join(', ')} are not all whole and ≥ 0`)
}

/** What a body may refer to besides its own instructions. */
interface Scope {
  readonly where: string
  readonly rank: number
  readonly buffers: readonly KernelBuffer[]
  /** dtype of each row value that an earlier stage has defined. */
  readonly rows: ReadonlyMap<number, DType>
  readonly accumulator: DType | null
}

const literalFits = (value: number, dtype: DType): boolean =>
  dtype === 'i32' ? value === (value | 0) : dtype === 'bool' ? value === 0 || value === 1 : true

/** A computed place: the index is an i32 defined before, of at least one row. */
export const checkIndex = (
  { index, extent, stride }: { readonly index: number; readonly extent: number; readonly stride: number },
  before: number,
  types: readonly DType[],
  here: string,
  say: Say,
): void => {
  if (!isExtent(index) || index >= before) say('definition', `${here}: the index is v${index}, which is not defined`)
  else if (types[index] !== 'i32') say('dtype', `${here}: the index v${index} is ${types[index]}, not i32`)
  if (!isExtent(extent) || extent === 0) say('extent', `${here}: an index of ${extent} rows`)
  if (!Number.isSafeInteger(stride)) say('range', `${here}: the stride of the index must be whole`)
}

/** The dtype that an instruction yields, given those of the instructions before it; a fault where it cannot be. */
const typeOfInstr = (
  instr: Instr,
  at: number,
  types: readonly DType[],
  scope: Scope,
  infer: Infer,
  say: Say,
): DType | null => {
  const here = `${scope.where}, v${at}`
  switch (instr.tag) {
    case 'load':
      return scope.buffers[instr.buffer]?.dtype ?? null
    case 'gather':
      if (scope.accumulator !== null) say('rank', `${here}: there is no computed place in a contraction`)
      checkIndex(instr, at, types, here, say)
      return scope.buffers[instr.buffer]?.dtype ?? null
    case 'literal':
      if (!literalFits(instr.value, instr.dtype)) say('dtype', `${here}: ${instr.value} is no ${instr.dtype}`)
      return instr.dtype
    case 'index':
      if (!isExtent(instr.axis) || instr.axis >= scope.rank)
        say('rank', `${here}: index of dim ${instr.axis}, but ${scope.rank} dims are in scope`)
      return 'i32'
    case 'row': {
      const dtype = scope.rows.get(instr.row)
      if (dtype === undefined) say('row', `${here}: row value ${instr.row} is used before an earlier stage defines it`)
      return dtype ?? null
    }
    case 'accumulator':
      if (scope.accumulator === null) say('definition', `${here}: there is no accumulator outside a contraction`)
      return scope.accumulator
    case 'apply': {
      const missing = instr.args.filter((v) => !isExtent(v) || v >= at)
      for (const v of missing) say('definition', `${here}: ${instr.op} uses v${v} before it is defined`)
      if (missing.length > 0) return null
      const dtype = infer(
        instr.op,
        instr.args.map((v) => types[v] as DType),
        instr.params,
      )
      if (dtype._tag === 'Right') return dtype.right
      say('dtype', `${here}: ${dtype.left}`)
      return null
    }
    default:
      return instr satisfies never
  }
}

/** The dtypes of a body's values, in order. */
export const checkBody = (body: readonly Instr[], scope: Scope, infer: Infer, say: Say): readonly DType[] => {
  const types: DType[] = []
  body.forEach((instr, at) => {
    const dtype = typeOfInstr(instr, at, types, scope, infer, say)
    if (dtype !== null && dtype !== instr.dtype)
      say('dtype', `${scope.where}, v${at}: says ${instr.dtype}, but is ${dtype}`)
    types.push(instr.dtype)
  })
  return types
}

export const checkStoreTypes = (
  stores: readonly { readonly buffer: number; readonly value: number }[],
  types: readonly DType[],
  buffers: readonly KernelBuffer[],
  where: string,
  say: Say,
): void => {
  for (const { buffer, value } of stores) {
    const dtype = types[value]
    if (dtype === undefined) say('definition', `${where}: stores v${value}, which is not defined`)
    else if (buffers[buffer] !== undefined && buffers[buffer].dtype !== dtype)
      say('dtype', `${where}: stores ${dtype} v${value} into ${buffers[buffer].dtype} b${buffer}`)
  }
}
