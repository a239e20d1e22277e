/**
 * docs/ops.md: the op table as a page. In: the table, and the files of src/ops. Out: every op with its meaning, constraints and laws.
 * Invariant: nothing is said here that the table does not say; an op stands under the file that defines it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { casesOf } from '../../test/laws/cases.ts'
import { type DType, dtypes } from '../../src/core/dtype.ts'
import { InternalError } from '../../src/core/errors.ts'
import type { TensorType } from '../../src/core/shape.ts'
import { atom } from '../../src/ops/common.ts'
import { type AnyOpDef, deriveBuilder, opDef, opNames } from '../../src/ops/registry.ts'
import type { Builder, Identity, KindOf, Label, OpName, ParamsOf, Printed } from '../../src/ops/signature.ts'
import { code, type Page, table } from './page.ts'

const titles: Readonly<Record<string, string>> = {
  leaf: 'Leaves',
  transcendental: 'Powers, exponentials and their kin',
  powers: 'Functions of two operands',
  logic: 'Comparison, truth, selection, conversion',
  composite: 'Composites',
  random: 'Random bits',
  reduction: 'Reductions',
}

const titleOf = (family: string): string => titles[family] ?? `${family[0]?.toUpperCase()}${family.slice(1)}`

/** The file of src/ops in which each op is defined. */
const familyOf: ReadonlyMap<string, string> = new Map(
  readdirSync(new URL('../../src/ops/', import.meta.url))
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(new URL(`../../src/ops/${file}`, import.meta.url), 'utf8')
      return [...text.matchAll(/defineOp<'(\w+)'>/g)].map((m): [string, string] => [
        m[1] as string,
        basename(file, '.ts'),
      ])
    }),
)

/** The families in the order of the table. */
const families = (): ReadonlyMap<string, readonly OpName[]> => {
  const found = new Map<string, OpName[]>()
  for (const op of opNames) {
    const family = familyOf.get(op)
    if (family === undefined) throw new InternalError(`no file of src/ops defines ${op}`)
    found.set(family, [...(found.get(family) ?? []), op])
  }
  return found
}

const scalarTypes = (n: number): readonly TensorType[] =>
  Array.from({ length: n }, () => ({ dtype: 'f32' as DType, shape: [] }))

/** A Builder that prints as the ops themselves print. */
const printer: Builder<Printed> = deriveBuilder<Printed>(
  (op, ins, params) => opDef(op).print(ins, params, scalarTypes(ins.length)),
  (value, dtype) => opDef('full').print([], { value, dtype, shape: [] } satisfies ParamsOf<'full'>, []),
)

const letters = ['x', 'y', 'z'].map(atom) as [Printed, Printed, Printed]

const showLaw = (law: Identity): string => {
  const [before, after] = law.rule(printer, law.dtypes?.[0] ?? 'f32', ...letters)
  return `${code(before.text)} → ${code(after.text)}`
}

type LeafName = { [K in OpName]: KindOf<K> extends 'leaf' ? K : never }[OpName]

const leafParams: { readonly [K in LeafName]: ParamsOf<K> } = {
  input: { name: 'x', dtype: 'f32', shape: [3] },
  param: { name: 'w', dtype: 'f32', shape: [3], init: null },
  state: { name: 's', dtype: 'f32', shape: [3], init: null },
  full: { dtype: 'f32', shape: [3], value: 0.5 },
  constant: { dtype: 'f32', shape: [3], data: Float32Array.of(1, 2, 3) },
  iota: { shape: [3], axis: 0 },
  bound: { id: 1, dtype: 'f32', shape: [3] },
}

const isLeafName = (op: OpName): op is LeafName => Object.hasOwn(leafParams, op)

/** The kinds whose laws are generated. */
const generated: ReadonlySet<string> = new Set([
  'elementwise',
  'reduction',
  'contraction',
  'movement',
  'indexing',
  'sorting',
  'composite',
])

interface Program {
  readonly types: readonly TensorType[]
  readonly params: unknown
}

