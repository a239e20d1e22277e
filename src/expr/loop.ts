/**
 * Loops as expressions. In: a function of carry and element, initial carries, sequences. Out: the last carries and the
 * outputs stacked along a new first axis. Invariant: whatever is saved for the way back, values and derivatives are the same.
 */
import { numberOf, oneOf } from './arguments.ts'
import type { Checkpoint } from '../ops/control.ts'
import { checkpoint } from './checkpoint.ts'
import type { Expr, Node } from './expr.ts'
import { graph, isExpr, shapeError } from './node.ts'
import { nameOf, setName } from './origin.ts'
import { leaveOpen, rootSegment, type SavePolicy } from './policy.ts'
import { foldIn, type Key } from './random.ts'
import { closeOver, freshBound, listOf, makeScan, resultsOf, shapedLike, type Values } from './scan.ts'
import { runSegments } from './segments.ts'
import { typed } from './typed.ts'

/** The element of each sequence that the function sees: its first extent is the loop's. */
type Elements<X> =
  X extends Expr<infer S, infer D>
    ? S extends readonly [number, ...infer Rest extends readonly number[]]
      ? Expr<Rest, D>
      : Node
    : { readonly [K in keyof X]: Elements<X[K]> }

/** Each output with the loop's extent in front. */
type Stacked<Y> =
  Y extends Expr<infer S, infer D> ? Expr<readonly [number, ...S], D> : { readonly [K in keyof Y]: Stacked<Y[K]> }

const namesOf = (v: Values, alone: string): readonly string[] =>
  isExpr(v) ? [alone] : Array.isArray(v) ? v.map((_, i) => `${alone}${i}`) : Object.keys(v)

/** A carry that starts with h0 is h. */
const withoutStart = (initial: Node): string | undefined => /^(.+?)[0₀]$/u.exec(nameOf(initial) ?? '')?.[1]

const carryNames = (v: Values): readonly string[] =>
  namesOf(v, 'c').map((name, i) =>
    isExpr(v) || Array.isArray(v) ? (withoutStart(listOf(v)[i] as Node) ?? name) : name,
  )

export interface ScanOptions {
  /** From the last element to the first; outputs stay at their element's place. Default false. */
  readonly reverse?: boolean
  /** The number of steps, where there is no sequence to tell it. */
  readonly length?: number
  /** From which each step has a key of its own, for random numbers: `foldIn(key, t)` for the element at place t. */
  readonly key?: Key | Node
  /**
   * Memory against time: what the way back finds, and what it computes again. For T steps,
   * - `'all'` (default): every step keeps each value that its derivative reads, but for cheap arithmetic;
   * - `'products'`: every step keeps its carry and its matrix products;
   * - `'nothing'`: every step keeps its carry alone, and is computed twice;
   * - `{ every: k }`: the carry of every k-th step is kept, and of one segment of k steps at a time what `'all'` keeps; each
   *   step is computed twice. `'sqrt'` is every ⌈√T⌉ steps.
   *
   * Where none is named, `compile(…, { remat: true })` may choose one to make a program fit into memory.
   */
  readonly save?: SavePolicy
}

const lengthOf = (sequences: readonly Node[], options: ScanOptions): number => {
  if (options.length !== undefined) numberOf('scan', 'length', options.length, 'a natural number')
  const length = options.length ?? sequences[0]?.shape[0]
  if (length === undefined || !Number.isInteger(length) || length < 0)
    throw shapeError(
      { code: 'E_SCAN_LENGTH', sentence: 'scan: no sequence and no length say how many steps there are' },
      sequences,
    )
  return length
}

type Step = (carry: Values, element: Values) => { readonly carry: Values; readonly output: Values }
type KeyedStep = (carry: Values, element: Values, key: Node) => ReturnType<Step>

/** The function of carry and element alone, which makes a key of each step's place in the sequence. */
const withKeys = (f: KeyedStep, key: Node | undefined, place: Node): Step => {
  if (key !== undefined) return (carry, element) => f(carry, element, foldIn(key, place as Expr<readonly [], 'i32'>))
  if (f.length > 2)
    throw shapeError(
      { code: 'E_SCAN_KEY', sentence: 'scan: the function takes a key for each step, and the options name none' },
      [],
    )
  return f as Step
}

/** A step that keeps its operands and nothing else, or its products beside them. */
const savingOnly =
  (f: Step, save: Checkpoint['save']): Step =>
  (carry, element) => {
    const [carries, elements] = [listOf(carry), listOf(element)]
    let given: ReturnType<Step> | undefined
    const values = checkpoint(
      (...all: readonly Node[]): readonly Node[] => {
        given = f(shapedLike(carry, all.slice(0, carries.length)), shapedLike(element, all.slice(carries.length)))
        return [...listOf(given.carry), ...listOf(given.output)]
      },
      { save },
    )(...carries, ...elements)
    const { carry: next, output } = given as ReturnType<Step>
    const count = listOf(next).length
    return { carry: shapedLike(next, values.slice(0, count)), output: shapedLike(output, values.slice(count)) }
  }

