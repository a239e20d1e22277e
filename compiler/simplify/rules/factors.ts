/**
 * Products as lists of factors. In: a mul or div. Out: its factors, and the product with some of them changed.
 * Invariant: factors are changed in place; the association of all others stays, so their roundings do too.
 */
import { isFloat } from '../../../src/core/dtype.ts'
import type { Shape } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, make } from '../../../src/expr/node.ts'
import { type Context, conform, valueOf } from '../rule.ts'

export interface Factor {
  readonly atom: Node
  /** Whether it divides. */
  readonly inverse: boolean
  /** Which operand to take, from the root down. */
  readonly path: readonly number[]
  /** Plain: only products, quotients and signs above; linear: a movement, sum or contraction too. */
  readonly way: 'plain' | 'reshaped' | 'linear'
  /** The shape in which the root sees the atom, where one reshape stands above it. */
  readonly seen: Shape
}

/** What stands above a factor: scalar products alone, movements too, or everything linear. */
type Reach = 'scaling' | 'linear'

const scaling = new Set<string>(['mul', 'div', 'neg', 'reshape'])
export const linear = new Set<string>([
  ...scaling,
  'broadcastTo',
  'transpose',
  'slice',
  'reverse',
  'sum',
  'mean',
  'dotGeneral',
])
const opened = { scaling, linear } as const
const depthLimit = 8
const sizeLimit = 24

const wayThrough = (f: Factor, n: Node): Pick<Factor, 'way' | 'seen'> => {
  if (n.op === 'mul' || n.op === 'div' || n.op === 'neg') return f
  return n.op === 'reshape' && f.way === 'plain' ? { way: 'reshaped', seen: n.shape } : { way: 'linear', seen: [] }
}

/** The factors of a product, nearest first; a product that is used elsewhere too counts as one factor. */
export const factorsOf = (root: Node, { once }: Pick<Context, 'once'>, reach: Reach): readonly Factor[] => {
  const found: Factor[] = []
  const queue: Factor[] = [{ atom: root, inverse: false, path: [], way: 'plain', seen: [] }]
  for (let at = 0; at < queue.length; at++) {
    const f = queue[at] as Factor
    const n = f.atom
    const enters = opened[reach].has(n.op) && isFloat(n.dtype) && (n === root || once(n))
    if (!enters || f.path.length >= depthLimit || queue.length > sizeLimit) {
      found.push(f)
      continue
    }
    for (const [i, atom] of n.ins.entries())
      queue.push({
        ...f,
        ...wayThrough(f, n),
        atom,
        path: [...f.path, i],
        inverse: f.inverse !== (n.op === 'div' && i === 1),
      })
  }
  return found
}

interface Edit {
  readonly path: readonly number[]
  /** null takes the factor away. */
  readonly to: Node | null
  /** `to` multiplies where the factor divided. */
  readonly turned?: boolean
}

/** The product with factors exchanged or taken away; null where nothing is left. */
export const edited = (n: Node, edits: readonly Edit[]): Node | null => {
  if (edits.length === 0) return n
  const here = edits.find((e) => e.path.length === 0)
  if (here !== undefined) return here.to
  const ins = n.ins.map((child, i) =>
    edited(
      child,
      edits.flatMap((e) => (e.path[0] === i ? [{ ...e, path: e.path.slice(1) }] : [])),
    ),
  )
  const [a = null, b = null] = ins
  if (n.op === 'mul') return a === null ? b : b === null ? a : graph.mul([a, b])
  if (n.op === 'div') {
    if (b === null) return a
    const turned = edits.some((e) => e.turned === true && e.path.length === 1 && e.path[0] === 1)
    if (turned) return a === null || valueOf(a) === 1 ? b : graph.mul([a, b])
    return graph.div([a ?? graph.lit(1, n.dtype), b])
  }
  return make(
    n.op,
    ins.map((i, k) =>
      conform(i ?? graph.lit(1, n.dtype), n.op === 'neg' && i !== null ? i.shape : (n.ins[k] as Node).shape),
    ),
    n.params,
  )
}

export const rewritten = (root: Node, edits: readonly Edit[]): Node =>
  conform(edited(root, edits) ?? graph.lit(1, root.dtype), root.shape)

// ---- literals
