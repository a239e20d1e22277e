/**
 * Windows that lie one behind the other are the axis itself, cut into pieces. In: windows, overlapAdd. Out: reshapes.
 * Invariant: exact; no element changes.
 */
import { graph, paramsOf } from '../../../src/expr/node.ts'
import type { Windows } from '../../../src/ops/windows.ts'
import { exact, operand, type Rule, x } from '../rule.ts'

/** Whether windows cover axes of these extents, and no element twice. */
const tiles = ({ size, stride, dilation }: Windows, extents: readonly number[]): boolean =>
  size.every((k, i) => k === stride[i] && (k === 1 || dilation[i] === 1) && (extents[i] as number) % k === 0)

const two = { axes: [0], size: [3], stride: [3], dilation: [1] }

const windowsTile = exact(
  'windows-tile',
  'windows',
  'windows(x), each where the last one ends → reshape x',
  (node) => {
    const p = paramsOf(node, 'windows')
    const extents = p.axes.map((a) => operand(node).shape[a] as number)
    return tiles(p, extents) ? graph.reshape([operand(node)], { shape: node.shape }) : null
  },
  () => [graph.windows([x('x', 6, 2)], two)],
)

const overlapTile = exact(
  'overlap-tile',
  'overlapAdd',
  'overlapAdd(x) of windows, each where the last one ends → reshape x',
  (node) => {
    const p = paramsOf(node, 'overlapAdd')
    return tiles(p, p.extents) ? graph.reshape([operand(node)], { shape: node.shape }) : null
  },
  () => [graph.overlapAdd([x('x', 2, 3, 2)], { ...two, extents: [6] })],
)

export const windowRules: readonly Rule[] = [windowsTile, overlapTile]
