/**
 * Models in files. In: `FILE#EXPORT`, or `FILE` alone. Out: what is exported there, as entries to inspect, check and compile.
 * Invariant: a model is an expression, a step, a record of these (entries under names; an entry may be a record of
 * expressions itself), or a function that takes nothing and returns one of them. A function is called only where it is named.
 */
import { basename, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { existsSync } from 'node:fs'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { type EntryInput, type EntryInputs, isStep, type Step } from '../compiler/entries.ts'
import { type NablaError, ShapeError } from '../src/core/errors.ts'
import type { Expr } from '../src/expr/expr.ts'
import { isExpr } from '../src/expr/node.ts'
import { setName } from '../src/expr/origin.ts'
import { cliError, reasonOf, refuseCli } from './codes.ts'

export interface Model {
  /** The export's name; that of the file where the whole file is the model. */
  readonly name: string
  /** `FILE#EXPORT`, as the user wrote it. */
  readonly place: string
  readonly entries: EntryInputs
}

/** Values for inputs, by name: what a file's export `sample` holds. */
export type Sample = Readonly<Record<string, unknown>>

export interface ModelFile {
  readonly models: readonly Model[]
  readonly sample: Sample
}

type Exports = Readonly<Record<string, unknown>>

const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === 'object' &&
  x !== null &&
  (Object.getPrototypeOf(x) === Object.prototype || Object.getPrototypeOf(x) === null)

const isExpressions = (x: unknown): x is Readonly<Record<string, Expr>> =>
  isRecord(x) && !isExpr(x) && Object.keys(x).length > 0 && Object.values(x).every(isExpr)

const isSteplike = (x: unknown): x is Step =>
  isRecord(x) &&
  Array.isArray(x['updates']) &&
  isRecord(x['results']) &&
  Object.values(x['results']).every(isExpr) &&
  x['updates'].every((u) => isRecord(u) && isExpr(u['target']) && isExpr(u['value']))

const isEntry = (x: unknown): x is EntryInput => isExpr(x) || isSteplike(x) || isExpressions(x)

/** The entries of an exported value; undefined where it is no model. */
const entriesOf = (name: string, value: unknown): EntryInputs | undefined => {
  if (isExpr(value) || isSteplike(value)) return { [name]: value }
  return isRecord(value) && Object.keys(value).length > 0 && Object.values(value).every(isEntry)
    ? (value as EntryInputs)
    : undefined
}

const kindOf = (x: unknown): string => {
  if (x === null) return 'null'
  if (Array.isArray(x)) return 'a list'
  if (isRecord(x)) {
    const strange = Object.entries(x).find(([, v]) => !isEntry(v))
    return strange === undefined ? 'an empty record' : `a record whose ${strange[0]} is ${kindOf(strange[1])}`
  }
  return typeof x === 'function' ? `a function of ${x.length} arguments` : `a value of type ${typeof x}`
}

const whatModelsAre =
  'a model is an expression, a step, a record of entries, or a function without arguments that returns one'

const stem = (file: string): string => basename(file, extname(file))

/** Inputs and parameters that a file exports for others' use. */
const isLeaf = (x: unknown): boolean => isExpr(x) && x.ins.length === 0

/** When the last expression of an entry was made. */
const ageOf = (e: EntryInput): number => {
  const roots = isExpr(e)
    ? [e]
    : isStep(e)
      ? [...Object.values(e.results), ...e.updates.map((u) => u.value)]
      : Object.values(e)
  return Math.max(...roots.map((n) => n.id))
}

const age = ({ entries }: Model): number => Math.max(...Object.values(entries).map(ageOf))

/** Exports that hold models as they stand, in the order in which they were made; `sample` holds inputs. */
const plainModels = (file: string, found: Exports): readonly Model[] =>
  Object.entries(found)
    .flatMap(([key, value]) => {
      const name = key === 'default' ? stem(file) : key
      const entries = key === 'sample' || isLeaf(value) ? undefined : entriesOf(name, value)
      return entries === undefined ? [] : [{ name, place: `${file}#${key}`, entries }]
    })
    .toSorted((a, b) => age(a) - age(b) || (a.name < b.name ? -1 : 1))

/** What a file exports under a name is called so in print, unless it has a name already. */
const nameExports = (found: Exports): void => {
  for (const [key, value] of Object.entries(found)) if (key !== 'default' && isExpr(value)) setName(value, key)
}

const failed = (what: string, e: unknown): Either<NablaError, never> =>
  e instanceof ShapeError ? left(e) : refuseCli('E_CLI_FILE', `${what} fails: ${reasonOf(e)}`)

const importFile = async (file: string): Promise<Either<NablaError, Exports>> => {
  const path = resolve(file)
  if (!existsSync(path)) return refuseCli('E_CLI_FILE', `there is no file ${file}`)
  try {
    return right((await import(/* @vite-ignore */ pathToFileURL(path).href)) as Exports)
  } catch (e) {
    return failed(file, e)
  }
}

const called = async (place: string, value: unknown): Promise<Either<NablaError, unknown>> => {
  if (typeof value !== 'function' || value.length > 0) return right(value)
  try {
    return right(await (value as () => unknown)())
  } catch (e) {
    return failed(place, e)
  }
}

const exportNames = (found: Exports): string => {
  const names = Object.keys(found)
    .filter((name) => name !== 'sample')
    .toSorted()
  return names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`
}

const oneModel = async (file: string, key: string, found: Exports): Promise<Either<NablaError, Model>> => {
  const place = `${file}#${key}`
  if (!Object.hasOwn(found, key)) return refuseCli('E_CLI_EXPORT', `${file} has no export ${key}`, exportNames(found))
  const value = await called(place, found[key])
  if (isLeft(value)) return value
  const name = key === 'default' ? stem(file) : key
  const entries = entriesOf(name, value.right)
  return entries === undefined
    ? refuseCli('E_CLI_MODEL', `${place} is ${kindOf(value.right)}`, whatModelsAre)
    : right({ name, place, entries })
}

/** The models that `FILE#EXPORT` or `FILE` names: one, or every exported value that is a model. */
export const loadModels = async (place: string): Promise<Either<NablaError, ModelFile>> => {
  const hash = place.lastIndexOf('#')
  const [file, key] = hash < 0 ? [place, undefined] : [place.slice(0, hash), place.slice(hash + 1)]
  if (file === '' || key === '') return refuseCli('E_CLI_USAGE', `${place} is not of the form FILE#EXPORT`)
  const found = await importFile(file)
  if (isLeft(found)) return found
  nameExports(found.right)
  const given = found.right['sample']
  const sample: Sample = isRecord(given) ? given : {}
  if (key !== undefined) {
    const model = await oneModel(file, key, found.right)
    return isLeft(model) ? model : right({ models: [model.right], sample })
  }
  const models = plainModels(file, found.right)
  return models.length > 0
    ? right({ models, sample })
    : left(
        cliError(
          'E_CLI_MODEL',
          `${file} exports no model; ${exportNames(found.right)}`,
          `${whatModelsAre}; a function is named: ${file}#NAME`,
        ),
      )
}

/** All models of a file as one: every entry of every export. */
export const joined = (file: string, models: readonly Model[]): Either<NablaError, Model> => {
  const [only, ...rest] = models
  if (only !== undefined && rest.length === 0) return right(only)
  const entries = new Map<string, EntryInput>()
  for (const m of models)
    for (const [name, entry] of Object.entries(m.entries)) {
      const other = entries.get(name)
      if (other !== undefined && other !== entry)
        return refuseCli(
          'E_CLI_MODEL',
          `${file} exports two entries ${name}`,
          `name one export: ${models.map((x) => x.place).join(', ')}`,
        )
      entries.set(name, entry)
    }
  return right({ name: stem(file), place: file, entries: Object.fromEntries(entries) })
}
