/**
 * Loop kernels as functions. In: a LoopKernel and the names of its buffers. Out: the lines of the function's body.
 * Invariant: reductions add in the order that kernel.ts documents. Partial results that stay at their identity (an
 * innermost dim shorter than LANES) are left out of the combination: x + 0, x · 1 and the extremes of x and ∓∞ give x
 * again, bit for bit, because a partial sum that starts from +0 is never −0.
 */
import type { DType } from '../../../src/core/dtype.ts'
import { isEmptyDomain } from '../../kernel/access.ts'
import { LANES, type LoopKernel, type Reduction, type Stage } from '../../kernel/kernel.ts'
import { type Context, emitBody, emitStores, emitUpdates } from './body.ts'
import { arithmeticText, type Scalar } from './machine.ts'
import { addLine, countingLoop, deeper, indexIn, linesFrom, linesInside, type Nest, newNest } from './nest.ts'
import { literalText, type Lines } from './text.ts'

type Fold = 'sum' | 'prod' | 'max' | 'min'

const isFold = (combine: Reduction['combine']): combine is Fold => combine !== 'argmax' && combine !== 'argmin'

const identityText = (combine: Fold, dtype: DType): string => {
  const identity = { sum: 0, prod: 1, max: Number.NEGATIVE_INFINITY, min: Number.POSITIVE_INFINITY }[combine]
  if (Number.isFinite(identity) || dtype !== 'i32') return literalText(identity, dtype)
  return identity < 0 ? '-2147483648' : '2147483647'
}

const foldText = (combine: Fold, dtype: DType, a: string, b: string): string => {
  if (combine === 'max' || combine === 'min') return `Math.${combine}(${a}, ${b})`
  return arithmeticText(combine === 'sum' ? '+' : '*', dtype, a, b)
}

/** How a reduction opens ahead of its loops, takes one element, and closes behind them. */
interface Plan {
  readonly open: Lines
  readonly step: Lines
  readonly close: Lines
}

const sequentialFold = (row: string, combine: Fold, value: Scalar): Plan => ({
  open: [`let ${row} = ${identityText(combine, value.dtype)}`],
  step: [`${row} = ${foldText(combine, value.dtype, row, value.text)}`],
  close: [],
})

/** LANES partial results in an array: element i of the innermost dim goes to partial i mod LANES. */
const laneFold = (row: string, combine: Fold, value: Scalar, lanes: string, inner: string, extent: number): Plan => {
  const width = Math.min(extent, LANES)
  const lane = extent > LANES ? `${lanes}[${inner} & ${LANES - 1}]` : `${lanes}[${inner}]`
  const inside = width < LANES ? `j < h && j + h < ${width}` : 'j < h'
  const joined = foldText(combine, value.dtype, `${lanes}[j]`, `${lanes}[j + h]`)
  return {
    open: [`for (let j = 0; j < ${width}; j++) ${lanes}[j] = ${identityText(combine, value.dtype)}`],
    step: [`${lane} = ${foldText(combine, value.dtype, lane, value.text)}`],
    close: [
      `for (let h = ${LANES / 2}; h > 0; h >>= 1) for (let j = 0; ${inside}; j++) ${lanes}[j] = ${joined}`,
      `const ${row} = ${lanes}[0]`,
    ],
  }
}

/** The first of the greatest (or least) elements; the first NaN, where there is one, is the extreme. */
const positionFold = (row: string, best: string, combine: 'argmax' | 'argmin', value: Scalar, inner: string): Plan => {
  const fold = combine === 'argmax' ? 'max' : 'min'
  const better = `${value.text} ${combine === 'argmax' ? '>' : '<'} ${best}`
  const nan = value.dtype === 'i32' ? '' : ` || (${value.text} !== ${value.text} && ${best} === ${best})`
  return {
    open: [`let ${row} = 0`, `let ${best} = ${identityText(fold, value.dtype)}`],
    step: [`if (${better}${nan}) {`, `  ${best} = ${value.text}`, `  ${row} = ${inner}`, '}'],
    close: [],
  }
}

/** The scratch arrays that reductions share; the module declares those that are asked for. */
const laneArrays = { float: 'lanes', word: 'wordLanes' } as const

export interface LoopContext extends Context {
  readonly useLanes: (name: string) => void
}

const foldOf = (r: Reduction, q: number, value: Scalar, nest: Nest, k: LoopKernel, c: LoopContext): Plan => {
  const row = `r${r.row}`
  const inner = indexIn(nest, nest.loops.length - 1).text
  if (!isFold(r.combine)) return positionFold(row, `best${r.row}`, r.combine, value, inner)
  if (value.dtype === 'f32') c.use('f')
  const extent = nest.loops.at(-1)?.extent ?? 1
  // one partial result alone is one accumulator
  if (k.order === 'sequential' || extent <= 1) return sequentialFold(row, r.combine, value)
  const lanes = `${value.dtype === 'i32' ? laneArrays.word : laneArrays.float}${q}`
  c.useLanes(lanes)
  return laneFold(row, r.combine, value, lanes, inner, extent)
}

/** What a reduction of no elements gives. */
const emptyRow = (r: Reduction, dtype: DType): string => (isFold(r.combine) ? identityText(r.combine, dtype) : '0')

const emitStage = (nest: Nest, s: Stage, k: LoopKernel, rows: (Scalar | undefined)[], c: LoopContext): void => {
  const depth = k.outer.length
  const say = (lines: Lines): void => {
    for (const line of lines) addLine(nest, depth, line)
  }
  const isEmpty = isEmptyDomain(s.dims)
  // one element is reduced as a dim of extent 1 is
  const dims = s.dims.length === 0 && s.reductions.length > 0 ? [1] : s.dims
  const inside = deeper(
    nest,
    dims.map((extent, d) => countingLoop(`i${depth + d}`, extent)),
  )
  if (isEmpty) say(s.reductions.map((r) => `const r${r.row} = ${emptyRow(r, k.rows[r.row] ?? 'f32')}`))
  else {
    const values = emitBody(inside, s.body, c, rows)
    const folds = s.reductions.map((r, q) => foldOf(r, q, values[r.value] as Scalar, inside, k, c))
    for (const line of folds.flatMap((fold) => fold.step)) addLine(inside, inside.loops.length, line)
    emitStores(inside, s.stores, values, c)
    emitUpdates(inside, s.updates, values, c)
    say(folds.flatMap((fold) => fold.open))
    say(linesInside(inside, depth))
    say(folds.flatMap((fold) => fold.close))
    for (const { row, value } of s.rows) rows[row] = values[value]
  }
  for (const r of s.reductions) rows[r.row] = { text: `r${r.row}`, dtype: k.rows[r.row] ?? 'f32', level: depth }
}

/** The body of the function: the outer loops, and in them the stages one after the other. */
export const emitLoop = (k: LoopKernel, c: LoopContext): Lines => {
  if (isEmptyDomain(k.outer)) return []
  const nest = newNest(k.outer.map((extent, d) => countingLoop(`i${d}`, extent)))
  const rows: (Scalar | undefined)[] = []
  for (const s of k.stages) emitStage(nest, s, k, rows, c)
  return linesFrom(nest, 0)
}
