// In: training steps over a table of 50,000 rows of which 1,024 are looked up. Out: what kernels, plan and cost say: only
// those rows are read and written, no dense gradient has a place in the arena, and the table is updated where it lies.

import { isLeft } from 'fp-ts/lib/Either.js'
import { adagrad, adam, add, embedding, input, mean, param, scan, sgd, square, sub, sum, tanh, zeros } from 'nabla'
import { print, trainStep } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { compileWhole } from '../../compiler/compile.ts'
import { costOf } from '../../compiler/kernel/cost.ts'
import { usesOf } from '../../compiler/kernel/uses.ts'
import type { Kernel } from '../../compiler/kernel/kernel.ts'
import type { Plan, PlanEntry } from '../../compiler/plan/plan.ts'

const ROWS = 50_000
const WIDTH = 100
const LOOKED = 1024
const ROW_BYTES = 4 * WIDTH
const table = param('table', [ROWS, WIDTH], 0.01)
const looked = embedding(table, input('ids', [LOOKED], 'i32'))
const loss = mean(sum(square(sub(looked, input('target', [LOOKED, WIDTH]))), 1))

const planOf = async (step: ReturnType<typeof trainStep>): Promise<Plan> => {
  const whole = await compileWhole({ step }, { target: 'wasm', checked: true })
  if (isLeft(whole)) throw new Error(whole.left.message)
  return whole.right.plan
}

const entryOf = (plan: Plan): PlanEntry => plan.entries.find((e) => e.name === 'step') as PlanEntry

/** Every use of something as large as the table is at places that indices name. */
const expectRowsAlone = (plan: Plan): void => {
  for (const { kernel } of entryOf(plan).steps) {
    const k = plan.kernels[kernel] as Kernel
    for (const u of usesOf(k))
      if ((k.buffers[u.buffer]?.elements ?? 0) >= ROWS * WIDTH) {
        const loops = k.tag === 'loop' ? k.outer.length + (k.stages[u.stage]?.dims.length ?? 0) : u.dims.length
        expect({ kernel: k.name, kind: u.kind, computed: u.dims.length > loops }).toMatchObject({ computed: true })
      }
  }
}

describe('a step over 50,000 rows of which 1,024 are looked up', () => {
  const clipped = trainStep(loss, sgd(), { clipNorm: 1 })

  test('reads as before: the derivative is a scatter of rows', () => {
    expect(print(clipped)).toContain('scatter(ids, h) / 512 ')
    expect(print(clipped)).toContain('learningRate · δ / max(‖δ‖, 1)')
  })

  test('with sgd and clipping by the global norm', async () => {
    const plan = await planOf(clipped)
    expectRowsAlone(plan)
    const step = entryOf(plan)
    // the differences, the rows summed by index, and a place for each row of the table to find repeated indices by
    expect(step.peak).toBeLessThan(2 * LOOKED * ROW_BYTES + 4 * ROWS)
    // the table's rows are read twice and written once; the rows themselves are walked six times
    expect(step.traffic).toBeLessThan(10 * LOOKED * ROW_BYTES)
    expect(step.flops).toBeLessThan(12 * LOOKED * WIDTH)
    expect(plan.memoryBytes).toBeLessThan(ROWS * ROW_BYTES + 4 * LOOKED * ROW_BYTES)
    const target = plan.params.find((p) => p.name === 'table')?.buffer
    const update = step.steps.find((s) =>
      s.bindings.some((b, i) => b === target && plan.kernels[s.kernel]?.buffers[i]?.mode === 'update'),
    )
    expect(costOf(plan.kernels[update?.kernel ?? -1] as Plan['kernels'][number]).bytes).toBeLessThan(
      4 * LOOKED * ROW_BYTES,
    )
  })

  test.each([
    { name: 'adagrad', optimizer: adagrad(), tables: 2, together: [2] },
    { name: 'adam, lazy', optimizer: adam({ lazy: true }), tables: 3, together: [3] },
  ])('with $name the states of those rows move alone', async ({ optimizer, tables, together }) => {
    const plan = await planOf(trainStep(loss, optimizer, { clipNorm: 1 }))
    expectRowsAlone(plan)
    const step = entryOf(plan)
    expect(step.peak).toBeLessThan(10 * LOOKED * ROW_BYTES)
    expect(step.traffic).toBeLessThan(36 * LOOKED * ROW_BYTES)
    expect(plan.memoryBytes).toBeLessThan(tables * ROWS * ROW_BYTES + 16 * LOOKED * ROW_BYTES)
    // rows of the parameter and of all that is kept beside it go together, and a row that is named twice goes once
    const updates = step.steps.map(
      ({ kernel }) => plan.kernels[kernel]?.buffers.filter((b) => b.mode === 'update').length,
    )
    expect(updates.filter((n) => n !== 0)).toEqual(together)
  })

  test('with adam, whose moments decay everywhere, the whole table is walked', async () => {
    const plan = await planOf(trainStep(loss, adam(), { clipNorm: 1 }))
    expect(entryOf(plan).traffic).toBeGreaterThan(6 * ROWS * ROW_BYTES)
    // one dense gradient, as without rows; the norm is that of the rows
    expect(entryOf(plan).traffic).toBeLessThan(9 * ROWS * ROW_BYTES)
  })

  test('in a loop that looks rows up, the cotangents of all steps are one', async () => {
    const [steps, batch] = [16, 8]
    const start = zeros([batch, WIDTH])
    const looking = scan(
      (h, at) => {
        const next = tanh(add(h, embedding(table, at)))
        return { carry: next, output: next }
      },
      start,
      input('walks', [steps, batch], 'i32'),
    )
    const plan = await planOf(trainStep(sum(square(looking.outputs)), sgd(), { clipNorm: 1 }))
    expectRowsAlone(plan)
    const step = entryOf(plan)
    expect(step.ranges).toMatchObject([{ trips: steps }, { trips: steps }])
    expect(step.peak).toBeLessThan(8 * steps * batch * ROW_BYTES + 4 * ROWS)
  })

  test('without clipping there is one gradient of rows, and nothing is looked for twice', async () => {
    const plan = await planOf(trainStep(loss, sgd()))
    expectRowsAlone(plan)
    expect(plan.kernels.map((k) => k.name)).not.toContain('lastEqual')
    expect(entryOf(plan).traffic).toBeLessThan(7 * LOOKED * ROW_BYTES)
  })
})

test('rows of several lookups are added to the table where it lies, one lookup after the other', async () => {
  const again = embedding(table, input('more', [LOOKED], 'i32'))
  const both = add(loss, mean(sum(square(again), 1)))
  const plan = await planOf(trainStep(both, sgd()))
  expectRowsAlone(plan)
  const target = plan.params.find((p) => p.name === 'table')?.buffer
  const updates = entryOf(plan).steps.filter((s) =>
    s.bindings.some((b, i) => b === target && plan.kernels[s.kernel]?.buffers[i]?.mode === 'update'),
  )
  expect(updates).toHaveLength(2)
  expect(entryOf(plan).peak).toBeLessThan(4 * LOOKED * ROW_BYTES)
})

test('rows that a mean over several lookups treats alike are read where they lie', async () => {
  const bag = mean(embedding(table, input('bag', [64, 16], 'i32')), 1)
  const plan = await planOf(trainStep(sum(square(bag)), adagrad()))
  expectRowsAlone(plan)
  // the sums of repeated rows, and one row a bag, are all that is made on the way
  expect(entryOf(plan).peak).toBeLessThan(1.1 * 64 * 16 * ROW_BYTES + 4 * ROWS)
})
