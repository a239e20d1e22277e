import { describe, expect, it } from 'vitest'
import { load } from '../../runtime/load.ts'
import { decodeWeights, encodeWeights, type WeightTensor } from '../../src/artifact/weights.ts'
import { codeOf, leftOf, rightOf } from '../artifact/outcome.ts'
import { toyArtifact, toyJavaScript } from '../artifact/toy.ts'

const toy = async (seed: number) => rightOf(await load(toyArtifact(), { seed }))

const w = { kind: 'param', name: 'w', dtype: 'f32', shape: [2, 1], data: Float32Array.of(8, 9) } as const
const b = { kind: 'param', name: 'b', dtype: 'f32', shape: [], data: Float32Array.of(7) } as const
const steps = { kind: 'state', name: 'steps', dtype: 'i32', shape: [], data: Int32Array.of(6) } as const

describe('a checkpoint', () => {
  it('holds parameters and states, and restores them into another program and target', async () => {
    const program = await toy(3)
    program.call('step', { x: [1, 2], learningRate: 0.1 })
    const saved = program.save()
    for (const source of [toyArtifact(), toyJavaScript]) {
      const other = rightOf(await load(source, { seed: 99 }))
      expect(codeOf(other.restore(saved))).toBe('right')
      expect(other.params).toEqual(program.params)
      expect(other.state).toEqual(program.state)
    }
  })

  it('is not changed by what the program does next', async () => {
    const program = await toy(3)
    const saved = program.save()
    program.initialize(50)
    expect(rightOf(decodeWeights(saved))[0]?.data[0]).toBe(3)
  })

  it('gives a program that only predicts its parameters, and leaves the states that it lacks', async () => {
    const predictor = rightOf(await load(toyArtifact({ states: [] })))
    expect(codeOf(predictor.restore(encodeWeights([w, b, steps])))).toBe('right')
    expect([...(predictor.params['w'] ?? [])]).toEqual([8, 9])
  })

  it.each<[string, readonly WeightTensor[], string, string]>([
    ['lacks a parameter', [w, steps], 'E_WEIGHTS_MISSING', 'the checkpoint has no parameter b (f32[])'],
    ['lacks a state', [w, b], 'E_WEIGHTS_MISSING', 'the checkpoint has no state steps (i32[])'],
    [
      'has a parameter as a state',
      [w, { ...b, kind: 'state' }, steps],
      'E_WEIGHTS_MISSING',
      'the checkpoint has no parameter b (f32[])',
    ],
    [
      'has another shape',
      [w, { ...b, shape: [1] }, steps],
      'E_WEIGHTS_TYPE',
      'parameter b is f32[] in the program and f32[1] in the checkpoint',
    ],
    [
      'has another dtype',
      [w, b, { ...steps, dtype: 'bool' }],
      'E_WEIGHTS_TYPE',
      'state steps is i32[] in the program and bool[] in the checkpoint',
    ],
    ['has one more', [w, b, { ...b, name: 'c' }, steps], 'E_WEIGHTS_SURPLUS', 'the program has no parameter c (f32[])'],
  ])('that %s is refused, and changes nothing', async (_, tensors, code, sentence) => {
    const program = await toy(3)
    const error = leftOf(program.restore(encodeWeights(tensors)))
    expect(error).toMatchObject({ _tag: 'LoadError', code, message: sentence })
    expect([...(program.params['w'] ?? []), ...(program.state['steps'] ?? [])]).toEqual([3, 0, 0])
  })

  it('that is cut or altered changes nothing', async () => {
    const program = await toy(3)
    const saved = encodeWeights([w, b, steps])
    expect(codeOf(program.restore(saved.subarray(0, saved.length - 1)))).toBe('E_WEIGHTS_TRUNCATED')
    const altered = saved.slice()
    altered[altered.length - 16] = 1
    expect(codeOf(program.restore(altered))).toBe('E_WEIGHTS_DIGEST')
    expect([...(program.params['w'] ?? [])]).toEqual([3, 0])
  })
})
