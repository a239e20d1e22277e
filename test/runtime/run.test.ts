import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { load } from '../../runtime/load.ts'
import type { Program, ProgramOf } from '../../runtime/program.ts'
import type { ArtifactOf, Values } from '../../src/artifact/types.ts'
import { codeOf, leftOf, rightOf } from '../artifact/outcome.ts'
import {
  type ToyEntries,
  type ToyParams,
  type ToyStates,
  toyArtifact,
  toyCode,
  toyManifest,
  unreachable,
} from '../artifact/toy.ts'

const artifact: ArtifactOf<ToyEntries, ToyParams, ToyStates> = { bytes: toyArtifact(), manifest: toyManifest }

const toy = async (): Promise<ProgramOf<typeof artifact>> => rightOf(await load(artifact, { seed: 2 ** 32 + 1 }))

/** For calls that the types forbid. */
const loose = (program: Program<ToyEntries, ToyParams, ToyStates>) => program as unknown as Program

describe('a program', () => {
  it('has typed, named views of one memory', async () => {
    const program = await toy()
    const w: Float32Array = program.params.w
    const steps: Int32Array = program.state.steps
    const x: Float32Array = program.entries.step.inputs.x
    const flags: Int32Array = program.entries.predict.inputs.flags
    expect([...w, ...steps]).toEqual([1, 1, 0])
    expect(flags.length).toBe(2)
    x.set([3, 5])
    program.inputs.learningRate[0] = 0.5
    expect(rightOf(program.entries.step.run()).loss).toBe(program.entries.step.outputs.loss)
    expect([...w]).toEqual([-0.5, -1.5])
    expect(program.entries.step.outputs.loss[0]).toBe(-0.5 * 3 - 1.5 * 5)
    expect(steps[0]).toBe(1)
    expect([w, steps, x].every((view) => view.buffer === program.memory)).toBe(true)
    // @ts-expect-error: no such entry
    expect(program.entries.train).toBeUndefined()
    // @ts-expect-error: no such parameter
    expect(program.params.v).toBeUndefined()
  })

  it('runs a checked call, and gives the same objects every time', async () => {
    const program = await toy()
    const first = program.call('step', { x: [1, 2], learningRate: 1 })
    const second = program.entries.step.call({ x: Float32Array.of(1, 2), learningRate: [0] })
    expect(second).toBe(first)
    expect(rightOf(second)).toBe(program.entries.step.outputs)
    expect([...program.params.w]).toEqual([0, -1])
  })

  it('keeps inputs, and takes its own views without copying', async () => {
    const { step } = (await toy()).entries
    step.inputs.x.set([4, 0])
    const values = { x: step.inputs.x, learningRate: 0.25 }
    expect(rightOf(step.call(values)).loss[0]).toBe(0)
    expect([...step.inputs.x]).toEqual([4, 0])
  })

  it('has an input by name where it is one tensor everywhere', async () => {
    const other = { name: 'x', dtype: 'f32', shape: [3], offset: 48 } as const
    const entries = toyManifest.entries.map((e) => (e.name === 'predict' ? { ...e, inputs: [other] } : e))
    const program = rightOf(await load(toyArtifact({ entries })))
    expect(Object.keys(program.inputs).sort()).toEqual(['key', 'learningRate'])
    expect(program.entries['predict']?.inputs['x']?.length).toBe(3)
  })

  it.each<[string, unknown, string, string]>([
    ['nothing', undefined, 'E_RUN_INPUT_TYPE', 'step: an object of the inputs was expected, undefined was given'],
    ['missing', { x: [1, 2] }, 'E_RUN_INPUT_MISSING', 'step: input learningRate is missing'],
    ['undefined', { x: undefined, learningRate: 1 }, 'E_RUN_INPUT_MISSING', 'step: input x is missing'],
    ['surplus', { x: [1, 2], learningRate: 1, y: 1 }, 'E_RUN_INPUT_SURPLUS', 'step: there is no input y'],
    [
      'inherited',
      { x: [1, 2], learningRate: 1, toString: 1 },
      'E_RUN_INPUT_SURPLUS',
      'step: there is no input toString',
    ],
    [
      'too long',
      { x: new Float32Array(3), learningRate: 1 },
      'E_RUN_INPUT_LENGTH',
      'step: input x is f32[1,2] and takes 2 elements, 3 were given',
    ],
    ['too short', { x: [1], learningRate: 1 }, 'E_RUN_INPUT_LENGTH', 'takes 2 elements, 1 were given'],
    ['a scalar', { x: 1, learningRate: 1 }, 'E_RUN_INPUT_LENGTH', 'takes 2 elements, 1 were given'],
    [
      'f64',
      { x: new Float64Array(2), learningRate: 1 },
      'E_RUN_INPUT_TYPE',
      'step: input x is f32[1,2] and takes Float32Array, Float64Array was given',
    ],
    ['bytes', { x: new Uint8Array(2), learningRate: 1 }, 'E_RUN_INPUT_TYPE', 'Uint8Array was given'],
    ['text', { x: 'ab', learningRate: 1 }, 'E_RUN_INPUT_TYPE', 'a string was given'],
    ['null', { x: null, learningRate: 1 }, 'E_RUN_INPUT_TYPE', 'null was given'],
    ['a list with text', { x: [1, '2'], learningRate: 1 }, 'E_RUN_INPUT_TYPE', 'a string at 1 was given'],
    ['boolean', { x: [1, 2], learningRate: true }, 'E_RUN_INPUT_TYPE', 'true was given'],
  ])('refuses %s and writes nothing', async (_, values, code, words) => {
    const program = await toy()
    program.entries.step.inputs.x.set([7, 8])
    const error = leftOf(loose(program).call('step', values as Values<Record<string, never>>))
    expect(error).toMatchObject({ _tag: 'RunError', code })
    expect(error.message).toContain(words)
    expect([...program.entries.step.inputs.x]).toEqual([7, 8])
    expect(program.state.steps[0]).toBe(0)
  })

  it.each<[readonly unknown[] | Int32Array, string]>([
    [[true, false], 'right'],
    [[0, 1], 'right'],
    [Int32Array.of(0, 1), 'right'],
    [Int32Array.of(0, 2), 'E_RUN_INPUT_TYPE'],
    [[0.5, 1], 'E_RUN_INPUT_TYPE'],
    [[1, 1, 1], 'E_RUN_INPUT_LENGTH'],
  ])('takes booleans as 0 and 1 alone: %j', async (flags, code) => {
    const program = await toy()
    const result = loose(program).call('predict', { x: [1, 2], flags } as unknown as Values<Record<string, never>>)
    expect(codeOf(result)).toBe(code)
    if (code === 'right') expect(program.entries.predict.inputs.flags[1]).toBe(flags[1] ? 1 : 0)
  })

  it.each([[[1.5, 0]], [[2 ** 31, 0]], [[Number.NaN, 0]]])(
    'takes whole numbers of 32 bits alone for i32: %j',
    async (key) => {
      expect(codeOf((await toy()).call('init', { key }))).toBe('E_RUN_INPUT_TYPE')
    },
  )

  it('refuses an entry that it does not have', async () => {
    const program = loose(await toy())
    for (const name of ['stepp', 'toString', '__proto__']) expect(codeOf(program.call(name, {}))).toBe('E_RUN_ENTRY')
    expect(leftOf(program.call('stepp', {})).hint).toBe('it has init, step, predict')
  })

  it('reports a trap', async () => {
    const program = rightOf(await load(toyArtifact({}, { code: { ...toyCode, predict: unreachable } })))
    const error = leftOf(program.entries['predict']?.run() ?? program.call('none', {}))
    expect(error.code).toBe('E_RUN_TRAP')
    expect(error.message).toMatch(/^predict: the engine stopped the program: /)
  })

  it('initializes by its seed, again and again', async () => {
    const program = await toy()
    program.call('step', { x: [1, 2], learningRate: 1 })
    expect(codeOf(program.initialize(5))).toBe('right')
    expect([...program.params.w, ...program.state.steps]).toEqual([5, 0, 0])
    expect(codeOf(program.initialize(-1))).toBe('E_RUN_SEED')
    expect(codeOf(program.initialize(2 ** 53))).toBe('E_RUN_SEED')
  })

  it('needs no init where the artifact has none', async () => {
    const entries = toyManifest.entries.filter((e) => e.name !== 'init')
    const program = rightOf(await load(toyArtifact({ entries }), { seed: 3 }))
    expect([...(program.params['w'] ?? [])]).toEqual([0, 0])
  })

  it('finds NaN in a parameter where checks are on', async () => {
    const values = { x: [0, Number.NaN], learningRate: 1 }
    const careless = await toy()
    expect(codeOf(careless.call('step', values))).toBe('right')
    const checked = rightOf(await load(artifact, { checks: true }))
    expect(codeOf(checked.call('step', { x: [1, 2], learningRate: 1 }))).toBe('right')
    const error = leftOf(checked.call('step', values))
    expect(error).toMatchObject({ code: 'E_RUN_NAN_PARAM', message: 'parameter w[1,0] is NaN after step' })
    checked.params.w.fill(0)
    checked.params.b[0] = Number.NaN
    expect(leftOf(checked.entries.predict.run()).message).toBe('parameter b is NaN after predict')
  })
})

