/**
 * Which side of a product the vectors run along. In: a ContractionKernel. Out: the product as the schedule sees it, as it
 * stands or transposed.
 * Invariant: both are the same sums in the same order, a·b being b·a.
 */
import type { Access, ContractionKernel, Operand } from '../../../kernel/kernel.ts'
import { lastStride, type Walk, walkOf } from './walk.ts'

/** An operand as the oriented product sees it. */
export interface Side {
  readonly operand: Operand
  /** Along the rows (of A) or the columns (of B). */
  readonly across: Walk
  /** Along k. */
  readonly step: Walk
}

/** The strides of an access along the oriented rows and columns. */
export const orient = (kernel: ContractionKernel, swapped: boolean, access: Access) => {
  const at = kernel.batch.length
  const i = kernel.m === 1 ? 0 : (access.strides[at] ?? 0)
  const j = kernel.n === 1 ? 0 : (access.strides[at + 1] ?? 0)
  return swapped ? { row: j, column: i } : { row: i, column: j }
}

export interface Oriented {
  /** The vectors run along i: C = (Bᵀ·Aᵀ)ᵀ, with A and B in each other's place. */
  readonly swapped: boolean
  readonly m: number
  readonly n: number
  readonly a: Side
  readonly b: Side
  readonly lanes: 2 | 4
  /** B's columns lie side by side. */
  readonly direct: boolean
  /** They do not, but k does: blocks of 4x4 can be turned while they are packed. */
  readonly beside: boolean
  /** The same, and there is one stride each way: blocks can be turned where they are read. */
  readonly turnable: boolean
}

const orientations = (kernel: ContractionKernel): readonly [Oriented, Oriented] => {
  const { m, n } = kernel
  const { rows, columns, inner } = kernel
  const lanes = kernel.dtype === 'f64' ? 2 : 4
  const hasEdges = [kernel.a, kernel.b].some((o) => (o.edges ?? []).length > 0)
  const a: Side = { operand: kernel.a, across: walkOf(rows, kernel.a.row), step: walkOf(inner, kernel.a.col) }
  const b: Side = { operand: kernel.b, across: walkOf(columns, kernel.b.col), step: walkOf(inner, kernel.b.row) }
  const reach = ({ across, step }: Side, extent: number) => {
    const direct = lastStride(across) === 1 || extent === 1
    const beside = lastStride(step) === 1 || kernel.k === 1
    return {
      direct,
      beside: !direct && beside,
      turnable: !direct && beside && across.length === 1 && step.length === 1 && !hasEdges,
    }
  }
  return [
    { swapped: false, m, n, a, b, lanes, ...reach(b, n) },
    { swapped: true, m: n, n: m, a: b, b: a, lanes, ...reach(a, m) },
  ]
}

const accessesOf = (kernel: ContractionKernel): readonly Access[] => [
  ...kernel.body.flatMap((x) => (x.tag === 'load' ? [x.access] : [])),
  ...kernel.stores.map((s) => s.access),
]

/** An access to a vector whose lanes do not lie side by side takes as many instructions as it has lanes, and more. */
const epilogueCost = (kernel: ContractionKernel, { swapped, lanes }: Oriented): number =>
  accessesOf(kernel).reduce((sum, access) => {
    const { column } = orient(kernel, swapped, access)
    return sum + (column === 0 || column === 1 ? 1 : 2 * lanes)
  }, 0)

/** In vector instructions: the products, turning or gathering B, the epilogue. */
const cost = (kernel: ContractionKernel, o: Oriented): number => {
  // columns that lie side by side do so along the last digit only
  const run = o.direct ? (o.b.across.at(-1)?.extent ?? 1) : o.n
  const vectors = (o.n / run) * Math.ceil(run / o.lanes)
  const reading = o.direct ? 0 : o.beside ? 2 : 2 * o.lanes
  return vectors * (o.m * (kernel.k + epilogueCost(kernel, o)) + kernel.k * reading)
}

/** Vectors cannot run along windows of which one has an element and the next has not, nor may those of B be packed. */
const keepsEdges = ({ b, direct }: Oriented): boolean => {
  const edges = b.operand.edges ?? []
  return edges.length === 0 || (direct && edges.every((e) => e.across !== b.across.length - 1))
}

/** The cheaper way round; where columns are summed, vectors run along them. */
export const orientation = (kernel: ContractionKernel): Oriented => {
  const [straight, turned] = orientations(kernel)
  if (kernel.columnSums !== undefined) return straight
  if (!keepsEdges(straight)) return turned
  if (!keepsEdges(turned)) return straight
  return cost(kernel, turned) < cost(kernel, straight) ? turned : straight
}

/** Whether the epilogue moves so much memory (an optimizer's update) that it had better pass it in order. */
export const isHeavy = (kernel: ContractionKernel): boolean =>
  accessesOf(kernel).filter((access) => orient(kernel, false, access).row !== 0).length >= 4
