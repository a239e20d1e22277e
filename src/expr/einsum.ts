/**
 * Sums of products by letters. In: a spec such as `bij,bjk->bik`, and its operands. Out: one expression of dotGeneral, mul,
 * sum, transpose and reshape. Invariant: letters that only one operand has and the output has not are summed before any
 * product; operands are joined two at a time, in the order that multiplies least (exact up to six, greedy beyond).
 */
import { range, type Shape, showShape, sizeOf } from '../core/shape.ts'
import type { Expr, Node } from './expr.ts'
import { diagonal } from './movement.ts'
import { graph, shapeError } from './node.ts'
import { accepting, sameDType, typed } from './typed.ts'

// ---- types

type Spaceless<S extends string> = S extends `${infer A} ${infer B}` ? Spaceless<`${A}${B}`> : S

/** A union of the letters of one operand with their extents. */
type Bind<Term extends string, S extends Shape> = Term extends `${infer L}${infer Rest}`
  ? S extends readonly [infer D extends number, ...infer Tail extends Shape]
    ? readonly [L, D] | Bind<Rest, Tail>
    : never
  : never

type BindAll<Terms extends string, Operands extends readonly unknown[]> = Operands extends readonly [
  infer X extends Expr,
  ...infer More,
]
  ? Terms extends `${infer T},${infer Rest}`
    ? Bind<T, X['shape']> | BindAll<Rest, More>
    : Bind<Terms, X['shape']>
  : never

type ExtentOf<L extends string, Bound> = [Extract<Bound, readonly [L, number]>] extends [never]
  ? number
  : Extract<Bound, readonly [L, number]>[1]

type OutputShape<Out extends string, Bound> = Out extends `${infer L}${infer Rest}`
  ? readonly [ExtentOf<L, Bound>, ...OutputShape<Rest, Bound>]
  : readonly []

/** Known where the spec is a literal with an output and without an ellipsis. */
export type EinsumShape<S extends string, Operands extends readonly unknown[]> = string extends S
  ? Shape
  : S extends `${string}.${string}`
    ? Shape
    : Spaceless<S> extends `${infer Terms}->${infer Out}`
      ? OutputShape<Out, BindAll<Terms, Operands>>
      : Shape

// ---- reading

/** A node whose axes have labels: a letter, or `…k` for the k-th axis from the end of an ellipsis. */
interface Labelled {
  readonly node: Node
  readonly labels: readonly string[]
}

interface Spec {
  readonly terms: readonly string[]
  /** null where the spec leaves the output out. */
  readonly output: string | null
}

const isEllipsis = (label: string): boolean => label.startsWith('…')

const refused = (code: string, sentence: string, ins: readonly Node[]) =>
  shapeError({ code, sentence: `einsum: ${sentence}` }, ins)

const shapes = (ins: readonly Node[]): string => ins.map((x) => showShape(x.shape)).join(' and ')

/** The terms with the sign … in place of three points. */
const parse = (spec: string, ins: readonly Node[]): Spec => {
  if (typeof spec !== 'string') throw refused('E_EINSUM_SPEC', `the spec ${String(spec)} is not a text`, [])
  const [left = '', ...right] = spec.replaceAll(/\s/g, '').replaceAll('...', '…').split('->')
  const terms = left.split(',')
  const isTerm = (t: string) => /^\p{L}*…?\p{L}*$/u.test(t)
  if (right.length > 1 || ![...terms, ...right].every(isTerm))
    throw refused('E_EINSUM_SPEC', `'${spec}' is not made of letters, commas, one ... a term and one ->`, ins)
  if (terms.length !== ins.length)
    throw refused('E_EINSUM_OPERANDS', `'${spec}' names ${terms.length} operands, ${ins.length} are given`, ins)
  return { terms, output: right[0] ?? null }
}

