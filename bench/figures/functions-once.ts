// A fresh process that times functions of an element and of a row, beside the peak. Comes in: a variant, the number of rounds;
// goes out: of each entry elements a nanosecond, and how many operations the peak does in an element's time, of each round.

import { argument, elements, functionEntries } from '../nabla/functions.ts'
import { programOf } from '../nabla/program.ts'
import { ceiling } from '../peak.ts'
import { stopwatch, tell } from './clock.ts'

/** Of each round. */
export type Timed = { readonly name: string; readonly rates: readonly number[]; readonly work: readonly number[] }
export type Functions = { readonly busy: number; readonly timed: readonly Timed[] }

const [, , variant = 'plain', rounds = '7'] = process.argv
if (variant !== 'plain' && variant !== 'relaxed') throw new Error(`no variant ${variant}`)
const peak = ceiling('peak', variant)
if (peak === undefined) throw new Error(`this engine has no ${variant} SIMD`)
const program = await programOf(functionEntries(), variant)
const x = argument()
const entries = Object.entries(program.entries).filter(([, { inputs }]) => inputs['x'] !== undefined)
for (const [, entry] of entries) (entry.inputs['x'] as Float32Array).set(x)

// Long enough for the clock, short enough that no other process has the core in the best of them.
const runs = 200
const samples = 20

/** Milliseconds of a run, in the best of a few samples. */
const best = (run: () => void, times: number): number => {
  let least = Number.POSITIVE_INFINITY
  for (let sample = 0; sample < samples; sample += 1) {
    const start = performance.now()
    for (let time = 0; time < times; time += 1) run()
    least = Math.min(least, (performance.now() - start) / times)
  }
  return least
}

const round = () => {
  const operations = peak.work / best(() => void peak.run(1), 1)
  return entries.map(([, entry]) => {
    const rate = elements / best(() => entry.run(), runs)
    return { rate: rate / 1e6, work: operations / rate }
  })
}

for (let warm = 0; warm < 2; warm += 1) round()
const watch = stopwatch()
const taken = Array.from({ length: Number(rounds) }, round)
const timed = entries.map(([name], k): Timed => {
  const mine = taken.flatMap((r) => r[k] ?? [])
  return { name, rates: mine.map(({ rate }) => rate), work: mine.map(({ work }) => work) }
})
tell({ busy: watch.busy(), timed } satisfies Functions)
