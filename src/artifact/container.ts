/**
 * The artifact as a file: a WebAssembly module whose first section is the custom section `nabla`.
 * In: a module and its manifest, or the bytes of a file. Out: the file, or the manifest and module, or a LoadError.
 * Invariant: what `readArtifact` gives has the length and the digest that `attachManifest` wrote, and its module
 * allocates no more than its manifest states.
 *
 * The section's content: schema (u32), length of the whole file (u32), digest (16 bytes), manifest (JSON, UTF-8); numbers
 * are little-endian. The digest is that of every byte after it, seeded with the length of the JSON; what stands before it
 * is checked by equality. The section comes first so that a file cut anywhere still knows how long it was.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { InternalError, type LoadError } from '../core/errors.ts'
import { parseJson } from './codec.ts'
import { refuse } from './codes.ts'
import { DIGEST_BYTES, digestOf, equalBytes } from './digest.ts'
import { decodeManifest, encodeManifest, MANIFEST_SCHEMA, refuseNewerSchema } from './manifest.ts'
import {
  checkPreamble,
  checkSections,
  customName,
  readSection,
  readSections,
  type Section,
  unsignedBytes,
  wasmPreamble,
} from './sections.ts'
import { defaultLimits, type Limits, type Manifest } from './types.ts'

/** The name of the custom section. */
export const SECTION_NAME = 'nabla'

/** Schema, length and digest, ahead of the JSON. */
const PREFIX_BYTES = 8 + DIGEST_BYTES

/** Most bytes of a manifest's JSON; one of 10,000 ports takes under 2 MiB. */
const mostManifestBytes = 2 ** 23

const isNabla = (bytes: Uint8Array, section: Section): boolean => customName(bytes, section)?.name === SECTION_NAME

/** The module without any section of ours: what a compiler made, or an older manifest's file. */
export const bareModule = (wasm: Uint8Array): readonly Uint8Array[] => {
  const sections = readSections(wasm)
  if (isLeft(sections)) throw new InternalError(`attachManifest: ${sections.left.message}`)
  return sections.right.filter((s) => !isNabla(wasm, s)).map((s) => wasm.subarray(s.start, s.end))
}

