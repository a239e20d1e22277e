/**
 * docs/performance.md: a kept run of the benchmark as tables. In: bench/results.json, which `npm run bench -- --record
 * bench/results.json` writes. Out: the page. Invariant: every figure is one of that run's lines; what was not measured has a
 * dash, and a goal stands beside its figure whether it is met or not.
 */
import { readRecord, type KeptRun, type RecordedLine } from '../../bench/record.ts'
import { code, type Page, table } from './page.ts'

const file = new URL('../../bench/results.json', import.meta.url)

type Run = KeptRun

/** Milliseconds, bytes or a ratio that a figure should not exceed. */
const goals: Readonly<Record<string, number>> = {
  'artifact-W2': 40_000,
  'wrapper-W2': 6000,
  runtime: 30_000,
  'compile-W2': 150,
  'compile-W5': 400,
  'compile-W9': 400,
  'start-W2': 60,
  'start-W2-wrapper': 60,
  'alloc-W1': 0,
  'alloc-W2': 0,
  'single-W1': 0.001,
  'queue-W1': 0.001,
  'long-W2': 1.2,
  'inspect-W5': 1000,
  'scan-length-time': 1.1,
  ...Object.fromEntries(['W2', 'W3', 'W4', 'W5', 'W6', 'W7', 'W8', 'W9'].map((name) => [`memory-${name}`, 1.1])),
  ...Object.fromEntries(['W4', 'W5', 'W9'].map((name) => [`process-${name}`, 60e6])),
}

/** Milliseconds a step of the workload. */
const stepGoals: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  W1: { plain: 0.001, relaxed: 0.001 },
  W2: { plain: 9, relaxed: 6.5 },
  W3: { plain: 2.5, relaxed: 2.5 },
  W4: { plain: 240, relaxed: 175 },
  W5: { plain: 180, relaxed: 135 },
  W6: { plain: 90, relaxed: 67 },
  W7: { plain: 5, relaxed: 4 },
  W8: { plain: 2, relaxed: 2 },
  W9: { plain: 80, relaxed: 60 },
  embedding: {},
}

/** Of the peak of the same variant. */
const productGoal = 0.85

const digits = (value: number): string => {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return value.toFixed(0)
  return value.toPrecision(3)
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

const columnOf = ({ subject, variant, threads }: RecordedLine): string =>
  `${subject} ${variant}${threads === 1 ? '' : ` x${threads}`}`

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)]

const find = (run: Run, workload: string, column: string): RecordedLine | undefined =>
  run.lines.find((line) => line.workload === workload && columnOf(line) === column)

const isStep = (line: RecordedLine): boolean =>
  Object.hasOwn(stepGoals, line.workload) && line.subject !== 'interpreter' && line.threads === 1

/** How many times faster two threads are wanted to be, and where. */
const sharedGoal = { times: 1.8, workloads: ['W2', 'W4', 'W5', 'W6', 'W9'] } as const

/** Steps by several threads beside those by one. */
const together = (run: Run): string => {
  const lines = run.lines.filter(({ threads }) => threads > 1)
  if (lines.length === 0) return `The kept run has no such figures; ${code('npm run bench -- --threads 2')} takes them.`
  const rows = lines.map((line) => {
    const alone = find(run, line.workload, `${line.subject} ${line.variant}`)
    const times = alone === undefined ? Number.NaN : alone.value / line.value
    const wanted = sharedGoal.workloads.some((name) => name === line.workload)
    const goal = wanted ? `${sharedGoal.times}: ${times >= sharedGoal.times ? 'met' : 'not met'}` : ''
    return [
      line.workload,
      columnOf(line),
      digits(alone?.value ?? Number.NaN),
      digits(line.value),
      `×${digits(times)}`,
      goal,
    ]
  })
  return table(['', '', 'one thread, ms', 'together, ms', 'times faster', 'goal'], rows)
}

