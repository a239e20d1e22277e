/**
 * Measures every scalar function over dense samples and writes docs/generated/math.md. Run by hand, it takes minutes:
 * npx tsx docs/generate/math.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import type { Float } from '../../src/core/dtype.ts'
import { countInstructions } from './math/count.ts'
import { type Density, measure } from './math/measure.ts'
import { type Binary, binarySubjects, type Unary, unarySubjects } from './math/subjects.ts'

// not a power of two, so that the low bits of the patterns vary
const density: Readonly<Record<Float, Density>> = {
  f32: { patterns: 4_000_037, focus: 500_009 },
  f64: { patterns: 100_003, focus: 50_021 },
}

const introduction = `# Errors of the scalar functions

Written by \`npx tsx docs/generate/math.ts\`. The functions are in \`src/ops/math\`; every target computes them from the same
instructions and gets the same bits, so the table holds for all of them.

- **error**: the greatest error seen, in units in the last place (ulp) of the exact result; a correctly rounded result has at
  most 0.5. For \`logAddExp\` and \`logSubExp\`, whose two terms cancel near their zeros, the unit is the ulp of the larger term.
- **points**: even steps through all bit patterns of the type (for two operands, through the square of them), subnormals and
  infinities included, and even steps through intervals where the function is hard. No range is left out.
- **instructions**: of \`Machine\`, literals and reinterpretations of bits not counted. \`sin\`, \`cos\`, \`tan\` and \`mod\` hold
  the reduction of very large operands, which is most of their length.
- Every f32 of the intervals where the larger errors lie was tried as well: \`erfc\` on [0.5, 10.1] reaches 2.82, \`tanh\` on
  [1/128, 10] 2.67, \`tan\` on [0.4, 4] and [100000, 130000] 2.59, \`acosh\` on [1, 3] 2.42, \`asin\` on [0.49, 1] 2.37, \`log2\` on
  [0.7, 2.9] 2.17, \`exp\` on [0.1, 88.7] 0.98, \`log\` on [0.7, 1.42] 0.84.
- Special values (NaN, infinities, signs of zeros) follow IEEE 754 and C99; \`test/ops/math.test.ts\` lists them.
- The reference is \`Math\` in double precision for f32 and double-double arithmetic (about 100 bits) for f64. Where an f64
  result is subnormal the reference itself is rounded, which adds at most half an ulp.
`

const rows = (name: string, subject: Unary | Binary): readonly string[] =>
  (['f32', 'f64'] as const).map((dtype) => {
    const { ulps, at, points } = measure(subject, dtype, density[dtype])
    const place = at.map((x) => x.toPrecision(dtype === 'f32' ? 9 : 17).replace(/\.?0+(e|$)/, '$1')).join(', ')
    process.stderr.write(`${name} ${dtype} ${ulps.toFixed(3)}\n`)
    return `| ${name} | ${dtype} | ${ulps.toFixed(2)} | ${place} | ${points.toLocaleString('en')} | ${countInstructions(subject, dtype)} |`
  })

const subjects: readonly (readonly [string, Unary | Binary])[] = [
  ...Object.entries(unarySubjects),
  ...Object.entries(binarySubjects),
]
const table = [
  '| function | type | error (ulp) | at | points | instructions |',
  '|---|---|---|---|---|---|',
  ...subjects.flatMap(([name, subject]) => rows(name, subject)),
]
const folder = new URL('../generated/', import.meta.url)
mkdirSync(folder, { recursive: true })
writeFileSync(new URL('math.md', folder), `${introduction}\n${table.join('\n')}\n`)
