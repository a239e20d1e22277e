/**
 * Fusion: from expressions to kernels. In: an entry. Out: its kernels in order, and the lowered roots.
 * Invariant: every root is a node that owns its memory; kernels come after what they read.
 */
import type { Node } from '../../src/expr/expr.ts'
import { graph as b } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import { opDef } from '../../src/ops/registry.ts'
import { type EntryProgram, mapEntry, rootsOf } from '../program/entry.ts'
import { topological } from '../program/walk.ts'
import { contractionKernel } from './contraction.ts'
import type { Fused, FusedStep } from '../program/fused.ts'
import { type Group, groupAnchors, usesOf } from './group.ts'
import { decideInlining, type Inlining } from './inline.ts'
import { loopKernel } from './loop.ts'
import { lowerGraph } from './lower.ts'
import { positionsKernel } from './positions.ts'
import { regionsKernel } from './regions.ts'
import { controlStep } from './control.ts'
import { scatterKernel } from './scatter.ts'
import { sortKernel } from './sort.ts'
import { resolve } from './view.ts'

/** Roots that are leaves, literals or views become copies: a result has memory of its own. */
const owned = (n: Node): Node => {
  const def = opDef(n.op)
  const shares = def.kind === 'leaf' || (def.kind === 'movement' && def.move.tag === 'view')
  return shares ? derivedFrom(n, () => b.copy([n])) : n
}

const lowerEntry = (e: EntryProgram): EntryProgram => {
  const lowered = lowerGraph(rootsOf(e))
  return mapEntry(e, (n) => owned(lowered(n)))
}

/** The nodes whose values other kernels, results or updates read from memory. */
const storedNodes = (
  order: readonly Node[],
  roots: ReadonlySet<Node>,
  groups: readonly Group[],
  inlining: Inlining,
): ReadonlySet<Node> => {
  const stored = new Set<Node>(roots)
  const home = new Map<Node, Group>()
  for (const g of groups) for (const n of g.anchors.keys()) home.set(n, g)
  for (const n of order) {
    const g = home.get(n)
    if (g === undefined) continue
    for (const { base } of usesOf(n, inlining)) if (home.get(base) !== g) stored.add(base)
    if (g.kind !== 'loop')
      for (const i of n.ins) {
        const base = resolve(i)?.base
        if (base !== undefined && home.get(base) !== g) stored.add(base)
      }
  }
  return stored
}

const kernelName = (g: Group): string => [...new Set([...g.anchors.keys()].map((n) => n.op))].slice(0, 6).join('_')

const toStep = (g: Group, inlining: Inlining, stored: (n: Node) => boolean): FusedStep => {
  const name = kernelName(g)
  if (g.kind === 'control') return controlStep(g, stored, fuse)
  if (g.kind === 'contraction') return contractionKernel(g, inlining, stored, name)
  if (g.kind === 'regions') return regionsKernel([...g.anchors.keys()][0] as Node, name)
  if (g.kind === 'positions') return positionsKernel([...g.anchors.keys()][0] as Node, name)
  if (g.kind === 'scatter') return scatterKernel([...g.anchors.keys()], inlining, name)
  if (g.kind === 'sort') return sortKernel([...g.anchors.keys()][0] as Node, name)
  return loopKernel(g, inlining, stored, name)
}

export const fuse = (e: EntryProgram): Fused => {
  const entry = lowerEntry(e)
  const roots = new Set(rootsOf(entry))
  const order = topological([...roots])
  const inlining = decideInlining(order, roots)
  const groups = groupAnchors(order, inlining)
  const stored = storedNodes(order, roots, groups, inlining)
  return { entry, steps: groups.map((g) => toStep(g, inlining, (n) => stored.has(n))) }
}
