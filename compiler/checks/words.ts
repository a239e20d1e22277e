/**
 * How a check speaks of a node. In: a node. Out: a short expression, and the user's line.
 * Invariant: what the user named has that name; else it is the op over its operands, never longer than a line.
 */
import type { Source } from '../../src/core/errors.ts'
import { showShape } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { nameOf, sourceOf } from '../../src/expr/origin.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { Printed } from '../../src/ops/signature.ts'

const longest = 72

const atom = (text: string): Printed => ({ text, precedence: 4 })

const printed = (n: Node, depth: number, isWhole: boolean): Printed => {
  const name = nameOf(n)
  if (name !== undefined && !isWhole) return atom(name)
  const def = opDef(n.op)
  if (n.ins.length > 0 && depth === 0) return atom('…')
  const ins = n.ins.map((i) => printed(i, depth - 1, false))
  return def.print(ins, n.params, n.ins)
}

const shortened = (n: Node, isWhole: boolean): string => {
  for (const depth of [4, 3, 2]) {
    const { text } = printed(n, depth, isWhole)
    if (text.length <= longest) return text
  }
  return printed(n, 1, isWhole).text.slice(0, longest)
}

/** `p`, or `x · w + b` where it has no name. */
export const wordsOf = (n: Node): string => shortened(n, false)

/** `p = softmax(z)`, or the expression alone. */
export const definitionOf = (n: Node): string => {
  const name = nameOf(n)
  return name === undefined || n.ins.length === 0 ? wordsOf(n) : `${name} = ${shortened(n, true)}`
}

/** `axis 0 of table [5000,64]` */
export const axisWords = (of: Node, axis: number): string => {
  const name = nameOf(of)
  return `axis ${axis} of ${name === undefined ? '' : `${name} `}${showShape(of.shape)}`
}

/** The user's line, as a field. */
export const sourceField = (n: Node): { readonly source?: Source } => {
  const source = sourceOf(n)
  return source === undefined ? {} : { source }
}
