/**
 * The sums of columns beside a product. In: where some panels of columns lie over one piece of k. Out: the name of a function
 * (first panel, sums) that adds them up.
 * Invariant: each sum has one accumulator, from +0, k ascending; the sum of earlier pieces comes first.
 */
import { bytesOf, type Float } from '../../../../src/core/dtype.ts'
import { type EmitContext, functionBuilder, type Value } from '../function.ts'
import { laneMachine } from '../machine.ts'
import { storeLanes } from '../memory.ts'
import { countedSteps } from './loops.ts'
import { add, loadVector } from './vectors.ts'
import type { Walk } from './walk.ts'

export interface SummedPanel {
  readonly dtype: Float
  /** The digits of k, the highest first: how many steps, and how far apart, in elements. */
  readonly depth: Walk
  /** Columns, side by side at each step. */
  readonly size: number
  /** Elements from one panel to the next. */
  readonly apart: number
  /** Sums of earlier pieces are there. */
  readonly continues: boolean
}

/** Enough independent sums to hide the latency of an addition; an engine may want as many registers for what it loads. */
const VECTORS = 6

const lanesOf = ({ dtype }: SummedPanel): number => 16 / bytesOf(dtype)

/** How many panels are summed side by side. */
export const panelsTogether = (panel: SummedPanel): number =>
  Math.max(1, Math.floor(VECTORS / Math.ceil(panel.size / lanesOf(panel))))

export const columnSumsFunction = (context: EmitContext, panel: SummedPanel, panels: number): string =>
  context.memo(`column sums ${panels} ${JSON.stringify(panel)}`, () => {
    const { dtype, depth, size, apart, continues } = panel
    const fn = functionBuilder(context, 2)
    const lanes = lanesOf(panel)
    const bytes = bytesOf(dtype)
    const vectors = Array.from({ length: panels }, (_, p) => p).flatMap((p) =>
      Array.from({ length: Math.ceil(size / lanes) }, (_, v) => ({
        from: p * apart + v * lanes,
        to: p * size + v * lanes,
        count: Math.min(lanes, size - v * lanes),
      })),
    )
    const zero = fn.hoisted('zero', 'v128', () => fn.module.v128.const(new Array<number>(16).fill(0)))
    const sums = vectors.map(() => fn.variable('v128', zero))
    const over = ([digit, ...below]: Walk, pointer: Value): void => {
      if (digit === undefined)
        for (const [i, sum] of sums.entries()) {
          const element = loadVector(fn, pointer, (vectors[i]?.from ?? 0) * bytes)
          fn.set(sum, add(fn, dtype, fn.get(sum), element))
        }
      else
        countedSteps(fn, digit.extent, [{ start: pointer, step: digit.stride * bytes }], ([at]) =>
          over(below, at as Value),
        )
    }
    over(depth, fn.param(0))
    const machine = laneMachine(fn, dtype === 'f64' ? 2 : 4)
    vectors.forEach(({ to, count }, i) => {
      const place = { pointer: fn.param(1), offset: to * bytes }
      const sum = fn.get(sums[i] as (typeof sums)[number])
      const value = continues ? add(fn, dtype, loadVector(fn, place.pointer, place.offset), sum) : sum
      storeLanes(machine, { dtype, value }, place, 1, count)
    })
    return fn.finish(context.unique('column_sums'))
  })
