/**
 * The Kernel checker. In: a kernel. Out: the same kernel, or everything that is wrong with it.
 * Invariant: a kernel that passes runs without touching an element outside its buffers, on every target: values come
 * before their uses and have the dtypes that the op table gives, and no two points of a loop store to one element.
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { DType } from '../../src/core/dtype.ts'
import { hullOf, isEmptyDomain, isInjective, isSameAccess } from './access.ts'
import {
  type Accumulation,
  type ContractionKernel,
  type Instr,
  KEY_BITS,
  type Kernel,
  type KernelBuffer,
  type LoopKernel,
  type Reduction,
  type SortKernel,
  type Stage,
  type Store,
} from './kernel.ts'
import { boxOf } from './pieces.ts'
import { type Infer, inferScalar } from './scalar.ts'
import { isFed, isRead, type Use, usesOf } from './uses.ts'

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

type Say = (rule: Fault['rule'], message: string) => void

const isExtent = (n: number): boolean => Number.isSafeInteger(n) && n >= 0

const checkExtents = (extents: readonly number[], what: string, say: Say): void => {
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
const checkIndex = (
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
const checkBody = (body: readonly Instr[], scope: Scope, infer: Infer, say: Say): readonly DType[] => {
  const types: DType[] = []
  body.forEach((instr, at) => {
    const dtype = typeOfInstr(instr, at, types, scope, infer, say)
    if (dtype !== null && dtype !== instr.dtype)
      say('dtype', `${scope.where}, v${at}: says ${instr.dtype}, but is ${dtype}`)
    types.push(instr.dtype)
  })
  return types
}

const checkUse = (u: Use, buffers: readonly KernelBuffer[], where: string, say: Say): void => {
  const buffer = buffers[u.buffer]
  if (buffer === undefined) return say('buffer', `${where}: there is no buffer ${u.buffer}`)
  const here = `${where}, ${u.kind} of b${u.buffer} (${buffer.label})`
  if (u.access.strides.length !== u.dims.length)
    return say('rank', `${here}: ${u.access.strides.length} strides for ${u.dims.length} dims`)
  if (![u.access.offset, ...u.access.strides].every(Number.isSafeInteger))
    return say('range', `${here}: offset and strides must be whole`)
  const hull = hullOf(u.access, u.dims)
  if (hull !== null && (hull.start < 0 || hull.end > buffer.elements))
    say('range', `${here}: touches elements ${hull.start} to ${hull.end - 1} of ${buffer.elements}`)
}

const checkStoreTypes = (
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

/** A store hits each element once: over the stage's dims, and over the outer dims too unless the buffer is scratch. */
const checkInjective = (u: Use, buffer: KernelBuffer, vectorOuter: boolean, where: string, say: Say): void => {
  // scratch may serve every outer point anew, but not the points that one vector runs side by side
  const first = buffer.mode !== 'scratch' ? 0 : vectorOuter ? Math.max(0, u.outer - 1) : u.outer
  const access = { offset: u.access.offset, strides: u.access.strides.slice(first) }
  if (!isInjective(access, u.dims.slice(first)))
    say('injective', `${where}: several points store to one element of b${u.buffer} (${buffer.label})`)
}

/** What `mode` promises, against what the accesses do. */
const checkModes = (k: Kernel, say: Say): void => {
  const uses = usesOf(k).filter((u) => !isEmptyDomain(u.dims))
  // a target may also run outer points side by side where no stage has a dim to run along
  const vectorOuter =
    k.tag === 'loop' && (k.order === 'sequential' || k.stages.every((s) => s.dims.every((extent) => extent <= 1)))
  k.buffers.forEach((buffer, b) => {
    const own = uses.filter((u) => u.buffer === b)
    const stores = own.filter((u) => u.kind === 'store')
    const where = `${k.name}, b${b} (${buffer.label})`
    if (buffer.mode === 'read' && own.some((u) => u.kind !== 'load'))
      say('mode', `${where}: is stored to, but is only to be read`)
    for (const u of stores) checkInjective(u, buffer, vectorOuter, k.name, say)
    if (buffer.mode === 'update') {
      const first = own[0]
      const differing = own.some((u) => first && !isSameAccess(u.access, u.dims, first.access, first.dims))
      if (differing) say('mode', `${where}: is updated in place, but its loads and stores are at different addresses`)
    }
    if (buffer.mode === 'write' || buffer.mode === 'scratch')
      for (const u of own)
        if (isRead(u, buffer) && !isFed(u, own))
          say('mode', `${where}: is read, but no earlier stage has stored all of it (mode ${buffer.mode})`)
  })
}

