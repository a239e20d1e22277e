/**
 * How a model is simplified, step by step. In: a model. Out: its programs before and after, and between them the rules that
 * fired, each with what it found and what it made; and the check that these steps lead there.
 * Invariant: a record is plain data, the same in every process; `replay` applies its steps and nothing else.
 */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { Node } from '../src/expr/expr.ts'
import { graph } from '../src/expr/node.ts'
import { nameOf, sourceOf } from '../src/expr/origin.ts'
import { substitute } from '../src/expr/scan.ts'
import { InternalError } from '../src/core/errors.ts'
import type { Label } from '../src/ops/signature.ts'
import { lossesOf } from './describe.ts'
import { showMargin } from './inspect/layout.ts'
import { type Printable, print, rootsOf } from './inspect/print.ts'
import {
  type Derivation,
  derivationsOf,
  type Fired,
  lawOf,
  rawGradients,
  replaySteps,
  type Step,
  stepOf,
} from './derivatives.ts'
import { digestOf } from './program/digest.ts'
import { topological } from './program/walk.ts'

/** A step as a person reads it, and as `replay` repeats it. */
export interface Rewrite extends Step {
  readonly label: Label
  /** The law in general, and what it was this time; letters stand for long parts that stay as they are. */
  readonly law: string
  readonly before: string
  readonly after: string
  /** The user's line that the part comes from, where it is known: `model.ts:12`. */
  readonly source?: string
}

/** One program from its first form to its last. */
export interface RewrittenProgram {
  readonly title: string
  /** As mathematics. */
  readonly before: string
  readonly after: string
  /** Digests of the roots. */
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly steps: readonly Rewrite[]
}

export interface RewriteOptions {
  /** Also rules that change roundings. Default false. */
  readonly fastMath?: boolean
}

// ---- text

const longest = 28
const widest = 120
const letters = 'abcdefghijklmnopqrstuvwxyz'

/** On one line: a formula, then what its parts are. */
const oneLine = (text: string): string => {
  const lines = text.split('\n').filter((l) => l.trim() !== '')
  const line = [lines.at(-1) ?? '', ...lines.slice(0, -1)].map((l) => l.trim().replace(/ {2,}/g, ' ')).join(' where ')
  return line.length > widest ? `${line.slice(0, widest - 1)}…` : line
}

/** As applications, where mathematics writes both sides alike: movements, signs and literals that it leaves out. */
const applied = (n: Node, depth = 3): string => {
  const margin = showMargin(n)
  if (n.ins.length === 0 || depth === 0) return n.op === 'full' ? `${textOf(n)}${margin}` : textOf(n)
  return `${n.op}(${n.ins.map((i) => applied(i, depth - 1)).join(', ')})${margin}`
}

const textOf = (n: Node): string => oneLine(print(n, { shapes: false, width: 10_000 }))

/** The greatest parts that a rule leaves as they are. */
const keptBy = ({ node, replacement }: Fired): readonly Node[] => {
  const before = new Set(topological([node]))
  const kept = new Set<Node>()
  const seen = new Set<Node>()
  const stack = [replacement]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (seen.has(n)) continue
    seen.add(n)
    if (before.has(n)) kept.add(n)
    else stack.push(...n.ins)
  }
  return [...kept].filter((n) => n.ins.length > 0 && n !== node)
}

/** Both sides, with letters and names for the parts that stay. */
const sidesOf = (f: Fired): readonly [string, string] => {
  let next = 0
  const stand = (n: Node): Node => {
    const name = nameOf(n)
    const own = name ?? (n.op === 'result' || textOf(n).length > longest ? letters[next++ % letters.length] : undefined)
    return own === undefined ? n : graph.input([], { name: own, dtype: n.dtype, shape: n.shape })
  }
  const stands = new Map(keptBy(f).map((n) => [n, stand(n)] as const))
  const [p, q] = substitute([f.node, f.replacement], stands) as readonly [Node, Node]
  const [before, after] = [textOf(p), textOf(q)]
  return before === after ? [applied(p), applied(q)] : [before, after]
}

const placeOf = (n: Node): { readonly source?: string } => {
  const at = sourceOf(n)
  return at === undefined ? {} : { source: `${at.file.replace(/^.*[\\/]/, '')}:${at.line}` }
}

const rewriteOf = (f: Fired): Rewrite => {
  const { when, law } = lawOf(f.rule)
  const [before, after] = sidesOf(f)
  return { ...stepOf(f), label: when, law, before, after, ...placeOf(f.node) }
}

// ---- records

const printed = (roots: readonly Node[], labels: readonly string[]): string =>
  print(Object.fromEntries(roots.map((r, i) => [labels[i] ?? `r${i + 1}`, r])))

const programOf = (title: string, d: Derivation, labels: readonly string[]): RewrittenProgram => {
  return {
    title: d.loop === undefined ? title : `${title}, the loop of ${d.loop}`,
    before: printed(d.before, labels),
    after: printed(d.after, labels),
    from: d.before.map(digestOf),
    to: d.after.map(digestOf),
    steps: d.fired.map(rewriteOf),
  }
}

interface Program {
  readonly title: string
  readonly labels: readonly string[]
  readonly roots: readonly Node[]
}

