/**
 * What the readers of artifacts and checkpoints can refuse.
 * In: a code and a sentence. Out: a LoadError. Invariant: every code that src/artifact gives is listed here.
 */
import { type Either, left } from 'fp-ts/lib/Either.js'
import { type ErrorCode, type LoadError, nablaError } from '../core/errors.ts'

export const artifactErrorCodes = {
  E_ARTIFACT_NOT_WASM: { phase: 'load', summary: 'the bytes do not begin as a WebAssembly module does' },
  E_ARTIFACT_NO_MANIFEST: { phase: 'load', summary: 'the WebAssembly module is not one that Nabla compiled' },
  E_ARTIFACT_TRUNCATED: { phase: 'load', summary: 'the artifact ends before its end' },
  E_ARTIFACT_DIGEST: { phase: 'load', summary: 'the artifact was altered after it was compiled' },
  E_ARTIFACT_SCHEMA_NEWER: {
    phase: 'load',
    summary: 'the artifact was made by a newer compiler than this runtime knows',
  },
  E_ARTIFACT_MANIFEST: { phase: 'load', summary: 'the manifest does not have the form that its schema demands' },
  E_ARTIFACT_LAYOUT: { phase: 'load', summary: 'the manifest contradicts itself: a name, size or offset cannot be' },
  E_ARTIFACT_CODE: { phase: 'load', summary: 'the code of the artifact is not what its manifest says, or not valid' },
  E_MEMORY_LIMIT: { phase: 'load', summary: 'the program asks for more memory than is allowed or can be had' },
  E_WEIGHTS_FORMAT: { phase: 'load', summary: 'the bytes are not a checkpoint, or its header is malformed' },
  E_WEIGHTS_TRUNCATED: { phase: 'load', summary: 'the checkpoint ends before its end' },
  E_WEIGHTS_DIGEST: { phase: 'load', summary: 'the checkpoint was altered after it was saved' },
  E_WEIGHTS_SCHEMA_NEWER: {
    phase: 'load',
    summary: 'the checkpoint was saved by a newer version than this runtime knows',
  },
  E_WEIGHTS_MISSING: { phase: 'load', summary: 'the checkpoint lacks a parameter or state of the program' },
  E_WEIGHTS_SURPLUS: { phase: 'load', summary: 'the checkpoint holds a parameter that the program does not have' },
  E_WEIGHTS_TYPE: { phase: 'load', summary: 'a tensor of the checkpoint has another dtype or shape in the program' },
} as const satisfies Record<string, ErrorCode>

export const refuse = (
  code: keyof typeof artifactErrorCodes,
  sentence: string,
  hint?: string,
): Either<LoadError, never> => left(nablaError('LoadError', code, sentence, { hint }))
