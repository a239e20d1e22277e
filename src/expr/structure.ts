/**
 * Structures of expressions: a record, tuple or nesting of them. In: a structure. Out: its nodes in order, and a structure of
 * the same form over other nodes. Invariant: `rebuild(s, flatten(s))` has the nodes of s at their places.
 */
import { InternalError } from '../core/errors.ts'
import type { Expr, Node } from './expr.ts'
import { isExpr, shapeError } from './node.ts'

export type Structure = Expr | readonly Structure[] | { readonly [name: string]: Structure }

export const flatten = (s: Structure): readonly Node[] => {
  if (isExpr(s)) return [s]
  if (typeof s !== 'object' || s === null)
    throw shapeError({ code: 'E_OPERAND', sentence: `a structure of expressions holds ${String(s)}` }, [])
  return (Array.isArray(s) ? (s as readonly Structure[]) : Object.values(s)).flatMap(flatten)
}

/** Where each node of a structure stands, in the order of `flatten`: `layers.0.w`; nothing for a node by itself. */
export const pathsOf = (s: Structure): readonly string[] => {
  if (isExpr(s)) return ['']
  return Object.entries(s).flatMap(([k, v]) =>
    pathsOf(v as Structure).map((path) => (path === '' ? k : `${k}.${path}`)),
  )
}

/** The same structure over `nodes`, which stand in the order of `flatten`. The result has the structure's own type. */
export const rebuild = <S extends Structure>(structure: S, nodes: readonly Node[]): S => {
  let next = 0
  const walk = (s: Structure): Structure => {
    if (isExpr(s)) {
      const n = nodes[next++]
      if (n === undefined) throw new InternalError('fewer nodes than the structure has places')
      return n
    }
    if (Array.isArray(s)) return (s as readonly Structure[]).map(walk)
    return Object.fromEntries(Object.entries(s).map(([k, v]) => [k, walk(v)]))
  }
  return walk(structure) as S
}
