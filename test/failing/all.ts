/**
 * All codes, all failing programs. In: the tables. Out: each code's phase, summary and program.
 * Invariant: total by type: a code without a program does not compile, and neither does a program without a code.
 */
import { cliErrorCodes } from '../../cli/codes.ts'
import { dataErrorCodes } from '../../runtime/data/codes.ts'
import { loadErrorCodes, runErrorCodes } from '../../runtime/codes.ts'
import { artifactErrorCodes } from '../../src/artifact/codes.ts'
import { compileErrorCodes, expressionErrorCodes, gradErrorCodes } from '../../src/core/codes.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { artifacts, loads } from './artifacts.ts'
import { commands } from './commands.ts'
import { compiles } from './compile.ts'
import { dataFiles } from './data.ts'
import { expressions } from './expressions.ts'
import { grads } from './grad.ts'
import type { Failing, FailingPrograms } from './program.ts'
import { runs } from './runs.ts'

export interface Known extends ErrorCode {
  readonly code: string
  readonly program: Failing
}

const known = <C extends string>(
  codes: Readonly<Record<C, ErrorCode>>,
  programs: FailingPrograms<C>,
): readonly Known[] => (Object.keys(codes) as C[]).map((code) => ({ ...codes[code], code, program: programs[code] }))

export const allCodes: readonly Known[] = [
  ...known(expressionErrorCodes, expressions),
  ...known(gradErrorCodes, grads),
  ...known(compileErrorCodes, compiles),
  ...known(artifactErrorCodes, artifacts),
  ...known(loadErrorCodes, loads),
  ...known(runErrorCodes, runs),
  ...known(dataErrorCodes, dataFiles),
  ...known(cliErrorCodes, commands),
]
