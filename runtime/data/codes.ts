/**
 * What the readers of data can refuse. In: a code and a sentence. Out: a DataError.
 * Invariant: every code that this folder gives is listed here.
 */
import { type Either, left } from 'fp-ts/lib/Either.js'
import { type DataError, type ErrorCode, nablaError } from '../../src/core/errors.ts'

export const dataErrorCodes = {
  E_DATA_GZIP: { phase: 'data', summary: 'the gzip stream is damaged' },
  E_DATA_IDX_MAGIC: { phase: 'data', summary: 'the file does not begin as an IDX file of bytes does' },
  E_DATA_IDX_RANK: { phase: 'data', summary: 'the IDX file states no dims' },
  E_DATA_IDX_LENGTH: { phase: 'data', summary: 'the IDX file is shorter or longer than its header says' },
  E_DATA_IMAGES_RANK: { phase: 'data', summary: 'images need three dims (count, rows, columns), labels one' },
  E_DATA_IMAGES_COUNT: {
    phase: 'data',
    summary: 'the image file and the label file hold different numbers of examples',
  },
  E_DATA_IMAGES_LABEL: { phase: 'data', summary: 'a label is not one of the classes' },
} as const satisfies Record<string, ErrorCode>

export const refuseData = (code: keyof typeof dataErrorCodes, sentence: string): Either<DataError, never> =>
  left(nablaError('DataError', code, sentence))
