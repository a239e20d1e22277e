/**
 * How models are simplified, as a file. In: records of rewritings, or a file's text. Out: JSON, or the records.
 * Invariant: what is read is wholly known: every key, every kind, or a sentence that says which is not.
 */
import { readFile } from 'node:fs/promises'
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { RewrittenProgram } from '../compiler/rewrites.ts'
import { closed, decodeAs, list, oneOf, parseJson, text, whole } from '../src/artifact/codec.ts'
import type { NablaError } from '../src/core/errors.ts'
import { reasonOf, refuseCli } from './codes.ts'

/** The record of one model: `FILE#EXPORT`, and what became of its programs. */
export interface RecordedModel {
  readonly place: string
  readonly programs: readonly RewrittenProgram[]
}

const version = 1
const digest = text(16)
const many = 1_000_000

const rewrite = closed(
  {
    rule: text(100),
    at: digest,
    becomes: digest,
    alone: list(t.boolean, many),
    opens: t.boolean,
    label: oneOf('always', 'zeroSign', 'refines', 'finite', 'reassociates'),
    law: text(400),
    before: t.string,
    after: t.string,
  },
  { source: text(400) },
)

const program = closed({
  title: text(400),
  before: t.string,
  after: t.string,
  from: list(digest, many),
  to: list(digest, many),
  steps: list(rewrite, many),
})

const codec = closed({
  rewrites: whole(version, version),
  models: list(closed({ place: text(1000), programs: list(program, many) }), many),
})

export const rewritesJson = (models: readonly RecordedModel[]): string =>
  JSON.stringify({ rewrites: version, models }, null, 2)

export const readRewrites = async (file: string): Promise<Either<NablaError, readonly RecordedModel[]>> => {
  const bytes = await readFile(file).catch((e: unknown) => reasonOf(e))
  if (typeof bytes === 'string') return refuseCli('E_CLI_FILE', `${file} cannot be read: ${bytes}`)
  const json = parseJson(bytes, file)
  if (isLeft(json)) return refuseCli('E_CLI_REPLAY', json.left)
  const decoded = decodeAs(codec, file, json.right)
  return isLeft(decoded) ? refuseCli('E_CLI_REPLAY', decoded.left) : right(decoded.right.models)
}
