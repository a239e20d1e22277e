/**
 * What the command line can refuse, beyond what the compiler and the runtime refuse.
 * In: a code and a sentence. Out: a CliError. Invariant: every code that cli gives is listed here.
 */
import { type Either, left } from 'fp-ts/lib/Either.js'
import { type CliError, type ErrorCode, nablaError } from '../src/core/errors.ts'

export const cliErrorCodes = {
  E_CLI_USAGE: { phase: 'cli', summary: 'the command line is not one that the command understands' },
  E_CLI_FILE: { phase: 'cli', summary: 'the model file cannot be read, or fails while it runs' },
  E_CLI_EXPORT: { phase: 'cli', summary: 'the file has no export of that name' },
  E_CLI_MODEL: { phase: 'cli', summary: 'the export is not a model' },
  E_CLI_SAMPLE: { phase: 'cli', summary: 'the sample of inputs does not fit the model' },
  E_CLI_CHECK: { phase: 'cli', summary: 'the gradient differs from central differences, or there is none to check' },
  E_CLI_DIFF: { phase: 'cli', summary: 'two models or their derivatives differ' },
  E_CLI_REPLAY: { phase: 'cli', summary: 'a record of rewritings does not lead to the simplified model' },
  E_CLI_OUT: { phase: 'cli', summary: 'a file cannot be written' },
} as const satisfies Record<string, ErrorCode>

export type CliCode = keyof typeof cliErrorCodes

export const cliError = (code: CliCode, sentence: string, hint?: string): CliError =>
  nablaError('CliError', code, sentence, { hint })

export const refuseCli = (code: CliCode, sentence: string, hint?: string): Either<CliError, never> =>
  left(cliError(code, sentence, hint))

export const reasonOf = (e: unknown): string => (e instanceof Error ? e.message : String(e))
