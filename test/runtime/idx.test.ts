// The IDX reader: what it accepts, and how it refuses damaged files before it believes them.
import { existsSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Either } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { dataErrorCodes } from '../../runtime/data/codes.ts'
import { parseIdx, readIdx } from '../../runtime/data/idx.ts'
import { readLabelledImages, sliceImages } from '../../runtime/data/labelled-images.ts'
import type { DataError } from '../../src/core/errors.ts'

const idx = (dims: readonly number[], data: readonly number[], magic = [0, 0, 8, dims.length]): Uint8Array => {
  const bytes = new Uint8Array(4 + 4 * dims.length + data.length)
  bytes.set(magic)
  const view = new DataView(bytes.buffer)
  dims.forEach((dim, i) => {
    view.setUint32(4 + 4 * i, dim)
  })
  bytes.set(data, 4 + 4 * dims.length)
  return bytes
}

const errorOf = <A>(result: Either<DataError, A>): DataError => {
  if (result._tag === 'Right') throw new Error('the file was accepted')
  expect(Object.keys(dataErrorCodes)).toContain(result.left.code)
  return result.left
}

const accepted = <A>(result: Either<DataError, A>): A => {
  if (result._tag === 'Left') throw new Error(`${result.left.code}: ${result.left.message}`)
  return result.right
}

const bothWays = async (bytes: Uint8Array) => [
  await readIdx({ name: 'f', bytes })(),
  await readIdx({ name: 'f', bytes: new Uint8Array(gzipSync(bytes)) })(),
]

describe('a sound file', () => {
  test('is read plain and gzipped', async () => {
    for (const result of await bothWays(idx([2, 1, 3], [1, 2, 3, 4, 5, 255]))) {
      const { dims, data } = accepted(result)
      expect(dims).toEqual([2, 1, 3])
      expect([...data]).toEqual([1, 2, 3, 4, 5, 255])
    }
  })

  test('may lie anywhere in a larger buffer, and is not copied', () => {
    const file = idx([3], [7, 8, 9])
    const around = new Uint8Array(file.length + 10)
    around.set(file, 5)
    const { data } = accepted(parseIdx({ name: 'f', bytes: around.subarray(5, 5 + file.length) }))
    expect([...data]).toEqual([7, 8, 9])
    expect(data.buffer).toBe(around.buffer)
  })

  test('may be empty', async () => {
    for (const result of await bothWays(idx([0, 28, 28], []))) expect(accepted(result).data).toHaveLength(0)
  })

  test('larger than one chunk is inflated whole', async () => {
    const data = Array.from({ length: 300_000 }, (_, i) => (i * i) % 251)
    for (const result of await bothWays(idx([300, 1000], data)))
      expect(accepted(result).data.every((x, i) => x === data[i])).toBe(true)
  })
})

describe('a damaged file is refused by name and numbers', () => {
  const file = idx([2, 3], [1, 2, 3, 4, 5, 6])

  test('other magic', async () => {
    for (const result of await bothWays(idx([2], [1, 2], [0, 0, 0x0d, 1]))) {
      expect(errorOf(result)).toMatchObject({
        _tag: 'DataError',
        code: 'E_DATA_IDX_MAGIC',
        message: 'f: an IDX file of bytes begins with 00 00 08, this one with 00 00 0d 01',
      })
    }
  })

  test('no dims', async () => {
    for (const result of await bothWays(idx([], []))) expect(errorOf(result).code).toBe('E_DATA_IDX_RANK')
  })

  test('cut off at every byte', async () => {
    for (let length = 0; length < file.length; length++)
      for (const result of await bothWays(file.slice(0, length)))
        expect(errorOf(result).code).toBe(length < 4 ? 'E_DATA_IDX_MAGIC' : 'E_DATA_IDX_LENGTH')
  })

  test('too short and too long, in numbers', async () => {
    expect(errorOf(parseIdx({ name: 'f', bytes: file.slice(0, 17) })).message).toBe(
      'f: dims 2 x 3 take 18 bytes, the file has 17',
    )
    for (const result of await bothWays(idx([2, 3], [1, 2, 3, 4, 5, 6, 7])))
      expect(errorOf(result)).toMatchObject({ code: 'E_DATA_IDX_LENGTH' })
  })

  test('dims that no memory holds are refused without an allocation', async () => {
    const most = 0xffffffff
    for (const dims of [
      [most],
      [most, most, most],
      Array.from({ length: 255 }, () => most),
      [...Array.from({ length: 254 }, () => most), 0],
    ])
      for (const result of await bothWays(idx(dims, [1, 2, 3]))) expect(errorOf(result).code).toBe('E_DATA_IDX_LENGTH')
  })

  test('a gzip stream that goes on past what its header states is not inflated further', async () => {
    const bomb = new Uint8Array(64_000_000)
    bomb.set(idx([5], []))
    const result = await readIdx({ name: 'f', bytes: new Uint8Array(gzipSync(bomb, { level: 1 })) })()
    expect(errorOf(result).message).toBe('f: dims 5 take 13 bytes, the file has more than 13')
  })

  test('a damaged gzip stream: cut off, or with a flipped byte', async () => {
    const data = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 253)
    const gzipped = new Uint8Array(gzipSync(idx([5000], data)))
    for (const length of [2, 10, 30, 200, gzipped.length - 9, gzipped.length - 1]) {
      const result = await readIdx({ name: 'f', bytes: gzipped.slice(0, length) })()
      expect(errorOf(result).code).toBe('E_DATA_GZIP')
    }
    const flipped = gzipped.slice()
    flipped[gzipped.length - 6] = (flipped[gzipped.length - 6] ?? 0) ^ 0x40 // in the checksum
    expect(errorOf(await readIdx({ name: 'f', bytes: flipped })()).code).toBe('E_DATA_GZIP')
  })
})

