/**
 * `nabla inspect FILE#EXPORT`: models and their simplified derivatives as mathematics.
 * In: the place of a model, or a file for all that it exports. Out: text.
 */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { inspect } from '../../compiler/describe.ts'
import { type NablaError, ShapeError } from '../../src/core/errors.ts'
import { isExpr } from '../../src/expr/node.ts'
import { loadModels, type Model } from '../model.ts'
import type { Terminal } from '../terminal.ts'

export interface InspectSettings {
  readonly width: number
}

/** One expression is shown under its export's name, everything else under the names of its entries. */
const described = ({ name, entries }: Model, width: number): string => {
  const [only, ...rest] = Object.values(entries)
  return only !== undefined && rest.length === 0 && isExpr(only)
    ? inspect(only, { name, width })
    : inspect(entries, { width })
}

export const inspectCommand = async (
  place: string,
  { width }: InspectSettings,
  { out, colors }: Terminal,
): Promise<Either<NablaError, void>> => {
  const file = await loadModels(place)
  if (isLeft(file)) return file
  for (const [i, model] of file.right.models.entries()) {
    if (i > 0) out('')
    out(colors.bold(model.place))
    try {
      out(described(model, width))
    } catch (e) {
      if (e instanceof ShapeError) return left(e)
      throw e
    }
  }
  return right(undefined)
}
