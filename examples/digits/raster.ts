// A pen on a small sheet. In: the points that a stroke passes through, in pixels, and the pen's radius. Out: the sheet, a
// row-major grey picture, 0 paper and 1 ink, darkened where the pen went.
// Invariant: a pixel is as dark as the nearest piece of line makes it; where lines cross, ink does not add up. Only +, -, ·, /
// and square roots are used: the same bits in every engine.

/** A point in pixels; the centre of pixel (i, j) lies at x = j + ½, y = i + ½. */
export interface SheetPoint {
  readonly x: number
  readonly y: number
  readonly corner: boolean
}

/** Straight pieces for one span of a smooth curve: more would not be seen at this size. */
const piecesPerSpan = 6

/** The point at t in [0, 1] between b and c of the Catmull-Rom spline through a, b, c, d (Catmull and Rom 1974). */
const spline = (a: number, b: number, c: number, d: number, t: number): number =>
  b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))

/**
 * Coordinates x0, y0, x1, y1 ... of the polyline that replaces the curve through `points`, whose tangents follow the
 * neighbours and break off at corners.
 */
export const flatten = (points: readonly SheetPoint[]): readonly number[] => {
  const out: number[] = []
  for (let i = 0; i + 1 < points.length; i++) {
    const b = points[i]
    const c = points[i + 1]
    if (b === undefined || c === undefined) break
    // At an end or a corner the curve has no neighbour beyond, so the point stands in for it.
    const a = b.corner ? b : (points[i - 1] ?? b)
    const d = c.corner ? c : (points[i + 2] ?? c)
    const pieces = a === b && d === c ? 1 : piecesPerSpan
    if (i === 0) out.push(b.x, b.y)
    for (let p = 1; p <= pieces; p++) {
      const t = p / pieces
      out.push(spline(a.x, b.x, c.x, d.x, t), spline(a.y, b.y, c.y, d.y, t))
    }
  }
  return out
}

const clamp = (x: number, low: number, high: number): number => (x < low ? low : x > high ? high : x)

/**
 * Draws a polyline into the picture that begins at `offset` of `sheet`, `width` by `height` pixels; `darkness` in (0, 1] is
 * that of a pixel wholly under the pen. The edge is one pixel wide.
 */
export const drawLine = (
  sheet: Float32Array,
  offset: number,
  width: number,
  height: number,
  line: readonly number[],
  radius: number,
  darkness: number,
): void => {
  const reach = radius + 0.5
  for (let p = 0; p + 3 < line.length; p += 2) {
    const ax = line[p] ?? 0
    const ay = line[p + 1] ?? 0
    const bx = line[p + 2] ?? 0
    const by = line[p + 3] ?? 0
    const dx = bx - ax
    const dy = by - ay
    const square = dx * dx + dy * dy
    const left = Math.max(0, Math.floor(Math.min(ax, bx) - reach))
    const right = Math.min(width - 1, Math.floor(Math.max(ax, bx) + reach))
    const top = Math.max(0, Math.floor(Math.min(ay, by) - reach))
    const bottom = Math.min(height - 1, Math.floor(Math.max(ay, by) + reach))
    for (let i = top; i <= bottom; i++) {
      for (let j = left; j <= right; j++) {
        // Distance of the pixel's centre from the piece of line.
        const px = j + 0.5 - ax
        const py = i + 0.5 - ay
        const along = square === 0 ? 0 : clamp((px * dx + py * dy) / square, 0, 1)
        const ex = px - along * dx
        const ey = py - along * dy
        const cover = reach - Math.sqrt(ex * ex + ey * ey)
        if (cover <= 0) continue
        const at = offset + i * width + j
        const ink = darkness * Math.min(cover, 1)
        if (ink > (sheet[at] ?? 0)) sheet[at] = ink
      }
    }
  }
}
