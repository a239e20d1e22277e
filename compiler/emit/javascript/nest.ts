/**
 * A loop nest being written. In: the loops, and expressions with the loops they need. Out: text in which every value is
 * a const, computed once and as far outside as it may be.
 * Invariant: level l is the text directly inside the first l loops. A name is visible wherever it can be asked for: the
 * levels of a stage are its own, those of the outer loops are shared by the stages, in order.
 */
import type { DType } from '../../../src/core/dtype.ts'
import { InternalError } from '../../../src/core/errors.ts'
import type { Access } from '../../kernel/kernel.ts'
import type { Scalar } from './machine.ts'
import { block, type Lines } from './text.ts'

/** One loop: its index variable, how often it runs, and the head of the for; null where the index is given already. */
export interface Loop {
  readonly index: string
  readonly extent: number
  readonly head: string | null
}

export const countingLoop = (index: string, extent: number): Loop => ({
  index,
  extent,
  head: `for (let ${index} = 0; ${index} < ${extent}; ${index}++)`,
})

interface Level {
  readonly lines: string[]
  /** Pure expressions that have a name here. */
  readonly known: Map<string, Scalar>
}

const newLevel = (): Level => ({ lines: [], known: new Map() })

export interface Nest {
  readonly loops: readonly Loop[]
  /** Levels 0 … loops.length. */
  readonly levels: readonly Level[]
  readonly counter: { values: number; addresses: number }
}

export const newNest = (loops: readonly Loop[]): Nest => ({
  loops,
  levels: Array.from({ length: loops.length + 1 }, newLevel),
  counter: { values: 0, addresses: 0 },
})

/** The loops of a stage inside a nest: new levels below the nest's own innermost one. */
export const deeper = (nest: Nest, loops: readonly Loop[]): Nest => ({
  loops: [...nest.loops, ...loops],
  levels: [...nest.levels, ...loops.map(newLevel)],
  counter: nest.counter,
})

const levelAt = (nest: Nest, level: number): Level => nest.levels[level] as Level

export const addLine = (nest: Nest, level: number, line: string): void => {
  levelAt(nest, level).lines.push(line)
}

/** A const for a pure expression; the same expression at the same place has one name. */
export const bindIn = (nest: Nest, text: string, dtype: DType, level: number, prefix: 't' | 'at' = 't'): Scalar => {
  const key = `${dtype} ${text}`
  const known = levelAt(nest, level).known.get(key)
  if (known !== undefined) return known
  const value = bindAnew(nest, text, dtype, level, prefix)
  levelAt(nest, level).known.set(key, value)
  return value
}

/** A const for an expression whose value may change between two evaluations. */
export const bindAnew = (nest: Nest, text: string, dtype: DType, level: number, prefix: 't' | 'at' = 't'): Scalar => {
  const name = prefix === 't' ? `t${nest.counter.values++}` : `at${nest.counter.addresses++}`
  addLine(nest, level, `const ${name} = ${text}`)
  return { text: name, dtype, level }
}

/**
 * Names for what `common` gives, assigned from `rare` where the condition holds. What `rare` makes at the level of the
 * choice stands inside of the branch and is known nowhere else; what it makes further outside is made there, for all.
 */
export const bindRarely = (
  nest: Nest,
  condition: Scalar,
  rare: () => readonly Scalar[],
  common: readonly Scalar[],
): readonly Scalar[] => {
  const level = Math.max(condition.level, ...common.map((c) => c.level))
  const { lines, known } = levelAt(nest, level)
  const before = { lines: lines.length, known: known.size }
  const values = rare()
  if (values.some((v) => v.level > level)) throw new InternalError('a rare path needs more loops than its condition')
  const inside = lines.splice(before.lines)
  for (const key of [...known.keys()].slice(before.known)) known.delete(key)
  const names = common.map(() => `t${nest.counter.values++}`)
  const assigned = names.map((name, i) => `${name} = ${values[i]?.text}`)
  lines.push(...names.map((name, i) => `let ${name} = ${common[i]?.text}`))
  lines.push(...block(`if (${condition.text})`, [...inside, ...assigned]))
  return names.map((text, i) => ({ text, dtype: (common[i] as Scalar).dtype, level }))
}

interface Term {
  readonly stride: number
  readonly index: string
  /** The level inside the term's loop. */
  readonly level: number
}

const termsOf = (nest: Nest, access: Access): readonly Term[] =>
  nest.loops.flatMap(({ index, extent }, d) => {
    const stride = access.strides[d] ?? 0
    return extent > 1 && stride !== 0 ? [{ stride, index, level: d + 1 }] : []
  })

const sumText = (terms: readonly Term[], base: string, offset: number): string => {
  const parts = terms.map(({ stride, index }) => (stride === 1 ? index : `${stride} * ${index}`))
  const all = [
    ...(base === '' ? [] : [base]),
    ...parts,
    ...(offset !== 0 || (base === '' && parts.length === 0) ? [String(offset)] : []),
  ]
  return all.join(' + ').replaceAll('+ -', '- ')
}

export interface Address {
  /** An expression in names that are visible at `level`. */
  readonly text: string
  readonly level: number
}

/** The address as an expression; all but its innermost loop's part is computed outside of that loop. */
export const addressIn = (nest: Nest, access: Access): Address => {
  const terms = termsOf(nest, access)
  const last = terms.at(-1)
  if (last === undefined) return { text: String(access.offset), level: 0 }
  const outside = terms.slice(0, -1)
  if (outside.length === 0) return { text: sumText([last], '', access.offset), level: last.level }
  const level = (outside.at(-1) as Term).level
  const base = bindIn(nest, sumText(outside, '', access.offset), 'i32', level, 'at')
  return { text: sumText([last], base.text, 0), level: last.level }
}

/** The index of a loop as a value. */
export const indexIn = (nest: Nest, axis: number): Scalar => {
  const loop = nest.loops[axis] as Loop
  return loop.extent > 1 ? { text: loop.index, dtype: 'i32', level: axis + 1 } : { text: '0', dtype: 'i32', level: 0 }
}

/** The text of the levels deeper than `from`, each inside its loop; a loop of one turn is no loop. */
export const linesInside = (nest: Nest, from: number): Lines => {
  let text: Lines = []
  for (let l = nest.loops.length; l > from; l--) {
    const inner = [...levelAt(nest, l).lines, ...text]
    const loop = nest.loops[l - 1] as Loop
    text = loop.head === null || loop.extent === 1 ? inner : block(loop.head, inner)
  }
  return text
}

/** The same with the lines of level `from` itself ahead. */
export const linesFrom = (nest: Nest, from: number): Lines => [...levelAt(nest, from).lines, ...linesInside(nest, from)]
