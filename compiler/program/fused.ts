/**
 * What fusion gives to planning. In: nothing. Out: the types. Invariant: each step's slots name the values it reads and
 * writes; every value is written by one step, before the steps that read it.
 */
import type { Node } from '../../src/expr/expr.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { EntryProgram } from './entry.ts'

/**
 * A value in memory that a step reads or writes; scratch holds nothing before or after. An update adds to what `from` is and
 * leaves what `node` is: it happens where `from` lies when nobody reads that again, and else in a copy.
 */
export type Slot =
  | { readonly node: Node; readonly role: 'read' | 'write' | 'scratch' }
  | { readonly node: Node; readonly role: 'update'; readonly from: Node }

/** The value that a slot needs from before the step, or null. */
export const readBy = (s: Slot): Node | null => (s.role === 'read' ? s.node : s.role === 'update' ? s.from : null)

/** Whether the slot's value is what the step makes. */
export const isMade = (s: Slot): boolean => s.role === 'write' || s.role === 'update'

/** Of each value the step that makes it, and the steps that read it, in order: by their places in a list of steps. */
export interface Uses {
  readonly maker: ReadonlyMap<Node, number>
  readonly readers: ReadonlyMap<Node, readonly number[]>
}

export const usesOf = (steps: readonly { readonly slots: readonly Slot[] }[]): Uses => {
  const maker = new Map<Node, number>()
  const readers = new Map<Node, number[]>()
  for (const [i, { slots }] of steps.entries())
    for (const s of slots) {
      if (isMade(s)) maker.set(s.node, i)
      const read = readBy(s)
      if (read === null) continue
      const known = readers.get(read)
      if (known === undefined) readers.set(read, [i])
      else if (known.at(-1) !== i) known.push(i)
    }
  return { maker, readers }
}

export interface FusedKernel {
  readonly tag: 'kernel'
  readonly kernel: Kernel
  /** What each of the kernel's buffers holds. */
  readonly slots: readonly Slot[]
  /** The anchors that the kernel computes, in order: what inspection shows. */
  readonly anchors: readonly Node[]
}

/** A value that a loop's body, or a branch, knows as one of its bound leaves. */
export interface BoundInput {
  readonly bound: Node
  readonly from: Node
  /** Where in the memory of `from` the value begins, in elements. */
  readonly offset: number
}

/** A loop over steps of its own. */
export interface FusedLoop {
  readonly tag: 'loop'
  readonly slots: readonly Slot[]
  readonly length: number
  readonly reverse: boolean
  /** `from` is the value before the first step; `result`, where it is wanted, the one after the last. */
  readonly carries: readonly (BoundInput & { readonly result: Node | null })[]
  /** Element t of `from` at step t. */
  readonly sequences: readonly BoundInput[]
  readonly constants: readonly BoundInput[]
  /** The body: its results are the outputs' elements in order, its updates the next values of the carries. */
  readonly body: Fused
  /** Where each of the body's results is stacked. */
  readonly outputs: readonly Node[]
}

/** A choice of which steps to run. */
export interface FusedChoice {
  readonly tag: 'choice'
  readonly slots: readonly Slot[]
  /** A scalar: branch k runs where it is k. */
  readonly predicate: BoundInput
  readonly operands: readonly BoundInput[]
  /** Each gives the results that are wanted, in their order. */
  readonly branches: readonly Fused[]
  readonly outputs: readonly Node[]
}

/** Steps that run as long as others find that they shall. */
export interface FusedWhile {
  readonly tag: 'while'
  readonly slots: readonly Slot[]
  readonly carries: FusedLoop['carries']
  readonly constants: readonly BoundInput[]
  /** Its one result is whether the body runs. */
  readonly condition: Fused
  /** Its updates are the next values of the carries. */
  readonly body: Fused
}

export type FusedStep = FusedKernel | FusedLoop | FusedChoice | FusedWhile

/** An entry, or the body of a loop, over roots that own their memory, and its steps in an order that respects data. */
export interface Fused {
  readonly entry: EntryProgram
  readonly steps: readonly FusedStep[]
}

/** Every kernel of a program, those of loops and branches included. */
export const kernelsOf = (fused: Fused): readonly FusedKernel[] =>
  fused.steps.flatMap((s) => {
    if (s.tag === 'kernel') return [s]
    if (s.tag === 'while') return [s.condition, s.body].flatMap(kernelsOf)
    return s.tag === 'loop' ? kernelsOf(s.body) : s.branches.flatMap(kernelsOf)
  })
