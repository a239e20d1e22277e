/**
 * Which values to compute again. In: a timeline, how many bytes shall be free at its peak. Out: values that lie idle there, those
 * first whose bytes cost the fewest operations.
 * Invariant: a chosen value was made before the peak, or at it, and is read behind it.
 */
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { is, paramsOf } from '../../src/expr/node.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { Stored, Timeline } from './values.ts'

/** What has to be there, and what has to be done, to compute a value again. */
export interface Recipe {
  /** Stored values that are computed again on the way, the value among them. */
  readonly again: ReadonlySet<Node>
  /** Stored values that are read as they lie. */
  readonly from: ReadonlySet<Node>
  /** Everything that is computed. */
  readonly nodes: readonly Node[]
  /** Bytes of those among them that would be gone by then, and now have to stay. */
  readonly extended: number
}

/** A value so much smaller than what is made of it may as well be kept for longer. */
const small = 1 / 8

/** Values larger than most: no more are weighed against one another at once. */
const mostCandidates = 200

const isAlive = (v: Stored, peak: number): boolean => v.stays || (v.read.at(-1) ?? -1) > peak

/** How a value is computed again, where those `gone` are not there. */
export const recipeOf = (value: Node, gone: ReadonlySet<Node>, { values, peak }: Timeline): Recipe => {
  const again = new Set<Node>()
  const from = new Set<Node>()
  const nodes: Node[] = []
  const { bytes } = values.get(value) as Stored
  let extended = 0
  const seen = new Set<Node>()
  const stack = [value]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (seen.has(n)) continue
    seen.add(n)
    const known = values.get(n)
    if (known !== undefined && n !== value && !gone.has(n)) {
      const alive = isAlive(known, peak)
      if (alive || known.bytes <= small * bytes) {
        from.add(n)
        if (!alive) extended += known.bytes
        continue
      }
    }
    if (known !== undefined) again.add(n)
    nodes.push(n)
    stack.push(...n.ins)
  }
  return { again, from, nodes, extended }
}

/** Whether anything but literals is read: what nothing is read for is the same wherever it stands. */
const readsMemory = ({ from, nodes }: Recipe): boolean =>
  from.size > 0 ||
  nodes.some((n) => opDef(n.op).kind === 'leaf' && n.op !== 'full' && n.op !== 'iota' && n.op !== 'constant')

/** Floating-point operations of a node: of a loop those of the step that it is. */
const operationsOf = (n: Node, { values, flops }: Timeline): number => {
  const { kind } = opDef(n.op)
  if (kind === 'leaf' || kind === 'movement') return 0
  if (n.op === 'result') return flops[(values.get(n) as Stored | undefined)?.made ?? -1] ?? 0
  if (is(n, 'dotGeneral')) {
    const [x] = n.ins as [Node]
    return 2 * sizeOf(n.shape) * paramsOf(n, 'dotGeneral').contract[0].reduce((k, a) => k * (x.shape[a] as number), 1)
  }
  return Math.max(sizeOf(n.shape), ...n.ins.map((x) => sizeOf(x.shape)))
}

/** Values that are computed again as one: each is made of another one of them. */
export const componentsOf = (recipes: readonly Recipe[]): readonly ReadonlySet<Node>[] => {
  const found: Set<Node>[] = []
  for (const { again, from } of recipes) {
    const touching = found.filter((c) => [...again, ...from].some((n) => c.has(n)))
    const joined = new Set([...again, ...touching.flatMap((c) => [...c])])
    for (const c of touching) found.splice(found.indexOf(c), 1)
    found.push(joined)
  }
  return found
}

/**
 * The values to compute again behind the peak so that about `target` bytes more are free; none where there are none. If `idle`,
 * what the step at the peak makes or reads is no such value: it has to be there.
 */
export const chooseValues = (timeline: Timeline, target: number, idle: boolean): ReadonlySet<Node> => {
  const { values, peak } = timeline
  const candidates = [...values.values()]
    .filter((v) => !v.stays && v.made <= peak && isAlive(v, peak))
    .filter((v) => !idle || (v.made < peak && !v.read.includes(peak)))
    .toSorted((a, b) => b.bytes - a.bytes || a.made - b.made)
    .slice(0, mostCandidates)
  const total = candidates.reduce((n, v) => n + v.bytes, 0)
  const chosen = new Set<Node>()
  const recomputed = new Set<Node>()
  /** Bytes that come back together with each value that is computed again. */
  const company = new Map<Node, number>()
  let freed = 0
  while (freed < target) {
    let best: { readonly v: Stored; readonly recipe: Recipe; readonly score: number } | undefined
    for (const v of candidates) {
      if (chosen.has(v.node)) continue
      const recipe = recipeOf(v.node, chosen, timeline)
      const saving = v.bytes - recipe.extended
      if (saving <= 0 || !readsMemory(recipe)) continue
      const fresh = [...recipe.again].filter((n) => !recomputed.has(n))
      const operations = recipe.nodes.reduce((n, x) => n + (recomputed.has(x) ? 0 : operationsOf(x, timeline)), 0)
      const moved = fresh.reduce((n, x) => n + (values.get(x) as Stored).bytes, 0)
      const together = [...recipe.again, ...recipe.from].reduce((n, x) => Math.max(n, company.get(x) ?? 0), v.bytes)
      const score = ((operations + moved) / saving) * (1 + (4 * together) / total)
      if (best === undefined || score < best.score) best = { v, recipe, score }
    }
    if (best === undefined) break
    const { v, recipe } = best
    chosen.add(v.node)
    freed += v.bytes - recipe.extended
    for (const n of recipe.nodes) recomputed.add(n)
    const mine = [...recipe.again]
    const near = [...chosen].filter((n) => recipe.again.has(n) || recipeOf(n, chosen, timeline).again.has(v.node))
    const bytes = near.reduce((n, x) => n + (values.get(x) as Stored).bytes, 0)
    for (const n of [...mine, ...near]) company.set(n, bytes)
  }
  return chosen
}
