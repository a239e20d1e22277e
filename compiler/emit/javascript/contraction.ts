/**
 * Contraction kernels as functions. In: a ContractionKernel and the names of its buffers. Out: the lines of two
 * functions: the product in blocks of the result, and its epilogue over one block.
 * Invariant: each element's sum has one accumulator a piece, k ascending, and the pieces are added in order; only which
 * elements are computed side by side is this target's own. The partial sums stay in a tile, so that the kernel's scratch
 * buffer is not touched.
 */
import type { Float } from '../../../src/core/dtype.ts'
import { isEmptyDomain } from '../../kernel/access.ts'
import type { ContractionKernel, Edge, Operand } from '../../kernel/kernel.ts'
import { runsOf } from '../../kernel/pieces.ts'
import { type Context, emitBody, emitStores } from './body.ts'
import { arithmeticText } from './machine.ts'
import { addressIn, addLine, countingLoop, type Loop, linesFrom, newNest } from './nest.ts'
import { block, type Lines } from './text.ts'

/** Elements of the result that are computed side by side: enough independent sums to hide the latency of one. */
export const TILE = 8

interface Block {
  readonly rows: number
  readonly columns: number
}

/** 2 x 4, or as near to 8 elements as a narrow result lets it be. */
const blockOf = (m: number, n: number): Block => {
  const columns = Math.min(n, m === 1 ? TILE : 4)
  return { rows: Math.max(1, Math.min(m, columns >= 4 ? 2 : Math.floor(TILE / columns))), columns }
}

/** What makes one inner product another function than the next. */
export interface Dot {
  readonly size: Block
  readonly dtype: Float
  /** The steps of k lie where tables say, because no single stride does. */
  readonly isPlaced: boolean
  /** So many edges decide, for all of the block alike, which steps of k there are. */
  readonly edges: number
}

export const dotName = ({ size: { rows, columns }, dtype, isPlaced, edges }: Dot): string =>
  `dot${rows}x${columns}${dtype === 'f64' ? 'd' : ''}${isPlaced ? 'p' : ''}${edges > 0 ? `e${edges}` : ''}`

const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)

/**
 * The inner product of some rows of a with some columns of b over k = from … to − 1, put into the tile, or added to it
 * where from > 0. Row r of a starts at a0 + r·ar and goes on in steps of ak; b lies at b0 + k·bk + c·bc. Placed, the steps are
 * those of the tables ak and bk. An edge is a table, by k, of places on its axis, where that of the block begins, and the extent.
 */
export const dotLines = (dot: Dot): Lines => {
  const { size, dtype, isPlaced, edges } = dot
  const rows = upTo(size.rows)
  const columns = upTo(size.columns)
  const cells = rows.flatMap((r) => columns.map((c) => ({ sum: `s${r}${c}`, r, c })))
  const add = (a: string, b: string): string => arithmeticText('+', dtype, a, b)
  const product = (r: number, c: number): string => arithmeticText('*', dtype, `x${r}`, `y${c}`)
  const plus = (count: number, step: string): string =>
    count === 0 ? '' : count === 1 ? ` + ${step}` : ` + ${count} * ${step}`
  const given = upTo(edges).map((e) => [`e${e}`, `p${e}`, `n${e}`])
  // a place before the axis is, unsigned, far behind it
  const isThere = given.map(([table, first, extent]) => `(${table}[k] + ${first}) >>> 0 < ${extent}`).join(' && ')
  const steps = isPlaced
    ? { head: 'for (let k = from; k < to; k++)', places: ['const p = a0 + ak[k]', 'const q = b0 + bk[k]'] }
    : { head: 'for (let k = from, p = a0 + from * ak, q = b0 + from * bk; k < to; k++, p += ak, q += bk)', places: [] }
  return block(
    `const ${dotName(dot)} = (${['a, a0, ar, ak, b, b0, bk, bc, from, to', ...given.flat()].join(', ')}) =>`,
    [
      `let ${cells.map((c) => `${c.sum} = 0`).join(', ')}`,
      ...block(steps.head, [
        ...(edges > 0 ? [`if (!(${isThere})) continue`] : []),
        ...steps.places,
        ...rows.map((r) => `const x${r} = a[p${plus(r, 'ar')}]`),
        ...columns.map((c) => `const y${c} = b[q${plus(c, 'bc')}]`),
        ...cells.map(({ sum, r, c }) => `${sum} = ${add(sum, product(r, c))}`),
      ]),
      ...cells.map(({ sum }, i) => `tile[${i}] = from === 0 ? ${sum} : ${add(`tile[${i}]`, sum)}`),
    ],
  )
}

export interface ContractionContext extends Context {
  readonly useDot: (dot: Dot) => void
  /** The name of the table of places that such digits count through. */
  readonly usePlaces: (digits: string) => string
  /** Asks for a panel of so many elements. */
  readonly usePanel: (elements: number, dtype: Float) => void
}