describe('allocation', () => {
  /** Bytes that 10,000 steps leave on the heap, in a process of their own where nothing else allocates. */
  const script = `
    import v8 from 'node:v8'
    import { load } from './runtime/load.ts'
    import { toyArtifact } from './test/artifact/toy.ts'
    const program = (await load(toyArtifact())).right
    const { step } = program.entries
    const values = { x: new Float32Array([1, 2]), learningRate: Float32Array.of(0.001) }
    const run = () => { for (let i = 0; i < 10_000; i++) { step.inputs.learningRate[0] = 0.001; step.run() } }
    const call = () => { for (let i = 0; i < 10_000; i++) step.call(values) }
    const nothing = () => { for (let i = 0; i < 10_000; i++) step.inputs.learningRate[0] = 0.001 }
    const boxes = () => { for (let i = 0; i < 10_000; i++) values.box = { i } }
    const used = () => process.memoryUsage().heapUsed
    const leastOf = (f) => {
      for (let i = 0; i < 20; i++) f()
      let least = Infinity
      for (let i = 0; i < 20; i++) { const before = used(); f(); const grown = used() - before; if (grown >= 0) least = Math.min(least, grown) }
      return least
    }
    const memory = program.memory.byteLength
    const result = { nothing: leastOf(nothing), run: leastOf(run), call: leastOf(call), boxes: 0, grown: program.memory.byteLength - memory }
    result.boxes = leastOf(boxes)
    console.log(JSON.stringify(result))
  `

  it('is none in 10,000 steps, checked or not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nabla-heap-'))
    try {
      const { outputFiles } = await build({
        stdin: { contents: script, resolveDir: fileURLToPath(new URL('../..', import.meta.url)), loader: 'ts' },
        bundle: true,
        platform: 'node',
        format: 'esm',
        write: false,
      })
      const file = join(folder, 'heap.mjs')
      writeFileSync(file, outputFiles[0]?.text ?? '')
      const found = JSON.parse(execFileSync(process.execPath, [file], { encoding: 'utf8' })) as Record<string, number>
      // What asking for the heap's size itself allocates stands in all of them alike.
      expect(found['run']).toBeLessThanOrEqual((found['nothing'] ?? 0) + 256)
      expect(found['call']).toBeLessThanOrEqual((found['nothing'] ?? 0) + 256)
      expect(found['grown']).toBe(0)
      // The measure does see one small object a step.
      expect(found['boxes']).toBeGreaterThan(10_000)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
