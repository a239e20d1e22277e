// y = x·x → (y, dy) = (x·x, 2·x·dx): the project in one line.

import { grad, compile, print } from 'nabla/compiler'
import { mul } from 'nabla'
import { check, heading, indent, type Log, runAsMain } from '../shared/report.ts'
import { orThrow, start } from '../shared/start.ts'
import { dx, dy, x, y } from './model.ts'

/** The functions of a JavaScript artifact that compute something. */
const kernelsOf = (source: string): string =>
  source
    .split('\n\n')
    .filter((part) => part.startsWith('// kernel'))
    .join('\n\n')

export const run = async (log: Log) => {
  log(heading('Computation graphs: a derivative is a program too'))
  log('  slide      y = x * x   —codegen→   (y, dy) = (x * x, 2 * x * dx)')
  const line = `y = ${print(y)}   →   (y, dy) = (${print(y)}, ${print(dy)})`
  log(`  generated  ${line}\n`)
  check(log, 'dy is the expression 2 · x · dx', dy === mul(mul(2, x), dx))
  check(log, 'backwards too: dy/dx is 2 · x', grad(y, x) === mul(2, x))

  log(heading('As source'))
  const artifact = orThrow(await compile({ square: { y, dy } }, { target: 'javascript' }))
  const source = kernelsOf(new TextDecoder().decode(artifact.bytes))
  log(indent(source))

  log(heading('As WebAssembly'))
  const { entries } = await start({ square: { y, dy } })
  const at = orThrow(entries.square.call({ x: 3, dx: 0.5 }))
  const found = [at.y[0], at.dy[0]]
  log(`  x = 3, dx = 0.5   (y, dy) = (${found.join(', ')})`)
  check(log, 'it is 9, and moves by 3', found[0] === 9 && found[1] === 3)
  return { line, source, found }
}

await runAsMain(import.meta.url, run)
