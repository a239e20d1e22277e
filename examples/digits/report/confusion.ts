// The confusion matrix as a table for the terminal. In: the matrix, the classes' names, colours. Out: lines of text.
// Invariant: pure; all lines are equally wide once colours are taken away, and every count of the matrix is shown.

import type { Colors } from 'picocolors/types.js'
import { type ConfusionMatrix, classScores, countOf, macroScores } from '../../../runtime/metrics/classification.ts'

const score = (share: number): string => (100 * share).toFixed(1)

export interface Confusion {
  readonly actual: number
  readonly predicted: number
  readonly count: number
}

/** What was taken for what, the most frequent first; equal counts in the order of the classes. */
export const confusions = (matrix: ConfusionMatrix): readonly Confusion[] => {
  const { classes } = matrix
  return Array.from(matrix.counts, (count, cell) => ({
    actual: Math.floor(cell / classes),
    predicted: cell % classes,
    count,
  }))
    .filter(({ actual, predicted, count }) => actual !== predicted && count > 0)
    .sort((a, b) => b.count - a.count)
}

/** Rows are actual classes, columns predicted ones; recall to the right, precision below, in percent. */
export const confusionTable = (
  matrix: ConfusionMatrix,
  names: readonly string[],
  colors: Colors,
): readonly string[] => {
  const scores = classScores(matrix)
  const macro = macroScores(matrix)
  const classes = names.map((_, c) => c)
  const cell = Math.max(6, ...names.map((name) => name.length + 2), String(Math.max(...matrix.counts)).length + 2)
  const side = Math.max(9, ...names.map((name) => name.length))
  const shown = (actual: number, predicted: number): string => {
    const count = countOf(matrix, actual, predicted)
    const text = (count === 0 ? '·' : String(count)).padStart(cell)
    if (actual === predicted) return colors.green(colors.bold(text))
    return count === 0
      ? colors.dim(text)
      : count * 100 >= (scores[actual]?.support ?? 0)
        ? colors.red(text)
        : colors.yellow(text)
  }
  const last = 9
  const heading = 'actual'.padEnd(side) + names.map((name) => name.padStart(cell)).join('') + 'recall'.padStart(last)
  const middle = Math.max(side + Math.floor((cell * names.length - 'predicted as'.length) / 2), 0)
  const rows = classes.map(
    (actual) =>
      (names[actual] ?? '').padStart(side - 3).padEnd(side) +
      classes.map((predicted) => shown(actual, predicted)).join('') +
      score(scores[actual]?.recall ?? 0).padStart(last),
  )
  const foot =
    'precision'.padEnd(side) +
    scores.map(({ precision }) => score(precision).padStart(cell)).join('') +
    `F1 ${score(macro.f1)}`.padStart(last)
  return [
    colors.dim(`${' '.repeat(middle)}predicted as`.padEnd(heading.length)),
    colors.dim(heading),
    ...rows,
    colors.dim(foot),
  ]
}
