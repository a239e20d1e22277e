/**
 * One-hot vectors, and gathers by the class, pick an element a row. In: the likelihood of a label, as texts write it. Out: the cross-entropy, which never
 * leaves the logarithm. Invariant: the same real number for finite scores and labels in range.
 */
import { range, sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, paramsOf } from '../../../src/expr/node.ts'
import { ints, operand, pair, reshaped, type Rule, swapped, x } from '../rule.ts'

const areFirst = (axes: readonly number[], count: number): boolean =>
  axes.length === count && axes.every((a, i) => a === i)

/** The two factors whose products are summed along the last axis, a row each: of Σ x · y, or of a product of vectors. */
const rowFactors = (node: Node): readonly [Node, Node] | null => {
  if (node.op === 'sum') {
    const p = operand(node)
    const { axes } = paramsOf(node, 'sum')
    return p.op === 'mul' && axes.length === 1 && axes[0] === p.shape.length - 1 ? pair(p) : null
  }
  if (node.op !== 'dotGeneral') return null
  const last = operand(node).shape.length - 1
  const { batch, contract } = paramsOf(node, 'dotGeneral')
  const alongLast = contract.every((axes) => axes.length === 1 && axes[0] === last)
  return alongLast && batch.every((axes) => areFirst(axes, last)) ? pair(node) : null
}

interface Picked {
  readonly values: Node
  readonly label: Node
}

/** x and y where a node is x[y], an element of each row: by a gather, or by a product with a one-hot vector. */
const pickedOf = (node: Node): Picked | null => {
  if (node.op === 'gather') {
    const [values, indices] = pair(node)
    const { axis, batch } = paramsOf(node, 'gather')
    const rows = values.shape.slice(0, -1)
    const each = axis === rows.length && batch === axis && sizeOf(indices.shape) === sizeOf(rows)
    return each ? { values, label: reshaped(indices, rows) } : null
  }
  const factors = rowFactors(node)
  if (factors === null) return null
  const [a, b] = factors
  const [hot, values] = a.op === 'oneHot' ? [a, b] : [b, a]
  return hot.op === 'oneHot' && hot.shape.join() === values.shape.join() ? { values, label: operand(hot) } : null
}

const minusCrossEntropy = (scores: Node, label: Node, node: Node): Node =>
  graph.neg([reshaped(graph.crossEntropy([scores, label]), node.shape)])

const isLastAxis = (n: Node, axis: number): boolean => axis === n.shape.length - 1

/** One-hot labels and their scores for examples, and both ways to pick. */
const rows = { label: ints('label', 5), z: x('z', 5, 4) }
const single = { label: ints('label'), z: x('z', 4) }
const hot = (label: Node): Node => graph.oneHot([label], { depth: 4, dtype: 'f64' })
const dotRows = (a: Node, b: Node): Node => graph.dotGeneral([a, b], { batch: [[0], [0]], contract: [[1], [1]] })
const dotVectors = (a: Node, b: Node): Node => graph.dotGeneral([a, b], { batch: [[], []], contract: [[0], [0]] })
const chosen = (z: Node, y: Node): Node => {
  const last = z.shape.length - 1
  return graph.gather([z, y], { axis: last, batch: last })
}
const sumRows = (a: Node, b: Node): Node => graph.sum([graph.mul([a, b])], { axes: [1], keepDims: true })

const logPickedSoftmax: Rule = {
  name: 'log-picked-softmax',
  roots: ['log'],
  when: 'refines',
  law: 'log(softmax(z) · onehot(y)) → −crossEntropy(z, y); log(softmax(z)[y]) likewise',
  apply: (node) => {
    const picked = pickedOf(operand(node))
    if (picked === null || picked.values.op !== 'softmax') return null
    const { values, label } = picked
    return isLastAxis(values, paramsOf(values, 'softmax').axis) ? minusCrossEntropy(operand(values), label, node) : null
  },
  examples: () => {
    const p = graph.softmax([rows.z], { axis: 1 })
    return [
      { node: graph.log([dotVectors(graph.softmax([single.z], { axis: 0 }), hot(single.label))]) },
      { node: graph.log([dotRows(hot(rows.label), p)]) },
      { node: graph.log([sumRows(p, hot(rows.label))]) },
      { node: graph.log([chosen(p, rows.label)]) },
    ]
  },
}

