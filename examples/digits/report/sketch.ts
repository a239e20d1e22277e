// Digits in a terminal. In: grey pictures, 0 paper and 1 ink, and a caption each. Out: lines of text with the pictures side
// by side, in Braille characters of 2 x 4 dots.
// Invariant: every line has the same visible width; only Unicode text, no colour and no control characters.

/** The dot of Unicode's Braille pattern (U+2800) at row 0 .. 3 and column 0 .. 1 of a character. */
const dots = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80] as const

/** Darkness from which a pixel is drawn. */
const threshold = 0.4

/** `height / 4` lines of `width / 2` characters; pixels are taken from `offset` on, row by row. */
const picture = (images: Float32Array, offset: number, height: number, width: number): readonly string[] =>
  Array.from({ length: Math.ceil(height / 4) }, (_, line) => {
    const cells = Array.from({ length: Math.ceil(width / 2) }, (_, column) => {
      const pattern = dots.reduce((bits: number, dot, i) => {
        const row = 4 * line + (i >> 1)
        const x = 2 * column + (i & 1)
        const inside = row < height && x < width
        return inside && (images[offset + row * width + x] ?? 0) >= threshold ? bits | dot : bits
      }, 0)
      return String.fromCharCode(0x2800 + pattern)
    })
    return cells.join('')
  })

export interface Sketch {
  /** Which picture of `images`. */
  readonly index: number
  readonly caption: string
}

const gap = '  '

/** Lines with one picture beside the other, captions below, cut to the picture's width. */
export const sketches = (
  images: Float32Array,
  height: number,
  width: number,
  shown: readonly Sketch[],
): readonly string[] => {
  const columns = Math.ceil(width / 2)
  const pictures = shown.map(({ index }) => picture(images, index * height * width, height, width))
  const lines = Array.from({ length: Math.ceil(height / 4) }, (_, line) =>
    pictures.map((rows) => rows[line] ?? '').join(gap),
  )
  const captions = shown.map(({ caption }) => {
    const text = caption.slice(0, columns)
    const before = Math.floor((columns - text.length) / 2)
    return text.padStart(before + text.length).padEnd(columns)
  })
  return [...lines, captions.join(gap)]
}