/** One label an axis; an ellipsis stands for the axes that no letter names. */
const labelsOf = (term: string, node: Node): readonly string[] => {
  const letters = [...term]
  const at = letters.indexOf('…')
  const more = node.shape.length - (letters.length - (at < 0 ? 0 : 1))
  if (at < 0 ? more !== 0 : more < 0)
    throw refused('E_EINSUM_RANK', `'${term.replace('…', '...')}' does not name the axes of ${showShape(node.shape)}`, [
      node,
    ])
  return letters.flatMap((l) => (l === '…' ? range(more).map((i) => `…${more - i}`) : [l]))
}

/** The extent of every label; those of an ellipsis broadcast. */
const extentsOf = (operands: readonly Labelled[], spec: string): ReadonlyMap<string, number> => {
  const extents = new Map<string, number>()
  const ins = operands.map((o) => o.node)
  for (const { node, labels } of operands)
    for (const [i, l] of labels.entries()) {
      const [known, extent] = [extents.get(l), node.shape[i] as number]
      if (known === undefined || (isEllipsis(l) && known === 1)) extents.set(l, extent)
      else if (known !== extent && !(isEllipsis(l) && extent === 1))
        throw refused(
          'E_EINSUM_EXTENT',
          `${isEllipsis(l) ? `axis ${l.replace('…', '-')} of the ellipsis` : `letter ${l}`} has extents ${known} and ${extent} ('${spec}' of ${shapes(ins)})`,
          ins,
        )
    }
  return extents
}

const countOf = (label: string, operands: readonly Labelled[]): number =>
  operands.reduce((n, o) => n + o.labels.filter((l) => l === label).length, 0)

/** The labels of the result: as written, or the ellipsis and then, sorted, the letters that occur once. */
const outputOf = (output: string | null, all: readonly string[], operands: readonly Labelled[]): readonly string[] => {
  const ins = operands.map((o) => o.node)
  const dots = all.filter(isEllipsis).toSorted((a, b) => Number(b.slice(1)) - Number(a.slice(1)))
  if (output === null) return [...dots, ...all.filter((l) => !isEllipsis(l) && countOf(l, operands) === 1).toSorted()]
  const letters = [...output]
  const twice = letters.find((l, i) => letters.indexOf(l) !== i)
  if (twice !== undefined) throw refused('E_EINSUM_OUTPUT', `letter ${twice} stands twice in the output`, ins)
  const unknown = letters.find((l) => l !== '…' && !all.includes(l))
  if (unknown !== undefined) throw refused('E_EINSUM_OUTPUT', `letter ${unknown} of the output is in no operand`, ins)
  if (dots.length > 0 && !letters.includes('…'))
    throw refused('E_EINSUM_OUTPUT', 'the output has no ... for the axes that the operands have there', ins)
  return letters.flatMap((l) => (l === '…' ? dots : [l]))
}

// ---- one operand

const arranged = ({ node, labels }: Labelled, order: readonly string[]): Labelled => {
  const perm = order.map((l) => labels.indexOf(l))
  return { node: perm.every((p, i) => p === i) ? node : graph.transpose([node], { perm }), labels: order }
}

/** A letter that an operand has twice means its diagonal. */
const withoutRepeats = (x: Labelled): Labelled => {
  const first = x.labels.findIndex((l, i) => x.labels.indexOf(l, i + 1) > 0)
  if (first < 0) return x
  const label = x.labels[first] as string
  const second = x.labels.indexOf(label, first + 1)
  const rest = range(x.labels.length).filter((i) => i !== first && i !== second)
  const perm = [...rest, first, second]
  const node = perm.every((p, i) => p === i) ? x.node : graph.transpose([x.node], { perm })
  return withoutRepeats({ node: diagonal(node), labels: [...rest.map((i) => x.labels[i] as string), label] })
}

/** Takes away extents of 1 that another operand repeats. */
const squeezed = ({ node, labels }: Labelled, extents: ReadonlyMap<string, number>): Labelled => {
  const kept = range(labels.length).filter((i) => node.shape[i] === extents.get(labels[i] as string))
  if (kept.length === labels.length) return { node, labels }
  const shape = kept.map((i) => node.shape[i] as number)
  return { node: graph.reshape([node], { shape }), labels: kept.map((i) => labels[i] as string) }
}

