/**
 * `nabla inspect FILE#EXPORT`: models and their simplified derivatives in the form that is asked for, or how they were simplified.
 * In: the place of a model, or a file for all that it exports; perhaps a record of rewritings to repeat. Out: text on the
 * terminal or in a file, or a record as JSON.
 */
import { basename, dirname } from 'node:path'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { showBytes } from '../../compiler/inspect/amounts.ts'
import { rematText } from '../../compiler/remat.ts'
import { printRewrites, replay, rewrites } from '../../compiler/rewrites.ts'
import type { Derivative } from '../../compiler/typescript.ts'
import { fitted, memoryError } from '../../compiler/views.ts'
import { type NablaError, ShapeError } from '../../src/core/errors.ts'
import { refuseCli } from '../codes.ts'
import { writeFiles } from '../files.ts'
import { type Form, type FormName, forms, isBare } from '../forms.ts'
import { loadModels, type Model, type Sample } from '../model.ts'
import { readRewrites, type RecordedModel, rewritesJson } from '../rewrites.ts'
import type { Terminal } from '../terminal.ts'

export interface InspectSettings {
  readonly width: number
  /** Default `math`. */
  readonly as?: FormName
  /** Where the text goes instead of the terminal. */
  readonly out?: string
  /** Of a module: what it holds. */
  readonly derivative?: Derivative
  /** Names of what to differentiate by. */
  readonly wrt?: readonly string[]
  /** Values for inputs, where the model is run. */
  readonly sample?: Sample
  /** Refuse a model that needs more bytes. */
  readonly maxMemory?: number
  /** Compute values again where that limit would be passed. */
  readonly remat?: boolean
  /** The rules that fired instead of the formulas. */
  readonly rewrites?: boolean
  /** Where they go as JSON. */
  readonly json?: string
  /** A record to repeat. */
  readonly replay?: string
}

const recorded = ({ place, entries }: Model): RecordedModel => ({ place, programs: rewrites(entries) })

/** Whether every model is what its record leads to. */
const repeated = (models: readonly Model[], records: readonly RecordedModel[]): Either<NablaError, string> => {
  const lines: string[] = []
  for (const { place, entries } of models) {
    const record = records.find((r) => r.place === place)
    if (record === undefined) return refuseCli('E_CLI_REPLAY', `the record does not have ${place}`)
    const done = replay(entries, record.programs)
    if (isLeft(done)) {
      const { program, step, sentence } = done.left
      const title = record.programs[program - 1]?.title ?? `program ${program}`
      return refuseCli('E_CLI_REPLAY', `${place}: ${title}: ${step === 0 ? '' : `step ${step}: `}${sentence}`)
    }
    lines.push(`${place}: ${done.right} steps lead to the same programs`)
  }
  return right(lines.join('\n'))
}

/** Writes the records of all models; how many steps of each. */
const written = async (models: readonly Model[], file: string): Promise<Either<NablaError, string>> => {
  const records = models.map(recorded)
  const done = await writeFiles(dirname(file), [{ name: basename(file), content: `${rewritesJson(records)}\n` }])
  const count = (r: RecordedModel): number => r.programs.reduce((n, p) => n + p.steps.length, 0)
  return isLeft(done) ? done : right(records.map((r) => `${r.place}: ${count(r)} steps in ${file}`).join('\n'))
}

/** What a model computes again to stay within the limit, where it may; or that it does not fit. */
const withinLimit = ({ entries }: Model, { maxMemory, remat }: InspectSettings): Either<NablaError, string> => {
  if (maxMemory === undefined) return right('')
  if (remat === true) {
    const found = fitted(entries, maxMemory)
    return isLeft(found) ? found : right(rematText(found.right))
  }
  const refused = memoryError(entries, maxMemory)
  return refused === null ? right('') : left(refused)
}

const fitting = (settings: InspectSettings): InspectSettings & { readonly fit?: number } =>
  settings.remat === true && settings.maxMemory !== undefined ? { ...settings, fit: settings.maxMemory } : settings

const shown = async (
  models: readonly Model[],
  settings: InspectSettings,
  bold: (s: string) => string,
): Promise<Either<NablaError, string>> => {
  const form: Form =
    settings.rewrites === true
      ? { show: (m) => right(printRewrites(recorded(m).programs)) }
      : forms[settings.as ?? 'math']
  const [first, ...rest] = models
  const bare = isBare(form, settings)
  if (bare && rest.length > 0)
    return refuseCli('E_CLI_USAGE', `the form ${settings.as} is that of one model`, `name one: ${first?.place}`)
  const texts: string[] = []
  for (const m of models) {
    const again = withinLimit(m, settings)
    if (isLeft(again)) return again
    const text = await form.show(m, fitting(settings))
    if (isLeft(text)) return text
    const report = again.right === '' ? '' : `\n\n${again.right}`
    texts.push(bare ? text.right : `${bold(m.place)}\n${text.right.trimEnd()}${report}`)
  }
  return right(texts.join('\n\n'))
}

/** The text in its file; which file that is. */
const kept = async (text: string, file: string): Promise<Either<NablaError, string>> => {
  const done = await writeFiles(dirname(file), [{ name: basename(file), content: `${text.trimEnd()}\n` }])
  return isLeft(done) ? done : right(`${file} (${showBytes(new TextEncoder().encode(text).length)})`)
}

const answer = async (
  models: readonly Model[],
  settings: InspectSettings,
  bold: (s: string) => string,
): Promise<Either<NablaError, string>> => {
  if (settings.json !== undefined) return written(models, settings.json)
  if (settings.replay === undefined) {
    const text = await shown(models, settings, settings.out === undefined ? bold : String)
    return isLeft(text) || settings.out === undefined ? text : kept(text.right, settings.out)
  }
  const records = await readRewrites(settings.replay)
  return isLeft(records) ? records : repeated(models, records.right)
}

export const inspectCommand = async (
  place: string,
  settings: InspectSettings,
  { out, colors }: Terminal,
): Promise<Either<NablaError, void>> => {
  const file = await loadModels(place)
  if (isLeft(file)) return file
  try {
    const text = await answer(file.right.models, { ...settings, sample: file.right.sample }, colors.bold)
    if (isLeft(text)) return text
    out(text.right)
  } catch (e) {
    if (e instanceof ShapeError) return left(e)
    throw e
  }
  return right(undefined)
}
