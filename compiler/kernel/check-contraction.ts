/**
 * The checks of a product. In: a contraction. Out: what is wrong, told to `say`.
 * Invariant: digits make their indices, pieces divide k, edges and sums of columns are of operands that can have them.
 */
import { checkBody, checkExtents, checkStoreTypes, isExtent, type Say } from './check-body.ts'
import type { ContractionKernel } from './kernel.ts'
import { boxOf } from './pieces.ts'
import type { Infer } from './scalar.ts'
import { usesOf } from './uses.ts'

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

export const checkContraction = (k: ContractionKernel, infer: Infer, say: Say): void => {
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
