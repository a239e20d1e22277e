// The line that tells how training goes. In: where training stands. Out: one line of text, with colours where wanted.
// Invariant: pure; the visible text is never wider than the columns given, so that it can be overwritten in place.

import type { Colors } from 'picocolors/types.js'

export interface Progress {
  /** Epoch under way, from 1. */
  readonly epoch: number
  readonly epochs: number
  /** Steps done, of `steps` in all epochs. */
  readonly step: number
  readonly steps: number
  /** Mean training loss over the last steps. */
  readonly loss: number
  /** Share of the held-out examples that were right after the last whole epoch; absent in the first epoch. */
  readonly heldOut?: number
  /** Seconds since the first step. */
  readonly seconds: number
  readonly batch: number
}

/** 1234 examples as `1.2 k`. */
const short = (n: number): string =>
  n >= 1e6 ? `${(n / 1e6).toFixed(1)} M` : n >= 1e3 ? `${(n / 1e3).toFixed(1)} k` : n.toFixed(0)

const percent = (share: number, digits = 2): string => `${(100 * share).toFixed(digits)} %`

/** A bar of `width` characters, filled to `share`, in steps of half a character. */
const bar = (share: number, width: number, colors: Colors): string => {
  const halves = Math.round(Math.min(Math.max(share, 0), 1) * width * 2)
  const full = halves >> 1
  const half = halves & 1
  return colors.cyan('━'.repeat(full) + (half === 1 ? '╸' : '')) + colors.dim('─'.repeat(width - full - half))
}

/**
 * Parts in the order of their worth: what does not fit into the columns is left out from the end. Each keeps its width from
 * the first step to the last, so that the line stands still.
 */
const parts = (p: Progress): readonly string[] => {
  const done = p.step >= p.steps
  const seconds = done ? p.seconds : p.step > 0 ? (p.seconds / p.step) * (p.steps - p.step) : undefined
  const rate = p.seconds > 0 ? `${short((p.step * p.batch) / p.seconds)}` : '-'
  return [
    `loss ${p.loss.toFixed(4)}`,
    `held-out ${(p.heldOut === undefined ? '-' : percent(p.heldOut)).padStart(8)}`,
    `${(seconds === undefined ? '-' : seconds.toFixed(1)).padStart(5)} s ${done ? '    ' : 'left'}`,
    `${rate.padStart(7)} examples/s`,
  ]
}

/** One line, at most `columns` wide (40 at least is sensible). */
export const progressLine = (p: Progress, columns: number, colors: Colors): string => {
  const head = `epoch ${String(p.epoch).padStart(String(p.epochs).length)}/${p.epochs}`
  const narrowest = 8
  const separator = '  '
  const kept = parts(p).reduce<readonly string[]>((fitting, part) => {
    const text = [head].concat(fitting, part).join(separator)
    return text.length + separator.length + narrowest <= columns ? fitting.concat(part) : fitting
  }, [])
  const taken = [head, ...kept].join(separator).length + separator.length
  const width = Math.min(Math.max(columns - taken, 0), 30)
  const line = [colors.bold(head), bar(p.step / p.steps, width, colors), ...kept]
  return width === 0 ? head.slice(0, columns) : line.join(separator)
}