const summed = ({ node, labels }: Labelled, isKept: (label: string) => boolean): Labelled => {
  const axes = range(labels.length).filter((i) => !isKept(labels[i] as string))
  if (axes.length === 0) return { node, labels }
  return { node: graph.sum([node], { axes, keepDims: false }), labels: labels.filter(isKept) }
}

// ---- two operands

/** The same axes in the order of `order`, with 1 where the operand has none. */
const spread = (x: Labelled, order: readonly string[]): Node => {
  const own = order.filter((l) => x.labels.includes(l))
  const { node } = arranged(x, own)
  if (own.length === order.length) return node
  const shape = order.map((l) => (own.includes(l) ? (node.shape[own.indexOf(l)] as number) : 1))
  return graph.reshape([node], { shape })
}

const indices = (x: Labelled, labels: readonly string[]): readonly number[] => labels.map((l) => x.labels.indexOf(l))

/** The product of two, summed over the labels that both have and nobody wants any more. */
const joined = (a: Labelled, b: Labelled, wanted: ReadonlySet<string>, output: readonly string[]): Labelled => {
  const shared = a.labels.filter((l) => b.labels.includes(l))
  const contract = shared.filter((l) => !wanted.has(l))
  const place = (l: string): number => (output.includes(l) ? output.indexOf(l) : output.length)
  const batch = shared.filter((l) => wanted.has(l)).toSorted((x, y) => place(x) - place(y))
  if (contract.length === 0 && batch.length > 0) {
    const all = [...new Set([...a.labels, ...b.labels])]
    const order = all.toSorted((x, y) => place(x) - place(y))
    return { node: graph.mul([spread(a, order), spread(b, order)]), labels: order }
  }
  const free = (x: Labelled) => x.labels.filter((l) => !shared.includes(l))
  const product = (x: Labelled, y: Labelled): Labelled => ({
    node: graph.dotGeneral([x.node, y.node], {
      batch: [indices(x, batch), indices(y, batch)],
      contract: [indices(x, contract), indices(y, contract)],
    }),
    labels: [...batch, ...free(x), ...free(y)],
  })
  const isInOrder = (labels: readonly string[]) =>
    labels.every((l, i) => i === 0 || place(labels[i - 1] as string) <= place(l))
  const isSwapped = !isInOrder([...batch, ...free(a), ...free(b)]) && isInOrder([...batch, ...free(b), ...free(a)])
  return isSwapped ? product(b, a) : product(a, b)
}

// ---- the order

/** Some operands joined. */
interface Joined {
  /** Which operands are joined before which; a number is an operand's place. */
  readonly tree: Tree
  readonly members: readonly number[]
  readonly labels: readonly string[]
  /** Multiplications so far. */
  readonly cost: number
}

type Tree = number | readonly [Tree, Tree]
type Join = (a: Joined, b: Joined) => Joined

/** Beyond this many operands the order is chosen greedily. */
const exactLimit = 6

/** Every way to split every set of operands. */
const cheapest = (leaves: readonly Joined[], join: Join): Joined => {
  const all = 2 ** leaves.length - 1
  const best: Joined[] = []
  for (const [i, leaf] of leaves.entries()) best[2 ** i] = leaf
  for (let set = 1; set <= all; set++) {
    // one part holds the first member, so that no split is looked at twice
    const first = set & -set
    for (let part = (set - 1) & set; part > 0; part = (part - 1) & set) {
      if ((part & first) === 0) continue
      const step = join(best[part] as Joined, best[set ^ part] as Joined)
      const known = best[set]
      if (known === undefined || step.cost < known.cost) best[set] = step
    }
  }
  return best[all] as Joined
}