/** What is met, and by how much what is not. */
const verdict = (value: number, goal: number): string =>
  value <= goal ? 'met' : `${digits(value / goal)} times the goal`

const stepCell = (line: RecordedLine | undefined, own: RecordedLine | undefined): string => {
  if (line === undefined) return '–'
  const parts = [
    ...(own === undefined || own === line ? [] : [`×${digits(line.value / own.value)}`]),
    ...(line.sharePeak === undefined || line.sharePeak === 0 ? [] : [percent(line.sharePeak)]),
  ]
  return `${digits(line.value)}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`
}

const steps = (run: Run): string => {
  const lines = run.lines.filter(isStep)
  const columns = unique(lines.map(columnOf))
  const rows = unique(lines.map(({ workload }) => workload)).map((workload) => {
    const own = find(run, workload, 'nabla plain')
    const wanted = Object.entries(stepGoals[workload] ?? {}).map(([variant, goal]) => {
      const value = find(run, workload, `nabla ${variant}`)?.value
      return `${variant} ${digits(goal)}: ${value === undefined ? '–' : verdict(value, goal)}`
    })
    return [workload, ...columns.map((column) => stepCell(find(run, workload, column), own)), wanted.join('; ')]
  })
  return table(['ms a step', ...columns, 'goal'], rows)
}

const isConvolution = ({ workload }: RecordedLine): boolean => workload.startsWith('conv-')
const isProduct = (l: RecordedLine): boolean => l.unit === 'GFLOP/s' && l.subject !== 'peak' && !isConvolution(l)

/** Rates and shares of the peak, a row a workload. */
const rates = (run: Run, lines: readonly RecordedLine[], family: string): string => {
  const columns = unique(lines.map(columnOf))
  const rows = unique(lines.map(({ workload }) => workload)).map((workload) => [
    code(workload.replace(family, '')),
    ...columns.map((column) => {
      const line = find(run, workload, column)
      if (line === undefined) return '–'
      return `${digits(line.value)}${line.sharePeak === undefined ? '' : ` (${percent(line.sharePeak)})`}`
    }),
  ])
  return table(['GFLOP/s', ...columns], rows)
}

/** The convolutions, where the run has measured some. */
const convolutions = (run: Run): string => {
  const lines = run.lines.filter(isConvolution)
  if (lines.length === 0) return ''
  return `## Convolutions

Images h x w x c to so many filters, forward, and what it gives image and filters as cotangents. Only products within the image
count, so that a share of the peak is not raised by zeros. The goal for the cotangents is 60 % at these sizes. Groups of one
channel (depthwise) are no matrix products: they multiply and sum along the channels, 9 products for each element that moves.

${rates(run, lines, 'conv-')}

`
}

/** Which of Nabla's products stay under the goal, and how far. */
const productVerdict = (run: Run): string => {
  const own = run.lines.filter((l) => isProduct(l) && l.subject === 'nabla')
  const short = own.filter(({ sharePeak }) => (sharePeak ?? 0) < productGoal)
  const listed = short.map(
    (l) => `${code(l.workload.replace('matmul-', ''))} ${l.variant} ${(100 * (l.sharePeak ?? 0)).toFixed(1)} %`,
  )
  const aim = `The goal is ${percent(productGoal)} of the peak of the same variant.`
  return short.length === 0
    ? `${aim} All ${own.length} of Nabla's figures reach it.`
    : `${aim} ${own.length - short.length} of ${own.length} reach it; not ${listed.join(', ')}.`
}

/** Operations of the peak in the time of an element, where a vectorised function of good make was measured to need them. */
const functionGoals: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  sqrt: { plain: 8.3, relaxed: 11.5 },
  div: { plain: 8.3, relaxed: 11.5 },
  exp: { plain: 56, relaxed: 56 },
  log: { plain: 69, relaxed: 78 },
  sigmoid: { plain: 41, relaxed: 36.5 },
  tanh: { plain: 69, relaxed: 69 },
}

