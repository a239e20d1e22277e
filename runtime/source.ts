/**
 * Where artifacts come from. In: bytes, a response or a URL. Out: bytes, or a LoadError.
 * Invariant: no more than `most` bytes are read, whoever sends them.
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { LoadError } from '../src/core/errors.ts'
import { loadError, reasonOf, refuseLoad } from './codes.ts'

type Bytes = Uint8Array<ArrayBuffer>

const tooLong = (what: string, most: number): LoadError =>
  loadError('E_LOAD_READ', `${what} is longer than the memory limit of ${most} bytes`, 'raise memoryLimit')

const concat = (chunks: readonly Uint8Array[], length: number): Bytes => {
  const out = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.length
  }
  return out
}

const readBody = async (
  what: string,
  body: ReadableStream<Uint8Array>,
  most: number,
): Promise<Either<LoadError, Bytes>> => {
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return right(concat(chunks, length))
    length += value.length
    if (length > most) {
      await reader.cancel()
      return left(tooLong(what, most))
    }
    chunks.push(value)
  }
}

/** The body of a response, where its status is one of success. */
export const readResponse = async (response: Response, most: number): Promise<Either<LoadError, Bytes>> => {
  const what = response.url === '' ? 'the response' : response.url
  if (!response.ok) return refuseLoad('E_LOAD_READ', `${what} was answered with status ${response.status}`)
  if (response.bodyUsed || response.body === null) return refuseLoad('E_LOAD_READ', `${what} has no body left to read`)
  try {
    return await readBody(what, response.body, most)
  } catch (e) {
    return refuseLoad('E_LOAD_READ', `${what} could not be read: ${reasonOf(e)}`)
  }
}

/** Behind a function, so that bundlers for browsers do not look for the module. */
const importNode = async (name: string): Promise<typeof import('node:fs/promises')> =>
  import(/* @vite-ignore */ /* webpackIgnore: true */ `node:${name}`)

const readFile = async (url: URL, most: number): Promise<Either<LoadError, Bytes>> => {
  const fs = await importNode('fs/promises')
  const { size } = await fs.stat(url)
  return size > most ? left(tooLong(url.href, most)) : right(new Uint8Array(await fs.readFile(url)))
}

const isNode = (): boolean => typeof process !== 'undefined' && process.versions?.node !== undefined

/** What a URL names: by fetch, and in Node a `file:` URL from disk. */
export const readUrl = async (url: URL, most: number): Promise<Either<LoadError, Bytes>> => {
  try {
    return url.protocol === 'file:' && isNode() ? await readFile(url, most) : await readResponse(await fetch(url), most)
  } catch (e) {
    return refuseLoad('E_LOAD_READ', `${url.href} could not be read: ${reasonOf(e)}`)
  }
}

/** The bytes themselves, without a copy where they lie in memory that is not shared. */
export const bytesOfBuffer = (source: ArrayBufferView | ArrayBufferLike): Bytes => {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source)
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Bytes) : new Uint8Array(bytes)
}
