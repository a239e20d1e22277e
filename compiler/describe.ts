/**
 * `inspect`: a model beside its derivatives. In: an expression, a step, or entries. Out: mathematics.
 * Invariant: the derivatives shown are the simplified ones that `grad` gives, and so those that are compiled.
 */
import { isFloat } from '../src/core/dtype.ts'
import type { Node } from '../src/expr/expr.ts'
import { nameOf } from '../src/expr/origin.ts'
import { nameDoc } from './inspect/doc.ts'
import { equationsOf, type Line } from './inspect/equations.ts'
import { aligned, equationRows, leafRow } from './inspect/latex.ts'
import { type Layout, layout, listed, rowsOf, showMargin } from './inspect/layout.ts'
import type { Root } from './inspect/names.ts'
import { type Printable, rootsOf } from './inspect/print.ts'
import { simplifyRoots } from './derivatives.ts'
import { leavesOf, topological } from './program/walk.ts'
import { grad, type Scalar } from './transforms.ts'

export interface InspectOptions extends Layout {
  /** What to differentiate by; where left out, the parameters of each loss, or its float inputs where it has none. */
  readonly wrt?: readonly Node[]
  /** The name of a model that is one expression and has none of its own. Default `y`. */
  readonly name?: string
}

const kinds = [
  ['input', 'inputs'],
  ['param', 'parameters'],
  ['state', 'states'],
] as const

const describeLeaves = (roots: readonly Node[], { width = 88 }: Layout): string =>
  kinds
    .flatMap(([op, title]) => {
      const leaves = leavesOf(roots, op).map((n) => `${nameOf(n)} ${showMargin(n)}`)
      return leaves.length === 0 ? [] : [listed(title, leaves, width)]
    })
    .join('\n')

/** What a scalar is differentiated by, where nobody says otherwise. */
export const variablesOf = (loss: Node): readonly Node[] => {
  const params = leavesOf([loss], 'param').filter((n) => isFloat(n.dtype))
  return params.length > 0 ? params : leavesOf([loss], 'input').filter((n) => isFloat(n.dtype))
}

export const isLoss = (n: Node): n is Scalar & Node => n.shape.length === 0 && isFloat(n.dtype) && n.ins.length > 0

const label = (n: Node): string => nameOf(n) ?? n.op

/** A scalar result that has derivatives, and by what. */
export interface Loss extends Root {
  readonly wrt: readonly Node[]
}

/** The losses among results: one scalar under two names has one gradient. */
export const lossesOf = (roots: readonly Root[], wrt?: readonly Node[]): readonly Loss[] =>
  roots
    .filter((r, i) => isLoss(r.node) && roots.findIndex((q) => q.node === r.node) === i)
    .map((r) => ({ ...r, wrt: wrt ?? variablesOf(r.node) }))

export const derivativesOf = (loss: Loss): readonly Root[] => {
  const gradients = grad(loss.node as Scalar, loss.wrt)
  return loss.wrt.map((v, i) => ({ label: `∂${loss.label}/∂${label(v)}`, node: gradients[i] as Node, defines: false }))
}

/** A result is called as its user named it, else by its place in the model; so are two of one name. */
export const modelRoots = (model: Printable, options: InspectOptions): readonly Root[] => {
  const all = rootsOf(model, '')
  const called = all.map((r) => {
    const own = r.sign === '←' || r.node.ins.length === 0 ? undefined : nameOf(r.node)
    return { ...r, label: own ?? (r.label === '' ? (options.name ?? 'y') : r.label) }
  })
  const isShared = (r: Root): boolean =>
    r.sign !== '←' && called.some((q) => q.sign !== '←' && q.label === r.label && q.node !== r.node)
  return called.map((r, i) => (isShared(r) ? { ...r, label: (all[i] as Root).label || r.label } : r))
}

/** A part of a description with its title: `model`, `derivatives`. */
interface Section {
  readonly title: string
  readonly lines: readonly Line[]
}

const lineText = (line: Line): string => layout([line], { width: Infinity, shapes: false })

interface Description {
  /** What inputs, parameters and states are found below. */
  readonly roots: readonly Node[]
  readonly sections: readonly Section[]
}

