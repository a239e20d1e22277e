/**
 * Inputs, parameters and states of two models. In: the roots of both. Out: which are of one alone, which have another type, and which
 * were only renamed.
 * Invariant: a leaf counts as renamed where it is read as the other one was: an expression that reads it is then one of the first model.
 */
import { showMargin } from '../../compiler/inspect/layout.ts'
import { topological } from '../../compiler/program/walk.ts'
import { equalTypes } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { substitute } from '../../src/expr/scan.ts'

const kinds = ['input', 'param', 'state'] as const

const leavesOf = (roots: readonly Node[]): ReadonlyMap<string, Node> =>
  new Map(topological(roots).flatMap((n) => (kinds.some((k) => k === n.op) ? [[nameOf(n) ?? n.op, n] as const] : [])))

const isAlike = (n: Node, other: Node | undefined): other is Node =>
  other !== undefined && other !== n && other.op === n.op && equalTypes(n, other)

/** Those of the second that stand for one of the first: that are initialized otherwise, or have another name. */
export const renamedLeaves = (a: readonly Node[], b: readonly Node[]): ReadonlyMap<Node, Node> => {
  const [inA, inB] = [leavesOf(a), leavesOf(b)]
  const free = [...inA].flatMap(([name, n]) => (inB.has(name) ? [] : [n]))
  const strange = [...inB].flatMap(([name, n]) => (inA.has(name) ? [] : [n]))
  const pairs = new Map<Node, Node>()
  for (const n of strange) {
    const like = free.find((f) => f.op === n.op && equalTypes(f, n) && ![...pairs.values()].includes(f))
    if (like !== undefined) pairs.set(n, like)
  }
  const known = new Set(topological(a))
  const read = new Set(topological(substitute(b, pairs)).flatMap((n) => (known.has(n) ? n.ins : [])))
  const begun = [...inB].flatMap(([name, n]) => {
    const like = inA.get(name)
    return isAlike(n, like) ? [[n, like] as const] : []
  })
  return new Map([...begun, ...[...pairs].filter(([, like]) => read.has(like))])
}

const kindName = { input: 'input', param: 'parameter', state: 'state' } as const

/** A line for each leaf that is not the same in both. */
export const leafLines = (
  a: readonly Node[],
  b: readonly Node[],
  renamed: ReadonlyMap<Node, Node>,
): readonly string[] => {
  const [inA, inB] = [leavesOf(a), leavesOf(b)]
  const told = (n: Node): string => `${nameOf(n)} ${showMargin(n)}`
  const kindOf = (n: Node): string => kindName[n.op as keyof typeof kindName]
  const gone = [...inA].filter(([name, n]) => !inB.has(name) && ![...renamed.values()].includes(n))
  const come = [...inB].filter(([name, n]) => !inA.has(name) && !renamed.has(n))
  const changed = [...inA].flatMap(([name, n]) => {
    const other = inB.get(name)
    return other === undefined || (other.op === n.op && equalTypes(n, other)) ? [] : [[n, other] as const]
  })
  return [
    ...gone.map(([, n]) => `− ${kindOf(n)} ${told(n)}`),
    ...come.map(([, n]) => `+ ${kindOf(n)} ${told(n)}`),
    ...changed.map(([n, other]) =>
      n.op === other.op
        ? `~ ${kindOf(n)} ${told(n)} is ${showMargin(other)}`
        : `~ ${kindOf(n)} ${told(n)} is ${other.op === 'input' ? 'an' : 'a'} ${kindOf(other)} ${showMargin(other)}`,
    ),
    ...[...renamed].map(([n, like]) =>
      nameOf(n) === nameOf(like)
        ? `~ ${kindOf(like)} ${told(like)} begins with other values`
        : `~ ${kindOf(like)} ${told(like)} is called ${nameOf(n)}`,
    ),
  ]
}
