/**
 * What stands beside a node and never decides its identity: the name a user gave it, the line that made it.
 * In: nodes as they are made. Out: names and sources on demand.
 * Invariant: a node that the compiler makes inside `derivedFrom(node)` inherits that node's origin, so that every term of a
 * gradient leads back to a line of the user's file. A stack is captured once a node and read only when it is asked for.
 */
import type { Source } from '../core/errors.ts'
import { opDef } from '../ops/registry.ts'
import type { Printed } from '../ops/signature.ts'
import type { Node } from './expr.ts'

const names = new WeakMap<Node, string>()
const stacks = new WeakMap<Node, Error | Node>()

/** What differentiation made a node for: what it is called where it needs a name. */
export type Role = 'cotangent' | 'tangent'

const roles = new WeakMap<Node, Role>()

/** The node on whose behalf the compiler builds now; false: build without any origin. */
let current: Node | false | null = null
let currentRole: Role | undefined

export const derivedFrom = <A>(node: Node | false, f: () => A, role?: Role): A => {
  const before = current
  const roleBefore = currentRole
  current = node
  currentRole = role
  try {
    return f()
  } finally {
    current = before
    currentRole = roleBefore
  }
}

/** The stack at this moment, deep enough to reach the user through our own frames, whatever depth the page has set. */
const stackHere = (): Error => {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = 32
  const here = new Error()
  Error.stackTraceLimit = before
  return here
}

/** The stack of all that is made now; null where each node has its own. */
let shared: Error | null = null

/**
 * What is made in one call of the library, which calls nobody back, was made by one line: a stack is captured once for all of
 * it, since that takes longer than a node does.
 */
export const madeAtOnce = <A>(f: () => A): A => {
  if (shared !== null || current !== null) return f()
  shared = stackHere()
  try {
    return f()
  } finally {
    shared = null
  }
}

export const noteOrigin = (node: Node): void => {
  if (currentRole !== undefined) roles.set(node, currentRole)
  if (current === false) return
  stacks.set(node, current ?? shared ?? stackHere())
}

const root = new URL('../../', import.meta.url).href
const own = ['src/', 'compiler/', 'cli/'].flatMap((d) => [root + d, root.replace(/^file:\/\//, '') + d])

/** The first frame of a stack that is not Nabla's own and not the platform's. */
const userFrame = (stack: string): Source | undefined => {
  for (const line of stack.split('\n').slice(1)) {
    const m = /(?:\(|at |@)((?:file:\/\/|https?:\/\/|\/|[A-Za-z]:\\)[^()]*?):(\d+):(\d+)\)?$/.exec(line.trim())
    if (m === null) continue
    const [, file, row, column] = m as unknown as [string, string, string, string]
    if (own.some((p) => file.startsWith(p)) || file.includes('/node_modules/') || file.startsWith('node:')) continue
    return { file: file.replace(/^file:\/\//, '').replace(/\?.*$/, ''), line: Number(row), column: Number(column) }
  }
  return undefined
}

/** Where the user's code stands at this moment. */
export const sourceHere = (): Source | undefined => {
  if (current !== null && current !== false) return sourceOf(current)
  return userFrame(stackHere().stack ?? '')
}

export const sourceOf = (node: Node): Source | undefined => {
  const origin = stacks.get(node)
  if (origin === undefined) return undefined
  return origin instanceof Error ? userFrame(origin.stack ?? '') : sourceOf(origin)
}

/** The node whose derivative or rewriting this node came from; itself where a user made it. */
export const originOf = (node: Node): Node => {
  const origin = stacks.get(node)
  return origin === undefined || origin instanceof Error ? node : originOf(origin)
}

/** The role that a node was made for, or that the node which it came from was. */
export const roleOf = (node: Node): Role | undefined => {
  let at = node
  for (;;) {
    const role = roles.get(at)
    const origin = stacks.get(at)
    if (role !== undefined || origin === undefined || origin instanceof Error) return role
    at = origin
  }
}

/** Gives an expression a name for messages and printing. The first name stays: that of an input or a parameter is its own. */
export const setName = (node: Node, name: string): void => {
  if (nameOf(node) === undefined) names.set(node, name)
}

export const nameOf = (node: Node): string | undefined => {
  const given = names.get(node)
  if (given !== undefined) return given
  const p = node.params
  return typeof p === 'object' && p !== null && 'name' in p && typeof p.name === 'string' ? p.name : undefined
}

/** Longer words than these say no more which operand is meant. */
const longest = 40

/** What an operand is called: its name, else how mathematics writes it, as deep as told. */
const spoken = (n: Node, depth: number): Printed => {
  const name = nameOf(n)
  if (name !== undefined) return { text: name, precedence: 4 }
  const rest: Printed = { text: '…', precedence: 4 }
  if (n.ins.length > 0 && depth === 0) return rest
  const written = opDef(n.op).print(
    n.ins.map((i) => spoken(i, depth - 1)),
    n.params,
    n.ins,
  )
  return written.text.length > longest ? rest : written
}

/** `x [128,784] and exp(w) [512,10]`: each operand with what `show` says of it. */
export const operandNames = (ins: readonly Node[], show: (n: Node) => string): string =>
  ins.map((n) => `${spoken(n, 2).text} ${show(n)}`).join(' and ')
