/**
 * The torture suite's entries, computed. In: entries. Out: for each point what f32 arithmetic gives without rules, what the
 * compiled program gives in each mode of differentiation, and the truth.
 * Invariant: without rules means the text's own graph and the engine's unsimplified derivatives of it, by the interpreter,
 * at f32; with rules means Wasm made by `compile`, for reverse mode by leaves, and the interpreter for the other modes.
 */
import { isLeft } from 'fp-ts/lib/Either.js'
import { add, constant, type Expr, input, mul, type Node, sum } from 'nabla'
import { compile, interpret, jvp, simplify, tensor, vjp } from 'nabla/compiler'
import { load, showError } from 'nabla/runtime'
import { pull } from '../../compiler/grad/vjp.ts'
import type { Entry, Operand, Order, Point, Truth } from './entry.ts'
import * as r from './real.ts'

export type Outcome = Readonly<Record<Order, readonly number[]>>

export type Slopes = Pick<Outcome, 'first' | 'second'>

export interface Measured {
  readonly entry: Entry
  readonly point: Point
  readonly truth: Truth
  readonly plain: Outcome
  /** By reverse mode over reverse mode, by leaves. */
  readonly nabla: Outcome
  /** The derivatives by nodes that are not leaves: what is differentiated is then the naive text itself. */
  readonly inner: Slopes
  /** By forward mode over forward mode: along the direction. */
  readonly forward: Slopes
  /** What the library's own op gives, in place of the naive text. */
  readonly op: Outcome | null
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)
/** Of the elements of a result, where it has several: its cotangent. */
const weights = [1, -2, 3] as const
/** The direction of the second derivative, where there are several variables. */
export const directionOf = (entry: Entry): readonly number[] => {
  const n = entry.takes.reduce((total, o) => total + (o.kind === 'variable' ? sizeOf(o.shape) : 0), 0)
  return n === 1 ? [1] : [1, 2, -1].slice(0, n)
}

const numbers = (values: readonly number[], shape: readonly number[]): Node => constant(new Float32Array(values), shape)
const cotangentOf = (n: Node): Node => numbers(weights.slice(0, sizeOf(n.shape)), n.shape)

const directionsOf = (entry: Entry, by: readonly Node[]): readonly Node[] => {
  const all = directionOf(entry)
  let at = 0
  return by.map((x) => numbers(all.slice(at, (at += sizeOf(x.shape))), x.shape))
}

type Floats = Expr<readonly [], 'f32'>

/** x + y of operands whose shapes only the entry knows. */
const plus = (x: Node, y: Node): Node => add(x, y)

/** Σ over all elements of all products: the derivative along the direction. */
const along = (gradients: readonly Node[], directions: readonly Node[]): Node =>
  gradients.map((g, i): Node => sum(mul(g, directions[i] as Floats))).reduce(plus)

interface Derivatives {
  readonly value: Node
  readonly first: readonly Node[]
  readonly second: readonly Node[]
}

/** What the engine makes of a text, with no rule. */
const plainOf = (entry: Entry, value: Node, by: readonly Node[]): Derivatives => {
  const zeros = (list: readonly (Node | null)[]): readonly Node[] =>
    list.map((c, i) => c ?? numbers(new Array<number>(sizeOf((by[i] as Node).shape)).fill(0), (by[i] as Node).shape))
  const first = zeros(pull(value, cotangentOf(value), by))
  const total = along(first, directionsOf(entry, by))
  return { value, first, second: zeros(pull(total, numbers([1], []), by)) }
}

/** What users get. */
const reverseOf = (entry: Entry, value: Node, by: readonly Node[]): Derivatives => {
  const first = vjp(value, cotangentOf(value), by)
  return { value, first, second: vjp(along(first, directionsOf(entry, by)), numbers([1], []), by) }
}

const forwardOf = (entry: Entry, value: Node, by: readonly Node[]): { readonly first: Node; readonly second: Node } => {
  const directions = directionsOf(entry, by)
  const first = along([jvp(value, by, directions)], [cotangentOf(value)])
  return { first, second: jvp(first, by, directions) }
}

/** The operands as inputs. */
const operandsOf = (takes: readonly Operand[], name: (i: number) => string): readonly Node[] =>
  takes.map((o, i) => input(name(i), o.shape, o.kind === 'label' ? 'i32' : 'f32'))

/** The operands under the names of the text. */
export const leavesOf = (takes: readonly Operand[]): readonly Node[] => operandsOf(takes, (i) => takes[i]?.name ?? '')

const variablesOf = (entry: Entry, operands: readonly Node[]): readonly Node[] =>
  operands.filter((_, i) => entry.takes[i]?.kind === 'variable')

const nameOf = (entry: Entry, i: number): string => `${entry.takes[i]?.kind}${entry.takes[i]?.shape.length}_${i}`

interface Program {
  readonly operands: readonly Node[]
  readonly derivatives: Derivatives
}

const programOf = (entry: Entry, text: Entry['naive']): Program => {
  const operands = operandsOf(entry.takes, (i) => nameOf(entry, i))
  const value = simplify([text(...operands)])[0] as Node
  return { operands, derivatives: reverseOf(entry, value, variablesOf(entry, operands)) }
}

