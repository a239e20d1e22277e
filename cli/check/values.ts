/**
 * Values to check a gradient at. In: leaves, a seed, the user's sample. Out: numbers for every leaf.
 * Invariant: the same seed draws the same values everywhere; labels lie in the range that the model gives them.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { topological } from '../../compiler/program/walk.ts'
import type { CliError } from '../../src/core/errors.ts'
import { isFloat } from '../../src/core/dtype.ts'
import { showType, sizeOf } from '../../src/core/shape.ts'
import { deriveKey, keyOf, randomWords, uniforms } from '../../src/core/threefry.ts'
import type { Node } from '../../src/expr/expr.ts'
import { is, paramsOf } from '../../src/expr/node.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { refuseCli } from '../codes.ts'
import type { Sample } from '../model.ts'

/** Standard normal numbers (Box and Muller 1958). */
export const normals = (seed: number, stream: number, length: number): Float64Array => {
  const u = uniforms(deriveKey(keyOf(seed), stream), 2 * length)
  // 1 − u is in (0, 1], so that its logarithm is finite
  return Float64Array.from(
    { length },
    (_, i) => Math.sqrt(-2 * Math.log(1 - (u[2 * i] as number))) * Math.cos(2 * Math.PI * (u[2 * i + 1] as number)),
  )
}

/** Natural numbers below `bound`. */
export const naturals = (seed: number, stream: number, length: number, bound: number): Int32Array => {
  const words = randomWords(deriveKey(keyOf(seed), stream), length)
  return Int32Array.from({ length }, (_, i) => (words[i] as number) % bound)
}

/** Movements of labels keep their range. */
const passesLabels = (n: Node): boolean =>
  is(n, 'reshape') || is(n, 'broadcastTo') || is(n, 'transpose') || is(n, 'slice') || is(n, 'reverse')

/** How many classes each i32 leaf counts, where the model says it: as labels of a cross-entropy, or as one-hot vectors. */
export const labelRanges = (roots: readonly Node[]): ReadonlyMap<Node, number> => {
  const ranges = new Map<Node, number>()
  const narrow = (n: Node, bound: number): void => {
    ranges.set(n, Math.min(bound, ranges.get(n) ?? bound))
  }
  for (const n of topological(roots).toReversed()) {
    const [first, second] = n.ins
    if (is(n, 'crossEntropy') && first !== undefined && second !== undefined) narrow(second, first.shape.at(-1) ?? 1)
    if (is(n, 'oneHot') && first !== undefined) narrow(first, paramsOf(n, 'oneHot').depth)
    const own = ranges.get(n)
    if (own !== undefined && first !== undefined && passesLabels(n)) narrow(first, own)
  }
  return ranges
}

const flatten = (x: unknown): readonly unknown[] => {
  if (ArrayBuffer.isView(x)) return Array.from(x as unknown as ArrayLike<number>)
  return Array.isArray(x) ? x.flatMap(flatten) : [x]
}

/** What the user's sample holds for a leaf, in whatever nesting it was written. */
const sampled = (leaf: Node, value: unknown): Either<CliError, Float64Array> => {
  const flat = flatten(value).map((v) => (typeof v === 'boolean' ? Number(v) : v))
  const name = nameOf(leaf)
  if (flat.length !== sizeOf(leaf.shape))
    return refuseCli('E_CLI_SAMPLE', `sample.${name} has ${flat.length} elements, ${name} is ${showType(leaf)}`)
  const strange = flat.find((v) => typeof v !== 'number')
  return strange === undefined
    ? right(Float64Array.from(flat))
    : refuseCli('E_CLI_SAMPLE', `sample.${name} holds ${String(strange)}, which is no number`)
}

/** A value for each input, by name: the user's, else drawn. */
export const drawInputs = (
  inputs: readonly Node[],
  ranges: ReadonlyMap<Node, number>,
  seed: number,
  sample: Sample,
): Either<CliError, ReadonlyMap<string, Float64Array | Int32Array>> => {
  const drawn = new Map<string, Float64Array | Int32Array>()
  for (const [stream, leaf] of inputs.entries()) {
    const name = nameOf(leaf) as string
    const length = sizeOf(leaf.shape)
    if (Object.hasOwn(sample, name)) {
      const value = sampled(leaf, sample[name])
      if (isLeft(value)) return value
      drawn.set(name, isFloat(leaf.dtype) ? value.right : Int32Array.from(value.right))
    } else
      drawn.set(
        name,
        isFloat(leaf.dtype) ? normals(seed, stream, length) : naturals(seed, stream, length, ranges.get(leaf) ?? 2),
      )
  }
  return right(drawn)
}

/** `count` different positions below `size`, ascending; all of them where there are no more. */
export const drawPositions = (size: number, count: number, seed: number, stream: number): readonly number[] => {
  if (count >= size) return Array.from({ length: size }, (_, i) => i)
  const found = new Set<number>()
  const key = deriveKey(keyOf(seed), stream)
  for (let first = 0; found.size < count; first += count)
    for (const w of randomWords(key, count, first)) if (found.size < count) found.add(w % size)
  return [...found].toSorted((a, b) => a - b)
}
