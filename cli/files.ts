/**
 * Writing files as one act. In: a folder and the files' contents. Out: all of them in place, or an error and nothing changed.
 * Invariant: a reader never sees half a file: each is written beside its place and then moved there.
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Either, right } from 'fp-ts/lib/Either.js'
import type { CliError } from '../src/core/errors.ts'
import { reasonOf, refuseCli } from './codes.ts'

export interface OutputFile {
  readonly name: string
  readonly content: string | Uint8Array
}

export const writeFiles = async (folder: string, files: readonly OutputFile[]): Promise<Either<CliError, void>> => {
  const places = files.map((f) => ({
    ...f,
    beside: join(folder, `.${f.name}.${process.pid}`),
    place: join(folder, f.name),
  }))
  try {
    await mkdir(folder, { recursive: true })
    for (const f of places) await writeFile(f.beside, f.content)
    for (const f of places) await rename(f.beside, f.place)
    return right(undefined)
  } catch (e) {
    await Promise.all(places.map((f) => rm(f.beside, { force: true }).catch(() => undefined)))
    return refuseCli('E_CLI_OUT', `${folder} cannot be written to: ${reasonOf(e)}`)
  }
}
