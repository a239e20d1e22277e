/**
 * The `.d.ts` of a generated wrapper. In: the manifest. Out: declarations with every name, dtype and shape of the artifact.
 * Invariant: it stands alone; a name that is no identifier is quoted.
 */
import type { Manifest, ManifestPort } from '../../src/artifact/types.ts'
import { showType } from '../../src/core/shape.ts'

const keyOf = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))

const arrayOf = ({ dtype }: ManifestPort): string =>
  dtype === 'f32' ? 'Float32Array' : dtype === 'f64' ? 'Float64Array' : 'Int32Array'

const valueOf = (port: ManifestPort): string => {
  const scalar = port.dtype === 'bool' ? 'boolean | number' : 'number'
  const list = port.dtype === 'bool' ? 'readonly (boolean | number)[]' : 'readonly number[]'
  return [arrayOf(port), list, ...(port.shape.every((d) => d === 1) ? [scalar] : [])].join(' | ')
}

/** `{ /** f32[2] *\/ readonly x: Float32Array }`, one port a line. */
const record = (ports: readonly ManifestPort[], type: (port: ManifestPort) => string, indent: string): string =>
  ports.length === 0
    ? 'Readonly<Record<never, never>>'
    : `{\n${ports
        .flatMap((p) => [`${indent}  /** ${showType(p)} */`, `${indent}  readonly ${keyOf(p.name)}: ${type(p)}`])
        .join('\n')}\n${indent}}`

const entries = ({ entries }: Manifest): string =>
  entries
    .map(
      (e) =>
        `  /** ${e.flops} floating-point operations a run. */\n  readonly ${keyOf(e.name)}: ${e.queue === undefined ? 'Entry' : 'QueuedEntry'}<\n    ${record(e.inputs, arrayOf, '    ')},\n    ${record(e.inputs, valueOf, '    ')},\n    ${record(e.outputs, arrayOf, '    ')}\n  >`,
    )
    .join('\n')

const queuedEntry = `/** An entry that may run several times in one call. */
export interface QueuedEntry<Inputs, Values, Outputs> extends Entry<Inputs, Values, Outputs> {
  /** So many runs, once unless told: the i-th reads what the queue holds for it. Gives the outputs of the first. */
  readonly run: (runs?: number) => Outputs
  /** Inputs and outputs of all runs, one run's elements behind the other's; those of the entry itself are the first run's. */
  readonly queue: { readonly length: number; readonly inputs: Inputs; readonly outputs: Outputs }
}

`

/** Response and WebAssembly.Module are declared for pages alone, and the second has no members: `object` says as much. */
const sourceOf = ({ target }: Manifest): string =>
  target === 'wasm'
    ? "/** The artifact's bytes, a Response, a URL or a WebAssembly.Module. */\nexport type Source = Uint8Array | ArrayBuffer | object"
    : 'export type Source = undefined'

const threadsOf = ({ threads }: Manifest): string =>
  threads === undefined
    ? ''
    : `
/** The threads that run the program together. */
export interface Threads {
  /** How many are to run it, that which calls its entries among them. */
  readonly count: number
  /** How many have begun: a call waits for nobody. */
  readonly ready: number
  /** Why one thread runs it although there could be more. */
  readonly fallback?: ProgramError
}
`

/** The declarations of one artifact's wrapper. */
export const declarationsOf = (
  manifest: Manifest,
): string => `/** Whatever goes wrong is thrown as this; \`code\` is one of docs/errors.md of Nabla. */
export declare class ProgramError extends Error {
  readonly code: string
  /** Of a checked build: the place in the model's text of what is at fault. */
  readonly source?: { readonly file: string; readonly line: number; readonly column: number }
  readonly hint?: string
}

/** One compiled entry. */
export interface Entry<Inputs, Values, Outputs> {
  /** Views of the inputs: write, then run. They keep what was written until it is overwritten. */
  readonly inputs: Inputs
  /** Views of the outputs, valid until any entry runs again. */
  readonly outputs: Outputs
  /** Runs on what the inputs hold; gives \`outputs\`. Allocates nothing. */
  readonly run: () => Outputs
  /** Checks names, lengths and types of the values, copies them in and runs. */
  readonly call: (values: Values) => Outputs
}

${manifest.entries.some((e) => e.queue !== undefined) ? queuedEntry : ''}export interface Entries {
${entries(manifest)}
}

export interface Params ${record(manifest.params, arrayOf, '').replace('Readonly<Record<never, never>>', '{}')}

export interface State ${record(manifest.states, arrayOf, '').replace('Readonly<Record<never, never>>', '{}')}

${threadsOf(manifest)}
export interface Program {
  readonly memory: ${manifest.threads === undefined ? 'ArrayBuffer' : 'SharedArrayBuffer\n  readonly threads: Threads'}
  readonly params: Params
  readonly state: State
  readonly entries: Entries
  readonly call: <K extends keyof Entries>(name: K, values: Parameters<Entries[K]['call']>[0]) => Entries[K]['outputs']
  /** Fills parameters and states from their initializers again. */
  readonly initialize: (seed: number) => void
  /** Parameters and states as a checkpoint. */
  readonly save: () => Uint8Array
  /** Takes parameters and states from a checkpoint; where it does not fit, nothing is changed. */
  readonly restore: (bytes: Uint8Array) => void
}

${sourceOf(manifest)}

/** Loads the program, from the file beside this module unless another source is given. \`seed\` draws the parameters${manifest.threads === undefined ? '' : `;\n * \`threads\` may run it, ${manifest.threads.most} at most: without a number as many as the machine has processors`}. */
export declare const load: (source?: Source, options?: { readonly seed?: number${manifest.threads === undefined ? '' : '; readonly threads?: number'} }) => Promise<Program>
`
