/**
 * Loading. In: an artifact, however it comes. Out: a Program with its parameters initialized, or a LoadError.
 * Invariant: nothing of an artifact is allocated or executed before its manifest, digest, sizes and limits are checked.
 */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { readArtifact } from '../src/artifact/container.ts'
import { type ArtifactOf, defaultLimits, type EntrySpecs, type Limits, type PortSpecs } from '../src/artifact/types.ts'
import type { LoadError } from '../src/core/errors.ts'
import { loadError, refuseLoad } from './codes.ts'
import { checkFeatures, detectFeatures } from './features.ts'
import {
  compileWasm,
  instantiateJavaScript,
  instantiateWasm,
  type JavaScriptArtifact,
  type Loaded,
  manifestOfModule,
} from './instantiate.ts'
import { type Program, programOf } from './program.ts'
import { bytesOfBuffer, importModule, readResponse, readUrl } from './source.ts'

/** The type of a module has no members, so that by itself it would also take a path. */
type CompiledModule = WebAssembly.Module & object

/** The bytes of an artifact, where to get them, or what a host or bundler has made of them. */
export type ArtifactSource = Uint8Array | ArrayBuffer | Response | URL | CompiledModule | JavaScriptArtifact

export interface LoadOptions {
  /** Draws the initial parameters: a whole number from 0 to 2^53 - 1. Default 0. */
  readonly seed?: number
  /** Looks for NaN in the parameters after every run. Default false. */
  readonly checks?: boolean
  /** Most bytes of memory that the program may ask for. Default 1 GiB. */
  readonly memoryLimit?: number
  /**
   * Threads that run the program, the calling one among them; no more than it was compiled for. Default: as many as it was
   * compiled for, and the machine has processors.
   */
  readonly threads?: number
}

const engine = (): typeof WebAssembly | undefined => (typeof WebAssembly === 'undefined' ? undefined : WebAssembly)

/** Limits, and the threads that were asked for. */
interface Asked extends Limits {
  readonly threads?: number | undefined
}

const loadBytes = async (bytes: Uint8Array<ArrayBuffer>, limits: Asked): Promise<Either<LoadError, Loaded>> => {
  const artifact = readArtifact(bytes, limits)
  if (isLeft(artifact)) return artifact
  const { manifest } = artifact.right
  const able = checkFeatures(manifest, detectFeatures(engine()))
  if (isLeft(able)) return able
  const module = await compileWasm(bytes)
  return isLeft(module) ? module : instantiateWasm(manifest, module.right, limits.threads)
}

const loadModule = async (module: WebAssembly.Module, limits: Asked): Promise<Either<LoadError, Loaded>> => {
  const manifest = manifestOfModule(module, limits)
  return isLeft(manifest) ? manifest : instantiateWasm(manifest.right, module, limits.threads)
}

const isJavaScript = (source: object): source is JavaScriptArtifact =>
  'manifest' in source && 'instantiate' in source && typeof source.instantiate === 'function'

const isCompiled = (source: object): source is ArtifactOf =>
  'bytes' in source && ArrayBuffer.isView(source.bytes) && 'manifest' in source && typeof source.manifest === 'object'

/** What `compile` gave in this process; only then are bytes taken for the text of a JavaScript module. */
const loadCompiled = async ({ manifest, bytes }: ArtifactOf, limits: Asked): Promise<Either<LoadError, Loaded>> => {
  if (manifest?.target !== 'javascript') return loadBytes(bytesOfBuffer(bytes), limits)
  const module = await importModule(bytes)
  return isLeft(module) ? module : instantiateJavaScript(module.right, limits, limits.threads)
}

const loadSource = async (source: unknown, limits: Asked): Promise<Either<LoadError, Loaded>> => {
  const most = limits.memoryBytes
  const then = (bytes: Either<LoadError, Uint8Array<ArrayBuffer>>) =>
    isLeft(bytes) ? bytes : loadBytes(bytes.right, limits)
  if (typeof source === 'object' && source !== null) {
    if (ArrayBuffer.isView(source)) return loadBytes(bytesOfBuffer(source), limits)
    if (source instanceof ArrayBuffer) return loadBytes(bytesOfBuffer(source), limits)
    if (source instanceof URL) return then(await readUrl(source, most))
    if (typeof Response !== 'undefined' && source instanceof Response) return then(await readResponse(source, most))
    if (engine() !== undefined && source instanceof WebAssembly.Module) return loadModule(source, limits)
    if (isJavaScript(source)) return instantiateJavaScript(source, limits, limits.threads)
    if (isCompiled(source)) return loadCompiled(source, limits)
  }
  const found = typeof source === 'object' ? Object.prototype.toString.call(source) : typeof source
  return refuseLoad(
    'E_LOAD_SOURCE',
    `bytes, a Response, a URL, a WebAssembly.Module or the module of a JavaScript artifact can be loaded, not ${found}`,
    typeof source === 'string' ? 'write new URL(path, import.meta.url)' : undefined,
  )
}

/**
 * Loads an artifact and initializes its parameters with `seed`. What it is loaded from: an artifact as `compile` gives it
 * (then entries, inputs and outputs are typed), its bytes, a `Response`, a `URL` (in Node `file:` too), a
 * `WebAssembly.Module`, or the namespace of a JavaScript-target module. Never rejects.
 *
 * Errors: every `E_ARTIFACT_…`, `E_LOAD_…` and `E_FEATURE_…`, and `E_MEMORY_LIMIT`.
 */
export const load = async <
  E extends EntrySpecs = EntrySpecs,
  P extends PortSpecs = PortSpecs,
  S extends PortSpecs = PortSpecs,
>(
  source: ArtifactOf<E, P, S> | ArtifactSource,
  options: LoadOptions = {},
): Promise<Either<LoadError, Program<E, P, S>>> => {
  const { seed = 0, checks = false, memoryLimit = defaultLimits.memoryBytes, threads } = options
  const loaded = await loadSource(source, { memoryBytes: memoryLimit, threads })
  if (isLeft(loaded)) return loaded
  const program = programOf(loaded.right.manifest, loaded.right.instance, checks)
  const initialized = program.initialize(seed)
  if (isLeft(initialized)) return left(loadError('E_LOAD_INIT', initialized.left.message))
  // The names and dtypes are the caller's word, or the compiler's where an artifact carries them.
  return right(program as unknown as Program<E, P, S>)
}
