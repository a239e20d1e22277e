/**
 * The manifest's codec, and the rules that its form alone cannot state.
 * In: untrusted data. Out: a Manifest, or a LoadError that names the place.
 * Invariant: of a Manifest that comes out, every port lies aligned inside the memory, names within a list differ, and
 * parameters and states do not overlap.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { bytesOf, type DType, dtypes } from '../core/dtype.ts'
import type { LoadError } from '../core/errors.ts'
import { showType, sizeOf } from '../core/shape.ts'
import { amount, closed, decodeAs, flag, list, oneOf, text, whole } from './codec.ts'
import { refuse } from './codes.ts'
import {
  defaultLimits,
  type Limits,
  type Manifest,
  type ManifestCheck,
  type ManifestEntry,
  type ManifestPort,
} from './types.ts'

/** The schema that this version writes, and the newest that it reads. */
export const MANIFEST_SCHEMA = 1

/** The export by which a Wasm artifact shows its memory; no entry may have this name. */
export const MEMORY_EXPORT = 'memory'

/** The module from which an artifact for threads imports its memory, under the name by which it exports it, and `wake`. */
export const THREADS_IMPORT = 'nabla'

/** The export that helping threads call with their number; no entry may have this name. */
export const WORK_EXPORT = 'nabla:work'

/** Words of the control area, in bytes, that the runtime speaks to: of all others only the program's code knows. */
export const CONTROL = { done: 64, helpers: 132, mayWait: 140, failed: 144 } as const

/** The entry that fills parameters and states from their initializers; its one input is `key`, i32[2], if it draws at all. */
export const INIT_ENTRY = 'init'

/** An artifact is for so many threads at most. */
export const MOST_THREADS = 64

/** The end of what 32-bit addresses reach. */
const addressSpace = 2 ** 32

export const nameCodec = text(200)
/** Whether a tensor or entry may have this name: 1 to 200 printing characters. */
export const isName = (name: string): boolean => nameCodec.is(name)

export const dtypeCodec = oneOf(...dtypes)
export const shapeCodec = list(whole(0, 2 ** 31 - 1), 32)
export const offsetCodec = whole(0, addressSpace)

const portCodec = closed({ name: nameCodec, dtype: dtypeCodec, shape: shapeCodec, offset: offsetCodec })

const portsCodec = list(portCodec, 100_000)

const wordsCodec = text(1000)

const loopCodec = closed({ loop: whole(0, 100_000), length: whole(0, 2 ** 31 - 1), reverse: flag })

const checkCodec = closed(
  {
    kind: oneOf('index', 'number'),
    text: wordsCodec,
    name: wordsCodec,
    dtype: dtypeCodec,
    shape: shapeCodec,
    loops: list(loopCodec, 32),
    reports: oneOf('all', 'nan', 'nothing'),
    operands: list(whole(0, 100_000), 100_000),
    offsets: list(offsetCodec, 3),
  },
  {
    limit: wordsCodec,
    source: closed({ file: wordsCodec, line: whole(0, 2 ** 31 - 1), column: whole(0, 2 ** 31 - 1) }),
  },
)

/** Runs that one call may make. */
export const MOST_QUEUED = 2 ** 20

const entryCodec = closed(
  { name: nameCodec, inputs: portsCodec, outputs: portsCodec, flops: amount, bytes: amount, peak: amount },
  {
    checks: list(checkCodec, 100_000),
    queue: closed({ length: whole(2, MOST_QUEUED), count: offsetCodec }),
  },
)

const findingsCodec = closed(
  {
    of: wordsCodec,
    by: wordsCodec,
    shape: shapeCodec,
    coordinates: whole(0, 2 ** 31 - 1),
    worst: amount,
    at: shapeCodec,
    mean: amount,
    undecided: whole(0, 2 ** 31 - 1),
  },
  { stated: wordsCodec },
)

const certificateCodec = closed({ program: text(32), tolerance: amount, variables: list(findingsCodec, 10_000) })

const threadsCodec = closed({ most: whole(2, MOST_THREADS), control: offsetCodec })

const manifestCodec: t.Type<Manifest, Manifest, unknown> = closed(
  {
    schema: whole(MANIFEST_SCHEMA, MANIFEST_SCHEMA),
    compiler: text(100),
    target: oneOf('wasm', 'javascript'),
    simd: oneOf('plain', 'relaxed'),
    memoryBytes: offsetCodec,
    params: portsCodec,
    states: portsCodec,
    entries: list(entryCodec, 1000),
    constants: list(closed({ offset: offsetCodec, bytes: offsetCodec }), 100_000),
  },
  { certificate: certificateCodec, threads: threadsCodec },
)

export const portBytes = (port: Pick<ManifestPort, 'dtype' | 'shape'>): number =>
  sizeOf(port.shape) * bytesOf(port.dtype)

/** The first name that occurs twice. */
const repeated = (names: readonly string[]): string | undefined => {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) return name
    seen.add(name)
  }
  return undefined
}

/** What is wrong with a list of ports of the memory, if anything; each lies there so many times, one behind the other. */
const portsFault = (
  ports: readonly ManifestPort[],
  where: string,
  memoryBytes: number,
  times = 1,
): string | undefined => {
  const twice = repeated(ports.map((p) => p.name))
  if (twice !== undefined) return `${where}: the name ${twice} occurs twice`
  for (const port of ports) {
    const bytes = times * portBytes(port)
    const its = `${where} ${port.name} (${showType(port)})`
    if (port.offset % bytesOf(port.dtype) !== 0)
      return `${its} lies at ${port.offset}, not a multiple of its element size`
    if (port.offset + bytes > memoryBytes)
      return `${its} ends at byte ${port.offset + bytes}, but the memory has ${memoryBytes}`
  }
  return undefined
}

