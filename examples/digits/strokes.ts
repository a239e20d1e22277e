// How people write the ten digits. In: nothing. Out: for each digit, several styles, each a few strokes of the pen.
// Invariant: a stroke is at least two points in the unit box (x to the right, y downwards); the pen passes through them in
// order, smoothly, and turns sharply only at a corner.

export interface PenPoint {
  readonly x: number
  readonly y: number
  readonly corner: boolean
}

export type Stroke = readonly PenPoint[]

/** One way to write one digit. */
export type Style = readonly Stroke[]

/** Points in hundredths of the box, `x y`, in the order of writing; `!` marks a corner. */
const written: readonly (readonly (readonly string[])[])[] = [
  [
    // 0: a round one, a narrow one, and one whose ends cross at the top
    ['52 0, 20 12, 6 50, 20 88, 50 100, 82 86, 95 50, 82 13, 50 0'],
    ['55 0, 30 16, 20 52, 28 86, 50 100, 74 85, 82 50, 74 15, 52 0'],
    ['68 6, 40 0, 12 30, 12 70, 42 100, 80 82, 92 42, 72 10, 42 8'],
  ],
  [
    // 1: a bare stroke, one with a flag, one with flag and foot
    ['52 0, 50 50, 48 100'],
    ['26 24, 54 0 !, 52 50, 50 100'],
    ['30 18, 52 0 !, 50 100', '24 100, 78 99'],
  ],
  [
    // 2: with a sharp foot, with a loop, and with a waved foot
    ['12 22, 38 1, 74 6, 82 32, 52 66, 8 100 !, 92 98'],
    ['14 20, 42 0, 76 14, 72 46, 42 80, 14 96, 10 82, 32 80, 62 96, 94 92'],
    ['16 30, 28 6, 60 0, 84 20, 70 50, 34 78, 8 98 !, 36 90, 64 100, 92 92'],
  ],
  [
    // 3: two round bows, a flat top, and a small upper bow
    ['14 14, 46 0, 80 14, 74 38, 40 48 !, 80 56, 88 80, 50 100, 10 88'],
    ['14 2, 82 2 !, 42 42 !, 82 54, 86 82, 48 100, 10 90'],
    ['20 10, 50 0, 72 14, 66 36, 36 42 !, 78 50, 90 74, 60 98, 8 94'],
  ],
  [
    // 4: open at the top, closed, and with a round shoulder
    ['20 2, 10 54 !, 92 54', '74 4, 70 100'],
    ['70 100, 70 0 !, 6 66 !, 96 66'],
    ['16 4, 10 34, 30 52, 66 46, 82 36', '84 0, 78 50, 72 100'],
  ],
  [
    // 5: two strokes, one stroke, and a round one
    ['22 3, 18 44 !, 56 38, 88 60, 74 92, 40 100, 8 90', '22 3, 88 2'],
    ['86 2, 26 4 !, 16 46 !, 54 38, 86 62, 66 94, 10 96'],
    ['84 4, 50 4, 26 10, 20 40, 52 42, 84 60, 80 86, 46 100, 10 88'],
  ],
  [
    // 6: a long curve into the loop, a straight one, and a slim one
    ['78 2, 36 18, 12 58, 22 92, 56 100, 86 80, 72 54, 40 54, 16 74'],
    ['66 0, 28 48, 12 80, 40 100, 78 88, 72 58, 36 60, 16 82'],
    ['46 0, 20 34, 14 76, 40 100, 76 88, 74 64, 44 58, 18 76'],
  ],
  [
    // 7: plain, crossed, and with a serif and a bent stem
    ['8 4, 90 2 !, 60 46, 36 100'],
    ['8 3, 90 3 !, 58 50, 40 100', '26 52, 86 46'],
    ['10 22, 12 5 !, 46 10, 90 2 !, 56 38, 46 100'],
  ],
  [
    // 8: one stroke that crosses itself, two circles, and an open top
    ['76 12, 46 0, 18 18, 36 40, 70 58, 84 82, 50 100, 16 82, 32 56, 68 38, 80 16, 54 1'],
    ['50 0, 24 10, 26 36, 50 46, 74 36, 76 10, 50 0', '50 46, 16 60, 18 90, 50 100, 84 90, 84 60, 50 46'],
    ['88 4, 50 2, 20 16, 36 42, 72 64, 74 90, 44 100, 16 86, 34 58, 70 34, 88 6'],
  ],
  [
    // 9: a loop with a straight stem, with a bent one, and with a hook
    ['82 14, 48 0, 14 16, 16 42, 48 52, 80 34, 84 8 !, 80 50, 76 100'],
    ['84 20, 60 0, 22 8, 14 36, 42 50, 76 36, 84 16, 78 56, 52 100'],
    ['82 12, 46 0, 14 20, 20 44, 52 46, 82 12 !, 86 60, 64 96, 20 94'],
  ],
]

const penPoint = (text: string): PenPoint => {
  const [x, y, mark] = text.trim().split(' ')
  return { x: Number(x) / 100, y: Number(y) / 100, corner: mark === '!' }
}

/** The ten digits; `digitStyles[d]` holds the styles of digit d, each as likely as the next. */
export const digitStyles: readonly (readonly Style[])[] = written.map((styles) =>
  styles.map((strokes) => strokes.map((stroke) => stroke.split(',').map(penPoint))),
)
