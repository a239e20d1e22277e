/**
 * One step of each loop derived like the rest. In: a model's loops as they are written. Out: for each the step as a small model of
 * its own: what it reads as symbols, and a scalar whose derivatives are the errors at that step.
 * Invariant: the symbols have the names that the recurrence gives them; a loop that has another inside is left out.
 */
import type { Node } from '../src/expr/expr.ts'
import { isFloat } from '../src/core/dtype.ts'
import { graph, make } from '../src/expr/node.ts'
import { nameOf, setName } from '../src/expr/origin.ts'
import { opDef } from '../src/ops/registry.ts'
import { range } from '../src/core/shape.ts'
import type { Line, LoopBlock } from './inspect/equations.ts'
import { nameAt } from './inspect/indices.ts'
import { type Loop, loopsOf } from './inspect/loops.ts'
import { readAll } from './inspect/names.ts'
import { symbolOf } from './inspect/stations.ts'
import { rowAt } from './row.ts'
import { topological } from './program/walk.ts'

const index = 'ₜ'

export interface LoopStep {
  /** States and what else is read outside, as they are called at step t. */
  readonly results: readonly string[]
  /** Σ h · δh over these: what it is differentiated to is what the chain rule gives at one step. */
  readonly scalar: Node
  /** What the step reads: states of the step before, elements, and what all steps share. */
  readonly wrt: readonly Node[]
}

/** How values of a loop's body are called at step t. */
const calledIn = ({ body }: LoopBlock): ReadonlyMap<Node, string> =>
  new Map(body.flatMap((l) => (l.tag === 'equation' && l.name.endsWith(index) ? [[l.node, l.name] as const] : [])))

const before = (name: string, reverse: boolean): string => `${name}${reverse ? '₊' : '₋'}₁`

/** A copy over other leaves, of which each part has its name at step t. */
const copied = (
  results: readonly Node[],
  given: ReadonlyMap<Node, Node>,
  called: ReadonlyMap<Node, string>,
): readonly Node[] => {
  const done = new Map(given)
  for (const n of topological(results)) {
    if (done.has(n)) continue
    const ins = n.ins.map((i) => done.get(i) ?? i)
    const same = ins.every((x, i) => x === n.ins[i])
    const copy = same ? n : make(n.op, ins, n.params)
    const own = called.get(n) ?? (nameOf(n) === undefined ? undefined : nameAt(nameOf(n) as string, [index]))
    if (!same && own !== undefined) setName(copy, own)
    done.set(n, copy)
  }
  return results.map((r) => done.get(r) as Node)
}

const stepOf = (
  loop: Loop,
  block: LoopBlock,
  elsewhere: ReadonlyMap<Node, string>,
  wrt: readonly Node[],
): LoopStep | null => {
  const { fn, init, sequences, constants, reverse, condition } = loop.parts
  const called = calledIn(block)
  const isWanted = (n: Node): boolean => topological([n]).some((m) => wrt.includes(m))
  if (condition !== null || topological(fn.results).some((n) => opDef(n.op).kind === 'control')) return null
  /** What has a name at step t: a leaf, and what a loop before this one has stacked. */
  const symbolAt = (n: Node): Node | null => {
    const own = n.ins.length === 0 ? nameOf(n) : undefined
    const name = elsewhere.get(n) ?? (own === undefined ? undefined : nameAt(own, [index]))
    return name === undefined ? null : symbolOf(name, { dtype: n.dtype, shape: n.shape.slice(1) })
  }
  const came = init.map((_, i): Node | null => {
    const name = called.get(fn.results[i] as Node)
    return name === undefined ? null : symbolOf(before(name, reverse), fn.params[i] as Node)
  })
  const elements = sequences.map((s) => rowAt(s, symbolAt))
  const given = new Map<Node, Node>()
  for (const [i, value] of [...came, ...elements, ...constants].entries()) {
    if (value === null) return null
    given.set(fn.params[i] as Node, value)
  }
  const states = came.flatMap((s) => s ?? [])
  // of the elements those that change with the variables: what an earlier loop has made
  const inner = sequences.flatMap((s, j) =>
    topological([s]).some((m) => elsewhere.has(m)) && isWanted(s) ? topological([elements[j] as Node]) : [],
  )
  const made = new Set(elsewhere.values())
  const values = [...new Set([...fn.results.slice(0, init.length), ...loop.stacks.keys()])].filter(
    (v) => v.ins.length > 0 && isFloat(v.dtype) && called.has(v),
  )
  const ends = copied(values, given, called)
  const results = values.map((v) => called.get(v) as string)
  const received = ends.map((v, i) => {
    const all = graph.mul([v, symbolOf(`δ${results[i]}`, v)])
    return v.shape.length === 0 ? all : graph.sum([all], { axes: range(v.shape.length), keepDims: false })
  })
  const [first, ...rest] = received
  if (first === undefined) return null
  const scalar = rest.reduce((sum, r) => graph.add([sum, r]), first)
  const read = new Set(topological([scalar]))
  return {
    results,
    scalar,
    wrt: [...states, ...inner.filter((n) => made.has(nameOf(n) ?? '')), ...wrt].filter(
      (n) => read.has(n) && isFloat(n.dtype),
    ),
  }
}

/** The steps of the loops of a model, whose equations these are; of what they read that changes with `wrt`, and states. */
export const loopSteps = (model: Node, lines: readonly Line[], wrt: readonly Node[]): readonly LoopStep[] => {
  const loops = [...new Set(loopsOf(readAll([model]), new Map()).values())]
  const blocks = lines.filter((l) => l.tag === 'loop')
  const written = loops.flatMap((loop) => {
    const states = loop.parts.fn.results.slice(0, loop.parts.init.length)
    const block = blocks.find((b) => states.length > 0 && states.every((s) => calledIn(b).has(s) || s.ins.length === 0))
    return block === undefined ? [] : [{ loop, block }]
  })
  const elsewhere = new Map(
    written.flatMap(({ loop, block }) =>
      [...loop.stacks].flatMap(([value, results]) => {
        const name = calledIn(block).get(value)
        return name === undefined ? [] : results.map((r) => [r, name] as const)
      }),
    ),
  )
  return written.flatMap(({ loop, block }) => stepOf(loop, block, elsewhere, wrt) ?? [])
}
