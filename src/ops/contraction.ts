/**
 * The one contraction: dotGeneral, from which matmul, dot, outer and einsum are made.
 * In: two floats (or i32) with paired batch axes and paired contracted axes. Out: batch axes, free axes of a, free axes of b.
 * Invariant: its derivative is two dotGenerals and, where axes have to return to their places, a transpose.
 */
import { right } from 'fp-ts/lib/Either.js'
import { range, showShape, type TensorType } from '../core/shape.ts'
import { type Inferred, mixedDtypes, paren, strayAxis, violation, wrongDtype } from './common.ts'
import { behindBatch, showAxes } from './reduction.ts'
import { type Builder, defineOp, type Printed, type Sig } from './signature.ts'

export interface DotAxes {
  /** Pairs of axes that stay, walked together: batch[0][i] of a with batch[1][i] of b. */
  readonly batch: readonly [readonly number[], readonly number[]]
  /** Pairs of axes that are multiplied and summed. */
  readonly contract: readonly [readonly number[], readonly number[]]
}

declare module './signature.ts' {
  interface OpSignatures {
    readonly dotGeneral: Sig<2, DotAxes, 'contraction'>
  }
}

export const freeAxes = (rank: number, batch: readonly number[], contract: readonly number[]): readonly number[] =>
  range(rank).filter((i) => !batch.includes(i) && !contract.includes(i))

const infer = ([a, b]: readonly [TensorType, TensorType], { batch, contract }: DotAxes): Inferred => {
  if (a.dtype === 'bool') return wrongDtype('dotGeneral', 'C1', 'number', a.dtype)
  if (a.dtype !== b.dtype) return mixedDtypes('dotGeneral', 'C1', a.dtype, b.dtype)
  const [ofA, ofB] = [showShape(a.shape), showShape(b.shape)]
  for (const [k, t] of [a, b].entries()) {
    const axes = [...(batch[k] as readonly number[]), ...(contract[k] as readonly number[])]
    for (const i of axes) {
      const stray = strayAxis('dotGeneral', 'C2', i, t.shape)
      if (stray !== null) return stray
    }
    if (new Set(axes).size !== axes.length)
      return violation('C2', 'E_AXIS', `dotGeneral: axes ${axes.join(', ')} of ${showShape(t.shape)} are not distinct`)
  }
  for (const [what, [p, q]] of Object.entries({ batch, contract }))
    if (p.length !== q.length)
      return violation(
        'C3',
        'E_AXIS_PAIRS',
        `dotGeneral: the ${what} axes ${showShape(p)} of ${ofA} and ${showShape(q)} of ${ofB} do not come in pairs`,
      )
  const pairs = (what: 'batch' | 'contract', constraint: 'C4' | 'C5', code: string) => {
    const [p, q] = what === 'batch' ? batch : contract
    const k = p.findIndex((i, at) => a.shape[i] !== b.shape[q[at] as number])
    const [i, j] = [p[k], q[k]] as [number, number]
    const words = `the ${what} extents ${a.shape[i]} of axis ${i} and ${b.shape[j]} of axis ${j} differ`
    return k < 0 ? null : violation(constraint, code, `dotGeneral: ${words} (${ofA} and ${ofB})`)
  }
  const apart = pairs('contract', 'C4', 'E_SHAPE_MATMUL_INNER') ?? pairs('batch', 'C5', 'E_SHAPE_MATMUL_BATCH')
  if (apart !== null) return apart
  const free = (t: TensorType, k: 0 | 1) =>
    freeAxes(t.shape.length, batch[k], contract[k]).map((i) => t.shape[i] as number)
  return right({ dtype: a.dtype, shape: [...batch[0].map((i) => a.shape[i] as number), ...free(a, 0), ...free(b, 1)] })
}

/** Puts axes, given as the list of the places they belong to, into order. */
const arrange = <R>(b: Builder<R>, x: R, places: readonly number[]): R => {
  const perm = range(places.length).map((i) => places.indexOf(i))
  return perm.every((p, i) => p === i) ? x : b.transpose([x], { perm })
}

/** The contracted axes of one side in ascending order, each with its partner on the other side. */
const partners = (mine: readonly number[], theirs: readonly number[]): readonly number[] =>
  range(theirs.length)
    .toSorted((i, j) => (theirs[i] as number) - (theirs[j] as number))
    .map((i) => mine[i] as number)

/** A matrix product binds tighter than `·` and looser than a sign. */
const juxtaposed = 1.5

const transposed = (p: Printed): string => `${paren(p, 4)}ᵀ`

/** Axes one after the other, from 0. */
const areFirst = (axes: readonly number[]): boolean => axes.every((a, i) => a === i)

/**
 * A product as a person writes it: `x W`, `δ Wᵀ`, `xᵀ δ`; of vectors `aᵀ b` and `a bᵀ`; `Σ₀ xᵀ δ` where leading axes are
 * summed too. Null where it has no such form.
 */
