// In: `nabla inspect` on model files. Out: what it prints, and its words where there is no model.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fixture, nabla } from './collect.ts'

const network = fixture('network.ts')

describe('nabla inspect', () => {
  test('shows a model and its derivatives under the names that the file gives', async () => {
    const { code, out, err } = await nabla('inspect', `${network}#loss`)
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('inputs      x [6,5] · y i32[6]\nparameters  w1 [5,4] · b1 [4] · w2 [4,3] · b2 [3]')
    expect(out).toMatch(/^ {2}logits = h w2 \+ b2 +\[6,3]$/m)
    expect(out).toMatch(/^ {2}∂loss\/∂b2 = Σ₀\(δ₁\) +\[3]$/m)
    expect(out).not.toContain('updates')
  })

  test('a file alone shows every exported model, and neither its leaves nor its functions', async () => {
    const { code, out } = await nabla('inspect', network)
    expect(code).toBe(0)
    const titles = out.split('\n').filter((line) => line.startsWith(network))
    expect(titles).toEqual(['logits', 'loss', 'entries', 'step'].map((name) => `${network}#${name}`))
  })

  test('a function without arguments is called where it is named', async () => {
    const { code, out } = await nabla('inspect', `${network}#make`)
    expect(code).toBe(0)
    expect(out).toContain('∂loss/∂w1')
  })

  test('a step shows what becomes of the parameters', async () => {
    const { out } = await nabla('inspect', `${network}#step`)
    expect(out).toMatch(/^ {2}w1 +← w1 − learningRate · ∂loss\/∂w1 +\[5,4]$/m)
  })

  test('a model without parameters is differentiated by its inputs', async () => {
    const { out } = await nabla('inspect', `${fixture('curve.ts')}#entropy`)
    expect(out).toContain('∂entropy/∂x')
  })

  test('as TypeScript into a file, which is a model file itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nabla-inspect-'))
    const file = join(folder, 'derivative.ts')
    const { code, out, err } = await nabla('inspect', `${network}#loss`, '--as', 'typescript', '--out', file)
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain(file)
    const text = readFileSync(file, 'utf8')
    rmSync(folder, { recursive: true })
    expect(text).toContain("export const w1 = param('w1', [5, 4], ")
    expect(text).toMatch(/^export const loss = mean\(crossEntropy\(.*\)\)$/m)
    expect(text).toMatch(/^ {2}w1: matmul\(transpose\(x\), delta2\),$/m)
  })

  test('in forward mode, by what is told', async () => {
    const { out } = await nabla(
      'inspect',
      `${network}#loss`,
      '--as',
      'typescript',
      '--derivative',
      'forward',
      '--wrt',
      'b2',
    )
    expect(out).toContain("export const db2 = input('db2', [3])")
    expect(out).toMatch(/^export const forward = \{ loss.*, dloss: .* \}$/m)
  })

  test('by what the model does not have is refused', async () => {
    const { code, err } = await nabla('inspect', `${network}#loss`, '--wrt', 'b2,q')
    expect([code, err]).toEqual([2, `E_CLI_USAGE: ${network}#loss has no q\n  it has x, y, w1, b1, w2, b2`])
  })

  test.each([
    ['nowhere.ts', 'E_CLI_FILE: there is no file nowhere.ts'],
    [
      `${network}#lost`,
      `E_CLI_EXPORT: ${network} has no export lost\n  it exports b1, b2, batch, entries, logits, loss, make`,
    ],
    [`${network}#batch`, `E_CLI_MODEL: ${network}#batch is a value of type number\n  a model is an expression`],
    [`${network}#needsSize`, `E_CLI_MODEL: ${network}#needsSize is a function of 1 arguments`],
    [`${network}#nothing`, `E_CLI_MODEL: ${network}#nothing is an empty record`],
    [`${network}#mixed`, `E_CLI_MODEL: ${network}#mixed is a record whose batch is a value of type number`],
    [
      fixture('wrong-shape.ts'),
      'E_SHAPE_MATMUL_INNER: matmul: inner dimensions 784 and 512 differ ([128,784] x [512,10])',
    ],
  ])('%s is refused in words', async (place, words) => {
    const { code, out, err } = await nabla('inspect', place)
    expect([code, out]).toEqual([1, ''])
    expect(err.startsWith(words) ? words : err).toBe(words)
  })

  test('an error inside a model names the line of the model', async () => {
    const { err } = await nabla('inspect', fixture('wrong-shape.ts'))
    expect(err).toMatch(/operands x \[128,784] and w \[512,10] at .*wrong-shape\.ts:7:\d+$/)
  })

  test.each([
    [['inspect'], "missing required argument 'FILE#EXPORT'"],
    [['inspect', network, '--width', 'wide'], 'a number from 40'],
    [['differentiate', network], "unknown command 'differentiate'"],
    [['inspect', `${network}#`], 'is not of the form FILE#EXPORT'],
  ])('%j is no command line', async (args, words) => {
    const { code, err } = await nabla(...args)
    expect(code).toBe(2)
    expect(err).toContain('E_CLI_USAGE')
    expect(err).toContain(words)
  })

  test('help and version are no failures', async () => {
    const [help, version, bare] = [await nabla('--help'), await nabla('--version'), await nabla()]
    expect([help.code, version.code, bare.code]).toEqual([0, 0, 0])
    expect(help.out).toMatch(/inspect[\s\S]*compile[\s\S]*check[\s\S]*show/)
    expect(version.out).toMatch(/^\d+\.\d+\.\d+$/)
  })
})
