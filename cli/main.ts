/**
 * The `nabla` command. In: argv. Out: the command's work, and an exit code: 0 all is well, 1 the command failed, 2 the command
 * line itself is wrong.
 * Invariant: the one place that reads argv; commands get values, and give their failures back as errors with codes.
 */
import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import { type PassName, passNames } from '../compiler/pass.ts'
import { derivatives } from '../compiler/typescript.ts'
import type { NablaError } from '../src/core/errors.ts'
import { cliError } from './codes.ts'
import { checkCommand } from './commands/check.ts'
import { compileCommand, type CompileSettings } from './commands/compile.ts'
import { diffCommand } from './commands/diff.ts'
import { inspectCommand, type InspectSettings } from './commands/inspect.ts'
import { showCommand } from './commands/show.ts'
import { formNames } from './forms.ts'
import { processTerminal, reportError, type Terminal } from './terminal.ts'

const versionOf = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string })
    .version

const numberIn =
  (lowest: number, words: string, whole = false) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= lowest) || (whole && !Number.isSafeInteger(value)))
      throw new InvalidArgumentError(`It has to be ${words}.`)
    return value
  }

const passList = (text: string): readonly PassName[] => {
  const names = text.split(',')
  const strange = names.find((n) => !passNames.some((p) => p === n))
  if (strange !== undefined) throw new InvalidArgumentError(`${strange} is none of the passes ${passNames.join(', ')}.`)
  return names as readonly PassName[]
}

/** `step=64,predict=8` */
const queueList = (text: string): Readonly<Record<string, number>> => {
  const parts = text.split(',').map((part) => part.split('='))
  if (parts.some(([name = '', runs = '', ...more]) => name === '' || !/^\d+$/.test(runs) || more.length > 0))
    throw new InvalidArgumentError('It has to name entries and runs, as step=64.')
  return Object.fromEntries(parts.map(([name, runs]) => [name, Number(runs)]))
}

const fileHelp = `
A model is an expression, a step, a record of entries (each an expression, a record of expressions, or a step), or a
function without arguments that returns one. FILE is a TypeScript or JavaScript module; relative paths are those of the
shell. An export \`sample\` of FILE, a record of arrays by name, gives the inputs of \`check\`.`

type Run = () => Promise<Either<NablaError, void>>

