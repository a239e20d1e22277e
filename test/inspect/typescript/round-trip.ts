/**
 * Modules of source text, made and imported. In: expressions, and the text that is said to be them. Out: whether what the
 * text makes is the same. Invariant: the modules lie in a folder of their own below `out`, which nobody else reads.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import { type Derivative, tensor, type Tensor } from '../../../compiler/index.ts'
import { withoutCustom } from '../../../compiler/grad/custom.ts'
import { moduleOf } from '../../../compiler/inspect/typescript/module.ts'
import { nodesIn, type Value } from '../../../compiler/inspect/typescript/text.ts'
import type { Printable } from '../../../compiler/inspect/print.ts'
import { simplifyRoots } from '../../../compiler/derivatives.ts'
import { topological } from '../../../compiler/program/walk.ts'
import { derivedFrom } from '../../../compiler/typescript.ts'
import { sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { make } from '../../../src/expr/node.ts'
import { nameOf } from '../../../src/expr/origin.ts'
import { substitute } from '../../../src/expr/scan.ts'
import { compileAndRun } from '../../pipeline/compiled.ts'
import { stream } from '../../random.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

export interface Workshop {
  readonly folder: string
  /** The exports of a module of this text. */
  readonly load: (name: string, text: string) => Promise<Readonly<Record<string, Value>>>
  readonly close: () => void
}

export const openWorkshop = (): Workshop => {
  mkdirSync(join(root, 'out'), { recursive: true })
  const folder = mkdtempSync(join(root, 'out', 'typescript-'))
  return {
    folder,
    load: async (name, text) => {
      const file = join(folder, `${name}.ts`)
      writeFileSync(file, `${text}\n`)
      return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Readonly<Record<string, Value>>
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const isKept = (n: Node): boolean => n.op === 'param' || n.op === 'state'

/** Parameters and states become inputs, so that a test may set them. */
const given = (roots: readonly Node[]): ReadonlyMap<Node, Node> =>
  new Map(
    topological(roots).flatMap((n) =>
      isKept(n) ? [[n, make('input', [], { name: nameOf(n), dtype: n.dtype, shape: n.shape })] as const] : [],
    ),
  )

const drawn = (n: Node, seed: number): Tensor => {
  const next = stream(seed)
  const values = Array.from({ length: sizeOf(n.shape) }, () => 2 * next() - 1)
  return tensor(n.dtype, n.shape, n.dtype === 'i32' ? values.map((v) => (v > 0 ? 1 : 0)) : values)
}

const bits = (data: ArrayLike<number>): readonly string[] =>
  Array.from(data, (v) => (Object.is(v, -0) ? '-0' : String(v)))

const run = async (roots: readonly Node[]): Promise<readonly (readonly string[])[]> => {
  const env = new Map(
    topological(roots)
      .filter((n) => n.op === 'input')
      .map((n, i) => [n, drawn(n, (nameOf(n) ?? '').length + i + 1)] as const),
  )
  const results = Object.fromEntries(roots.map((n, i) => [`r${i}`, n]))
  return (await compileAndRun(results, env, 'javascript')).map(bits)
}

/** The very expressions; where a product or a loop has been written otherwise, the same bits. */
const expectSame = async (made: readonly Node[], wanted: readonly Node[]): Promise<void> => {
  expect(made.map((n) => [n.dtype, n.shape])).toEqual(wanted.map((n) => [n.dtype, n.shape]))
  const plain = withoutCustom(wanted)
  // what is compiled is what is simplified
  const [left, right] = [made, plain].map((roots) => simplifyRoots(roots).roots) as [readonly Node[], readonly Node[]]
  if (left.every((n, i) => n === right[i])) return
  const leaves = (ns: readonly Node[]): readonly Node[] => topological(ns).filter(isKept)
  expect(leaves(made).filter((n) => !leaves(plain).includes(n))).toEqual([])
  const inputs = given(plain)
  expect(await run(substitute(made, inputs))).toEqual(await run(substitute(plain, inputs)))
}

/** Derives, writes, imports and compares; the text. */
export const expectRoundTrip = async (
  { load }: Workshop,
  name: string,
  model: Printable,
  derivative: Derivative,
): Promise<string> => {
  const { exports, options } = derivedFrom(model, { derivative })
  const text = moduleOf(exports, options)
  const found = await load(name, text)
  for (const [key, value] of Object.entries(exports)) {
    expect(Object.keys(found)).toContain(key)
    await expectSame(nodesIn(found[key] as Value), nodesIn(value))
  }
  return text
}

const tool = (name: string, args: readonly string[]): string => {
  const { stdout, stderr } = spawnSync(join(root, 'node_modules', '.bin', name), args, { encoding: 'utf8', cwd: root })
  return `${stdout}${stderr}`
}

/** The formatter would leave the modules as they are. */
export const expectFormatted = ({ folder }: Workshop): void =>
  expect(tool('biome', ['format', '--vcs-enabled=false', folder])).toMatch(
    /^Checked [1-9]\d* files? in .* No fixes applied/,
  )

/** The type checker has nothing to say about the modules. */
export const expectTyped = ({ folder }: Workshop): void => {
  const config = { extends: '../../tsconfig.json', include: ['*.ts'], exclude: [] }
  writeFileSync(join(folder, 'tsconfig.json'), `${JSON.stringify(config, null, 2)}\n`)
  expect(tool('tsc', ['--project', folder])).toBe('')
}
