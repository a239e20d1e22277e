/**
 * Command lines that fail, one a code. In: nothing. Out: programs and their words.
 */
import { type CliCode, cliError } from '../../cli/codes.ts'
import { checkCommand } from '../../cli/commands/check.ts'
import { diffCommand } from '../../cli/commands/diff.ts'
import { inspectCommand } from '../../cli/commands/inspect.ts'
import { main } from '../../cli/main.ts'
import { writeFiles } from '../../cli/files.ts'
import { left } from 'fp-ts/lib/Either.js'
import type { Terminal } from '../../cli/terminal.ts'
import type { FailingPrograms } from './program.ts'

const quiet: Terminal = {
  out: () => undefined,
  err: () => undefined,
  colors: { bold: String, dim: String, red: String, green: String },
}

const network = 'test/cli/fixtures/network.ts'
const badSample = 'test/cli/fixtures/bad-sample.ts'

const inspected = (place: string) => inspectCommand(place, { width: 88 }, quiet)
const checked = (place: string, tolerance = 1e-6) => checkCommand(place, { samples: 2, tolerance, seed: 0 }, quiet)

/** What a whole command line says, as the error that it reported. */
const said = async (...args: readonly string[]) => {
  const lines: string[] = []
  await main(args, { ...quiet, err: (line) => lines.push(line) })
  const [, code = '', sentence = ''] = /^(E_CLI_\w+): (.*)/.exec(lines.join('\n')) ?? []
  return left(cliError(code as CliCode, sentence))
}

export const commands: FailingPrograms<CliCode> = {
  E_CLI_USAGE: { message: "required option '--out <DIR>' not specified", run: () => said('compile', network) },
  E_CLI_FILE: { message: 'there is no file nowhere.ts', run: () => inspected('nowhere.ts#loss') },
  E_CLI_EXPORT: { message: 'test/cli/fixtures/network.ts has no export lost', run: () => inspected(`${network}#lost`) },
  E_CLI_MODEL: {
    message: 'test/cli/fixtures/network.ts#batch is a value of type number',
    run: () => inspected(`${network}#batch`),
  },
  E_CLI_SAMPLE: { message: 'sample.x has 4 elements, x is f32[2,3]', run: () => checked(badSample) },
  E_CLI_CHECK: {
    message: 'test/cli/fixtures/network.ts#logits has no scalar float result, so it has no gradient',
    run: () => checked(`${network}#logits`),
  },
  E_CLI_DIFF: {
    message: '6 of 6 formulas differ',
    run: () => diffCommand(`${network}#loss`, `${network}#logits`, quiet),
  },
  E_CLI_REPLAY: {
    message: 'package.json.name: expected no key but rewrites, models, found "nabla"',
    run: () => inspectCommand(`${network}#loss`, { width: 88, replay: 'package.json' }, quiet),
  },
  E_CLI_OUT: {
    message:
      "test/cli/fixtures/network.ts/out cannot be written to: ENOTDIR: not a directory, mkdir 'test/cli/fixtures/network.ts/out'",
    run: () => writeFiles(`${network}/out`, [{ name: 'model.wasm', content: '' }]),
  },
}
