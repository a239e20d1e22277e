// The generator of digits: reproducible, balanced, well-formed, quick, and neither too easy nor too hard by its look.
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { drawsPerExample, generateDigits } from '../../examples/digits/generate.ts'
import { drawLine, flatten } from '../../examples/digits/raster.ts'
import { digitStyles } from '../../examples/digits/strokes.ts'
import { keyOf } from '../../src/core/threefry.ts'

describe('the styles', () => {
  test('ten digits, three styles each, every point in the unit box', () => {
    expect(digitStyles).toHaveLength(10)
    for (const styles of digitStyles) {
      expect(styles).toHaveLength(3)
      for (const stroke of styles.flat()) {
        expect(stroke.length).toBeGreaterThanOrEqual(2)
        for (const { x, y } of stroke) expect(x >= 0 && x <= 1 && y >= 0 && y <= 1).toBe(true)
      }
    }
  })

  test('no style takes more random numbers than are drawn for it', () => {
    const points = digitStyles.flat().map((style) => style.flat().length)
    expect(11 + 4 * Math.max(...points)).toBeLessThanOrEqual(drawsPerExample)
  })
})

describe('the pen', () => {
  const point = (x: number, y: number, corner = false) => ({ x, y, corner })

  test('passes through its points, straight between corners', () => {
    expect(flatten([point(0, 0), point(4, 2)])).toEqual([0, 0, 4, 2])
    const bent = flatten([point(0, 0), point(3, 0, true), point(3, 5)])
    expect(bent).toEqual([0, 0, 3, 0, 3, 5])
    const smooth = flatten([point(0, 0), point(3, 0), point(3, 5)])
    expect(smooth.slice(12, 14)).toEqual([3, 0])
    expect(smooth.slice(-2)).toEqual([3, 5])
    expect(smooth).toHaveLength(2 * 13)
  })

  test('covers what lies within its radius, half at the edge, and nothing outside its own picture', () => {
    const sheet = new Float32Array(3 * 25)
    drawLine(sheet, 25, 5, 5, [-3, 2.5, 9, 2.5], 1, 1)
    const row = (i: number) => [...sheet.subarray(25 + 5 * i, 30 + 5 * i)]
    expect([0, 1, 2, 3, 4].map(row)).toEqual([0, 0.5, 1, 0.5, 0].map((ink) => [ink, ink, ink, ink, ink]))
    expect(sheet.subarray(0, 25).every((x) => x === 0) && sheet.subarray(50).every((x) => x === 0)).toBe(true)
  })

  test('crossing lines do not add up', () => {
    const sheet = new Float32Array(25)
    drawLine(sheet, 0, 5, 5, [2.5, 0, 2.5, 5], 0.8, 0.7)
    drawLine(sheet, 0, 5, 5, [0, 2.5, 5, 2.5], 0.8, 0.7)
    expect(sheet[12]).toBe(Math.fround(0.7))
  })
})

describe('the generator', () => {
  const digits = generateDigits(keyOf(1), 2000)

  test('gives the same bits for the same key, in every engine', () => {
    const hash = createHash('sha256').update(new Uint8Array(digits.images.buffer)).update(digits.labels).digest('hex')
    expect(hash.slice(0, 16)).toBe('76d24a0abafcc8da')
    expect(generateDigits(keyOf(2), 10).images).not.toEqual(digits.images.subarray(0, 7840))
  })

  test('fewer examples are the beginning of more', () => {
    const few = generateDigits(keyOf(1), 7)
    expect(few.images).toEqual(digits.images.subarray(0, 7 * 784))
    expect(few.labels).toEqual(digits.labels.subarray(0, 7))
  })

  test('every digit is as likely as the next', () => {
    const standardError = Math.sqrt(2000 * 0.1 * 0.9)
    for (let d = 0; d < 10; d++) {
      const share = digits.labels.filter((label) => label === d).length
      expect(Math.abs(share - 200)).toBeLessThan(4 * standardError)
    }
  })

  test('pixels lie in [0, 1]; every sheet carries a digit, and most of it is paper', () => {
    expect(digits.images.every((x) => x >= 0 && x <= 1)).toBe(true)
    for (let i = 0; i < digits.count; i++) {
      const dark = digits.images.subarray(784 * i, 784 * (i + 1)).filter((x) => x > 0.45).length
      expect(dark).toBeGreaterThan(10)
      expect(dark).toBeLessThan(784 / 2)
    }
  })

  test('a digit is seldom cut off at the edge of the sheet', () => {
    const edge = (p: number) => p < 28 || p >= 756 || p % 28 === 0 || p % 28 === 27
    let cut = 0
    for (let i = 0; i < digits.count; i++)
      if (digits.images.subarray(784 * i, 784 * (i + 1)).some((x, p) => x > 0.6 && edge(p))) cut++
    expect(cut / digits.count).toBeLessThan(0.2)
  })
})
