/**
 * What a kernel touches. In: a kernel. Out: every load and store of it with the loop dims it runs over, both kernel forms
 * alike, and per buffer the elements that it needs and leaves.
 * Invariant: nothing here trusts a buffer's `mode`; the accesses alone speak, so that checkers can compare the two.
 */
import { paramsKey } from '../../src/expr/key.ts'
import type { ParamsOf } from '../../src/ops/signature.ts'
import { firstMissing, isEmptyDomain, isSameAccess, joinSpans, type Span, spansOf } from './access.ts'
import type {
  Access,
  Accumulation,
  ContractionKernel,
  Edge,
  Instr,
  Kernel,
  KernelBuffer,
  LoopKernel,
  Operand,
  SortKernel,
  Store,
  Value,
} from './kernel.ts'

export interface Use {
  /** An update loads and stores, at one address, some of the elements that its access may reach; a set stores there. */
  readonly kind: 'load' | 'store' | 'update' | 'set'
  readonly buffer: number
  readonly access: Access
  /**
   * Extents of the loops over which it runs: the outer dims, then the stage's; and for a computed place one dim more, over
   * all rows that the index may name.
   */
  readonly dims: readonly number[]
  /** How many of `dims` are outer dims. */
  readonly outer: number
  /** Stages run one after the other at each outer point; the loads of a stage come before its stores at each point. */
  readonly stage: number
  /** Of a computed place whose index is kept inside of the rows: what the index is computed from. */
  readonly index: string | null
}

interface Place {
  readonly buffer: number
  readonly access: Access
}

interface Computed extends Place {
  readonly index: Value
  readonly stride: number
  readonly extent: number
}

/** The expression of an index that is kept inside of the rows, as text; null for any other. */
const keptIndex = (body: readonly Instr[], { index, extent }: Computed): string | null => {
  const instr = body[index]
  if (instr?.tag !== 'apply' || instr.op !== 'clip') return null
  const { lo, hi } = instr.params as ParamsOf<'clip'>
  const text = (v: Value): string => {
    const i = body[v]
    return i?.tag === 'apply' ? `${i.op} ${paramsKey(i.params)}(${i.args.map(text).join()})` : paramsKey(i)
  }
  return lo >= 0 && hi < extent ? text(index) : null
}

const usesOfBody = (
  body: readonly Instr[],
  stores: readonly Store[],
  updates: readonly Accumulation[],
  dims: readonly number[],
  outer: number,
  stage: number,
): readonly Use[] => {
  const fixed = (kind: Use['kind'], { buffer, access }: Place): Use => ({
    kind,
    buffer,
    access,
    dims,
    outer,
    stage,
    index: null,
  })
  const computed = (kind: Use['kind'], p: Computed): Use => ({
    kind,
    buffer: p.buffer,
    access: { offset: p.access.offset, strides: [...p.access.strides, p.stride] },
    dims: [...dims, p.extent],
    outer,
    stage,
    index: keptIndex(body, p),
  })
  return [
    ...body.flatMap((i): readonly Use[] =>
      i.tag === 'load' ? [fixed('load', i)] : i.tag === 'gather' ? [computed('load', i)] : [],
    ),
    ...stores.map((s) => fixed('store', s)),
    ...updates.map((u) => computed(u.combine === 'set' ? 'set' : 'update', u)),
  ]
}

const usesOfLoop = (k: LoopKernel): readonly Use[] =>
  k.stages.flatMap((s, i) => usesOfBody(s.body, s.stores, s.updates, [...k.outer, ...s.dims], k.outer.length, i))

