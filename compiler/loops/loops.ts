/**
 * Makes loops as small as they can be. In: roots with scans, and the tools to simplify and to batch. Out: equal roots whose
 * scans hold only what depends on a carry. Invariant: values are unchanged up to the order in which a product's sum over the
 * steps is added. Loops over the same operands become one; what only depends on the elements is computed ahead for all
 * steps; a product that only an output wants is computed behind for all steps; what nobody reads goes.
 */
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, make, paramsOf } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import {
  dependentOn,
  freshBound,
  functionOf,
  makeScan,
  resultsOf,
  type ScanParts,
  scanParts,
  substitute,
} from '../../src/expr/scan.ts'
import { opDef } from '../../src/ops/registry.ts'
import { type Batch, widened } from '../program/batch.ts'
import { topological } from '../program/walk.ts'
import { behindLoops } from './behind.ts'
import { simplifyBodies } from './bodies.ts'
import { shareLoops } from './share.ts'
import { isOfSmaller, smallerControl } from './smaller.ts'
import { splitProducts } from './split.ts'

export interface LoopTools {
  readonly simplify: (roots: readonly Node[]) => readonly Node[]
  readonly batch: Batch
}

/** Scans with one key differ only in what they stack. */
const keyOf = (scan: Node): string => {
  const { fn, length, reverse, init } = scanParts(scan)
  const ids = (nodes: readonly Node[]) => nodes.map((n) => n.id).join()
  return [ids(scan.ins), ids(fn.params), ids(fn.results.slice(0, init.length)), length, reverse].join(';')
}

/** A loop under way: `next` are the carries' next values, `outputs` the body nodes whose stacks are wanted. */
interface Draft {
  readonly parts: ScanParts
  readonly next: readonly Node[]
  readonly outputs: readonly Node[]
}

const boundsOf = ({ fn, init, sequences }: ScanParts) => {
  const [nc, nx] = [init.length, sequences.length]
  return {
    carries: fn.params.slice(0, nc),
    elements: fn.params.slice(nc, nc + nx),
    constants: fn.params.slice(nc + nx),
  }
}

/** Body nodes over all steps at once: elements become sequences, constants what they stand for. */
const overAllSteps = (
  nodes: readonly Node[],
  { parts }: Draft,
  more: ReadonlyMap<Node, Node>,
  tools: LoopTools,
): readonly Node[] => {
  const { elements, constants } = boundsOf(parts)
  const outside = substitute(nodes, new Map(constants.map((p, i) => [p, parts.constants[i] as Node])))
  const stacks = new Map([...elements.map((p, i) => [p, parts.sequences[i] as Node] as const), ...more])
  return tools.batch(outside, stacks, parts.length).map((v, i) => widened(v, outside[i] as Node, parts.length))
}

const repeated = (x: Node, times: number): Node => b.broadcastTo([x], { shape: [times, ...x.shape] })

const isProduct = (n: Node): boolean => opDef(n.op).kind === 'contraction'

/** Computes ahead of the loop what has a product in it and depends on elements alone. */
const hoist = (draft: Draft, tools: LoopTools): Draft => {
  const { parts, next, outputs } = draft
  const { carries, elements } = boundsOf(parts)
  const roots = [...next, ...outputs]
  const onCarry = dependentOn(carries, roots)
  const onElement = dependentOn(elements, roots)
  const dear = new Set<Node>()
  const order = topological(roots)
  for (const n of order)
    if (onElement.has(n) && !onCarry.has(n) && (isProduct(n) || n.ins.some((i) => dear.has(i)))) dear.add(n)
  if (dear.size === 0) return draft
  const frontier = new Set<Node>()
  for (const n of order) if (!dear.has(n)) for (const i of n.ins) if (dear.has(i)) frontier.add(i)
  for (const r of roots) if (dear.has(r)) frontier.add(r)
  const list = [...frontier]
  const values = overAllSteps(list, draft, new Map(), tools)
  const fresh = list.map((n) => freshBound(n))
  const inside = new Map(list.map((n, i) => [n, fresh[i] as Node]))
  const moved = substitute(roots, inside)
  const { fn, init, sequences, constants } = parts
  const at = init.length + sequences.length
  const params = [...fn.params.slice(0, at), ...fresh, ...fn.params.slice(at)]
  return {
    parts: { ...parts, fn: { params, results: fn.results }, sequences: [...sequences, ...values], constants },
    next: moved.slice(0, next.length),
    outputs: moved.slice(next.length),
  }
}

/** Computes behind the loop the products that only an output wants. */
const sink = (draft: Draft, tools: LoopTools): { readonly draft: Draft; readonly behind: ReadonlyMap<Node, Sunk> } => {
  const { parts, next, outputs } = draft
  const { carries } = boundsOf(parts)
  const onCarry = dependentOn(carries, [...next, ...outputs])
  const behind = new Map<Node, Sunk>()
  const others = (r: Node): ReadonlySet<Node> => new Set(topological([...next, ...outputs.filter((o) => o !== r)]))
  const stacked: Node[] = []
  for (const r of outputs) {
    const inner = isProduct(r) ? r.ins.filter((i) => onCarry.has(i)) : []
    const [u] = inner
    if (u === undefined || inner.length !== 1 || others(r).has(r)) {
      stacked.push(r)
      continue
    }
    const stand = freshBound(u)
    const alone = make(
      r.op,
      r.ins.map((i) => (i === u ? stand : i)),
      r.params,
    )
    stacked.push(u)
    behind.set(r, {
      of: u,
      finish: (stack) => overAllSteps([alone], draft, new Map([[stand, stack]]), tools)[0] as Node,
    })
  }
  return { draft: { ...draft, outputs: [...new Set(stacked)] }, behind }
}

