/**
 * The interpreter: the slow, obvious evaluator, oracle of every test. In: nodes and the values of their leaves. Out: values.
 * Invariant: one node after the other, no fusion, no planning; sums and products are accumulated in f64 and rounded once.
 * An elementwise op means its `lower` over the number machine, so at f32 it has the bits of every target.
 */
import { InternalError } from '../../src/core/errors.ts'
import type { DType } from '../../src/core/dtype.ts'
import { columnMachine, columnOf, roundTo } from '../../src/core/numeric.ts'
import { type Shape, sizeOf, stridesOf, type TensorType, unravel } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { condParts } from '../../src/expr/cond.ts'
import { scanParts } from '../../src/expr/scan.ts'
import { whileParts } from '../../src/expr/while.ts'
import { freeAxes } from '../../src/ops/contraction.ts'
import type { Elements } from '../../src/ops/leaf.ts'
import { type AnyReduction, deriveBuilder, opDef } from '../../src/ops/registry.ts'
import type { Combine, OpName, ParamsOf, View } from '../../src/ops/signature.ts'
import { applyIndexing, orderRows } from './indexing.ts'
import { elementsOf, type Tensor, tensor, toElements } from './tensor.ts'
import { topological } from '../program/walk.ts'

/** The elements that a view shows, in row-major order. */
const gatherView = (x: Tensor, view: View, dtype: DType): Tensor => {
  const out = elementsOf(dtype, sizeOf(view.shape))
  const index = new Array<number>(view.shape.length).fill(0)
  let at = view.offset
  for (let i = 0; i < out.length; i++) {
    out[i] = x.data[at] as number
    for (let d = index.length - 1; d >= 0; d--) {
      index[d] = (index[d] as number) + 1
      at += view.strides[d] as number
      if ((index[d] as number) < (view.shape[d] as number)) break
      at -= (index[d] as number) * (view.strides[d] as number)
      index[d] = 0
    }
  }
  return { dtype, shape: view.shape, data: out }
}

const broadcast = (x: Tensor, shape: Shape): Tensor => {
  const lead = shape.length - x.shape.length
  const own = stridesOf(x.shape)
  const strides = shape.map((_, i) => (i < lead || x.shape[i - lead] === 1 ? 0 : (own[i - lead] as number)))
  return gatherView(x, { shape, offset: 0, strides }, x.dtype)
}

const elementwise = (op: OpName, ins: readonly Tensor[], params: unknown, type: TensorType): Tensor => {
  const def = opDef(op)
  if (def.kind !== 'elementwise') throw new InternalError(`${op} is not elementwise`)
  const length = sizeOf(type.shape)
  const columns = ins.map((x) => {
    const values = columnOf(x.dtype, length)
    values.set(broadcast(x, type.shape).data)
    return { dtype: x.dtype, values }
  })
  const out = def.lower(columnMachine(length), columns, params)
  return { dtype: type.dtype, shape: type.shape, data: toElements(out.values, type.dtype) }
}

const combineOf: Record<
  Exclude<Combine, 'argmax' | 'argmin'>,
  readonly [start: number, f: (a: number, x: number) => number]
> = {
  sum: [0, (a, x) => a + x],
  prod: [1, (a, x) => a * x],
  max: [-Infinity, (a, x) => Math.max(a, x)],
  min: [Infinity, (a, x) => Math.min(a, x)],
}

const wraps: Record<'sum' | 'prod', (a: number, x: number) => number> = {
  sum: (a, x) => (a + x) | 0,
  prod: (a, x) => Math.imul(a, x),
}

/** Rows of the reduced axes, each as indices into the operand, in row-major order of the result. */
const rowsOf = (shape: Shape, axes: readonly number[]): readonly (readonly number[])[] => {
  const strides = stridesOf(shape)
  const kept = shape.map((_, i) => i).filter((i) => !axes.includes(i))
  const at = (list: readonly number[], flat: number): number =>
    unravel(
      flat,
      list.map((i) => shape[i] as number),
    ).reduce((n, v, k) => n + v * (strides[list[k] as number] as number), 0)
  const count = (list: readonly number[]) => sizeOf(list.map((i) => shape[i] as number))
  const inner = Array.from({ length: count(axes) }, (_, j) => at(axes, j))
  return Array.from({ length: count(kept) }, (_, i) => {
    const start = at(kept, i)
    return inner.map((j) => start + j)
  })
}