/** The products are stage 0 and the epilogue is stage 1 of every batch. */
const usesOfContraction = (k: ContractionKernel): readonly Use[] => {
  const outer = k.batch.length
  // where an extent of the result is 0 nothing is read at all
  const inner = k.m === 0 || k.n === 0 ? k.inner.map(() => 0) : k.inner
  /** Over [...batch, digits across, digits of k]; of an axis with edges its elements stand for its windows and what is in them. */
  const load = (o: Operand, extents: readonly number[], across: readonly number[], along: readonly number[]): Use => {
    const edges = o.edges ?? []
    const strideOf = (e: Edge): number => (along[e.inner] as number) / e.dilation
    const isEmpty = isEmptyDomain([...extents, ...inner])
    const left = (digits: readonly number[], key: 'across' | 'inner') =>
      digits.filter((_, d) => !edges.some((e) => e[key] === d))
    return {
      kind: 'load',
      buffer: o.buffer,
      access: {
        offset: edges.reduce((at, e) => at + e.low * strideOf(e), o.offset),
        strides: [...o.batch, ...left(across, 'across'), ...left(along, 'inner'), ...edges.map(strideOf)],
      },
      dims: [
        ...k.batch,
        ...left(extents, 'across'),
        ...left(inner, 'inner'),
        ...edges.map((e) => (isEmpty ? 0 : e.extent)),
      ],
      outer,
      stage: 0,
      index: null,
    }
  }
  return [
    load(k.a, k.rows, k.a.row, k.a.col),
    load(k.b, k.columns, k.b.col, k.b.row),
    ...usesOfBody(k.body, k.stores, [], [...k.batch, k.m, k.n], outer, 1),
    ...(k.columnSums === undefined ? [] : usesOfBody([], [{ ...k.columnSums, value: -1 }], [], [1, k.n], outer, 1)),
  ]
}

/** All keys of a row are read, in stage 0, before any position of it is final, in stage 1. */
const usesOfSort = (k: SortKernel): readonly Use[] => {
  const place = { access: { offset: 0, strides: [k.length, 1] }, dims: [k.rows, k.length], outer: 1, index: null }
  return [
    { ...place, kind: 'load', buffer: k.keys, stage: 0 },
    { ...place, kind: 'store', buffer: k.places, stage: 1 },
  ]
}

export const usesOf = (k: Kernel): readonly Use[] => {
  if (k.tag === 'loop') return usesOfLoop(k)
  return k.tag === 'contraction' ? usesOfContraction(k) : usesOfSort(k)
}

export interface Footprint {
  /** Elements whose contents from before the kernel matter. */
  readonly reads: readonly Span[]
  /** Elements that hold a new value after the kernel. */
  readonly writes: readonly Span[]
}

/**
 * Per kernel buffer. A load counts as reading from before unless an earlier stage of the same outer point has stored all
 * that the load touches there.
 */
export const footprintsOf = (k: Kernel): readonly Footprint[] => {
  const uses = usesOf(k)
  return k.buffers.map((buffer, b) => {
    const own = uses.filter((u) => u.buffer === b)
    const loads = own.filter((u) => isRead(u, buffer) && !isFed(u, own))
    return {
      reads: joinSpans(loads.flatMap((u) => spansOf(u.access, u.dims))),
      // what an update does not reach keeps its value
      writes: joinSpans(own.filter((u) => u.kind !== 'load').flatMap((u) => spansOf(u.access, u.dims))),
    }
  })
}

/** Whether a use needs what lay there before it. A set leaves alone what it does not reach, which of scratch is nothing. */
export const isRead = (u: Use, { mode }: KernelBuffer): boolean =>
  u.kind === 'load' || u.kind === 'update' || (u.kind === 'set' && mode !== 'scratch')

/**
 * Whether earlier stages have stored, at the same outer point, every element that the load touches there: at places that
 * are known, or at the same computed ones.
 */
export const isFed = (load: Use, own: readonly Use[]): boolean => {
  const isSame = (s: Use): boolean =>
    s.kind === 'set' &&
    s.stage < load.stage &&
    s.index !== null &&
    s.index === load.index &&
    isSameAccess(s.access, s.dims, load.access, load.dims)
  if (own.some(isSame)) return true
  const stores = own.filter((u) => u.kind === 'store')
  const outerOf = (u: Use): string =>
    u.dims
      .slice(0, u.outer)
      .flatMap((extent, d) => (extent > 1 ? [u.access.strides[d] ?? 0] : []))
      .join()
  const inner = (u: Use): readonly Span[] =>
    spansOf({ offset: u.access.offset, strides: u.access.strides.slice(u.outer) }, u.dims.slice(u.outer))
  const given = joinSpans(stores.filter((s) => s.stage < load.stage && outerOf(s) === outerOf(load)).flatMap(inner))
  return firstMissing(inner(load), given) === null
}
