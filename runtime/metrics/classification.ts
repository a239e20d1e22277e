// How good a classifier is. In: predicted and actual class of each example, as integers in 0 .. classes − 1.
// Out: accuracy, the confusion matrix, and precision, recall and F1 of each class and on average.
// Invariant: pure; every count of the confusion matrix is kept, so that all the other numbers follow from it.

/** Classes by example: an Int32Array of an artifact's output, or any array of integers. */
export type Classes = ArrayLike<number>

/** `counts` is [classes, classes], row-major: row = actual class, column = predicted class. */
export interface ConfusionMatrix {
  readonly classes: number
  readonly counts: Int32Array
}

/** Of one class, or a mean over classes; each in [0, 1]. */
export interface Scores {
  readonly precision: number
  readonly recall: number
  readonly f1: number
}

/** Scores of one class; `support` is how many examples truly belong to it. */
export interface ClassScores extends Scores {
  readonly support: number
}

const sameLength = (predicted: Classes, actual: Classes): number => {
  if (predicted.length !== actual.length)
    throw new RangeError(`${predicted.length} predictions for ${actual.length} examples`)
  return actual.length
}

/** The share of examples whose predicted class is the actual one; NaN of no examples. */
export const accuracy = (predicted: Classes, actual: Classes): number => {
  const count = sameLength(predicted, actual)
  let right = 0
  for (let i = 0; i < count; i++) if (predicted[i] === actual[i]) right++
  return right / count
}

/** Counts of (actual, predicted). A class outside 0 .. classes − 1, or no integer, throws a RangeError. */
export const confusionMatrix = (predicted: Classes, actual: Classes, classes: number): ConfusionMatrix => {
  const count = sameLength(predicted, actual)
  const counts = new Int32Array(classes * classes)
  const checked = (c: number | undefined, what: string, example: number): number => {
    if (c === undefined || !Number.isInteger(c) || c < 0 || c >= classes)
      throw new RangeError(`example ${example}: ${what} class ${c} is not one of 0 to ${classes - 1}`)
    return c
  }
  for (let i = 0; i < count; i++) {
    const cell = checked(actual[i], 'actual', i) * classes + checked(predicted[i], 'predicted', i)
    counts[cell] = (counts[cell] ?? 0) + 1
  }
  return { classes, counts }
}

export const countOf = ({ classes, counts }: ConfusionMatrix, actual: number, predicted: number): number =>
  counts[actual * classes + predicted] ?? 0

/** 0 / 0 is 0 here, as in CoNLL's and scikit-learn's scores: a class never predicted has precision 0. */
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

/** Scores from how often something was found, predicted, and is there. */
export const scoresOf = (hit: number, predicted: number, actual: number): Scores => ({
  precision: ratio(hit, predicted),
  recall: ratio(hit, actual),
  f1: ratio(2 * hit, predicted + actual),
})

/** precision = TP / (TP + FP), recall = TP / (TP + FN), F1 = 2 TP / (2 TP + FP + FN), for each class. */
export const classScores = (matrix: ConfusionMatrix): readonly ClassScores[] => {
  const classes = Array.from({ length: matrix.classes }, (_, c) => c)
  return classes.map((c) => {
    const hit = countOf(matrix, c, c)
    const predicted = classes.reduce((sum, actual) => sum + countOf(matrix, actual, c), 0)
    const support = classes.reduce((sum, other) => sum + countOf(matrix, c, other), 0)
    return { ...scoresOf(hit, predicted, support), support }
  })
}

/** The scores of all classes' counts together ("micro"): with one class an example, all three are the accuracy. */
export const microScores = (matrix: ConfusionMatrix): Scores => {
  const hit = Array.from({ length: matrix.classes }, (_, c) => countOf(matrix, c, c)).reduce((a, b) => a + b, 0)
  const all = matrix.counts.reduce((a, b) => a + b, 0)
  return scoresOf(hit, all, all)
}

/** The plain mean of each score over the classes ("macro"): every class weighs the same, however rare. */
export const macroScores = (matrix: ConfusionMatrix): Scores => {
  const scores = classScores(matrix)
  const mean = (of: (s: ClassScores) => number): number =>
    ratio(
      scores.reduce((sum, s) => sum + of(s), 0),
      scores.length,
    )
  return { precision: mean((s) => s.precision), recall: mean((s) => s.recall), f1: mean((s) => s.f1) }
}
