// A module that counts what it executes. Comes in: a module's bytes; goes out: the same module, with one exported counter a
// kind of instruction, raised at the head of every run of instructions that are executed together.

import { type Instruction, instructionsOf, type Kind, readerOf, type Section, sectionsOf } from './module.ts'

/** The kinds that are counted, in the order of their counters. */
export const countedKinds = ['load', 'store', 'vector', 'scalar', 'control'] as const satisfies readonly Kind[]
export type CountedKind = (typeof countedKinds)[number]

export const counterName = (kind: CountedKind): string => `executed ${kind}`

const [GLOBAL, EXPORT, CODE] = [6, 7, 10]

const unsigned = (value: number): readonly number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(Math.floor(value / 0x80))]

/** For numbers that are not negative: the sign bit of the last byte stays clear. */
const signed = (value: number): readonly number[] =>
  value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(Math.floor(value / 0x80))]

// global.get n, i64.const by, i64.add, global.set n
const raise = (counter: number, by: number): readonly number[] => [
  ...[0x23, ...unsigned(counter)],
  ...[0x42, ...signed(by), 0x7c],
  ...[0x24, ...unsigned(counter)],
]

const raiseAll = (run: readonly Instruction[], firstCounter: number): readonly number[] =>
  countedKinds.flatMap((kind, index) => {
    const by = run.filter((instruction) => instruction.kind === kind).length
    return by === 0 ? [] : raise(firstCounter + index, by)
  })

/** Instructions in runs: each but the last instruction of a run is followed by the next one, always. */
const runsOf = (list: readonly Instruction[]): readonly (readonly Instruction[])[] => {
  const runs: Instruction[][] = [[]]
  for (const instruction of list) {
    runs.at(-1)?.push(instruction)
    if (instruction.breaks) runs.push([])
  }
  return runs.filter((run) => run.length > 0)
}

const instrumentBody = (body: Uint8Array, firstCounter: number): Uint8Array => {
  const { locals, list } = instructionsOf(body)
  const parts = runsOf(list).map((run) => [
    Uint8Array.from(raiseAll(run, firstCounter)),
    body.subarray(run[0]?.start, run.at(-1)?.end),
  ])
  return Buffer.concat([body.subarray(0, locals), ...parts.flat()])
}

const instrumentCode = (code: Uint8Array, firstCounter: number): Uint8Array => {
  const reader = readerOf(code)
  const count = reader.unsigned()
  const bodies = Array.from({ length: count }, () => instrumentBody(reader.take(reader.unsigned()), firstCounter))
  return Buffer.concat([
    Uint8Array.from(unsigned(count)),
    ...bodies.flatMap((body) => [Uint8Array.from(unsigned(body.length)), body]),
  ])
}

/** A vector of a section with more members. */
const extended = (body: Uint8Array | undefined, members: readonly (readonly number[])[]): Uint8Array => {
  const reader = readerOf(body ?? Uint8Array.of(0))
  const count = reader.unsigned()
  const rest = (body ?? new Uint8Array()).subarray(reader.at())
  return Buffer.concat([Uint8Array.from(unsigned(count + members.length)), rest, Uint8Array.from(members.flat())])
}

const bodyOf = (sections: readonly Section[], id: number): Uint8Array | undefined =>
  sections.find((section) => section.id === id)?.body

export const instrument = (module: Uint8Array): Uint8Array<ArrayBuffer> => {
  const sections = sectionsOf(module)
  const globals = bodyOf(sections, GLOBAL)
  const firstCounter = globals === undefined ? 0 : readerOf(globals).unsigned()
  const text = new TextEncoder()
  const counters = countedKinds.map(() => [0x7e, 0x01, 0x42, 0x00, 0x0b])
  const exports = countedKinds.map((kind, index) => {
    const name = text.encode(counterName(kind))
    return [...unsigned(name.length), ...name, 0x03, ...unsigned(firstCounter + index)]
  })
  const code = bodyOf(sections, CODE)
  if (code === undefined) throw new Error('the module has no code')
  const changed = new Map<number, Uint8Array>([
    [GLOBAL, extended(globals, counters)],
    [EXPORT, extended(bodyOf(sections, EXPORT), exports)],
    [CODE, instrumentCode(code, firstCounter)],
  ])
  // Sections stand in the order of their ids; what is custom (id 0) says nothing about execution.
  const others = sections.filter(({ id }) => id !== 0 && !changed.has(id))
  const all = [...others, ...[...changed].map(([id, body]) => ({ id, body }))].sort((a, b) => order(a.id) - order(b.id))
  return new Uint8Array(
    Buffer.concat([
      module.subarray(0, 8),
      ...all.flatMap(({ id, body }) => [Uint8Array.of(id, ...unsigned(body.length)), body]),
    ]),
  )
}

/** The section of data counts, 12, comes before the code. */
const order = (id: number): number => (id === 12 ? 9.5 : id)
