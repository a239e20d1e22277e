// In: `nabla compile` and `nabla show`. Out: files that run, and nothing where one cannot be written.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { load } from 'nabla/runtime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { attachManifest, readArtifact } from '../../src/artifact/container.ts'
import { rightOf } from '../artifact/outcome.ts'
import { fixture, nabla } from './collect.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nabla-compile-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The artifact with its manifest, moved to a module that has a section more. */
const attachOther = (artifact: Uint8Array): Uint8Array => {
  const { manifest, wasm } = rightOf(readArtifact(artifact))
  const extra = [0, 3, 1, 120, 0]
  return attachManifest(new Uint8Array([...wasm, ...extra]), manifest)
}

const changedText = (text: Uint8Array): string => new TextDecoder().decode(text).replace('instantiate', 'instantiate ')

const entries = `${fixture('network.ts')}#entries`

describe('nabla compile', () => {
  test('writes an artifact and its wrapper, and tells what it made', async () => {
    const { code, out, err } = await nabla('compile', entries, '--out', folder)
    expect([code, err]).toEqual([0, ''])
    expect(readdirSync(folder).toSorted()).toEqual(['entries.d.ts', 'entries.js', 'entries.wasm'])
    expect(out).toMatch(/^entry +kernels +FLOPs +bytes moved +arena$/m)
    expect(out).toMatch(/^step +\d+ /m)
    expect(out).toMatch(/^passes {2}simplify .* · fuse .* · plan .* · emit .* · together/m)
    const program = await load(new Uint8Array(readFileSync(join(folder, 'entries.wasm'))))
    expect(program).toMatchObject({ _tag: 'Right' })
  })

  test('the target javascript puts the program beside the wrapper', async () => {
    const { code } = await nabla('compile', entries, '--out', folder, '--target', 'javascript')
    expect(code).toBe(0)
    expect(readdirSync(folder).toSorted()).toEqual(['entries.d.ts', 'entries.js', 'entries.program.js'])
    const program = await load(await import(pathToFileURL(join(folder, 'entries.program.js')).href))
    expect(program).toMatchObject({ _tag: 'Right' })
  })

  test('a file alone becomes one artifact with the entries of all its models', async () => {
    await nabla('compile', fixture('network.ts'), '--out', folder)
    const { out } = await nabla('show', join(folder, 'network.wasm'))
    const names = out
      .split('\n\n')[1]
      ?.split('\n')
      .slice(1)
      .map((row) => row.split(' ')[0])
    expect(names).toEqual(['logits', 'loss', 'step', 'predict', 'init'])
  })

  test('--dump prints what the passes made', async () => {
    const { out } = await nabla(
      'compile',
      `${fixture('network.ts')}#loss`,
      '--out',
      folder,
      '--dump',
      'simplify,fuse,plan',
    )
    expect(out).toMatch(/^simplify\n[\s\S]*loss +=[\s\S]*^fuse\nkernel [\s\S]*^plan\nmemory \d+ bytes$/m)
  })

  test('--queue makes room for several runs in one call', async () => {
    const out = join(folder, 'queued')
    expect((await nabla('compile', entries, '--out', out, '--queue', 'step=16')).code).toBe(0)
    expect(readFileSync(join(out, 'entries.d.ts'), 'utf8')).toContain('readonly step: QueuedEntry<')
    expect((await nabla('show', join(out, 'entries.wasm'))).out).toContain('up to 16 runs in one call')
    const { code, err } = await nabla('compile', entries, '--out', out, '--queue', 'training=16')
    expect([code, err.split(':')[0]]).toEqual([1, 'E_COMPILE_QUEUE'])
  })

  test('--threads lets several run the program together', async () => {
    const { code, out } = await nabla('compile', entries, '--out', folder, '--threads', '4')
    expect(code).toBe(0)
    expect(out).toMatch(/^memory {2}.*, shared by up to 4 threads$/m)
    expect(readFileSync(join(folder, 'entries.d.ts'), 'utf8')).toContain('readonly threads?: number')
    const program = rightOf(await load(new Uint8Array(readFileSync(join(folder, 'entries.wasm'))), { threads: 2 }))
    expect(program.threads.count).toBe(2)
    expect((await nabla('show', join(folder, 'entries.wasm'))).out).toMatch(
      /^threads {5}up to 4, which share the memory/m,
    )
    const dumped = await nabla(
      'compile',
      `${fixture('network.ts')}#loss`,
      '--out',
      folder,
      '--threads',
      '4',
      '--dump',
      'plan',
    )
    expect(dumped.out).toMatch(/^memory \d+ bytes, for up to 4 threads$/m)
    const refused = await nabla('compile', entries, '--out', folder, '--threads', '65')
    expect([refused.code, refused.err.split(':')[0]]).toEqual([1, 'E_COMPILE_THREADS'])
  })

  test('a program beyond the memory limit is refused, and nothing is written', async () => {
    const { code, err } = await nabla('compile', entries, '--out', join(folder, 'new'), '--max-memory', '1000')
    expect([code, err.split(':')[0]]).toEqual([1, 'E_COMPILE_MEMORY'])
    expect(existsSync(join(folder, 'new'))).toBe(false)
  })

  test('where a folder cannot be made, the error says so', async () => {
    writeFileSync(join(folder, 'taken'), '')
    const { code, err } = await nabla('compile', entries, '--out', join(folder, 'taken'))
    expect([code, err.split(':')[0]]).toEqual([1, 'E_CLI_OUT'])
    expect(readFileSync(join(folder, 'taken'), 'utf8')).toBe('')
  })

  test.each([
    [['compile', entries], "required option '--out <DIR>' not specified"],
    [['compile', entries, '--out', 'x', '--target', 'wgsl'], 'Allowed choices are wasm, javascript'],
    [['compile', entries, '--out', 'x', '--dump', 'grad'], 'grad is none of the passes'],
    [['compile', entries, '--out', 'x', '--queue', 'step'], 'It has to name entries and runs, as step=64'],
  ])('%j is no command line', async (args, words) => {
    const { code, err } = await nabla(...args)
    expect(code).toBe(2)
    expect(err).toContain(words)
  })
})