const checkReduction = (
  r: Reduction,
  s: Stage,
  types: readonly DType[],
  k: LoopKernel,
  where: string,
  say: Say,
): void => {
  const value = types[r.value]
  if (value === undefined) return say('definition', `${where}: reduces v${r.value}, which is not defined`)
  if (value === 'bool') say('dtype', `${where}: reduces a bool`)
  const position = r.combine === 'argmax' || r.combine === 'argmin'
  if (position && s.dims.length !== 1) say('rank', `${where}: ${r.combine} runs over one dim, not ${s.dims.length}`)
  const result = position ? 'i32' : value
  if (k.rows[r.row] !== result)
    say('dtype', `${where}: row value ${r.row} is ${k.rows[r.row]}, its reduction ${result}`)
}

const checkUpdates = (s: Stage, types: readonly DType[], k: LoopKernel, where: string, say: Say): void => {
  checkStoreTypes(s.updates, types, k.buffers, where, say)
  const place = (x: Omit<Accumulation, 'value' | 'combine' | 'buffer'>): string =>
    [x.index, x.stride, x.extent, x.access.offset, ...x.access.strides].join()
  for (const [at, u] of s.updates.entries()) {
    checkIndex(u, types.length, types, `${where}, update of b${u.buffer}`, say)
    if (u.combine === 'sum' && k.buffers[u.buffer]?.dtype === 'bool') say('dtype', `${where}: adds to a bool`)
    const others = [...s.body, ...s.stores, ...s.updates.filter((_, i) => i !== at)]
    const isApart = (x: Instr | Store): boolean =>
      'buffer' in x && x.buffer === u.buffer && !('tag' in x && x.tag === 'gather' && place(x) === place(u))
    if (others.some(isApart)) say('mode', `${where}: b${u.buffer} is updated, and touched otherwise by the same stage`)
  }
}

const checkLoop = (k: LoopKernel, infer: Infer, say: Say): void => {
  checkExtents(k.outer, `${k.name}, outer`, say)
  const rows = new Map<number, DType>()
  k.stages.forEach((s, i) => {
    const where = `${k.name}, stage ${i}`
    checkExtents(s.dims, where, say)
    const scope = {
      where,
      rank: k.outer.length + s.dims.length,
      buffers: k.buffers,
      rows: new Map(rows),
      accumulator: null,
    }
    const types = checkBody(s.body, scope, infer, say)
    checkStoreTypes(s.stores, types, k.buffers, where, say)
    for (const r of s.reductions) checkReduction(r, s, types, k, where, say)
    checkUpdates(s, types, k, where, say)
    if (s.rows.length > 0 && s.dims.length > 0) say('row', `${where}: only a stage without dims defines row values`)
    for (const r of s.rows)
      if (types[r.value] === undefined)
        say('definition', `${where}: row value ${r.row} is v${r.value}, which is not defined`)
      else if (types[r.value] !== k.rows[r.row])
        say('dtype', `${where}: row value ${r.row} is ${k.rows[r.row]}, its value ${types[r.value]}`)
    for (const { row } of [...s.reductions, ...s.rows]) {
      if (k.rows[row] === undefined) say('row', `${where}: there is no row value ${row}`)
      else if (rows.has(row)) say('row', `${where}: row value ${row} is defined twice`)
      rows.set(row, k.rows[row] ?? 'f32')
    }
  })
  k.rows.forEach((_, row) => {
    if (!rows.has(row)) say('row', `${k.name}: no stage defines row value ${row}`)
  })
}

