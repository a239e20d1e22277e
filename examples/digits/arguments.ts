// The command line of the main job. In: the arguments. Out: what to do, or the sentence that says what is wrong with them.

import { parseArgs } from 'node:util'
import { type Either, left, right } from 'fp-ts/lib/Either.js'

export interface Options {
  /** A folder with MNIST's files; the generator draws the digits where none is given. */
  readonly data: string | undefined
  readonly out: string
  readonly epochs: number
  readonly seed: number
  readonly help: boolean
}

export const usage = `usage: npm start -- [--data DIR] [--out DIR] [--epochs N] [--seed N]

  --data DIR   train on the real digits: a folder with t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte (.gz or not)
  --out DIR    where to write artifact, weights and the learning curve (out)
  --epochs N   passes over the training digits (10)
  --seed N     of the generated digits, the initial weights and the order of training (1)`

const whole = (name: string, text: string, least: number): Either<string, number> => {
  const n = Number(text)
  return Number.isSafeInteger(n) && n >= least
    ? right(n)
    : left(`--${name} takes a whole number of at least ${least}, not ${JSON.stringify(text)}`)
}

export const parseOptions = (args: readonly string[]): Either<string, Options> => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        out: { type: 'string', default: 'out' },
        epochs: { type: 'string', default: '10' },
        seed: { type: 'string', default: '1' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const epochs = whole('epochs', values.epochs, 1)
    if (epochs._tag === 'Left') return epochs
    const seed = whole('seed', values.seed, 0)
    if (seed._tag === 'Left') return seed
    return right({ data: values.data, out: values.out, epochs: epochs.right, seed: seed.right, help: values.help })
  } catch (e) {
    return left(e instanceof Error ? e.message : String(e))
  }
}
