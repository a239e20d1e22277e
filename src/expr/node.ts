/**
 * The expression node: immutable and hash-consed. In: op, operands, params. Out: the one node that stands for them.
 * Invariant: two nodes are equal exactly where they are the same object; name and source position are kept beside the node
 * (origin.ts) and never decide identity. Operands have smaller ids than their users, so ids are a topological order.
 */
import { InternalError, ShapeError } from '../core/errors.ts'
import { type DType, dtypes } from '../core/dtype.ts'
import { showShape, showType, type TensorType } from '../core/shape.ts'
import { deriveBuilder, opDef } from '../ops/registry.ts'
import type { Builder, OpName, ParamsOf, Violation } from '../ops/signature.ts'
import type { Node } from './expr.ts'
import { paramsKey } from './key.ts'
import { noteOrigin, operandNames, sourceHere } from './origin.ts'

/** The params of a node whose op is known. */
export const paramsOf = <K extends OpName>(node: Node, op: K): ParamsOf<K> => {
  if (node.op !== op) throw new InternalError(`${op} expected, ${node.op} found`)
  return node.params as ParamsOf<K>
}

/** Narrows by op: `is(node, 'sum')` makes `paramsOf(node, 'sum')` safe. */
export const is = (node: Node, op: OpName): boolean => node.op === op

const table = new Map<string, WeakRef<Node>>()
const forget = new FinalizationRegistry<string>((key) => {
  if (table.get(key)?.deref() === undefined) table.delete(key)
})
let nextId = 0

const keyOf = (op: OpName, ins: readonly Node[], params: unknown): string => {
  let key: string = op
  for (const n of ins) key += `|${n?.id}`
  return params === null ? key : `${key};${paramsKey(params)}`
}

/**
 * The error of operands that do not fit: the violation's words, the operands' names, the user's line; and, where an op of the
 * table refused them, which of its constraints.
 */
export const shapeError = (
  { code, sentence, hint }: Omit<Violation, 'constraint'>,
  ins: readonly Node[],
  constraint?: string,
): ShapeError => {
  const names = operandNames(ins, code.startsWith('E_DTYPE') ? showType : (n) => showShape(n.shape))
  const whole = ins.length === 0 ? sentence : `${sentence}, operand${ins.length === 1 ? '' : 's'} ${names}`
  return new ShapeError(code, whole, { hint, source: sourceHere(), constraint })
}

/** Refuses what no tensor can be: a dtype that there is not, an extent that is no natural number. */
const checkType = (op: OpName, { dtype, shape }: TensorType): void => {
  if (!dtypes.includes(dtype))
    throw shapeError({ code: 'E_DTYPE', sentence: `${op}: ${String(dtype)} is none of ${dtypes.join(', ')}` }, [])
  if (!shape.every((d) => Number.isSafeInteger(d) && d >= 0))
    throw shapeError(
      { code: 'E_EXTENT', sentence: `${op}: ${showShape(shape)} is not a shape: extents are natural numbers` },
      [],
    )
}

let asked: Set<Node> | null = null

/** What `f` gives, and every node that it asked for on the way, whether that was new or known. */
export const recorded = <A>(f: () => A): { readonly value: A; readonly asked: ReadonlySet<Node> } => {
  const outer = asked
  const own = new Set<Node>()
  asked = own
  try {
    return { value: f(), asked: own }
  } finally {
    asked = outer
    if (outer !== null) for (const n of own) outer.add(n)
  }
}

/** Whether somebody wants to know what is asked for: then what is known has to be asked for again. */
export const isRecording = (): boolean => asked !== null

/**
 * The node for an application. Throws ShapeError where the operands do not fit.
 * The type arguments of a generic Expr are the caller's to assert: only `infer` knows the result's shape.
 */
export const make = (op: OpName, ins: readonly Node[], params: unknown = null): Node => {
  const node = nodeOf(op, ins, params)
  asked?.add(node)
  return node
}

const nodeOf = (op: OpName, ins: readonly Node[], params: unknown): Node => {
  const key = keyOf(op, ins, params)
  const known = table.get(key)?.deref()
  if (known !== undefined) return known
  const stray = ins.findIndex((x) => !isExpr(x))
  if (stray >= 0)
    throw shapeError(
      { code: 'E_OPERAND', sentence: `${op}: operand ${stray} is ${String(ins[stray])}, not an expression` },
      [],
    )
  const def = opDef(op)
  if (def.arity !== 'n' && def.arity !== ins.length)
    throw new InternalError(`${op} takes ${String(def.arity)} operands, ${ins.length} given`)
  const type = def.infer(ins, params)
  if (type._tag === 'Left') throw shapeError(type.left, ins, `${op} ${type.left.constraint}`)
  checkType(op, type.right)
  const node: Node = Object.freeze({
    id: nextId++,
    op,
    ins: Object.freeze([...ins]),
    params,
    shape: Object.freeze([...type.right.shape]),
    dtype: type.right.dtype,
  })
  table.set(key, new WeakRef(node))
  forget.register(node, key)
  noteOrigin(node)
  return node
}

/** A scalar literal. */
export const literal = (value: number, dtype: DType): Node => make('full', [], { dtype, shape: [], value })

/** The Builder whose representation is the graph itself. */
export const graph: Builder<Node> = deriveBuilder<Node>(make, literal)

export const isExpr = (x: unknown): x is Node =>
  typeof x === 'object' && x !== null && 'op' in x && 'ins' in x && 'id' in x
