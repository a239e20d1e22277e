/**
 * The outer form of a WebAssembly module: its sections, as far as they say what the engine would allocate or run.
 * In: bytes. Out: the sections' places, or a LoadError. Invariant: no byte outside `bytes` is read, and the number of
 * sections is bounded, whatever the bytes are.
 *
 * Source: WebAssembly Core Specification 2.0, section 5.5 (modules) and 5.2.2 (LEB128 integers).
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import type { LoadError } from '../core/errors.ts'
import { refuse } from './codes.ts'

/** `\0asm`, version 1. */
export const wasmPreamble: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

const PAGE_BYTES = 65_536

const CUSTOM = 0
const IMPORT = 2
const MEMORY = 5

/** custom, type, function, memory, global, export, code, data, data count: what an artifact is made of. */
const expectedSections: readonly number[] = [CUSTOM, 1, 3, MEMORY, 6, 7, 10, 11, 12]
const sectionNames = ['', 'type', 'import', 'function', 'table', 'memory', 'global', 'export', 'start', 'element']

const mostSections = 1000

export interface Section {
  readonly id: number
  /** Where its id stands. */
  readonly start: number
  /** Its content, from `body` up to `end`. */
  readonly body: number
  readonly end: number
}

interface Read {
  readonly value: number
  readonly next: number
}

/** An unsigned LEB128 integer of 32 bits before `end`; undefined where the bytes are none. */
export const readUnsigned = (bytes: Uint8Array, at: number, end: number): Read | undefined => {
  let value = 0
  for (let i = 0; i < 5 && at + i < end; i++) {
    const byte = bytes[at + i] as number
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return value < 2 ** 32 ? { value, next: at + i + 1 } : undefined
  }
  return undefined
}

/** The LEB128 form of an unsigned integer of 32 bits. */
export const unsignedBytes = (value: number): readonly number[] =>
  value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...unsignedBytes(Math.floor(value / 0x80))]

const truncated = (found: string): Either<LoadError, never> =>
  refuse('E_ARTIFACT_TRUNCATED', `the artifact is truncated: ${found}`, 'copy or download it again')

/** The section that begins at `at`. */
export const readSection = (bytes: Uint8Array, at: number): Either<LoadError, Section> => {
  const size = readUnsigned(bytes, at + 1, bytes.length)
  if (size === undefined) return truncated(`at byte ${at} a section's size should follow, the file has ${bytes.length}`)
  const end = size.next + size.value
  if (end > bytes.length) return truncated(`a section should end at byte ${end}, the file has ${bytes.length}`)
  return right({ id: bytes[at] as number, start: at, body: size.next, end })
}

/** Checks the eight bytes that every WebAssembly module begins with. */
export const checkPreamble = (bytes: Uint8Array): Either<LoadError, void> => {
  if (wasmPreamble.some((byte, i) => i < bytes.length && bytes[i] !== byte))
    return refuse(
      'E_ARTIFACT_NOT_WASM',
      'the bytes do not begin as a WebAssembly module does (00 61 73 6d 01 00 00 00)',
    )
  return bytes.length < wasmPreamble.length ? truncated(`the file has ${bytes.length} bytes`) : right(undefined)
}

/** All sections of a module, in order. */
export const readSections = (bytes: Uint8Array): Either<LoadError, readonly Section[]> => {
  const preamble = checkPreamble(bytes)
  if (isLeft(preamble)) return preamble
  const sections: Section[] = []
  for (let at = wasmPreamble.length; at < bytes.length; ) {
    const section = readSection(bytes, at)
    if (isLeft(section)) return section
    if (sections.length === mostSections)
      return refuse('E_ARTIFACT_CODE', `the module has more than ${mostSections} sections`)
    sections.push(section.right)
    at = section.right.end
  }
  return right(sections)
}

/** The name of a custom section and where its content begins, if `section` is one. */
export const customName = (
  bytes: Uint8Array,
  section: Section,
): { readonly name: string; readonly next: number } | undefined => {
  if (section.id !== CUSTOM) return undefined
  const length = readUnsigned(bytes, section.body, section.end)
  if (length === undefined || length.value > 100 || length.next + length.value > section.end) return undefined
  const next = length.next + length.value
  return { name: new TextDecoder().decode(bytes.subarray(length.next, next)), next }
}

interface Pages {
  readonly min: number
  readonly max: number
  /** What comes behind them. */
  readonly next: number
}

/** Limits of this kind: 0x01 is bounded, 0x03 bounded and shared. */
const limitsAt = (bytes: Uint8Array, at: number, end: number, kind: number): Pages | undefined => {
  const min = bytes[at] === kind ? readUnsigned(bytes, at + 1, end) : undefined
  const max = min && readUnsigned(bytes, min.next, end)
  return min && max && { min: min.value, max: max.value, next: max.next }
}

/** Minimum and maximum pages of the module's one memory, where it has exactly one, bounded and not shared. */
const memoryPages = (bytes: Uint8Array, { body, end }: Section): Pages | undefined => {
  const count = readUnsigned(bytes, body, end)
  const pages = count?.value === 1 ? limitsAt(bytes, count.next, end, 0x01) : undefined
  return pages?.next === end ? pages : undefined
}

/**
 * The same of a module for threads, which imports its one memory, bounded and shared, and behind it one function; from where,
 * the engine itself asks.
 */
const sharedPages = (bytes: Uint8Array, { body, end }: Section): Pages | undefined => {
  /** Behind the two names of an import, where it is of this kind. */
  const ofKind = (at: number, kind: number): number | undefined => {
    const from = readUnsigned(bytes, at, end)
    const name = from && readUnsigned(bytes, from.next + from.value, end)
    const next = name && name.next + name.value
    return next !== undefined && bytes[next] === kind ? next + 1 : undefined
  }
  const count = readUnsigned(bytes, body, end)
  const memory = count?.value === 2 ? ofKind(count.next, 0x02) : undefined
  const pages = memory === undefined ? undefined : limitsAt(bytes, memory, end, 0x03)
  const wake = pages && ofKind(pages.next, 0x00)
  const type = wake === undefined ? undefined : readUnsigned(bytes, wake, end)
  return type?.next === end ? pages : undefined
}

/**
 * Checks that a module will allocate what its manifest states and nothing else, and that it runs nothing by itself: one
 * memory of exactly the pages that `memoryBytes` needs, which cannot grow; no table or start function. It imports nothing,
 * or, where it is for `threads`, that memory and one function.
 */
export const checkSections = (
  bytes: Uint8Array,
  sections: readonly Section[],
  memoryBytes: number,
  threads = false,
): Either<LoadError, void> => {
  const home = threads ? IMPORT : MEMORY
  const stranger = sections.find((s) => s.id !== home && (s.id === MEMORY || !expectedSections.includes(s.id)))
  if (stranger !== undefined)
    return refuse(
      'E_ARTIFACT_CODE',
      `an artifact has no ${sectionNames[stranger.id] ?? `${stranger.id}th`} section, this one has`,
    )
  const memories = sections.filter((s) => s.id === home)
  const [memory] = memories
  const pages = memory && memories.length === 1 ? (threads ? sharedPages : memoryPages)(bytes, memory) : undefined
  const needed = Math.ceil(memoryBytes / PAGE_BYTES)
  return pages?.min === needed && pages.max === needed
    ? right(undefined)
    : refuse(
        'E_ARTIFACT_CODE',
        `the manifest states ${memoryBytes} bytes, so the module must have one memory of exactly ${needed} pages; it has ${
          pages === undefined ? 'none such' : `one of ${pages.min} to ${pages.max}`
        }`,
      )
}