const isFunction = ({ unit }: RecordedLine): boolean => unit === 'elements/ns'

/** Functions of an element and of a row, where the run has measured some. */
const functions = (run: Run): string => {
  const names = unique(run.lines.filter(isFunction).map(({ workload }) => workload))
  if (names.length === 0) return ''
  const rows = names.map((workload) => {
    const name = workload.replace('function-', '')
    const cells = (['plain', 'relaxed'] as const).map((variant) => {
      const line = find(run, workload, `nabla ${variant}`)
      const goal = functionGoals[name]?.[variant]
      return [
        line === undefined ? '–' : digits(line.value),
        line?.peakWork === undefined ? '–' : digits(line.peakWork),
        line?.peakWork === undefined || goal === undefined ? '' : `${digits(goal)}: ${verdict(line.peakWork, goal)}`,
      ]
    })
    return [code(name), ...cells.flat()]
  })
  return `## Functions

Elements a nanosecond on 2,048 elements that stay in the first cache, and how many operations the peak of the same variant does
in the time of an element: that figure is the one to compare between machines. The goals are those of vector code that was
measured for the design, of the same precision and full range.

${table(['', 'plain, elements/ns', 'operations', 'goal', 'relaxed, elements/ns', 'operations', 'goal'], rows)}

`
}

const isCurve = ({ workload }: RecordedLine): boolean => workload.startsWith('curve-')

const own = (run: Run): string => {
  const names = ['bytes', 'ms', 'ratio']
  const lines = run.lines.filter((l) => names.includes(l.unit) && l.subject === 'nabla' && !isStep(l) && !isCurve(l))
  return table(
    ['', 'figure', '', 'best round', 'goal', ''],
    lines.map(({ workload, value, unit, best }) => {
      const goal = goals[workload]
      const [shown, met] = goal === undefined ? ['', ''] : [digits(goal), verdict(value, goal)]
      return [code(workload), digits(value), unit, best === value ? '' : digits(best), shown, met]
    }),
  )
}

const passes = (run: Run): string => {
  const { passes: parts = {} } = run.lines.find((l) => l.workload === 'compile-W2') ?? {}
  return table(
    Object.keys(parts),
    Object.keys(parts).length === 0 ? [] : [Object.values(parts).map((ms) => `${digits(ms)} ms`)],
  )
}

const curveTitles: Readonly<Record<string, string>> = {
  chain: 'operations in a chain, and its gradient',
  scan: 'steps of a loop, and its gradient',
  params: 'parameters in one training step',
}

/** Compile time and artifact by the size of the program. */
const curves = (run: Run): string => {
  const lines = run.lines.filter(isCurve)
  const command = code('npm run bench -- curve-chain curve-scan curve-params')
  if (lines.length === 0) return `The kept run has no such figures; ${command} takes them.`
  return table(
    ['program', 'size', 'ms', 'µs for each', 'artifact, bytes'],
    unique(lines.map(({ workload }) => workload)).map((workload) => {
      const [, kind = '', size = ''] = workload.split('-')
      const figure = (unit: string): number =>
        lines.find((l) => l.workload === workload && l.unit === unit)?.value ?? Number.NaN
      const each = kind === 'scan' ? '' : digits((1000 * figure('ms')) / Number(size))
      return [curveTitles[kind] ?? kind, size, digits(figure('ms')), each, digits(figure('bytes'))]
    }),
  )
}

const operations = (run: Run): string => {
  const lines = run.lines.filter(({ unit }) => unit === 'ops')
  return table(
    ['gradient', 'generated', 'by hand'],
    unique(lines.map(({ workload }) => workload)).map((workload) => [
      workload.replace('ops-', ''),
      ...['nabla', 'hand'].map((subject) => digits(find(run, workload, `${subject} plain`)?.value ?? Number.NaN)),
    ]),
  )
}

const ceilings = (run: Run): string =>
  run.lines
    .filter(({ subject }) => subject === 'peak')
    .map(({ workload, variant, value, unit }) => `${workload} ${variant} ${digits(value)} ${unit}`)
    .join(', ')

