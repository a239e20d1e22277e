/**
 * Reverse mode, one variable after the other. In: a scalar and what it is differentiated by. Out: for each variable between them
 * what it receives along each way, how that is simplified, and the sum.
 * Invariant: each step is what the compiler's own differentiation and simplifier make of one variable's formula; put together
 * they are its gradient.
 */
import { isLeft } from 'fp-ts/lib/Either.js'
import type { Node } from '../src/expr/expr.ts'
import { graph } from '../src/expr/node.ts'
import { nameOf } from '../src/expr/origin.ts'
import { substitute } from '../src/expr/scan.ts'
import { opDef } from '../src/ops/registry.ts'
import { heard, subscript } from './inspect/indices.ts'
import { isSame } from './inspect/behind.ts'
import { type Station, stationsOf, symbolOf } from './inspect/stations.ts'
import { rawCotangents, replaySteps, simplifyRoots, stepOf } from './derivatives.ts'
import { topological } from './program/walk.ts'

/** A formula on the way to its simplest form, and the rules that fired since the form before. */
export interface Form {
  readonly node: Node
  readonly rules: readonly string[]
}

/** What a variable receives from one that is made of it. */
export interface Way {
  readonly from: Station
  /** The other variable's formula, over variables. */
  readonly formula: Node
  /** From what reverse mode gives to the simplest form. */
  readonly forms: readonly [Form, ...Form[]]
}

export interface Arrival {
  readonly station: Station
  readonly ways: readonly [Way, ...Way[]]
  /** The sum of what came along all ways. */
  readonly sum: Node
  /** δ₁, where it is too long to be written each time. */
  readonly called?: string
  /** The δ of another variable, which receives the same. */
  readonly equals?: string
}

export interface Backward {
  readonly stations: readonly Station[]
  readonly arrivals: readonly Arrival[]
  /** The formula of a variable over the others. */
  readonly formulaOf: (s: Station) => Node
  /** An expression over variables, with δ and what else has a name written by it (but not the expression itself). */
  readonly voiced: (n: Node, open?: boolean) => Node
  /** What an expression over variables and δ is. */
  readonly whole: (n: Node) => Node
  /** Further parts of the model that formulas of the way back call by their names. */
  readonly asides: () => ReadonlyMap<string, Node>
}

/** Simplified, with the forms on the way. */
const simplifiedForms = (raw: Node): readonly [Form, ...Form[]] => {
  const { roots, fired } = simplifyRoots([raw])
  const last = roots[0] as Node
  const steps = fired.map(stepOf)
  const all = fired.map((f, i): Form => {
    const done = i + 1 === fired.length || steps.length > 40 ? null : replaySteps([raw], steps.slice(0, i + 1))
    return { node: done === null || isLeft(done) ? last : (done.right[0] as Node), rules: [f.rule] }
  })
  return [{ node: raw, rules: [] }, ...all]
}

/** How many operations a reader sees, numbers as factors aside. */
const length = (n: Node): number =>
  topological([n]).filter(
    (m) =>
      m.ins.length > 0 &&
      !isSame(m) &&
      m.op !== 'neg' &&
      !((m.op === 'mul' || m.op === 'div') && m.ins.some((i) => i.op === 'full')),
  ).length

/** Short enough to be written wherever it is used. */
const isShort = (n: Node): boolean =>
  length(n) <= 1 && topological([n]).every((m) => ['leaf', 'elementwise', 'movement'].includes(opDef(m.op).kind))

/** The variables whose errors are known first: what is made of others comes before these, the earlier branch before the later. */
const backwardOrder = (stations: readonly Station[], usersOf: (s: Station) => readonly Station[]): Station[] => {
  const left = [...stations]
  const done = new Set<Station>()
  const order: Station[] = []
  while (left.length > 0) {
    const ready = left.findIndex((s) => usersOf(s).every((u) => done.has(u)))
    const [next] = left.splice(Math.max(0, ready), 1) as [Station]
    done.add(next)
    order.push(next)
  }
  return order
}

type CallError = (s: Station) => string

/** The variables between a scalar and what it is differentiated by, and their errors: δ₁, δ₂, … or, where there is but one, δ. */
export const backwardOf = (loss: Node, label: string, wrt: readonly Node[]): Backward => {
  const numbered = passedBack(loss, label, wrt, numbersFrom)
  return numbered.arrivals.filter((a) => a.called !== undefined).length === 1
    ? passedBack(loss, label, wrt, (taken) => (taken.has('δ') ? numbersFrom(taken) : () => 'δ'))
    : numbered
}

