/**
 * docs/generated/stability.md: the torture suite as a table. In: what was measured. Out: the page.
 * Invariant: every number is measured when the page is made; f32 without rules is the text's own graph and derivative.
 */
import { print, simplify } from '../../compiler/index.ts'
import { type Entry, type Order, orders } from '../../test/stability/entry.ts'
import { groups } from '../../test/stability/entries.ts'
import { isWithin, wrongWithoutRules } from '../../test/stability/judge.ts'
import { leavesOf, type Measured, measure } from '../../test/stability/measure.ts'
import { type Page, table } from './page.ts'

const number = (v: number): string => {
  if (Number.isNaN(v)) return 'NaN'
  if (!Number.isFinite(v)) return v > 0 ? '∞' : '−∞'
  return String(Number.parseFloat(v.toPrecision(6))).replaceAll('-', '−')
}

const list = (values: readonly number[]): string =>
  values.length === 1 ? number(values[0] as number) : `[${values.map(number).join(', ')}]`

/** A result; bold where it is wrong. */
const result = ({ entry, truth }: Measured, order: Order, found: readonly number[]): string =>
  isWithin(entry, order, found, truth[order]) ? list(found) : `**${list(found)}**`

const place = ({ entry, point }: Measured): string =>
  entry.takes.map((o, i) => `${o.name} = ${list(point.at[i] as readonly number[])}`).join(', ')

const rowOf = (m: Measured): readonly string[] => [
  place(m),
  ...orders.map((o) => result(m, o, m.plain[o])),
  ...orders.map((o) => result(m, o, m.nabla[o])),
  ...orders.map((o) => (m.truth[o] === null ? '–' : list(m.truth[o]))),
]

const shownPoints = 3

/** Known gaps, and a few other points: those at which f32 without rules is wrong, if there are any. */
const shown = (all: readonly Measured[]): readonly Measured[] => {
  const others = all.filter((m) => m.point.gap === undefined)
  const wrong = others.filter((m) => wrongWithoutRules(m).length > 0)
  const few = (wrong.length > 0 ? wrong : others).slice(0, shownPoints)
  return all.filter((m) => m.point.gap !== undefined || few.includes(m))
}

const bound = ({ within }: Entry): string =>
  orders
    .map((o) => {
      const { ulps, of } = within[o]
      return of === 0 ? String(ulps) : `${ulps} of ${of}`
    })
    .join('; ')

const head = ['at', 'f, f32', 'f′, f32', 'f″, f32', 'f', 'f′', 'f″', 'true f', 'true f′', 'true f″']

const section = (entry: Entry, all: readonly Measured[]): string => {
  const [program] = simplify([entry.naive(...leavesOf(entry.takes))])
  const becomes = print(program, { shapes: false, width: 1000 }).trim().replaceAll(/\n+/g, '; ')
  const wrong = all.filter((m) => wrongWithoutRules(m).length > 0).length
  const points = all.length === 1 ? 'one point' : `${all.length} points`
  return `### ${entry.text}

Becomes \`${becomes}\`. Of ${points}, f32 without rules is wrong at ${wrong === 0 ? 'none' : wrong}. Bounds: ${bound(entry)} ulp.

${table(head, shown(all).map(rowOf))}`
}

const introduction = (measured: readonly Measured[]): string => {
  const wrong = measured.filter((m) => wrongWithoutRules(m).length > 0).length
  const gaps = measured.filter((m) => m.point.gap !== undefined)
  return `Formulas as people write them, at the points that break them. \`test/stability\` holds every number of this page to its bound.
Of ${measured.length} points, f32 arithmetic without rules is wrong at ${wrong}, and Nabla at ${gaps.length}.

- **f32**: the formula and its first and second derivatives, in f32, without any rule.
- **f, f′, f″**: the same formula through \`compile\`, as WebAssembly in f32. The suite also differentiates it forwards, and by nodes
  that are no leaves; and it compares with the op that one would use instead.
- **true**: computed with 700 decimals, at the f32 numbers nearest to the operands.
- Of several results, f′ is the derivative of 1·f₁ − 2·f₂ + 3·f₃. Of several variables, f″ is that of f′ along [1, 2, −1].
- Bounds, for f, f′ and f″: how many units in the last place (of the largest element of a row) an error may have. "4 of 1" counts units of 1
  where the truth is smaller: a derivative such as σ(x) · (1 − σ(x)) or softmax(z) − onehot(y) is a difference of numbers of that size, and has
  no digits below 2⁻²⁴.
- **Bold** is out of the bound. A dash stands where there is no derivative; there it must be finite.
- Where f32 without rules is wrong at none, the text is stable as written, and only a derivative that multiplies the branch not taken by 0
  would spoil it. Nabla's chooses last.
- Shown are up to ${shownPoints} points of each text, if possible such at which f32 without rules is wrong, and all at which Nabla is:

${gaps.map((m) => `  - ${m.entry.text} at ${place(m)}: ${m.point.gap?.why}.`).join('\n')}`
}

export const textOf = (measured: readonly Measured[]): string =>
  [
    introduction(measured),
    ...groups.flatMap(({ title, entries }) => [
      `## ${title}`,
      ...entries.map((e) =>
        section(
          e,
          measured.filter((m) => m.entry === e),
        ),
      ),
    ]),
  ].join('\n\n')

export const stabilityPage: Page = {
  file: 'generated/stability.md',
  title: 'Naive formulas',
  body: async () => textOf(await measure(groups.flatMap((g) => g.entries))),
}
