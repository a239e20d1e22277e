/**
 * Giving an artifact to the engine. In: a checked artifact, a compiled module or a JavaScript module. Out: an Instance.
 * Invariant: the Instance has a memory as large as its manifest states and one function without parameters an entry.
 */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { refuse } from '../src/artifact/codes.ts'
import { readManifestSection, SECTION_NAME } from '../src/artifact/container.ts'
import { decodeManifest, MEMORY_EXPORT, showBytes, THREADS_IMPORT } from '../src/artifact/manifest.ts'
import type { Limits, Manifest } from '../src/artifact/types.ts'
import type { LoadError } from '../src/core/errors.ts'
import { reasonOf, refuseLoad } from './codes.ts'
import { mayCompile, refuseWasm } from './features.ts'
import type { Instance } from './program.ts'
import { prepareThreads, singleThread } from './threads/threads.ts'

/** What a JavaScript-target artifact exports. */
export interface JavaScriptArtifact {
  /** Checked by its codec, so it may be anything. */
  readonly manifest: unknown
  /** Makes the memory (or takes one of at least `memoryBytes`), fills in the constants and closes the entries over it. */
  readonly instantiate: (memory?: ArrayBuffer) => {
    readonly memory: ArrayBufferLike
    readonly entries: Readonly<Record<string, () => void>>
  }
}

export interface Loaded {
  readonly manifest: Manifest
  readonly instance: Instance
}

type Found = { readonly memory: unknown; readonly functions: Readonly<Record<string, unknown>> }

/** Everything that the manifest promises, found in what the engine made; else what is not there. */
const checkInstance = (manifest: Manifest, { memory, functions }: Found): Either<string, Instance> => {
  const byteLength = (memory as Partial<ArrayBufferLike> | undefined)?.byteLength
  if (typeof byteLength !== 'number' || byteLength < manifest.memoryBytes)
    return left(`its memory has ${byteLength ?? 'no'} bytes, the manifest states ${manifest.memoryBytes}`)
  const found: Record<string, () => void> = {}
  for (const { name } of manifest.entries) {
    const f = Object.hasOwn(functions, name) ? functions[name] : undefined
    if (typeof f !== 'function') return left(`it has no function for the entry ${name}`)
    if (f.length !== 0) return left(`the function of the entry ${name} takes parameters`)
    found[name] = f as () => void
  }
  return right({ memory: memory as ArrayBufferLike, functions: found, threads: singleThread(undefined) })
}

/** The module's bytes were checked before; the engine validates the code once more, by its own rules. */
export const compileWasm = async (wasm: Uint8Array<ArrayBuffer>): Promise<Either<LoadError, WebAssembly.Module>> => {
  try {
    return right(await WebAssembly.compile(wasm))
  } catch (e) {
    if (!(await mayCompile(WebAssembly))) return refuseWasm()
    return refuse('E_ARTIFACT_CODE', `the engine does not compile the artifact: ${reasonOf(e)}`)
  }
}

/** An artifact imports nothing; one for threads, its memory and what wakes them. */
const isStranger = ({ threads }: Manifest, { module, name }: WebAssembly.ModuleImportDescriptor): boolean =>
  threads === undefined || module !== THREADS_IMPORT || (name !== MEMORY_EXPORT && name !== 'wake')

/** `threads`: as many as were asked for. */
export const instantiateWasm = async (
  manifest: Manifest,
  module: WebAssembly.Module,
  threads?: number,
): Promise<Either<LoadError, Loaded>> => {
  const stranger = WebAssembly.Module.imports(module).find((i) => isStranger(manifest, i))
  if (stranger !== undefined)
    return refuse('E_ARTIFACT_CODE', `an artifact imports nothing, this one ${stranger.module}.${stranger.name}`)
  try {
    const prepared =
      manifest.threads === undefined ? null : await prepareThreads(manifest, manifest.threads, module, threads)
    const { exports } = await WebAssembly.instantiate(module, prepared?.imports ?? {})
    const memory = exports[MEMORY_EXPORT]
    const buffer = memory instanceof WebAssembly.Memory ? memory.buffer : undefined
    const instance = checkInstance(manifest, { memory: buffer, functions: exports })
    if (isLeft(instance)) return refuse('E_ARTIFACT_CODE', `the module is not as its manifest says: ${instance.left}`)
    const { memory: shown, functions } = instance.right
    const begun = prepared === null ? functions : prepared.begin(functions)
    return right({
      manifest,
      instance: { memory: shown, functions: begun, threads: prepared?.threads ?? singleThread(threads) },
    })
  } catch (e) {
    return e instanceof RangeError
      ? refuse('E_MEMORY_LIMIT', `the engine cannot give ${showBytes(manifest.memoryBytes)}: ${reasonOf(e)}`)
      : refuse('E_ARTIFACT_CODE', `the engine does not instantiate the artifact: ${reasonOf(e)}`)
  }
}

/** The manifest inside a module that the host has compiled already (a bundler's import, an edge function's binding). */
export const manifestOfModule = (module: WebAssembly.Module, limits: Limits): Either<LoadError, Manifest> => {
  const [content] = WebAssembly.Module.customSections(module, SECTION_NAME)
  return content === undefined
    ? refuse('E_ARTIFACT_NO_MANIFEST', `the module has no section ${SECTION_NAME}: it is not an artifact`)
    : readManifestSection(new Uint8Array(content), limits)
}

export const instantiateJavaScript = (
  artifact: JavaScriptArtifact,
  limits: Limits,
  threads?: number,
): Either<LoadError, Loaded> => {
  const decoded = decodeManifest(artifact.manifest, limits)
  if (isLeft(decoded)) return decoded
  const manifest = decoded.right
  if (manifest.target !== 'javascript')
    return refuseLoad('E_LOAD_MODULE', `the JavaScript module states the target ${manifest.target}`)
  try {
    const { memory, entries } = artifact.instantiate()
    const instance = checkInstance(manifest, { memory, functions: entries })
    return isLeft(instance)
      ? refuseLoad('E_LOAD_MODULE', `the JavaScript module is not as its manifest says: ${instance.left}`)
      : right({ manifest, instance: { ...instance.right, threads: singleThread(threads) } })
  } catch (e) {
    return refuseLoad('E_LOAD_MODULE', `the JavaScript module cannot be instantiated: ${reasonOf(e)}`)
  }
}