const describe = (model: Printable, options: InspectOptions): Description => {
  const all = modelRoots(model, options)
  const { roots } = simplifyRoots(all.map((r) => r.node))
  const simple = all.map((r, i) => ({ ...r, node: roots[i] as Node }))
  const results = simple.filter((r) => r.sign !== '←')
  const updates = simple.filter((r) => r.sign === '←')
  const asWritten = all.filter((r) => r.sign !== '←')
  const derivatives = lossesOf(asWritten, options.wrt).flatMap(derivativesOf)
  const forward = new Set(topological(results.map((r) => r.node)))
  const written = equationsOf([...results, ...derivatives], { forward, toldInLoops: true })
  const own = (e: Line): boolean => e.root < results.length
  const gradients = derivatives.flatMap((d) => (d.node.ins.length === 0 ? [] : [[d.node, nameDoc(d.label)] as const]))
  const before = { values: new Map([...gradients, ...written.told]), indices: [], taken: written.taken }
  const steps = equationsOf(updates, { forward, within: before })
  const asIs = equationsOf(asWritten, { toldInLoops: true }).equations
  const simplified = written.equations.filter(own)
  // definitions that only the derivatives need stand with the simplified model, so that one is shown where they are the same
  const changed =
    asWritten.some((r, i) => r.node !== results[i]?.node) && layout(asIs, options) !== layout(simplified, options)
  // what simplification leaves as it is stands once
  const told = new Set(changed ? asIs.map(lineText) : [])
  const sections: readonly Section[] = [
    ...(changed ? [{ title: 'model', lines: asIs }] : []),
    { title: changed ? 'simplified' : 'model', lines: simplified.filter((l) => !told.has(lineText(l))) },
    { title: 'derivatives', lines: written.equations.filter((e) => !own(e) && !told.has(lineText(e))) },
    { title: 'updates', lines: steps.equations },
  ]
  return { roots: all.map((r) => r.node), sections: sections.filter((s) => s.lines.length > 0) }
}

/**
 * A model and its simplified derivatives as mathematics: inputs and parameters with their shapes, the model's equations as
 * they were written (and simplified, where that makes a difference), the
 * gradient of every scalar result by each parameter (by each float input where there are no parameters), and of a step
 * what becomes of the parameters.
 *
 * @example
 * const [x, w] = [input('x', [128, 784]), param('w', [784, 10], zeros)]
 * console.log(inspect({ loss: mean(crossEntropy(matmul(x, w), input('y', [128], 'i32'))) }))
 * // inputs      x [128,784] · y i32[128]
 * // parameters  w [784,10]
 * //
 * // model
 * //   loss = mean(crossEntropy(x w, y))  []
 * //
 * // derivatives
 * //   ∂loss/∂w = xᵀ (softmax(x w) − onehot(y)) / 128  [784,10]
 */
export const inspect = (model: Printable, options: InspectOptions = {}): string => {
  const { roots, sections } = describe(model, options)
  return [
    describeLeaves(roots, options),
    ...sections.map(({ title, lines }) => `${title}\n${layout(lines, options).replace(/^/gm, '  ')}`),
  ].join('\n\n')
}

/**
 * The same as LaTeX, one `aligned` block that KaTeX, MathJax and LaTeX (amsmath) set in display mode: what `inspect` shows,
 * arranged and named as there, with the shapes in a margin.
 *
 * @example
 * const x = input('x', [])
 * console.log(toLatex(square(x)))
 * // \begin{aligned}
 * //   \text{inputs} & \quad x\ {\scriptstyle []} \\[4pt]
 * //   \text{model} & \\
 * //   y &= x^{2} && {\scriptstyle []} \\[4pt]
 * //   \text{derivatives} & \\
 * //   \frac{\partial y}{\partial x} &= 2 \cdot x && {\scriptstyle []}
 * // \end{aligned}
 */
export const toLatex = (model: Printable, { width = 88, shapes = true, ...options }: InspectOptions = {}): string => {
  const { roots, sections } = describe(model, { width, ...options })
  const leaves = kinds.flatMap(([op, title]) => {
    const names = leavesOf(roots, op)
    return names.length === 0
      ? []
      : [
          leafRow(
            title,
            names.map((n) => ({ name: label(n), type: n })),
            shapes,
          ),
        ]
  })
  return aligned([
    leaves,
    ...sections.map(({ title, lines }) => [`\\text{${title}} &`, ...equationRows(rowsOf(lines, width), shapes)]),
  ])
}
