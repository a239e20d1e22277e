/**
 * Kernels as text. In: a kernel. Out: its loop nest with mathematics inside, for a person and for golden tests.
 * Invariant: what is computed, where and in which order can all be read off; nothing of any target shows.
 */
import type { Printed } from '../../src/ops/signature.ts'
import type {
  Access,
  ContractionKernel,
  Instr,
  Kernel,
  KernelBuffer,
  LoopKernel,
  Operand,
  SortKernel,
  Stage,
} from './kernel.ts'
import { KEY_BITS } from './kernel.ts'
import { argsOf, resultsOf } from './operands.ts'
import { runsOf } from './pieces.ts'
import { type PrintScalar, printScalar } from './scalar.ts'

/** A buffer's label where that is a plain name of its own, else `b` and its number. */
const bufferNames = (buffers: readonly KernelBuffer[]): readonly string[] =>
  buffers.map(({ label }, b) =>
    /^[A-Za-z][A-Za-z0-9_]*$/.test(label) &&
    !/^([birv]\d+|[ck])$/.test(label) &&
    buffers.filter((o) => o.label === label).length === 1
      ? label
      : `b${b}`,
  )

const atom = (text: string): Printed => ({ text, precedence: 4 })

/** offset + Σ stride·index, as mathematics writes it: `784·i0 + i1`. */
const printAffine = (offset: number, terms: readonly (readonly [stride: number, index: string])[]): string => {
  const parts = terms
    .filter(([stride]) => stride !== 0)
    .map(([stride, index]) => ({
      negative: stride < 0,
      text: Math.abs(stride) === 1 ? index : `${Math.abs(stride)}·${index}`,
    }))
  const all =
    offset === 0 && parts.length > 0 ? parts : [...parts, { negative: offset < 0, text: String(Math.abs(offset)) }]
  return all
    .map(({ negative, text }, i) => `${i === 0 ? (negative ? '−' : '') : negative ? ' − ' : ' + '}${text}`)
    .join('')
}

const printAccess = (name: string, access: Access): string =>
  `${name}[${printAffine(
    access.offset,
    access.strides.map((s, d) => [s, `i${d}`] as const),
  )}]`

/** A computed place: `table[100·[ids[i0]: 5000] + i1]`, a row of 5000 by its index. */
const printComputed = (
  name: string,
  { access, stride, extent }: { readonly access: Access; readonly stride: number; readonly extent: number },
  index: string,
): string =>
  `${name}[${printAffine(access.offset, [
    [stride, `[${index}: ${extent}]`],
    ...access.strides.map((s, d) => [s, `i${d}`] as const),
  ])}]`

const printLiteral = (value: number): Printed =>
  value < 0 || Object.is(value, -0) ? { text: `−${-value}`, precedence: 2 } : atom(String(value))

interface BodyText {
  /** Values that are used more than once, each on a line of its own. */
  readonly lines: readonly string[]
  readonly values: readonly Printed[]
}

/** Each value as an expression; what is applied once only stands inside its use. */
const printBody = (
  body: readonly Instr[],
  results: readonly number[],
  names: readonly string[],
  print: PrintScalar,
): BodyText => {
  const uses = new Array<number>(body.length).fill(0)
  const count = (v: number): void => {
    uses[v] = (uses[v] ?? 0) + 1
  }
  for (const i of body) argsOf(i).forEach(count)
  results.forEach(count)
  const lines: string[] = []
  const values: Printed[] = []
  const textOf = (instr: Instr): Printed => {
    switch (instr.tag) {
      case 'load':
        return atom(printAccess(names[instr.buffer] ?? `b${instr.buffer}`, instr.access))
      case 'gather':
        return atom(
          printComputed(
            names[instr.buffer] ?? `b${instr.buffer}`,
            instr,
            values[instr.index]?.text ?? `v${instr.index}`,
          ),
        )
      case 'literal':
        return printLiteral(instr.value)
      case 'index':
        return atom(`i${instr.axis}`)
      case 'row':
        return atom(`r${instr.row}`)
      case 'accumulator':
        return atom('c')
      case 'apply':
        return print(
          instr.op,
          instr.args.map((v) => values[v] ?? atom(`v${v}`)),
          instr.params,
          instr.args.map((v) => body[v]?.dtype ?? instr.dtype),
        )
      default:
        return instr satisfies never
    }
  }
  body.forEach((instr, v) => {
    const text = textOf(instr)
    const named = instr.tag === 'apply' && (uses[v] ?? 0) > 1
    if (named) lines.push(`v${v} = ${text.text}`)
    values.push(named ? atom(`v${v}`) : text)
  })
  return { lines, values }
}

const indent = (depth: number, line: string): string => `${'  '.repeat(depth)}${line}`

/** An extent, or the digits that make it. */
const printDigits = (digits: readonly number[], extent: number): string =>
  digits.length === 1 ? `${extent}` : `(${digits.join(' × ')})`

const forLines = (dims: readonly (number | string)[], first: number, depth: number): readonly string[] =>
  dims.map((extent, d) => indent(depth + d, `for i${first + d} < ${extent}`))

