/**
 * A Plan as a Wasm module. In: binaryen and the plan. Out: the module as binaryen holds it.
 * Invariant: it imports nothing, runs nothing by itself, and has one memory of exactly the pages that the plan needs; each
 * distinct kernel is one function, and each entry an exported one without parameters that calls them. A module for threads
 * imports that memory, which is shared, and the function that wakes them.
 */
import type binaryen from 'binaryen'
import { MEMORY_EXPORT, THREADS_IMPORT } from '../../../src/artifact/manifest.ts'
import { InternalError } from '../../../src/core/errors.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import { type Lower, lowerScalar } from '../../kernel/scalar.ts'
import type { Split } from '../../kernel/split.ts'
import {
  nestSteps,
  type Plan,
  type PlanChoice,
  type PlanEntry,
  type PlanLoop,
  type PlanStep,
  type PlanWhile,
} from '../../plan/plan.ts'
import { emitContraction } from './contraction/contraction.ts'
import { type EmitContext, emitContext } from './function.ts'
import type { Binaryen } from './load.ts'
import { emitLoop } from './loop.ts'
import { emitSort } from './sort.ts'
import { emitThreads, type Threads } from './threads.ts'

export interface WasmOptions {
  /** `relaxed` fuses multiply and add in contractions and polynomials: faster, and other bits. `plain` when left out. */
  readonly simd?: 'plain' | 'relaxed'
  /** Whether functions keep their names. */
  readonly debug?: boolean
  /** The scalar meaning of ops; that of the op table when left out. */
  readonly lower?: Lower
}

/** A module being looked at; `names` are the functions of the plan's kernels, in order. */
export interface BuiltModule {
  readonly module: binaryen.Module
  readonly names: readonly string[]
}

const PAGE = 65_536

const emitKernel = (context: EmitContext, kernel: Kernel, split: Split | null): string => {
  if (kernel.tag === 'sort') return emitSort(context, kernel, split)
  return kernel.tag === 'loop' ? emitLoop(context, kernel, split) : emitContraction(context, kernel, {}, split)
}

/** The steps of an entry as code: calls with fixed addresses, loops that count trips, by which slices move, and choices. */
const emitEntry = (
  context: EmitContext,
  plan: Plan,
  entry: PlanEntry,
  names: readonly string[],
  threads: Threads | null,
): void => {
  const { module: m, binaryen: b } = context
  const trip = (loop: number): number => m.local.get(loop, b.i32)
  const address = (buffer: number, tripOf = trip): number => {
    const found = plan.buffers[buffer]
    if (found === undefined) throw new InternalError(`entry ${entry.name} names buffer ${buffer}, which is not planned`)
    return (found.slice?.moves ?? []).reduce(
      (at, { loop, advance }) => m.i32.add(at, m.i32.mul(tripOf(loop), m.i32.const(advance))),
      m.i32.const(found.offset),
    )
  }
  const call = (step: PlanStep): number => {
    const { kernel, bindings, scratch } = step
    const name = names[kernel]
    if (name === undefined) throw new InternalError(`entry ${entry.name} names kernel ${kernel}, which is not planned`)
    const wanted = plan.kernels[kernel]?.buffers.length ?? 0
    if (bindings.length !== wanted)
      throw new InternalError(`entry ${entry.name} binds ${bindings.length} buffers to ${name}, which has ${wanted}`)
    if (threads === null || (plan.threads?.splits[kernel] ?? null) === null)
      return m.call(name, [...bindings.map((id) => address(id)), m.i32.const(scratch)], b.none)
    const loops = new Set(bindings.flatMap((id) => (plan.buffers[id]?.slice?.moves ?? []).map(({ loop }) => loop)))
    const trips = [...loops].map((loop) => threads.setTrip(loop, trip(loop)))
    return m.block(null, [...trips, threads.share(step, name, address)])
  }
  /** Loop i of the ranges counts its trips in local i. */
  const loop = ({ trips, count }: PlanLoop, i: number, body: readonly number[]): number => {
    const label = `loop_${i}`
    const next = m.local.tee(i, m.i32.add(m.local.get(i, b.i32), m.i32.const(1)), b.i32)
    const within = m.i32.lt_s(next, m.i32.const(trips))
    const again =
      count === undefined
        ? within
        : m.i32.and(within, m.i32.lt_s(m.local.get(i, b.i32), m.i32.load(0, 4, address(count))))
    return m.block(null, [
      m.local.set(i, m.i32.const(0)),
      m.loop(label, m.block(null, [...body, m.br_if(label, again)])),
    ])
  }
  const choice = ({ predicate }: PlanChoice, _: number, arms: readonly (readonly number[])[]): number =>
    arms
      .map((arm) => m.block(null, [...arm]))
      .reduceRight((rest, arm, k) => m.if(m.i32.eq(m.i32.load(0, 4, address(predicate)), m.i32.const(k)), arm, rest))
  const loopWhile = ({ predicate }: PlanWhile, i: number, test: readonly number[], body: readonly number[]): number => {
    const [begin, end] = [`while_${i}`, `end_${i}`]
    const isDone = m.i32.eqz(m.i32.load(0, 4, address(predicate)))
    return m.block(end, [m.loop(begin, m.block(null, [...test, m.br_if(end, isDone), ...body, m.br(begin)]))])
  }
  const name = context.unique(`entry_${entry.name}`)
  const locals = entry.ranges.map(() => b.i32)
  m.addFunction(
    name,
    b.none,
    b.none,
    locals,
    m.block(null, [...nestSteps(entry, { step: call, loop, choice, while: loopWhile })]),
  )
  m.addFunctionExport(name, entry.name)
}

const setMemory = (m: binaryen.Module, plan: Plan): void => {
  const pages = Math.ceil(plan.memoryBytes / PAGE)
  if (pages > PAGE) throw new InternalError(`a memory of ${plan.memoryBytes} bytes is beyond 32-bit addresses`)
  const segments = plan.constants.map(({ buffer, bytes }) => {
    const offset = plan.buffers[buffer]?.offset
    if (offset === undefined) throw new InternalError(`a constant names buffer ${buffer}, which is not planned`)
    return { offset: m.i32.const(offset), data: bytes }
  })
  if (plan.threads === undefined) m.setMemory(pages, pages, MEMORY_EXPORT, segments)
  else {
    m.setMemory(pages, pages, MEMORY_EXPORT, segments, true, false, MEMORY_EXPORT)
    m.addMemoryImport(MEMORY_EXPORT, THREADS_IMPORT, MEMORY_EXPORT, true)
  }
}

/** The caller disposes of the module. */
export const buildModule = (b: Binaryen, plan: Plan, options: WasmOptions): BuiltModule => {
  const simd = options.simd ?? 'plain'
  const m = new b.Module()
  const { SIMD128, BulkMemory, BulkMemoryOpt, RelaxedSIMD, Atomics } = b.Features
  const wanted = (simd === 'relaxed' ? RelaxedSIMD : 0) | (plan.threads === undefined ? 0 : Atomics)
  m.setFeatures(SIMD128 | BulkMemory | BulkMemoryOpt | wanted)
  const context = emitContext(b, m, simd, options.lower ?? lowerScalar)
  setMemory(m, plan)
  const names = plan.kernels.map((kernel, k) => emitKernel(context, kernel, plan.threads?.splits[k] ?? null))
  const threads = emitThreads(context, plan)
  for (const entry of plan.entries) emitEntry(context, plan, entry, names, threads)
  threads?.finish()
  return { module: m, names }
}