/** How far the losses of a workload's subjects lie apart at most. */
const agreement = (run: Run): string =>
  Object.keys(stepGoals)
    .flatMap((workload) => {
      const losses = run.lines.flatMap((l) => (l.workload === workload && l.losses !== undefined ? [l.losses] : []))
      const apart = losses.flatMap((a) =>
        losses.flatMap((b) => a.map((x, k) => Math.abs(x / (b[k] ?? Number.NaN) - 1))),
      )
      return losses.length < 2
        ? []
        : [`${workload} to ${Math.max(...apart).toExponential(1)} over ${losses.length} subjects`]
    })
    .join(', ')

const bodyOf = (run: Run): string => {
  const { machine } = run
  return `
One run of \`npm run bench\`, taken ${machine.date} on ${machine.cores} cores of a virtual machine (${machine.processor}),
${machine.platform}, Node ${machine.node} (V8 ${machine.v8}). The machine was shared: ${machine.load} processes wanted its
cores in the mean. All subjects took turns in the same minutes, so that ratios and shares of the peak say more than times;
where a figure's rounds differ, the best of them is what the machine gives when it is left alone. \`bench/README.md\` says how
each is taken.

## Whole training steps

Forward, backward, update, and the loss read back, f32, one thread, the same parameters and batches for everybody.
In brackets: times Nabla's plain step, and the share of the measured peak that the step's matrix products alone make up.

${steps(run)}

The first five losses agree, those of the interpreter included: ${agreement(run)}.

## Several threads

The same steps by an artifact [for threads](threads.md), beside those by one for a single thread, in the same rounds. The bits are
the same.

${together(run)}

## Matrix products

In brackets the share of the peak that was measured in the same rounds (${ceilings(run)}).

${rates(run, run.lines.filter(isProduct), 'matmul-')}

${productVerdict(run)}

${convolutions(run)}${functions(run)}## Size, compilation, start, allocation, memory, long runs

${own(run)}

\`compile-W2\` counts from the model's expressions to the artifact, initializers included, in a fresh process in which binaryen
is loaded and nothing is warm. Nearly all of it is the engine meeting code for the first time: the same compilation takes 25 ms
once the process has done it ten times. V8's optimizing compilers work on other threads meanwhile, at half of the main
thread's own effort, so that the figure is the best round's where a second core is free and up to twice it where none is.
\`import-binaryen\` comes before, once in a process, for the 15 MB of binaryen's module: only what compiles for WebAssembly pays
it. Nothing that loads and runs artifacts imports binaryen, nor does a compilation to JavaScript. The parts of \`compile-W2\`:

${passes(run)}

\`memory-…\` is a plan's bytes over those that have to be there at its worst moment: parameters, states, inputs, results, and
what is alive in the arena. Only W1 is above the goal: its scalars have whole cache lines, 1,344 bytes in all, of a page of
65,536. \`process-…\` is how far a process that trains the workload grows beyond one that has only loaded the runtime, and
beyond those bytes: Node's own growth, the module and its machine code.

## Compile time by the size of the program

One cold compilation each, binaryen loaded. It is near linear in the program, and does not depend on the length of a loop. Kernels
that differ only in numbers or places are emitted once, so that a parameter more costs its name, its places and its calls.

${curves(run)}

## Lengths of derivatives

Operations of the simplified gradient, from the leaves to all results, views not counted, beside what a careful person writes.

${operations(run)}

## Counts that no machine changes

\`bench/guard.json\` keeps kernels, bytes moved, FLOPs, memory, artifact size and the instructions that a step executes, by kind;
\`test/bench/guard.test.ts\` fails where one has grown by more than 5 %, and \`npm run guard\` keeps new ones.
`
}

export const performancePage: Page = {
  file: 'performance.md',
  title: 'Performance',
  body: () => bodyOf(readRecord(file)),
}
