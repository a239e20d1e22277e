/**
 * How a node is read. In: a node. Out: what stands in its formula, and the formula made of these.
 * Invariant: everything is asked of the op table; what stands here besides are signs, sums and products.
 */
import { InternalError } from '../../src/core/errors.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { Printed } from '../../src/ops/signature.ts'
import { behind, isSame, isScalar, keepsFirst, type Reading } from './behind.ts'
import {
  add,
  type Doc,
  div,
  type Factor,
  isNumber,
  linear,
  mul,
  nameDoc,
  negate,
  numberDoc,
  render,
  stepsOf,
  sub,
  text,
  whole,
  withStep,
} from './doc.ts'
import { idiomOf, readChoice } from './idioms.ts'
import { readSummed } from './sums.ts'

const same: Reading['build'] = ([d]) => {
  if (d === undefined) throw new InternalError('a formula without its part')
  return d
}

/** What a loop gives has a name, which is known where the loop is written. */
const stackStandIn: Reading['build'] = () => nameDoc('h₁₂')

const printed = (n: Node, ins: readonly Printed[]): Printed => opDef(n.op).print(ins, n.params, n.ins)

const plain = (n: Node): Reading => ({
  reads: n.ins,
  same: false,
  build: (docs) => {
    const all = text(printed(n, docs.map(render)))
    const at = opDef(n.op).kind === 'elementwise' ? stepsOf(docs) : null
    return at === null ? all : withStep(all, { index: at.index, doc: text(printed(n, at.docs.map(render))) })
  },
})

// ---- arithmetic

const binary =
  (n: Node, f: (x: Doc, y: Doc) => Doc): Reading['build'] =>
  ([x, y]) => {
    if (x === undefined || y === undefined) throw new InternalError(`${n.op} without two operands`)
    return f(x, y)
  }

const factors = (n: Node, f: (x: Factor, y: Factor) => Doc, share?: Doc): Reading['build'] => {
  const [x, y] = n.ins as readonly [Node, Node]
  return binary(n, (p, q) => {
    const all = [
      { doc: p, scalar: isScalar(x) },
      { doc: q, scalar: isScalar(y) },
    ] as const
    const rest = all.find((d) => !isNumber(d.doc))
    return share !== undefined && rest !== undefined ? div(rest, { doc: share, scalar: true }) : f(...all)
  })
}

/** Whether k is the product of some of these extents. */
const isCount = (k: number, [first, ...rest]: readonly number[]): boolean =>
  first === undefined ? k === 1 : isCount(k, rest) || (first > 1 && k % first === 0 && isCount(k / first, rest))

/**
 * What a product by a computed number divides by: n where it is the 1/n of a mean over n of its own elements (0.05 of one's own
 * stays as it is), √n where it is 1/√n.
 */
const shareOf = (product: Node): Doc | undefined => {
  const [number] = product.ins.flatMap((x) => (behind(x).op === 'full' ? [paramsOf(behind(x), 'full').value] : []))
  if (number === undefined || number <= 0 || number >= 0.75) return undefined
  const n = Math.round(1 / number)
  if (n > 2 && Math.fround(1 / n) === number && isCount(n, product.shape)) return numberDoc(n)
  const square = Math.round(1 / number ** 2)
  const isRoot = Math.fround(1 / Math.sqrt(square)) === Math.fround(number) && !Number.isInteger(Math.sqrt(square))
  return isRoot && square < 1e5 ? text({ text: `√${square}`, precedence: 3 }) : undefined
}

const arithmetic = (n: Node): Reading['build'] | null => {
  switch (n.op) {
    case 'neg':
      return ([x]) => negate(x as Doc)
    case 'add':
      return binary(n, add)
    case 'sub':
      return binary(n, sub)
    case 'mul':
      return factors(n, mul, shareOf(n))
    case 'div':
      return factors(n, div)
    case 'scatterRows':
      return ([at, rows]) => linear([rows as Doc], isScalar(n), ([r]) => printed(n, [render(at as Doc), r as Printed]))
    case 'dotGeneral':
    case 'sum':
      return readSummed(n, isScalar(n)) ?? ((docs) => linear(docs, isScalar(n), (ins) => printed(n, ins)))
    default:
      return null
  }
}

export const readingOf = (n: Node): Reading => {
  if (isSame(n)) return { reads: n.ins, same: true, build: keepsFirst(n) ? same : (docs) => whole(same(docs)) }
  if (n.op === 'result' && (n.ins[0]?.op === 'scan' || n.ins[0]?.op === 'while'))
    return { reads: n.ins[0].ins, same: false, build: stackStandIn }
  if (n.op === 'result' && n.ins[0]?.op === 'cond') return readChoice(n, n.ins[0])
  if (n.op === 'full' && n.dtype !== 'bool') {
    const { value } = paramsOf(n, 'full')
    return { reads: [], same: false, build: () => numberDoc(value) }
  }
  const name = n.ins.length === 0 ? nameOf(n) : undefined
  if (name !== undefined) return { reads: [], same: false, build: () => nameDoc(name) }
  const idiom = idiomOf(n)
  if (idiom !== null) return idiom
  const build = arithmetic(n)
  return build === null ? plain(n) : { reads: n.ins, same: false, build }
}
