import { describe, expect, it } from 'vitest'
import { load } from '../../runtime/load.ts'
import { type Progress, type Training, train } from '../../runtime/train.ts'
import { codeOf, leftOf, rightOf } from '../artifact/outcome.ts'
import { toyArtifact, type ToyEntries, toyManifest } from '../artifact/toy.ts'

type StepInputs = ToyEntries['step']['inputs']

const toy = async () => rightOf(await load<ToyEntries>(toyArtifact(), { seed: 0 }))

/** Five examples, of which the first element tells which one it is. */
const examples = Float32Array.of(1, 0, 2, 0, 3, 0, 4, 0, 5, 0)

const run = async (training: Partial<Training<StepInputs>>) => {
  const program = await toy()
  const seen: number[] = []
  const { step } = program.entries
  const onStep = (): undefined => void seen.push(step.inputs.x[0] ?? 0)
  const result = await train(step, {
    tables: { x: examples },
    values: { learningRate: 0.1 },
    epochs: 2,
    onStep,
    ...training,
  })
  return { program, seen, result }
}

describe('train', () => {
  it('shows every example once an epoch, in an order of its own', async () => {
    const { program, seen, result } = await run({ seed: 1 })
    expect(seen).toHaveLength(10)
    expect(seen.slice(0, 5).toSorted()).toEqual([1, 2, 3, 4, 5])
    expect(seen.slice(5).toSorted()).toEqual([1, 2, 3, 4, 5])
    expect(seen.slice(0, 5)).not.toEqual(seen.slice(5))
    expect(rightOf(result)).toMatchObject({ steps: 10, stopped: false })
    // w goes down by 0.1 · x at each step.
    expect(program.params['w']?.[0]).toBeCloseTo(-3, 5)
  })

  it('depends on the seed and the epoch alone', async () => {
    const whole = await run({ seed: 7, epochs: 3 })
    expect((await run({ seed: 7, epochs: 3 })).seen).toEqual(whole.seen)
    expect((await run({ seed: 8, epochs: 3 })).seen).not.toEqual(whole.seen)
    expect((await run({ seed: 7, epochs: 3, from: 2 })).seen).toEqual(whole.seen.slice(10))
    expect((await run({ shuffle: false, epochs: 1 })).seen).toEqual([1, 2, 3, 4, 5])
  })

  it('reports progress, losses and their mean', async () => {
    const at: Progress[] = []
    const losses: number[] = []
    const means: [number, number][] = []
    const { result } = await run({
      onStep: (progress, loss) => {
        at.push(progress)
        losses.push(loss)
      },
      onEpoch: async ({ epoch }, mean) => void means.push([epoch, mean]),
    })
    expect(at[6]).toEqual({ epoch: 1, epochs: 2, batch: 1, batches: 5, step: 6 })
    const mean = (from: number) => losses.slice(from, from + 5).reduce((a, b) => a + b) / 5
    expect(means).toEqual([
      [0, mean(0)],
      [1, mean(5)],
    ])
    expect(rightOf(result).losses).toEqual([mean(0), mean(5)])
  })

  it('asks a schedule at every step', async () => {
    const { program } = await run({
      shuffle: false,
      epochs: 1,
      values: { learningRate: ({ step, batches }) => (step === batches - 1 ? 1 : 0) },
    })
    expect(program.params['w']?.[0]).toBe(-5)
  })

  it('stops when it is told to', async () => {
    const inStep = await run({ onStep: ({ step }) => (step === 2 ? 'stop' : undefined) })
    expect(rightOf(inStep.result)).toEqual({ losses: [], steps: 3, stopped: true })
    const afterEpoch = await run({ onEpoch: () => Promise.resolve('stop') })
    expect(rightOf(afterEpoch.result)).toMatchObject({ steps: 5, stopped: true })
    expect(rightOf(afterEpoch.result).losses).toHaveLength(1)
  })

  it('fills the last batch from the front, and gives way to the event loop', async () => {
    const program = rightOf(
      await load(
        toyArtifact({
          entries: [
            {
              name: 'step',
              inputs: [{ name: 'x', dtype: 'f32', shape: [2, 1], offset: 48 }],
              outputs: [{ name: 'error', dtype: 'f32', shape: [], offset: 112 }],
              flops: 0,
              bytes: 0,
              peak: 0,
            },
          ],
        }),
      ),
    )
    const step = program.entries['step']
    if (step === undefined) throw new Error('the toy has no step')
    const seen: number[][] = []
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    const result = await train(step, {
      tables: { x: Float32Array.of(1, 2, 3) },
      epochs: 2,
      shuffle: false,
      loss: 'error',
      onStep: () => {
        seen.push([...(step.inputs['x'] ?? [])])
        for (const until = performance.now() + 60; performance.now() < until; );
      },
    })
    clearInterval(timer)
    expect(codeOf(result)).toBe('right')
    expect(seen).toEqual([
      [1, 2],
      [3, 1],
      [1, 2],
      [3, 1],
    ])
    expect(ticks).toBeGreaterThan(0)
  })

  it.each<[string, object, string, string]>([
    ['no table', { tables: {} }, 'E_RUN_TABLE', 'step: no table of examples was given'],
    ['an unknown table', { tables: { z: examples } }, 'E_RUN_INPUT_SURPLUS', 'step: there is no input z'],
    [
      'a table of another type',
      { tables: { x: new Float64Array(2) } },
      'E_RUN_TABLE',
      'step: the table of x (f32[1,2]) must be a Float32Array, not a Float64Array',
    ],
    [
      'a broken row',
      { tables: { x: new Float32Array(5) } },
      'E_RUN_TABLE',
      'step: the table of x (f32[1,2]) has 5 elements, no whole number of rows of 2',
    ],
    ['an empty table', { tables: { x: new Float32Array(0) } }, 'E_RUN_TABLE', 'has 0 elements'],
    [
      'a table for a scalar',
      { tables: { learningRate: examples } },
      'E_RUN_TABLE',
      'step: the table of learningRate (f32[]) feeds an input without rows',
    ],
    ['no such loss', { loss: 'cost' }, 'E_RUN_TABLE', 'step: there is no output cost to report'],
    ['a missing value', { values: {} }, 'E_RUN_INPUT_MISSING', 'step: input learningRate is missing'],
    ['a wrong schedule', { values: { learningRate: () => 'fast' } }, 'E_RUN_INPUT_TYPE', 'a string was given'],
  ])('refuses %s', async (_, training, code, words) => {
    const { result } = await run(training)
    const error = leftOf(result)
    expect(error).toMatchObject({ _tag: 'RunError', code })
    expect(error.message).toContain(words)
  })

  it('refuses tables of different lengths', async () => {
    const label = { name: 'label', dtype: 'i32', shape: [1], offset: 80 } as const
    const entries = toyManifest.entries.map((e) => (e.name === 'step' ? { ...e, inputs: [...e.inputs, label] } : e))
    const program = rightOf(await load(toyArtifact({ entries })))
    const step = program.entries['step']
    if (step === undefined) throw new Error('the toy has no step')
    const tables = { x: examples, label: Int32Array.of(1, 2) }
    const error = leftOf(await train(step, { tables, values: { learningRate: 1 }, epochs: 1 }))
    expect(error.message).toBe('step: one table has 5 rows for batches of 1, another 2 for 1')
  })
})