const reduction = (def: AnyReduction, x: Tensor, params: unknown, type: TensorType): Tensor => {
  const { combine } = def
  const p = params as Partial<ParamsOf<'sum'>> & Partial<ParamsOf<'argmax'>>
  const rows = rowsOf(x.shape, p.axes ?? [p.axis as number])
  const out = elementsOf(type.dtype, rows.length)
  for (const [i, row] of rows.entries()) {
    if (combine === 'argmax' || combine === 'argmin') {
      let best = 0
      for (const [k, j] of row.entries()) {
        const [v, w] = [x.data[j] as number, x.data[row[best] as number] as number]
        const wins = combine === 'argmax' ? v > w : v < w
        if (!Number.isNaN(w) && (wins || Number.isNaN(v))) best = k
      }
      out[i] = best
      continue
    }
    const [start, f] = combineOf[combine]
    const step = x.dtype === 'i32' && (combine === 'sum' || combine === 'prod') ? wraps[combine] : f
    let a =
      x.dtype === 'i32' && start === -Infinity
        ? -(2 ** 31)
        : x.dtype === 'i32' && start === Infinity
          ? 2 ** 31 - 1
          : start
    for (const j of row) a = step(a, x.data[j] as number)
    out[i] = a
  }
  return { dtype: type.dtype, shape: type.shape, data: out }
}

const contraction = (
  [x, y]: readonly [Tensor, Tensor],
  { batch, contract }: ParamsOf<'dotGeneral'>,
  type: TensorType,
): Tensor => {
  const [sx, sy] = [stridesOf(x.shape), stridesOf(y.shape)]
  const fx = freeAxes(x.shape.length, batch[0], contract[0])
  const fy = freeAxes(y.shape.length, batch[1], contract[1])
  /** Where the elements lie that the axes walk through, in row-major order. */
  const places = (t: Tensor, axes: readonly number[], strides: readonly number[]): Int32Array => {
    const extents = axes.map((a) => t.shape[a] as number)
    return Int32Array.from({ length: sizeOf(extents) }, (_, i) =>
      unravel(i, extents).reduce((n, v, k) => n + v * (strides[axes[k] as number] as number), 0),
    )
  }
  const [batchX, batchY] = [places(x, batch[0], sx), places(y, batch[1], sy)]
  const [freeX, freeY] = [places(x, fx, sx), places(y, fy, sy)]
  const [innerX, innerY] = [places(x, contract[0], sx), places(y, contract[1], sy)]
  const whole = type.dtype === 'i32'
  const out = elementsOf(type.dtype, sizeOf(type.shape))
  // a row of the result at a time, in f64; each of its sums runs through k in order
  const sums = new Float64Array(freeY.length)
  let at = 0
  for (const [b, left] of batchX.entries())
    for (const row of freeX) {
      sums.fill(0)
      for (let k = 0; k < innerX.length; k++) {
        const p = x.data[left + row + (innerX[k] as number)] as number
        const right = (batchY[b] as number) + (innerY[k] as number)
        for (let c = 0; c < sums.length; c++) {
          const q = y.data[right + (freeY[c] as number)] as number
          const sum = sums[c] as number
          sums[c] = whole ? (sum + Math.imul(p, q)) | 0 : sum + p * q
        }
      }
      out.set(sums, at)
      at += sums.length
    }
  return { dtype: type.dtype, shape: type.shape, data: out }
}

const movement = (op: OpName, ins: readonly Tensor[], params: unknown, type: TensorType): Tensor => {
  const def = opDef(op)
  if (def.kind !== 'movement') throw new InternalError(`${op} is not a movement`)
  if (def.move.tag === 'view') {
    const [x] = ins as readonly [Tensor]
    const view = def.move.view({ shape: x.shape, offset: 0, strides: stridesOf(x.shape) }, params)
    if (view === null) throw new InternalError(`${op} of row-major memory has no view`)
    return { ...gatherView(x, view, x.dtype), shape: type.shape }
  }
  const { fill, parts } = def.move.regions(ins, params)
  const out = elementsOf(type.dtype, sizeOf(type.shape)).fill(fill ?? 0)
  for (const [i, x] of ins.entries()) {
    const part = parts[i] as View
    for (let k = 0; k < x.data.length; k++)
      out[unravel(k, part.shape).reduce((n, v, d) => n + v * (part.strides[d] as number), part.offset)] = x.data[
        k
      ] as number
  }
  return { dtype: type.dtype, shape: type.shape, data: out }
}

const leafValue = (op: OpName, params: unknown): Tensor => {
  if (op === 'full') {
    const { dtype, shape, value } = params as ParamsOf<'full'>
    return { dtype, shape, data: elementsOf(dtype, sizeOf(shape)).fill(roundTo[dtype](value)) }
  }
  if (op === 'constant') return params as ParamsOf<'constant'>
  if (op === 'iota') {
    const { shape, axis } = params as ParamsOf<'iota'>
    const data = Int32Array.from({ length: sizeOf(shape) }, (_, i) => unravel(i, shape)[axis] as number)
    return { dtype: 'i32', shape, data }
  }
  throw new InternalError(`no value is given for the ${op} ${(params as { readonly name: string }).name}`)
}

