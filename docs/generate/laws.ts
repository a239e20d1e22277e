/**
 * docs/generated/laws.md: which programs hold each op to its laws. In: the cases of test/laws. Out: the page.
 * Invariant: a number is a number of programs that the tests run; an op without one says why.
 */
import { opDef, opNames } from '../../src/ops/registry.ts'
import type { OpName } from '../../src/ops/signature.ts'
import { casesOf, triedOps } from '../../test/laws/cases.ts'
import { derivatives, isSmooth, type Setting, settingOf } from '../../test/laws/setting.ts'
import { targetCases } from '../../test/laws/target-cases.ts'
import { type Page, table } from './page.ts'

const isFloat = (dtype: string): boolean => dtype === 'f32' || dtype === 'f64'

/** Why an op has no derivative to try. */
const without = (op: OpName, settings: readonly Setting[]): string => {
  if (op === 'stopGradient') return 'nothing flows through it, which is tested'
  if (settings.every((s) => !isFloat(s.output.dtype))) return `gives ${settings[0]?.output.dtype}`
  return settings.every((s) => s.values.every((v) => !isFloat(v.dtype))) ? 'takes no floats' : ''
}

interface Row {
  readonly op: OpName
  readonly values: number
  readonly batches: number
  /** Programs with a derivative, and how many of these derivatives are not 0 everywhere, for the orders 1 and 2. */
  readonly smooth: number
  readonly first: number
  readonly second: number
  readonly why: string
}

const rowOf = (op: OpName): Row => {
  const cases = casesOf(op)
  const settings = cases.map((c, k) => settingOf(c, { float: 'f64', seed: k + 1 }))
  const smooth = settings.filter(isSmooth)
  const moving = (order: 1 | 2): number => smooth.filter((s) => derivatives(s, order).length > 0).length
  return {
    op,
    values: targetCases(op).length,
    batches: cases.reduce((n, c) => n + 2 ** c.shapes.length - 1, 0),
    smooth: smooth.length,
    first: moving(1),
    second: moving(2),
    why: smooth.length > 0 ? '' : without(op, settings),
  }
}

const held = (programs: number, moving: number): string =>
  moving === programs ? String(programs) : `${programs} (${programs - moving} of them 0 everywhere)`

const cellsOf = (r: Row): readonly string[] => {
  const none = r.smooth === 0
  const first = none ? `none: ${r.why}` : held(r.smooth, r.first)
  const second = none ? '' : held(r.smooth, r.second)
  const targets = (moving: number): string => (none ? '' : moving === 0 ? '–' : String(moving))
  return [`\`${r.op}\``, String(r.values), String(r.batches), first, targets(r.first), second, targets(r.second)]
}

const body = (): string => {
  const rows = triedOps.map(rowOf)
  const gaps = rows.filter((r) => r.values === 0 || (r.smooth === 0 && r.why === ''))
  const leaves = opNames.filter((op) => opDef(op).kind === 'leaf').map((op) => `\`${op}\``)
  return `Every op is tried on tensors of unequal ranks, with extents of 1 and primes, and elementwise ones with every length about the
width of a vector. A number below is a number of programs; \`test/laws\` runs them all, and one that fails fails the suite.

- **value**: on the interpreter, in JavaScript and in WebAssembly, in f32 and in f64, with the op's special values. JavaScript and WebAssembly
  agree bit for bit; with the interpreter too, where no sum is added in another order. Types and shapes are those that the op infers.
- **batch**: \`vmap\` over every choice of operands is each example after the other.
- **order 1**, in f64 on the interpreter: the vjp and the jvp meet central differences along fixed directions of all operands at once, and
  ⟨c, jvp t⟩ = ⟨vjp c, t⟩ up to rounding. **order 2**: the gradient of ⟨u, vjp c⟩ meets the central differences of it.
- **on targets**: these derivatives (the vjp and the jvp, and the second gradient) in JavaScript and in WebAssembly, in f32 and in f64, against
  the interpreter. A dash: it is 0 everywhere, and there is no program to run.

${rows.length} ops have operands; of these ${gaps.length} have a gap${gaps.length === 0 ? '' : `: ${gaps.map((r) => r.op).join(', ')}`}.
${leaves.join(', ')} have no operands.

${table(['op', 'value', 'batch', 'order 1', 'order 1 on targets', 'order 2', 'order 2 on targets'], rows.map(cellsOf))}`
}

export const lawsPage: Page = { file: 'generated/laws.md', title: 'Laws', body }
