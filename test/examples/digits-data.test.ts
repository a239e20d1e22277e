// Where the digits come from: folders, plain and gzipped, refusals by name, and the split that holds the last fifth out.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { digitsOfFolder, drawnDigits } from '../../examples/digits/data.ts'
import { keyOf } from '../../src/core/threefry.ts'

const header = (...dims: readonly number[]): readonly number[] => [
  0,
  0,
  8,
  dims.length,
  ...dims.flatMap((d) => [0, 0, 0, d]),
]
const images = Uint8Array.from([...header(10, 2, 2), ...Array.from({ length: 40 }, (_, i) => i)])
const labels = Uint8Array.from([...header(10), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])

describe('a folder', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nabla-digits-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  test('with one file gzipped and one plain is read, its last fifth held out', async () => {
    writeFileSync(join(folder, 't10k-images-idx3-ubyte.gz'), gzipSync(images))
    writeFileSync(join(folder, 't10k-labels-idx1-ubyte'), labels)
    const split = await digitsOfFolder(folder)()
    expect(split).toMatchObject({
      _tag: 'Right',
      right: { source: folder, train: { count: 8 }, heldOut: { count: 2 } },
    })
    if (split._tag === 'Left') return
    expect([...split.right.heldOut.labels]).toEqual([8, 9])
    expect(split.right.heldOut.images).toEqual(Float32Array.from({ length: 8 }, (_, i) => (32 + i) / 255))
    expect(split.right.train.images).toHaveLength(32)
  })

  test('without the files is refused, and the hint says which are meant', async () => {
    expect(await digitsOfFolder(folder)()).toMatchObject({
      _tag: 'Left',
      left: {
        code: 'E_DATA_FILE',
        message: `${folder} holds neither t10k-images-idx3-ubyte.gz nor t10k-images-idx3-ubyte`,
        hint: "--data takes a folder with MNIST's t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, gzipped or not",
      },
    })
  })

  test('with a damaged file is refused by its name', async () => {
    const file = join(folder, 't10k-images-idx3-ubyte')
    writeFileSync(file, images.subarray(0, 30))
    writeFileSync(join(folder, 't10k-labels-idx1-ubyte'), labels)
    expect(await digitsOfFolder(folder)()).toMatchObject({
      left: { code: 'E_DATA_IDX_LENGTH', message: `${file}: dims 10 x 2 x 2 take 56 bytes, the file has 30` },
    })
  })

  test('that is a file is refused', async () => {
    const file = join(folder, 'f')
    writeFileSync(file, '')
    expect(await digitsOfFolder(file)()).toMatchObject({ left: { code: 'E_DATA_FILE' } })
  })
})

test('drawn digits are split the same way', () => {
  const { source, train, heldOut } = drawnDigits(keyOf(1), 1000)
  expect(source).toBe('1,000 generated digits')
  expect(train).toMatchObject({ count: 800, height: 28, width: 28, classes: 10 })
  expect(heldOut.count).toBe(200)
  expect(heldOut.images).toHaveLength(200 * 784)
  expect(heldOut.images.buffer).toBe(train.images.buffer)
})
