// Labelled images: what a classifier of pictures trains on.
// In: an IDX file of images and one of labels. Out: pixels as f32 in [0, 1] and labels as i32, example by example.
// Invariant: there are as many labels as images, and every label is a class.

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { DataError } from '../../src/core/errors.ts'
import { refuseData } from './codes.ts'
import { type IdxBytes, type NamedBytes, readIdx } from './idx.ts'

/** `images` is [count, height · width], row-major, ink 1 on paper 0; `labels` is [count], each in 0 .. classes − 1. */
export interface LabelledImages {
  readonly count: number
  readonly height: number
  readonly width: number
  readonly classes: number
  readonly images: Float32Array
  readonly labels: Int32Array
}

interface Named {
  readonly name: string
  readonly idx: IdxBytes
}

/** Pairs images with labels, checks both, and scales the bytes 0 .. 255 to [0, 1]. */
const labelledImages = (images: Named, labels: Named, classes: number): Either<DataError, LabelledImages> => {
  const [count, height, width] = images.idx.dims
  if (count === undefined || height === undefined || width === undefined || images.idx.dims.length !== 3)
    return refuseData(
      'E_DATA_IMAGES_RANK',
      `${images.name}: images have 3 dims, this file has ${images.idx.dims.length}`,
    )
  if (labels.idx.dims.length !== 1)
    return refuseData(
      'E_DATA_IMAGES_RANK',
      `${labels.name}: labels have 1 dim, this file has ${labels.idx.dims.length}`,
    )
  if (labels.idx.data.length !== count)
    return refuseData(
      'E_DATA_IMAGES_COUNT',
      `${images.name} holds ${count} images and ${labels.name} ${labels.idx.data.length} labels`,
    )
  const stranger = labels.idx.data.findIndex((label) => label >= classes)
  if (stranger >= 0)
    return refuseData(
      'E_DATA_IMAGES_LABEL',
      `${labels.name}: label ${stranger} is ${labels.idx.data[stranger]}, but there are ${classes} classes (0 to ${classes - 1})`,
    )
  const pixels = Float32Array.from(images.idx.data)
  for (let i = 0; i < pixels.length; i++) pixels[i] = (pixels[i] ?? 0) / 255
  return right({ count, height, width, classes, images: pixels, labels: Int32Array.from(labels.idx.data) })
}

/** Both files as they lie on disk, gzipped or plain. */
export const readLabelledImages =
  (images: NamedBytes, labels: NamedBytes, classes: number): TaskEither<DataError, LabelledImages> =>
  async () => {
    const [pictures, answers] = await Promise.all([readIdx(images)(), readIdx(labels)()])
    if (isLeft(pictures)) return pictures
    if (isLeft(answers)) return answers
    return labelledImages(
      { name: images.name, idx: pictures.right },
      { name: labels.name, idx: answers.right },
      classes,
    )
  }

/** Examples `from` to `to - 1`, as views of the same memory. */
export const sliceImages = (all: LabelledImages, from: number, to: number): LabelledImages => {
  const size = all.height * all.width
  return {
    ...all,
    count: to - from,
    images: all.images.subarray(from * size, to * size),
    labels: all.labels.subarray(from, to),
  }
}