/** Parameters and states are written one by one when a checkpoint is restored, so none may reach into another. */
const overlapFault = (ports: readonly ManifestPort[]): string | undefined => {
  const order = ports.filter((p) => portBytes(p) > 0).sort((a, b) => a.offset - b.offset)
  const at = order.findIndex((p, i) => {
    const next = order[i + 1]
    return next !== undefined && p.offset + portBytes(p) > next.offset
  })
  return at < 0 ? undefined : `${order[at]?.name} and ${order[at + 1]?.name} overlap`
}

/** How many elements each finding of a check has: one a step of the loops around it. */
export const findingsOf = (check: Pick<ManifestCheck, 'loops'>): number =>
  check.loops.reduce((n, { length }) => n * length, 1)

/** The types of what a check finds. */
export const findingTypes = ({ kind, dtype }: Pick<ManifestCheck, 'kind' | 'dtype'>): readonly DType[] =>
  kind === 'index' ? ['i32', 'i32'] : ['i32', dtype, dtype]

const checkFault = (check: ManifestCheck, before: number, memoryBytes: number): string | undefined => {
  const types = findingTypes(check)
  const elements = findingsOf(check)
  if (check.offsets.length !== types.length) return `the check of ${check.text} has ${check.offsets.length} findings`
  for (const [i, dtype] of types.entries()) {
    const at = check.offsets[i] as number
    if (at % bytesOf(dtype) !== 0 || at + elements * bytesOf(dtype) > memoryBytes)
      return `a finding about ${check.text} lies at ${at}, which is no place for it`
  }
  return check.operands.some((i) => i >= before) ? `the check of ${check.text} names a later one` : undefined
}

const checksFault = (checks: readonly ManifestCheck[], memoryBytes: number): string | undefined => {
  for (const [i, check] of checks.entries()) {
    const fault = checkFault(check, i, memoryBytes)
    if (fault !== undefined) return fault
  }
  return undefined
}

const entryFault = (entry: ManifestEntry, memoryBytes: number): string | undefined => {
  if (entry.name === MEMORY_EXPORT || entry.name === WORK_EXPORT) return `an entry may not be named ${entry.name}`
  const isKey = (p: ManifestPort): boolean => p.name === 'key' && showType(p) === 'i32[2]'
  if (entry.name === INIT_ENTRY && !(entry.inputs.length <= 1 && entry.inputs.every(isKey)))
    return `the entry ${INIT_ENTRY} may have no input but key of i32[2]`
  const { length, count } = entry.queue ?? { length: 1, count: 0 }
  if (count % 4 !== 0 || count + 4 > memoryBytes) return `the count of ${entry.name} lies at ${count}`
  return (
    portsFault(entry.inputs, `${entry.name}: input`, memoryBytes, length) ??
    portsFault(entry.outputs, `${entry.name}: output`, memoryBytes, length) ??
    checksFault(entry.checks ?? [], memoryBytes)
  )
}

const layoutFault = (m: Manifest): string | undefined => {
  const entry = repeated(m.entries.map((e) => e.name))
  if (entry !== undefined) return `the entry ${entry} occurs twice`
  for (const e of m.entries) {
    const fault = entryFault(e, m.memoryBytes)
    if (fault !== undefined) return fault
  }
  const constant = m.constants.find((c) => c.offset + c.bytes > m.memoryBytes)
  if (constant !== undefined) return `a constant ends at byte ${constant.offset + constant.bytes}, past the memory`
  return (
    portsFault(m.params, 'param', m.memoryBytes) ??
    portsFault(m.states, 'state', m.memoryBytes) ??
    overlapFault([...m.params, ...m.states])
  )
}

export const showBytes = (bytes: number): string =>
  bytes < 1024
    ? `${bytes} bytes`
    : bytes < 2 ** 20
      ? `${(bytes / 1024).toFixed(1)} KiB`
      : `${(bytes / 2 ** 20).toFixed(1)} MiB`

/** The schema that data claims to have, where it claims one at all. */
const schemaOf = (u: unknown): number =>
  typeof u === 'object' && u !== null && 'schema' in u && Number.isInteger(u.schema) ? (u.schema as number) : 0

export const refuseNewerSchema = (schema: number): Either<LoadError, never> =>
  refuse(
    'E_ARTIFACT_SCHEMA_NEWER',
    `the artifact has schema ${schema}, this runtime reads up to ${MANIFEST_SCHEMA}`,
    'use a newer nabla/runtime, or compile the model again with the compiler of this version',
  )

/** The manifest's JSON text. */
export const encodeManifest = (manifest: Manifest): string => JSON.stringify(manifestCodec.encode(manifest))

/** A manifest from parsed JSON or from a module's export, checked against itself and against `limits`. */
export const decodeManifest = (u: unknown, limits: Limits = defaultLimits): Either<LoadError, Manifest> => {
  const schema = schemaOf(u)
  if (schema > MANIFEST_SCHEMA) return refuseNewerSchema(schema)
  const decoded = decodeAs(manifestCodec, 'manifest', u)
  if (isLeft(decoded)) return refuse('E_ARTIFACT_MANIFEST', decoded.left)
  const manifest = decoded.right
  const fault = layoutFault(manifest)
  if (fault !== undefined) return refuse('E_ARTIFACT_LAYOUT', `the manifest contradicts itself: ${fault}`)
  if (manifest.memoryBytes > limits.memoryBytes)
    return refuse(
      'E_MEMORY_LIMIT',
      `the program asks for ${showBytes(manifest.memoryBytes)} of memory, the limit is ${showBytes(limits.memoryBytes)}`,
      'raise memoryLimit, or compile with a smaller batch',
    )
  return right(manifest)
}