const pickedLogSoftmax: Rule = {
  name: 'picked-logSoftmax',
  roots: ['dotGeneral', 'gather'],
  when: 'refines',
  law: 'logSoftmax(z) · onehot(y) → −crossEntropy(z, y); logSoftmax(z)[y] likewise',
  apply: (node) => {
    const picked = pickedOf(node)
    if (picked === null || picked.values.op !== 'logSoftmax') return null
    const { values, label } = picked
    return isLastAxis(values, paramsOf(values, 'logSoftmax').axis)
      ? minusCrossEntropy(operand(values), label, node)
      : null
  },
  examples: () => [
    { node: dotVectors(graph.logSoftmax([single.z], { axis: 0 }), hot(single.label)) },
    { node: dotRows(hot(rows.label), graph.logSoftmax([rows.z], { axis: 1 })) },
    { node: chosen(graph.logSoftmax([rows.z], { axis: 1 }), rows.label) },
    { node: chosen(graph.logSoftmax([rows.z], { axis: 1 }), graph.reshape([rows.label], { shape: [5, 1] })) },
    { node: chosen(graph.logSoftmax([single.z], { axis: 0 }), single.label) },
  ],
}

const pickedMinusLogSumExp: Rule = {
  name: 'picked-minus-logsumexp',
  roots: ['sub'],
  when: 'refines',
  law: 'z · onehot(y) − logsumexp(z) → −crossEntropy(z, y), and with the sign turned; z[y] − logsumexp(z) likewise',
  apply: (node) => {
    const turned = operand(node).op === 'logSumExp'
    const [total, product] = turned ? pair(node) : swapped(node)
    const picked = pickedOf(product)
    if (picked === null || total.op !== 'logSumExp' || operand(total) !== picked.values) return null
    if (product.shape.join() !== total.shape.join()) return null
    const { axes } = paramsOf(total, 'logSumExp')
    const [axis] = axes
    if (axes.length !== 1 || axis === undefined || !isLastAxis(picked.values, axis)) return null
    const minus = minusCrossEntropy(picked.values, picked.label, node)
    return turned ? operand(minus) : minus
  },
  examples: () => {
    const total = (keepDims: boolean): Node => graph.logSumExp([rows.z], { axes: [1], keepDims })
    const one = graph.logSumExp([single.z], { axes: range(1), keepDims: false })
    return [
      { node: graph.sub([dotVectors(single.z, hot(single.label)), one]) },
      { node: graph.sub([dotRows(rows.z, hot(rows.label)), total(false)]) },
      { node: graph.sub([sumRows(hot(rows.label), rows.z), total(true)]) },
      { node: graph.sub([one, dotVectors(single.z, hot(single.label))]) },
      { node: graph.sub([total(true), sumRows(rows.z, hot(rows.label))]) },
      { node: graph.sub([chosen(rows.z, rows.label), total(false)]) },
      { node: graph.sub([total(false), chosen(rows.z, rows.label)]) },
    ]
  },
}

const softLabels: Rule = {
  name: 'soft-crossEntropy-onehot',
  roots: ['softCrossEntropy'],
  when: 'refines',
  law: 'crossEntropy(z, onehot(y)) → crossEntropy(z, y)',
  apply: (node) => {
    const [scores, target] = pair(node)
    return target.op === 'oneHot' ? graph.crossEntropy([scores, operand(target)]) : null
  },
  examples: () => [
    { node: graph.softCrossEntropy([single.z, hot(single.label)]) },
    { node: graph.softCrossEntropy([rows.z, hot(rows.label)]) },
  ],
}

export const labelRules: readonly Rule[] = [logPickedSoftmax, pickedLogSoftmax, pickedMinusLogSumExp, softLabels]
