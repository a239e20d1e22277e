/**
 * Leaves: inputs, parameters, state, and names. In: names, shapes, initial values. Out: expressions without operands.
 * Invariant: the initial value of a parameter or a state is itself an expression, over the one input `key` (two i32 words),
 * so that it is compiled and run like everything else; each leaf draws from a key of its own, derived by its name.
 */
import { checkFill } from './arguments.ts'
import type { DType } from '../core/dtype.ts'
import { equalShapes, type Shape, showType, type TensorType } from '../core/shape.ts'
import type { Elements } from '../ops/leaf.ts'
import { constantOf, type Nested } from './constant.ts'
import type { Expr, Node } from './expr.ts'
import { isExpr, make, shapeError } from './node.ts'
import { nameOf, setName } from './origin.ts'
import { foldIn, type Key } from './random.ts'
import { extentsOf, typed } from './typed.ts'

/** The expression of an initial value, of the leaf's type, drawn from a key of the leaf's own; nn/initializers.ts has them. */
export type Initializer = (key: Key, type: TensorType) => Node

/** What a leaf starts from: an initializer, one number everywhere, or all elements. */
export type Initial = Initializer | Nested | Elements

export const makeInitKey = (): Key => make('input', [], { name: 'key', dtype: 'i32', shape: [2] }) as Key

/** FNV-1a of the name's UTF-16 code units, in 31 bits. */
const hashOf = (name: string): number => {
  let h = 0x811c9dc5
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193)
  return h >>> 1
}

/** The first leaf other than the key that a value depends on. */
const strayLeaf = (value: Node, key: Node): Node | undefined => {
  const seen = new Set<Node>([key])
  const stack = [value]
  while (stack.length > 0) {
    const node = stack.pop() as Node
    if (seen.has(node)) continue
    seen.add(node)
    if (node.op === 'input' || node.op === 'param' || node.op === 'state') return node
    stack.push(...node.ins)
  }
  return undefined
}

const checkedInitial = (leaf: string, value: Node, type: TensorType, key: Node): Node => {
  const stray = strayLeaf(value, key)
  if (stray !== undefined)
    throw shapeError(
      { code: 'E_INITIAL', sentence: `${leaf}: the initial value depends on ${nameOf(stray)}, not on the key alone` },
      [],
    )
  if (value.dtype !== type.dtype || !equalShapes(value.shape, type.shape))
    throw shapeError(
      { code: 'E_INITIAL', sentence: `${leaf}: the initial value is ${showType(value)}, not ${showType(type)}` },
      [],
    )
  return value
}

const initialValue = (leaf: string, name: string, initial: Initial, type: TensorType): Node => {
  const key = makeInitKey()
  if (typeof initial === 'function') return checkedInitial(leaf, initial(foldIn(key, hashOf(name)), type), type, key)
  if (typeof initial === 'number' || typeof initial === 'boolean') {
    checkFill(leaf, typeof initial === 'boolean' ? Number(initial) : initial, type.dtype)
    return make('full', [], { dtype: type.dtype, shape: type.shape, value: Number(initial) })
  }
  const given = constantOf(initial, type.shape, type.dtype)
  return checkedInitial(leaf, given, type, key)
}

const checkName = (op: string, name: unknown): void => {
  if (typeof name !== 'string')
    throw shapeError({ code: 'E_NAME', sentence: `${op}: the name ${String(name)} is not a text` }, [])
}

const kept =
  (op: 'param' | 'state') =>
  (name: string, shape: Shape, initial: Initial, dtype: DType = 'f32'): Node => {
    const leaf = `${op} ${name}`
    checkName(op, name)
    extentsOf(leaf, shape)
    if (initial === undefined || initial === null)
      throw shapeError({ code: 'E_INITIAL', sentence: `${leaf}: no initial value is given` }, [])
    return make(op, [], { name, dtype, shape, init: initialValue(leaf, name, initial, { shape, dtype }) })
  }

/**
 * A tensor given anew at each call: a batch, a target, a learning rate. Two inputs of one name and type are the same one.
 * E_NAME for an empty name, E_EXTENT for a shape that is none.
 * @example const x = input('x', [128, 784]); const y = input('y', [128], 'i32')
 */
export const input: <const S extends Shape, const D extends DType = 'f32'>(
  name: string,
  shape: S,
  dtype?: D,
) => Expr<S, D> = typed((name: string, shape: Shape, dtype: DType = 'f32') => {
  checkName('input', name)
  extentsOf(`input ${name}`, shape)
  return make('input', [], { name, dtype, shape })
})

/** A leaf that keeps its value from call to call. */
export type KeptLeaf = <const S extends Shape, const D extends DType = 'f32'>(
  name: string,
  shape: S,
  initial: Initial,
  dtype?: D,
) => Expr<S, D>

/**
 * A trainable tensor. Its initial value is drawn by an initializer, or given: one number, nested arrays, a typed array.
 * E_INITIAL where the initial value is of another type.
 * @example param('w', [784, 10], glorotUniform); param('b', [10], zeros); param('k', [2, 2], [[1, 2], [3, 4]])
 */
export const param: KeptLeaf = typed(kept('param'))

/**
 * A tensor that is carried from call to call and not trained: a running mean, a moment, a step counter. Initial values as
 * for `param`.
 * @example state('mean', [64], zeros)
 */
export const state: KeptLeaf = typed(kept('state'))

/** A leaf that keeps its value, and the value it has after the step. */
export interface Update {
  readonly target: Node
  readonly value: Node
}

/** Gives an expression a name, for messages and for printing; the first name stays. `named(name, x)` or `named(name)`. */
export const named: {
  <X extends Expr>(name: string, x: X): X
  (name: string): <X extends Expr>(x: X) => X
} = typed((name: string, x?: Node) => {
  const give = (node: Node): Node => {
    setName(node, name)
    return node
  }
  return isExpr(x) ? give(x) : give
})
