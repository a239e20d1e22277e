// A subject's process. It prepares one workload, checks that its results are results (finite losses, right products),
// warms up, and then times slices when asked. Everything it learns goes back over the channel it was started with.

import type { Open, Reply, Request, Slice } from './protocol.ts'
import type { Multiplication, SubjectModule, Task } from './subject.ts'
import { checkConvolution } from './workloads/convolutions.ts'
import { workload } from './workloads/table.ts'
import { type Convolution, type Product, type Training, unlimited } from './workloads/workload.ts'

const comparedLosses = 5
// A sample is at least this long, so that reading the clock does not show in it; a shorter run is repeated within one.
const sampleMilliseconds = 0.25

const trainingTask = async (module: SubjectModule, training: Training, open: Open): Promise<Task | undefined> => {
  const step = await module.train?.(training.name, open.variant)
  if (step === undefined) return undefined
  const start = performance.now()
  const losses = Array.from({ length: comparedLosses }, (_, index) => step(index))
  const firstMilliseconds = (performance.now() - start) / comparedLosses
  let index = comparedLosses
  return {
    losses,
    firstMilliseconds,
    work: training.productFlops,
    runLimit: training.stepLimit - comparedLosses,
    run: (times) => {
      let loss = 0
      for (let count = 0; count < times; count += 1, index += 1) loss = step(index)
      if (!Number.isFinite(loss)) throw new Error(`the loss after ${index} steps is ${loss}`)
    },
  }
}

// Entries spread over the product, each against its inner product in double precision: a transposed operand or a lost
// tail is a wrong number, not a fast one.
const checkProduct = (product: Product, result: Float32Array): void => {
  const { left, right, form } = product
  const at = (row: number, column: number, columns: number): number => row * columns + column
  const [leftRows = 0, leftColumns = 0] = left.shape
  const [rightRows = 0, rightColumns = 0] = right.shape
  const rows = form === 'tn' ? leftColumns : leftRows
  const inner = form === 'tn' ? leftRows : leftColumns
  const columns = form === 'nt' ? rightRows : rightColumns
  if (result.length !== rows * columns) throw new Error(`${result.length} elements, expected ${rows * columns}`)
  const probes = 61
  for (let probe = 0; probe < probes; probe += 1) {
    const entry = Math.floor(((result.length - 1) * probe) / (probes - 1))
    const [row, column] = [Math.floor(entry / columns), entry % columns]
    let sum = 0
    for (let k = 0; k < inner; k += 1) {
      const a = left.data[form === 'tn' ? at(k, row, leftColumns) : at(row, k, leftColumns)] ?? Number.NaN
      const b = right.data[form === 'nt' ? at(column, k, rightColumns) : at(k, column, rightColumns)] ?? Number.NaN
      sum += a * b
    }
    const got = result[entry] ?? Number.NaN
    if (!(Math.abs(got - sum) <= 1e-4 * Math.sqrt(inner))) {
      throw new Error(`${product.name}: entry (${row}, ${column}) is ${got}, expected ${sum}`)
    }
  }
}

const rateTask = async (wanted: Product | Convolution, multiplication: Multiplication): Promise<Task> => {
  await multiplication.run()
  const result = await multiplication.result()
  if (wanted._tag === 'product') checkProduct(wanted, result)
  else checkConvolution(wanted, result)
  return {
    losses: [],
    firstMilliseconds: 0,
    work: wanted.flops,
    runLimit: unlimited,
    run: (times) => repeat(multiplication.run, times),
  }
}

// A run that gives a promise is waited for, one that does not costs nothing extra.
const repeat = (run: () => void | Promise<void>, times: number): void | Promise<void> => {
  for (let count = 0; count < times; count += 1) {
    const pending = run()
    if (pending !== undefined) return pending.then(() => repeat(run, times - count - 1))
  }
}

const prepare = async (open: Open): Promise<Task | undefined> => {
  if (open.workload === 'peak' || open.workload === 'bandwidth') {
    // Here alone, because binaryen stands behind it: 125 MB that no other subject should carry.
    const { ceiling } = await import('./peak.ts')
    return ceiling(open.workload, open.variant)
  }
  const wanted = workload(open.workload)
  if (wanted === undefined || open.module === undefined) throw new Error(`no workload ${open.workload}`)
  const module: SubjectModule = await import(new URL(open.module, import.meta.url).href)
  if (wanted._tag === 'training') return trainingTask(module, wanted, open)
  const multiplication =
    wanted._tag === 'product'
      ? await module.multiply?.(wanted, open.variant)
      : await module.convolve?.(wanted, open.variant)
  return multiplication === undefined ? undefined : rateTask(wanted, multiplication)
}

const timed = async (task: Task, times: number): Promise<number> => {
  const start = performance.now()
  const pending = task.run(times)
  if (pending !== undefined) await pending
  return performance.now() - start
}

/** Samples for `milliseconds`, or until `limit` runs are done; at least one. */
const slice = async (task: Task, milliseconds: number, limit: number, times: number): Promise<Slice> => {
  const start = performance.now()
  const processor = process.cpuUsage()
  const samples: number[] = []
  do {
    samples.push((await timed(task, times)) / times)
  } while (performance.now() - start < milliseconds && (samples.length + 1) * times <= limit)
  const elapsed = performance.now() - start
  const { user, system } = process.cpuUsage(processor)
  const sorted = samples.sort((a, b) => a - b)
  return {
    _tag: 'slice',
    median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
    best: sorted[0] ?? Number.NaN,
    busy: (user + system) / 1000 / elapsed,
  }
}

type Ready = { readonly task: Task; readonly limit: number; readonly times: number }

// Warming up takes at most a tenth of the runs that the workload allows, and the slices share the rest evenly.
const warm = async (task: Task, open: Open): Promise<Ready> => {
  if (open.warmMilliseconds === 0) return { task, limit: task.runLimit, times: 1 }
  const warmLimit = Math.floor(task.runLimit / 10)
  const { best } = await slice(task, open.warmMilliseconds, warmLimit, 1)
  const limit = Math.floor((task.runLimit - warmLimit) / open.slices)
  return { task, limit, times: Math.max(1, Math.min(limit, Math.ceil(sampleMilliseconds / best))) }
}

const say = (reply: Reply): void => {
  process.send?.(reply)
}

let ready: Ready | undefined

const answer = async (request: Request): Promise<Reply> => {
  if (request._tag === 'slice') {
    if (ready === undefined) throw new Error('a slice was asked for before a workload was opened')
    return slice(ready.task, request.milliseconds, ready.limit, ready.times)
  }
  const task = await prepare(request)
  if (task === undefined) return { _tag: 'absent', reason: `does not do ${request.workload}` }
  ready = await warm(task, request)
  return { _tag: 'opened', work: task.work, losses: task.losses, firstMilliseconds: task.firstMilliseconds }
}

process.on('message', (request: Request) => {
  answer(request).then(say, (error: unknown) =>
    say({ _tag: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
