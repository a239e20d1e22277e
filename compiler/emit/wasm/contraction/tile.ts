/**
 * The shape of the register block. In: the extents of a product in rows and vectors. Out: the block that should be fastest,
 * and how the extents split into such blocks.
 * Invariant: a split never leaves a thin remainder: its parts differ by at most one.
 */

/** A register block: `rows` rows of A by `vectors` vectors of B. */
export interface Tile {
  readonly rows: number
  readonly vectors: number
}

/** `count` panels of `size` each. */
export interface Run {
  readonly size: number
  readonly count: number
}

/**
 * Cycles a step of k with so many accumulators, measured on V8 11.3 over operands in the nearest cache. With few of them the
 * latency of the addition decides, with many the throughput: 3 instructions a cycle for multiply and add, 2 for the
 * fused ones.
 */
const CYCLES = {
  plain: [0, 1.8, 2.05, 3.0, 3.5, 4.0, 4.1, 5.0, 5.4, 6.1, 6.8],
  relaxed: [0, 3.1, 3.45, 3.8, 3.95, 4.0, 4.05, 4.6, 4.4, 4.9, 5.1],
} as const

/** Of the 16 vector registers one is V8's own, and plain SIMD needs one for a product. */
const LIVE = 14

/**
 * After how many rows of the block a barrier stands. V8 up to 12 moves all loads of a basic block above its arithmetic, so
 * that accumulators, vectors of B and all splats of A would be alive at once. Loads do not pass a branch, even one
 * that is never taken: with one every 2 rows, 4x2, 3x3 and 5x2 vectors reach 0.97 and more of the peak, plain and
 * relaxed (without: 0.8 to 0.99, 0.78 to 0.92, 0.57 to 0.85).
 */
export const rowsTogether = ({ rows, vectors }: Tile): number => (rows > 2 && rows * vectors >= 8 ? 2 : rows)

/** The same for the vectors of a single row: 7 and 8 of them are loaded in two parts. */
export const vectorsTogether = ({ rows, vectors }: Tile): number => (rows === 1 && vectors > 6 ? 4 : vectors)

/** Cycles of a call: pointers, entering the loop and the branch that ends it, mispredicted; and for each vector its zero and its store. */
const CALL = 40
const VECTOR = 4
/** What another form of block, which is code of its own, must save to be worth it. */
const VARIANT = 0.02

/** ⌈extent / size⌉ parts that differ by at most one, the larger ones first. */
export const split = (extent: number, size: number): readonly Run[] => {
  const parts = Math.ceil(extent / size)
  if (parts === 0) return []
  const small = Math.floor(extent / parts)
  const large = extent % parts
  return [
    { size: small + 1, count: large },
    { size: small, count: parts - large },
  ].filter((run) => run.count > 0)
}

const candidates = (simd: 'plain' | 'relaxed'): readonly Tile[] => {
  const tiles: Tile[] = []
  for (let rows = 7; rows >= 1; rows--)
    for (let vectors = 1; vectors <= 8; vectors++) {
      const tile = { rows, vectors }
      const alive = rows * vectors + vectorsTogether(tile) + rowsTogether(tile)
      if (rows * vectors < CYCLES[simd].length && alive <= LIVE) tiles.push(tile)
    }
  return tiles
}
const CANDIDATES = { plain: candidates('plain'), relaxed: candidates('relaxed') }

/**
 * The estimated cheapest tile, at most `widest` vectors wide, for `rows` rows by `vectors` vectors, `depth` deep; of
 * equals the tallest, for the least of B in the nearest cache.
 */
export const chooseTile = (
  simd: 'plain' | 'relaxed',
  rows: number,
  vectors: number,
  depth: number,
  widest: number = Number.POSITIVE_INFINITY,
): Tile => {
  const cost = (tile: Tile): number => {
    const [tall, wide] = [split(rows, tile.rows), split(vectors, tile.vectors)]
    let cycles = 0
    for (const r of tall)
      for (const v of wide) {
        const accumulators = r.size * v.size
        cycles += r.count * v.count * ((CYCLES[simd][accumulators] ?? 0) * depth + CALL + VECTOR * accumulators)
      }
    return cycles * (1 + VARIANT * (tall.length * wide.length - 1))
  }
  const [first, ...rest] = CANDIDATES[simd]
    .filter((tile) => tile.vectors <= widest)
    .map((tile) => ({ tile, cycles: cost(tile) }))
  if (first === undefined) return { rows: 1, vectors: 1 }
  return rest.reduce((best, t) => (t.cycles < best.cycles ? t : best), first).tile
}
