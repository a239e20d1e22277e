// Words near one another. In: vectors, one a row. Out: the nearest words by the cosine of the angle, and the answers to
// analogies. Invariant: rows are scaled to length 1 first, so that frequent words, whose vectors are long, have no advantage.

export interface Space {
  readonly words: readonly string[]
  readonly dimension: number
  /** Of length 1, one a row. */
  readonly rows: Float64Array
}

export const spaceOf = (words: readonly string[], vectors: ArrayLike<number>): Space => {
  const dimension = vectors.length / words.length
  const rows = Float64Array.from(vectors)
  for (let w = 0; w < words.length; w++) {
    const row = rows.subarray(w * dimension, (w + 1) * dimension)
    const length = Math.hypot(...row) || 1
    for (let k = 0; k < dimension; k++) row[k] = (row[k] as number) / length
  }
  return { words, dimension, rows }
}

const rowOf = ({ rows, dimension }: Space, w: number): Float64Array => rows.subarray(w * dimension, (w + 1) * dimension)

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, v, k) => s + v * (b[k] as number), 0)

/** The words whose vectors are nearest to one, but for some. */
const nearestTo = (space: Space, vector: Float64Array, count: number, but: ReadonlySet<number>): readonly number[] =>
  space.words
    .flatMap((_, w) => (but.has(w) ? [] : [[w, dot(rowOf(space, w), vector)] as const]))
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([w]) => w)

export const nearest = (space: Space, word: string, count: number): readonly string[] => {
  const w = space.words.indexOf(word)
  return w < 0 ? [] : nearestTo(space, rowOf(space, w), count, new Set([w])).map((n) => space.words[n] as string)
}

/** Of questions `a b c d`, a line each (`: section` aside): how many words c + b − a come nearest to d, of how many known. */
export const analogies = (space: Space, questions: string): { readonly right: number; readonly asked: number } => {
  const numbers = new Map(space.words.map((word, w) => [word, w]))
  const known = questions
    .toLowerCase()
    .split('\n')
    .filter((line) => !line.startsWith(':'))
    .map((line) =>
      line
        .trim()
        .split(/\s+/)
        .map((word) => numbers.get(word) ?? -1),
    )
    .filter((line) => line.length === 4 && line.every((w) => w >= 0))
  const right = known.filter(([a, b, c, d]) => {
    const [p, q, r] = [a, b, c].map((w) => rowOf(space, w as number)) as [Float64Array, Float64Array, Float64Array]
    const wanted = r.map((v, k) => v + (q[k] as number) - (p[k] as number))
    return nearestTo(space, wanted, 1, new Set([a, b, c] as number[]))[0] === d
  })
  return { right: right.length, asked: known.length }
}
