/**
 * What an entry of the torture suite is, and how one is written down. In: a naive text and its truth. Out: Entry.
 * Invariant: the truth of an entry is its formula over real.ts, or numbers given by hand where that formula has no value
 * or leaves the range of real.ts; nothing of the language computes it.
 */
import type { Expr, Node } from 'nabla'
import { type Real, valueOf } from './real.ts'

export const orders = ['value', 'first', 'second'] as const
export type Order = (typeof orders)[number]

/** The largest error, in units in the last place of the truth, or of `of` where that is larger: the size of a term. */
export interface Bound {
  readonly ulps: number
  readonly of: number
}

export interface Operand {
  /** As the text calls it. */
  readonly name: string
  readonly shape: readonly number[]
  /** A variable is differentiated by; fixed numbers and labels are not. */
  readonly kind: 'variable' | 'fixed' | 'label'
}

/** A list of numbers for each order; null where there is no such derivative. */
export type Truth = Readonly<Record<Order, readonly number[] | null>>

export interface Point {
  readonly at: readonly (readonly number[])[]
  readonly truth?: Truth
  /** What is known to fail here, and why: the suite fails when it no longer does. */
  readonly gap?: { readonly orders: readonly Order[]; readonly why: string }
}

export interface Entry {
  /** As a user writes it. */
  readonly text: string
  readonly takes: readonly Operand[]
  readonly naive: (...operands: readonly Node[]) => Node
  /** The op or composition of the library that computes the same. */
  readonly op: ((...operands: readonly Node[]) => Node) | null
  readonly truth: (...operands: readonly (readonly Real[])[]) => readonly Real[]
  readonly points: readonly Point[]
  readonly within: Readonly<Record<Order, Bound>>
}

type Bounds = Partial<Readonly<Record<Order, Partial<Bound>>>>

const boundsOf = (given: Bounds = {}): Entry['within'] => ({
  value: { ulps: 4, of: 0, ...given.value },
  first: { ulps: 4, of: 0, ...given.first },
  second: { ulps: 4, of: 0, ...given.second },
})

/** Derivatives as σ(x) · (1 − σ(x)) and p − onehot(y): accurate beside 1, the size of their terms. */
export const besideOne: Bounds = { first: { of: 1 }, second: { of: 1 } }

// ---- functions of one number

type Scalar = Expr<readonly [], 'f32'>
type ScalarPoint =
  | number
  | (Omit<Point, 'at' | 'truth'> & { readonly x: number; readonly truth?: readonly (number | null)[] })

const listOf = (v: number | null | undefined): readonly number[] | null => (v === null || v === undefined ? null : [v])

const scalarPoint = (p: ScalarPoint): Point => {
  if (typeof p === 'number') return { at: [[p]] }
  const { x, truth, ...rest } = p
  if (truth === undefined) return { at: [[x]], ...rest }
  const [value, first, second] = truth
  return { at: [[x]], truth: { value: listOf(value), first: listOf(first), second: listOf(second) }, ...rest }
}

export const scalar = (
  text: string,
  given: {
    readonly naive: (x: Scalar) => Node
    readonly op?: (x: Scalar) => Node
    readonly truth: (x: Real) => Real
    readonly at: readonly ScalarPoint[]
    readonly within?: Bounds
    readonly name?: string
  },
): Entry => ({
  text,
  takes: [{ name: given.name ?? 'x', shape: [], kind: 'variable' }],
  naive: (x) => given.naive(x as Scalar),
  op: given.op === undefined ? null : (x) => (given.op as (x: Scalar) => Node)(x as Scalar),
  truth: (x) => [given.truth(x[0] as Real)],
  points: given.at.map(scalarPoint),
  within: boundsOf(given.within),
})

// ---- functions of two numbers

type PairPoint = readonly [number, number] | (Omit<Point, 'at'> & { readonly x: readonly [number, number] })

export const pair = (
  text: string,
  given: {
    readonly naive: (a: Scalar, b: Scalar) => Node
    readonly op?: (a: Scalar, b: Scalar) => Node
    readonly truth: (a: Real, b: Real) => Real
    readonly at: readonly PairPoint[]
    readonly within?: Bounds
    readonly names?: readonly [string, string]
    /** `fixed`: the second is not differentiated by. */
    readonly second?: 'variable' | 'fixed'
  },
): Entry => ({
  text,
  takes: [
    { name: given.names?.[0] ?? 'a', shape: [], kind: 'variable' },
    { name: given.names?.[1] ?? 'b', shape: [], kind: given.second ?? 'variable' },
  ],
  naive: (a, b) => given.naive(a as Scalar, b as Scalar),
  op: given.op === undefined ? null : (a, b) => (given.op as (a: Scalar, b: Scalar) => Node)(a as Scalar, b as Scalar),
  truth: (a, b) => [given.truth(a[0] as Real, b[0] as Real)],
  points: given.at.map((p) => {
    if (!('x' in p)) return { at: [[p[0]], [p[1]]] }
    const { x, ...rest } = p
    return { at: [[x[0]], [x[1]]], ...rest }
  }),
  within: boundsOf(given.within),
})

// ---- functions of a row of three

type Row = Expr<readonly [3], 'f32'>
type Label = Expr<readonly [], 'i32'>
type RowPoint = readonly number[] | (Omit<Point, 'at'> & { readonly x: readonly number[] })

export const row = (
  text: string,
  given: {
    readonly naive: (x: Row) => Node
    readonly op?: (x: Row) => Node
    readonly truth: (x: readonly Real[]) => readonly Real[]
    readonly at: readonly RowPoint[]
    readonly within?: Bounds
    readonly name?: string
  },
): Entry => ({
  text,
  takes: [{ name: given.name ?? 'z', shape: [3], kind: 'variable' }],
  naive: (x) => given.naive(x as Row),
  op: given.op === undefined ? null : (x) => (given.op as (x: Row) => Node)(x as Row),
  truth: (x) => given.truth(x),
  points: given.at.map((p) => {
    if (!('x' in p)) return { at: [p] }
    const { x, ...rest } = p
    return { at: [x], ...rest }
  }),
  within: boundsOf(given.within),
})

/** Of a row and the label of one of its elements. */
export const labelled = (
  text: string,
  given: {
    readonly naive: (z: Row, y: Label) => Node
    readonly op: (z: Row, y: Label) => Node
    readonly truth: (z: readonly Real[], y: number) => Real
    readonly at: readonly (readonly [row: readonly number[], label: number])[]
    readonly within?: Bounds
  },
): Entry => ({
  text,
  takes: [
    { name: 'z', shape: [3], kind: 'variable' },
    { name: 'y', shape: [], kind: 'label' },
  ],
  naive: (z, y) => given.naive(z as Row, y as Label),
  op: (z, y) => given.op(z as Row, y as Label),
  truth: (z, y) => [given.truth(z, valueOf(y[0] as Real))],
  points: given.at.map(([z, y]) => ({ at: [z, [y]] })),
  within: boundsOf(given.within),
})
