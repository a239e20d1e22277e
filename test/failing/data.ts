/**
 * Data files that are refused, one a code. In: nothing. Out: programs and their words.
 */
import { readIdx } from '../../runtime/data/idx.ts'
import { readLabelledImages } from '../../runtime/data/labelled-images.ts'
import type { dataErrorCodes } from '../../runtime/data/codes.ts'
import type { FailingPrograms } from './program.ts'

/** An IDX file of zeros, or of the elements given. */
const idx = (dims: readonly number[], data?: readonly number[]): Uint8Array =>
  new Uint8Array([
    ...[0, 0, 8, dims.length],
    ...dims.flatMap((d) => [0, 0, 0, d]),
    ...(data ?? Array.from({ length: dims.reduce((n, d) => n * d, 1) }, () => 0)),
  ])

const file = (bytes: Uint8Array) => ({ name: 'digits', bytes })

const pair = (images: Uint8Array, labels: Uint8Array) =>
  readLabelledImages({ name: 'images', bytes: images }, { name: 'labels', bytes: labels }, 10)()

export const dataFiles: FailingPrograms<keyof typeof dataErrorCodes> = {
  E_DATA_GZIP: {
    message: 'digits: the gzip stream is damaged (unknown compression method)',
    run: () => readIdx(file(new Uint8Array([0x1f, 0x8b, 1, 2, 3])))(),
  },
  E_DATA_IDX_MAGIC: {
    message: 'digits: an IDX file of bytes begins with 00 00 08, this one with 50 4e 47 2e',
    run: () => readIdx(file(new TextEncoder().encode('PNG...')))(),
  },
  E_DATA_IDX_RANK: { message: 'digits: the header states no dims', run: () => readIdx(file(idx([])))() },
  E_DATA_IDX_LENGTH: {
    message: 'digits: dims 2 x 3 take 18 bytes, the file has 15',
    run: () => readIdx(file(idx([2, 3], [1, 2, 3])))(),
  },
  E_DATA_IMAGES_RANK: {
    message: 'images: images have 3 dims, this file has 2',
    run: () => pair(idx([2, 6]), idx([2])),
  },
  E_DATA_IMAGES_COUNT: {
    message: 'images holds 2 images and labels 4 labels',
    run: () => pair(idx([2, 3, 3]), idx([4])),
  },
  E_DATA_IMAGES_LABEL: {
    message: 'labels: label 1 is 12, but there are 10 classes (0 to 9)',
    run: () => pair(idx([2, 3, 3]), idx([2], [7, 12])),
  },
}
