/**
 * `nabla diff A B`: what changed between two models and their derivatives. In: the places of two models. Out: each result and each
 * gradient by name: equal, or the equations of both, those that only one has marked; E_CLI_DIFF where something differs.
 * Invariant: two formulas are equal exactly where they simplify to the same expression.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { lossesOf } from '../../compiler/describe.ts'
import { print, rootsOf } from '../../compiler/inspect/print.ts'
import { topological } from '../../compiler/program/walk.ts'
import { grad, type Scalar, simplify } from '../../compiler/transforms.ts'
import type { NablaError } from '../../src/core/errors.ts'
import type { Node } from '../../src/expr/expr.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { refuseCli } from '../codes.ts'
import { loadModels, type Model } from '../model.ts'
import type { Terminal } from '../terminal.ts'

/** The results of a model and the gradients of its losses, by name; what a model of one expression is called is given. */
const formulasOf = ({ entries }: Model, called: string): ReadonlyMap<string, Node> => {
  const only = Object.keys(entries).length === 1
  const roots = rootsOf(entries, '')
    .filter((r) => r.sign !== '←')
    .map((r) => (only && r.node === Object.values(entries)[0] ? { ...r, label: called } : r))
  const results = roots.map((r): readonly [string, Node] => [r.label, simplify(r.node)])
  const gradients = lossesOf(roots).flatMap(({ label, node, wrt }) => {
    const found = grad(node as Scalar, wrt)
    return wrt.map((v, i): readonly [string, Node] => [`∂${label}/∂${nameOf(v) ?? v.op}`, found[i] as Node])
  })
  return new Map([...results, ...gradients])
}

const operations = (n: Node): number => topological([n]).filter((m) => m.ins.length > 0).length

const linesOf = (name: string, n: Node | undefined): readonly string[] =>
  n === undefined ? [] : print({ [name]: n }).split('\n')

/** The equations of both, in order; those of one alone begin with its sign. */
const marked = (a: readonly string[], b: readonly string[]): readonly string[] => {
  const plain = (line: string): string => line.replace(/ +/g, ' ').trim()
  const [inA, inB] = [new Set(a.map(plain)), new Set(b.map(plain))]
  const mark = (lines: readonly string[], other: ReadonlySet<string>, sign: string): readonly string[] =>
    lines.map((line) => `${other.has(plain(line)) ? ' ' : sign} ${line}`)
  return [...mark(a, inB, '−'), ...mark(b, inA, '+').filter((line) => line.startsWith('+'))]
}

const counted = (n: Node | undefined): string => (n === undefined ? 'none' : String(operations(n)))

export const diffCommand = async (
  placeA: string,
  placeB: string,
  { out, colors }: Terminal,
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
  const [name = 'y', other] = models.map((m) => m.name)
  const [a, b] = models.map((m) => formulasOf(m, name === other ? name : 'y')) as [
    ReadonlyMap<string, Node>,
    ReadonlyMap<string, Node>,
  ]
  const names = [...new Set([...a.keys(), ...b.keys()])]
  const changed = names.filter((name) => a.get(name) !== b.get(name))
  const parts = names.map((name) => {
    const [p, q] = [a.get(name), b.get(name)]
    if (p === q) return `${name}: equal, ${counted(p)} operations`
    const lines = marked(linesOf(name, p), linesOf(name, q))
    return [colors.bold(`${name}: ${counted(p)} and ${counted(q)} operations`), ...lines].join('\n')
  })
  out(parts.join('\n'))
  return changed.length === 0
    ? right(undefined)
    : refuseCli('E_CLI_DIFF', `${changed.length} of ${names.length} formulas differ`)
}
