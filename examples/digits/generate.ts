// The generator of digits, so that the example needs no data. In: a key and a count. Out: so many labelled 28 x 28 pictures.
// Invariant: example i is a function of the key and i alone, made of integer arithmetic, +, -, ·, / and square roots: the
// same key gives the same pictures in every engine, and fewer examples are the beginning of more.
//
// Each example takes one of the digit's styles, moves the points of its strokes a little, writes it with a random width,
// height, slant, turn and place and with a random pen, and scatters noise over the sheet. That the place varies is what
// keeps a linear classifier low: no pixel stands for a stroke any more.

import type { LabelledImages } from '../../runtime/data/labelled-images.ts'
import { deriveKey, randomWords, uniforms, type Words } from '../../src/core/threefry.ts'
import { drawLine, flatten, type SheetPoint } from './raster.ts'
import { digitStyles, type PenPoint, type Style } from './strokes.ts'

const side = 28
const pixels = side * side

/** Uniform numbers at hand for one example: 11 for digit, style, noise, place and pen, and 4 for each point of its strokes. */
export const drawsPerExample = 96

/** How far each property reaches; lengths in pixels unless said otherwise. */
const spread = {
  height: [14, 21],
  /** Width over height. */
  aspect: [0.55, 0.95],
  /** Horizontal shift of the top for each pixel of height; positive leans to the right. */
  slant: [-0.15, 0.45],
  /** Tangent of the turning angle. */
  turn: [-0.16, 0.16],
  /** Half the way that the centre may stray from the middle of the sheet. */
  place: 2.75,
  /** How far a stroke's point may move, in units of the digit's box. */
  wobble: 0.07,
  radius: [0.7, 1.7],
  darkness: [0.7, 1],
  noise: [0, 0.3],
} as const

type Draw = () => number

const between = (draw: Draw, [low, high]: readonly [number, number]): number => low + (high - low) * draw()

/** Symmetric around 0 and within ±1, most often near 0: the sum of two uniforms. */
const around = (draw: Draw): number => draw() + draw() - 1

/** From a point of the digit's box to the sheet. */
type Placement = (point: PenPoint) => SheetPoint

const placement = (draw: Draw): Placement => {
  const height = between(draw, spread.height)
  const width = height * between(draw, spread.aspect)
  const slant = between(draw, spread.slant)
  const turn = between(draw, spread.turn)
  // cos and sin of an angle from its tangent, without trigonometry.
  const cosine = 1 / Math.sqrt(1 + turn * turn)
  const sine = turn * cosine
  const centreX = side / 2 + spread.place * (2 * draw() - 1)
  const centreY = side / 2 + spread.place * (2 * draw() - 1)
  return ({ x, y, corner }) => {
    const v = (y - 0.5 + spread.wobble * around(draw)) * height
    const u = (x - 0.5 + spread.wobble * around(draw)) * width - slant * v
    return { x: centreX + cosine * u - sine * v, y: centreY + sine * u + cosine * v, corner }
  }
}

const write = (images: Float32Array, offset: number, style: Style, draw: Draw): void => {
  const place = placement(draw)
  const radius = between(draw, spread.radius)
  const darkness = between(draw, spread.darkness)
  for (const stroke of style) drawLine(images, offset, side, side, flatten(stroke.map(place)), radius, darkness)
}

/** Adds to each pixel the sum of the two halves of a random word, spread over ± `strength`, and keeps it in [0, 1]. */
const scatter = (images: Float32Array, offset: number, strength: number, words: Uint32Array): void => {
  for (let i = 0; i < pixels; i++) {
    const word = words[i] ?? 0
    const noisy = (images[offset + i] ?? 0) + strength * (((word & 0xffff) + (word >>> 16)) / 0xffff - 1)
    images[offset + i] = noisy < 0 ? 0 : noisy > 1 ? 1 : noisy
  }
}

/** `count` digits: `images` is [count, 784] in [0, 1], `labels` [count] in 0 .. 9, each digit as likely as the next. */
export const generateDigits = (key: Words, count: number): LabelledImages => {
  const images = new Float32Array(count * pixels)
  const labels = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const own = deriveKey(key, i)
    const numbers = uniforms(deriveKey(own, 0), drawsPerExample)
    let next = 0
    const draw = (): number => numbers[next++] ?? 0
    const label = Math.floor(10 * draw())
    const styles = digitStyles[label] ?? []
    const style = styles[Math.floor(styles.length * draw())] ?? []
    const strength = between(draw, spread.noise)
    write(images, i * pixels, style, draw)
    scatter(images, i * pixels, strength, randomWords(deriveKey(own, 1), pixels))
    labels[i] = label
  }
  return { count, height: side, width: side, classes: 10, images, labels }
}
