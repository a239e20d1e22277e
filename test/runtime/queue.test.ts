// In: training steps with a queue, on both targets. Out: that k runs in one call leave the bits of k calls, in parameters,
// states and outputs; and what is refused. Invariant: every pass checked, artifacts loaded as a user loads them.

import { isLeft } from 'fp-ts/lib/Either.js'
import {
  adam,
  dense,
  glorotUniform,
  greater,
  input,
  matmul,
  mean,
  type Node,
  param,
  pipe,
  scan,
  sigmoidCrossEntropy,
  square,
  sub,
  tanh,
  zeros,
} from 'nabla'
import { type CompileOptions, compile, type EntryInputs, type Scalar, trainStep } from 'nabla/compiler'
import { load, type Program, train } from 'nabla/runtime'
import { describe, expect, it } from 'vitest'
import { codeOf, leftOf, rightOf } from '../artifact/outcome.ts'

const K = 5

const xor = (): EntryInputs => {
  const [x, y] = [input('x', [4, 2]), input('y', [4, 1])]
  const h = pipe(x, dense(param('w1', [2, 3], glorotUniform), param('b1', [3], zeros)), tanh)
  const z = pipe(h, matmul(param('w2', [3, 1], glorotUniform)))
  return {
    step: trainStep(pipe(z, sigmoidCrossEntropy(y), mean), adam()),
    predict: { z, yes: greater(z, 0) },
  }
}

/** A loop inside of the queue's loop: sequences move with both. */
const recurrent = (): EntryInputs => {
  const [xs, y] = [input('x', [3, 4, 2]), input('y', [4, 2])]
  const w = param('w', [2, 2], glorotUniform)
  const { carry, outputs } = scan((h: Node, x: Node) => ({ carry: tanh(pipe(h, matmul(w), sub(x))), output: h }), y, xs)
  const loss = mean(square(sub(carry, y))) as Scalar
  const { results, updates } = trainStep(loss, adam())
  return { step: { results: { ...results, hs: outputs }, updates } }
}

const programOf = async (entries: EntryInputs, options: CompileOptions): Promise<Program> =>
  rightOf(await load(rightOf(await compile(entries, { checked: true, ...options })), { seed: 3 }))

const stepOf = ({ entries }: Program) => {
  const { step } = entries
  if (step === undefined) throw new Error('there is no entry step')
  return step
}

/** Values of one run, other ones for each. */
const valuesOf = (program: Program, run: number): Record<string, Float32Array> =>
  Object.fromEntries(
    Object.entries(stepOf(program).inputs).map(([name, view]) => [
      name,
      name === 'learningRate'
        ? Float32Array.of(0.1 / (run + 1))
        : Float32Array.from(view, (_, i) => Math.sin(i + 7 * run)),
    ]),
  )

const carriedBy = ({ params, state }: Program): readonly (readonly number[])[] =>
  [...Object.values(params), ...Object.values(state)].map((view) => [...view])

describe.each([
  ['xor', xor, 'wasm'],
  ['xor', xor, 'javascript'],
  ['a recurrent network', recurrent, 'wasm'],
  ['a recurrent network', recurrent, 'javascript'],
] as const)('%s (%#)', (_, model, target) => {
  it('takes k steps in one call as it does in k', async () => {
    const [one, many] = [await programOf(model(), { target }), await programOf(model(), { target, queue: { step: K } })]
    const outputs: Record<string, number[]> = {}
    for (const runs of [K, 2, 1, 3]) {
      for (const name of Object.keys(stepOf(one).outputs)) outputs[name] = []
      for (let run = 0; run < runs; run++) {
        const given = rightOf(stepOf(one).call(valuesOf(one, run)))
        for (const [name, view] of Object.entries(given)) outputs[name]?.push(...view)
        rightOf(stepOf(many).queue.put(run, valuesOf(many, run)))
      }
      rightOf(stepOf(many).run(runs))
      expect(carriedBy(many)).toEqual(carriedBy(one))
      for (const [name, wanted] of Object.entries(outputs))
        expect([...(stepOf(many).queue.outputs[name] ?? []).slice(0, wanted.length)]).toEqual(wanted)
    }
    expect(many.state['step']?.[0]).toBe(K + 2 + 1 + 3)
  })
})

