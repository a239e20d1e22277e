/**
 * What the kernels of a program compute, as mathematics over what lies in memory. In: a fused program. Out: for each kernel
 * its equations and what its buffers are called.
 * Invariant: every value in memory has one name, the user's where there is one, and a kernel's equations read such names alone.
 */
import type { Node } from '../../../src/expr/expr.ts'
import { paramsOf } from '../../../src/expr/node.ts'
import { nameOf, roleOf } from '../../../src/expr/origin.ts'
import { functionOf } from '../../../src/expr/scan.ts'
import { opDef } from '../../../src/ops/registry.ts'
import { type EntryProgram, rootsOf } from '../../program/entry.ts'
import type { Fused, FusedChoice, FusedKernel, FusedLoop, FusedStep, FusedWhile } from '../../program/fused.ts'
import { isMade } from '../../program/fused.ts'
import { topological } from '../../program/walk.ts'
import { type Doc, nameDoc, render } from '../doc.ts'
import { equationsOf, type Line } from '../equations.ts'
import { heard, letterAt, nameAt, withoutIndex } from '../indices.ts'
import { layered, letterBeside, letterOf, unlike } from '../names.ts'

export interface KernelReading {
  readonly equations: readonly Line[]
  /** What each of the kernel's buffers holds. */
  readonly names: readonly string[]
}

/** Results that are derivatives are told apart from those of the model by their names. */
export const isGradientName = (name: string): boolean => name.startsWith('∂')

/** What is needed for the results that are no derivatives. */
export const forwardOf = (e: EntryProgram): ReadonlySet<Node> =>
  new Set(topological(e.results.flatMap((r) => (isGradientName(r.name) ? [] : [r.value]))))

/** The names of a level of loops: what stands at each step, and what the values that leave it are called. */
interface Level {
  readonly labels: ReadonlyMap<Node, string>
  readonly indices: readonly string[]
}

/** ⁽²⁾, where a loop reads values of the second layer: its errors are those of that layer. */
const layerOf = (names: readonly string[]): string =>
  names.flatMap((name) => /⁽[⁰¹²³⁴-⁹]+⁾/u.exec(name)?.[0] ?? [])[0] ?? ''

const labelsOf = (e: EntryProgram): ReadonlyMap<Node, string> => {
  const labels = new Map<Node, string>()
  for (const { name, value } of e.results) if (!labels.has(value)) labels.set(value, name)
  for (const { target, value } of e.updates)
    if (!labels.has(value)) labels.set(value, `${nameOf(target) ?? target.op}′`)
  return labels
}

