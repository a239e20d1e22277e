/**
 * The same program in another float type. In: roots, and the type to go to. Out: the roots over leaves of that type.
 * Invariant: every float of type `from` is of type `to` afterwards and nothing else changes, but for ops whose meaning is tied
 * to the bits of f32: these stay f32, between conversions.
 */
import { InternalError } from '../../src/core/errors.ts'
import type { DType, Float } from '../../src/core/dtype.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph, is, make, paramsOf } from '../../src/expr/node.ts'
import { derivedFrom, nameOf, setName } from '../../src/expr/origin.ts'
import { type FnNodes, functionOf, nodesOf, withFunction } from '../../src/expr/scan.ts'
import { opDef } from '../../src/ops/registry.ts'
import { mapGraph } from './walk.ts'

/** Makes the leaf that stands for an input, parameter or state; `dtype` is the one it has to have. */
export type Releaf = (leaf: Node, dtype: DType) => Node

const leafOf = (n: Node, dtype: DType, releaf: Releaf): Node => {
  if (is(n, 'input') || is(n, 'param') || is(n, 'state')) return releaf(n, dtype)
  if (dtype === n.dtype) return n
  if (is(n, 'bound')) return make('bound', [], { ...paramsOf(n, 'bound'), dtype })
  if (is(n, 'full')) return make('full', [], { ...paramsOf(n, 'full'), dtype })
  if (is(n, 'constant')) {
    const p = paramsOf(n, 'constant')
    return make('constant', [], {
      ...p,
      dtype,
      data: dtype === 'f64' ? Float64Array.from(p.data) : Float32Array.from(p.data),
    })
  }
  throw new InternalError(`a leaf ${n.op} of dtype ${n.dtype} cannot be retyped`)
}

/** Ops that read or make the bits of an f32. */
const isBitwise = (n: Node): boolean => is(n, 'bitcast') || is(n, 'unitFloat')

const cast = (x: Node, dtype: DType): Node => (x.dtype === dtype ? x : graph.cast([x], { dtype }))

const nodeOf = (n: Node, ins: readonly Node[], of: (dtype: DType) => DType): Node => {
  if (isBitwise(n)) {
    const before = ins.map((x, i) => cast(x, (n.ins[i] as Node).dtype))
    return cast(make(n.op, before, n.params), of(n.dtype))
  }
  // what else carries a dtype in its params: conversions and one-hot vectors
  const { params } = n
  const carries = typeof params === 'object' && params !== null && 'dtype' in params
  const made = make(n.op, ins, carries ? { ...params, dtype: of(n.dtype) } : params)
  if (made.dtype !== of(n.dtype)) throw new InternalError(`${n.op} became ${made.dtype}, not ${of(n.dtype)}`)
  return made
}

/** Names and lines of origin go with the nodes. */
export const retype = (roots: readonly Node[], from: Float, to: Float, releaf: Releaf): readonly Node[] => {
  const of = (dtype: DType): DType => (dtype === from ? to : dtype)
  /** A closed function in the other type, over bound leaves of that type. */
  const closed = (fn: FnNodes): FnNodes => {
    const inner = retype([...fn.params, ...fn.results], from, to, releaf)
    const count = fn.params.length
    return { params: inner.slice(0, count), results: inner.slice(count) }
  }
  /** What a user's own derivative is stated by. */
  const customOf = (n: Node, ins: readonly Node[]): Node => {
    const { pullback, pushforward, ...rest } = paramsOf(n, 'custom')
    const [back, on] = [pullback, pushforward].map((fn) => (fn === null ? null : closed(nodesOf(fn))))
    return make('custom', ins, { ...rest, pullback: back as FnNodes, pushforward: on as FnNodes | null })
  }
  const get = mapGraph(roots, (n, ins) =>
    derivedFrom(n, () => {
      if (n.op === 'checkpoint') return ins[0] as Node
      if (n.op === 'custom') return customOf(n, ins)
      const { kind } = opDef(n.op)
      const fn = functionOf(n)
      const made =
        kind === 'leaf'
          ? leafOf(n, of(n.dtype), releaf)
          : fn === null
            ? nodeOf(n, ins, of)
            : withFunction(n, ins, closed(fn))
      const name = nameOf(n)
      if (name !== undefined) setName(made, name)
      return made
    }),
  )
  return roots.map(get)
}
