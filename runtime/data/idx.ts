// IDX, the format of the MNIST files: a header of big-endian sizes, then the elements, row by row.
// In: the bytes of a file as it lies on disk, plain or gzipped, and its name for messages. Out: a typed-array view with its
// dims, or a DataError that names the file and the numbers.
// Invariant: magic, dims and length are checked against the bytes at hand before anything is allocated for them; a gzipped
// file is never inflated past the length that its own header states.
//
// Source: "The IDX file format", http://yann.lecun.com/exdb/mnist/ (magic 0, 0, element type, number of dims).

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { DataError } from '../../src/core/errors.ts'
import { refuseData } from './codes.ts'

/** The bytes of a file and the name by which messages call it. */
export interface NamedBytes {
  readonly name: string
  readonly bytes: Uint8Array
}

/** An IDX file of unsigned bytes: `data` has as many elements as the product of `dims`, the last dim varying fastest. */
export interface IdxBytes {
  readonly dims: readonly number[]
  readonly data: Uint8Array
}

interface Header {
  readonly dims: readonly number[]
  /** Bytes before the elements. */
  readonly headerLength: number
  /** Bytes of the whole file. */
  readonly length: number
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(' ')

const ubyte = 0x08
const largestHeader = 4 + 4 * 255

/** The header, from the file's first bytes: all of them, or at least `largestHeader`. */
const parseHeader = ({ name, bytes }: NamedBytes): Either<DataError, Header> => {
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== ubyte)
    return refuseData(
      'E_DATA_IDX_MAGIC',
      `${name}: an IDX file of bytes begins with 00 00 08, this one with ${hexOf(bytes.subarray(0, 4)) || 'nothing'}`,
    )
  const rank = bytes[3] ?? 0
  if (rank === 0) return refuseData('E_DATA_IDX_RANK', `${name}: the header states no dims`)
  const headerLength = 4 + 4 * rank
  if (bytes.length < headerLength)
    return refuseData(
      'E_DATA_IDX_LENGTH',
      `${name}: a header of ${rank} dims takes ${headerLength} bytes, the file has ${bytes.length}`,
    )
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerLength)
  const dims = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i))
  const length = dims.reduce((product, dim) => product * dim, 1) + headerLength
  return right({ dims, headerLength, length })
}

const wrongLength = (name: string, { dims, length }: Header, found: string): Either<DataError, never> =>
  refuseData('E_DATA_IDX_LENGTH', `${name}: dims ${dims.join(' x ')} take ${length} bytes, the file has ${found}`)

/** An uncompressed IDX file; `data` is a view of `bytes`, nothing is copied. */
export const parseIdx = (file: NamedBytes): Either<DataError, IdxBytes> => {
  const header = parseHeader(file)
  if (isLeft(header)) return header
  const { dims, headerLength, length } = header.right
  return file.bytes.length === length
    ? right({ dims, data: file.bytes.subarray(headerLength) })
    : wrongLength(file.name, header.right, `${file.bytes.length}`)
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** Deflate cannot shrink by more than this (RFC 1951: 258 bytes for two bits), so no header may promise more. */
const largestRatio = 1032

/** Joins chunks until at least `length` bytes are there or the stream ends. */
const readAtLeast = async (reader: ReadableStreamDefaultReader<Uint8Array>, length: number): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  let size = 0
  while (size < length) {
    const { done, value } = await reader.read()
    if (done) break
    chunks.push(value)
    size += value.length
  }
  const joined = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    joined.set(chunk, at)
    at += chunk.length
  }
  return joined
}

const inflateIdx = async ({ name, bytes }: NamedBytes): Promise<Either<DataError, IdxBytes>> => {
  const inflated = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('gzip'))
  const reader = inflated.getReader()
  try {
    const start = await readAtLeast(reader, largestHeader)
    const header = parseHeader({ name, bytes: start })
    if (isLeft(header)) return header
    const { dims, headerLength, length } = header.right
    // Written so that a product of dims past every number (Infinity, or NaN) is refused as well.
    if (!(length <= bytes.length * largestRatio))
      return wrongLength(name, header.right, `${bytes.length} gzipped, which cannot hold so many`)
    if (start.length > length) return wrongLength(name, header.right, `more than ${length}`)
    const whole = new Uint8Array(length)
    whole.set(start)
    let filled = start.length
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (filled + value.length > length) return wrongLength(name, header.right, `more than ${length}`)
      whole.set(value, filled)
      filled += value.length
    }
    return filled === length
      ? right({ dims, data: whole.subarray(headerLength) })
      : wrongLength(name, header.right, `${filled}`)
  } catch (cause) {
    return refuseData(
      'E_DATA_GZIP',
      `${name}: the gzip stream is damaged (${cause instanceof Error ? cause.message : String(cause)})`,
    )
  } finally {
    // An early refusal leaves the rest of the stream unread; without this it would be inflated for nobody.
    await reader.cancel().catch(() => undefined)
  }
}

/** An IDX file as it lies on disk, gzipped or plain; `DecompressionStream` inflates, in browsers and in Node alike. */
export const readIdx =
  (file: NamedBytes): TaskEither<DataError, IdxBytes> =>
  async () =>
    isGzip(file.bytes) ? inflateIdx(file) : parseIdx(file)