const checkPartial = (k: ContractionKernel, say: Say): void => {
  if (k.pieces.length <= 1) {
    if (k.partial !== -1) say('pieces', `${k.name}: one piece needs no partial sums`)
    return
  }
  const partial = k.buffers[k.partial]
  if (partial === undefined || partial.mode !== 'scratch' || partial.dtype !== k.dtype || partial.elements < k.m * k.n)
    say('pieces', `${k.name}: several pieces need ${k.m * k.n} elements of ${k.dtype} scratch for the partial sums`)
  if (usesOf(k).some((u) => u.buffer === k.partial)) say('pieces', `${k.name}: the partial sums are used as an operand`)
}

/** Digits multiply to their index, and pieces are boxes of those of k. */
const checkDigits = (k: ContractionKernel, say: Say): void => {
  const indices = [
    ['m', k.m, k.rows],
    ['n', k.n, k.columns],
    ['k', k.k, k.inner],
  ] as const
  for (const [name, extent, digits] of indices) {
    checkExtents(digits, `${k.name}, digits of ${name}`, say)
    if (digits.reduce((a, b) => a * b, 1) !== extent)
      say('extent', `${k.name}: digits ${digits.join(' × ')} do not make ${name} = ${extent}`)
  }
  let from = 0
  for (const size of k.pieces) {
    if (boxOf(k.inner, from, size) === null)
      say('pieces', `${k.name}: ${size} from ${from} on is no box of the digits ${k.inner.join(' × ')} of k`)
    from += size
  }
}

/** Edges belong to digits that there are, each to one edge alone, and both digits step through the same axis. */
const checkEdges = (k: ContractionKernel, say: Say): void => {
  const sides = [
    ['a', k.a, k.a.row, k.a.col],
    ['b', k.b, k.b.col, k.b.row],
  ] as const
  if (sides.every(([, { edges }]) => (edges ?? []).length > 0)) say('edge', `${k.name}: both operands have edges`)
  for (const [name, { edges = [] }, across, inner] of sides) {
    for (const key of ['across', 'inner'] as const)
      if (new Set(edges.map((e) => e[key])).size !== edges.length)
        say('edge', `${k.name}, ${name}: two edges have one digit`)
    for (const e of edges) {
      const [wide, deep] = [across[e.across], inner[e.inner]]
      const isWhole = [e.step, e.dilation, e.extent].every((n) => isExtent(n) && n > 0) && isExtent(e.low)
      if (!isWhole || wide === undefined || deep === undefined || wide * e.dilation !== deep * e.step)
        say('edge', `${k.name}, ${name}: digits ${e.across} and ${e.inner} do not step through an axis of ${e.extent}`)
    }
  }
}

const checkContraction = (k: ContractionKernel, infer: Infer, say: Say): void => {
  const dims = [...k.batch, k.m, k.n]
  checkExtents([...dims, k.k], k.name, say)
  if (k.pieces.some((p) => !isExtent(p) || p === 0) || k.pieces.reduce((a, b) => a + b, 0) !== k.k)
    say('pieces', `${k.name}: pieces ${k.pieces.join(' + ')} are not a division of k = ${k.k}`)
  else checkDigits(k, say)
  checkPartial(k, say)
  checkEdges(k, say)
  checkColumnSums(k, say)
  for (const [name, operand] of [['a', k.a] as const, ['b', k.b] as const]) {
    if (operand.batch.length !== k.batch.length)
      say('rank', `${k.name}, ${name}: ${operand.batch.length} batch strides`)
    const buffer = k.buffers[operand.buffer]
    if (buffer !== undefined && buffer.dtype !== k.dtype)
      say('dtype', `${k.name}, ${name}: is ${buffer.dtype} in a product of ${k.dtype}`)
    if (buffer !== undefined && buffer.mode !== 'read')
      say('mode', `${k.name}, ${name}: an operand is only read, not ${buffer.mode}`)
  }
  const scope = {
    where: `${k.name}, epilogue`,
    rank: dims.length,
    buffers: k.buffers,
    rows: new Map(),
    accumulator: k.dtype,
  }
  const types = checkBody(k.body, scope, infer, say)
  checkStoreTypes(k.stores, types, k.buffers, scope.where, say)
  for (const u of usesOf(k)) {
    const column = u.access.strides[dims.length - 1]
    if (u.stage === 1 && column !== 0 && column !== 1)
      say('column-stride', `${scope.where}: ${u.kind} of b${u.buffer} has column stride ${column}, not 0 or 1`)
  }
}