/** Always the two whose product is cheapest now. */
const greedy = (leaves: readonly Joined[], join: Join): Joined => {
  let open = leaves
  while (open.length > 1) {
    const pairs = open.flatMap((a, i) => open.slice(i + 1).map((b) => ({ a, b, step: join(a, b) })))
    const price = ({ a, b, step }: (typeof pairs)[number]): number => step.cost - a.cost - b.cost
    const next = pairs.reduce((p, q) => (price(q) < price(p) ? q : p))
    open = [...open.filter((o) => o !== next.a && o !== next.b), next.step]
  }
  return open[0] as Joined
}

const joinFor =
  (operands: readonly Labelled[], output: readonly string[], extents: ReadonlyMap<string, number>): Join =>
  (a, b) => {
    const members = [...a.members, ...b.members]
    const union = [...new Set([...a.labels, ...b.labels])]
    const wanted = wantedBeside(members, operands, output)
    return {
      tree: [a.tree, b.tree],
      members,
      labels: union.filter((l) => wanted.has(l)),
      cost: a.cost + b.cost + sizeOf(union.map((l) => extents.get(l) as number)),
    }
  }

/** What a product of some operands still has to have: what the output or another operand wants. */
const wantedBeside = (
  members: readonly number[],
  operands: readonly Labelled[],
  output: readonly string[],
): ReadonlySet<string> => new Set([...output, ...operands.flatMap((o, p) => (members.includes(p) ? [] : o.labels))])

const multiplied = (operands: readonly Labelled[], output: readonly string[], tree: Tree): Labelled => {
  const build = (t: Tree): Labelled & { readonly members: readonly number[] } => {
    if (typeof t === 'number') return { ...(operands[t] as Labelled), members: [t] }
    const [a, b] = [build(t[0]), build(t[1])]
    const members = [...a.members, ...b.members]
    return { ...joined(a, b, wantedBeside(members, operands, output), output), members }
  }
  return build(tree)
}

const contracted = (spec: string, ins: readonly Node[]): Node => {
  const { terms, output } = parse(spec, ins)
  for (const x of ins) {
    accepting('einsum', 'number', x)
    sameDType('einsum', ins[0] as Node, x)
  }
  const named = ins.map((node, i) => ({ node, labels: labelsOf(terms[i] as string, node) }))
  const extents = extentsOf(named, spec)
  const wanted = outputOf(output, [...extents.keys()], named)
  const distinct = named.map((x) => squeezed(withoutRepeats(x), extents))
  const operands = distinct.map((x, p) => {
    const needed = wantedBeside([p], distinct, wanted)
    return summed(x, (l) => needed.has(l))
  })
  const leaves = operands.map(({ labels }, p): Joined => ({ tree: p, members: [p], labels, cost: 0 }))
  const join = joinFor(operands, wanted, extents)
  const { tree } = leaves.length <= exactLimit ? cheapest(leaves, join) : greedy(leaves, join)
  return arranged(multiplied(operands, wanted, tree), wanted).node
}

/**
 * Einstein summation, as in NumPy: each operand's axes have letters, letters that the output has not are summed. A letter
 * twice in one operand means its diagonal; `...` stands for axes without letters, which broadcast; without `->` the output
 * is the ellipsis and then, sorted, the letters that occur once. f32, f64 or i32, all operands alike.
 *
 * Throws ShapeError E_EINSUM_SPEC, E_EINSUM_OPERANDS, E_EINSUM_RANK, E_EINSUM_EXTENT, E_EINSUM_OUTPUT, E_DTYPE,
 * E_DTYPE_MISMATCH.
 *
 * @example
 * const [q, k] = [input('q', [8, 32, 64]), input('k', [8, 48, 64])]
 * console.log(einsum('hqd,hkd->hqk', q, k).shape) // [ 8, 32, 48 ]
 * const a = input('A', [3, 3])
 * print(einsum('ij,jk', a, a)) // A A
 */
export const einsum: <const S extends string, const X extends readonly [Expr, ...Expr[]]>(
  spec: S,
  ...operands: X
) => Expr<EinsumShape<S, X>, X[number]['dtype']> = typed((spec: string, ...operands: readonly Node[]) =>
  contracted(spec, operands),
)
