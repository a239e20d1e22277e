/**
 * Findings carried to where the world can see them. In: an entry, and who looks at its nodes. Out: the entry with a check and
 * more results for each thing looked at, in the order of the program.
 * Invariant: no value of the program changes. A finding inside a loop is one more output of the loop, so that the step is known;
 * inside a branch it is one more result of the choice, nothing where the branch does not run. A loop that ends by a condition is
 * looked at from outside alone: nothing bounds how much it would have to keep.
 */
import { InternalError } from '../../src/core/errors.ts'
import type { ManifestLoop } from '../../src/artifact/types.ts'
import type { Node } from '../../src/expr/expr.ts'
import { literal, make } from '../../src/expr/node.ts'
import { condParts } from '../../src/expr/cond.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import { functionOf, resultsOf, scanParts, withFunction } from '../../src/expr/scan.ts'
import type { Check, EntryProgram } from '../program/entry.ts'
import { rootsOf } from '../program/entry.ts'
import { topological } from '../program/walk.ts'

/** Something looked at: scalars that are found, and what they are where nothing is wrong. */
export interface Probe {
  readonly check: Omit<Check, 'loops' | 'results'>
  readonly findings: readonly Node[]
  readonly nothing: readonly number[]
}

export interface Observer {
  /** What to look at about a node, whose probes get the numbers from `next` on; `now` is what stands for a node. */
  readonly look: (node: Node, now: (node: Node) => Node, next: number) => readonly Probe[]
  /** The roots of the program, or of a function, before their nodes are looked at. */
  readonly start?: (roots: readonly Node[]) => void
  /** A function is entered: its parameters, and what they stand for where they always stand for the same. */
  readonly enter?: (params: readonly Node[], outside: readonly (Node | null)[]) => void
}

/** A probe, and which check of the entry it belongs to. */
interface Found {
  readonly probe: Probe
  readonly check: number
}

/** What a walk adds to. */
interface Report {
  readonly checks: Omit<Check, 'results'>[]
  /** How many checks the entry had before. */
  readonly before: number
  loops: number
}

interface Seen {
  readonly roots: readonly Node[]
  readonly found: readonly Found[]
}

const flat = (found: readonly Found[]): readonly Node[] => found.flatMap((f) => f.probe.findings)

/** The same probes over other nodes, which stand in the order of `flat`. */
const standing = (found: readonly Found[], nodes: readonly Node[]): readonly Found[] => {
  let next = 0
  return found.map(({ probe, check }) => ({
    check,
    probe: { ...probe, findings: probe.findings.map(() => nodes[next++] as Node) },
  }))
}

/** A walk over the roots of one level. */
const observe = (roots: readonly Node[], loops: readonly ManifestLoop[], observer: Observer, report: Report): Seen => {
  observer.start?.(roots)
  const done = new Map<Node, Node>()
  const found: Found[] = []
  const now = (n: Node): Node => {
    const made = done.get(n)
    if (made === undefined) throw new InternalError(`${n.op} is looked at before it is there`)
    return made
  }
  const inside = (results: readonly Node[], more: readonly ManifestLoop[]): Seen =>
    observe(results, [...loops, ...more], observer, report)

  const loop = (n: Node, ins: readonly Node[]): Node => {
    const { fn, length, reverse, init, sequences } = scanParts(n)
    const moving = init.length + sequences.length
    observer.enter?.(
      fn.params,
      fn.params.map((_, i) => (i < moving ? null : (n.ins[i] as Node))),
    )
    const body = inside(fn.results, [{ loop: report.loops++, length, reverse }])
    if (body.found.length === 0) return derivedFrom(n, () => make(n.op, ins, n.params))
    const made = derivedFrom(n, () =>
      withFunction(n, ins, { params: fn.params, results: [...body.roots, ...flat(body.found)] }),
    )
    found.push(...standing(body.found, resultsOf(made).slice(fn.results.length)))
    return made
  }

  const choice = (n: Node, ins: readonly Node[]): Node => {
    const { params, operands, branches } = condParts(n)
    observer.enter?.(params, operands)
    const seen = branches.map((results) => inside(results, []))
    const results = seen.flatMap((own) => [
      ...own.roots,
      ...seen.flatMap((s) => s.found.flatMap(({ probe }) => (s === own ? probe.findings : neutral(probe)))),
    ])
    const made = derivedFrom(n, () => withFunction(n, ins, { params, results }))
    const count = (branches[0] as readonly Node[]).length
    const all = seen.flatMap((s) => s.found)
    found.push(...standing(all, resultsFrom(made, count, flat(all))))
    return made
  }

  for (const n of topological(roots)) {
    const ins = n.ins.map(now)
    if (n.op === 'scan') done.set(n, loop(n, ins))
    else if (n.op === 'cond') done.set(n, choice(n, ins))
    else if (ins.every((x, i) => x === n.ins[i])) done.set(n, n)
    else
      done.set(
        n,
        derivedFrom(n, () => make(n.op, ins, n.params)),
      )
    if (functionOf(n) !== null) continue
    for (const probe of observer.look(n, now, report.before + report.checks.length)) {
      found.push({ probe, check: report.checks.length })
      report.checks.push({ ...probe.check, loops })
    }
  }
  return { roots: roots.map(now), found }
}

/** What the findings of a branch are where another one runs. */
const neutral = ({ findings, nothing }: Probe): readonly Node[] =>
  findings.map((f, i) => literal(nothing[i] as number, f.dtype))

/** The results of a choice behind its own. */
const resultsFrom = (made: Node, from: number, types: readonly Node[]): readonly Node[] =>
  types.map(({ dtype, shape }, i) => make('result', [made], { index: from + i, dtype, shape: [...shape] }))

/** The entry with what is found about it behind its results. */
export const instrument = (entry: EntryProgram, observer: Observer): EntryProgram => {
  const before = entry.checks ?? []
  const added: Omit<Check, 'results'>[] = []
  const report: Report = { checks: added, before: before.length, loops: 0 }
  const { roots, found } = observe(rootsOf(entry), [], observer, report)
  const count = entry.results.length
  const places: number[][] = added.map(() => [])
  const results = entry.results.map((r, i) => ({ ...r, value: roots[i] as Node }))
  for (const { probe, check } of found)
    for (const value of probe.findings) {
      places[check]?.push(results.length)
      results.push({ name: `${probe.check.text} ${results.length}`, value })
    }
  return {
    ...entry,
    results,
    updates: entry.updates.map((u, i) => ({ ...u, value: roots[count + i] as Node })),
    checks: [...before, ...added.map((c, i) => ({ ...c, results: places[i] as number[] }))],
  }
}
