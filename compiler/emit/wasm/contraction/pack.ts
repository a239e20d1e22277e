/**
 * Copying panels of an operand. In: their strides. Out: the name of a function (source, destination) that writes panel
 * behind panel, each step after step of k, `width` elements a step; and the loops that pack many.
 * Invariant: it reads at most 16 bytes behind the last element and writes the panels' elements alone.
 */
import { bytesOf, type Float } from '../../../../src/core/dtype.ts'
import type { EmitContext, FunctionBuilder, Node, Value } from '../function.ts'
import { functionBuilder } from '../function.ts'
import { laneMachine } from '../machine.ts'
import { loadLanes, storeLanes } from '../memory.ts'
import { chunkedLoop, countedSteps } from './loops.ts'
import { displaced, moved, plus } from './pointers.ts'
import { loadVector, transpose } from './vectors.ts'

export interface Panel {
  readonly dtype: Float
  readonly depth: number
  /** Elements of one step. */
  readonly width: number
  /** Strides in elements: along the width, along k. */
  readonly across: number
  readonly step: number
}

/** Bytes that lie side by side and are packed in one go: a step of k far away costs a cache line and a page each time. */
const SIDE_BY_SIDE = 256

/** Packs `count` panels: `source` and `destination` are those of the first. */
export const packPanels = (
  fn: FunctionBuilder,
  panel: Panel,
  count: number,
  source: Value,
  destination: Value,
): void => {
  const { dtype, depth, width, across } = panel
  const bytes = bytesOf(dtype)
  const most = across === 1 ? Math.max(1, Math.floor(SIDE_BY_SIDE / (width * bytes))) : 1
  chunkedLoop(fn, count, most, (first, panels) => {
    const name = packFunction(fn.context, panel, panels)
    const args = [
      moved(fn, source, [[first, width * across * bytes]]),
      moved(fn, destination, [[first, width * depth * bytes]]),
    ]
    fn.effect(args, (nodes) => fn.module.call(name, nodes as Node[], fn.context.binaryen.none))
  })
}

const packFunction = (context: EmitContext, panel: Panel, panels: number): string =>
  context.memo(`pack ${panels} ${JSON.stringify(panel)}`, () => {
    const fn = functionBuilder(context, 2)
    emitPack(fn, panel, panels, fn.param(0), fn.param(1))
    return fn.finish(context.unique(`pack_${panel.depth}x${panel.width}`))
  })

const emitPack = (fn: FunctionBuilder, panel: Panel, panels: number, source: Value, destination: Value): void => {
  const { dtype, depth, width, across, step } = panel
  const bytes = bytesOf(dtype)
  const lanes = bytes === 8 ? 2 : 4
  const machine = laneMachine(fn, lanes)
  const vectors = Array.from({ length: Math.ceil(width / lanes) }, (_, v) => v * lanes)
  const write = (pointer: Value, element: number, value: Value, count: number): void =>
    storeLanes(machine, { dtype, value }, { pointer, offset: element * bytes }, 1, count)
  const within = (first: number): number => Math.min(lanes, width - first)
  /** `rows` steps of k from the pointers on; k lies side by side, so that blocks are read along it and turned. */
  const turned = (rows: number) => (from: Value, to: Value) => {
    const blocks = vectors.map((first) => {
      const columns = Array.from({ length: lanes }, (_, c) => (first + c < width ? first + c : first))
      return transpose(
        fn,
        dtype,
        columns.map((c) => loadVector(fn, from, c * across * bytes)),
      )
    })
    for (let row = 0; row < rows; row++)
      blocks.forEach((block, v) => write(to, row * width + v * lanes, block[row] as Value, within(v * lanes)))
  }
  const straight = (from: Value, to: Value): void => {
    for (let p = 0; p < panels; p++) {
      const loaded = vectors.map((first) => {
        const at = displaced(fn, from, (p * width + first) * across * bytes)
        return across === 1
          ? loadVector(fn, at.pointer, at.offset)
          : loadLanes(machine, dtype, at, across, within(first)).value
      })
      loaded.forEach((value, v) => write(to, p * width * depth + v * lanes, value, within(v * lanes)))
    }
  }
  const steps = (count: number, from: number, to: number, body: (from: Value, to: Value) => void): void =>
    countedSteps(
      fn,
      count,
      [
        { start: source, step: from * bytes },
        { start: destination, step: to * bytes },
      ],
      ([s, d]) => body(s as Value, d as Value),
    )
  if (across === 1 || step !== 1) {
    steps(depth, step, width, straight)
    return
  }
  const whole = Math.floor(depth / lanes)
  steps(whole, lanes, lanes * width, turned(lanes))
  if (depth % lanes > 0)
    turned(depth % lanes)(plus(fn, source, whole * lanes * bytes), plus(fn, destination, whole * lanes * width * bytes))
}