const resultsOf = ({ value, first, second }: Derivatives): Readonly<Record<string, Node>> =>
  Object.fromEntries([
    ['value', value],
    ...first.map((n, i) => [`first${i}`, n] as const),
    ...second.map((n, i) => [`second${i}`, n] as const),
  ])

type Run = (program: Program, entry: Entry, point: Point) => Outcome

/** Compiles all programs into one artifact; texts that became the same program are one entry of it. */
const compiled = async (programs: readonly Program[]): Promise<Run> => {
  const keyOf = ({ derivatives: d }: Program): string =>
    `e${[d.value, ...d.first, ...d.second].map((n) => n.id).join('_')}`
  const artifact = await compile(Object.fromEntries(programs.map((p) => [keyOf(p), resultsOf(p.derivatives)])))
  if (isLeft(artifact)) throw new Error(showError(artifact.left))
  const loaded = await load(artifact.right)
  if (isLeft(loaded)) throw new Error(showError(loaded.left))
  const ports = new Map(artifact.right.manifest.entries.map((e) => [e.name, new Set(e.inputs.map((p) => p.name))]))
  return (program, entry, point) => {
    const key = keyOf(program)
    const given = entry.takes.flatMap((o, i) => {
      const values = point.at[i] as readonly number[]
      const array = o.kind === 'label' ? Int32Array.from(values) : Float32Array.from(values)
      return ports.get(key)?.has(nameOf(entry, i)) === true ? [[nameOf(entry, i), array] as const] : []
    })
    const outputs = loaded.right.call(key, Object.fromEntries(given))
    if (isLeft(outputs)) throw new Error(`${entry.text}: ${showError(outputs.left)}`)
    const part = (order: Order): readonly number[] =>
      Object.entries(outputs.right).flatMap(([k, v]) => (k.startsWith(order) ? Array.from(v) : []))
    return { value: part('value'), first: part('first'), second: part('second') }
  }
}

/** Values by the interpreter; operands beyond those of the entry are zeros. */
const interpreted =
  (entry: Entry, point: Point, operands: readonly Node[]) =>
  (nodes: readonly Node[]): readonly number[] => {
    const valuesOf = (n: Node, i: number): readonly number[] =>
      point.at[i] ?? new Array<number>(sizeOf(n.shape)).fill(0)
    const env = new Map(operands.map((n, i) => [n, tensor(n.dtype, n.shape, valuesOf(n, i))]))
    return interpret(nodes, env).flatMap((t) => Array.from(t.data))
  }

const outcome = (run: (nodes: readonly Node[]) => readonly number[], d: Derivatives): Outcome => ({
  value: run([d.value]),
  first: run(d.first),
  second: run(d.second),
})

/** The truth at the f32 numbers nearest to the point's. */
const truthAt = (entry: Entry, point: Point): Truth => {
  if (point.truth !== undefined) return point.truth
  const direction = directionOf(entry)
  let at = 0
  const operands = entry.takes.map((o, i) =>
    (point.at[i] as readonly number[]).map((v) =>
      o.kind === 'variable' ? r.variable(Math.fround(v), at++, direction.length) : r.of(Math.fround(v)),
    ),
  )
  const results = entry.truth(...operands)
  const total = r.sum(results.map((v, i) => r.mul(r.of(weights[i] as number), v)))
  return { value: results.map(r.valueOf), first: r.gradientOf(total), second: r.curvatureOf(total, direction) }
}

/** The same text over nodes that are no leaves: each variable and a zero, added. */
const innerOf = (entry: Entry, operands: readonly Node[]): Program => {
  const zeros = operands.map((x, i) => input(`zero_${nameOf(entry, i)}`, x.shape))
  const nodes = operands.map((x, i) => (entry.takes[i]?.kind === 'variable' ? plus(x, zeros[i] as Node) : x))
  return {
    operands: [...operands, ...zeros],
    derivatives: reverseOf(entry, entry.naive(...nodes), variablesOf(entry, nodes)),
  }
}

/** Every entry at every point. */
export const measure = async (entries: readonly Entry[]): Promise<readonly Measured[]> => {
  const naive = entries.map((e) => programOf(e, e.naive))
  const library = entries.map((e) => (e.op === null ? null : programOf(e, e.op)))
  const run = await compiled([...naive, ...library.filter((p) => p !== null)])
  return entries.flatMap((entry, k) => {
    const program = naive[k] as Program
    const op = library[k] ?? null
    const { operands } = program
    const text = entry.naive(...operands)
    const by = variablesOf(entry, operands)
    const plain = plainOf(entry, text, by)
    const inner = innerOf(entry, operands)
    const forward = forwardOf(entry, text, by)
    return entry.points.map((point): Measured => {
      const values = interpreted(entry, point, operands)
      return {
        entry,
        point,
        truth: truthAt(entry, point),
        plain: outcome(values, plain),
        nabla: run(program, entry, point),
        inner: outcome(interpreted(entry, point, inner.operands), inner.derivatives),
        forward: { first: values([forward.first]), second: values([forward.second]) },
        op: op === null ? null : run(op, entry, point),
      }
    })
  })
}
