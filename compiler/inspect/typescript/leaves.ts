/**
 * Inputs, parameters and states as they are declared. In: a leaf. Out: the call that declares it.
 * Invariant: the declaration makes the very leaf, its initial value included: an initializer of the language is recognised
 * by what it makes, any other is written out over its key.
 */
import { isExpr, paramsOf } from '../../../src/expr/node.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { full, type Key, param } from '../../../src/index.ts'
import { topological } from '../../program/walk.ts'
import { made } from './calls.ts'
import { type Call, call, type Reference, type Value } from './text.ts'

export const isLeaf = (n: Node): boolean => n.op === 'input' || n.op === 'param' || n.op === 'state'

const reference = (name: string): Reference => ({ tag: 'reference', name })

const plain: readonly Value[] = [
  'zeros',
  'ones',
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'identity',
].map(reference)

/** Initializers that are told numbers, tried with those that the initial value is made of. */
const told = (init: Node): readonly Value[] => {
  const numbers = topological([init]).flatMap((n) =>
    n.op === 'full' && n.dtype !== 'i32' ? [paramsOf(n, 'full').value] : [],
  )
  const pairs = numbers.flatMap((a) => numbers.map((b) => [a, b] as const))
  return [
    call('randomUniform'),
    ...numbers.map((s) => call('randomNormal', s)),
    ...pairs.map(([lo, width]) => call('randomUniform', lo, lo + width)),
    // a width of 1 is not multiplied by
    ...numbers.map((lo) => call('randomUniform', lo, lo + 1)),
    ...numbers.map((hi) => call('randomUniform', 0, hi)),
    ...pairs.map(([mean, s]) => call('randomNormal', s, mean)),
  ]
}

const given = (init: Node): readonly Value[] => {
  if (init.op === 'full') return [paramsOf(init, 'full').value]
  return init.op === 'constant' ? [paramsOf(init, 'constant').data] : []
}

/** Stands for an initial value that is written apart. */
export const initialName = 'initial'

export interface Declaration {
  readonly call: Call
  /** An initial value that no initializer makes: the key that it is drawn from, and the value. */
  readonly drawn?: { readonly key: Node; readonly value: Node }
}

/** The key that a leaf draws from, which depends on its name. */
const keyOf = (name: string): Node => {
  let found: Node | undefined
  param(name, [], (key: Key) => {
    found = key
    return full([], 0)
  })
  return found as Node
}

export const declarationOf = (n: Node): Declaration => {
  if (n.op === 'input') {
    const { name, shape, dtype } = paramsOf(n, 'input')
    return { call: call('input', name, shape, ...(dtype === 'f32' ? [] : [dtype])) }
  }
  const op = n.op === 'state' ? 'state' : 'param'
  const { name, shape, dtype, init } = paramsOf(n, op)
  const value = init as Node
  const declared = (initial: Value): Call => call(op, name, shape, initial, ...(dtype === 'f32' ? [] : [dtype]))
  const short = [...plain, ...given(value)].map(declared).find((c) => made(c) === n)
  const found =
    short ??
    told(value)
      .map(declared)
      .find((c) => made(c) === n)
  if (found !== undefined || !isExpr(value)) return { call: found ?? declared(0) }
  return { call: declared(reference(initialName)), drawn: { key: keyOf(name), value } }
}
