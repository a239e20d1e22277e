// In: the systems of the lectures, a model file each. Out: their four reading forms, as a person has read and corrected them.
// Invariant: golden, whole pages: mathematics, LaTeX (which KaTeX sets without a complaint), the module of source text (which
// the project's own type checker and formatter pass), and the derivation.

import { isLeft } from 'fp-ts/lib/Either.js'
import katex from 'katex'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import type { Model } from '../../cli/model.ts'
import type { Node } from '../../src/expr/expr.ts'
import type { Structure } from '../../src/expr/structure.ts'

/** A system: its folder under examples/, its export, and what it is differentiated by where that is not its parameters. */
interface System {
  readonly folder: string
  readonly key?: string
  readonly wrt?: readonly string[]
}

const systems: readonly System[] = [
  { folder: 'square' },
  { folder: 'perceptron-family' },
  { folder: 'xor' },
  { folder: 'softmax-regression' },
  { folder: 'delta-rule' },
  { folder: 'softmax-of-hidden' },
  { folder: 'two-layer-classifier', wrt: ['x', 'W₁', 'b₁', 'W₂', 'b₂'] },
  { folder: 'siamese-exercise' },
  { folder: 'two-branch-exercise', wrt: ['h₁', 'h₂', 'x'] },
  { folder: 'word2vec' },
  { folder: 'glove' },
  { folder: 'dependency-parser' },
  { folder: 'rnn-language-model' },
  { folder: 'gated-units', key: 'gruModel' },
  { folder: 'gated-units', key: 'lstmModel' },
]

/** The compiler and a model, loaded as the command loads them: what other models have made is not there to share. */
const open = async ({ folder, key = 'model', wrt }: System) => {
  vi.resetModules()
  const [{ forms }, { loadModels }, { derivation }, { topological }, { nameOf }, { flatten }] = await Promise.all([
    import('../../cli/forms.ts'),
    import('../../cli/model.ts'),
    import('../../compiler/derivation.ts'),
    import('../../compiler/program/walk.ts'),
    import('../../src/expr/origin.ts'),
    import('../../src/expr/structure.ts'),
  ])
  const file = await loadModels(`examples/${folder}/model.ts#${key}`)
  if (isLeft(file)) throw new Error(file.left.message)
  const model = file.right.models[0] as Model
  const shown = (form: 'math' | 'latex' | 'typescript'): string => {
    const text = forms[form].show(model, { width: 88, ...(wrt === undefined ? {} : { wrt }) })
    if (isLeft(text)) throw new Error(text.left.message)
    return text.right
  }
  const derived = (): string => {
    const nodes = topological(flatten(model.entries as Structure))
    const variables = wrt?.map((name) => nodes.find((n) => nameOf(n) === name) as Node)
    return derivation(model.entries, variables === undefined ? {} : { wrt: variables })
  }
  return { shown, derived }
}

const place = ({ folder, key }: System): string => (key === undefined ? folder : `${folder}-${key}`)

describe.each(systems.map((s) => [place(s), s] as const))('%s', (name, system) => {
  let opened: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    opened = await open(system)
  }, 120_000)

  test('as mathematics', async () => {
    await expect(`${opened.shown('math')}\n`).toMatchFileSnapshot(`golden/${name}/math.txt`)
  })

  test('as LaTeX', async () => {
    const latex = opened.shown('latex')
    await expect(`${latex}\n`).toMatchFileSnapshot(`golden/${name}/latex.tex`)
    const html = katex.renderToString(latex, { displayMode: true, throwOnError: true, strict: 'error', maxExpand: 1e5 })
    expect(html).toContain('katex-display')
  })

  test('as TypeScript', async () => {
    await expect(`${opened.shown('typescript')}\n`).toMatchFileSnapshot(`golden/${name}/typescript.ts`)
  })

  test('as a derivation', async () => {
    await expect(`${opened.derived()}\n`).toMatchFileSnapshot(`golden/${name}/derivation.md`)
  })
})