describe('nabla show', () => {
  test('reads a manifest to a person', async () => {
    await nabla('compile', entries, '--out', folder)
    const { code, out } = await nabla('show', join(folder, 'entries.wasm'))
    expect(code).toBe(0)
    expect(out).toContain('parameters  w1 f32[5,4] · b1 f32[4] · w2 f32[4,3] · b2 f32[3]')
    expect(out).toMatch(/^predict .* probabilities f32\[6,3]$/m)
    expect(out).toContain('gradient    not certified')
    expect(out).toMatch(/^threads {5}one$/m)
  })

  test.each([
    ['wasm', 'entries.wasm'],
    ['javascript', 'entries.program.js'],
  ])('prints the certificate of the gradient check: %s', async (target, file) => {
    const made = await nabla('compile', entries, '--out', folder, '--certify', '--target', target)
    expect([made.code, made.err]).toEqual([0, ''])
    const path = join(folder, file)
    const { out } = await nabla('show', path)
    expect(out).toContain('gradient    checked in f64 beside central differences at 39 coordinates, to 0.000001')
    expect(out).toMatch(/of this very program, [0-9a-f]{32}$/m)
    for (const name of ['w1', 'b1', 'w2', 'b2']) expect(out).toMatch(new RegExp(`^∂step\\.loss/∂${name} .*e-`, 'm'))
    const bytes = new Uint8Array(readFileSync(path))
    writeFileSync(path, target === 'wasm' ? attachOther(bytes) : changedText(bytes))
    expect((await nabla('show', path)).out).toMatch(/^gradient {4}certified for another program \([0-9a-f]{32}\)/m)
  })

  test('a certificate says which rules are stated and not checked', async () => {
    const made = await nabla('compile', `${fixture('stated.ts')}#loss`, '--out', folder, '--certify')
    expect([made.code, made.err]).toEqual([0, ''])
    const { out } = await nabla('show', join(folder, 'loss.wasm'))
    const reason = 'stated by the user, not checked (straight-through: rounding passes the cotangent on)'
    expect(out.split('\n').filter((line) => line.includes(reason))).toHaveLength(1)
    expect(out).toMatch(/∂loss\/∂v .*e-/)
  })

  test('a gradient that is wrong is not certified, and nothing is written', async () => {
    const { code, err } = await nabla(
      'compile',
      `${fixture('suspects.ts')}#loss`,
      '--out',
      join(folder, 'new'),
      '--certify',
    )
    expect(code).toBe(1)
    expect(err).toMatch(/^E_CLI_CHECK: the gradient of loss by w differs from central differences/)
    expect(existsSync(join(folder, 'new'))).toBe(false)
  })

  test('a damaged artifact is refused', async () => {
    await nabla('compile', entries, '--out', folder)
    const file = join(folder, 'entries.wasm')
    const bytes = readFileSync(file)
    bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1
    writeFileSync(file, bytes)
    const { code, err } = await nabla('show', file)
    expect([code, err.split(':')[0]]).toEqual([1, 'E_ARTIFACT_DIGEST'])
  })

  test('what is no artifact is refused', async () => {
    writeFileSync(join(folder, 'x.js'), 'export const y = 1\n')
    expect(await nabla('show', join(folder, 'x.js'))).toMatchObject({ code: 1 })
    expect(await nabla('show', join(folder, 'nothing.wasm'))).toMatchObject({ code: 1 })
  })
})
