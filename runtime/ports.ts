/**
 * Ports as views of a program's memory. In: the memory and the manifest's ports. Out: typed arrays by name.
 * Invariant: a view is made once, when the program is loaded; the memory never grows, so it never goes stale.
 */
import { type ManifestPort, type View, viewOf } from '../src/artifact/types.ts'
import { bytesOf } from '../src/core/dtype.ts'
import { sizeOf } from '../src/core/shape.ts'

/** A port with its view. */
export interface Slot {
  readonly port: ManifestPort
  readonly view: View
}

export const slotsOf = (memory: ArrayBufferLike, ports: readonly ManifestPort[]): readonly Slot[] =>
  slotsFrom(memory, ports, 0, 1)

/** Ports of an entry that runs several times in one call, as those of `runs` runs from the first-th on. */
export const slotsFrom = (
  memory: ArrayBufferLike,
  ports: readonly ManifestPort[],
  first: number,
  runs: number,
): readonly Slot[] =>
  ports.map((port) => {
    const size = sizeOf(port.shape)
    return { port, view: viewOf(memory, port.dtype, port.offset + first * size * bytesOf(port.dtype), runs * size) }
  })

export const viewsByName = (slots: readonly Slot[]): Readonly<Record<string, View>> =>
  Object.freeze(Object.fromEntries(slots.map(({ port, view }) => [port.name, view])))

export const namesOf = (slots: readonly Slot[]): string => slots.map(({ port }) => port.name).join(', ')
