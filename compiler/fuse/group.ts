/**
 * Groups: which anchors share a kernel. In: a lowered graph. Out: groups in an order that respects their dependencies.
 * Invariant: groups form a DAG. Every value that a group uses of its own is walked at its own place (so a loop can keep it
 * in a register); everything else is read from memory that an earlier group has finished.
 */
import { InternalError } from '../../src/core/errors.ts'
import { broadcastsTo, equalShapes, type Shape } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { OpName, View } from '../../src/ops/signature.ts'
import { epilogueStrides } from './epilogue.ts'
import { sumsBeside } from './beside.ts'
import { indexedShape, indicesUse } from './indexing.ts'
import { type Inlining, isFree } from './inline.ts'
import { isRowMajor, rowStrides, strip, stripAxes, stripView, without } from './shape.ts'
import { updateTogether } from './updates.ts'
import { broadcastView, regionsOf, resolve } from './view.ts'

/** At the whole domain; once a row; or as a concatenation of values at the whole domain, each stored to its part. */
export type Level = 'full' | 'row' | 'parts'

export interface Group {
  readonly kind: 'loop' | 'contraction' | 'regions' | 'scatter' | 'positions' | 'sort' | 'control'
  /** Stripped shape that the group iterates over. */
  readonly domain: Shape
  /** Axes of the domain that its reductions remove; none for a pure map. */
  readonly axes: readonly number[]
  /** Anchors in topological order. Those of a contraction at row level are sums of columns. */
  readonly anchors: ReadonlyMap<Node, Level>
}

interface Draft {
  readonly id: number
  kind: Group['kind']
  domain: Shape
  axes: readonly number[]
  anchors: Map<Node, Level>
  reads: Set<Draft>
  users: Set<Draft>
  level: number
  weight: number
  /** What it reads of others' values and of leaves. */
  sources: Set<Node>
}

/** The kinds of groups that others may join. */
const joined: ReadonlySet<Group['kind']> = new Set(['loop', 'contraction'])

/** Ops that are a kernel of their own. */
const loneKinds: { readonly [K in OpName]?: Group['kind'] } = {
  scatterAdd: 'scatter',
  withBlocks: 'scatter',
  lastEqual: 'positions',
  order: 'sort',
}

/** Rough machine instructions of a kernel: engines compile functions beyond some thousands badly. */
const weightLimit = 1500

/** Values that a kernel may make and read: engines refuse functions of a thousand parameters, and each is an address to keep. */
const valueLimit = 256

/** A value used by an expression of an anchor: where it lies, seen over the shape of the expression. */
export interface Use {
  readonly base: Node
  readonly view: View
  /** Read at computed places: all of it has to be there before. */
  readonly computed: boolean
}

/** The anchors and leaves that the expression of `node` reads, through its inlined part. */
export const usesOf = (node: Node, inlining: Inlining): readonly Use[] => {
  const uses: Use[] = []
  const seen = new Set<Node>()
  const stack: Node[] = [node]
  while (stack.length > 0) {
    const user = stack.pop() as Node
    for (const [k, x] of user.ins.entries()) {
      if (isFree(x)) continue
      if (!inlining.inlined(x)) uses.push(operandUse(user, k))
      else if (!seen.has(x)) {
        seen.add(x)
        stack.push(x)
      }
    }
  }
  return uses
}

/** What has to be there before the expression of `node` is computed, though it is not read. */
const awaitedBy = (node: Node, inlining: Inlining): readonly Node[] => {
  const awaited: Node[] = []
  const seen = new Set<Node>()
  const stack = [...node.ins]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (seen.has(n)) continue
    seen.add(n)
    const def = opDef(n.op)
    if (n.op === 'after') {
      const token = resolve(n.ins[1] as Node)
      if (token !== null) awaited.push(token.base)
      stack.push(n.ins[0] as Node)
    } else if (inlining.inlined(n)) stack.push(...n.ins)
    else if (def.kind === 'movement' && def.move.tag === 'view') stack.push(n.ins[0] as Node)
  }
  return awaited
}

/** The shape at which a node walks its operands. */
export const walkedShape = (node: Node): Shape => {
  const { kind } = opDef(node.op)
  if (kind === 'indexing') return indexedShape(node)
  return kind === 'elementwise' ? node.shape : ((node.ins[0] as Node | undefined)?.shape ?? node.shape)
}

