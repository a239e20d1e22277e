// A WebAssembly module taken apart as far as counting needs it. Comes in: its bytes; goes out: its sections, and the
// instructions of a function body with their places. WebAssembly Core Specification 2.0 with relaxed SIMD, chapter 5.
// Invariant: an opcode that is not known is an error, never skipped: a count that misses something would guard nothing.

/** What an instruction costs a machine, roughly: those of `free` live in registers or in the instruction itself. */
export type Kind = 'load' | 'store' | 'vector' | 'scalar' | 'control' | 'free'

export type Instruction = {
  readonly start: number
  readonly end: number
  readonly kind: Kind
  /** Whether what comes next may be reached, or left, another number of times than this. */
  readonly breaks: boolean
}

export type Section = { readonly id: number; readonly body: Uint8Array }

export type Reader = {
  readonly at: () => number
  readonly done: () => boolean
  readonly byte: () => number
  readonly unsigned: () => number
  readonly skip: (count: number) => void
  readonly take: (count: number) => Uint8Array
}

export const readerOf = (bytes: Uint8Array): Reader => {
  let at = 0
  const byte = (): number => {
    const value = bytes[at]
    if (value === undefined) throw new Error('the module ends too early')
    at += 1
    return value
  }
  return {
    at: () => at,
    done: () => at >= bytes.length,
    byte,
    unsigned: () => {
      let value = 0
      for (let shift = 0; ; shift += 7) {
        const next = byte()
        value += (next & 0x7f) * 2 ** shift
        if (next < 0x80) return value
      }
    },
    skip: (count) => {
      at += count
    },
    take: (count) => {
      at += count
      return bytes.subarray(at - count, at)
    },
  }
}

export const sectionsOf = (module: Uint8Array): readonly Section[] => {
  const reader = readerOf(module)
  reader.skip(8)
  const sections: Section[] = []
  while (!reader.done()) {
    const id = reader.byte()
    sections.push({ id, body: reader.take(reader.unsigned()) })
  }
  return sections
}

const memoryArgument = (reader: Reader): void => {
  reader.unsigned()
  reader.unsigned()
}

const simple: ReadonlyMap<number, (reader: Reader) => void> = new Map<number, (reader: Reader) => void>([
  ...[0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b].map((op) => [op, () => undefined] as const),
  ...[0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x3f, 0x40, 0x41, 0x42].map(
    (op) => [op, (reader: Reader) => void reader.unsigned()] as const,
  ),
  [
    0x0e,
    (reader) => {
      for (let targets = reader.unsigned() + 1; targets > 0; targets -= 1) reader.unsigned()
    },
  ],
  [0x43, (reader) => reader.skip(4)],
  [0x44, (reader) => reader.skip(8)],
])

const isControl = (op: number): boolean => op < 0x20 && op !== 0x01 && op !== 0x0b && op !== 0x1a
/** loop, if, else, end, br, br_if, br_table, return. A call comes back, a block only has a name. */
const isBreak = (op: number): boolean => [0x00, 0x03, 0x04, 0x05, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f].includes(op)

const vectorKind = (reader: Reader): Kind => {
  const op = reader.unsigned()
  if (op <= 11 || op === 92 || op === 93) {
    memoryArgument(reader)
    return op === 11 ? 'store' : 'load'
  }
  if (op === 12 || op === 13) reader.skip(16)
  else if (op >= 21 && op <= 34) reader.skip(1)
  else if (op >= 84 && op <= 91) {
    memoryArgument(reader)
    reader.skip(1)
    return op < 88 ? 'load' : 'store'
  }
  return op === 12 ? 'free' : 'vector'
}

const bulkKind = (reader: Reader): Kind => {
  const op = reader.unsigned()
  if (op <= 7) return 'scalar'
  if (op !== 10 && op !== 11) throw new Error(`the opcode 0xfc ${op} is not known`)
  reader.skip(op === 10 ? 2 : 1)
  return 'store'
}

const kindOf = (op: number, reader: Reader): Kind => {
  if (op === 0xfd) return vectorKind(reader)
  if (op === 0xfc) return bulkKind(reader)
  if (op >= 0x45 && op <= 0xc4) return 'scalar'
  if (op >= 0x28 && op <= 0x3e) {
    memoryArgument(reader)
    return op <= 0x35 ? 'load' : 'store'
  }
  const immediates = simple.get(op)
  if (immediates === undefined) throw new Error(`the opcode 0x${op.toString(16)} is not known`)
  immediates(reader)
  return isControl(op) ? 'control' : 'free'
}

/** A function's body: the bytes of its locals, then its instructions, the last of which is its `end`. */
export const instructionsOf = (
  body: Uint8Array,
): { readonly locals: number; readonly list: readonly Instruction[] } => {
  const reader = readerOf(body)
  for (let groups = reader.unsigned(); groups > 0; groups -= 1) {
    reader.unsigned()
    reader.byte()
  }
  const locals = reader.at()
  const list: Instruction[] = []
  while (!reader.done()) {
    const start = reader.at()
    const op = reader.byte()
    const kind = kindOf(op, reader)
    list.push({ start, end: reader.at(), kind, breaks: isBreak(op) })
  }
  return { locals, list }
}
