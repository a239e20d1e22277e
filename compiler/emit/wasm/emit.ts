/**
 * The Wasm target. In: a Plan. Out: the bytes of a module, or its text for a person.
 * Invariant: the same plan and options give the same bytes.
 */
import type binaryen from 'binaryen'
import { InternalError } from '../../../src/core/errors.ts'
import { printKernel } from '../../kernel/print.ts'
import type { Plan } from '../../plan/plan.ts'
import { loadBinaryen } from './load.ts'
import { type BuiltModule, buildModule, type WasmOptions } from './module.ts'

/**
 * The module of a plan: it exports `memory` and, under its own name, each entry as a function without parameters and
 * results. Inputs are written to and outputs read from the places that the plan gives them.
 */
export const emitWasm = async (plan: Plan, options: WasmOptions = {}): Promise<Uint8Array> => {
  const b = await loadBinaryen()
  const { module } = buildModule(b, plan, options)
  // Names are a setting of all of binaryen, so it is put back at once.
  const before = b.getDebugInfo()
  b.setDebugInfo(options.debug === true)
  try {
    const bytes = module.emitBinary()
    checkModule(module, bytes)
    return bytes
  } finally {
    b.setDebugInfo(before)
    module.dispose()
  }
}

/**
 * The engine validates in microseconds. Binaryen takes 20 ms at its first time, so it is asked only where the engine says
 * no: it prints what is wrong, or knows the relaxed instructions that this engine does not.
 */
const checkModule = (module: binaryen.Module, bytes: Uint8Array): void => {
  if (!WebAssembly.validate(bytes.slice().buffer) && module.validate() !== 1)
    throw new InternalError('binaryen refuses the module that was emitted')
}

/**
 * The module as WebAssembly text, each kernel's function under the kernel that it came from, and under the lines that `notes`
 * has for it.
 */
export const emitWasmText = async (
  plan: Plan,
  options: WasmOptions = {},
  notes: readonly (readonly string[])[] = [],
): Promise<string> => {
  const built = buildModule(await loadBinaryen(), plan, options)
  try {
    return annotate(built, plan, notes)
  } finally {
    built.module.dispose()
  }
}

const annotate = ({ module, names }: BuiltModule, plan: Plan, notes: readonly (readonly string[])[]): string => {
  const kernelOf = new Map(names.map((name, i) => [name, i]))
  return module
    .emitText()
    .split('\n')
    .flatMap((line) => {
      const name = /^ \(func \$(\S+)/.exec(line)?.[1]
      const at = name === undefined ? undefined : kernelOf.get(name)
      const kernel = at === undefined ? undefined : plan.kernels[at]
      if (at === undefined || kernel === undefined) return [line]
      const above = [...(notes[at] ?? []), ...printKernel(kernel).trimEnd().split('\n')]
      return [...above.map((text) => ` ;; ${text}`), line]
    })
    .join('\n')
}