/** The same of a step of a loop: variables have its index, and the error of z there is εz. */
export const backwardAt = (index: string, scalar: Node, label: string, wrt: readonly Node[]): Backward =>
  passedBack(
    scalar,
    label,
    wrt,
    () =>
      ({ name }) =>
        `ε${name}`,
    index,
  )

/** δ₁, δ₂, … without those that are taken. */
const numbersFrom = (taken: ReadonlySet<string>): CallError => {
  let count = 0
  return () => {
    do count++
    while (taken.has(heard(`δ${subscript(count)}`)))
    return `δ${subscript(count)}`
  }
}

const passedBack = (
  loss: Node,
  label: string,
  wrt: readonly Node[],
  errorNames: (taken: ReadonlySet<string>) => CallError,
  index = '',
): Backward => {
  const stations = stationsOf(loss, label, wrt, index)
  const symbols = new Map(stations.map((s) => [s.node, s.symbol] as const))
  const formulas = new Map<Station, Node>()
  for (const s of stations) {
    const others = new Map([...symbols].filter(([n]) => n !== s.node))
    formulas.set(s, substitute([s.node], others)[0] as Node)
  }
  const formulaOf = (s: Station): Node => formulas.get(s) as Node
  const leaves = new Map(stations.map((s) => [s, new Set(topological([formulaOf(s)]))] as const))
  const users = new Map(
    stations.map((s) => [s, stations.filter((u) => u !== s && leaves.get(u)?.has(s.symbol) === true)] as const),
  )
  const usersOf = (s: Station): readonly Station[] => users.get(s) as readonly Station[]

  // what symbols are
  const meant = new Map<Node, Node>(stations.map((s) => [s.symbol, s.node]))
  const whole = (n: Node): Node => substitute([n], meant)[0] as Node
  const taken = new Set(
    [...topological([loss]).flatMap((n) => nameOf(n) ?? []), ...stations.map((s) => s.name)].map(heard),
  )
  const asides = new Map<string, Node>()
  const voiced = (n: Node, open = false): Node => {
    const order = topological([n]).filter((m) => m.ins.length > 0 && !(open && m === n))
    const known = substitute(order, meant)
    const said = new Map<Node, Node>()
    for (const [i, m] of order.entries()) {
      const full = known[i] as Node
      const station = stations.find((s) => s.node === full)
      if (station !== undefined) said.set(m, station.symbol)
      else if (m.op === 'oneHot' || nameOf(full) !== undefined) {
        const name = nameOf(full) ?? nameOf(m.ins[0] as Node)
        if (name === undefined) continue
        asides.set(name, full)
        said.set(m, symbolOf(name, m))
      }
    }
    return substitute([n], said)[0] as Node
  }

  const errors = new Map<Station, Node>([[stations.at(-1) as Station, graph.lit(1, loss.dtype)]])
  const arrivals: Arrival[] = []
  const calledAs = new Map<Node, { readonly called: string; readonly symbol: Node }>()
  const nextName = errorNames(taken)
  for (const station of backwardOrder(stations, usersOf)) {
    const ways = usersOf(station).flatMap((from): readonly Way[] => {
      const error = errors.get(from)
      const formula = formulaOf(from)
      const [raw] = error === undefined ? [] : rawCotangents(formula, error, [station.symbol])
      return raw === undefined || raw === null ? [] : [{ from, formula, forms: simplifiedForms(raw) }]
    })
    const [first, ...rest] = ways
    if (first === undefined) continue
    const last = (w: Way): Node => (w.forms.at(-1) as Form).node
    const { roots } = simplifyRoots([rest.reduce((sum, w) => graph.add([sum, last(w)]), last(first))])
    const sum = roots[0] as Node
    const value = whole(sum)
    const known = calledAs.get(value)
    const isNamed = station.node.ins.length > 0 && known === undefined && !isShort(voiced(sum))
    const called = isNamed ? nextName(station) : undefined
    const symbol = known?.symbol ?? (called === undefined ? sum : symbolOf(called, sum))
    if (called !== undefined) {
      meant.set(symbol, value)
      calledAs.set(value, { called, symbol })
    }
    errors.set(station, symbol)
    arrivals.push({
      station,
      ways: [first, ...rest],
      sum,
      ...(called === undefined ? {} : { called }),
      ...(known === undefined ? {} : { equals: known.called }),
    })
  }
  return { stations, arrivals, formulaOf, voiced, whole, asides: () => asides }
}
