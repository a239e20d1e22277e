// In: a program for threads of which nobody calls an entry. Out: how long a helper looks for work before it goes to sleep.

import { input, matmul } from 'nabla'
import { compile } from 'nabla/compiler'
import { expect, it } from 'vitest'
import { WORK_EXPORT } from '../../src/artifact/manifest.ts'
import { rightOf } from '../artifact/outcome.ts'

/** Milliseconds of so many calls of a helper that finds nothing to do. */
const looks = (module: WebAssembly.Module, pages: number, calls: number): readonly number[] => {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const { exports } = new WebAssembly.Instance(module, { nabla: { memory, wake: () => undefined } })
  const work = exports[WORK_EXPORT] as (thread: number) => void
  return Array.from({ length: calls }, () => {
    const before = performance.now()
    work(1)
    return performance.now() - before
  })
}

it('a helper that finds nothing looks for a shorter time, then not at all, and tries anew after many sleeps', async () => {
  const product = { y: matmul(input('a', [64, 64]), input('b', [64, 64])) }
  const { bytes, manifest } = rightOf(await compile(product, { threads: 2 }))
  const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>)
  const runs = Array.from({ length: 30 }, () => looks(module, Math.ceil(manifest.memoryBytes / 65_536), 80))
  /** The machine may do something else in between, so the least of many runs counts. */
  const least = (from: number, to: number): number =>
    Math.min(...runs.map((ms) => ms.slice(from, to).reduce((sum, x) => sum + x, 0)))
  const first = least(0, 1)
  expect(least(4, 5)).toBeLessThan(first / 2)
  expect(least(10, 60)).toBeLessThan(first / 2)
  expect(least(60, 80)).toBeGreaterThan(first / 2)
})
