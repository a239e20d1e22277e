/**
 * A gradient against central differences. In: a function of many numbers, its gradient, which coordinates to look at.
 * Out: for each the relative error. Invariant: knows nothing of expressions or artifacts; a wrong gradient is found whatever
 * made it.
 *
 * (f(x + h) − f(x − h)) / 2h differs from f'(x) by h²·f'''/6 and by the rounding of f over h; h near ε^(1/3) balances the two
 * (Nocedal, Wright: Numerical Optimization, 8.1).
 */

export interface Difference {
  /** Position in the flat variable. */
  readonly index: number
  readonly gradient: number
  readonly numeric: number
  readonly error: number
}

/** 2⁻¹⁷: near the cube root of the rounding unit of f64, and exact in binary. */
const step = 2 ** -17

/** Rounding of f64, with room for the sums inside of a loss. */
const rounding = 8 * Number.EPSILON

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
  const attempt = (width: number): Difference => {
    const h = width * Math.max(1, Math.abs(x))
    variable[index] = x + h
    const above = f()
    variable[index] = x - h
    const below = f()
    variable[index] = x
    const numeric = (above - below) / (2 * h)
    const noise = (rounding * Math.max(Math.abs(above), Math.abs(below))) / h
    return { index, gradient, numeric, error: relativeError(gradient, numeric, noise, scale) }
  }
  let best = attempt(step)
  for (const width of [step / 16, step / 256]) {
    if (best.error <= tolerance) break
    const next = attempt(width)
    if (next.error < best.error) best = next
  }
  return best
}
