/**
 * What a user compiles, as passes see it. In: entries under names: an expression, a record of them, or a step. Out: entry
 * programs, with the entry `init` that fills parameters and states; or what is wrong with them.
 * Invariant: every name means one leaf, every update's target is a parameter or a state of the value's own type.
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { isName } from '../src/artifact/manifest.ts'
import { type CompileError, nablaError } from '../src/core/errors.ts'
import { equalTypes, showType } from '../src/core/shape.ts'
import type { Expr, Node } from '../src/expr/expr.ts'
import type { Update } from '../src/expr/leaves.ts'
import { isExpr, paramsOf } from '../src/expr/node.ts'
import { nameOf, sourceOf } from '../src/expr/origin.ts'
import type { EntryProgram } from './program/entry.ts'
import { rootsOf } from './program/entry.ts'
import { topological } from './program/walk.ts'

/** Results and, in one call with them, new values for parameters and states. */
export interface Step<R extends Readonly<Record<string, Expr>> = Readonly<Record<string, Expr>>> {
  readonly results: R
  readonly updates: readonly Update[]
}

export type EntryInput = Expr | Readonly<Record<string, Expr>> | Step
export type EntryInputs = Readonly<Record<string, EntryInput>>

export const isStep = (e: EntryInput): e is Step => 'updates' in e && Array.isArray(e.updates)

const refuse = (code: string, sentence: string, at?: Node, hint?: string): Either<CompileError, never> =>
  left(nablaError('CompileError', code, sentence, { source: at === undefined ? undefined : sourceOf(at), hint }))

const toProgram = (name: string, e: EntryInput): EntryProgram => {
  const results = isStep(e) ? e.results : isExpr(e) ? { [name]: e } : (e as Readonly<Record<string, Expr>>)
  return {
    name,
    results: Object.entries(results).map(([n, value]) => ({ name: n, value })),
    updates: isStep(e) ? e.updates : [],
  }
}

const nameHint = 'a name has 1 to 200 printing characters'

const identifier = /^[A-Za-z_$][\w$]*$/

const checkNames = (programs: readonly EntryProgram[]): Either<CompileError, void> => {
  for (const e of programs) {
    if (!identifier.test(e.name) || !isName(e.name) || e.name === 'init' || e.name === 'memory')
      return refuse(
        'E_ENTRY_NAME',
        `the entry name ${JSON.stringify(e.name)} ${e.name === 'init' || e.name === 'memory' ? 'is reserved' : 'is not an identifier'}`,
      )
    if (e.results.length === 0 && e.updates.length === 0)
      return refuse('E_ENTRY_EMPTY', `the entry ${e.name} has neither results nor updates`)
    for (const r of e.results) {
      if (!isExpr(r.value)) return refuse('E_ENTRY_RESULT', `result ${r.name} of entry ${e.name} is not an expression`)
      if (!isName(r.name))
        return refuse(
          'E_ENTRY_NAME',
          `a result of entry ${e.name} may not be named ${JSON.stringify(r.name)}`,
          r.value,
          nameHint,
        )
    }
  }
  return right(undefined)
}

const checkLeaves = (leaves: readonly Node[]): Either<CompileError, void> => {
  const seen = new Map<string, Node>()
  for (const n of leaves) {
    const name = nameOf(n) ?? ''
    if (!isName(name)) return refuse('E_NAME', `the ${n.op} may not be named ${JSON.stringify(name)}`, n, nameHint)
    const other = seen.get(name)
    if (other !== undefined && other !== n)
      return refuse(
        'E_NAME_TWICE',
        `the name ${name} means ${other.op} ${showType(other)} and ${n.op} ${showType(n)}${other.op === n.op && equalTypes(other, n) ? ' with another initializer' : ''}`,
        n,
        'every input, parameter and state needs a name of its own',
      )
    seen.set(name, n)
  }
  return right(undefined)
}

const checkUpdates = (e: EntryProgram): Either<CompileError, void> => {
  const targets = new Set<Node>()
  for (const { target, value } of e.updates) {
    if (target.op !== 'param' && target.op !== 'state')
      return refuse(
        'E_UPDATE_TARGET',
        `entry ${e.name} updates ${nameOf(target) ?? target.op}, which is no parameter and no state`,
        target,
      )
    if (!equalTypes(target, value))
      return refuse(
        'E_UPDATE_TYPE',
        `entry ${e.name} gives ${nameOf(target)} ${showType(target)} a value of type ${showType(value)}`,
        value,
      )
    if (targets.has(target)) return refuse('E_UPDATE_TWICE', `entry ${e.name} updates ${nameOf(target)} twice`, target)
    targets.add(target)
  }
  return right(undefined)
}

const isLeaf = (n: Node): boolean => n.op === 'input' || n.op === 'param' || n.op === 'state'

/** The initial value of a parameter or state, an expression over the input `key`. */
const initOf = (n: Node): Node | null => {
  const { init } = paramsOf(n, n.op as 'param')
  return isExpr(init) ? init : null
}

export const toPrograms = (entries: EntryInputs): Either<CompileError, readonly EntryProgram[]> => {
  const programs = Object.entries(entries).map(([name, e]) => toProgram(name, e))
  if (programs.length === 0) return refuse('E_ENTRY_NONE', 'no entry is given to compile')
  const named = checkNames(programs)
  if (named._tag === 'Left') return named
  const roots = programs.flatMap((e) => [...rootsOf(e), ...e.updates.map((u) => u.target)])
  const leaves = topological(roots).filter(isLeaf)
  const checked = [checkLeaves(leaves), ...programs.map(checkUpdates)].find((c) => c._tag === 'Left')
  if (checked?._tag === 'Left') return checked
  const carried = leaves.filter((n) => n.op !== 'input')
  if (carried.length === 0) return right(programs)
  const updates: Update[] = []
  for (const target of carried) {
    const value = initOf(target)
    if (value === null || !equalTypes(target, value))
      return refuse(
        'E_INIT',
        `${target.op} ${nameOf(target)} ${showType(target)} has no initializer of its type`,
        target,
      )
    updates.push({ target, value })
  }
  return right([...programs, { name: 'init', results: [], updates }])
}