const printProduct = (
  [x, y]: readonly [Printed, Printed],
  { batch, contract }: DotAxes,
  [tx, ty]: readonly [TensorType, TensorType],
): string | null => {
  const nb = batch[0].length
  const [rx, ry] = [tx.shape.length - nb, ty.shape.length - nb]
  const [cx, cy] = [contract[0].map((a) => a - nb), contract[1].map((a) => a - nb)]
  const [left, right] = [paren(x, juxtaposed), paren(y, 2)]
  if (!batch.every(areFirst)) return null
  if (cx.length === 0) return rx === 1 && ry === 1 ? `${paren(x, 2)} ${transposed(y)}` : null
  if (cx.length === 1 && rx === 1 && ry === 1) return `${transposed(x)} ${right}`
  if (cx.length === 1 && rx <= 2 && ry <= 2)
    return `${rx < 2 || cx[0] === 1 ? left : transposed(x)} ${ry < 2 || cy[0] === 0 ? right : transposed(y)}`
  if (nb > 0) return null
  // rows of any rank times a matrix: x W, δ Wᵀ
  if (cx.length === 1 && cx[0] === rx - 1 && ry <= 2) return `${left} ${ry < 2 || cy[0] === 0 ? right : transposed(y)}`
  if (cx.length === 1 && cx[0] === rx - 1 && cy[0] === 0) return `${left} ${right}`
  // the gradient of such a matrix
  const leading = cx.length === rx - 1 && cy.length === ry - 1 && rx === ry && areFirst(cx) && areFirst(cy)
  return leading ? `Σ${showAxes(range(cx.length - 1), rx)} ${transposed(x)} ${right}` : null
}

const same = (axes: readonly number[]): readonly number[] => axes

export const dotGeneral = defineOp<'dotGeneral'>({
  kind: 'contraction',
  name: 'dotGeneral',
  arity: 2,
  doc: {
    summary:
      'Sum of products over paired axes; the result has the batch axes, then the free axes of a, then those of b.',
    constraints: {
      C1: 'one dtype: f32, f64 or i32',
      C2: 'the axes of each operand exist and are distinct',
      C3: 'batch and contracted axes come in pairs',
      C4: 'contracted extents are equal',
      C5: 'batch extents are equal',
    },
    formula: 'C = A B; derivatives: A receives C̄ Bᵀ, B receives Aᵀ C̄',
  },
  infer,
  vjp: (b, { ins: [x, y], params: { batch, contract }, types: [tx, ty] }, ct) => {
    const nb = batch[0].length
    const fx = freeAxes(tx.shape.length, batch[0], contract[0])
    const fy = freeAxes(ty.shape.length, batch[1], contract[1])
    const lead = range(nb)
    const atX = fx.map((_, i) => nb + i)
    const atY = fy.map((_, i) => nb + fx.length + i)
    const dx = b.dotGeneral([ct, y], { batch: [lead, batch[1]], contract: [atY, fy] })
    const dy = b.dotGeneral([x, ct], { batch: [batch[0], lead], contract: [fx, atX] })
    return [
      arrange(b, dx, [...batch[0], ...fx, ...partners(contract[0], contract[1])]),
      arrange(b, dy, [...batch[1], ...partners(contract[1], contract[0]), ...fy]),
    ]
  },
  jvp: (b, { ins: [x, y], params }, [tx, ty]) => {
    const terms = [
      ...(tx === null ? [] : [b.dotGeneral([tx, y], params)]),
      ...(ty === null ? [] : [b.dotGeneral([x, ty], params)]),
    ]
    return terms.reduce((p, q) => b.add([p, q]))
  },
  batch: (b, a) => {
    const {
      ins,
      batched: [inA, inB],
      params: { batch, contract },
    } = a
    const [axesA, axesB] = [inA ? behindBatch : same, inB ? behindBatch : same]
    const shifted = [axesA(batch[0]), axesB(batch[1])] as const
    const pairs = { contract: [axesA(contract[0]), axesB(contract[1])] as const }
    if (inA && inB)
      return b.dotGeneral(ins, {
        batch: [
          [0, ...shifted[0]],
          [0, ...shifted[1]],
        ],
        ...pairs,
      })
    const out = b.dotGeneral(ins, { batch: shifted, ...pairs })
    // the new axis is a free one: the first of its operand's, behind the batch axes (and the free axes of a)
    const nb = batch[0].length
    const at = inA ? nb : nb + (a.types[0].shape.length - nb - contract[0].length)
    const rank = a.outType.shape.length + 1
    return at === 0 ? out : b.transpose([out], { perm: [at, ...range(rank).filter((i) => i !== at)] })
  },
  identities: [],
  print: (ins, params, types) => {
    const [x, y] = ins
    const { batch, contract } = params
    const product = printProduct(ins, params, types)
    if (product !== null) return { text: product, precedence: juxtaposed }
    if (contract[0].length === 0 && batch[0].length === 0)
      return { text: `${paren(x, 2)} ⊗ ${paren(y, 2)}`, precedence: juxtaposed }
    const pairs = (name: string, [p, q]: DotAxes['batch']): string =>
      p.length === 0 ? '' : `; ${name}${p.join(',')} × ${q.join(',')}`
    return { text: `dot(${x.text}, ${y.text}${pairs('', contract)}${pairs('batch ', batch)})`, precedence: 4 }
  },
})
