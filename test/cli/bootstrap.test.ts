// In: lock files as npm leaves them, and a model file outside of the checkout. Out: whether the bootstraps install when
// they must and only then, and whether such a model is of the same language as the compiler.
// Invariant: nothing is installed here; what decides about it is a function of two files.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isInstalled, root } from '../../cli/setup.js'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nabla-bootstrap-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('isInstalled', () => {
  const a = { version: '1.0.0', integrity: 'sha512-a' }
  const foreign = { version: '1.0.0', optional: true, os: ['plan9'] }
  const locked = { '': { version: '0.1.0' }, 'node_modules/a': a, 'node_modules/foreign': foreign }

  const install = (packages: Readonly<Record<string, object>>): boolean => {
    for (const path of Object.keys(packages)) mkdirSync(join(folder, path), { recursive: true })
    writeFileSync(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }))
    return isInstalled(folder)
  }

  beforeEach(() => {
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: locked }))
    mkdirSync(join(folder, 'node_modules'))
  })

  test('what the lock file asks for on this platform is enough', () => {
    expect(install({ 'node_modules/a': a })).toBe(true)
  })

  test.each([
    ['a package that is not there', {}],
    ['another version', { 'node_modules/a': { ...a, version: '1.0.1' } }],
    ['other contents', { 'node_modules/a': { ...a, integrity: 'sha512-b' } }],
    ['a package too many', { 'node_modules/a': a, 'node_modules/b': a }],
    ['the native package of another platform', { 'node_modules/a': a, 'node_modules/foreign': foreign }],
  ])('%s is not', (_, packages) => {
    expect(install(packages)).toBe(false)
  })

  test('nor is a folder that was emptied by hand, or an installation that never ended', () => {
    install({ 'node_modules/a': a })
    rmSync(join(folder, 'node_modules/a'), { recursive: true })
    expect(isInstalled(folder)).toBe(false)
    rmSync(join(folder, 'node_modules/.package-lock.json'))
    expect(isInstalled(folder)).toBe(false)
  })

  test('this checkout, where the tests run, is installed', () => {
    expect(isInstalled(root)).toBe(true)
  })
})

describe('ensureInstalled', () => {
  const setup = JSON.stringify(new URL('../../cli/setup.js', import.meta.url).href)
  const ensure = (dir: string) =>
    spawnSync(
      process.execPath,
      ['--input-type=module', '-e', `(await import(${setup})).ensureInstalled(${JSON.stringify(dir)})`],
      { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
    )

  test('refuses to install through a symbolic link, and leaves what it leads to as it is', () => {
    const [checkout, shared] = [join(folder, 'checkout'), join(folder, 'shared')]
    mkdirSync(checkout)
    mkdirSync(join(shared, 'a'), { recursive: true })
    writeFileSync(join(checkout, 'package.json'), '{ "name": "x", "version": "0.0.0" }')
    writeFileSync(join(checkout, 'package-lock.json'), '{ "lockfileVersion": 3, "packages": {} }')
    symlinkSync(shared, join(checkout, 'node_modules'))
    const { status, stderr } = ensure(checkout)
    expect(status).toBe(1)
    expect(stderr).toContain(`node_modules in ${checkout} is a symbolic link`)
    expect(existsSync(join(shared, 'a'))).toBe(true)
    // whose packages are those of the lock file is left alone, however they got there
    writeFileSync(join(shared, '.package-lock.json'), '{ "packages": {} }')
    expect(ensure(checkout)).toMatchObject({ status: 0, stderr: '' })
  })
})

describe('a model file outside of the checkout', () => {
  const run = (model: string) => {
    const file = join(folder, 'model.ts')
    writeFileSync(file, model)
    const args = [join(root, 'cli', 'run.js'), 'model.ts', '--rate', '0.1']
    return spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
  }

  test('speaks the very language of the compiler, though no package.json is near', () => {
    const own = JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)
    const { stdout, stderr } = run(`
      import * as language from 'nabla'
      const own: object = await import(${own})
      console.log(language === own)
    `)
    expect(stderr).toBe('')
    expect(stdout).toBe('true\n')
  })

  test('gets its own name and arguments', () => {
    const { stdout } = run(`
      import { basename } from 'node:path'
      console.log(process.argv.slice(1).map((arg) => basename(arg)).join(' '))
    `)
    expect(stdout).toBe('model.ts --rate 0.1\n')
  })

  test('is named in a stack trace by its own lines', () => {
    const { stderr } = run(
      'interface Gone {\n  a: 1\n}\n\nconst fail = (): never => {\n  throw new Error("here")\n}\nfail()\n',
    )
    expect(stderr).toContain('model.ts:6:9')
    expect(stderr).toContain('model.ts:8:1')
  })
})