/** An operand as memory of an anchor or leaf, seen over its user's stripped shape; contractions and regions see it whole. */
export const useOf = (operand: Node, userShape: Shape): Use => {
  const place = resolve(operand)
  if (place === null) throw new InternalError(`an operand of shape [${operand.shape.join(',')}] has no view`)
  const to = broadcastsTo(operand.shape, userShape) ? userShape : operand.shape
  return { base: place.base, view: stripView(broadcastView(place.view, to)), computed: false }
}

/** Operand k of a node, over the shape that the node walks. */
export const operandUse = (user: Node, k: number): Use => {
  const x = user.ins[k] as Node
  if (opDef(user.op).kind !== 'indexing' || k === 2) return useOf(x, walkedShape(user))
  if (k === 1) return { ...indicesUse(user), computed: false }
  return { ...useOf(x, x.shape), computed: user.op === 'gather' }
}

/** Whether a node lays values of one shape beside each other, and nothing else. */
const isConcatenation = (n: Node): boolean => {
  const [first, ...others] = n.ins
  return regionsOf(n)?.fill === null && others.every((x) => equalShapes(x.shape, first?.shape ?? []))
}

const isLeaf = (n: Node): boolean => opDef(n.op).kind === 'leaf'

/** Rows can be finished before they are used again only where they are contiguous: the reduced axes are the last ones. */
const isTrailing = (domain: Shape, axes: readonly number[]): boolean =>
  axes.length > 0 && axes.every((a) => a >= domain.length - axes.length)

/** The product of a contraction group. */
export const productOf = ({ anchors }: Pick<Group, 'anchors'>): Node => {
  const product = [...anchors.keys()].find((n) => opDef(n.op).kind === 'contraction')
  if (product === undefined) throw new InternalError('a group of a product has none')
  return product
}

const reducedAxes = (n: Node): readonly number[] => {
  const x = n.ins[0] as Node
  const axes = n.op === 'argmax' || n.op === 'argmin' ? [paramsOf(n, n.op).axis] : paramsOf(n, n.op as 'sum').axes
  return stripAxes(x.shape, axes)
}

