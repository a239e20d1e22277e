/**
 * Windows that reach over an image, as steps of k that are left out. In: the edges of a scheduled product. Out: what each does
 * to a register block: how many steps of its digit of k there are, where all rows of a block look at one window of the axis; or
 * which rows have which steps, where each row looks at another.
 * Invariant: what is left out is what the Kernel says has no element; the order of the other products stays.
 */
import { type Present, presentIn } from '../../../kernel/edges.ts'
import type { ContractionKernel, Edge } from '../../../kernel/kernel.ts'
import type { FunctionBuilder, Node, Value } from '../function.ts'
import type { Side } from './orientation.ts'
import { type Index, indexValue } from './pointers.ts'
import type { Run } from './tile.ts'
import { sizeOfWalk, type Walk } from './walk.ts'

/** Some steps of a digit of k, and the rows of a block that have them. */
export interface Part {
  readonly from: number
  readonly count: number
  readonly first: number
  readonly rows: number
}

const edgesOf = ({ operand }: Side): readonly Edge[] => operand.edges ?? []

/** The edges along the last digit: neighbouring rows look at neighbouring windows. */
export const rowEdges = (side: Side): readonly Edge[] =>
  edgesOf(side).filter((e) => e.across === side.across.length - 1)

/** The edges along the other digits, which stay the same in a period. */
export const periodEdges = (side: Side): readonly Edge[] =>
  edgesOf(side).filter((e) => e.across !== side.across.length - 1)

/** The steps from … from + count − 1 of the edge's digit of k for rows from `row` on; null where all rows have all of them. */
export const partsOf = (e: Edge, row: number, rows: number, from: number, count: number): readonly Part[] | null => {
  const present = Array.from({ length: rows }, (_, i) => presentIn(e, row + i, from + count))
  const parts: Part[] = []
  for (let step = from; step < from + count; step++) {
    const has = present.map(({ first, count: n }) => step >= first && step < first + n)
    const first = has.indexOf(true)
    if (first < 0) continue
    // neighbours look at neighbouring elements, so that those on the axis are neighbours
    const part = { first, rows: has.lastIndexOf(true) - first + 1 }
    const last = parts.at(-1)
    const goesOn = last?.first === part.first && last.rows === part.rows && last.from + last.count === step - from
    if (goesOn) parts[parts.length - 1] = { ...last, count: last.count + 1 }
    else parts.push({ from: step - from, count: 1, ...part })
  }
  const [only] = parts
  return parts.length === 1 && only?.count === count && only.rows === rows ? null : parts
}

/** Runs of panels cut further, so that all panels of one are alike in what they have. */
export const alike = (runs: readonly Run[], edges: readonly Edge[], inner: readonly number[]): readonly Run[] => {
  if (edges.length === 0) return runs
  const cut: (Run & { readonly key: string })[] = []
  let row = 0
  for (const { size, count } of runs)
    for (let i = 0; i < count; i++) {
      const key = JSON.stringify(edges.map((e) => partsOf(e, row, size, 0, inner[e.inner] as number)))
      const last = cut.at(-1)
      if (last?.size === size && last.key === key) cut[cut.length - 1] = { ...last, count: last.count + 1 }
      else cut.push({ size, count: 1, key })
      row += size
    }
  return cut.map(({ size, count }) => ({ size, count }))
}

/** A digit of an index that is known while running. */
const digitOf = (fn: FunctionBuilder, walk: Walk, digit: number, index: Index): Index => {
  const below = sizeOfWalk(walk.slice(digit + 1))
  const extent = walk[digit]?.extent ?? 1
  if (typeof index === 'number') return Math.floor(index / below) % extent
  const { i32 } = fn.module
  const high = below === 1 ? index : fn.value('i32', [index], ([x]) => i32.div_u(x as Node, i32.const(below)))
  return digit === 0 ? high : fn.value('i32', [high], ([x]) => i32.rem_u(x as Node, i32.const(extent)))
}

/** Which steps of a digit of k a block takes: from the first of the piece, and how many. */
export interface Steps {
  readonly inner: number
  readonly first: Index
  readonly count: Value
}

/** The steps from … from + count − 1 of an edge's digit of k that the window of a period has. */
export const stepsThere = (
  fn: FunctionBuilder,
  e: Edge,
  windows: Walk,
  period: Index,
  from: Index,
  count: number,
): Steps => {
  const window = digitOf(fn, windows, e.across, period)
  if (typeof window === 'number' && typeof from === 'number') {
    const whole: Present = presentIn(e, window, from + count)
    const first = Math.max(whole.first, from)
    return { inner: e.inner, first: first - from, count: fn.i32(Math.max(0, whole.first + whole.count - first)) }
  }
  const { i32 } = fn.module
  const [w, start] = [indexValue(fn, window), indexValue(fn, from)]
  const of = (make: (...args: Node[]) => Node, ...args: readonly Value[]): Value =>
    fn.value('i32', args, (nodes) => make(...(nodes as Node[])))
  /** The greater or the lesser of two numbers with a sign. */
  const bounded = (op: 'gt_s' | 'lt_s', a: Value, b: Value): Value =>
    fn.value('i32', [a, b, a, b], ([x, y, u, v]) =>
      fn.module.select(i32[op](u as Node, v as Node), x as Node, y as Node),
    )
  const zero = fn.i32(0)
  const before = of((x) => i32.sub(i32.const(e.low), i32.mul(x, i32.const(e.step))), w)
  const over = (x: Value): Value => (e.dilation === 1 ? x : of((n) => i32.div_u(n, i32.const(e.dilation)), x))
  const first = over(of((x) => i32.add(x, i32.const(e.dilation - 1)), bounded('gt_s', before, zero)))
  const end = over(
    bounded(
      'gt_s',
      of((x) => i32.add(x, i32.const(e.extent - 1 + e.dilation)), before),
      zero,
    ),
  )
  const low = bounded('gt_s', first, start)
  const high = bounded(
    'lt_s',
    end,
    of((x) => i32.add(x, i32.const(count)), start),
  )
  return {
    inner: e.inner,
    first: of((a, b) => i32.sub(a, b), low, start),
    count: bounded(
      'gt_s',
      of((a, b) => i32.sub(a, b), high, low),
      zero,
    ),
  }
}

/** The first value of each digit of k within a piece. */
export const pieceStart = (fn: FunctionBuilder, { inner }: ContractionKernel, digit: number, k: Index): Index =>
  digitOf(
    fn,
    inner.map((extent) => ({ extent, stride: 1 })),
    digit,
    k,
  )
