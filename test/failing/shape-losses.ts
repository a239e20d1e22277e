// Targets that do not fit their predictions. Each must not compile, and must not run, with the words above it.
import { accuracy, crossEntropy, f1, hinge, huber, input, mae, mse, pipe, sigmoidCrossEntropy } from 'nabla'

const z = input('z', [8, 10])
const t = input('t', [8, 1])
const labels = input('labels', [10], 'i32')
const soft = input('soft', [8])

export const faults = [
  // expect: accuracy: shapes [10] and [8] differ
  () => accuracy(labels, input('other', [8], 'i32')),
  // expect: f1: the operand must be i32, not f32
  () => pipe(soft, f1(labels, { classes: 10 })),
  // expect: crossEntropy: logits [8,10] want labels [8], not [10]
  () => crossEntropy(z, labels),
  // expect: crossEntropy: logits [8,10] want labels [8], not [10]
  () => pipe(z, crossEntropy(labels)),
  // expect: crossEntropy: logits [8,10] want labels [8,10], not [8]
  () => crossEntropy(z, soft),
  // expect: crossEntropy: logits [8,10] want labels [8,10], not [8,1]
  () => pipe(z, crossEntropy(t, { smoothing: 0.1, reduction: 'mean' })),
  // expect: crossEntropy: the labels must be i32 or f32, not bool
  () => crossEntropy(z, input('truth', [8], 'bool')),
  // expect: mse: shapes [8,10] and [8,1] differ
  () => mse(z, t),
  // expect: mae: shapes [8,10] and [8,1] differ
  () => pipe(z, mae(t)),
  // expect: huber: shapes [8,10] and [8,1] differ
  () => huber(z, t, { delta: 2 }),
  // expect: hinge: shapes [8,10] and [8,1] differ
  () => hinge(z, t),
  // expect: mse: dtypes f32 and i32 differ
  () => mse(soft, input('n', [8], 'i32')),
  // expect: mae: shapes [8,10] and [8,1] differ
  () => mae(z, t, { reduction: 'sum' }),
  // expect: sigmoidCrossEntropy: extents 10 and 8 of axis -1 do not broadcast ([8,10] and [8])
  () => sigmoidCrossEntropy(z, soft),
]