export const groupAnchors = (order: readonly Node[], inlining: Inlining): readonly Group[] => {
  const groupOf = new Map<Node, Draft>()
  const drafts = new Set<Draft>()
  const isAwaiting = order.some((n) => n.op === 'after')
  const awaited = (n: Node): readonly Node[] => (isAwaiting ? awaitedBy(n, inlining) : [])
  let nextId = 0

  const open = (kind: Group['kind'], domain: Shape, axes: readonly number[]): Draft => {
    const g: Draft = {
      id: nextId++,
      kind,
      domain,
      axes,
      anchors: new Map(),
      reads: new Set(),
      users: new Set(),
      level: 0,
      weight: 0,
      sources: new Set(),
    }
    drafts.add(g)
    return g
  }

  const raise = (g: Draft, level: number): void => {
    const stack: [Draft, number][] = [[g, level]]
    while (stack.length > 0) {
      const [h, l] = stack.pop() as [Draft, number]
      if (h.level >= l) continue
      h.level = l
      for (const u of h.users) stack.push([u, l + 1])
    }
  }

  /** Whether `from` needs `to`, directly or not; levels bound the search. */
  const needs = (from: Draft, to: Draft): boolean => {
    const seen = new Set<Draft>([from])
    const stack = [from]
    while (stack.length > 0) {
      const g = stack.pop() as Draft
      if (g === to) return true
      for (const r of g.reads)
        if (r.level >= to.level && !seen.has(r)) {
          seen.add(r)
          stack.push(r)
        }
    }
    return false
  }

  const place = (n: Node, g: Draft, level: Level, uses: readonly Use[]): void => {
    g.anchors.set(n, level)
    g.weight += 1 + inlining.cost(n)
    groupOf.set(n, g)
    for (const { base } of uses) if (groupOf.get(base) !== g) g.sources.add(base)
    for (const base of [...uses.map((u) => u.base), ...awaited(n)]) {
      const h = groupOf.get(base)
      if (h === undefined || h === g) continue
      g.reads.add(h)
      h.users.add(g)
      raise(g, h.level + 1)
    }
  }

  /** Whether a group stays within what an engine compiles well, with so much more of everything. */
  const hasRoom = (g: Draft, weight: number, values: number): boolean =>
    g.weight + weight <= weightLimit && g.anchors.size + g.sources.size + values <= valueLimit

  /** The level at which `n` could join `g`, or null. */
  const levelIn = (g: Draft, n: Node, uses: readonly Use[]): Level | null => {
    if (!joined.has(g.kind) || !hasRoom(g, inlining.cost(n), 1 + uses.length)) return null
    const def = opDef(n.op)
    const earlier = [...uses.map((u) => u.base), ...awaited(n)].map((base) => groupOf.get(base))
    const others = new Set(earlier.filter((h): h is Draft => h !== undefined && h !== g))
    for (const h of others) if (needs(h, g)) return null
    if (uses.some((u) => u.computed && (groupOf.get(u.base) === g || g.kind === 'contraction'))) return null
    if (def.kind === 'reduction') {
      if (g.kind !== 'loop' || !equalShapes(strip((n.ins[0] as Node).shape), g.domain)) return null
      const axes = reducedAxes(n)
      if (g.axes.length > 0 && !equalShapes(g.axes, axes)) return null
      return uses.every((u) => fitsFull(g, u, isTrailing(g.domain, axes) ? axes : [])) ? 'row' : null
    }
    const rows = isTrailing(g.domain, g.axes) ? g.axes : []
    if (def.kind === 'movement') {
      // what another kernel makes would only be copied
      const isHere = g.kind === 'loop' && isConcatenation(n) && uses.some((u) => groupOf.get(u.base) === g)
      if (!isHere || !equalShapes(strip(walkedShape(n)), g.domain)) return null
      return uses.every((u) => fitsFull(g, u, rows)) ? 'parts' : null
    }
    const shape = strip(n.shape)
    if (g.kind === 'contraction') {
      if (!equalShapes(shape, g.domain)) return null
      const product = productOf(g)
      if (n.dtype !== product.dtype && product.dtype === 'f64') return null
      return uses.every((u) =>
        groupOf.get(u.base) === g ? isRowMajor(u.view) : epilogueStrides(product, u.view) !== null,
      )
        ? 'full'
        : null
    }
    if (equalShapes(shape, g.domain)) return uses.every((u) => fitsFull(g, u, rows)) ? 'full' : null
    if (g.axes.length === 0 || !equalShapes(shape, without(g.domain, g.axes))) return null
    return uses.every((u) => groupOf.get(u.base) !== g || (g.anchors.get(u.base) === 'row' && isRowMajor(u.view)))
      ? 'row'
      : null
  }

  /** Whether a full-level expression may read `u`: any memory, its own full values in place, its own finished rows. */
  const fitsFull = (g: Draft, u: Use, rows: readonly number[]): boolean => {
    if (groupOf.get(u.base) !== g) return true
    const level = g.anchors.get(u.base)
    if (level === 'parts') return false
    if (level === 'full') return equalShapes(u.view.shape, g.domain) && isRowMajor(u.view)
    return (
      rows.length > 0 &&
      u.view.offset === 0 &&
      equalShapes(u.view.shape, g.domain) &&
      equalShapes(u.view.strides, rowStrides(g.domain, rows))
    )
  }

  /** Puts a sum into the group of the product that makes it beside itself, which it opens where it is not there yet. */
  const placeBeside = (n: Node, product: Node, uses: readonly Use[]): boolean => {
    const operands = usesOf(product, inlining)
    const before = [...operands.map((u) => u.base), ...awaited(product)]
    if (!groupOf.has(product) && !before.every((base) => isLeaf(base) || groupOf.has(base))) return false
    const g = groupOf.get(product) ?? open('contraction', strip(product.shape), [])
    if (!groupOf.has(product)) place(product, g, 'full', operands)
    const earlier = [...uses.map((u) => u.base), ...awaited(n)].map((base) => groupOf.get(base))
    if (!hasRoom(g, 1, 1) || earlier.some((h) => h !== undefined && h !== g && needs(h, g))) return false
    place(n, g, 'row', uses)
    return true
  }

  /** Joins two loops over one domain that do not need one another. */
  const merge = (g: Draft, h: Draft): void => {
    const fits =
      g.kind === 'loop' &&
      h.kind === 'loop' &&
      equalShapes(g.domain, h.domain) &&
      (g.axes.length === 0 || h.axes.length === 0 || equalShapes(g.axes, h.axes)) &&
      hasRoom(g, h.weight, h.anchors.size + h.sources.size) &&
      !needs(g, h) &&
      !needs(h, g)
    if (fits) join(g, h)
  }

  /** Makes one group of two that do not need one another. */
  const join = (g: Draft, h: Draft): void => {
    g.axes = g.axes.length === 0 ? h.axes : g.axes
    g.weight += h.weight
    for (const source of h.sources) g.sources.add(source)
    for (const [n, level] of h.anchors) {
      g.anchors.set(n, level)
      groupOf.set(n, g)
    }
    for (const r of h.reads) {
      r.users.delete(h)
      r.users.add(g)
      g.reads.add(r)
    }
    for (const u of h.users) {
      u.reads.delete(h)
      u.reads.add(g)
      g.users.add(u)
    }
    drafts.delete(h)
    raise(g, h.level)
    for (const u of g.users) raise(u, g.level + 1)
  }

  /** The groups that the uses come from, loops over one domain made one where they may be; the latest first. */
  const mergeNeighbours = (uses: readonly Use[]): readonly Draft[] => {
    const found = new Set(uses.map((u) => groupOf.get(u.base)).filter((h): h is Draft => h !== undefined))
    const near = [...found].sort((a, b) => b.level - a.level || b.id - a.id)
    for (const [i, g] of near.entries())
      if (drafts.has(g)) for (const h of near.slice(i + 1)) if (drafts.has(h)) merge(g, h)
    return near.filter((g) => drafts.has(g))
  }

  const beside = sumsBeside(order, inlining)
  for (const n of order) {
    const def = opDef(n.op)
    if (isLeaf(n) || inlining.inlined(n) || groupOf.has(n)) continue
    if (def.kind === 'movement' && def.move.tag === 'view') continue
    if (n.op === 'result') {
      const control = groupOf.get(n.ins[0] as Node)
      if (control !== undefined) place(n, control, 'full', [])
      continue
    }
    const uses = usesOf(n, inlining)
    if (def.kind === 'control') {
      place(n, open('control', [], []), 'full', uses)
      continue
    }
    const lone = loneKinds[n.op]
    if (lone !== undefined) {
      place(n, open(lone, [], []), 'full', uses)
      continue
    }
    if (def.kind === 'contraction') {
      place(n, open('contraction', strip(n.shape), []), 'full', uses)
      continue
    }
    const product = beside.get(n)
    if (product !== undefined && placeBeside(n, product, uses)) continue
    const near = def.kind === 'movement' && !isConcatenation(n) ? [] : mergeNeighbours(uses)
    let home: Draft | null = null
    for (const g of near) {
      const level = levelIn(g, n, uses)
      if (level === null) continue
      if (def.kind === 'reduction') g.axes = reducedAxes(n)
      place(n, g, level, uses)
      home = g
      break
    }
    if (home === null && def.kind === 'movement') place(n, open('regions', strip(n.shape), []), 'full', uses)
    else if (home === null) {
      const axes = def.kind === 'reduction' ? reducedAxes(n) : []
      const domain = strip(def.kind === 'reduction' ? (n.ins[0] as Node).shape : n.shape)
      home = open('loop', domain, axes)
      place(n, home, def.kind === 'reduction' ? 'row' : 'full', uses)
    }
  }
  const scatters = [...drafts].filter((g) => g.kind === 'scatter')
  for (const [i, g] of scatters.entries())
    for (const h of scatters.slice(i + 1)) {
      const pairs = [...g.anchors.keys()].flatMap((a) => [...h.anchors.keys()].map((b) => [a, b] as const))
      const isOne = drafts.has(g) && drafts.has(h) && pairs.every(([a, b]) => updateTogether(a, b, inlining))
      if (isOne && !needs(g, h) && !needs(h, g)) join(g, h)
    }
  return [...drafts]
    .sort((a, b) => a.level - b.level || a.id - b.id)
    .map((g) => ({
      kind: g.kind,
      domain: g.domain,
      axes: g.axes,
      anchors: new Map([...g.anchors].sort(([x], [y]) => x.id - y.id)),
    }))
}
