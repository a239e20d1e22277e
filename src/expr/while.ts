/**
 * Loops that end by a condition. In: initial carries, a condition on them, and what makes the next ones. Out: the first carries
 * for which the condition does not hold. Invariant: as in a scan, the functions are closed, and what does not depend on the
 * carries is computed once, outside.
 */
import { expecting } from './arguments.ts'
import { equalTypes, showType } from '../core/shape.ts'
import type { While } from '../ops/branching.ts'
import { cond } from './cond.ts'
import type { Expr, Node } from './expr.ts'
import { scan } from './loop.ts'
import { make, paramsOf, shapeError } from './node.ts'
import { nameOf, setName } from './origin.ts'
import { closeOver, freshBound, nodesOf, takeApart } from './scan.ts'
import { flatten, pathsOf, rebuild, type Structure } from './structure.ts'

/** A loop as engines see it. */
export interface WhileParts {
  readonly init: readonly Node[]
  readonly constants: readonly Node[]
  /** Stand for the carries, then for the constants. */
  readonly params: readonly Node[]
  readonly next: readonly Node[]
  /** Whether the step to `next` is taken. */
  readonly condition: Node
}

/** The parts of a while node. */
export const whileParts = (node: Node): WhileParts => {
  const { fn, carries } = paramsOf(node, 'while')
  const { params, results } = nodesOf(fn)
  return {
    init: node.ins.slice(0, carries),
    constants: node.ins.slice(carries),
    params,
    next: results.slice(0, carries),
    condition: results[carries] as Node,
  }
}

/** All results of a loop: its last carries. */
export const makeWhile = ({ init, constants, params, next, condition }: WhileParts): readonly Node[] => {
  const loop: While = { fn: { params, results: [...next, condition] }, carries: init.length }
  return takeApart(make('while', [...init, ...constants], loop), init)
}

export interface WhileOptions {
  /** At most this many steps are taken, and the loop has a reverse mode. */
  readonly bound?: number
}

/** Refuses next carries that are not like the first ones. */
const requireSame = (init: readonly Node[], next: readonly Node[]): void => {
  const refuse = (sentence: string, ins: readonly Node[]) => shapeError({ code: 'E_WHILE_CARRY', sentence }, ins)
  if (init.length !== next.length)
    throw refuse(`whileLoop: ${init.length} carries go in, ${next.length} come out`, init)
  for (const [i, x] of init.entries()) {
    const y = next[i] as Node
    if (!equalTypes(x, y))
      throw refuse(`whileLoop: carry ${i} goes in as ${showType(x)} and comes out as ${showType(y)}`, [x])
  }
}

/** Refuses a condition that is no scalar truth. */
const requireTruth = (holds: Node): void => {
  expecting('whileLoop', [holds])
  if (holds.dtype === 'bool' && holds.shape.length === 0) return
  const sentence = `whileLoop: the condition is ${showType(holds)}, not a scalar of bool`
  throw shapeError({ code: 'E_WHILE_CONDITION', sentence }, [])
}

/** What carries are called: by their fields; a single one as what it starts with, x where that is x0. */
const carryNames = (init: Structure): readonly string[] => {
  const nodes = flatten(init)
  return pathsOf(init).map((path, i) => {
    if (path !== '') return /^\d+$/u.test(path) ? `c${path}` : path
    return /^(.+?)[0₀]$/u.exec(nameOf(nodes[i] as Node) ?? '')?.[1] ?? 'c'
  })
}

/**
 * body(… body(init)) as long as the condition holds of what goes in. Carries are an expression, or a record, list or nesting of
 * them. What condition and body find outside is computed once, before.
 *
 * A loop without a bound has forward mode alone: nothing says how much the way back would have to keep. With `{ bound: n }` at
 * most n steps are taken, whatever the condition says, and reverse mode works: it is a scan of n steps, of which those behind
 * the end compute the condition and no more. Over a batch the loop runs until the last example has ended, and the others keep
 * the carries that they ended with.
 *
 * Throws ShapeError E_WHILE_CONDITION, E_WHILE_CARRY, E_WHILE_BOUND; E_WHILE_REVERSE from a derivative.
 *
 * @example
 * const a = input('a', [])
 * const root = whileLoop(a, (x) => greater(abs(sub(mul(x, x), a)), 1e-3), (x) => mul(0.5, add(x, div(a, x))))
 * console.log(root.shape) // []
 */
export const whileLoop = <C extends Structure>(
  init: C,
  condition: (carry: C) => Expr,
  body: (carry: C) => C,
  { bound }: WhileOptions = {},
): C => {
  const initial = flatten(init)
  if (bound !== undefined) return bounded(init, condition, body, bound)
  const names = carryNames(init)
  const carries = initial.map((x) => freshBound(x))
  for (const [i, c] of carries.entries()) setName(c, names[i] as string)
  const carry = rebuild(init, carries)
  const holds = condition(carry)
  requireTruth(holds)
  const next = flatten(body(carry))
  requireSame(initial, next)
  const { fn, constants } = closeOver(carries, [...next, holds])
  const count = initial.length
  const results = makeWhile({
    init: initial,
    constants,
    params: fn.params,
    next: fn.results.slice(0, count),
    condition: fn.results[count] as Node,
  })
  return rebuild(init, results)
}

const bounded = <C extends Structure>(
  init: C,
  condition: (carry: C) => Expr,
  body: (carry: C) => C,
  bound: number,
): C => {
  const initial = flatten(init)
  if (!Number.isInteger(bound) || bound < 0)
    throw shapeError(
      { code: 'E_WHILE_BOUND', sentence: `whileLoop: the bound ${bound} is no number of steps` },
      initial,
    )
  const names = carryNames(init)
  const called = (nodes: readonly Node[]): Readonly<Record<string, Node>> =>
    Object.fromEntries(nodes.map((n, i) => [names[i] as string, n]))
  const step = (carries: Readonly<Record<string, Node>>) => {
    const carry = rebuild(init, Object.values(carries))
    const holds = condition(carry)
    requireTruth(holds)
    const taken = () => {
      const next = flatten(body(carry))
      requireSame(initial, next)
      return called(next)
    }
    return { carry: cond(holds, taken, () => carries), output: [] }
  }
  return rebuild(init, Object.values(scan(step, called(initial), [], { length: bound }).carry))
}
