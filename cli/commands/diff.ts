/**
 * `nabla diff A B`: what changed between two models and their derivatives. In: the places of two models. Out: what became of inputs
 * and parameters, which results, gradients and updates are equal, and the equations of both as one text, those of one alone marked;
 * E_CLI_DIFF where something differs.
 * Invariant: two formulas are equal exactly where they simplify to the same expression, renamed leaves taken for one.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { inspect, isLoss, lossesOf, modelRoots } from '../../compiler/describe.ts'
import { type Printable, rootsOf } from '../../compiler/inspect/print.ts'
import { topological } from '../../compiler/program/walk.ts'
import { grad, type Scalar, simplify } from '../../compiler/transforms.ts'
import type { NablaError } from '../../src/core/errors.ts'
import type { Node } from '../../src/expr/expr.ts'
import { isExpr } from '../../src/expr/node.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { substitute } from '../../src/expr/scan.ts'
import { refuseCli } from '../codes.ts'
import { leafLines, renamedLeaves } from '../diff/leaves.ts'
import { type Cells, cellsOf, merged, renamedAlike, written } from '../diff/lines.ts'
import { loadModels, type Model } from '../model.ts'
import type { Terminal } from '../terminal.ts'

/** A model of one entry is that entry. */
const shownOf = ({ entries }: Model): Printable => {
  const [only, ...rest] = Object.values(entries)
  return only === undefined || rest.length > 0 ? entries : only
}

const nodesOf = (model: Printable): readonly Node[] => rootsOf(model, '').map((r) => r.node)

/** The results, the gradients of the losses and the updates, by name, with other leaves for some of them. */
const formulasOf = (model: Printable, name: string, leaves: ReadonlyMap<Node, Node>): ReadonlyMap<string, Node> => {
  const called = (n: Node): string => nameOf(leaves.get(n) ?? n) ?? n.op
  const roots = modelRoots(model, { name })
  const others = substitute(
    roots.map((r) => r.node),
    leaves,
  )
  const all = roots.map((r, i) => ({ ...r, node: others[i] as Node }))
  const renamed = new Map([...leaves].map(([n, like]) => [nameOf(n), nameOf(like)]))
  const results = all.map((r): readonly [string, Node] => [
    r.sign === '←' ? `${renamed.get(r.label) ?? r.label} ←` : r.label,
    simplify(r.node),
  ])
  const gradients = lossesOf(all.filter((r) => r.sign !== '←')).flatMap(({ label, node, wrt }) => {
    const found = grad(node as Scalar, wrt)
    return wrt.map((v, i): readonly [string, Node] => [`∂${label}/∂${called(v)}`, found[i] as Node])
  })
  return new Map([
    ...results.filter(([l]) => !l.endsWith(' ←')),
    ...gradients,
    ...results.filter(([l]) => l.endsWith(' ←')),
  ])
}

const operations = (n: Node): string => {
  const count = topological([n]).filter((m) => m.ins.length > 0).length
  return `${count} ${count === 1 ? 'operation' : 'operations'}`
}

const formulaLine = (name: string, p: Node | undefined, q: Node | undefined): string => {
  if (p === undefined) return `${name}: only in the second, ${operations(q as Node)}`
  if (q === undefined) return `${name}: only in the first, ${operations(p)}`
  return p === q
    ? `${name}: equal, ${operations(p)}`
    : `${name}: differs, ${operations(p).replace(/ .*/, '')} and ${operations(q)}`
}

/** The equations of a model by what they are of: model, derivatives, updates. */
const sectionsOf = (model: Printable, name: string): ReadonlyMap<string, readonly string[]> =>
  new Map(
    inspect(model, { name, width: 400 })
      .split('\n\n')
      .slice(1)
      .map((part) => {
        const [title = '', ...lines] = part.split('\n')
        return [title, lines] as const
      }),
  )

/** The equations of both, a section after the other; names of leaves that were renamed are those of the first. */
const equationLines = (
  [a, b]: readonly [Printable, Printable],
  [nameA, nameB]: readonly [string, string],
  renamed: ReadonlyMap<Node, Node>,
  { colors }: Terminal,
): readonly string[] => {
  const [p, q] = [sectionsOf(a, nameA), sectionsOf(b, nameB)]
  const titles = [...new Set([...p.keys(), ...q.keys()])]
  const own = new Map([...renamed].map(([n, like]) => [nameOf(n) as string, nameOf(like) as string]))
  const likeFirst = (line: string): string =>
    own.size === 0 ? line : line.replace(/[\p{L}\p{N}_]+(?:\p{M}|[₀-₉])*/gu, (word) => own.get(word) ?? word)
  const titled = (sections: typeof p, change: (line: string) => string): readonly (Cells & { readonly of: string })[] =>
    titles.flatMap((of) => (sections.get(of) ?? []).map((line) => ({ ...cellsOf(change(line)), of })))
  const first = titled(p, (line) => line)
  const fixed = new Set([...topological(nodesOf(a)), ...topological(nodesOf(b))].flatMap((n) => nameOf(n) ?? []))
  const second = renamedAlike(first, titled(q, likeFirst), fixed) as typeof first
  return titles.flatMap((of) => {
    const lines = merged(
      first.filter((c) => c.of === of),
      second.filter((c) => c.of === of),
    )
    if (lines.every((l) => l.mark === ' ')) return []
    const colour = { '−': colors.red, '+': colors.green, ' ': String } as const
    return ['', colors.bold(of), ...written(lines, (mark, line) => colour[mark](line))]
  })
}

export const diffCommand = async (
  placeA: string,
  placeB: string,
  terminal: Terminal,
): Promise<Either<NablaError, void>> => {
  const models: Model[] = []
  for (const place of [placeA, placeB]) {
    const file = await loadModels(place)
    if (isLeft(file)) return file
    const [model, ...rest] = file.right.models
    if (model === undefined || rest.length > 0)
      return refuseCli('E_CLI_USAGE', `${place} has several models`, `name one: ${model?.place}`)
    models.push(model)
  }
  const [modelA, modelB] = models as [Model, Model]
  const [a, b] = [shownOf(modelA), shownOf(modelB)]
  // two single expressions are one formula that changed, whatever they are called
  const loss = [a, b].every((m) => isExpr(m) && isLoss(m as Node)) ? 'loss' : 'y'
  const name = modelA.name === modelB.name ? modelA.name : loss
  const renamed = renamedLeaves(nodesOf(a), nodesOf(b))
  const [p, q] = [formulasOf(a, name, new Map()), formulasOf(b, name, renamed)]
  const names = [...new Set([...p.keys(), ...q.keys()])]
  const changed = names.filter((n) => p.get(n) !== q.get(n))
  const leaves = leafLines(nodesOf(a), nodesOf(b), renamed)
  const formulas = names.map((n) => formulaLine(n, p.get(n), q.get(n)))
  const equations = changed.length === 0 ? [] : equationLines([a, b], [name, name], renamed, terminal)
  terminal.out([...leaves, ...(leaves.length === 0 ? [] : ['']), ...formulas, ...equations].join('\n'))
  if (changed.length > 0) return refuseCli('E_CLI_DIFF', `${changed.length} of ${names.length} formulas differ`)
  return renamed.size === 0
    ? right(undefined)
    : refuseCli('E_CLI_DIFF', 'the formulas are equal, what they are of is not')
}