const joined = (parts: readonly (Uint8Array | readonly number[])[]): Uint8Array => {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** The artifact: `wasm` with `manifest` in its first section, in place of one that it may have had. */
export const attachManifest = (wasm: Uint8Array, manifest: Manifest): Uint8Array => {
  const name = new TextEncoder().encode(SECTION_NAME)
  const json = new TextEncoder().encode(encodeManifest(manifest))
  const body = [unsignedBytes(name.length), name, new Uint8Array(PREFIX_BYTES), json]
  const size = body.reduce((n, part) => n + part.length, 0)
  const head = joined([wasmPreamble, [0], unsignedBytes(size), ...body])
  const file = joined([head, ...bareModule(wasm)])
  const prefix = head.length - json.length - PREFIX_BYTES
  const view = new DataView(file.buffer, prefix)
  view.setUint32(0, MANIFEST_SCHEMA, true)
  view.setUint32(4, file.length, true)
  file.set(digestOf(file.subarray(prefix + PREFIX_BYTES), json.length), prefix + 8)
  return file
}

/** Where an artifact's digest stands and what it is of, for code that is generated for this one artifact. */
export interface ManifestPlace {
  readonly digest: Uint8Array
  /** The digest is that of all bytes from here on, with this seed. */
  readonly digestFrom: number
  readonly digestSeed: number
}

/** The place in an artifact that `attachManifest` made. */
export const readManifestPlace = (artifact: Uint8Array): ManifestPlace => {
  const own = ownSection(artifact)
  if (isLeft(own)) throw new InternalError(`readManifestPlace: ${own.left.message}`)
  const { prefix, end } = own.right
  const digestFrom = prefix + PREFIX_BYTES
  return { digest: artifact.subarray(prefix + 8, digestFrom), digestFrom, digestSeed: end - digestFrom }
}

/** The manifest of a section's content, once its digest is known to be right or cannot be known. */
const decodeJson = (json: Uint8Array, limits: Limits): Either<LoadError, Manifest> => {
  if (json.length > mostManifestBytes)
    return refuse('E_ARTIFACT_MANIFEST', `the manifest has ${json.length} bytes, at most ${mostManifestBytes} are read`)
  const parsed = parseJson(json, 'manifest')
  return isLeft(parsed) ? refuse('E_ARTIFACT_MANIFEST', parsed.left) : decodeManifest(parsed.right, limits)
}

const tooShort = (found: number): Either<LoadError, never> =>
  refuse('E_ARTIFACT_MANIFEST', `the section ${SECTION_NAME} has ${found} bytes, at least ${PREFIX_BYTES} are needed`)

/**
 * The manifest in the content of a module's section `nabla`, as `WebAssembly.Module.customSections` gives it. The digest
 * cannot be checked here: it covers the code, which the engine no longer shows.
 */
export const readManifestSection = (
  content: Uint8Array,
  limits: Limits = defaultLimits,
): Either<LoadError, Manifest> => {
  if (content.length < PREFIX_BYTES) return tooShort(content.length)
  const schema = new DataView(content.buffer, content.byteOffset).getUint32(0, true)
  if (schema > MANIFEST_SCHEMA) return refuseNewerSchema(schema)
  return decodeJson(content.subarray(PREFIX_BYTES), limits)
}

/** The place of the first section's content, where that section is ours. */
const ownSection = (bytes: Uint8Array): Either<LoadError, { readonly prefix: number; readonly end: number }> => {
  const preamble = checkPreamble(bytes)
  if (isLeft(preamble)) return preamble
  const first = readSection(bytes, wasmPreamble.length)
  if (isLeft(first)) return first
  const custom = customName(bytes, first.right)
  if (custom?.name === SECTION_NAME) return right({ prefix: custom.next, end: first.right.end })
  const sections = readSections(bytes)
  return !isLeft(sections) && sections.right.some((s) => isNabla(bytes, s))
    ? refuse('E_ARTIFACT_DIGEST', 'the artifact was rewritten by another tool: its manifest is not the first section')
    : refuse('E_ARTIFACT_NO_MANIFEST', `the WebAssembly module has no section ${SECTION_NAME}: it is not an artifact`)
}

const checkDigest = (bytes: Uint8Array, prefix: number, end: number): Either<LoadError, void> => {
  const hint = 'copy or download it again, or compile it again'
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const length = view.getUint32(prefix + 4, true)
  if (bytes.length < length)
    return refuse('E_ARTIFACT_TRUNCATED', `the artifact is truncated: ${bytes.length} of ${length} bytes`, hint)
  const json = prefix + PREFIX_BYTES
  const same =
    bytes.length === length &&
    view.getUint32(prefix, true) === MANIFEST_SCHEMA &&
    equalBytes(bytes.subarray(prefix + 8, json), digestOf(bytes.subarray(json), end - json))
  return same
    ? right(undefined)
    : refuse('E_ARTIFACT_DIGEST', 'the artifact was altered: its digest is not that of its bytes', hint)
}

/**
 * Reads an artifact and checks all of it: length, digest, schema, manifest, limits, and that the module is as the manifest
 * says. Nothing is copied: `wasm` is `bytes`, since engines skip the section. Errors: every `E_ARTIFACT_…`, and
 * `E_MEMORY_LIMIT`.
 */
export const readArtifact = (
  bytes: Uint8Array,
  limits: Limits = defaultLimits,
): Either<LoadError, { readonly manifest: Manifest; readonly wasm: Uint8Array }> => {
  const own = ownSection(bytes)
  if (isLeft(own)) return own
  const { prefix, end } = own.right
  if (end - prefix < PREFIX_BYTES) return tooShort(end - prefix)
  const schema = new DataView(bytes.buffer, bytes.byteOffset).getUint32(prefix, true)
  if (schema > MANIFEST_SCHEMA) return refuseNewerSchema(schema)
  const whole = checkDigest(bytes, prefix, end)
  if (isLeft(whole)) return whole
  const manifest = decodeJson(bytes.subarray(prefix + PREFIX_BYTES, end), limits)
  if (isLeft(manifest)) return manifest
  if (manifest.right.target !== 'wasm')
    return refuse(
      'E_ARTIFACT_LAYOUT',
      `the manifest of a WebAssembly module states the target ${manifest.right.target}`,
    )
  const sections = readSections(bytes)
  if (isLeft(sections)) return sections
  const checked = checkSections(bytes, sections.right, manifest.right.memoryBytes, manifest.right.threads !== undefined)
  return isLeft(checked) ? checked : right({ manifest: manifest.right, wasm: bytes })
}
