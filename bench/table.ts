// The report for a reader: figures in, aligned text out. A row a workload, a column a subject, each figure with what it
// means beside it: for a step how many times Nabla's own, for a product its share of the peak.

import type { Line } from './line.ts'
import type { Measurement } from './measure.ts'
import { expand } from './workloads/table.ts'

const columnOf = ({ subject, variant, threads }: Line): string =>
  `${subject} ${variant}${threads === 1 ? '' : ` x${threads}`}`

const digits = (value: number): string => {
  if (Number.isInteger(value) || value >= 1000) return value.toFixed(0)
  return value.toPrecision(value >= 100 ? 4 : 3)
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

const cell = (measurement: Measurement | undefined, own: Measurement | undefined): string => {
  if (measurement === undefined) return '–'
  const { line, best } = measurement
  const facts = [
    ...(line.unit === 'ms' && own !== undefined && own !== measurement
      ? [`x${digits(line.value / own.line.value)}`]
      : []),
    ...(line.sharePeak === undefined ? [] : [percent(line.sharePeak)]),
    ...(line.peakWork === undefined ? [] : [digits(line.peakWork)]),
    // Said only where the rounds differ enough for it to matter.
    ...(Math.abs(best / line.value - 1) > 0.1 ? [`best ${digits(best)}`] : []),
  ]
  return facts.length === 0 ? digits(line.value) : `${digits(line.value)} (${facts.join(', ')})`
}

export const aligned = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)]

const block = (title: string, measurements: readonly Measurement[]): string => {
  const columns = unique(measurements.map(({ line }) => columnOf(line)))
  const rows = unique(measurements.map(({ line }) => line.workload)).map((workload) => {
    const here = measurements.filter(({ line }) => line.workload === workload)
    const find = (column: string): Measurement | undefined => here.find(({ line }) => columnOf(line) === column)
    return [workload, ...columns.map((column) => cell(find(column), find('nabla plain')))]
  })
  return aligned([[title, ...columns], ...rows])
}

/** Steps are those figures in milliseconds that were taken on a workload. */
const isStep = ({ line }: Measurement): boolean => line.unit === 'ms' && expand(line.workload, false) !== undefined

const passesOf = ({ passes }: Line): string =>
  Object.entries(passes ?? {})
    .map(([pass, ms]) => `${pass} ${digits(ms)}`)
    .join(', ')

// One row a figure: what it is, its unit, and the quietest round's or the parts it is made of.
const ownTable = (figures: readonly Measurement[]): string =>
  aligned([
    ['', 'nabla', '', ''],
    ...figures.map(({ line, best }) => [
      line.workload,
      digits(line.value),
      line.unit,
      [...(best === line.value ? [] : [`best ${digits(best)}`]), passesOf(line)].filter((s) => s !== '').join('; '),
    ]),
  ])

/** The tables of a run: steps, rates, Nabla's own figures, and the machine's limits. */
export const tables = (figures: readonly Measurement[], ceilings: readonly Measurement[]): string => {
  const steps = figures.filter(isStep)
  const operations = figures.filter(({ line }) => line.unit === 'ops')
  const functions = figures.filter(({ line }) => line.unit === 'elements/ns')
  const own = figures.filter((m) => !isStep(m) && !['GFLOP/s', 'elements/ns', 'ops'].includes(m.line.unit))
  const rates = figures.filter(({ line }) => line.unit === 'GFLOP/s')
  return [
    ...(steps.length === 0
      ? []
      : [
          block('ms a step', steps),
          "xN: N times as long as nabla plain; N %: the products' share of the measured peak",
        ]),
    ...(rates.length === 0 ? [] : [block('GFLOP/s', rates), 'N %: share of the peak of the same variant, same rounds']),
    ...(functions.length === 0
      ? []
      : [block('elements/ns', functions), 'in brackets: operations that the peak does in the time of an element']),
    ...(operations.length === 0
      ? []
      : [block('operations of a gradient', operations), 'from the leaves to all derivatives, views not counted']),
    ...(own.length === 0 ? [] : [ownTable(own)]),
    ...ceilings.map(
      ({ line, best }) => `${line.workload} ${line.variant}: ${digits(line.value)} ${line.unit} (best ${digits(best)})`,
    ),
  ].join('\n\n')
}
