/**
 * Copying panels of an operand. In: where their elements lie. Out: the name of a function (source, destination) that writes panel
 * behind panel, each step after step of k, `width` elements a step; and the loops that pack many.
 * Invariant: it reads at most 16 bytes behind the last element and writes the panels' elements alone.
 */
import { bytesOf, type Float } from '../../../../src/core/dtype.ts'
import type { EmitContext, FunctionBuilder, Node, Value } from '../function.ts'
import { functionBuilder } from '../function.ts'
import { laneMachine } from '../machine.ts'
import { loadApart, storeLanes } from '../memory.ts'
import { chunkedLoop, countedSteps } from './loops.ts'
import { type Index, moved, plus } from './pointers.ts'
import { loadVector, transpose } from './vectors.ts'
import { sizeOfWalk, type Walk } from './walk.ts'

export interface Panel {
  readonly dtype: Float
  /** The digits of k, the highest first: how many steps, and how far apart, in elements. */
  readonly depth: Walk
  /** The digits of k of which as many steps are packed as a count says, which is given while running. */
  readonly counted: readonly number[]
  /** Where the elements of one step lie, from the first of them. */
  readonly offsets: readonly number[]
}

/** Bytes that lie side by side and are packed in one go: a step of k far away costs a cache line and a page each time. */
const SIDE_BY_SIDE = 256

const areBeside = (offsets: readonly number[]): boolean => offsets.every((offset, i) => offset === i)

/**
 * Packs `count` panels, `stride` elements from one to the next: `source` and `destination` are those of the first. Of counted
 * digits both are those of the first step, and the others keep their places.
 */
export const packPanels = (
  fn: FunctionBuilder,
  panel: Panel,
  count: number,
  stride: number,
  source: Value,
  destination: Value,
  counts: readonly Value[],
): void => {
  const { dtype, depth, offsets } = panel
  const bytes = bytesOf(dtype)
  const width = offsets.length
  const beside = areBeside(offsets) && stride === width
  const most = beside ? Math.max(1, Math.floor(SIDE_BY_SIDE / (width * bytes))) : 1
  chunkedLoop(fn, count, most, (first, panels) => {
    const name = packFunction(fn.context, panel, panels)
    const args = [
      moved(fn, source, [[first, stride * bytes]]),
      moved(fn, destination, [[first, width * sizeOfWalk(depth) * bytes]]),
      ...counts,
    ]
    fn.effect(args, (nodes) => fn.module.call(name, nodes as Node[], fn.context.binaryen.none))
  })
}

const packFunction = (context: EmitContext, panel: Panel, panels: number): string =>
  context.memo(`pack ${panels} ${JSON.stringify(panel)}`, () => {
    const fn = functionBuilder(context, 2 + panel.counted.length)
    emitPack(fn, panel, panels, fn.param(0), fn.param(1))
    return fn.finish(context.unique(`pack_${sizeOfWalk(panel.depth)}x${panel.offsets.length}`))
  })

const emitPack = (fn: FunctionBuilder, panel: Panel, panels: number, source: Value, destination: Value): void => {
  const { dtype, offsets } = panel
  const width = offsets.length
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
      const columns = Array.from({ length: lanes }, (_, c) => offsets[first + c] ?? (offsets[first] as number))
      return transpose(
        fn,
        dtype,
        columns.map((offset) => loadVector(fn, from, offset * bytes)),
      )
    })
    for (let row = 0; row < rows; row++)
      blocks.forEach((block, v) => write(to, row * width + v * lanes, block[row] as Value, within(v * lanes)))
  }
  const straight = (from: Value, to: Value): void => {
    for (let p = 0; p < panels; p++) {
      const loaded = vectors.map((first) => {
        const places = offsets.slice(first, first + within(first)).map((offset) => p * width + offset)
        const beside = places.every((place, i) => place === (places[0] as number) + i)
        return beside && places.length > 1
          ? loadVector(fn, from, (places[0] as number) * bytes)
          : loadApart(machine, bytes, { pointer: from, offset: 0 }, places)
      })
      loaded.forEach((value, v) => write(to, p * width * sizeOfWalk(panel.depth) + v * lanes, value, within(v * lanes)))
    }
  }
  const steps = (
    count: Index,
    [from, to]: readonly [number, number],
    [source, destination]: readonly [Value, Value],
    body: (from: Value, to: Value) => void,
  ): void =>
    countedSteps(
      fn,
      count,
      [
        { start: source, step: from * bytes },
        { start: destination, step: to * bytes },
      ],
      ([s, d]) => body(s as Value, d as Value),
    )
  const over = (walk: Walk, from: Value, to: Value): void => {
    const [digit, ...below] = walk
    if (digit === undefined) return
    const { extent, stride } = digit
    const number = panel.counted.indexOf(panel.depth.length - walk.length)
    const count = number < 0 ? extent : fn.param(2 + number)
    if (below.length > 0) {
      steps(count, [stride, sizeOfWalk(below) * width], [from, to], (f, t) => over(below, f, t))
      return
    }
    if (areBeside(offsets) || stride !== 1 || number >= 0) {
      steps(count, [stride, width], [from, to], straight)
      return
    }
    const whole = Math.floor(extent / lanes)
    steps(whole, [lanes, lanes * width], [from, to], turned(lanes))
    if (extent % lanes > 0)
      turned(extent % lanes)(plus(fn, from, whole * lanes * bytes), plus(fn, to, whole * lanes * width * bytes))
  }
  over(panel.depth, source, destination)
}
