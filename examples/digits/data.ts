// Where the digits come from. In: a folder that holds MNIST's files, or none. Out: what to train on and what to hold out.
// Invariant: the last fifth of the examples is held out (of 10,000 the last 2,000) and never trained on.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Either, isLeft, left, map, right } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { NamedBytes } from '../../runtime/data/idx.ts'
import { type LabelledImages, readLabelledImages, sliceImages } from '../../runtime/data/labelled-images.ts'
import { type DataError, nablaError } from '../../src/core/errors.ts'
import type { Words } from '../../src/core/threefry.ts'
import { generateDigits } from './generate.ts'

export interface Split {
  /** Where the digits come from, in words. */
  readonly source: string
  readonly train: LabelledImages
  readonly heldOut: LabelledImages
}

const split = (source: string, all: LabelledImages): Split => {
  const training = all.count - Math.floor(all.count / 5)
  return { source, train: sliceImages(all, 0, training), heldOut: sliceImages(all, training, all.count) }
}

/** `name` in `folder`, gzipped or plain, whichever is there. */
const readEither = async (folder: string, name: string): Promise<Either<DataError, NamedBytes>> => {
  for (const file of [join(folder, `${name}.gz`), join(folder, name)]) {
    try {
      return right({ name: file, bytes: await readFile(file) })
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'))
        return left(nablaError('DataError', 'E_DATA_FILE', `${file} cannot be read (${String(cause)})`))
    }
  }
  return left(
    nablaError('DataError', 'E_DATA_FILE', `${folder} holds neither ${name}.gz nor ${name}`, {
      hint: "--data takes a folder with MNIST's t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, gzipped or not",
    }),
  )
}

/** The digits of a folder with MNIST's test files. */
export const digitsOfFolder =
  (folder: string): TaskEither<DataError, Split> =>
  async () => {
    const images = await readEither(folder, 't10k-images-idx3-ubyte')
    if (isLeft(images)) return images
    const labels = await readEither(folder, 't10k-labels-idx1-ubyte')
    if (isLeft(labels)) return labels
    return map((all: LabelledImages) => split(folder, all))(await readLabelledImages(images.right, labels.right, 10)())
  }

/** Digits that the generator draws: no file is needed. */
export const drawnDigits = (key: Words, count: number): Split =>
  split(`${count.toLocaleString('en')} generated digits`, generateDigits(key, count))