/** Sums of columns are one each, of an operand that has all of its elements. */
const checkColumnSums = (k: ContractionKernel, say: Say): void => {
  if (k.columnSums === undefined) return
  const here = `${k.name}, sums of columns`
  const { buffer, access } = k.columnSums
  const isPlain = [k.a, k.b].every(({ edges = [] }) => edges.length === 0)
  if (k.batch.length > 0 || !isPlain) say('edge', `${here}: of batches, or of windows with edges`)
  if (k.m < 1 || k.rows.length > 1) say('extent', `${here}: ${k.m} rows of ${k.rows.length} digits`)
  if (access.strides[0] !== 0) say('injective', `${here}: a row stride of ${access.strides[0]}, not 0`)
  if (k.buffers[buffer] !== undefined && k.buffers[buffer].dtype !== k.dtype)
    say('dtype', `${here}: are ${k.dtype}, b${buffer} is ${k.buffers[buffer].dtype}`)
  if (k.stores.some((s) => s.buffer === buffer)) say('mode', `${here}: lie where elements are stored`)
}

/** Keys and positions are i32, and the scratch holds a row and all counts. */
const checkSort = (k: SortKernel, say: Say): void => {
  checkExtents([k.rows, k.length], k.name, say)
  if (k.length < 2) say('extent', `${k.name}: rows of ${k.length} keys are in order`)
  const { keys, places, counts } = k.between
  for (const b of [k.keys, k.places, ...keys, places, counts])
    if (k.buffers[b] !== undefined && k.buffers[b].dtype !== 'i32')
      say('dtype', `${k.name}: sorts by ${k.buffers[b].dtype} b${b}, not i32`)
  const wanted = [...[...keys, places].map((b) => [b, k.length] as const), [counts, (KEY_BITS / k.digit) << k.digit]]
  for (const [b, elements] of wanted as readonly (readonly [number, number])[]) {
    const found = k.buffers[b]
    if (found === undefined || found.mode !== 'scratch' || found.elements < elements)
      say('scratch', `${k.name}: b${b} has to be scratch of ${elements} elements`)
  }
  if (new Set([k.keys, k.places, ...keys, places, counts]).size !== 6)
    say('scratch', `${k.name}: two of the buffers are one`)
}

/** Everything that is wrong with a kernel; none where all is well. */
export const faultsOf = (k: Kernel, infer: Infer = inferScalar): readonly Fault[] => {
  const faults: Fault[] = []
  const say: Say = (rule, message) => {
    faults.push({ rule, message })
  }
  k.buffers.forEach((buffer, b) => {
    if (!isExtent(buffer.elements)) say('extent', `${k.name}, b${b}: ${buffer.elements} elements`)
  })
  if (k.tag === 'loop') checkLoop(k, infer, say)
  else if (k.tag === 'contraction') checkContraction(k, infer, say)
  else checkSort(k, say)
  for (const u of usesOf(k)) checkUse(u, k.buffers, u.kind === 'store' ? k.name : `${k.name}, stage ${u.stage}`, say)
  // what modes promise is only asked of accesses that are well-formed
  if (faults.length === 0) checkModes(k, say)
  return faults
}

export const checkKernel = (k: Kernel, infer: Infer = inferScalar): Either<readonly Fault[], Kernel> => {
  const faults = faultsOf(k, infer)
  return faults.length === 0 ? right(k) : left(faults)
}
