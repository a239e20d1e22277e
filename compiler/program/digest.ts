/**
 * A short name for an expression that any process gives it alike. In: nodes. Out: 16 hexadecimal digits.
 * Invariant: equal expressions have equal digests, whatever else was built before them; node numbers take no part in it.
 * Two 32-bit FNV-1a hashes over op, parameters and the operands' digests.
 */
import type { Node } from '../../src/expr/expr.ts'
import { isExpr } from '../../src/expr/node.ts'
import { paramsKey } from '../../src/expr/key.ts'
import { topological } from './walk.ts'

const known = new WeakMap<Node, string>()

const hashOf = (text: string): string => {
  let a = 0x811c9dc5
  let b = 0x01000193
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    a = Math.imul(a ^ c, 0x01000193)
    b = Math.imul(b ^ (c + 0x9e), 0x85ebca6b) ^ (b >>> 13)
  }
  return [a, b].map((h) => (h >>> 0).toString(16).padStart(8, '0')).join('')
}

/** Parameters with the digest of each node that they hold in its place: the functions of loops and choices. */
const withDigests = (params: unknown): unknown => {
  if (typeof params !== 'object' || params === null || ArrayBuffer.isView(params)) return params
  if (isExpr(params)) return digestOf(params)
  if (Array.isArray(params)) return params.map(withDigests)
  return Object.fromEntries(Object.entries(params).map(([k, v]) => [k, withDigests(v)]))
}

/** The digest of a node. */
export const digestOf = (root: Node): string => {
  const before = known.get(root)
  if (before !== undefined) return before
  for (const n of topological([root])) {
    if (known.has(n)) continue
    known.set(
      n,
      hashOf(
        `${n.op} ${n.dtype} ${n.shape.join()} ${paramsKey(withDigests(n.params))} ${n.ins.map((i) => known.get(i)).join()}`,
      ),
    )
  }
  return known.get(root) as string
}
