/**
 * Runs that are refused or fail, one a code. In: nothing. Out: programs and their words.
 */
import { embedding, type Expr, input, log } from 'nabla'
import { compile } from 'nabla/compiler'
import { load } from '../../runtime/load.ts'
import { train } from '../../runtime/train.ts'
import type { runErrorCodes } from '../../runtime/codes.ts'
import { rightOf } from '../artifact/outcome.ts'
import { toyArtifact, toyCode, unreachable } from '../artifact/toy.ts'
import type { FailingPrograms } from './program.ts'

const program = async () => rightOf(await load(toyArtifact()))

const called = async (values: object) => (await program()).call('step', values as never)

const ten = Array.from({ length: 10 }, (_, i) => i)

/** One run of a checked build. */
const checkedRun = async (main: Expr, values: object) => {
  const artifact = rightOf(await compile({ main }, { checks: true }))
  return rightOf(await load(artifact)).call('main', values as never)
}

export const runs: FailingPrograms<keyof typeof runErrorCodes> = {
  E_RUN_ENTRY: {
    message: 'the program has no entry evaluate',
    run: async () => (await program()).call('evaluate', {}),
  },
  E_RUN_INPUT_MISSING: { message: 'step: input learningRate is missing', run: () => called({ x: [1, 2] }) },
  E_RUN_INPUT_SURPLUS: {
    message: 'step: there is no input momentum',
    run: () => called({ x: [1, 2], learningRate: 0.1, momentum: 0.9 }),
  },
  E_RUN_INPUT_LENGTH: {
    message: 'step: input x is f32[1,2] and takes 2 elements, 3 were given',
    run: () => called({ x: [1, 2, 3], learningRate: 0.1 }),
  },
  E_RUN_INPUT_TYPE: {
    message: 'step: input x is f32[1,2] and takes Float32Array, Float64Array was given',
    run: () => called({ x: new Float64Array(2), learningRate: 0.1 }),
  },
  E_RUN_QUEUE: {
    message: 'step: it runs once in one call, not 3 times',
    run: async () => (await program()).entries['step']?.run(3) ?? Promise.reject(new Error('the toy has no step')),
  },
  E_RUN_SEED: {
    message: 'a seed is a whole number from 0 to 2^53 - 1, -1 was given',
    run: async () => (await program()).initialize(-1),
  },
  E_RUN_NAN_PARAM: {
    message: 'parameter w[0,0] is NaN after step',
    run: async () => {
      const checked = rightOf(await load(toyArtifact(), { checks: true }))
      return checked.call('step', { x: [Number.NaN, 1], learningRate: 0.1 })
    },
  },
  E_RUN_INDEX_RANGE: {
    message: 'embedding: the index 7 in ids[1] is not in 0 … 4, axis 0 of table [5,2], in run 1 of main',
    run: () => checkedRun(embedding(input('table', [5, 2]), input('ids', [3], 'i32')), { table: ten, ids: [0, 7, 1] }),
  },
  E_RUN_NOT_FINITE: {
    message: 'log(table) is -∞ at [0,0] of [5,2] where table is from 0 to 9, in run 1 of main',
    run: () => checkedRun(log(input('table', [5, 2])), { table: ten }),
  },
  E_RUN_TRAP: {
    message: 'step: the engine stopped the program: unreachable',
    run: async () =>
      rightOf(await load(toyArtifact({}, { code: { ...toyCode, step: unreachable } }))).call('step', {
        x: [1, 2],
        learningRate: 0.1,
      }),
  },
  E_RUN_TABLE: {
    message: 'step: the table of x (f32[1,2]) has 5 elements, no whole number of rows of 2',
    run: async () => {
      const { step } = (await program()).entries
      if (step === undefined) throw new Error('the toy has no step')
      return train(step, { tables: { x: new Float32Array(5) }, values: { learningRate: 0.1 }, epochs: 1 })
    },
  },
}