/** An extent cut into blocks and what is left: loops with a size each. */
const segments = (
  index: string,
  extent: number,
  size: number,
): readonly { readonly head: string; readonly size: number }[] => {
  const whole = extent - (extent % size)
  const loop = (from: number, to: number, step: number): { head: string; size: number } => ({
    head: `for (let ${index} = ${from}; ${index} < ${to}; ${index} += ${step})`,
    size: step,
  })
  return [
    ...(whole > 0 ? [loop(0, whole, size)] : []),
    ...(whole < extent ? [loop(whole, extent, extent - whole)] : []),
  ]
}

const times = (stride: number, index: string): string => (stride === 1 ? index : `${stride} * ${index}`)
const plus = (base: string, stride: number, index: string): string =>
  stride === 0 ? base : base === '0' ? times(stride, index) : `${base} + ${times(stride, index)}`

/** Below this many rows, copying columns of b into a panel costs more than it saves. */
const PACK_ROWS = 8

/** An index as loops over its higher digits, and what it and an operand's element are by them and the index of the last. */
interface Counted {
  readonly heads: Lines
  /** The last digit's extent, and the stride along it. */
  readonly extent: number
  readonly stride: number
  /** The operand's element where the last digit is 0. */
  readonly base: string
  /** The whole index where the last digit is `index`. */
  readonly flat: (index: string) => string
}

const countDigits = (name: string, digits: readonly number[], strides: readonly number[], base: string): Counted => {
  const high = digits.slice(0, -1).map((extent, d) => ({ index: `${name}${d}`, extent, stride: strides[d] as number }))
  const extent = digits.at(-1) as number
  const below = (d: number): number => digits.slice(d + 1).reduce((n, e) => n * e, 1)
  const first = high.reduce((text, h, d) => plus(text, below(d), h.index), '0')
  return {
    heads: high.map((h) => `for (let ${h.index} = 0; ${h.index} < ${h.extent}; ${h.index}++)`),
    extent,
    stride: strides.at(-1) as number,
    base: high.reduce((text, h) => plus(text, h.stride, h.index), base),
    flat: (index) => (high.length === 0 ? index : `${first} + ${index}`),
  }
}

const within = (heads: Lines, lines: Lines): Lines =>
  heads.reduceRight<Lines>((inner, head) => block(head, inner), lines)

/** Σₖ b[k, j] for each column, in the order of the products. */
const emitColumnSums = (k: ContractionKernel, c: ContractionContext): Lines => {
  if (k.columnSums === undefined) return []
  const { buffer, access } = k.columnSums
  if (k.dtype === 'f32') c.use('f')
  const columns = countDigits('s', k.columns, k.b.col, String(k.b.offset))
  const [stride = 0, ...lower] = k.b.row
  const step =
    lower.length === 0
      ? times(stride, 'k')
      : `${c.usePlaces(k.inner.map((extent, d) => `[${extent}, ${k.b.row[d]}]`).join(', '))}[k]`
  const added = (to: string, x: string): string => `${to} = ${arithmeticText('+', k.dtype, to, x)}`
  let from = 0
  const pieces = runsOf(k.pieces).flatMap(({ size, count }) => {
    const [start, end] = [from, (from += count * size)]
    return block(`for (let from = ${start}; from < ${end}; from += ${size})`, [
      'let sum = 0',
      `for (let k = from; k < from + ${size}; k++) ${added('sum', `${c.names[k.b.buffer]}[at + ${step}]`)}`,
      `total = from === 0 ? sum : ${arithmeticText('+', k.dtype, 'total', 'sum')}`,
    ])
  })
  return within(
    columns.heads,
    block(`for (let j = 0; j < ${columns.extent}; j++)`, [
      `const at = ${plus(columns.base, columns.stride, 'j')}`,
      'let total = 0',
      ...pieces,
      `${c.names[buffer]}[${plus(String(access.offset), access.strides[1] ?? 0, `(${columns.flat('j')})`)}] = total`,
    ]),
  )
}

