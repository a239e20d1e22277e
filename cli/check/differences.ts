/**
 * A gradient against central differences. In: a function of many numbers, its gradient, which coordinates to look at.
 * Out: for each the relative error, and where it is large, why. Invariant: knows nothing of expressions or artifacts; a wrong
 * gradient is found whatever made it, and nothing is excused that differences can tell.
 *
 * (f(x + h) − f(x − h)) / 2h differs from f'(x) by h²·f'''/6 and by the rounding of f over h; h near ε^(1/3) balances the two
 * (Nocedal, Wright: Numerical Optimization, 8.1). The rounding of f itself is measured by second differences at steps so small
 * that hardly anything else is left in them (Moré, Wild: Estimating computational noise, 2011).
 */

/** Why a difference and a gradient disagree. */
export type Suspect =
  /** f or the gradient is no finite number. */
  | { readonly tag: 'not finite' }
  /** f is the difference of larger numbers: rounding moves it by `noise`, and so a difference by `error`. */
  | { readonly tag: 'cancellation'; readonly noise: number; readonly error: number }
  /** f has a kink at the point itself: slopes of its two sides. */
  | { readonly tag: 'kink'; readonly below: number; readonly above: number }
  /** f has a kink so near that a step reaches over it. */
  | { readonly tag: 'kink nearby'; readonly within: number }
  /** Steps of all widths agree with one another. */
  | { readonly tag: 'wrong' }

export interface Difference {
  /** Position in the flat variable. */
  readonly index: number
  readonly gradient: number
  readonly numeric: number
  readonly error: number
  /** Where the error is too large, or a narrower step was needed: why. */
  readonly suspect?: Suspect
  /** Differences can tell nothing here: the gradient lies between the slopes of a kink, or within what rounding hides. */
  readonly undecided?: true
}

/** 2⁻¹⁷: near the cube root of the rounding unit of f64, and exact in binary. */
const step = 2 ** -17

/** Rounding of f64, with room for the sums inside of a loss. */
const rounding = 8 * Number.EPSILON

const widths = [step, step / 16, step / 256] as const

/**
 * |a − n| over the greater of both, or over what is too small to be seen: the rounding of f alone moves n by `noise`, which
 * may not count for more than 1e-6; and coordinates far below the greatest one of the variable (`scale`) are held
 * against that.
 */
const relativeError = (gradient: number, numeric: number, noise: number, scale: number): number => {
  if (!Number.isFinite(gradient) || !Number.isFinite(numeric)) return Number.POSITIVE_INFINITY
  const gap = Math.abs(gradient - numeric)
  return gap === 0 ? 0 : gap / Math.max(Math.abs(gradient), Math.abs(numeric), 1e-4 * scale, noise / 1e-6)
}

/** f around one coordinate: its value h away. */
type Along = (h: number) => number

/** How far rounding alone moves f: second differences at steps where that of a smooth f is far below. */
const noiseOf = (f: Along, h: number): number => {
  const here = f(0)
  const steps = [h / 16, h / 23, h / 45, h / 91, h / 182]
  return Math.max(...steps.map((d) => Math.abs(f(d) - 2 * here + f(-d)))) / 2
}

/** Slopes of both sides at each width. */
const slopes = (f: Along, h: number): { readonly below: number; readonly above: number; readonly jump: number } => {
  const here = f(0)
  const [below, above] = [(here - f(-h)) / h, (f(h) - here) / h]
  return { below, above, jump: Math.abs(above - below) }
}

/** Why the difference and the gradient disagree by `gap`, where steps are `unit` times as wide as their width. */
const suspectOf = (f: Along, gradient: number, gap: number, unit: number): Suspect => {
  if (!Number.isFinite(gap)) return { tag: 'not finite' }
  const sides = widths.map((w) => slopes(f, w * unit))
  const [wide, , narrow] = sides as [(typeof sides)[0], (typeof sides)[0], (typeof sides)[0]]
  const noise = noiseOf(f, step * unit)
  // the jump of a smooth f shrinks with the step, that of rounding grows; that of a kink stays
  const jumps = sides.map((s) => s.jump)
  const isKink = Math.min(...jumps) > Math.max(gap / 8, Math.max(...jumps) / 1.5)
  const error = noise / (step * unit)
  const isBlind = error > 1e-6 * Math.max(Math.abs(gradient), Math.min(Math.abs(wide.below), Math.abs(wide.above)))
  if (!isKink && isBlind && 2 * error >= gap) return { tag: 'cancellation', noise, error }
  if (isKink) return { tag: 'kink', below: narrow.below, above: narrow.above }
  const over = sides.findIndex((s, i) => i > 0 && s.jump < (sides[i - 1] as typeof s).jump / 64)
  if (over > 0 && wide.jump > 1e-3 * Math.max(Math.abs(wide.below), Math.abs(wide.above), Math.abs(gradient)))
    return { tag: 'kink nearby', within: (widths[over - 1] as number) * unit }
  return { tag: 'wrong' }
}

const isUndecided = (suspect: Suspect, gradient: number): boolean => {
  if (suspect.tag === 'cancellation') return true
  if (suspect.tag !== 'kink') return false
  const [low, high] = [Math.min(suspect.below, suspect.above), Math.max(suspect.below, suspect.above)]
  const slack = 1e-3 * (high - low)
  return low - slack <= gradient && gradient <= high + slack
}

/**
 * The error at one coordinate. Where the step of the usual width disagrees, narrower ones are tried too: they avoid a kink of
 * f nearby (relu, abs, max), but make no wrong gradient right.
 */
export const differenceAt = (
  f: () => number,
  variable: { [index: number]: number },
  index: number,
  gradient: number,
  scale: number,
  tolerance: number,
): Difference => {
  const x = variable[index] as number
  const unit = Math.max(1, Math.abs(x))
  const along = (h: number): number => {
    variable[index] = x + h
    const value = f()
    variable[index] = x
    return value
  }
  const attempt = (width: number): Difference => {
    const h = width * unit
    const [above, below] = [along(h), along(-h)]
    const numeric = (above - below) / (2 * h)
    const noise = (rounding * Math.max(Math.abs(above), Math.abs(below))) / h
    return { index, gradient, numeric, error: relativeError(gradient, numeric, noise, scale) }
  }
  const first = attempt(widths[0])
  let best = first
  for (const width of widths.slice(1)) {
    if (best.error <= tolerance) break
    const next = attempt(width)
    if (next.error < best.error) best = next
  }
  if (best === first && best.error <= tolerance) return best
  const suspect = suspectOf(along, gradient, Math.abs(gradient - first.numeric), unit)
  if (best.error <= tolerance) return suspect.tag === 'kink nearby' ? { ...best, suspect } : best
  return isUndecided(suspect, gradient) ? { ...best, suspect, undecided: true } : { ...best, suspect }
}
