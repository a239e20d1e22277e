// Runs the classifier over a set of digits. In: the program's `predict` and the digits. Out: labels and the mean loss.
// Invariant: the last batch is filled up with digits that have been seen; their answers are not counted.

import { gatherRows, type LabelledImages, type View } from 'nabla/runtime'

/** What is used of the entry `predict`. */
export interface Predict {
  readonly inputs: Readonly<Record<string, View>>
  readonly outputs: Readonly<Record<string, View>>
  readonly run: () => unknown
}

export interface Evaluation {
  readonly labels: Int32Array
  /** Mean cross-entropy over whole batches. */
  readonly loss: number
}

export const evaluate = (predict: Predict, digits: LabelledImages, batch: number): Evaluation => {
  const { count, height, width } = digits
  const order = Int32Array.from({ length: count }, (_, i) => i)
  const labels = new Int32Array(count)
  const [x, y] = [predict.inputs['x'] as Float32Array, predict.inputs['y'] as Int32Array]
  const [label, loss] = [predict.outputs['label'] as Int32Array, predict.outputs['loss'] as Float32Array]
  let total = 0
  const batches = Math.ceil(count / batch)
  for (let k = 0; k < batches; k++) {
    gatherRows(x, digits.images, order, k * batch, height * width)
    gatherRows(y, digits.labels, order, k * batch, 1)
    predict.run()
    total += loss[0] as number
    labels.set(label.subarray(0, Math.min(batch, count - k * batch)), k * batch)
  }
  return { labels, loss: total / batches }
}
