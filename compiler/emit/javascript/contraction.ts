/**
 * Contraction kernels as functions. In: a ContractionKernel and the names of its buffers. Out: the lines of two
 * functions: the product in blocks of the result, and its epilogue over one block.
 * Invariant: each element's sum has one accumulator a piece, k ascending, and the pieces are added in order; only which
 * elements are computed side by side is this target's own. The partial sums stay in a tile, so that the kernel's scratch
 * buffer is not touched.
 */
import type { Float } from '../../../src/core/dtype.ts'
import { isEmptyDomain } from '../../kernel/access.ts'
import type { ContractionKernel, Operand } from '../../kernel/kernel.ts'
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

export const dotName = ({ rows, columns }: Block, dtype: Float): string =>
  `dot${rows}x${columns}${dtype === 'f64' ? 'd' : ''}`

const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)

/**
 * The inner product of some rows of a with some columns of b over k = from … to − 1, put into the tile, or added to it
 * where from > 0. Row r of a starts at a0 + r·ar and goes on in steps of ak; b lies at b0 + k·bk + c·bc.
 */
export const dotLines = (size: Block, dtype: Float): Lines => {
  const rows = upTo(size.rows)
  const columns = upTo(size.columns)
  const cells = rows.flatMap((r) => columns.map((c) => ({ sum: `s${r}${c}`, r, c })))
  const add = (a: string, b: string): string => arithmeticText('+', dtype, a, b)
  const product = (r: number, c: number): string => arithmeticText('*', dtype, `x${r}`, `y${c}`)
  const plus = (count: number, step: string): string =>
    count === 0 ? '' : count === 1 ? ` + ${step}` : ` + ${count} * ${step}`
  return block(`const ${dotName(size, dtype)} = (a, a0, ar, ak, b, b0, bk, bc, from, to) =>`, [
    `let ${cells.map((c) => `${c.sum} = 0`).join(', ')}`,
    ...block('for (let k = from, p = a0 + from * ak, q = b0 + from * bk; k < to; k++, p += ak, q += bk)', [
      ...rows.map((r) => `const x${r} = a[p${plus(r, 'ar')}]`),
      ...columns.map((c) => `const y${c} = b[q${plus(c, 'bc')}]`),
      ...cells.map(({ sum, r, c }) => `${sum} = ${add(sum, product(r, c))}`),
    ]),
    ...cells.map(({ sum }, i) => `tile[${i}] = from === 0 ? ${sum} : ${add(`tile[${i}]`, sum)}`),
  ])
}

export interface ContractionContext extends Context {
  readonly useDot: (size: Block, dtype: Float) => void
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

/** The function `name`, which calls `finish` for each finished block. */
export const emitProduct = (k: ContractionKernel, finish: string, c: ContractionContext): Lines => {
  if (isEmptyDomain([...k.batch, k.m, k.n])) return []
  const batch = k.batch.map((extent, d) => countingLoop(`i${d}`, extent))
  const nest = newNest(batch)
  const base = (o: Operand): string => addressIn(nest, { offset: o.offset, strides: o.batch }).text
  const [aName, bName] = [c.names[k.a.buffer] as string, c.names[k.b.buffer] as string]
  const [aBase, bBase] = [base(k.a), base(k.b)]
  const size = blockOf(k.m, k.n)
  const isPacked = k.m >= PACK_ROWS && k.k > 0
  const panel = k.dtype === 'f64' ? 'panel64' : 'panel'
  if (isPacked) c.usePanel(k.k * size.columns, k.dtype)
  if (k.dtype === 'f32') c.use('f')

  const pack = (columns: number): Lines =>
    block(`for (let k = 0; k < ${k.k}; k++)`, [
      `const at = ${plus(plus(bBase, k.b.row, 'k'), k.b.col, 'j')}`,
      ...upTo(columns).map(
        (n) =>
          `${panel}[${plus(n === 0 ? '0' : String(n), columns, 'k')}] = ${bName}[at${n * k.b.col === 0 ? '' : ` + ${n * k.b.col}`}]`,
      ),
    ])
  const dots = (rows: number, columns: number): Lines => {
    const block = { rows, columns }
    c.useDot(block, k.dtype)
    const a = [aName, plus(aBase, k.a.row, 'i'), k.a.row, k.a.col].join(', ')
    const b = isPacked ? `${panel}, 0, ${columns}, 1` : [bName, plus(bBase, k.b.col, 'j'), k.b.row, k.b.col].join(', ')
    let from = 0
    return k.pieces.map((length) => `${dotName(block, k.dtype)}(${a}, ${b}, ${from}, ${(from += length)})`)
  }
  const views = c.names.join(', ')
  // a loop of one point has no index of its own
  const indices = batch.map((loop) => (loop.extent === 1 ? '0' : loop.index))
  const body = segments('j', k.n, size.columns).flatMap((column) =>
    block(column.head, [
      ...(isPacked ? pack(column.size) : []),
      ...segments('i', k.m, size.rows).flatMap((row) =>
        block(row.head, [
          ...(k.k === 0 ? ['tile.fill(0)'] : dots(row.size, column.size)),
          `${finish}(${[views, ...indices, 'i', row.size, 'j', column.size].join(', ')})`,
        ]),
      ),
    ]),
  )
  for (const line of body) addLine(nest, batch.length, line)
  return linesFrom(nest, 0)
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
