/**
 * The forms in which a model is shown. In: a model. Out: text.
 * Invariant: a form is a row of this table; the command line offers what stands here and nothing else.
 */
import { type Either, right } from 'fp-ts/lib/Either.js'
import { inspect } from '../compiler/describe.ts'
import { cost, javascript, kernels, memory, memoryPicture, wat } from '../compiler/views.ts'
import type { NablaError } from '../src/core/errors.ts'
import { isExpr } from '../src/expr/node.ts'
import type { Model } from './model.ts'

export interface FormSettings {
  readonly width: number
  /** The file that the text is for, whose suffix may choose between text and a picture. */
  readonly out?: string
}

type Shown = Either<NablaError, string>

export interface Form {
  readonly show: (model: Model, settings: FormSettings) => Shown | Promise<Shown>
  /** The text is of a format of its own, which a title would break. */
  readonly bare?: true
  /** So it is where the file for it is called `.svg`. */
  readonly picture?: true
}

const isPicture = ({ out }: FormSettings): boolean => out !== undefined && /\.svg$/i.test(out)

/** Whether nothing may stand around the text. */
export const isBare = (form: Form, settings: FormSettings): boolean =>
  form.bare === true || (form.picture === true && isPicture(settings))

/** One expression is shown under its export's name, everything else under the names of its entries. */
const math = ({ name, entries }: Model, { width }: FormSettings): Shown => {
  const [only, ...rest] = Object.values(entries)
  return right(
    only !== undefined && rest.length === 0 && isExpr(only)
      ? inspect(only, { name, width })
      : inspect(entries, { width }),
  )
}

export const forms = {
  math: { show: math },
  kernels: { show: (m) => kernels(m.entries) },
  cost: { show: (m) => cost(m.entries) },
  memory: { show: (m, s) => (isPicture(s) ? memoryPicture(m.entries) : memory(m.entries)), picture: true },
  wat: { show: (m) => wat(m.entries), bare: true },
  javascript: { show: (m) => javascript(m.entries), bare: true },
} as const satisfies Readonly<Record<string, Form>>

export type FormName = keyof typeof forms

export const formNames = Object.keys(forms) as readonly FormName[]
