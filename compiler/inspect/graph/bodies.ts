/**
 * What the insides of loops and choices are called. In: a loop or a choice, and the names around it. Out: its title, and the names of
 * what it is given and gives. Invariant: what a loop stacks has one name, outside, inside (with the index of the step), and in the
 * loop of the way back which reads it.
 */
import { condParts } from '../../../src/expr/cond.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { paramsOf } from '../../../src/expr/node.ts'
import { nameOf } from '../../../src/expr/origin.ts'
import { carryName, type FnNodes, functionOf, scanParts } from '../../../src/expr/scan.ts'
import { whileParts } from '../../../src/expr/while.ts'
import { behind } from '../behind.ts'
import { heard, letterAt, nameAt, subscript, withoutIndex } from '../indices.ts'
import { layered } from '../names.ts'

export interface Labels {
  readonly results: readonly (readonly [label: string, node: Node])[]
  /** What stands for what a body is given. */
  readonly leaves: ReadonlyMap<Node, string>
}

type Called = (n: Node) => string | undefined

export const regionTitle = (n: Node, depth: number): string => {
  if (n.op === 'scan') {
    const { length, reverse } = scanParts(n)
    const [t] = letterAt(depth)
    return reverse ? `for ${t} = ${length}…1` : `for ${t} = 1…${length}`
  }
  return n.op === 'while' ? 'while it goes on' : 'choice'
}

/** What the branches of a choice give: `if true`, `otherwise`, `if 2`; of several results of each, by number. */
const branchLabel = (n: Node): ((i: number) => string) => {
  const { predicate, branches } = condParts(n)
  const count = branches[0]?.length ?? 1
  return (i) => {
    const k = Math.floor(i / count)
    const taken = predicate.dtype === 'bool' ? (k === 1 ? 'if true' : 'otherwise') : `if ${k}`
    return count === 1 ? taken : `${taken} ${(i % count) + 1}`
  }
}

/** What a function was given from outside for its parameter. */
const givenTo =
  (n: Node, fn: FnNodes, called: Called) =>
  (i: number): string | undefined => {
    const from = n.ins[n.ins.length - fn.params.length + i]
    return from === undefined ? undefined : called(behind(from))
  }

const ofCarry = (fn: FnNodes, given: (i: number) => string | undefined, i: number): string =>
  withoutIndex(carryName(fn, i) ?? given(i)?.replace(/0$/, '') ?? `c${i + 1}`)

/** What stands for the result of a loop: at all steps, or after the last, and at one step where it has one value for each. */
export interface ResultName {
  readonly whole: string
  readonly step?: string
}

/** The carries of a loop as they would be called if it were the only one. */
const plainCarries = (loop: Node): readonly string[] => {
  const fn = functionOf(loop)
  return loop.op !== 'scan' || fn === null
    ? []
    : scanParts(loop).init.map((_, i) => ofCarry(fn, givenTo(loop, fn, nameOf), i))
}

/**
 * What each carry of a loop over steps is called, each unlike what is `taken`, which grows: h⁽²⁾ of a second layer, and δh⁽²⁾ in the
 * loop of its way back. `before` are the loops so far.
 */
export const carryNames = (
  loop: Node,
  taken: Set<string>,
  before: ReadonlyMap<Node, readonly string[]>,
): readonly string[] => {
  const read = new Set(loop.ins.flatMap((n) => behind(n).ins.slice(0, 1)))
  return plainCarries(loop).map((plain) => {
    // an error is called after the state whose loop is read
    const states = [...before].flatMap(([other, names]) =>
      read.has(other) ? plainCarries(other).flatMap((p, k) => (`δ${p}` === plain ? [`δ${names[k]}`] : [])) : [],
    )
    const name = layered(states[0] ?? plain, taken)
    taken.add(heard(name))
    return name
  })
}

/** What stands for the result of a loop: at all steps, or after the last, and at one step where it has a value for each. */
export interface ResultName {
  readonly whole: string
  readonly step?: string
}

/**
 * What the results of a loop are called outside: what is stacked as it is called inside, `h` and `hₜ`; a carry as it was
 * before each step `h₀…₁₁` and `hₜ₋₁`; the last of what is carried by its step, `h₁₂`.
 */
export const resultName = (
  result: Node,
  carries: readonly string[],
  depth: number,
  taken: Set<string>,
): ResultName | undefined => {
  const loop = result.ins[0] as Node
  const fn = functionOf(loop)
  if (loop.op !== 'scan' || fn === null) return undefined
  const [, t] = letterAt(depth)
  const { index } = paramsOf(result, 'result')
  const { init, length, reverse } = scanParts(loop)
  if (index < init.length) return { whole: `${carries[index]}${subscript(reverse ? 0 : length)}` }
  const made = fn.results[index] as Node
  const before = fn.params.slice(0, init.length).indexOf(made)
  if (before >= 0 && !reverse)
    return {
      whole: `${carries[before]}₀…${subscript(length - 1)}`,
      step: nameAt(carries[before] as string, [`${t}₋₁`]),
    }
  const carried = fn.results.slice(0, init.length).indexOf(made)
  if (carried >= 0) return { whole: carries[carried] as string }
  const own = made.ins.length === 0 ? undefined : nameOf(made)
  if (own === undefined) return undefined
  const whole = layered(withoutIndex(own), taken)
  taken.add(heard(whole))
  return { whole }
}

/** Names around a body. */
export interface Around {
  /** Of what it is given, whole. */
  readonly outside: Called
  /** Of what it is given, at one step. */
  readonly inStep: Called
  /** Of the values that it gives, outside. */
  readonly stacked: Called
  readonly carries: readonly string[]
}

/** What a body is given and gives, named. */
export const bodyLabels = (
  n: Node,
  fn: FnNodes,
  depth: number,
  { outside, inStep, stacked, carries }: Around,
): Labels => {
  const [, t] = letterAt(depth)
  const step = givenTo(n, fn, inStep)
  const given = givenTo(n, fn, outside)
  const own = (i: number): string => nameOf(fn.params[i] as Node) ?? given(i) ?? `x${i + 1}`
  if (n.op !== 'scan') {
    const count = n.op === 'while' ? whileParts(n).init.length : 0
    const label = n.op === 'cond' ? branchLabel(n) : (i: number) => (i < count ? `${own(i)}′` : 'goes on')
    return {
      leaves: new Map(fn.params.map((p, i) => [p, own(i)])),
      results: fn.results.map((r, i) => [label(i), r] as const),
    }
  }
  const { init, sequences, reverse } = scanParts(n)
  const [now, next] = reverse ? [t, `${t}₋₁`] : [`${t}₋₁`, t]
  const carry = (i: number): string => carries[i] ?? `c${i + 1}`
  const leaf = (i: number): string => {
    if (i < init.length) return nameAt(carry(i), [now])
    return i < init.length + sequences.length ? (step(i) ?? nameAt(withoutIndex(own(i)), [t])) : (given(i) ?? own(i))
  }
  const results = fn.results.flatMap((r, i): readonly (readonly [string, Node])[] => {
    if (i < init.length) return [[nameAt(carry(i), [next]), r]]
    // what was given is drawn where it is read
    if (fn.params.slice(0, init.length).includes(r)) return []
    const name = stacked(r)
    return [[name === undefined ? `output ${i - init.length + 1}` : nameAt(withoutIndex(name), [t]), r]]
  })
  return { leaves: new Map(fn.params.map((p, i) => [p, leaf(i)])), results }
}

/** A label that says nothing beside another. */
export const isPlain = (label: string): boolean => /^(output|result) \d+$/.test(label)
