/**
 * The JavaScript target. In: a Plan and its manifest as JSON text. Out: the text of an ES module.
 * Invariant: no eval and no Function, so that it runs where a page's policy forbids both and WebAssembly too; the same
 * kernels in the same order over the same memory as every other target, and nothing is allocated while an entry runs.
 */
import type { Float } from '../../../src/core/dtype.ts'
import type { ContractionKernel, Kernel, LoopKernel } from '../../kernel/kernel.ts'
import { printKernel } from '../../kernel/print.ts'
import { type Lower, lowerScalar } from '../../kernel/scalar.ts'
import { buffersOf, nestSteps, type Plan, type PlanBuffer, type PlanEntry, tripsOf } from '../../plan/plan.ts'
import { dotLines, dotName, emitFinish, emitProduct, finishParameters, TILE } from './contraction.ts'
import { type HelperName, helperLines, helperNames } from './helpers.ts'
import { emitLoop } from './loop.ts'
import { emitSort } from './sort.ts'
import { arrayName, block, comment, jsonText, keyText, type Lines, nameAll } from './text.ts'

export interface JavaScriptOptions {
  /** The manifest as JSON text; it becomes `export const manifest`. */
  readonly manifest: string
  /** What ops mean; the op table's rows when left out. */
  readonly lower?: Lower
  /** For each kernel, lines that stand above it as comments. */
  readonly notes?: readonly Lines[]
}

/** What the functions ask the module for. */
interface Wanted {
  readonly helpers: Set<HelperName>
  readonly lanes: Set<string>
  readonly dots: Map<string, Lines>
  readonly panels: Map<Float, number>
  /** The digits of each table of places. */
  readonly places: string[]
}

const kernelLines = (k: Kernel, name: string, lower: Lower, wanted: Wanted): Lines => {
  const names = nameAll(
    k.buffers.map((b) => b.label),
    'b',
    helperNames,
  )
  const context = {
    buffers: k.buffers,
    names,
    lower,
    use: (helper: HelperName) => wanted.helpers.add(helper),
  }
  const head = `const ${name} = (${names.join(', ')}) =>`
  const loop = (loopKernel: LoopKernel): Lines =>
    block(head, emitLoop(loopKernel, { ...context, useLanes: (lanes) => wanted.lanes.add(lanes) }))
  const contraction = (c: ContractionKernel): Lines => [
    ...block(`const ${name}_finish = (${[...names, ...finishParameters(c)].join(', ')}) =>`, emitFinish(c, context)),
    ...block(
      head,
      emitProduct(c, `${name}_finish`, {
        ...context,
        useDot: (dot) => wanted.dots.set(dotName(dot), dotLines(dot)),
        usePlaces: (digits) => {
          wanted.helpers.add('places')
          if (!wanted.places.includes(digits)) wanted.places.push(digits)
          return `places${wanted.places.indexOf(digits)}`
        },
        usePanel: (elements, dtype) => wanted.panels.set(dtype, Math.max(elements, wanted.panels.get(dtype) ?? 0)),
      }),
    ),
  ]
  const lines = (): Lines => {
    if (k.tag === 'sort') return block(head, emitSort(k, names))
    return k.tag === 'loop' ? loop(k) : contraction(k)
  }
  return [...printKernel(k, names).split('\n').map(comment), ...lines()]
}

const preludeLines = (wanted: Wanted): Lines => [
  ...helperLines(wanted.helpers),
  ...[...wanted.lanes]
    .sort()
    .map((name) => `const ${name} = new ${name.startsWith('word') ? 'Int32Array' : 'Float64Array'}(16)`),
  ...wanted.places.map((digits, i) => `const places${i} = places([${digits}])`),
  ...(wanted.dots.size > 0 ? [`const tile = new Float64Array(${TILE})`] : []),
  ...[...wanted.panels].map(
    ([dtype, n]) => `const ${dtype === 'f64' ? 'panel64' : 'panel'} = new ${arrayName(dtype)}(${n})`,
  ),
  ...(wanted.dots.size > 0
    ? [
        comment(
          'Rows of a times columns of b over k = from … to - 1, into the tile; added to it behind the first piece.',
        ),
      ]
    : []),
  ...[...wanted.dots.values()].flat(),
]

/** Only buffers that a step names need a view. */
const usedBuffers = (plan: Plan): ReadonlySet<number> => new Set(plan.entries.flatMap((e) => [...buffersOf(e)]))

const viewLine = (b: PlanBuffer, name: string): string =>
  `const ${name} = new ${arrayName(b.dtype)}(memory, ${b.offset}, ${b.elements}) ${comment(`${b.region}: ${b.label}`)}`

/** A slice that moves; one that does not is a view like any other. */
const isMoving = (b: PlanBuffer): boolean => (b.slice?.moves ?? []).length > 0