interface Sunk {
  readonly of: Node
  readonly finish: (stack: Node) => Node
}

/** Leaves out elements and constants that the body does not use. */
const pruned = ({ parts, next, outputs }: Draft): { readonly scan: Node; readonly outputs: readonly Node[] } => {
  const { carries, elements, constants } = boundsOf(parts)
  const used = new Set(topological([...next, ...outputs]))
  const keep = (bounds: readonly Node[]): readonly number[] => bounds.flatMap((p, i) => (used.has(p) ? [i] : []))
  const [ke, kc] = [keep(elements), keep(constants)]
  const at = <T>(list: readonly T[], kept: readonly number[]): readonly T[] => kept.map((i) => list[i] as T)
  const scan = makeScan({
    ...parts,
    fn: { params: [...carries, ...at(elements, ke), ...at(constants, kc)], results: [...next, ...outputs] },
    sequences: at(parts.sequences, ke),
    constants: at(parts.constants, kc),
  })
  return { scan, outputs }
}

/** The values of a group of scans: its carries by index, its stacks by body node. */
interface Replaced {
  readonly carries: readonly Node[]
  readonly stacks: ReadonlyMap<Node, Node>
}

const rebuild = (parts: ScanParts, wanted: readonly Node[], tools: LoopTools): Replaced => {
  const nc = parts.init.length
  const inside = tools.simplify(optimizeLoops([...parts.fn.results.slice(0, nc), ...wanted], tools))
  const bounds = boundsOf(parts)
  const body = tools.simplify(splitProducts(inside, bounds.carries, bounds.elements))
  const first: Draft = { parts, next: body.slice(0, nc), outputs: body.slice(nc) }
  const hoisted = hoist(first, tools)
  const { elements, constants } = boundsOf(hoisted.parts)
  /** What is known without the loop: an element's stack is its sequence. */
  const known = (r: Node): Node | null => {
    const [e, c] = [elements.indexOf(r), constants.indexOf(r)]
    if (e >= 0) return hoisted.parts.sequences[e] as Node
    return c >= 0 ? repeated(hoisted.parts.constants[c] as Node, parts.length) : null
  }
  const open = hoisted.outputs.filter((r) => known(r) === null)
  const { draft, behind } = sink({ ...hoisted, outputs: [...new Set(open)] }, tools)
  const { scan, outputs } = pruned(draft)
  const results = resultsOf(scan)
  const stackOf = (r: Node): Node => {
    const value = known(r)
    if (value !== null) return value
    const sunk = behind.get(r)
    return sunk === undefined ? (results[nc + outputs.indexOf(r)] as Node) : sunk.finish(stackOf(sunk.of))
  }
  return {
    carries: results.slice(0, nc),
    stacks: new Map(wanted.map((w, i) => [w, stackOf(hoisted.outputs[i] as Node)])),
  }
}

export const optimizeLoops = (given: readonly Node[], tools: LoopTools): readonly Node[] => {
  const roots = shareLoops(behindLoops(simplifyBodies(given, tools.simplify)))
  const order = topological(roots)
  if (order.every((n) => functionOf(n) === null)) return roots
  const scans = order.filter((n) => n.op === 'scan')
  const wanted = new Map<string, Set<Node>>(scans.map((s) => [keyOf(s), new Set()]))
  for (const n of order) {
    const scan = n.ins[0]
    if (n.op !== 'result' || scan?.op !== 'scan') continue
    const { fn, init } = scanParts(scan)
    const { index } = paramsOf(n, 'result')
    if (index >= init.length) wanted.get(keyOf(scan))?.add(fn.results[index] as Node)
  }
  const done = new Map<Node, Node>()
  const replaced = new Map<string, Replaced>()
  const groupOf = (scan: Node): Replaced => {
    const key = keyOf(scan)
    const known = replaced.get(key)
    if (known !== undefined) return known
    const parts = scanParts(scan)
    const over = (nodes: readonly Node[]) => nodes.map((n) => done.get(n) as Node)
    const made = rebuild(
      { ...parts, init: over(parts.init), sequences: over(parts.sequences), constants: over(parts.constants) },
      [...(wanted.get(key) ?? [])],
      tools,
    )
    replaced.set(key, made)
    return made
  }
  const smaller = smallerControl(
    order,
    (n) => done.get(n) as Node,
    (results) => tools.simplify(optimizeLoops(results, tools)),
  )
  for (const n of order) {
    if (functionOf(n) !== null) continue
    if (n.op === 'result') {
      if (isOfSmaller(n)) {
        done.set(n, smaller(n))
        continue
      }
      const scan = n.ins[0] as Node
      const { fn, init } = scanParts(scan)
      const { index } = paramsOf(n, 'result')
      const group = groupOf(scan)
      const value = index < init.length ? group.carries[index] : group.stacks.get(fn.results[index] as Node)
      done.set(n, value as Node)
      continue
    }
    const ins = n.ins.map((i) => done.get(i) as Node)
    done.set(n, ins.every((x, i) => x === n.ins[i]) ? n : derivedFrom(n, () => make(n.op, ins, n.params)))
  }
  return roots.map((r) => done.get(r) as Node)
}