/** The model, and the gradient of each of its losses as reverse mode leaves it. */
const programsOf = (model: Printable): readonly Program[] => {
  const roots = rootsOf(model, '')
  const called = (label: string, n: Node): string => (label === '' ? (nameOf(n) ?? 'y') : label)
  const whole = { title: 'model', labels: roots.map((r) => called(r.label, r.node)), roots: roots.map((r) => r.node) }
  const gradients = lossesOf(roots.filter((r) => r.sign !== '←')).map(({ label, node, wrt }) => {
    const loss = called(label, node)
    const found = rawGradients(node, wrt)
    const known = wrt.flatMap((w, i) => (found[i] === null ? [] : [{ w, ct: found[i] as Node }]))
    return {
      title: `gradient of ${loss}`,
      labels: known.map(({ w }) => `∂${loss}/∂${nameOf(w) ?? w.op}`),
      roots: known.map(({ ct }) => ct),
    }
  })
  return [whole, ...gradients]
}

/**
 * How a model and the gradients of its losses are simplified: each program before and after, and the rules that fired, in
 * order. Bodies of loops are programs of their own.
 *
 * @example
 * const x = input('x', [3])
 * const [program] = rewrites(log(add(1, exp(x))))
 * console.log(program?.steps.map((s) => s.rule)) // [ 'log-one-plus-exp' ]
 */
export const rewrites = (model: Printable, { fastMath = false }: RewriteOptions = {}): readonly RewrittenProgram[] =>
  programsOf(model).flatMap(({ title, labels, roots }) =>
    derivationsOf(roots, fastMath).map((d) => programOf(title, d, d.loop === undefined ? labels : [])),
  )

/** A program with what it is between its rewritings. */
export interface ProgramStates {
  readonly program: RewrittenProgram
  readonly nodes: { readonly before: number; readonly after: number }
  /** The whole after so many of its steps. */
  readonly stateAfter: (steps: number) => string
}

export const programStates = (model: Printable): readonly ProgramStates[] =>
  programsOf(model).flatMap(({ title, labels, roots }) =>
    derivationsOf(roots, false).map((d): ProgramStates => {
      const own = d.loop === undefined ? labels : []
      const program = programOf(title, d, own)
      return {
        program,
        nodes: { before: topological(d.before).length, after: topological(d.after).length },
        stateAfter: (steps) => {
          const state = replaySteps(d.before, program.steps.slice(0, steps), false)
          if (isLeft(state)) throw new InternalError(`step ${state.left.step + 1}: ${state.left.sentence}`)
          return printed(state.right, own)
        },
      }
    }),
  )

/** Why a record does not lead from the model to its simplified form. */
export interface ReplayError {
  /** Which program of the record, and which of its steps, both from 1; step 0 is the program itself. */
  readonly program: number
  readonly step: number
  readonly sentence: string
}

/**
 * Whether the steps of a record, applied one after the other where they say, lead from the model to the same simplified
 * programs: the number of steps; or the first that does not fit.
 *
 * @example
 * const x = input('x', [3])
 * const model = log(add(1, exp(x)))
 * console.log(replay(model, rewrites(model))) // { _tag: 'Right', right: 1 }
 */
export const replay = (
  model: Printable,
  record: readonly RewrittenProgram[],
  { fastMath = false }: RewriteOptions = {},
): Either<ReplayError, number> => {
  const derived = programsOf(model).flatMap(({ roots }) => derivationsOf(roots, fastMath))
  const fault = (program: number, step: number, sentence: string): Either<ReplayError, never> =>
    left({ program: program + 1, step, sentence })
  for (const [i, d] of derived.entries()) {
    const given = record[i]
    if (given === undefined) return fault(i, 0, `the record has ${record.length} programs, the model ${derived.length}`)
    if (d.before.map(digestOf).join() !== given.from.join()) return fault(i, 0, 'it is not the program of the record')
    const done = replaySteps(d.before, given.steps, fastMath)
    if (isLeft(done)) return fault(i, done.left.step + 1, done.left.sentence)
    const same = done.right.every((n, k) => n === d.after[k]) && done.right.map(digestOf).join() === given.to.join()
    if (!same) return fault(i, given.steps.length + 1, 'the steps end before the simplified program')
  }
  return derived.length === record.length
    ? right(record.reduce((n, p) => n + p.steps.length, 0))
    : fault(derived.length, 0, `the record has ${record.length} programs, the model ${derived.length}`)
}

const padded = (texts: readonly string[]): readonly string[] => {
  const width = Math.max(0, ...texts.map((t) => t.length))
  return texts.map((t) => t.padEnd(width))
}

const shownSteps = (steps: readonly Rewrite[]): readonly string[] => {
  const numbers = steps.map((_, i) => String(i + 1).padStart(String(steps.length).length))
  const [names, labels] = [padded(steps.map((s) => s.rule)), padded(steps.map((s) => s.label))]
  return steps.map((s, i) => {
    const source = s.source === undefined ? '' : `  (${s.source})`
    return `  ${numbers[i]}  ${names[i]}  ${labels[i]}  ${s.before}  →  ${s.after}${source}`
  })
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ')

/** A record as text: each program before and after, and its steps, numbered. */
export const printRewrites = (record: readonly RewrittenProgram[]): string =>
  record
    .map((p) =>
      [
        p.title,
        indented(p.before),
        ...(p.steps.length === 0 ? ['  stays as it is'] : ['', ...shownSteps(p.steps), '', indented(p.after)]),
      ].join('\n'),
    )
    .join('\n\n')
