/**
 * Checkpoints: parameters and states as a file.
 * In: named tensors, or the bytes of a file. Out: the file, or the tensors as views of it, or a LoadError.
 * Invariant: nothing is decoded element by element; length, digest and header are checked before any view is made.
 *
 * The file: `nblw`, schema (u32), length of the whole file (u32), length of the header (u32, a multiple of 16), digest of
 * all that follows (16 bytes, seeded with the header's length), header (JSON, UTF-8, padded with spaces), then the
 * tensors, each at a multiple of 16. Numbers and elements are little-endian.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import type { LoadError } from '../core/errors.ts'
import { showType, sizeOf, type TensorType } from '../core/shape.ts'
import { closed, decodeAs, list, oneOf, parseJson } from './codec.ts'
import { refuse } from './codes.ts'
import { DIGEST_BYTES, digestOf, equalBytes } from './digest.ts'
import { dtypeCodec, nameCodec, offsetCodec, portBytes, shapeCodec } from './manifest.ts'
import { type View, viewOf } from './types.ts'

/** The schema that this version writes, and the newest that it reads. */
const WEIGHTS_SCHEMA = 1

const magic = [0x6e, 0x62, 0x6c, 0x77] as const
const PREFIX_BYTES = 16 + DIGEST_BYTES

const headerCodec = closed({
  tensors: list(
    closed({
      kind: oneOf('param', 'state'),
      name: nameCodec,
      dtype: dtypeCodec,
      shape: shapeCodec,
      offset: offsetCodec,
    }),
    20_000,
  ),
})

/** Most bytes of a header. */
const mostHeaderBytes = 2 ** 23

/** A parameter or state with its elements, row-major. */
export interface WeightTensor extends TensorType {
  readonly kind: 'param' | 'state'
  readonly name: string
  readonly data: View
}

const aligned = (bytes: number): number => Math.ceil(bytes / 16) * 16

/** The checkpoint of these tensors. The elements are copied; the file keeps nothing of the program's memory. */
export const encodeWeights = (tensors: readonly WeightTensor[]): Uint8Array => {
  let dataBytes = 0
  const placed = tensors.map(({ kind, name, dtype, shape }) => {
    const offset = dataBytes
    dataBytes = offset + aligned(portBytes({ dtype, shape }))
    return { kind, name, dtype, shape, offset }
  })
  const json = new TextEncoder().encode(JSON.stringify(headerCodec.encode({ tensors: placed })))
  const headerBytes = aligned(json.length)
  const dataStart = PREFIX_BYTES + headerBytes
  const file = new Uint8Array(dataStart + dataBytes)
  file.set(magic)
  const view = new DataView(file.buffer)
  view.setUint32(4, WEIGHTS_SCHEMA, true)
  view.setUint32(8, file.length, true)
  view.setUint32(12, headerBytes, true)
  file.set(json, PREFIX_BYTES)
  file.fill(0x20, PREFIX_BYTES + json.length, dataStart)
  tensors.forEach(({ data }, i) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    file.set(bytes, dataStart + (placed[i]?.offset as number))
  })
  file.set(digestOf(file.subarray(PREFIX_BYTES), headerBytes), 16)
  return file
}

/** Checks all that stands ahead of the header; gives the header's length. */
const checkPrefix = (bytes: Uint8Array): Either<LoadError, number> => {
  if (magic.some((byte, i) => i < bytes.length && bytes[i] !== byte))
    return refuse('E_WEIGHTS_FORMAT', 'the bytes do not begin as a checkpoint does (6e 62 6c 77)')
  const cut = (found: string) => refuse('E_WEIGHTS_TRUNCATED', `the checkpoint is truncated: ${found}`)
  if (bytes.length < PREFIX_BYTES) return cut(`it has ${bytes.length} bytes, at least ${PREFIX_BYTES} are needed`)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const schema = view.getUint32(4, true)
  if (schema > WEIGHTS_SCHEMA)
    return refuse(
      'E_WEIGHTS_SCHEMA_NEWER',
      `the checkpoint has schema ${schema}, this version reads up to ${WEIGHTS_SCHEMA}`,
    )
  const length = view.getUint32(8, true)
  if (bytes.length < length) return cut(`${bytes.length} of ${length} bytes`)
  const headerBytes = view.getUint32(12, true)
  const same =
    schema === WEIGHTS_SCHEMA &&
    bytes.length === length &&
    equalBytes(bytes.subarray(16, PREFIX_BYTES), digestOf(bytes.subarray(PREFIX_BYTES), headerBytes))
  return same
    ? right(headerBytes)
    : refuse('E_WEIGHTS_DIGEST', 'the checkpoint was altered: its digest is not that of its bytes')
}

/** What is wrong with the places of the tensors, if anything. */
const placesFault = (
  tensors: readonly (TensorType & { readonly kind: string; readonly name: string; readonly offset: number })[],
  dataBytes: number,
): string | undefined => {
  const names = new Set<string>()
  for (const tensor of tensors) {
    const its = `${tensor.kind} ${tensor.name} (${showType(tensor)})`
    const key = `${tensor.kind} ${tensor.name}`
    if (names.has(key)) return `${its} occurs twice`
    names.add(key)
    if (tensor.offset % 16 !== 0) return `${its} lies at ${tensor.offset}, not a multiple of 16`
    const end = tensor.offset + portBytes(tensor)
    if (end > dataBytes) return `${its} ends at byte ${end} of the data, which has ${dataBytes}`
  }
  return undefined
}

/**
 * The tensors of a checkpoint, as views of `bytes` (of a copy where `bytes` begins at an address that is not a multiple
 * of 8). Errors: `E_WEIGHTS_FORMAT`, `E_WEIGHTS_TRUNCATED`, `E_WEIGHTS_DIGEST`, `E_WEIGHTS_SCHEMA_NEWER`.
 */
export const decodeWeights = (bytes: Uint8Array): Either<LoadError, readonly WeightTensor[]> => {
  const prefix = checkPrefix(bytes)
  if (isLeft(prefix)) return prefix
  const headerBytes = prefix.right
  const dataBytes = bytes.length - PREFIX_BYTES - headerBytes
  if (headerBytes % 16 !== 0 || headerBytes > mostHeaderBytes || dataBytes < 0)
    return refuse('E_WEIGHTS_FORMAT', `a header of ${headerBytes} bytes cannot be`)
  const json = parseJson(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headerBytes), 'header')
  const header = isLeft(json) ? json : decodeAs(headerCodec, 'header', json.right)
  if (isLeft(header)) return refuse('E_WEIGHTS_FORMAT', header.left)
  const fault = placesFault(header.right.tensors, dataBytes)
  if (fault !== undefined) return refuse('E_WEIGHTS_FORMAT', fault)
  const source = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  const start = source.byteOffset + PREFIX_BYTES + headerBytes
  return right(
    header.right.tensors.map(({ kind, name, dtype, shape, offset }) => ({
      kind,
      name,
      dtype,
      shape,
      data: viewOf(source.buffer, dtype, start + offset, sizeOf(shape)),
    })),
  )
}
