/**
 * Errors. In: what went wrong, as data. Out: one tagged union a phase, each with a stable code, and the sentence for it.
 * Invariant: whatever a user can cause has a code in `errorCodes`; a broken invariant of our own is an InternalError.
 */

/** Every code that Nabla can give, with the phase and one line of explanation; `docs/errors.md` is generated from it. */
export interface ErrorCode {
  readonly phase: 'expression' | 'grad' | 'compile' | 'load' | 'run' | 'data' | 'cli'
  readonly summary: string
}

/** Where in the user's text something was written. */
export interface Source {
  readonly file: string
  readonly line: number
  readonly column: number
}

export const showSource = (s: Source): string => `${s.file}:${s.line}:${s.column}`

/** An error that is a value: what `Left` holds at every boundary. */
export interface NablaError<Tag extends string = string> {
  readonly _tag: Tag
  readonly code: string
  /** One sentence that names the operands, the axis and, where known, the user's file and line. */
  readonly message: string
  readonly hint?: string
  readonly source?: Source
}

export type CompileError = NablaError<'CompileError'>
export type LoadError = NablaError<'LoadError'>
export type RunError = NablaError<'RunError'>
export type DataError = NablaError<'DataError'>
export type CliError = NablaError<'CliError'>

const withOptional = (hint: string | undefined, source: Source | undefined) => ({
  ...(hint === undefined ? {} : { hint }),
  ...(source === undefined ? {} : { source }),
})

/** Builds an error value; the location is put behind the sentence once, here. */
export const nablaError = <Tag extends string>(
  tag: Tag,
  code: string,
  sentence: string,
  more: { readonly hint?: string | undefined; readonly source?: Source | undefined } = {},
): NablaError<Tag> => ({
  _tag: tag,
  code,
  message: more.source === undefined ? sentence : `${sentence} at ${showSource(more.source)}`,
  ...withOptional(more.hint, more.source),
})

export const showError = (e: NablaError): string =>
  `${e.code}: ${e.message}${e.hint === undefined ? '' : `\n  ${e.hint}`}`

/** Thrown by the expression constructors alone, where an Either would make models unreadable. */
export class ShapeError extends Error implements NablaError<'ShapeError'> {
  readonly _tag = 'ShapeError'
  readonly code: string
  readonly hint?: string
  readonly source?: Source
  /** The constraint of docs/ops.md that does not hold, where an op refused its operands: `transpose C1`. */
  readonly constraint?: string
  constructor(
    code: string,
    sentence: string,
    more: {
      readonly hint?: string | undefined
      readonly source?: Source | undefined
      readonly constraint?: string | undefined
    } = {},
  ) {
    const e = nablaError('ShapeError', code, sentence, more)
    super(e.message)
    this.name = 'ShapeError'
    this.code = code
    if (e.hint !== undefined) this.hint = e.hint
    if (e.source !== undefined) this.source = e.source
    if (more.constraint !== undefined) this.constraint = more.constraint
  }
}

/** A broken invariant of Nabla itself: never the user's fault. */
export class InternalError extends Error {
  constructor(message: string) {
    super(`internal error: ${message}`)
    this.name = 'InternalError'
  }
}
