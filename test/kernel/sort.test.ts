// In: kernels that sort, sound and with a fault planted. Out: what the checker, the footprints, the printer and the alias rule
// say of them, and whether both targets give the oracle's bits.
import { describe, expect, it } from 'vitest'
import { faultsOf } from '../../compiler/kernel/check.ts'
import type { Fault } from '../../compiler/kernel/check-body.ts'
import { costOf } from '../../compiler/kernel/cost.ts'
import { KEY_BITS, type SortKernel } from '../../compiler/kernel/kernel.ts'
import { printKernel } from '../../compiler/kernel/print.ts'
import { footprintsOf } from '../../compiler/kernel/uses.ts'
import { mayAlias } from '../../compiler/plan/alias.ts'
import { type Memory, runKernel } from '../emit/oracle.ts'
import { runJavaScript } from '../emit/run-javascript.ts'
import { runWasm } from '../emit/wasm-run.ts'
import { stream } from '../random.ts'
import { slot } from './build.ts'

const sorted = (rows: number, length: number, digit: 4 | 8 = 4, change: Partial<SortKernel> = {}): SortKernel => ({
  tag: 'sort',
  name: 'order',
  rows,
  length,
  digit,
  keys: 0,
  places: 1,
  between: { keys: [2, 3], places: 4, counts: 5 },
  buffers: [
    slot('i32', rows * length, 'read', 'keys'),
    slot('i32', rows * length, 'write', 'places'),
    slot('i32', length, 'scratch', 'some'),
    slot('i32', length, 'scratch', 'others'),
    slot('i32', length, 'scratch', 'between'),
    slot('i32', (KEY_BITS / digit) << digit, 'scratch', 'counts'),
  ],
  ...change,
})

const withBuffer = (b: number, of: ReturnType<typeof slot>): SortKernel => {
  const k = sorted(3, 5)
  return { ...k, buffers: k.buffers.with(b, of) }
}

describe('a sort', () => {
  it('passes the checker, and says what it touches', () => {
    const k = sorted(3, 5)
    expect(faultsOf(k)).toEqual([])
    expect(footprintsOf(k).map(({ reads, writes }) => [reads, writes])).toEqual([
      [[{ start: 0, end: 15 }], []],
      [[], [{ start: 0, end: 15 }]],
      ...[2, 3, 4, 5].map(() => [[], []]),
    ])
    expect(costOf(k)).toEqual({ flops: 0, bytes: 2 * 15 * 4 })
    expect(mayAlias(k, 0, 1)).toBe(false)
  })

  const faults: readonly (readonly [Fault['rule'], string, SortKernel])[] = [
    ['extent', 'order: rows of 1 keys are in order', sorted(3, 1)],
    ['dtype', 'order: sorts by f32 b0, not i32', withBuffer(0, slot('f32', 15, 'read', 'keys'))],
    ['range', 'touches elements 0 to 14 of 14', withBuffer(1, slot('i32', 14, 'write', 'places'))],
    ['scratch', 'order: b2 has to be scratch of 5 elements', withBuffer(2, slot('i32', 4, 'scratch', 'some'))],
    ['scratch', 'order: b4 has to be scratch of 5 elements', withBuffer(4, slot('i32', 5, 'write', 'between'))],
    ['scratch', 'order: b5 has to be scratch of 128 elements', withBuffer(5, slot('i32', 127, 'scratch', 'counts'))],
    [
      'scratch',
      'order: two of the buffers are one',
      sorted(3, 5, 4, { between: { keys: [2, 2], places: 4, counts: 5 } }),
    ],
    ['mode', 'is stored to, but is only to be read', withBuffer(1, slot('i32', 15, 'read', 'places'))],
  ]
  it.each(faults)('%s: %s', (rule, message, kernel) => {
    const found = faultsOf(kernel)
    expect(found.filter((f) => f.rule === rule && f.message.includes(message))).toHaveLength(1)
  })

  it('prints as a line', () => {
    expect(printKernel(sorted(3, 5)).split('\n').slice(-2)).toEqual([
      'for i0 < 3',
      '  places[5·i0 + 0 … 4] = order of keys[5·i0 + 0 … 4] by 8 digits of 4 bits',
    ])
    expect(
      printKernel(sorted(1, 300, 8))
        .split('\n')
        .at(-1),
    ).toBe('places[0 … 299] = order of keys[0 … 299] by 4 digits of 8 bits')
  })

  it('gives the bits of the oracle on both targets, for the extreme keys too', async () => {
    const random = stream(7)
    const extremes = [0, -1, 1, -(2 ** 31), 2 ** 31 - 1, 255, 256, -256, 65_536]
    const anyKey = (): number =>
      random() < 0.3 ? (extremes[Math.floor(random() * extremes.length)] as number) : (random() * 2 ** 32) | 0
    const fewKeys = (): number => Math.floor(random() * 5) - 2
    const cases = ([4, 8] as const).flatMap((digit) =>
      [
        [1, 2],
        [3, 5],
        [2, 129],
        [1, 1000],
      ].flatMap(([rows = 0, length = 0]) =>
        [anyKey, fewKeys].map((draw) => {
          const kernel = sorted(rows, length, digit)
          const arrays = kernel.buffers.map((b, i) => Int32Array.from({ length: b.elements }, i === 0 ? draw : () => 7))
          return { kernel, arrays }
        }),
      ),
    )
    const want = cases.map(({ kernel, arrays }) => {
      const copies: Memory[] = arrays.map((a) => a.slice())
      runKernel(kernel, copies)
      return copies[1]
    })
    const wasm = await runWasm(cases)
    expect(wasm.strays).toEqual([])
    expect(wasm.arrays.map((a) => a[1])).toEqual(want)
    const javascript = await runJavaScript(cases.map(({ kernel, arrays }) => ({ kernel, buffers: arrays })))
    expect(javascript.map((a) => a[1])).toEqual(want)
  })
})
