/**
 * Numbers that are not finite. In: nodes as the program computes them. Out: for each that can be at fault a probe of its first
 * NaN, else its first infinity, and of its range.
 * Invariant: a fault is told of the expression that made it. A NaN is a node's own where none of its operands has one; an infinity
 * is its own where its operands are finite. So a mask of −∞ is no fault, and neither is what it is added to; what a NaN goes
 * through afterwards is not blamed. A value that is only chosen from (log x in `where(x > 0, log x, 0)`) is judged by what is
 * chosen. Numbers are looked at behind all rewriting, as the program computes them, so that looking changes none of them.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, literal, paramsOf } from '../../src/expr/node.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { OpName } from '../../src/ops/signature.ts'
import { topological } from '../program/walk.ts'
import type { Observer, Probe } from './instrument.ts'
import { definitionOf, sourceField, wordsOf } from './words.ts'

/** Ops that make finite numbers of finite numbers, whatever these are: not looked at themselves. */
const harmless: ReadonlySet<OpName> = new Set<OpName>([
  'neg',
  'abs',
  'sign',
  'floor',
  'ceil',
  'round',
  'trunc',
  'maximum',
  'minimum',
  'clip',
  'stopGradient',
  'copy',
  'relu',
  'sigmoid',
  'tanh',
  'sin',
  'cos',
  'atan',
  'erf',
  'erfc',
  'where',
  'max',
  'min',
  'gather',
  'block',
  'oneHot',
  'unitFloat',
])

/** What a node is made of, as far as it is looked at, and whether it holds an infinity that the user wrote. */
interface Known {
  readonly probes: readonly number[]
  readonly infinite: boolean
}

const nothing: Known = { probes: [], infinite: false }

const together = (all: readonly Known[]): Known => ({
  probes: [...new Set(all.flatMap((k) => k.probes))],
  infinite: all.some((k) => k.infinite),
})

/** A number or numbers of the user's own. */
const literalOf = (n: Node): Known | null => {
  if (n.op === 'full') return { probes: [], infinite: !Number.isFinite(paramsOf(n, 'full').value) }
  if (n.op === 'constant')
    return { probes: [], infinite: paramsOf(n, 'constant').data.some((x) => !Number.isFinite(x)) }
  return n.op === 'iota' ? nothing : null
}

/** Nodes that are used as what a `where` chooses from, and in no other way. */
const chosenFrom = (roots: readonly Node[]): ReadonlySet<Node> => {
  const order = topological(roots)
  const open = new Set<Node>(roots)
  const found = new Set<Node>()
  for (const n of [...order].reverse()) {
    const isOffered = opDef(n.op).kind === 'elementwise' && n.op !== 'where' && isFloat(n.dtype) && !open.has(n)
    if (isOffered) found.add(n)
    const values = n.op === 'where' || isOffered ? (n.op === 'where' ? n.ins.slice(1) : n.ins) : []
    for (const i of n.ins) if (!values.includes(i)) open.add(i)
  }
  return found
}

const judged = (n: Node, infinite: boolean): Probe['check']['reports'] => {
  if (n.op === 'param') return 'all'
  if (n.op === 'input' || n.op === 'state') return 'nan'
  if (n.op === 'bound' || (n.op === 'result' && n.ins[0]?.op !== 'while')) return 'nothing'
  return infinite ? 'nan' : 'all'
}

const leafWords: Readonly<Record<string, string>> = { input: 'input', param: 'parameter', state: 'state' }

const textOf = (n: Node): string => {
  const leaf = leafWords[n.op]
  return leaf === undefined ? definitionOf(n) : `${leaf} ${wordsOf(n)}`
}

const probeOf = (n: Node, now: Node, made: Known): Probe => {
  const size = sizeOf(n.shape)
  const x = b.reshape([now], { shape: [size] })
  const at = b.iota([], { shape: [size], axis: 0 })
  const i32 = (value: number): Node => literal(value, 'i32')
  const behind = b.where([b.isFinite([x]), i32(2 * size), b.add([at, i32(size)])])
  const all = { axes: [0], keepDims: false }
  return {
    check: {
      kind: 'number',
      text: textOf(n),
      name: wordsOf(n),
      dtype: n.dtype,
      shape: n.shape,
      reports: judged(n, made.infinite),
      operands: made.probes,
      ...sourceField(n),
    },
    findings: [b.min([b.where([b.isNan([x]), at, behind])], all), b.min([x], all), b.max([x], all)],
    nothing: [2 * size, 0, 0],
  }
}

/** Looks at every number of a program that can be the first at fault. */
export const numberObserver = (): Observer => {
  const known = new Map<Node, Known>()
  let offered: ReadonlySet<Node> = new Set()
  const knownOf = (n: Node): Known => known.get(n) ?? nothing
  return {
    start: (roots) => {
      offered = new Set([...offered, ...chosenFrom(roots)])
    },
    enter: (params, outside) => {
      for (const [i, p] of params.entries()) {
        const same = outside[i]
        if (same !== null && same !== undefined) known.set(p, knownOf(same))
      }
    },
    look: (n, now, next) => {
      if (!isFloat(n.dtype) || known.has(n)) return []
      const given = literalOf(n)
      if (given !== null || sizeOf(n.shape) === 0) {
        known.set(n, given ?? nothing)
        return []
      }
      const made = together((n.op === 'result' ? (n.ins[0] as Node).ins : n.ins).map(knownOf))
      const { kind } = opDef(n.op)
      const isJudge = n.op === 'where' && n.ins.some((i) => offered.has(i))
      const passes = kind === 'movement' || (harmless.has(n.op) && !isJudge) || offered.has(n)
      if (passes) {
        known.set(n, n.op === 'pad' && !Number.isFinite(paramsOf(n, 'pad').value) ? { ...made, infinite: true } : made)
        return []
      }
      known.set(n, { probes: [next], infinite: false })
      return [probeOf(n, now(n), made)]
    },
  }
}