export const readKernels = (fused: Fused): ReadonlyMap<FusedKernel, KernelReading> => {
  const readings = new Map<FusedKernel, KernelReading>()
  const values = new Map<Node, Doc>()
  const forward = forwardOf(fused.entry)
  const leaves = topological(rootsOf(fused.entry)).filter((n) => opDef(n.op).kind === 'leaf')
  let taken: ReadonlySet<string> = new Set(leaves.flatMap((n) => nameOf(n) ?? []).map(heard))

  /** What loops give belongs where they do, whoever asked for it. */
  const letterFor = (n: Node): string => {
    if (n.dtype === 'i32') return 'n'
    const loop = n.op === 'result' ? n.ins[0] : undefined
    if (loop === undefined) return letterOf(n, forward)
    const made = functionOf(loop)?.results[paramsOf(n, 'result').index]
    const isError = [n, made].some((v) => v !== undefined && roleOf(v) === 'cotangent')
    return forward.has(loop) || !isError ? 'h' : 'δ'
  }

  /** What carries are called, by their next values. */
  const stems = new Map<Node, string>()

  /** Its own name, or that of another layer beside it; else a letter with a number. */
  const baseOf = (own: string | undefined, n: Node): string => {
    const name =
      own === undefined ? unlike(`${letterBeside(letterFor(n), taken)}₁`, taken) : layered(withoutIndex(own), taken)
    taken = new Set([...taken, heard(name)])
    return name
  }

  /** A name for a value, and the value known by it; of what a loop stacks, the name of what it stacks. */
  const call = (n: Node, { labels, indices }: Level, stacked: Node = n): string => {
    const carried = stems.get(stacked)
    const label = labels.get(n) ?? (carried === undefined ? undefined : nameAt(carried, indices))
    if (label !== undefined) {
      values.set(n, nameDoc(label))
      return label
    }
    const own = nameOf(n) ?? (stacked.ins.length > 0 ? nameOf(stacked) : undefined)
    const name = nameAt(baseOf(own, n), indices)
    values.set(n, nameDoc(name))
    return name
  }

  const nameIn = (n: Node): string => {
    const known = values.get(n)
    return known === undefined ? (nameOf(n) ?? n.op) : render(known).text
  }

  const kernel = (k: FusedKernel, level: Level): void => {
    // what is updated is read as it was before
    const before = k.slots.map((s) => (s.role === 'update' ? nameIn(s.from) : ''))
    const known = new Map(values)
    const made = k.slots.flatMap((s) => (isMade(s) ? [{ node: s.node, label: call(s.node, level) }] : []))
    const { equations, taken: after } = equationsOf(
      made.map(({ node, label }) => ({ label, node, defines: true })),
      { forward, within: { values: known, indices: level.indices, taken } },
    )
    taken = after
    const names = k.slots.map((s, i) =>
      s.role === 'scratch' ? `scratch${i}` : nameIn(s.node) || (before[i] as string),
    )
    readings.set(k, { equations, names })
  }

  /** What a loop carries is called at each step as its next value is, or as what it starts from. */
  const carries = (l: FusedLoop | FusedWhile, level: Level, reverse: boolean, layer = ''): Level => {
    const depth = level.indices.length
    const [, t] = letterAt(depth)
    const [now, next] = reverse ? [t, `${t}₋₁`] : [`${t}₋₁`, t]
    const labels = new Map<Node, string>()
    for (const c of l.carries) {
      const update = l.body.entry.updates.find((u) => u.target === c.bound)?.value
      const wanted = nameOf(c.bound) ?? (update === undefined ? undefined : nameOf(update)) ?? nameOf(c.from)
      const base = baseOf(wanted?.startsWith('δ') ? `${withoutIndex(wanted)}${layer}` : wanted, c.bound)
      if (update !== undefined) stems.set(update, base)
      values.set(c.bound, nameDoc(nameAt(base, [...level.indices, now])))
      if (update !== undefined) labels.set(update, nameAt(base, [...level.indices, next]))
      if (c.result !== null && !values.has(c.result)) call(c.result, level)
    }
    for (const c of l.constants) values.set(c.bound, nameDoc(nameIn(c.from)))
    return { labels, indices: [...level.indices, t] }
  }

  const loop = (l: FusedLoop, level: Level): void => {
    const inside = carries(l, level, l.reverse, layerOf(l.sequences.map((s) => nameIn(s.from))))
    const t = inside.indices.slice(level.indices.length)
    for (const s of l.sequences) values.set(s.bound, nameDoc(nameAt(nameIn(s.from), t)))
    const labels = new Map(inside.labels)
    for (const [i, o] of l.outputs.entries()) {
      const value = l.body.entry.results[i]?.value
      const name = call(o, level, value)
      if (value !== undefined && !labels.has(value)) labels.set(value, nameAt(name, t))
    }
    walk(l.body, { ...inside, labels })
  }

  const untilDone = (w: FusedWhile, level: Level): void => {
    const inside = carries(w, level, false)
    walk(w.condition, inside)
    walk(w.body, inside)
  }

  const choice = (c: FusedChoice, level: Level): void => {
    for (const o of c.operands) values.set(o.bound, nameDoc(nameIn(o.from)))
    const names = c.outputs.map((o) => call(o, level))
    for (const b of c.branches)
      walk(b, {
        ...level,
        labels: new Map(b.entry.results.map((r, i) => [r.value, names[i] ?? r.name] as const)),
      })
  }

  const step = (s: FusedStep, level: Level): void => {
    if (s.tag === 'kernel') kernel(s, level)
    else if (s.tag === 'loop') loop(s, level)
    else if (s.tag === 'while') untilDone(s, level)
    else choice(s, level)
  }

  const walk = (f: Fused, level: Level): void => {
    for (const s of f.steps) step(s, level)
  }

  walk(fused, { labels: labelsOf(fused.entry), indices: [] })
  return readings
}