/** The function `name`, which calls `finish` for each finished block. */
export const emitProduct = (k: ContractionKernel, finish: string, c: ContractionContext): Lines => {
  if (isEmptyDomain([...k.batch, k.m, k.n])) return []
  const batch = k.batch.map((extent, d) => countingLoop(`i${d}`, extent))
  const nest = newNest(batch)
  const base = (o: Operand): string => addressIn(nest, { offset: o.offset, strides: o.batch }).text
  const [aName, bName] = [c.names[k.a.buffer] as string, c.names[k.b.buffer] as string]
  const rows = countDigits('r', k.rows, k.a.row, base(k.a))
  const columns = countDigits('s', k.columns, k.b.col, base(k.b))
  const [edgesOfA, edgesOfB] = [k.a.edges ?? [], k.b.edges ?? []]
  const edges = edgesOfA.length + edgesOfB.length
  // what is there may differ from row to row, or from column to column
  const size = blockOf(edgesOfA.length > 0 ? 1 : rows.extent, edgesOfB.length > 0 ? 1 : columns.extent)
  const isPlaced = k.inner.length > 1 || edges > 0
  const isPacked = k.m >= PACK_ROWS && k.k > 0 && edgesOfB.length === 0
  const panel = k.dtype === 'f64' ? 'panel64' : 'panel'
  if (isPacked) c.usePanel(k.k * size.columns, k.dtype)
  if (k.dtype === 'f32') c.use('f')
  const placesOf = (extents: readonly number[], strides: readonly number[]): string =>
    c.usePlaces(extents.map((extent, d) => `[${extent}, ${strides[d]}]`).join(', '))
  const stepsOf = (strides: readonly number[]): string => (isPlaced ? placesOf(k.inner, strides) : `${strides[0]}`)

  const pack = (count: number): Lines => {
    const start = plus(columns.base, columns.stride, 'j')
    const at = isPlaced ? `${start} + ${stepsOf(k.b.row)}[k]` : plus(start, k.b.row[0] as number, 'k')
    return block(`for (let k = 0; k < ${k.k}; k++)`, [
      `const at = ${at}`,
      ...upTo(count).map(
        (n) =>
          `${panel}[${plus(n === 0 ? '0' : String(n), count, 'k')}] = ${bName}[at${n * columns.stride === 0 ? '' : ` + ${n * columns.stride}`}]`,
      ),
    ])
  }
  /** Table, first place and extent of each edge, as text. */
  const edgeArguments = (own: readonly Edge[], index: (digit: number) => string): Lines =>
    own.map((e) => {
      const strides = k.inner.map((_, d) => (d === e.inner ? e.dilation : 0))
      return `${placesOf(k.inner, strides)}, ${plus(String(-e.low), e.step, index(e.across))}, ${e.extent}`
    })
  const there = [
    ...edgeArguments(edgesOfA, (d) => (d === k.rows.length - 1 ? 'i' : `r${d}`)),
    ...edgeArguments(edgesOfB, (d) => (d === k.columns.length - 1 ? 'j' : `s${d}`)),
  ]
  const dots = (height: number, width: number): Lines => {
    const dot = { size: { rows: height, columns: width }, dtype: k.dtype, isPlaced, edges }
    c.useDot(dot)
    const a = [aName, plus(rows.base, rows.stride, 'i'), rows.stride, stepsOf(k.a.col)].join(', ')
    const packed = isPlaced ? placesOf([k.k], [width]) : width
    const b = isPacked
      ? `${panel}, 0, ${packed}, 1`
      : [bName, plus(columns.base, columns.stride, 'j'), stepsOf(k.b.row), columns.stride].join(', ')
    const call = (from: string, to: string): string => `${dotName(dot)}(${[a, b, from, to, ...there].join(', ')})`
    let from = 0
    return runsOf(k.pieces).flatMap((run) => {
      const [start, end] = [from, (from += run.count * run.size)]
      return run.count === 1
        ? [call(`${start}`, `${end}`)]
        : block(`for (let k = ${start}; k < ${end}; k += ${run.size})`, [call('k', `k + ${run.size}`)])
    })
  }
  const views = c.names.join(', ')
  // a loop of one point has no index of its own
  const indices = batch.map((loop) => (loop.extent === 1 ? '0' : loop.index))
  const blocks = segments('j', columns.extent, size.columns).flatMap((column) =>
    block(column.head, [
      ...(isPacked ? pack(column.size) : []),
      ...within(
        rows.heads,
        segments('i', rows.extent, size.rows).flatMap((row) =>
          block(row.head, [
            ...(k.k === 0 ? ['tile.fill(0)'] : dots(row.size, column.size)),
            `${finish}(${[views, ...indices, rows.flat('i'), row.size, columns.flat('j'), column.size].join(', ')})`,
          ]),
        ),
      ),
    ]),
  )
  for (const line of within(columns.heads, blocks)) addLine(nest, batch.length, line)
  return [...linesFrom(nest, 0), ...emitColumnSums(k, c)]
}

/** The parameters of the epilogue behind the views: batch indices, first row, rows, first column, columns. */
export const finishParameters = (k: ContractionKernel): Lines => [
  ...k.batch.map((_, d) => `i${d}`),
  'row',
  'rows',
  'col',
  'cols',
]

/** The epilogue of one block of the result. */
export const emitFinish = (k: ContractionKernel, c: Context): Lines => {
  const rank = k.batch.length
  const given = k.batch.map((extent, d): Loop => ({ index: `i${d}`, extent, head: null }))
  const over = (index: string, first: string, count: string, extent: number): Loop => ({
    index,
    extent,
    head: `for (let ${index} = ${first}; ${index} < ${first} + ${count}; ${index}++)`,
  })
  const nest = newNest([...given, over(`i${rank}`, 'row', 'rows', k.m), over(`i${rank + 1}`, 'col', 'cols', k.n)])
  addLine(nest, rank + 2, 'const t = tile[q++]')
  const accumulator = { text: 't', dtype: k.dtype, level: rank + 2 }
  const values = emitBody(nest, k.body, c, [], accumulator)
  emitStores(nest, k.stores, values, c)
  return ['let q = 0', ...linesFrom(nest, 0)]
}
