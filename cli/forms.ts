/**
 * The forms in which a model is shown. In: a model. Out: text.
 * Invariant: a form is a row of this table; the command line offers what stands here and nothing else.
 */
import { readFileSync } from 'node:fs'
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { inspect, toLatex } from '../compiler/describe.ts'
import type { Printable } from '../compiler/inspect/print.ts'
import { topological } from '../compiler/program/walk.ts'
import { flatten, type Structure } from '../src/expr/structure.ts'
import { provenance, provenancePage } from '../compiler/provenance.ts'
import { trace, tracePage } from '../compiler/trace.ts'
import { type Derivative, toTypeScript } from '../compiler/typescript.ts'
import {
  cost,
  dot,
  graph,
  graphPage,
  javascript,
  kernels,
  memory,
  memoryPicture,
  type ViewOptions,
  wat,
} from '../compiler/views.ts'
import type { NablaError } from '../src/core/errors.ts'
import type { Node } from '../src/expr/expr.ts'
import { isExpr } from '../src/expr/node.ts'
import { nameOf } from '../src/expr/origin.ts'
import { refuseCli } from './codes.ts'
import { derived } from './derived.ts'
import type { Model, Sample } from './model.ts'
import { markdownPage } from './page.ts'

export interface FormSettings {
  readonly width: number
  /** The file that the text is for, whose suffix may choose between text and a picture. */
  readonly out?: string
  /** Of a module: what it holds. Default `gradient`. */
  readonly derivative?: Derivative
  /** Names of what to differentiate by. */
  readonly wrt?: readonly string[]
  /** Values for inputs, where the model is run. */
  readonly sample?: Sample
  /** Of what the machine runs: bytes that the program is to fit into, by keeping less. */
  readonly fit?: number
}

type Shown = Either<NablaError, string>

export interface Form {
  readonly show: (model: Model, settings: FormSettings) => Shown | Promise<Shown>
  /** The text is of a format of its own, which a title would break. */
  readonly bare?: true
  /** So it is where the file for it is called `.svg`. */
  readonly picture?: true
  /** So it is where the file for it is called `.html`. */
  readonly page?: true
}

const isPicture = ({ out }: FormSettings): boolean => out !== undefined && /\.svg$/i.test(out)

const isPage = ({ out }: FormSettings): boolean => out !== undefined && /\.html?$/i.test(out)

/** Whether nothing may stand around the text. */
export const isBare = (form: Form, settings: FormSettings): boolean =>
  form.bare === true || (form.picture === true && isPicture(settings)) || (form.page === true && isPage(settings))

/** What to differentiate by, where names are given. */
const variablesOf = (
  { place, entries }: Model,
  names: readonly string[] | undefined,
): Either<NablaError, { readonly wrt?: readonly Node[] }> => {
  if (names === undefined) return right({})
  const nodes = topological(flatten(entries as Structure))
  const leaves = nodes.filter((n) => n.ins.length === 0)
  const found = names.map((name) => [...leaves, ...nodes].find((n) => nameOf(n) === name))
  const lost = names.find((_, i) => found[i] === undefined)
  if (lost === undefined) return right({ wrt: found as readonly Node[] })
  const known = [...new Set(leaves.flatMap((n) => nameOf(n) ?? []))].join(', ')
  return refuseCli('E_CLI_USAGE', `${place} has no ${lost}`, `it has ${known}`)
}

/** One expression is shown under its own name, everything else under the names of its entries. */
const shownOf = ({ name, entries }: Model): { readonly what: Printable; readonly name: string } => {
  const [only, ...rest] = Object.entries(entries)
  return only !== undefined && rest.length === 0 && isExpr(only[1])
    ? { what: only[1], name: only[0] }
    : { what: entries, name }
}

const mathematics =
  (write: typeof inspect) =>
  (model: Model, { width, wrt }: FormSettings): Shown => {
    const { what, name } = shownOf(model)
    const variables = variablesOf(model, wrt)
    return isLeft(variables) ? variables : right(write(what, { name, width, ...variables.right }))
  }

const typescript = (model: Model, { derivative = 'gradient', wrt }: FormSettings): Shown => {
  const { what, name } = shownOf(model)
  const variables = variablesOf(model, wrt)
  return isLeft(variables) ? variables : right(toTypeScript(what, { name, derivative, ...variables.right }))
}

const derivation = async (model: Model, { width, wrt, sample, out }: FormSettings): Promise<Shown> => {
  const variables = variablesOf(model, wrt)
  if (isLeft(variables)) return variables
  const document = await derived(model, { width, sample: sample ?? {}, ...variables.right })
  return isLeft(document) || !/\.html?$/i.test(out ?? '') ? document : markdownPage(document.right)
}

/** What stands in a model's file; a file that is gone has no text. */
const textOf = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

const showProvenance = (m: Model, s: FormSettings): Shown =>
  (isPage(s) ? provenancePage : provenance)(m.entries, { source: textOf, title: m.place })

const fitOf = ({ fit }: FormSettings): ViewOptions => (fit === undefined ? {} : { fit })

export const forms = {
  math: { show: mathematics(inspect) },
  latex: { show: mathematics(toLatex), bare: true },
  typescript: { show: typescript, bare: true },
  derivation: { show: derivation, bare: true },
  kernels: { show: (m, s) => kernels(m.entries, fitOf(s)) },
  cost: { show: (m, s) => cost(m.entries, fitOf(s)) },
  memory: { show: (m, s) => (isPicture(s) ? memoryPicture : memory)(m.entries, fitOf(s)), picture: true },
  graph: {
    show: (m, s) => (isPage(s) ? graphPage(m.entries, { title: m.place, ...fitOf(s) }) : graph(m.entries, fitOf(s))),
    bare: true,
  },
  dot: { show: (m, s) => dot(m.entries, fitOf(s)), bare: true },
  provenance: { show: showProvenance, page: true },
  trace: { show: (m, s) => (isPage(s) ? tracePage(m.entries, { title: m.place }) : trace(m.entries)), page: true },
  wat: { show: (m, s) => wat(m.entries, fitOf(s)), bare: true },
  javascript: { show: (m, s) => javascript(m.entries, fitOf(s)), bare: true },
} as const satisfies Readonly<Record<string, Form>>

export type FormName = keyof typeof forms

export const formNames = Object.keys(forms) as readonly FormName[]
