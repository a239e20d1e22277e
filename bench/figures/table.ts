// The figures that are Nabla's alone, by name: sizes, compilation, start, allocation, memory, a long run, lengths of derivatives.

import type { Effort } from '../effort.ts'
import type { Measurement } from '../measure.ts'
import { type HeldName, heldNames } from '../nabla/held.ts'
import { derivations } from '../textbook.ts'
import { measureAllocation } from './allocation.ts'
import { measureArtifact, measureRuntime, measureWrapper } from './artifacts.ts'
import { measureCompilation } from './compile.ts'
import { measureCurve, measureLengths } from './curve.ts'
import { measureFunctions } from './functions.ts'
import { measureInspection } from './inspect.ts'
import { measureLongRun } from './long.ts'
import { measurePlan, measureProcess } from './memory.ts'
import { measureOperations, operationsName } from './operations.ts'
import { measureQueue } from './queue.ts'
import { measureStart } from './start.ts'

type Measure = (effort: Effort) => Promise<readonly Measurement[]>

const table: ReadonlyMap<string, Measure> = new Map<string, Measure>([
  ['artifact-W2', measureArtifact],
  ['wrapper-W2', measureWrapper],
  ['runtime', measureRuntime],
  ['compile-W2', (effort) => measureCompilation('W2', effort)],
  ['compile-W5', (effort) => measureCompilation('W5', effort)],
  ['compile-W9', (effort) => measureCompilation('W9', effort)],
  ['start-W2', measureStart],
  ['alloc-W1', ({ shortSteps }) => measureAllocation('W1', shortSteps)],
  ['alloc-W2', ({ wideSteps }) => measureAllocation('W2', wideSteps)],
  ['queue-W1', measureQueue],
  ['inspect-W5', measureInspection],
  ['functions', measureFunctions],
  ['long-W2', measureLongRun],
  ['curve-chain', (effort) => measureCurve('chain', effort)],
  ['curve-scan', measureLengths],
  ['curve-params', (effort) => measureCurve('params', effort)],
  ...heldNames.map((name): [string, Measure] => [`memory-${name}`, () => measurePlan(name)]),
  ...(['W4', 'W5', 'W9'] satisfies HeldName[]).map((name): [string, Measure] => [
    `process-${name}`,
    () => measureProcess(name),
  ]),
  ...derivations().map((d): [string, Measure] => [operationsName(d), async () => measureOperations(d)]),
])

export const figureNames: readonly string[] = [...table.keys()]

/** Words that name several figures: `ops` all derivatives, `memory` every workload's plan, `process` its process. */
const families: readonly string[] = ['ops', 'memory', 'process']

/** The figures that no family has. */
export const singleFigures: readonly string[] = figureNames.filter(
  (name) => !families.some((family) => name.startsWith(`${family}-`)),
)

/** The figures that one word of the command line names: one of them, or a family; else undefined. */
export const expandFigure = (word: string): readonly string[] | undefined =>
  families.includes(word)
    ? figureNames.filter((name) => name.startsWith(`${word}-`))
    : table.has(word)
      ? [word]
      : undefined

export const measureFigure = (name: string, effort: Effort): Promise<readonly Measurement[]> =>
  table.get(name)?.(effort) ?? Promise.resolve([])