/** One application, evaluated. */
const applyOp = (op: OpName, ins: readonly Tensor[], params: unknown): Tensor => {
  const def = opDef(op)
  const inferred = def.infer(ins, params)
  if (inferred._tag === 'Left') throw new InternalError(inferred.left.sentence)
  const type = inferred.right
  switch (def.kind) {
    case 'leaf':
      return leafValue(op, params)
    case 'control':
      throw new InternalError(`${op} is no single application`)
    case 'elementwise':
      return elementwise(op, ins, params, type)
    case 'reduction':
      return reduction(def, ins[0] as Tensor, params, type)
    case 'contraction':
      return contraction(ins as readonly [Tensor, Tensor], params as ParamsOf<'dotGeneral'>, type)
    case 'movement':
      return movement(op, ins, params, type)
    case 'indexing':
      return applyIndexing(op, ins, params)
    case 'sorting':
      return orderRows(ins[0] as Tensor)
    case 'composite':
      return def.expand(evaluator, { ins, params, types: ins, outType: type })
    default:
      return def satisfies never
  }
}

/** The Builder whose representation is values: a rule written for graphs also computes. */
export const evaluator = deriveBuilder<Tensor>(applyOp, (value, dtype) => tensor(dtype, [], [value]))

/** One step after the other, in the order that the scan says. */
const runScan = (node: Node, ins: readonly Tensor[]): readonly Tensor[] => {
  const { fn, length, reverse, init, sequences } = scanParts(node)
  const [nc, nx] = [init.length, sequences.length]
  let carries = ins.slice(0, nc)
  const stacks = fn.results.slice(nc).map((r) => elementsOf(r.dtype, length * sizeOf(r.shape)))
  for (let step = 0; step < length; step++) {
    const t = reverse ? length - 1 - step : step
    const env = new Map<Node, Tensor>()
    for (const [i, p] of fn.params.entries()) {
      const x = i < nc ? (carries[i] as Tensor) : (ins[i] as Tensor)
      const n = sizeOf(p.shape)
      const isElement = i >= nc && i < nc + nx
      env.set(p, isElement ? { dtype: p.dtype, shape: p.shape, data: x.data.slice(t * n, (t + 1) * n) } : x)
    }
    const values = interpret(fn.results, env)
    carries = values.slice(0, nc)
    for (const [j, stack] of stacks.entries()) {
      const { data } = values[nc + j] as Tensor
      stack.set(data, t * data.length)
    }
  }
  const outputs = fn.results
    .slice(nc)
    .map((r, j): Tensor => ({ dtype: r.dtype, shape: [length, ...r.shape], data: stacks[j] as Elements }))
  return [...carries, ...outputs]
}

/** The branch that the predicate names, and no other. */
const runCond = (node: Node, [predicate, ...operands]: readonly Tensor[]): readonly Tensor[] => {
  const { params, branches } = condParts(node)
  const taken = branches[predicate?.data[0] as number] as readonly Node[]
  return interpret(taken, new Map(params.map((p, i) => [p, operands[i] as Tensor])))
}

/** Step after step, as long as the condition holds. */
const runWhile = (node: Node, ins: readonly Tensor[]): readonly Tensor[] => {
  const { init, params, next, condition } = whileParts(node)
  let carries = ins.slice(0, init.length)
  for (;;) {
    const env = new Map(params.map((p, i) => [p, carries[i] ?? (ins[i] as Tensor)]))
    const [holds] = interpret([condition], env)
    if (holds?.data[0] === 0) return carries
    carries = [...interpret(next, env)]
  }
}

/** The values of `roots`, given those of their inputs, parameters and states. */
export const interpret = (roots: readonly Node[], env: ReadonlyMap<Node, Tensor>): readonly Tensor[] => {
  const values = new Map<Node, Tensor>(env)
  const tuples = new Map<Node, readonly Tensor[]>()
  for (const n of topological(roots)) {
    if (values.has(n)) continue
    const ins = () => n.ins.map((i) => values.get(i) as Tensor)
    if (n.op === 'scan') tuples.set(n, runScan(n, ins()))
    else if (n.op === 'cond') tuples.set(n, runCond(n, ins()))
    else if (n.op === 'while') tuples.set(n, runWhile(n, ins()))
    else if (n.op === 'custom' || n.op === 'checkpoint') values.set(n, values.get(n.ins[0] as Node) as Tensor)
    else if (n.op === 'result') values.set(n, tuples.get(n.ins[0] as Node)?.[paramsOf(n, 'result').index] as Tensor)
    else values.set(n, applyOp(n.op, ins(), n.params))
  }
  return roots.map((r) => values.get(r) as Tensor)
}
