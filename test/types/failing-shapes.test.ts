// In: the programs test/failing/shape-*.ts, each fault under a comment that says its words. Out: whether the compiler of
// TypeScript and the run both refuse it, on that line, with those words.
// Invariant: nothing else in these programs, and nothing in test/types, is refused.

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ShapeError } from '../../src/core/errors.ts'

const root = new URL('../..', import.meta.url).pathname
const folder = join(root, 'test/failing')

interface Fault {
  readonly sentence: string
  /** The line of the faulty program. */
  readonly line: number
}

const faultsOf = (text: string): readonly Fault[] =>
  text.split('\n').flatMap((line, i) => {
    const sentence = /^\s*\/\/ expect: (.*)$/.exec(line)?.[1]
    return sentence === undefined ? [] : [{ sentence, line: i + 2 }]
  })

const programs = readdirSync(folder)
  .filter((name) => /^shape-.*\.ts$/.test(name))
  .map((name) => ({ name, faults: faultsOf(readFileSync(join(folder, name), 'utf8')) }))

interface Diagnostic {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** A diagnostic starts with its place; what is indented under it belongs to it. */
const diagnosticsOf = (output: string): readonly Diagnostic[] =>
  output.split(/\n(?=\S)/).flatMap((text) => {
    const place = /^(.*?)\((\d+),\d+\): error /.exec(text)
    return place === null ? [] : [{ file: place[1] as string, line: Number(place[2]), text }]
  })

describe('programs that do not fit', () => {
  let diagnostics: readonly Diagnostic[] = []

  beforeAll(() => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const done = spawnSync(process.execPath, [tsc, '--project', folder, '--pretty', 'false'], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(done.error).toBeUndefined()
    diagnostics = diagnosticsOf(done.stdout)
  })

  test('are refused where they say so and nowhere else', () => {
    const places = programs.flatMap(({ name, faults }) => faults.map((f) => `test/failing/${name}:${f.line}`))
    expect(diagnostics.map((d) => `${d.file}:${d.line}`)).toEqual(places)
  })

  describe.each(programs)('$name', ({ name, faults }) => {
    test.each(faults)('$line, in the editor: $sentence', ({ sentence, line }) => {
      const found = diagnostics.find((d) => d.file === `test/failing/${name}` && d.line === line)
      expect(found?.text).toContain(`"${sentence}"`)
    })

    test.each(faults.map((f, i) => ({ ...f, i })))('$line, run: $sentence', async ({ sentence, line, i }) => {
      const program: { readonly faults: readonly (() => unknown)[] } = await import(join(folder, name))
      const run = program.faults[i]
      const error = (() => {
        try {
          run?.()
        } catch (e) {
          return e
        }
      })()
      expect(error).toBeInstanceOf(ShapeError)
      const { message, source } = error as ShapeError
      expect(message.split(/, operands? | at \//)[0]).toBe(sentence)
      expect(source).toMatchObject({ file: join(folder, name), line })
    })
  })
})
