// The guard against slipping: what a step costs in counts that no machine changes, beside the counts that were kept.
// Where a change is meant to cost more, `npm run guard` keeps the new counts.

import binaryen from 'binaryen'
import { describe, expect, it } from 'vitest'
import { type Counts, countsOf, grown, keptCounts } from '../../bench/guard/counts.ts'
import { counterName, countedKinds, instrument } from '../../bench/guard/instrument.ts'
import { heldNames } from '../../bench/nabla/held.ts'

describe('no count has grown by more than 5 %', () => {
  it.each(heldNames)('%s', async (name) => {
    expect(grown(keptCounts()[name] ?? {}, await countsOf(name))).toEqual([])
  })
})

describe('a count', () => {
  const kept: Counts = { kernels: 20, flops: 1000 }

  it('may grow by 5 % and shrink as it likes', () => {
    expect(grown(kept, { kernels: 21, flops: 10 })).toEqual([])
  })

  it.each<[string, Counts, string]>([
    ['by more', { kernels: 22, flops: 1000 }, 'kernels: 20 before, 22 now'],
    ['to what is not kept', { ...kept, loads: 3 }, 'loads: NaN before, 3 now'],
    ['out of sight', { flops: 1000 }, 'kernels: 20 before, NaN now'],
    ['into no number', { kernels: Number.NaN, flops: 1000 }, 'kernels: 20 before, NaN now'],
  ])('may not grow %s', (_, found, says) => {
    expect(grown(kept, found)).toEqual([says])
  })
})

describe('a counting module', () => {
  // run(n): n turns of a loop, each of one vector load, one vector addition, one store, and the scalar end of the turn.
  const looping = (): Uint8Array => {
    const m = new binaryen.Module()
    m.setFeatures(binaryen.Features.SIMD128)
    m.setMemory(1, 1, 'memory')
    const n = () => m.local.get(0, binaryen.i32)
    const doubled = m.f32x4.add(m.v128.load(0, 16, m.i32.const(0)), m.local.get(1, binaryen.v128))
    const body = m.loop(
      'again',
      m.block(null, [
        m.v128.store(16, 16, m.i32.const(0), doubled),
        m.br_if('again', m.local.tee(0, m.i32.sub(n(), m.i32.const(1)), binaryen.i32)),
      ]),
    )
    m.addFunction('run', binaryen.createType([binaryen.i32]), binaryen.none, [binaryen.v128], body)
    m.addFunctionExport('run', 'run')
    const bytes = m.emitBinary()
    m.dispose()
    return bytes
  }

  const run = async (turns: number): Promise<readonly number[]> => {
    const { instance } = await WebAssembly.instantiate(instrument(looping()))
    ;(instance.exports['run'] as (n: number) => void)(turns)
    return countedKinds.map((kind) => Number((instance.exports[counterName(kind)] as WebAssembly.Global).value))
  }

  it('counts every turn of a loop, by kind', async () => {
    expect(countedKinds).toEqual(['load', 'store', 'vector', 'scalar', 'control'])
    // the loop itself is entered once, its br_if is met every turn
    expect(await run(1)).toEqual([1, 1, 1, 1, 2])
    expect(await run(1000)).toEqual([1000, 1000, 1000, 1000, 1001])
  })

  it('refuses what it does not know', () => {
    // (func (result funcref) ref.null func): opcode 0xd0
    const module = Uint8Array.of(
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...[1, 5, 1, 0x60, 0, 1, 0x70],
      ...[3, 2, 1, 0],
      ...[10, 6, 1, 4, 0, 0xd0, 0x70, 0x0b],
    )
    expect(WebAssembly.validate(module)).toBe(true)
    expect(() => instrument(module)).toThrow('the opcode 0xd0 is not known')
  })
})
