/**
 * docs/errors.md: every code as a page. In: the tables of codes, and a failing program each. Out: what each code means, and
 * what it says. Invariant: nothing is said here that the tables and the programs do not say; each phase has a heading.
 */
import type { ErrorCode } from '../../src/core/errors.ts'
import { allCodes } from '../../test/failing/all.ts'
import { code, type Page, table } from './page.ts'

type Phase = ErrorCode['phase']

const phases: Readonly<Record<Phase, readonly [title: string, words: string]>> = {
  expression: [
    'Building expressions',
    'Thrown as a `ShapeError` by the constructors. Where extents and dtypes are literals, the type checker says the same before anything runs.',
  ],
  grad: ['Differentiating', 'Thrown as a `ShapeError` by `grad`, `vjp`, `jvp`, `vmap` and what is built on them.'],
  compile: ['Compiling', 'The `Left` of `compile`.'],
  load: ['Loading and restoring', 'The `Left` of `load`, and of `restore` for a checkpoint.'],
  run: ['Running', 'The `Left` of `call`, `run`, `initialize` and `train`.'],
  data: ['Reading data', 'The `Left` of the data readers.'],
  cli: [
    'On the command line',
    'Printed by `nabla`, as `CODE: sentence` on standard error, with exit code 1; `E_CLI_USAGE` with 2.',
  ],
}

const section = (phase: Phase): string => {
  const [title, words] = phases[phase]
  const rows = allCodes
    .filter((k) => k.phase === phase)
    .map(({ code: name, summary, program }) => [code(name), summary, code(program.message)])
  return `## ${title}\n\n${words}\n\n${table(['code', 'what is wrong', 'what it says, for example'], rows)}`
}

const head = `Whatever a user can cause has a stable code, a sentence, and often a hint. A sentence names the operands, the axis and,
where an expression is wrong, the file and line of the model; these places are left out below. The sentences are those of the
failing programs in \`test/failing\`, which run as tests. A broken invariant of Nabla's own is an \`InternalError\` and has no
code.`

export const errorsPage: Page = {
  file: 'errors.md',
  title: 'Errors',
  body: () => [head, ...(Object.keys(phases) as Phase[]).map(section)].join('\n\n'),
}
