/**
 * A choice between functions. In: a predicate and two functions of the world around. Out: the results of the one that runs.
 * Invariant: what a branch asks for while its function is called belongs to the branch and is computed there alone; what it
 * found outside is computed outside, and passed in. So the text of a program says what is computed when.
 */
import { checkList, expecting } from './arguments.ts'
import { showType } from '../core/shape.ts'
import type { Cond } from '../ops/branching.ts'
import { opDef } from '../ops/registry.ts'
import type { Expr, Node } from './expr.ts'
import { graph, literal, make, paramsOf, recorded, shapeError } from './node.ts'
import { closeAround, nodesOf, takeApart } from './scan.ts'
import { flatten, pathsOf, rebuild, type Structure } from './structure.ts'

/** A choice as engines see it. */
export interface CondParts {
  readonly predicate: Node
  readonly operands: readonly Node[]
  /** What stands for the operands in all branches. */
  readonly params: readonly Node[]
  /** The results of branch 0, which runs where the predicate is 0 or false, then those of branch 1 and so on. */
  readonly branches: readonly (readonly Node[])[]
}

/** The parts of a cond node. */
export const condParts = (node: Node): CondParts => {
  const [predicate, ...operands] = node.ins
  const { fn, branches } = paramsOf(node, 'cond')
  const { params, results } = nodesOf(fn)
  const count = results.length / branches
  return {
    predicate: predicate as Node,
    operands,
    params,
    branches: Array.from({ length: branches }, (_, k) => results.slice(k * count, (k + 1) * count)),
  }
}

/** What the results are made of, as far as it belongs to them; operands first. */
const reached = (results: readonly Node[], belongs: (n: Node) => boolean): ReadonlySet<Node> => {
  const own = new Set<Node>()
  const stack = [...results]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (own.has(n) || !belongs(n)) continue
    own.add(n)
    stack.push(...n.ins)
  }
  return new Set([...own].sort((a, b) => a.id - b.id))
}

/** All results of a choice; operands that no branch uses are left out. */
export const makeCond = ({ predicate, operands, params, branches }: CondParts): readonly Node[] => {
  const results = branches.flat()
  const used = reached(results, () => true)
  const kept = params.flatMap((p, i) => (used.has(p) ? [i] : []))
  const at = (list: readonly Node[]): readonly Node[] => kept.map((i) => list[i] as Node)
  const cond: Cond = { fn: { params: at(params), results }, branches: branches.length }
  return takeApart(make('cond', [predicate, ...at(operands)], cond), branches[0] as readonly Node[])
}

/** Refuses what is no predicate, before any branch is looked at. */
const requirePredicate = (op: string, predicate: Node, dtype: 'bool' | 'i32'): void => {
  expecting(op, [predicate])
  if (predicate.dtype === dtype && predicate.shape.length === 0) return
  const what = dtype === 'bool' ? 'predicate' : 'index'
  const sentence = `${op}: the ${what} is ${showType(predicate)}, not a scalar of ${dtype}`
  throw shapeError({ code: 'E_COND_PREDICATE', sentence, hint: 'where chooses elementwise' }, [predicate])
}

/** Refuses branches whose results differ in structure or type. */
const requireEqual = (op: string, whenTrue: Structure, whenFalse: Structure): void => {
  const refuse = (sentence: string, ins: readonly Node[]) => shapeError({ code: 'E_COND_BRANCHES', sentence }, ins)
  const [held, missed] = [pathsOf(whenTrue), pathsOf(whenFalse)]
  if (held.join() !== missed.join())
    throw refuse(`${op}: one branch gives ${showPaths(held)}, the other ${showPaths(missed)}`, [])
  const others = flatten(whenFalse)
  for (const [i, x] of flatten(whenTrue).entries()) {
    const y = others[i] as Node
    if (showType(x) !== showType(y))
      throw refuse(
        `${op}: the result${held[i] === '' ? '' : ` ${held[i]}`} is ${showType(x)} in one branch and ${showType(y)} in the other`,
        [],
      )
  }
}

