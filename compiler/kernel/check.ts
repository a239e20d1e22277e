/**
 * The Kernel checker. In: a kernel. Out: the same kernel, or everything that is wrong with it.
 * Invariant: a kernel that passes runs without touching an element outside its buffers, on every target: values come
 * before their uses and have the dtypes that the op table gives, and no two points of a loop store to one element.
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { DType } from '../../src/core/dtype.ts'
import { hullOf, isEmptyDomain, isInjective, isSameAccess } from './access.ts'
import { checkBody, checkExtents, type Fault, checkIndex, checkStoreTypes, isExtent, type Say } from './check-body.ts'
import { checkContraction } from './check-contraction.ts'
import {
  type Accumulation,
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
import { type Infer, inferScalar } from './scalar.ts'
import { isFed, isRead, type Use, usesOf } from './uses.ts'

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
