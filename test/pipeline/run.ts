/**
 * Runs planned entries on a target and reads results by name. In: a plan, values. Out: values.
 * Invariant: memory is filled with NaN first, so that a read of what nobody wrote shows.
 */
import type { Plan } from '../../compiler/plan/plan.ts'
import { emitJavaScript } from '../../compiler/emit/javascript/module.ts'
import { emitWasm } from '../../compiler/emit/wasm/emit.ts'
import { viewOf } from '../../src/artifact/types.ts'
import type { Elements } from '../../src/ops/leaf.ts'

export interface Running {
  readonly memory: ArrayBufferLike
  readonly run: (entry: string) => void
}

/** Everything but constants becomes NaN (or a wild integer). */
const poison = (plan: Plan, memory: ArrayBufferLike): void => {
  for (const b of plan.buffers) {
    if (b.region === 'constant') continue
    viewOf(memory, b.dtype, b.offset, b.elements).fill(b.dtype === 'f32' || b.dtype === 'f64' ? Number.NaN : -77)
  }
}

const sharedMemory = ({ memoryBytes }: Plan): WebAssembly.Memory => {
  const pages = Math.ceil(memoryBytes / 65_536)
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
}

export const startWasm = async (plan: Plan): Promise<Running> => {
  const bytes = await emitWasm(plan)
  const imports = plan.threads === undefined ? {} : { nabla: { memory: sharedMemory(plan), wake: () => undefined } }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes.slice().buffer), imports)
  const { memory, ...entries } = instance.exports as { memory: WebAssembly.Memory } & Record<string, () => void>
  poison(plan, memory.buffer)
  return { memory: memory.buffer, run: (entry) => (entries[entry] as () => void)() }
}

interface Instantiated {
  readonly memory: ArrayBuffer
  readonly entries: Readonly<Record<string, () => void>>
}

export const startJavaScript = async (plan: Plan): Promise<Running> => {
  const text = emitJavaScript(plan, { manifest: '{}' })
  const url = `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`
  const module = (await import(/* @vite-ignore */ url)) as { readonly instantiate: () => Instantiated }
  const { memory, entries } = module.instantiate()
  poison(plan, memory)
  return { memory, run: (entry) => (entries[entry] as () => void)() }
}

export const write = (plan: Plan, r: Running, name: string, data: ArrayLike<number>): void => {
  const ports = [...plan.entries.flatMap((e) => e.inputs), ...plan.params, ...plan.states]
  const port = ports.find((p) => p.name === name)
  if (port === undefined) return
  const b = plan.buffers[port.buffer]
  if (b !== undefined) viewOf(r.memory, b.dtype, b.offset, b.elements).set(data)
}

export const read = (plan: Plan, r: Running, name: string): Elements => {
  const ports = [...plan.entries.flatMap((e) => e.outputs), ...plan.params, ...plan.states]
  const b = plan.buffers[ports.find((p) => p.name === name)?.buffer ?? -1]
  if (b === undefined) throw new Error(`no result ${name}`)
  return viewOf(r.memory, b.dtype, b.offset, b.elements).slice()
}