describe('an entry with a queue', () => {
  it('has the first run as its own inputs and outputs, which other entries share', async () => {
    const program = await programOf(xor(), { queue: { step: K } })
    const step = stepOf(program)
    const { predict } = program.entries
    for (let run = 0; run < K; run++) rightOf(step.queue.put(run, valuesOf(program, run)))
    expect(step.queue.length).toBe(K)
    expect(step.inputs).toBe(step.queue.inputsOf(0))
    expect(step.queue.inputsOf(3)).toBe(step.queue.inputsOf(3))
    expect([...(step.queue.inputs['x'] ?? [])].slice(24, 32)).toEqual([...(step.queue.inputsOf(3)['x'] ?? [])])
    expect([...(predict?.inputs['x'] ?? [])]).toEqual([...(valuesOf(program, 0)['x'] ?? [])])
    rightOf(step.run(2))
    expect(step.outputs['loss']?.[0]).toBe(step.queue.outputs['loss']?.[0])
    expect(step.queue.outputs['loss']?.[1]).not.toBe(step.outputs['loss']?.[0])
    expect(predict?.queue.length).toBe(1)
  })

  it('refuses runs and values that it has no room for, before anything is written or run', async () => {
    const program = await programOf(xor(), { queue: { step: K } })
    const step = stepOf(program)
    const before = carriedBy(program)
    for (const runs of [0, K + 1, 1.5, Number.NaN, -1]) expect(codeOf(step.run(runs))).toBe('E_RUN_QUEUE')
    for (const run of [-1, K, 0.5]) expect(codeOf(step.queue.put(run, valuesOf(program, 0)))).toBe('E_RUN_QUEUE')
    expect(codeOf(step.queue.put(1, { ...valuesOf(program, 0), x: new Float32Array(3) }))).toBe('E_RUN_INPUT_LENGTH')
    expect(codeOf(step.queue.put(1, {}))).toBe('E_RUN_INPUT_MISSING')
    expect(codeOf(program.entries['predict']?.run(2) ?? step.run(0))).toBe('E_RUN_QUEUE')
    expect(carriedBy(program)).toEqual(before)
    expect([...(step.queue.inputs['x'] ?? [])].every((v) => v === 0)).toBe(true)
  })

  it.each([
    [{ step: 0 }, {}, 'cannot hold 0 runs'],
    [{ step: 1.5 }, {}, 'cannot hold 1.5 runs'],
    [{ steps: 8 }, {}, 'a queue is wanted for the entry steps'],
    [{ init: 8 }, {}, 'a queue is wanted for the entry init'],
    [{ step: 8 }, { checks: true }, 'the entry step of a checked build has no queue'],
  ] as const)('is not compiled for %o', async (queue, options, words) => {
    const { code, message } = leftOf(await compile(xor(), { ...options, queue }))
    expect([code, message]).toEqual(['E_COMPILE_QUEUE', expect.stringContaining(words)])
  })
})

describe('train', () => {
  const tables = {
    x: Float32Array.from({ length: 66 }, (_, i) => Math.sin(i)),
    y: Float32Array.from({ length: 33 }, (_, i) => i % 2),
  }
  const learningRate = ({ step }: { readonly step: number }) => 0.1 / (1 + step)
  const trained = async (queue: Readonly<Record<string, number>>, onStep?: () => undefined) => {
    const program = await programOf(xor(), { queue })
    const result = await train(stepOf(program), {
      tables,
      values: { learningRate },
      epochs: 7,
      ...(onStep === undefined ? {} : { onStep }),
    })
    return { carried: carriedBy(program), result: rightOf(result) }
  }

  it('takes steps together where nobody wants to hear of each, with the same results', async () => {
    const wanted = await trained({})
    expect(wanted.result.steps).toBe(63)
    expect(await trained({ step: 4 })).toEqual(wanted)
    expect(await trained({ step: 64 })).toEqual(wanted)
    let heard = 0
    expect(await trained({ step: 4 }, () => void heard++)).toEqual(wanted)
    expect(heard).toBe(63)
  })

  it('has taken the steps before one that cannot be taken', async () => {
    const program = await programOf(xor(), { queue: { step: 64 } })
    const rate = ({ step }: { readonly step: number }) => (step === 40 ? Number.NaN.toString() : 0.1) as number
    const result = await train(stepOf(program), { tables, values: { learningRate: rate }, epochs: 7 })
    expect(isLeft(result) && result.left.code).toBe('E_RUN_INPUT_TYPE')
    expect(program.state['step']?.[0]).toBe(40)
  })
})