describe('images and labels', () => {
  const images = { name: 'images', bytes: idx([2, 1, 2], [0, 255, 51, 102]) }
  const labels = { name: 'labels', bytes: idx([2], [9, 0]) }

  test('are paired, and pixels scaled to [0, 1]', async () => {
    const read = accepted(await readLabelledImages(images, labels, 10)())
    expect(read).toMatchObject({ count: 2, height: 1, width: 2, classes: 10 })
    expect([...read.images]).toEqual([0, 1, Math.fround(51 / 255), Math.fround(102 / 255)])
    expect([...read.labels]).toEqual([9, 0])
    const second = sliceImages(read, 1, 2)
    expect(second.count).toBe(1)
    expect([...second.images]).toEqual([Math.fround(51 / 255), Math.fround(102 / 255)])
    expect([...second.labels]).toEqual([0])
  })

  test.each([
    [
      'other counts',
      images,
      { name: 'labels', bytes: idx([3], [9, 0, 1]) },
      'E_DATA_IMAGES_COUNT',
      'images holds 2 images and labels 3 labels',
    ],
    ['swapped files', labels, images, 'E_DATA_IMAGES_RANK', 'labels: images have 3 dims, this file has 1'],
    ['images for labels', images, images, 'E_DATA_IMAGES_RANK', 'images: labels have 1 dim, this file has 3'],
    [
      'a label past the classes',
      images,
      { name: 'labels', bytes: idx([2], [9, 10]) },
      'E_DATA_IMAGES_LABEL',
      'labels: label 1 is 10, but there are 10 classes (0 to 9)',
    ],
    [
      'damage in either',
      images,
      { name: 'labels', bytes: idx([3], [9, 0]) },
      'E_DATA_IDX_LENGTH',
      'labels: dims 3 take 11 bytes, the file has 10',
    ],
  ])('%s', async (_what, a, b, code, message) => {
    expect(errorOf(await readLabelledImages(a, b, 10)())).toMatchObject({ code, message })
  })
})

const folder = new URL('../../../shared/data/mnist/', import.meta.url)
const here = existsSync(folder)
if (!here)
  console.warn(`SKIPPED: the real digits are not at ../shared/data/mnist, so the IDX reader is not tried on them`)

test.skipIf(!here)('the real digits of MNIST, gzipped', async () => {
  const named = (name: string) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, folder))) })
  const digits = accepted(
    await readLabelledImages(named('t10k-images-idx3-ubyte.gz'), named('t10k-labels-idx1-ubyte.gz'), 10)(),
  )
  expect(digits).toMatchObject({ count: 10_000, height: 28, width: 28 })
  expect([...digits.labels.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
  const perClass = Array.from({ length: 10 }, (_, c) => digits.labels.filter((label) => label === c).length)
  expect(perClass).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
  expect(digits.images.every((x) => x >= 0 && x <= 1)).toBe(true)
  // The mean pixel of the test split, as published with many MNIST programs: 0.1325.
  expect(digits.images.reduce((sum, x) => sum + x, 0) / digits.images.length).toBeCloseTo(0.1325, 4)
})
