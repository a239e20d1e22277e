/**
 * Entries that cannot be compiled, one a code. In: nothing. Out: programs and their words.
 */
import { add, glorotUniform, input, matmul, param, sum, zeros } from 'nabla'
import { compile, type EntryInputs } from 'nabla/compiler'
import type { compileErrorCodes } from '../../src/core/codes.ts'
import { make } from '../../src/expr/node.ts'
import { type FailingPrograms, some } from './program.ts'

const x = input('x', [some(4), 3])
const w = param('w', [3, 2], glorotUniform)
const b = param('b', [2], zeros)
const y = add(matmul(x, w), b)

const never = (entries: unknown) => compile(entries as EntryInputs)

export const compiles: FailingPrograms<keyof typeof compileErrorCodes> = {
  E_COMPILE_MEMORY: {
    message: 'the program needs 512 bytes of memory, beyond the limit of 64',
    run: () => compile({ y }, { maxMemory: 64 }),
  },
  E_COMPILE_QUEUE: {
    message: 'a queue is wanted for the entry training, which is not compiled',
    run: () => compile({ y }, { queue: { training: 8 } }),
  },
  E_COMPILE_REMAT: {
    message: 'the program needs 512 bytes of memory, beyond the limit of 64, though values are computed again',
    run: () => compile({ y }, { maxMemory: 64, remat: true }),
  },
  E_COMPILE_THREADS: {
    message: 'a program is run by 1 to 64 threads, 2.5 were asked for',
    run: () => compile({ y }, { threads: 2.5 }),
  },
  E_ENTRY_EMPTY: {
    message: 'the entry step has neither results nor updates',
    run: () => compile({ step: { results: {}, updates: [] } }),
  },
  E_ENTRY_NAME: {
    message: 'the entry name "not-a-name" is not an identifier',
    run: () => compile({ 'not-a-name': y }),
  },
  E_ENTRY_NONE: { message: 'no entry is given to compile', run: () => compile({}) },
  E_ENTRY_RESULT: {
    message: 'result probabilities of entry predict is not an expression',
    run: () => never({ predict: { probabilities: [0.1, 0.9] } }),
  },
  E_INIT: {
    message: 'param raw f32[2] has no initializer of its type',
    // only code of one's own that goes around `param` can leave it out
    run: () => compile({ y: make('param', [], { name: 'raw', dtype: 'f32', shape: [2], init: null }) }),
  },
  E_NAME_TWICE: {
    message: 'the name x means input f32[4,3] and input f32[4]',
    run: () => compile({ y: add(sum(x), sum(input('x', [some(4)]))) }),
  },
  E_UPDATE_TARGET: {
    message: 'entry step updates x, which is no parameter and no state',
    run: () => compile({ step: { results: {}, updates: [{ target: x, value: x }] } }),
  },
  E_UPDATE_TWICE: {
    message: 'entry step updates b twice',
    run: () =>
      compile({
        step: {
          results: {},
          updates: [
            { target: b, value: add(b, 1) },
            { target: b, value: add(b, 2) },
          ],
        },
      }),
  },
  E_UPDATE_TYPE: {
    message: 'entry step gives b f32[2] a value of type f32[3,2]',
    run: () => compile({ step: { results: {}, updates: [{ target: b, value: w }] } }),
  },
}