/** How many steps a segment has, or null where the loop is not cut. */
const segmentOf = (save: SavePolicy, length: number, operands: readonly Node[]): number | null => {
  if (save === 'sqrt') return rootSegment(length)
  if (typeof save !== 'object' || save === null) {
    oneOf('scan', 'save', save, ['all', 'products', 'nothing', 'sqrt'])
    return null
  }
  if (!Number.isInteger(save.every) || save.every < 1)
    throw shapeError(
      {
        code: 'E_SCAN_SEGMENT',
        sentence: `scan: segments of ${save.every} steps; a whole number of 1 or more is meant`,
      },
      operands,
    )
  return save.every
}

/**
 * cₜ₊₁, yₜ = f(cₜ, xₜ) over the first axis of the sequences. Carries, sequences and outputs are an expression, a list or a
 * record of them. The result is the last carry and the outputs of all steps, stacked. Code size and compile time do not
 * depend on the number of steps; its derivative is a scan backwards.
 *
 * With a key in the options f gets, as its third operand, a key for each step.
 *
 * Throws ShapeError E_SCAN_LENGTH, E_SCAN_CARRY, E_SCAN_TYPE, E_SCAN_SEGMENT, E_SCAN_KEY.
 *
 * @example
 * const xs = input('xs', [10, 3])
 * const { carry, outputs } = scan((c, x) => ({ carry: add(c, x), output: c }), zeros([3]), xs)
 * console.log(carry.shape, outputs.shape) // [ 3 ] [ 10, 3 ]
 */
export const scan: <C extends Values, X extends Values, Y extends Values>(
  f: (carry: C, element: Elements<X>, key: Key) => { readonly carry: C; readonly output: Y },
  init: C,
  sequences: X,
  options?: ScanOptions,
) => { readonly carry: C; readonly outputs: Stacked<Y> } = typed(
  (f: KeyedStep, init: Values, over: Values, options: ScanOptions & { readonly key?: Node } = {}) => {
    const [initial, given] = [listOf(init), listOf(over)]
    const length = lengthOf(given, options)
    const place = freshBound({ dtype: 'i32', shape: [] })
    setName(place, 't')
    const step = withKeys(f, options.key, place)
    const isKeyed = options.key !== undefined
    const sequences = isKeyed ? [...given, graph.iota([], { shape: [length], axis: 0 })] : given
    const carries = initial.map((n) => freshBound(n))
    const ofUser = given.map((n) => freshBound({ dtype: n.dtype, shape: n.shape.slice(1) }))
    const elements = isKeyed ? [...ofUser, place] : ofUser
    for (const [i, name] of carryNames(init).entries()) setName(carries[i] as Node, name)
    for (const [i, name] of namesOf(over, 'x').entries()) setName(elements[i] as Node, `${name}ₜ`)
    const save = options.save ?? 'all'
    const segment = segmentOf(save, length, [...initial, ...sequences])
    const kept = save === 'products' || save === 'nothing' ? savingOnly(step, save) : step
    const { carry, output } = kept(shapedLike(init, carries), shapedLike(over, ofUser))
    const { fn, constants } = closeOver([...carries, ...elements], [...listOf(carry), ...listOf(output)])
    if (!isExpr(output) && !Array.isArray(output))
      for (const [i, name] of Object.keys(output).entries()) {
        const made = fn.results[initial.length + i] as Node
        if (made.ins.length > 0) setName(made, name)
      }
    const parts = { fn, length, reverse: options.reverse ?? false, init: initial, sequences, constants }
    const results = segment === null || length === 0 ? resultsOf(makeScan(parts)) : runSegments(parts, segment)
    if (options.save === undefined) leaveOpen(results)
    return {
      carry: shapedLike(init, results.slice(0, initial.length)),
      outputs: shapedLike(output, results.slice(initial.length)),
    }
  },
)

/**
 * f of each element along the first axis of the sequences, stacked: a scan that carries nothing. One element is computed
 * after the other, so that what f makes on the way is in memory once; `vmap` computes all at once. Sequences and outputs are
 * an expression, a list or a record of them. Throws ShapeError E_SCAN_LENGTH.
 *
 * @example
 * const rows = input('rows', [10, 3])
 * console.log(map((row) => sum(square(row)), rows).shape) // [ 10 ]
 */
export const map = <X extends Values, Y extends Values>(f: (element: Elements<X>) => Y, sequences: X): Stacked<Y> =>
  scan((carry: readonly Expr[], element: Elements<X>) => ({ carry, output: f(element) }), [], sequences).outputs