const showPaths = (paths: readonly string[]): string =>
  paths.length === 0 ? 'nothing' : paths.map((p) => (p === '' ? 'an expression' : p)).join(', ')

type CheckPredicate<P extends Expr> = [P['dtype'] & 'bool'] extends [never]
  ? `cond: the predicate must be bool, not ${P['dtype']}`
  : P['shape'] extends readonly [number, ...(readonly number[])]
    ? 'cond: the predicate must be a scalar; where chooses elementwise'
    : unknown

type CheckIndex<P extends Expr> = [P['dtype'] & 'i32'] extends [never]
  ? `switchCase: the index must be i32, not ${P['dtype']}`
  : P['shape'] extends readonly [number, ...(readonly number[])]
    ? 'switchCase: the index must be a scalar'
    : unknown

/**
 * whenTrue() where the predicate is true, whenFalse() where it is false; only that branch is computed, its derivative
 * included. A branch gives an expression, or a record, list or nesting of them; both give the same types. What a branch
 * finds outside is computed before; what it makes while it is called is computed where the branch runs. `where` is the
 * choice for each element.
 *
 * The derivative of a choice is a choice: it computes the branch that was taken again, as `checkpoint` does. Over a batch of
 * predicates each branch runs over the batch, where an example takes it, and each example has the result of its own.
 *
 * Throws ShapeError E_COND_PREDICATE, E_COND_BRANCHES.
 *
 * @example
 * const x = input('x', [3])
 * const y = cond(greater(sum(x), 0), () => log(x), () => exp(x))
 * console.log(y.shape) // [ 3 ]
 */
export const cond = <P extends Expr, R extends Structure, A extends readonly Expr[] = readonly []>(
  predicate: P & CheckPredicate<P>,
  whenTrue: (...operands: A) => R,
  whenFalse: (...operands: A) => R,
  ...operands: A
): R => {
  requirePredicate('cond', predicate, 'bool')
  return chosen(predicate, () => {
    const missed = whenFalse(...operands)
    const held = whenTrue(...operands)
    requireEqual('cond', held, missed)
    return [missed, held]
  })
}

/**
 * The branch that the index counts, the first one for 0 or less, the last one for any that is too great: a `cond` of several
 * functions, of which one is computed. Throws ShapeError E_COND_PREDICATE, E_COND_BRANCHES.
 *
 * @example
 * const [k, x] = [input('k', [], 'i32'), input('x', [3])]
 * console.log(switchCase(k, [() => x, () => exp(x), () => log(x)]).shape) // [ 3 ]
 */
export const switchCase = <P extends Expr, R extends Structure, A extends readonly Expr[] = readonly []>(
  index: P & CheckIndex<P>,
  branches: readonly [(...operands: A) => R, ...((...operands: A) => R)[]],
  ...operands: A
): R => {
  requirePredicate('switchCase', index, 'i32')
  checkList('switchCase', 'the list of branches', branches)
  const last = literal(branches.length - 1, 'i32')
  return chosen(graph.minimum([graph.maximum([index, literal(0, 'i32')]), last]), () => {
    const given = branches.map((branch) => branch(...operands))
    for (const other of given) requireEqual('switchCase', given[0] as R, other)
    return given
  })
}

/** The results of the branches, as what they asked for while they were called. */
const chosen = <R extends Structure>(predicate: Node, call: () => readonly R[]): R => {
  const { value: given, asked } = recorded(call)
  const all = given.flatMap(flatten)
  const own = reached(all, (n) => asked.has(n) && opDef(n.op).kind !== 'leaf')
  const { fn, constants } = closeAround(own, [], all)
  const count = all.length / given.length
  const branches = given.map((_, k) => fn.results.slice(k * count, (k + 1) * count))
  return rebuild(given[0] as R, makeCond({ predicate, operands: constants, params: fn.params, branches }))
}
