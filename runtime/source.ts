/**
 * Where artifacts come from. In: bytes, a response or a URL. Out: bytes, or a LoadError.
 * Invariant: no more than `most` bytes are read, whoever sends them.
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { LoadError } from '../src/core/errors.ts'
import { loadError, reasonOf, refuseLoad } from './codes.ts'
import type { JavaScriptArtifact } from './instantiate.ts'

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

type Files = typeof import('node:fs/promises')

/** Node's files, where there are any; the name is put together so that bundlers for pages do not look for it. */
const importFiles = async (name = 'fs/promises'): Promise<Files | undefined> => {
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ `node:${name}`)) as Files
  } catch {
    return undefined
  }
}

const readFile = async (files: Files, url: URL, most: number): Promise<Either<LoadError, Bytes>> => {
  const { size } = await files.stat(url)
  return size > most ? left(tooLong(url.href, most)) : right(new Uint8Array(await files.readFile(url)))
}

/** What a URL names: by fetch, and in Node a `file:` URL from disk. */
export const readUrl = async (url: URL, most: number): Promise<Either<LoadError, Bytes>> => {
  try {
    const files = url.protocol === 'file:' ? await importFiles() : undefined
    return files === undefined ? await readResponse(await fetch(url), most) : await readFile(files, url, most)
  } catch (e) {
    return refuseLoad('E_LOAD_READ', `${url.href} could not be read: ${reasonOf(e)}`)
  }
}

/** The text of an ES module, imported. */
export const importModule = async (text: Uint8Array): Promise<Either<LoadError, JavaScriptArtifact>> => {
  try {
    const url = `data:text/javascript;charset=utf-8,${encodeURIComponent(new TextDecoder().decode(text))}`
    return right((await import(/* @vite-ignore */ /* webpackIgnore: true */ url)) as JavaScriptArtifact)
  } catch (e) {
    return refuseLoad('E_LOAD_MODULE', `the JavaScript module cannot be imported: ${reasonOf(e)}`)
  }
}

/** The bytes themselves, without a copy where they lie in memory that is not shared. */
export const bytesOfBuffer = (source: ArrayBufferView | ArrayBufferLike): Bytes => {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source)
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Bytes) : new Uint8Array(bytes)
}