/** The commands; whichever the command line names is handed to `run`. */
const commandLine = (terminal: Terminal, run: (command: Run) => void): Command => {
  const program = new Command('nabla')
    .description(
      'A compiler for differentiable programs: TypeScript expressions in, WebAssembly SIMD training steps out.',
    )
    .version(versionOf(), '-V, --version')
    .addHelpText('after', fileHelp)
    .showHelpAfterError('(nabla --help tells more)')
    .exitOverride()
    .configureOutput({
      writeOut: (s) => terminal.out(s.trimEnd()),
      // errors of usage are reported like all others, by `main`
      writeErr: () => undefined,
    })
  const sub = (usage: string, description: string): Command =>
    program.command(usage).description(description).copyInheritedSettings(program)

  sub(
    'inspect <FILE#EXPORT>',
    'the model and its simplified derivatives, as mathematics or in another form; FILE alone takes every exported model',
  )
    .option(
      '--width <columns>',
      'columns of a line without the margin of shapes',
      numberIn(40, 'a number from 40', true),
      88,
    )
    .addOption(new Option('--as <form>', 'what to show').choices(formNames).default('math'))
    .option('--out <file>', 'write to a file instead of the terminal')
    .addOption(
      new Option('--derivative <which>', 'of typescript: what the module holds')
        .choices(derivatives)
        .default('gradient'),
    )
    .option('--wrt <names>', 'of math, typescript and derivation: what to differentiate by', (names) =>
      names.split(','),
    )
    .option('--max-memory <bytes>', 'refuse a model that needs more memory', numberIn(1, 'a number of bytes', true))
    .option('--remat', 'compute values again until that much memory is enough, and show that program', false)
    .option('--rewrites', 'how it was simplified: each rule that fired, in order', false)
    .addOption(new Option('--json <record>', 'write the rewritings to a file').conflicts('replay'))
    .addOption(new Option('--replay <record>', 'apply the steps of a file again, and check that they lead to the same'))
    .action((place: string, o: InspectSettings) => run(() => inspectCommand(place, o, terminal)))

  sub(
    'compile <FILE#EXPORT>',
    'an artifact and its typed wrapper; FILE alone takes the entries of every exported model',
  )
    .requiredOption('--out <DIR>', 'where the files go')
    .addOption(new Option('--target <target>', 'what to emit').choices(['wasm', 'javascript']).default('wasm'))
    .addOption(
      new Option('--simd <simd>', 'relaxed uses fused multiply-add and gives up equal bits in every engine')
        .choices(['plain', 'relaxed'])
        .default('plain'),
    )
    .option('--dump <passes>', `print what passes made: ${passNames.slice(0, -1).join(',')}`, passList, [])
    .option('--checks', 'look at indices and numbers in every run, and name what is at fault', false)
    .option('--certify', 'check the gradients first, and put what was found into the artifact', false)
    .option('--queue <runs>', 'how often entries may run in one call: step=64', queueList, {})
    .option('--threads <n>', 'as many threads as may run it together', numberIn(1, 'a natural number', true), 1)
    .option('--checked', 'check every representation behind the pass that made it', false)
    .option('--max-memory <bytes>', 'refuse an artifact that needs more memory', numberIn(1, 'a number of bytes', true))
    .option('--remat', 'compute values again until that much memory is enough: more work', false)
    .action((place: string, o: CompileSettings) => run(() => compileCommand(place, o, terminal)))

  sub('check <FILE#EXPORT>', 'gradients against central differences in f64')
    .option('--samples <n>', 'coordinates of each variable to look at', numberIn(1, 'a natural number', true), 24)
    .option('--all', 'look at every coordinate', false)
    .option('--tolerance <t>', 'the largest relative error that passes', numberIn(0, 'a number from 0'), 1e-6)
    .option(
      '--seed <n>',
      'draws the parameters, the inputs and the coordinates',
      numberIn(0, 'a natural number', true),
      0,
    )
    .action((place: string, o: { samples: number; all: boolean; tolerance: number; seed: number }) =>
      run(() => checkCommand(place, { ...o, samples: o.all ? Infinity : o.samples }, terminal)),
    )

  sub(
    'diff <A#EXPORT> <B#EXPORT>',
    'what differs between two models: their results and the gradients of these, by name; exit code 1 where something does',
  ).action((a: string, b: string) => run(() => diffCommand(a, b, terminal)))

  sub('show <ARTIFACT>', 'what an artifact says about itself').action((file: string) =>
    run(() => showCommand(file, terminal)),
  )
  return program
}

const usageError = (e: CommanderError): NablaError =>
  cliError('E_CLI_USAGE', e.message.replace(/^error: /, ''), 'nabla --help tells what there is')

/** Runs a command line; the exit code. */
export const main = async (args: readonly string[], terminal: Terminal = processTerminal()): Promise<0 | 1 | 2> => {
  let chosen: Run | undefined
  try {
    const program = commandLine(terminal, (command) => {
      chosen = command
    })
    if (args.length === 0) {
      program.outputHelp()
      return 0
    }
    program.parse(args, { from: 'user' })
  } catch (e) {
    if (!(e instanceof CommanderError)) throw e
    if (e.exitCode === 0) return 0
    reportError(terminal, usageError(e))
    return 2
  }
  if (chosen === undefined) return 0
  const result = await chosen()
  if (!isLeft(result)) return 0
  reportError(terminal, result.left)
  return result.left.code === 'E_CLI_USAGE' ? 2 : 1
}
