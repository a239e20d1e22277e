/**
 * Products of what was put together in a loop. In: a loop's body. Out: the same body, in which a product of [x, h] with W is the
 * sum of x W₁ and h W₂ where x depends on the elements alone and h on a carry: x W₁ then goes ahead of the loop, for all steps at
 * once. Invariant: the same products are summed, in another order.
 */
import type { Node } from '../../src/expr/expr.ts'
import { graph, make, paramsOf } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import { dependentOn } from '../../src/expr/scan.ts'
import { mapGraph } from '../program/walk.ts'

/** Neighbours among the parts that depend on the same: where they start, and where they end. */
interface Run {
  readonly parts: readonly Node[]
  readonly onCarry: boolean
  readonly from: number
  readonly to: number
}

const runsOf = (parts: readonly Node[], axis: number, staysInside: readonly boolean[]): readonly Run[] => {
  const runs: Run[] = []
  for (const [i, part] of parts.entries()) {
    const last = runs.at(-1)
    const from = last?.to ?? 0
    const to = from + (part.shape[axis] as number)
    const onCarry = staysInside[i] === true
    if (last?.onCarry === onCarry) runs[runs.length - 1] = { ...last, parts: [...last.parts, part], to }
    else runs.push({ parts: [part], onCarry, from, to })
  }
  return runs
}

const along = (n: Node, axis: number, { from, to }: Run): Node =>
  graph.slice([n], {
    start: n.shape.map((_, i) => (i === axis ? from : 0)),
    limit: n.shape.map((d, i) => (i === axis ? to : d)),
    step: n.shape.map(() => 1),
  })

/** The body with such products taken apart. */
export const splitProducts = (
  roots: readonly Node[],
  carries: readonly Node[],
  elements: readonly Node[],
): readonly Node[] => {
  const [onCarry, onElement] = [dependentOn(carries, roots), dependentOn(elements, roots)]
  const split = (n: Node, ins: readonly Node[]): Node | null => {
    if (n.op !== 'dotGeneral') return null
    const params = paramsOf(n, 'dotGeneral')
    for (const side of [0, 1] as const) {
      const [joint, other] = [n.ins[side] as Node, n.ins[1 - side] as Node]
      if (joint.op !== 'concat' || onCarry.has(other)) continue
      const { axis } = paramsOf(joint, 'concat')
      const k = params.contract[side].indexOf(axis)
      // what depends on neither would be computed at each step either way
      const inside = joint.ins.map((p) => onCarry.has(p) || !onElement.has(p))
      if (k < 0 || inside.every((s) => s) || !joint.ins.some((p) => onCarry.has(p))) continue
      const beside = params.contract[1 - side]?.[k] as number
      const terms = runsOf((ins[side] as Node).ins, axis, inside).map((run) => {
        const mine = run.parts.length === 1 ? (run.parts[0] as Node) : graph.concat(run.parts, { axis })
        const theirs = along(ins[1 - side] as Node, beside, run)
        return graph.dotGeneral(side === 0 ? [mine, theirs] : [theirs, mine], params)
      })
      return terms.reduce((p, q) => graph.add([p, q]))
    }
    return null
  }
  const now = mapGraph(roots, (n, ins) =>
    derivedFrom(n, () => split(n, ins) ?? (ins.every((i, k) => i === n.ins[k]) ? n : make(n.op, ins, n.params))),
  )
  return roots.map(now)
}