const printStage = (s: Stage, k: LoopKernel, names: readonly string[], print: PrintScalar): readonly string[] => {
  const depth = k.outer.length
  const { lines, values } = printBody(s.body, resultsOf(s), names, print)
  const text = (v: number): string => values[v]?.text ?? `v${v}`
  return [
    ...forLines(s.dims, depth, depth),
    ...[
      ...lines,
      ...s.reductions.map((r) => `r${r.row} = ${r.combine} of ${text(r.value)}`),
      ...s.rows.map((r) => `r${r.row} = ${text(r.value)}`),
      ...s.stores.map((st) => `${printAccess(names[st.buffer] ?? `b${st.buffer}`, st.access)} = ${text(st.value)}`),
      ...s.updates.map(
        (u) =>
          `${printComputed(names[u.buffer] ?? `b${u.buffer}`, u, text(u.index))} ${u.combine === 'set' ? '=' : '+='} ${text(u.value)}`,
      ),
    ].map((line) => indent(depth + s.dims.length, line)),
  ]
}

const printBuffers = (buffers: readonly KernelBuffer[], names: readonly string[]): readonly string[] =>
  buffers.map((b, i) => `${b.mode} ${names[i]} ${b.dtype}[${b.elements}]${names[i] === b.label ? '' : `  ${b.label}`}`)

/** An index, or its digits: `k`, or `k.0`, `k.1` and so on, the highest first. */
const digitTerms = (strides: readonly number[], index: string): readonly (readonly [number, string])[] =>
  strides.map((s, d) => [s, strides.length === 1 ? index : `${index}.${d}`] as const)

const printOperand = (name: string, o: Operand, row: string, col: string): string =>
  `${name}[${printAffine(o.offset, [
    ...o.batch.map((s, d) => [s, `i${d}`] as const),
    ...digitTerms(o.row, row),
    ...digitTerms(o.col, col),
  ])}]`

/** The condition of each edge: that the element is on the axis. */
const printEdges = (o: Operand, index: string, k: ContractionKernel): readonly string[] => {
  const across = o === k.a ? k.rows : k.columns
  const digit = (name: string, digits: readonly number[], d: number): string =>
    digits.length === 1 ? name : `${name}.${d}`
  return (o.edges ?? []).map((e) => {
    const terms = [
      [e.step, digit(index, across, e.across)],
      [e.dilation, digit('k', k.inner, e.inner)],
    ] as const
    return `0 ≤ ${printAffine(-e.low, terms)} < ${e.extent}`
  })
}

const printContraction = (k: ContractionKernel, names: readonly string[], print: PrintScalar): readonly string[] => {
  const rank = k.batch.length
  const [i, j] = [`i${rank}`, `i${rank + 1}`]
  const depth = rank + 2
  const { lines, values } = printBody(
    k.body,
    k.stores.map((s) => s.value),
    names,
    print,
  )
  const a = printOperand(names[k.a.buffer] ?? `b${k.a.buffer}`, k.a, i, 'k')
  const b = printOperand(names[k.b.buffer] ?? `b${k.b.buffer}`, k.b, 'k', j)
  const runs = k.pieces.length > 8 ? runsOf(k.pieces).map((r) => `${r.count} · ${r.size}`) : k.pieces
  const pieces = k.pieces.length > 1 ? ` in pieces ${runs.join(' + ')}` : ''
  const edges = [...printEdges(k.a, i, k), ...printEdges(k.b, j, k)]
  const sums = k.columnSums
  return [
    ...forLines([...k.batch, printDigits(k.rows, k.m), printDigits(k.columns, k.n)], 0, 0),
    indent(
      depth,
      `c = sum over k < ${printDigits(k.inner, k.k)}${pieces} of ${a} · ${b}${edges.length === 0 ? '' : ` where ${edges.join(' and ')}`}`,
    ),
    ...lines.map((line) => indent(depth, line)),
    ...k.stores.map((s) =>
      indent(
        depth,
        `${printAccess(names[s.buffer] ?? `b${s.buffer}`, s.access)} = ${values[s.value]?.text ?? `v${s.value}`}`,
      ),
    ),
    ...(sums === undefined
      ? []
      : [`${printAccess(names[sums.buffer] ?? `b${sums.buffer}`, sums.access)} = sum over k of ${b}`].map((line) =>
          indent(depth, line),
        )),
  ]
}

const printSort = (k: SortKernel, names: readonly string[]): readonly string[] => {
  const row = k.rows === 1 ? '' : `${k.length}·i0 + `
  return [
    ...(k.rows === 1 ? [] : forLines([k.rows], 0, 0)),
    indent(
      k.rows === 1 ? 0 : 1,
      `${names[k.places]}[${row}0 … ${k.length - 1}] = order of ${names[k.keys]}[${row}0 … ${k.length - 1}] by ${KEY_BITS / k.digit} digits of ${k.digit} bits`,
    ),
  ]
}

const headOf = (k: Kernel): string => {
  if (k.tag === 'sort') return `kernel ${k.name}, sort`
  return k.tag === 'loop' ? `kernel ${k.name}, ${k.order}` : `kernel ${k.name}, product of ${k.dtype}`
}

const nestOf = (k: Kernel, names: readonly string[], print: PrintScalar): readonly string[] => {
  if (k.tag === 'sort') return printSort(k, names)
  if (k.tag === 'contraction') return printContraction(k, names, print)
  return [...forLines(k.outer, 0, 0), ...k.stages.flatMap((s) => printStage(s, k, names, print))]
}

/** A kernel as readable text, one line a loop, a shared value, a row value or a store. */
export const printKernel = (
  k: Kernel,
  names: readonly string[] = bufferNames(k.buffers),
  print: PrintScalar = printScalar,
): string =>
  [headOf(k), ...printBuffers(k.buffers, names).map((line) => indent(1, line)), ...nestOf(k, names, print)].join('\n')
