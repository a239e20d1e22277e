// Threefry-2x32-20 against Random123's known answers, and the stream against its own definition.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deriveKey, keyOf, randomWords, threefry2x32, uniforms, type Words } from '../../src/core/threefry.ts'
import { assertProperty } from '../properties.ts'

const hex = (words: Words): readonly string[] => words.map((word) => word.toString(16).padStart(8, '0'))

describe('known answers of Random123 (kat_vectors, threefry2x32 20)', () => {
  const ones = 0xffffffff
  test.each<readonly [string, Words, Words, readonly [string, string]]>([
    ['zeros', [0, 0], [0, 0], ['6b200159', '99ba4efe']],
    ['ones', [ones, ones], [ones, ones], ['1cb996fc', 'bb002be7']],
    ['digits of pi', [0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], ['c4923a9c', '483df7a0']],
  ])('%s', (_name, key, counter, answer) => {
    expect(hex(threefry2x32(key, counter))).toEqual(answer)
  })
})

const word = fc.integer({ min: 0, max: 0xffffffff })
const key = fc.tuple(word, word)

describe('the stream', () => {
  test('words 2b and 2b + 1 are the block at counter b, past 2^32 blocks too', () => {
    assertProperty(
      fc.property(key, fc.integer({ min: 0, max: 2 ** 36 }), (k, block) => {
        const answer = threefry2x32(k, [block >>> 0, Math.floor(block / 2 ** 32)])
        expect([...randomWords(k, 2, 2 * block)]).toEqual([...answer])
      }),
    )
  })

  test('any piece of it equals the same piece of the whole', () => {
    assertProperty(
      fc.property(key, fc.nat(50), fc.nat(50), (k, first, length) => {
        const whole = randomWords(k, first + length)
        expect([...randomWords(k, length, first)]).toEqual([...whole.subarray(first)])
      }),
    )
  })

  test('uniforms are the top 24 bits of the words, in [0, 1)', () => {
    const words = randomWords([7, 9], 999, 3)
    const numbers = uniforms([7, 9], 999, 3)
    expect(numbers).toHaveLength(999)
    numbers.forEach((x, i) => {
      expect(x * 2 ** 24).toBe((words[i] ?? Number.NaN) >>> 8)
    })
    expect(numbers.every((x) => x >= 0 && x < 1)).toBe(true)
  })

  test('mean, variance and neighbours of 100,000 uniforms are as they should be', () => {
    const n = 100_000
    const numbers = uniforms(keyOf(2024), n)
    let sum = 0
    let square = 0
    let lagged = 0
    for (let i = 0; i < n; i++) {
      const centred = (numbers[i] ?? Number.NaN) - 0.5
      sum += centred
      square += centred * centred
      lagged += centred * ((numbers[(i + 1) % n] ?? Number.NaN) - 0.5)
    }
    // Five standard errors: sqrt(1/12/n) of the mean, sqrt(1/180/n) of the variance, 1/12/sqrt(n) of the lagged product.
    expect(Math.abs(sum / n)).toBeLessThan(5 * Math.sqrt(1 / 12 / n))
    expect(Math.abs(square / n - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / n))
    expect(Math.abs(lagged / n)).toBeLessThan((5 * (1 / 12)) / Math.sqrt(n))
  })
})

describe('keys', () => {
  test('keyOf takes both halves of an integer', () => {
    expect(keyOf(5)).toEqual([5, 0])
    expect(keyOf(3 * 2 ** 32 + 8)).toEqual([8, 3])
  })

  test('derived keys differ from one another, from their parent and from its stream', () => {
    const parent = keyOf(1)
    const keys = Array.from({ length: 1000 }, (_, i) => hex(deriveKey(parent, i)).join(''))
    const stream = randomWords(parent, 2000)
    const blocks = Array.from({ length: 1000 }, (_, i) => hex([stream[2 * i] ?? 0, stream[2 * i + 1] ?? 0]).join(''))
    expect(new Set([...keys, ...blocks, hex(parent).join('')]).size).toBe(2001)
  })
})
