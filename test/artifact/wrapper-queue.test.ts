// In: a training step with a queue. Out: that its generated module takes several steps in one call, with the bits that the
// runtime gives, refuses what the runtime refuses, and says so in its types. Invariant: on both targets.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { adam, glorotUniform, input, matmul, mean, param, square, sub } from 'nabla'
import { compile, trainStep } from 'nabla/compiler'
import { load } from 'nabla/runtime'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { wrapperOf } from '../../compiler/wrapper.ts'
import type { View } from '../../src/artifact/types.ts'
import { rightOf } from './outcome.ts'

type Named = Readonly<Record<string, View>>

interface Wrapped {
  readonly params: Named
  readonly entries: {
    readonly step: {
      readonly outputs: Named
      readonly run: (runs?: number) => Named
      readonly queue: { readonly length: number; readonly inputs: Named; readonly outputs: Named }
    }
    readonly predict: { readonly run: (runs?: number) => Named }
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url))
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nabla-queue-'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
})
afterAll(() => rmSync(folder, { recursive: true }))

const model = () => {
  const [x, t] = [input('x', [3, 2]), input('t', [3, 1])]
  const y = matmul(x, param('w', [2, 1], glorotUniform))
  return { step: trainStep(mean(square(sub(y, t))), adam()), predict: { y } }
}

it.each(['wasm', 'javascript'] as const)('a wrapper takes several steps in one call, as %s', async (target) => {
  const artifact = rightOf(await compile(model(), { target, queue: { step: 4 } }))
  const file = target === 'wasm' ? 'model.wasm' : 'model.program.js'
  const { js, dts } = wrapperOf(artifact, file)
  for (const [name, content] of [
    [file, artifact.bytes],
    [`${target}.js`, js],
    [`${target}.d.ts`, dts],
  ] as const)
    writeFileSync(join(folder, name), content)
  const module = (await import(pathToFileURL(join(folder, `${target}.js`)).href)) as { load: () => Promise<Wrapped> }
  const [wrapped, program] = [await module.load(), rightOf(await load(artifact))]
  const { step, predict } = wrapped.entries
  const own = program.entries.step
  for (const [name, view] of Object.entries(own.queue.inputs))
    for (const to of [view, step.queue.inputs[name]]) to?.set(Float32Array.from(view, (_, i) => Math.cos(i)))
  rightOf(own.run(3))
  expect(step.run(3)).toBe(step.outputs)
  expect([step.queue.length, step.queue.outputs]).toEqual([4, own.queue.outputs])
  expect(wrapped.params).toEqual(program.params)
  for (const run of [() => step.run(5), () => step.run(0), () => predict.run(2)])
    expect(run).toThrow(expect.objectContaining({ code: 'E_RUN_QUEUE' }))
})

it('says so in its types', () => {
  const compilerOptions = {
    module: 'nodenext',
    strict: true,
    noEmit: true,
    target: 'es2022',
    types: [],
    skipLibCheck: false,
  }
  writeFileSync(
    join(folder, 'consumer.ts'),
    `import { load } from './wasm.js'
const { step, predict } = (await load()).entries
const losses: Float32Array = step.queue.outputs.loss
losses.fill(step.run(4).loss[0] ?? 0)
// @ts-expect-error: it runs once in one call
predict.run(2)
`,
  )
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
  expect(execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })).toBe('')
})
