// Mathematics as LaTeX. In: formulas, the ops of the laws, the models of examples/. Out: whether KaTeX and pdfLaTeX set all of
// it, and whether what is written is what a book would print.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isLeft } from 'fp-ts/lib/Either.js'
import katex from 'katex'
import { add, input, matmul, mean, param, scan, square, sum, tanh, zeros } from 'nabla'
import { toLatex } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { loadModels } from '../../cli/model.ts'
import { latexOf } from '../../compiler/inspect/latex.ts'
import { casesOf, titleOf, triedOps } from '../laws/cases.ts'
import { settingOf } from '../laws/setting.ts'
import { complaintsOf, hasPdflatex, type Titled } from './pdflatex.ts'

/** A model of many equations has more commands than KaTeX expands unless told. */
const expectSet = (latex: string): void => {
  const html = katex.renderToString(latex, { displayMode: true, throwOnError: true, strict: 'ignore', maxExpand: 1e5 })
  expect(html).toContain('katex-display')
}

const written = [
  ['W₁', 'W_{1}'],
  ['w1', 'w_{1}'],
  ['ŷ − y', '\\hat{y} - y'],
  ['x_j · hₜ₋₁', 'x_{j} \\cdot h_{t-1}'],
  ['w1ᵀ δ₂', 'w_{1}^{\\top}\\,\\delta_{2}'],
  ['δhₜ₋₁', '\\delta h_{t-1}'],
  ['h⁽²⁾ₜ₋₁ᵀ δ₁', 'h_{t-1}^{(2)\\top}\\,\\delta_{1}'],
  ['∂loss/∂W₁', '\\frac{\\partial \\mathit{loss}}{\\partial W_{1}}'],
  ['softmax(z) − onehot(y)', '\\operatorname{softmax}(z) - \\operatorname{onehot}(y)'],
  ['Σ₀(δ) + ‖x‖²', '\\sum\\nolimits_{0}(\\delta) + \\Vert x\\Vert ^{2}'],
  ['(x w)ᵀ 1[h > 0]', '(x\\,w)^{\\top}\\,\\mathbf{1}[h > 0]'],
  ['1e-7 · exp(x) + 2.5e3', '10^{-7} \\cdot \\exp(x) + 2.5 \\cdot 10^{3}'],
  ['−(ŷ − y) / 12', '-\\frac{\\hat{y} - y}{12}'],
  ['a − λ · ‖W − V‖² / 2', 'a - \\frac{\\lambda \\cdot \\Vert W - V\\Vert ^{2}}{2}'],
  ['[x / (a · b); 1 / √(1 + x²) · c]', '[\\frac{x}{a \\cdot b}; \\frac{1}{\\sqrt{1 + x^{2}}} \\cdot c]'],
  ['max(x / √y, 1[a / b > c]) w', '\\max(\\frac{x}{\\sqrt{y}}, \\mathbf{1}[\\frac{a}{b} > c])\\,w'],
  ['· (1 − z) / n', '\\cdot(1 - z) / n'],
  ['/ 128', '/ 128'],
  ['√Σ₁(x²) + √‖x‖ · √2', '\\sqrt{\\sum\\nolimits_{1}(x^{2})} + \\sqrt{\\Vert x\\Vert} \\cdot \\sqrt{2}'],
  ['w/m′', "w/m'"],
  ['50% {a}', '50\\% \\{a\\}'],
] as const

test.each(written)('%s', (formula, latex) => {
  expect(latexOf(formula)).toBe(latex)
  expectSet(latex)
})

test('a loop is a recurrence', () => {
  const [xs, h0] = [input('xs', [12, 3, 4]), input('h0', [3, 5])]
  const [wx, wh] = [param('wx', [4, 5], zeros), param('wh', [5, 5], zeros)]
  const { carry, outputs } = scan(
    (h, x) => {
      const next = tanh(add(matmul(x, wx), matmul(h, wh)))
      return { carry: next, output: sum(square(next)) }
    },
    h0,
    xs,
  )
  const latex = toLatex({ loss: add(sum(outputs), mean(carry)) })
  expectSet(latex)
  expect(latex).toMatchSnapshot()
})

const root = fileURLToPath(new URL('../..', import.meta.url))
const examples = readdirSync(join(root, 'examples')).filter((name) =>
  existsSync(join(root, 'examples', name, 'model.ts')),
)

const ofExample = async (example: string): Promise<readonly Titled[]> => {
  const file = await loadModels(join('examples', example, 'model.ts'))
  if (isLeft(file)) throw new Error(file.left.message)
  return file.right.models.map(({ name, entries }) => ({ title: `${example}#${name}`, latex: toLatex(entries) }))
}

const ofOp = (op: (typeof triedOps)[number]): readonly Titled[] =>
  casesOf(op).map((c, k) => ({
    title: titleOf(c),
    latex: toLatex({ y: settingOf(c, { float: 'f64', seed: k + 1 }).output }),
  }))

describe('KaTeX sets', () => {
  test.each(examples)('the example %s', async (example) => {
    for (const { latex } of await ofExample(example)) expectSet(latex)
  })

  test.each(triedOps)('%s', (op) => {
    for (const { latex } of ofOp(op)) expectSet(latex)
  })
})

describe.skipIf(!hasPdflatex('whether LaTeX sets the formulas of examples, golden files and ops'))(
  'pdfLaTeX sets',
  () => {
    test('the examples, the golden files and the ops', { timeout: 120_000 }, async () => {
      const golden = join(root, 'test', 'inspect', 'golden')
      const formulas = [
        ...written.map(([title, latex]) => ({ title, latex })),
        ...(await Promise.all(examples.map(ofExample))).flat(),
        ...readdirSync(golden).map((name) => ({
          title: `golden/${name}`,
          latex: readFileSync(join(golden, name, 'latex.tex'), 'utf8').trim(),
        })),
        ...triedOps.flatMap(ofOp),
      ]
      expect(complaintsOf(formulas)).toEqual([])
    })

    test('nothing that is wrong', () => {
      const planted = [
        { title: 'right', latex: 'x^{2}' },
        { title: 'unknown', latex: '\\unknowncommand x' },
        { title: 'doubled', latex: 'x_{1}_{2}' },
      ]
      expect(complaintsOf(planted)).toEqual(['unknown: Undefined control sequence.', 'doubled: Double subscript.'])
    })
  },
)