/** A slice has a view for each trip of its loops, made once, so that running allocates nothing. */
const sliceLine = (b: PlanBuffer, name: string, e: PlanEntry): string => {
  const moves = (b.slice?.moves ?? []).map(({ loop, advance }) => `[${tripsOf(e, loop)}, ${advance}]`)
  const made = `slices(${arrayName(b.dtype)}, memory, ${b.offset}, ${b.elements}, [${moves.join(', ')}])`
  return `const ${name} = ${made} ${comment(`${b.region}: elements of ${b.label}`)}`
}

const trip = (loop: number): string => `t${loop}`

const entryLines = (e: PlanEntry, plan: Plan, kernels: Lines, views: Lines): Lines => {
  const view = (b: number): string =>
    `${views[b]}${(plan.buffers[b]?.slice?.moves ?? []).map((m) => `[${trip(m.loop)}]`).join('')}`
  const call = (s: PlanEntry['steps'][number]): string => `${kernels[s.kernel]}(${s.bindings.map(view).join(', ')})`
  const body = nestSteps<Lines>(e, {
    step: (s) => [call(s)],
    loop: ({ trips, count }, i, inner) => {
      const end = count === undefined ? trips : `Math.min(Math.max(${view(count)}[0], 1), ${trips})`
      return block(`for (let ${trip(i)} = 0; ${trip(i)} < ${end}; ${trip(i)}++)`, inner.flat())
    },
    while: ({ predicate }, _, test, inner) =>
      block('for (;;)', [...test.flat(), `if (${view(predicate)}[0] === 0) break`, ...inner.flat()]),
    choice: ({ predicate }, _, arms) =>
      arms.flatMap((arm, k) => {
        const condition = k === arms.length - 1 ? '' : `if (${view(predicate)}[0] === ${k})`
        const head = k === 0 ? condition : `else ${condition}`.trim()
        return block(head, arm.flat())
      }),
  })
  const [head = '', ...rest] = block(`${keyText(e.name)}: () =>`, body.flat())
  return [head, ...rest.slice(0, -1), '},']
}

/** Base64 without Buffer, so that the emitter itself runs in a page. */
const base64 = (bytes: Uint8Array): string => {
  const chunks: string[] = []
  for (let i = 0; i < bytes.length; i += 8192) chunks.push(String.fromCharCode(...bytes.subarray(i, i + 8192)))
  return btoa(chunks.join(''))
}

const instantiateLines = (plan: Plan, kernels: Lines): Lines => {
  const used = usedBuffers(plan)
  const views = nameAll(
    plan.buffers.map((b) => b.label),
    'b',
    new Set([...kernels, ...helperNames]),
  )
  const bytes = Math.ceil(plan.memoryBytes / 8) * 8
  return block(`export const instantiate = (memory = new ArrayBuffer(${bytes})) =>`, [
    `if (memory.byteLength < ${plan.memoryBytes}) throw new RangeError(\`memory holds \${memory.byteLength} bytes, ${plan.memoryBytes} are needed\`)`,
    ...plan.constants.map((c) => `write(memory, ${plan.buffers[c.buffer]?.offset ?? 0}, '${base64(c.bytes)}')`),
    ...plan.buffers.flatMap((b, i) => (used.has(i) && !isMoving(b) ? [viewLine(b, views[i] as string)] : [])),
    ...plan.entries.flatMap((e) =>
      [...buffersOf(e)].flatMap((i) => {
        const b = plan.buffers[i] as PlanBuffer
        return isMoving(b) ? [sliceLine(b, views[i] as string, e)] : []
      }),
    ),
    ...block(
      'const entries =',
      plan.entries.flatMap((e) => entryLines(e, plan, kernels, views)),
    ),
    'return { memory, entries }',
  ])
}

/**
 * The text of an ES module that exports `manifest` and `instantiate(memory?: ArrayBuffer)`, which gives
 * `{ memory, entries: { [name]: () => void } }`: inputs are written to and outputs read from `memory` at the offsets that
 * the manifest states, an entry is run by a call. The manifest must be JSON; SyntaxError where it is not.
 */
export const emitJavaScript = (plan: Plan, options: JavaScriptOptions): string => {
  const lower = options.lower ?? lowerScalar
  const wanted: Wanted = { helpers: new Set(), lanes: new Set(), dots: new Map(), panels: new Map(), places: [] }
  if (plan.constants.length > 0) wanted.helpers.add('write')
  if (plan.buffers.some(isMoving)) wanted.helpers.add('slices')
  // identical kernels are one; their names need not differ
  const kernels = plan.kernels.map((k, i) => `k${i}_${k.name.replace(/[^A-Za-z0-9]+/g, '_').slice(0, 40)}`)
  const functions = plan.kernels.map((k, i) => [
    ...(options.notes?.[i] ?? []).map(comment),
    ...kernelLines(k, kernels[i] as string, lower, wanted),
  ])
  const parts: readonly Lines[] = [
    [comment('Generated by Nabla from a plan: the JavaScript target.')],
    preludeLines(wanted),
    ...functions,
    withHead('export const manifest = ', jsonText(JSON.parse(options.manifest))),
    instantiateLines(plan, kernels),
  ]
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

const withHead = (head: string, lines: Lines): Lines => [`${head}${lines[0] ?? ''}`, ...lines.slice(1)]