/** What the op is printed with: the first program that the generated tests try; null for an op with tests of its own. */
const example = (op: OpName): Program | null => {
  if (isLeafName(op)) return { types: [], params: leafParams[op] }
  const [first] = generated.has(opDef(op).kind) ? casesOf(op) : []
  if (first === undefined) return null
  return { types: first.shapes.map((shape) => ({ dtype: 'f32', shape })), params: first.params }
}

const showForm = (op: OpName, def: AnyOpDef): string => {
  const tried = example(op)
  if (tried === null) return ''
  const { types, params } = tried
  const form = code(def.print(letters.slice(0, types.length), params, types).text)
  const shapes = types.map((t, i) => `${letters[i]?.text} [${t.shape.join(', ')}]`)
  return params === null || isLeafName(op)
    ? `; prints as ${form}`
    : `; prints as ${form} for ${shapes.join(', ')} and ${code(JSON.stringify(params).replaceAll('"', ''))}`
}

/** The dtypes that all operands may have together, and the result's where it is another; found by asking `infer`. */
const showDTypes = (op: OpName, def: AnyOpDef): string => {
  const { types, params } = example(op) ?? { types: [], params: null }
  const given = 'sample' in def ? (def.sample.dtypes ?? []) : []
  // operands of several dtypes, which the constraints tell apart
  if (types.length === 0 || new Set(given).size > 1) return ''
  const found = dtypes.flatMap((dtype) => {
    const result = def.infer(
      types.map(({ shape }) => ({ dtype, shape })),
      params,
    )
    return result._tag === 'Left' ? [] : [{ dtype, out: result.right.dtype }]
  })
  const own = found.every(({ dtype, out }) => dtype === out)
  const outs = [...new Set(found.map(({ out }) => out))]
  return found.length === 0
    ? ''
    : ` of ${found.length === dtypes.length ? 'any dtype' : found.map(({ dtype }) => dtype).join(', ')}${own ? '' : ` → ${outs.join(', ')}`}`
}

const operands: Readonly<Record<string, string>> = {
  0: 'no operand',
  1: 'one operand',
  2: 'two operands',
  3: 'three operands',
  n: 'any number of operands',
}

const showIdentities = (identities: readonly Identity[]): string =>
  identities.length === 0
    ? ''
    : `\n\n${table(
        ['law', 'holds', 'rewrites'],
        identities.map((law) => [code(law.name), law.when, showLaw(law)]),
      )}`

const section = (op: OpName): string => {
  const def = opDef(op)
  const { summary, formula, source, constraints } = def.doc
  const lines = [
    `- ${operands[def.arity]}${showDTypes(op, def)}${showForm(op, def)}`,
    ...(formula === undefined ? [] : [`- ${formula}`]),
    ...Object.entries(constraints).map(([label, text]) => `- ${label}: ${text}`),
    ...(source === undefined ? [] : [`- source: ${source}`]),
  ]
  return `### ${op}\n\n${summary}\n\n${lines.join('\n')}${showIdentities(def.identities)}`
}

const labels: Readonly<Record<Label, string>> = {
  always: 'bit for bit, NaN and infinities included (the sign and payload of a NaN aside)',
  zeroSign: 'bit for bit, but for the sign of a result that is zero',
  refines:
    'for finite operands the same real number, with fewer roundings or without overflow, underflow or cancellation on the way',
  finite: 'unless an operand is NaN or infinite (the sign of a zero aside)',
  reassociates: 'up to rounding',
}

const body = (): string => {
  return `The primitives of the expression graph, ${opNames.length} of them, from the table \`src/ops/registry.ts\`. What users call are
[functions](language.md), most of which are one op. C1, C2 … name the constraints that \`infer\` checks; an error says in its field
\`constraint\` which of them does not hold, and \`test/failing/constraints\` has a program that breaks each, with its words. A law
is an identity that the op's definition states: the left side is an application of the op, the right side costs less. How far a
law holds ([the simplifier](simplifier.md) says it precisely):

${table(
  ['label', 'the two sides are equal'],
  Object.entries(labels).map(([label, meaning]) => [label, meaning]),
)}

${[...families()].map(([family, ops]) => `## ${titleOf(family)}\n\n${ops.map(section).join('\n\n')}`).join('\n\n')}`
}

export const opsPage: Page = { file: 'ops.md', title: 'The ops', body }
