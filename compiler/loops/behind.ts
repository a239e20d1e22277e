/**
 * What a loop need not do at every step. In: roots with scans. Out: equal roots. Invariant: values are unchanged up to the order
 * in which a product's sum over the steps is added. An output of which only the last step is read is computed once, behind the
 * loop; a carry that only adds up products is one product over all steps. What is computed again so as not to be kept stays.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { range, sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, paramsOf } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import {
  dependentOn,
  functionOf,
  makeScan,
  resultsOf,
  type ScanParts,
  scanParts,
  substitute,
} from '../../src/expr/scan.ts'
import { elementAt, isSummable, productOverSteps } from '../program/steps.ts'
import { topological } from '../program/walk.ts'

/** Who reads each result of a scan; a root is read by nobody that could be changed. */
interface Reads {
  readonly result: Node
  readonly by: readonly Node[]
  readonly isRoot: boolean
}

const readsOf = (order: readonly Node[], roots: ReadonlySet<Node>): ReadonlyMap<Node, readonly Reads[]> => {
  const users = new Map<Node, Node[]>()
  const isResult = (n: Node): boolean => n.op === 'result' && n.ins[0]?.op === 'scan'
  for (const n of order) for (const i of new Set(n.ins)) if (isResult(i)) users.set(i, [...(users.get(i) ?? []), n])
  const found = new Map<Node, Reads[]>()
  for (const n of order) {
    if (!isResult(n)) continue
    const scan = n.ins[0] as Node
    found.set(scan, [...(found.get(scan) ?? []), { result: n, by: users.get(n) ?? [], isRoot: roots.has(n) }])
  }
  return found
}

const indexOf = (result: Node): number => paramsOf(result, 'result').index

// ---- the last step alone

const takesLast = (n: Node, last: number): boolean => {
  if (n.op !== 'slice') return false
  const { start, limit, step } = paramsOf(n, 'slice')
  const { shape } = n.ins[0] as Node
  const isWhole = range(shape.length)
    .slice(1)
    .every((i) => start[i] === 0 && limit[i] === shape[i] && step[i] === 1)
  return isWhole && start[0] === last && limit[0] === last + 1
}

/** An output at the last step, over the loop's last carries and elements; null where it is made of the carries before. */
const lastValue = (
  scan: Node,
  { fn, init, sequences, constants, length, reverse }: ScanParts,
  index: number,
): Node | null => {
  const results = resultsOf(scan)
  const [nc, nx] = [init.length, sequences.length]
  const last = reverse ? 0 : length - 1
  const outside = new Map<Node, Node>([
    ...sequences.map((s, i) => [fn.params[nc + i] as Node, elementAt(s, last)] as const),
    ...constants.map((c, i) => [fn.params[nc + nx + i] as Node, c] as const),
    ...init.map((_, i) => [fn.results[i] as Node, results[i] as Node] as const),
  ])
  const before = new Set(fn.params.slice(0, nc).filter((p) => !outside.has(p)))
  const seen = new Set<Node>()
  const stack = [fn.results[index] as Node]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (before.has(n)) return null
    if (seen.has(n) || outside.has(n)) continue
    seen.add(n)
    stack.push(...n.ins)
  }
  return substitute([fn.results[index] as Node], outside)[0] as Node
}

const lastOf = (scan: Node, reads: readonly Reads[]): ReadonlyMap<Node, Node> | null => {
  const parts = scanParts(scan)
  const last = parts.reverse ? 0 : parts.length - 1
  for (const { result, by, isRoot } of reads) {
    if (isRoot || indexOf(result) < parts.init.length || parts.length === 0) continue
    if (!by.every((n) => takesLast(n, last))) continue
    const value = derivedFrom(result, () => lastValue(scan, parts, indexOf(result)))
    if (value !== null) return new Map(by.map((n) => [n, b.reshape([value], { shape: [...n.shape] })]))
  }
  return null
}

// ---- sums of products

/** Whether something in a function waits for a cotangent: it is computed again so as not to be kept. */
const isRecomputed = (results: readonly Node[]): boolean =>
  topological(results).some(
    (n) => n.op === 'after' || (functionOf(n) !== null && isRecomputed(functionOf(n)?.results ?? [])),
  )

/** The product that a step adds to a carry, where the carry is for nothing else and what is stacked is no more than the sum. */
const addend = ({ fn, init, sequences }: ScanParts, i: number): Node | null => {
  const [carry, next] = [fn.params[i] as Node, fn.results[i] as Node]
  if (next.op !== 'add' || !isFloat(next.dtype) || !next.ins.includes(carry)) return null
  const product = next.ins[next.ins[0] === carry ? 1 : 0] as Node
  if (!isSummable(product) || sizeOf(product.shape) !== sizeOf(next.shape)) return null
  const stacked = product.ins.reduce((total, n) => total + sizeOf(n.shape), 0)
  if (stacked > sizeOf(product.shape)) return null
  const others = [...fn.results.filter((_, k) => k !== i), product]
  if (topological(others).includes(carry)) return null
  const moving = dependentOn(fn.params.slice(0, init.length + sequences.length), product.ins)
  return product.ins.every((n) => moving.has(n)) ? product : null
}

const sumOf = (scan: Node, reads: readonly Reads[]): ReadonlyMap<Node, Node> | null => {
  const parts = scanParts(scan)
  const { fn, init } = parts
  const [nc, at] = [init.length, reads.map(({ result }) => indexOf(result))]
  const found = range(nc).find((i) => at.includes(i) && addend(parts, i) !== null)
  if (found === undefined || isRecomputed(fn.results)) return null
  const product = addend(parts, found) as Node
  const without = <T>(list: readonly T[]): readonly T[] => list.filter((_, i) => i !== found)
  const smaller = derivedFrom(scan, () =>
    makeScan({
      ...parts,
      fn: { params: without(fn.params), results: [...without(fn.results), ...product.ins] },
      init: without(init),
    }),
  )
  const results = resultsOf(smaller)
  const sum = derivedFrom(product, () =>
    b.add([init[found] as Node, productOverSteps(product, results.slice(fn.results.length - 1))]),
  )
  const now = (i: number): Node => (i === found ? sum : (results[i < found ? i : i - 1] as Node))
  return new Map(reads.map(({ result }) => [result, now(indexOf(result))]))
}

/** Roots whose loops do at each step what each step is needed for. */
export const behindLoops = (given: readonly Node[]): readonly Node[] => {
  let roots = given
  for (;;) {
    const order = topological(roots)
    if (order.every((n) => n.op !== 'scan')) return roots
    const change = [...readsOf(order, new Set(roots))]
      .map(([scan, reads]) => lastOf(scan, reads) ?? sumOf(scan, reads))
      .find((found) => found !== null)
    if (change === undefined) return roots
    roots = substitute(roots, change)
  }
}
