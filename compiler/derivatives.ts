/**
 * Expressions to expressions: every road through simplifying, differentiating and batching. In: roots. Out: roots.
 * Invariant: what is differentiated has been simplified, and so is its derivative; the same derivative is taken once.
 */
import type { Node } from '../src/expr/expr.ts'
import { graph as b, isRecording } from '../src/expr/node.ts'
import { nameOf } from '../src/expr/origin.ts'
import { dependentOn, freshBound, substitute } from '../src/expr/scan.ts'
import { batchRoots } from './grad/vmap.ts'
import { pull } from './grad/vjp.ts'
import { push } from './grad/jvp.ts'
import { behindLoops } from './loops/behind.ts'
import { simplifyBodies } from './loops/bodies.ts'
import type { Batch } from './program/batch.ts'
import { type Derivatives, type Taken } from './remat/policies.ts'
import { lawOf } from './simplify/law.ts'
import { replaySteps, type Step, stepOf } from './simplify/replay.ts'
import { type Fired, simplify } from './simplify/simplify.ts'

export { type Fired, lawOf, replaySteps, type Step, stepOf }

/** Simplified roots, and the rules that fired, in order. */
export const simplifyRoots = (
  roots: readonly Node[],
  fastMath = false,
): { readonly roots: readonly Node[]; readonly fired: readonly Fired[] } => simplify(roots, { fastMath })

const once = (roots: readonly Node[]): readonly Node[] => simplifyRoots(roots).roots

/** Simplified roots whose loops hold simplified functions, of what every step is needed for. */
const stableForms = (roots: readonly Node[]): readonly Node[] => {
  const simplified = simplifyBodies(once(roots), once)
  const behind = behindLoops(simplified)
  return behind.every((r, i) => r === simplified[i]) ? simplified : simplifyBodies(once(behind), once)
}

/** One program simplified, from its first form to its last. */
export interface Derivation {
  /** What a loop makes first, where the program is the body of a loop. */
  readonly loop?: string
  readonly before: readonly Node[]
  readonly after: readonly Node[]
  readonly fired: readonly Fired[]
}

/** How roots are simplified, and the bodies of the loops among them that change, inner loops first. */
export const derivationsOf = (roots: readonly Node[], fastMath: boolean): readonly Derivation[] => {
  const whole = simplifyRoots(roots, fastMath)
  const found: Derivation[] = [{ before: roots, after: whole.roots, fired: whole.fired }]
  simplifyBodies(whole.roots, (body) => {
    const { roots: after, fired } = simplifyRoots(body, fastMath)
    if (fired.length === 0) return after
    const made = after.find((r) => nameOf(r) !== undefined)
    found.push({
      loop: (made === undefined ? undefined : nameOf(made)) ?? `${found.length}`,
      before: body,
      after,
      fired,
    })
    return after
  })
  return found
}

/** Whether one of them is made of another. */
const isChained = (nodes: readonly Node[]): boolean => {
  const made = nodes.filter((n) => n.ins.length > 0)
  const operands = made.flatMap((n) => n.ins)
  const dependent = dependentOn(nodes, operands)
  return operands.some((n) => dependent.has(n))
}

/**
 * Cotangents of `wrt`, simplified; null where the output does not depend on one. The output is simplified first, with the
 * variables held as they are, so that naive text has the derivative of the stable one; where one variable is made of
 * another, rewriting could lose it, and the output is taken as it stands.
 */
export const differentiate = (output: Node, cotangent: Node, wrt: readonly Node[]): readonly (Node | null)[] => {
  const known = cotangents.get(output) ?? new Map<string, readonly (Node | null)[]>()
  cotangents.set(output, known)
  const key = [cotangent, ...wrt].map((n) => n.id).join()
  const found = (isRecording() ? undefined : known.get(key)) ?? differentiated(output, cotangent, wrt)
  known.set(key, found)
  for (const [index, ct] of found.entries())
    if (ct !== null && !derivatives.has(ct)) derivatives.set(ct, { output, cotangent, wrt, index })
  return found
}

/** What has been differentiated: a loop's derivative asked for twice is one loop. */
const cotangents = new WeakMap<Node, Map<string, readonly (Node | null)[]>>()

/** What each derivative was taken of: where a loop gets another policy, it is taken anew. */
const derivatives = new WeakMap<Node, Taken>()

export const retaken: Derivatives = {
  takenOf: (n) => derivatives.get(n),
  differentiate: (y, ct, xs) => differentiate(y, ct, xs),
}

interface Held {
  /** What stands for each node that is no leaf. */
  readonly stands: ReadonlyMap<Node, Node>
  readonly back: ReadonlyMap<Node, Node>
}

/** Nodes held as they are while what is made of them is rewritten; null where one is made of another, and rewriting could lose it. */
const heldApart = (nodes: readonly Node[]): Held | null => {
  if (isChained(nodes)) return null
  const stands = new Map(nodes.flatMap((n) => (n.ins.length === 0 ? [] : [[n, freshBound(n)] as const])))
  return { stands, back: new Map([...stands].map(([n, stand]) => [stand, n] as const)) }
}

const differentiated = (output: Node, cotangent: Node, wrt: readonly Node[]): readonly (Node | null)[] => {
  const held = heldApart(wrt)
  if (held === null) return pulled(output, cotangent, wrt)
  const [stable] = stableForms(substitute([output], held.stands))
  const cts = pulled(
    stable as Node,
    cotangent,
    wrt.map((n) => held.stands.get(n) ?? n),
  )
  if (held.stands.size === 0) return cts
  const given = simplifyRoots(
    substitute(
      cts.filter((c): c is Node => c !== null),
      held.back,
    ),
  ).roots
  let k = 0
  return cts.map((c) => (c === null ? null : (given[k++] as Node)))
}

/** The cotangents of `wrt` as reverse mode leaves them, before they are simplified. */
export const rawCotangents = (output: Node, cotangent: Node, wrt: readonly Node[]): readonly (Node | null)[] =>
  pull(output, cotangent, wrt, once)

/** Those of a scalar, which is simplified first. */
export const rawGradients = (output: Node, wrt: readonly Node[]): readonly (Node | null)[] => {
  const [stable] = stableForms([output])
  return rawCotangents(stable as Node, b.lit(1, output.dtype), wrt)
}

const pulled = (output: Node, cotangent: Node, wrt: readonly Node[]): readonly (Node | null)[] => {
  const cts = pull(output, cotangent, wrt, once)
  const { roots } = simplifyRoots(cts.filter((c): c is Node => c !== null))
  let k = 0
  return cts.map((c) => (c === null ? null : (roots[k++] as Node)))
}

/**
 * Tangents of the outputs, simplified; null where one does not depend on a moving node. As in reverse mode, the outputs and the
 * bodies of their loops are simplified first, with the moving nodes held as they are.
 */
export const pushForward = (outputs: readonly Node[], tangents: ReadonlyMap<Node, Node>): readonly (Node | null)[] => {
  const held = heldApart([...tangents.keys()])
  const stable = held === null ? outputs : stableForms(substitute(outputs, held.stands))
  const moves = held === null ? tangents : new Map([...tangents].map(([n, t]) => [held.stands.get(n) ?? n, t] as const))
  const moved = push(stable, moves)
  const found = moved.filter((t): t is Node => t !== null)
  const given = stableForms(held === null ? found : substitute(found, held.back))
  let k = 0
  return moved.map((t) => (t === null ? null : (given[k++] as Node)))
}

/** Roots over a batch, whose axis is the first; without it where one does not depend on the batch. */
export const batch: Batch = batchRoots
