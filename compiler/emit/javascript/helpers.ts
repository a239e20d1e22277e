/**
 * The functions that generated code calls. In: which are used. Out: their text, with what they need, in order.
 * Invariant: each is exact: it gives the bits that `Machine` asks for. Typed arrays are little-endian, as Wasm memory is.
 */
import type { Lines } from './text.ts'

interface Helper {
  readonly needs: readonly HelperName[]
  readonly lines: Lines
}

export type HelperName = keyof typeof helpers

const helper = (needs: readonly string[], ...lines: Lines): Helper => ({ needs: needs as readonly HelperName[], lines })

const helpers = {
  f: helper([], 'const f = Math.fround'),
  bits: helper(
    [],
    '// One number seen as float and as words: the ways to its exponent and significand.',
    'const bits = new ArrayBuffer(8)',
    'const float32 = new Float32Array(bits)',
    'const float64 = new Float64Array(bits)',
    'const words = new Int32Array(bits)',
  ),
  nearest: helper(
    [],
    '// Half to even: below 2^52, adding and taking away 2^52 leaves no place for a fraction. Keeps the sign of a zero.',
    'const nearest = (x) => {',
    '  const a = Math.abs(x)',
    '  if (!(a < 4503599627370496)) return x',
    '  const r = a + 4503599627370496 - 4503599627370496',
    '  return x < 0 ? -r : x > 0 ? r : x',
    '}',
  ),
  copysign: helper([], 'const copysign = (x, sign) => (sign < 0 || Object.is(sign, -0) ? -Math.abs(x) : Math.abs(x))'),
  truncate: helper(
    [],
    '// To i32: towards zero, saturating; NaN gives 0.',
    'const truncate = (x) => (x >= 2147483647 ? 2147483647 : x <= -2147483648 ? -2147483648 : x | 0)',
  ),
  bitsOfFloat: helper(['bits'], 'const bitsOfFloat = (x) => {', '  float32[0] = x', '  return words[0]', '}'),
  floatOfBits: helper(['bits'], 'const floatOfBits = (x) => {', '  words[0] = x', '  return float32[0]', '}'),
  pow2: helper(['bits'], 'const pow2 = (n) => {', '  words[0] = (n + 127) << 23', '  return float32[0]', '}'),
  exponent: helper(
    ['bits'],
    'const exponent = (x) => {',
    '  float32[0] = x',
    '  return ((words[0] >>> 23) & 255) - 127',
    '}',
  ),
  significand: helper(
    ['bits'],
    'const significand = (x) => {',
    '  float32[0] = x',
    '  words[0] = (words[0] & 0x7fffff) | 0x3f800000',
    '  return float32[0]',
    '}',
  ),
  pow2Double: helper(
    ['bits'],
    'const pow2Double = (n) => {',
    '  words[0] = 0',
    '  words[1] = (n + 1023) << 20',
    '  return float64[0]',
    '}',
  ),
  exponentDouble: helper(
    ['bits'],
    'const exponentDouble = (x) => {',
    '  float64[0] = x',
    '  return ((words[1] >>> 20) & 2047) - 1023',
    '}',
  ),
  significandDouble: helper(
    ['bits'],
    'const significandDouble = (x) => {',
    '  float64[0] = x',
    '  words[1] = (words[1] & 0xfffff) | 0x3ff00000',
    '  return float64[0]',
    '}',
  ),
  highWord: helper(['bits'], 'const highWord = (x) => {', '  float64[0] = x', '  return words[1]', '}'),
  lowWord: helper(['bits'], 'const lowWord = (x) => {', '  float64[0] = x', '  return words[0]', '}'),
  slices: helper(
    [],
    '// A view for every trip of the loops by which a slice moves: [trips, bytes from one to the next] each.',
    'const slices = (Kind, memory, offset, length, [[trips, advance], ...inner]) =>',
    '  Array.from({ length: trips }, (_, t) => {',
    '    const at = offset + t * advance',
    '    return inner.length === 0 ? new Kind(memory, at, length) : slices(Kind, memory, at, length, inner)',
    '  })',
  ),
  places: helper(
    [],
    '// Where the elements lie that digits [extent, stride] count through, the highest digit first.',
    'const places = (digits) =>',
    '  digits.reduce(',
    '    (found, [extent, stride]) => Int32Array.from({ length: found.length * extent }, (_, i) => found[Math.trunc(i / extent)] + (i % extent) * stride),',
    '    new Int32Array(1),',
    '  )',
  ),
  write: helper(
    [],
    'const write = (memory, offset, base64) => {',
    '  const text = atob(base64)',
    '  const bytes = new Uint8Array(memory, offset, text.length)',
    '  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)',
    '}',
  ),
} as const satisfies Readonly<Record<string, Helper>>

/** The text of the helpers used and of what they need, in the table's order. */
export const helperLines = (used: ReadonlySet<HelperName>): Lines => {
  const all = new Set<HelperName>(used)
  for (const name of used) for (const need of helpers[name].needs) all.add(need)
  return (Object.keys(helpers) as readonly HelperName[]).flatMap((name) => (all.has(name) ? helpers[name].lines : []))
}

export const helperNames: ReadonlySet<string> = new Set([...Object.keys(helpers), 'float32', 'float64', 'words'])
