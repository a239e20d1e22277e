/**
 * Sums over the steps of a loop. In: a sum or a product along the first axis of what a loop has stacked. Out: `Σₜ hₜᵀ δₜ`.
 * Invariant: what is paired with the steps of a loop has as many, so that its name gets their index.
 */
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { Printed } from '../../src/ops/signature.ts'
import { behind, type Reading } from './behind.ts'
import { type Doc, isName, juxtaposed, linear, render, stepOf, stepsOf, text, withStep } from './doc.ts'
import { docAt, nameAt } from './indices.ts'

const printed = (n: Node, ins: readonly Printed[]): Printed => opDef(n.op).print(ins, n.params, n.ins)

const atLeast = (p: Printed, precedence: number): string => (p.precedence < precedence ? `(${p.text})` : p.text)

/** Of axes behind the first one, where they are without it. */
const inStep = (axes: readonly number[]): readonly number[] => axes.flatMap((a) => (a === 0 ? [] : [a - 1]))

const stepType = ({ dtype, shape }: Node) => ({ dtype, shape: shape.slice(1) })

/** What is summed at each step where n sums over steps: of `Σ₀ hᵀ δ` it is `hₜᵀ δₜ`. Null where n is no such sum. */
const summand = (n: Node): ((ins: readonly Printed[]) => Printed) | null => {
  const [x, y] = n.ins
  if (n.op === 'sum' && x !== undefined) {
    const { axes, keepDims } = paramsOf(n, 'sum')
    if (keepDims || !axes.includes(0)) return null
    const rest = inStep(axes)
    if (rest.length === 0) return (ins) => ins[0] as Printed
    return (ins) => opDef('sum').print(ins, { axes: rest, keepDims }, [stepType(x)])
  }
  if (n.op !== 'dotGeneral' || x === undefined || y === undefined) return null
  const { batch, contract } = paramsOf(n, 'dotGeneral')
  const [p, q] = contract
  if (batch[0].length > 0 || p.indexOf(0) < 0 || p.indexOf(0) !== q.indexOf(0)) return null
  if (p.length === 1 && x.shape.length === 1 && y.shape.length === 1)
    return (ins) => ({ text: ins.map((i) => atLeast(i, 1)).join(' · '), precedence: 1 })
  const within = { batch, contract: [inStep(p), inStep(q)] as const }
  return (ins) => opDef('dotGeneral').print(ins, within, [stepType(x), stepType(y)])
}

/** onehot(xₜ) of onehot(x), E[xₜ] of E[x]. */
const lookupAt = (n: Node, index: string): Doc | null => {
  const at = behind(n)
  const named = at.ins.map((i) => (i.ins.length === 0 ? nameOf(i) : undefined))
  const isLookup = at.op === 'oneHot' || (at.op === 'gather' && paramsOf(at, 'gather').axis === 0)
  if (!isLookup || named.includes(undefined)) return null
  const last = named.length - 1
  const ins = named.map((name, i) => ({
    text: i === last ? nameAt(name as string, [index]) : (name as string),
    precedence: 4,
  }))
  return text(printed(at, ins))
}

/** What is paired with the steps of a loop has as many: its name gets their index. */
const pairedSteps = (docs: readonly Doc[], nodes: readonly Node[]): ReturnType<typeof stepsOf> => {
  const index = docs.flatMap((d) => stepOf(d)?.index ?? [])[0]
  if (index === undefined) return null
  const isOwn = (d: Doc): boolean => stepOf(d) === null && isName(d)
  // what has a name is written by it
  const at = (d: Doc, n: Node): Doc => (/[([]/.test(render(d).text) ? lookupAt(n, index) : null) ?? docAt(d, index)
  return stepsOf(docs.map((d, i) => (isOwn(d) ? withStep(d, { index, doc: at(d, nodes[i] as Node) }) : d)))
}

/** `Σₜ lₜ` for the sum of what a loop has stacked. */
export const readSummed = (n: Node, scalar: boolean): Reading['build'] | null => {
  const per = summand(n)
  if (per === null) return null
  return (docs) => {
    const at = n.op === 'dotGeneral' ? pairedSteps(docs, n.ins) : stepsOf(docs)
    if (at === null) return linear(docs, scalar, (ins) => printed(n, ins))
    return linear(at.docs, scalar, (ins) => {
      const one = per(ins)
      return { text: `Σ${at.index} ${atLeast(one, 1)}`, precedence: Math.min(one.precedence, juxtaposed) }
    })
  }
}
