// Axes. In: the range of some numbers and the pixels that it shall fill. Out: where a number lies, and where ticks belong.
// Invariant: pure; ticks are round numbers (1, 2 or 5 times a power of ten) inside the range, in increasing order.

export interface Scale {
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
  /** A tick's number in words; empty for a tick that stays without one. */
  readonly label: (tick: number) => string
}

type Range = readonly [number, number]

const round = (x: number): number => Number(x.toPrecision(12))

/** The step of about `count` ticks over `span`: 1, 2 or 5 times a power of ten. */
const niceStep = (span: number, count: number): number => {
  const raw = span / count
  const power = 10 ** Math.floor(Math.log10(raw))
  const factor = [1, 2, 5, 10].find((f) => f * power >= raw * 0.999) ?? 10
  return factor * power
}

const multiples = ([low, high]: Range, step: number): readonly number[] => {
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => round((first + i) * step))
}

/** Equal steps for equal differences; `label` writes a tick. */
export const linearScale = (
  [low, high]: Range,
  [from, to]: Range,
  count: number,
  label: (tick: number) => string,
): Scale => ({
  at: (value) => from + ((value - low) / (high - low)) * (to - from),
  ticks: multiples([low, high], niceStep(high - low, count)),
  label,
})

/** Equal steps for equal ratios; both ends above 0. Ticks at 1, 2 and 5 of each decade where there is room for them. */
export const logScale = ([low, high]: Range, [from, to]: Range): Scale => {
  const decades = Math.log10(high / low)
  const factors = decades > 4 ? [1] : [1, 2, 5]
  const ticks = Array.from({ length: Math.ceil(decades) + 3 }, (_, i) => Math.floor(Math.log10(low)) - 1 + i)
    .flatMap((exponent) => factors.map((factor) => round(factor * 10 ** exponent)))
    .filter((tick) => tick >= low && tick <= high)
  return {
    at: (value) => from + (Math.log(value / low) / Math.log(high / low)) * (to - from),
    ticks,
    label: (tick) => (tick >= 0.001 && tick < 10_000 ? String(tick) : tick.toExponential(0)),
  }
}
