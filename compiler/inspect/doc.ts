/**
 * Formulas as a person arranges them. In: parts and signs. Out: sums, products and texts, and how they are written.
 * Invariant: arranging changes how a formula reads, never its value on paper: signs and numbers move to the front of a product,
 * sums of sums become one sum. The order of evaluation is the graph's business, not the formula's.
 */
import { InternalError } from '../../src/core/errors.ts'
import { showNumber } from '../../src/ops/leaf.ts'
import type { Printed } from '../../src/ops/signature.ts'

/** A part of a sum; `doc` itself is neither a sum nor a negative product. */
export interface Term {
  readonly negative: boolean
  readonly doc: Doc
}

/** A part of a product; `scalar` where it is a single number, which needs no parentheses beside a matrix product. */
export interface Factor {
  readonly doc: Doc
  readonly scalar: boolean
}

export interface Product {
  readonly tag: 'product'
  readonly negative: boolean
  readonly factors: readonly Factor[]
  readonly over: readonly Factor[]
}

export type Doc =
  | { readonly tag: 'sum'; readonly terms: readonly Term[] }
  | Product
  | {
      readonly tag: 'text'
      readonly printed: Printed
      readonly number?: number
      /** Of a number that was not written beside the others: it is multiplied with them. */
      readonly merges?: true
      /** The negated formula, where one reads as well: of (a − b) c it is (b − a) c. */
      readonly flip?: () => Doc | null
      /** Of what has a value for each step of a loop, the formula of one step's value. */
      readonly step?: Step
    }

/** What stands at one step of a loop: `hₜ` of h, and the loop's index. */
export interface Step {
  readonly index: string
  readonly doc: Doc
}

/** Binding strength of a matrix product: tighter than `·`, looser than a sign. */
export const juxtaposed = 1.5

export const text = (printed: Printed): Doc => ({ tag: 'text', printed })

/** A name; one like w/m or ∂J/∂w reads as a quotient and binds as one. */
export const nameDoc = (name: string): Doc => text({ text: name, precedence: name.includes('/') ? 1.9 : 4 })

const superscripts: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...'⁰¹²³⁴⁵⁶⁷⁸⁹'].map((c, d) => [String(d), c])),
  '-': '⁻',
}

/** A number as a person writes it: a tiny power of two as such. */
const showMagnitude = (v: number): string => {
  const exponent = Math.log2(v)
  return v > 0 && v < 1e-6 && Number.isInteger(exponent)
    ? `2${[...String(exponent)].map((c) => superscripts[c]).join('')}`
    : showNumber(v)
}

export const numberDoc = (value: number): Doc => {
  const magnitude = Math.abs(value)
  const digits: Doc = { tag: 'text', printed: { text: showMagnitude(magnitude), precedence: 4 }, number: magnitude }
  return value < 0 ? negate(digits) : digits
}

/** Written as a name, or as one function of something. */
export const isName = (d: Doc): boolean => d.tag === 'text' && d.number === undefined && d.printed.precedence === 4

export const isNumber = (d: Doc): boolean => d.tag === 'text' && d.number !== undefined

export const withStep = (d: Doc, step: Step): Doc => (d.tag === 'text' ? { ...d, step } : d)

/** The same text without what it is at one step of a loop (of that with this index). */
export const whole = (d: Doc, index?: string): Doc => {
  if (d.tag !== 'text' || d.step === undefined || (index !== undefined && d.step.index !== index)) return d
  const { step: _, ...rest } = d
  return rest
}

/** A formula at one step: every part of it there, numbers as they are; null where a part is no sequence of steps. */
export const stepOf = (d: Doc): Step | null => {
  if (d.tag === 'text') return d.step ?? null
  if (d.tag === 'sum') {
    const at = stepsOf(d.terms.map((t) => t.doc))
    return at && { index: at.index, doc: { ...d, terms: d.terms.map((t, i) => ({ ...t, doc: at.docs[i] as Doc })) } }
  }
  const at = stepsOf([...d.factors, ...d.over].map((f) => f.doc))
  const put = (fs: readonly Factor[], from: number): readonly Factor[] =>
    fs.map((f, i) => ({ ...f, doc: at?.docs[from + i] as Doc }))
  return at && { index: at.index, doc: { ...d, factors: put(d.factors, 0), over: put(d.over, d.factors.length) } }
}

/** Several formulas at one step of the same loop. */
export const stepsOf = (docs: readonly Doc[]): { readonly index: string; readonly docs: readonly Doc[] } | null => {
  const steps = docs.map((d) => (isNumber(d) ? d : stepOf(d)))
  const indices = new Set(steps.flatMap((s) => (s !== null && 'index' in s ? [s.index] : [])))
  const [index] = indices
  if (index === undefined || indices.size > 1) return null
  const all = steps.flatMap((s) => (s === null ? [] : ['index' in s ? s.doc : s]))
  return all.length === docs.length ? { index, docs: all } : null
}

const productOf = (p: Omit<Product, 'tag'>): Doc => {
  const [only] = p.factors
  return p.factors.length === 1 && p.over.length === 0 && !p.negative && only !== undefined
    ? only.doc
    : { tag: 'product', ...p }
}

const asProduct = (d: Doc, scalar: boolean): Product =>
  d.tag === 'product' ? d : { tag: 'product', negative: false, factors: [{ doc: d, scalar }], over: [] }

export const negate = (d: Doc): Doc =>
  d.tag === 'sum'
    ? { tag: 'sum', terms: d.terms.map((t) => ({ ...t, negative: !t.negative })) }
    : productOf({ ...asProduct(d, false), negative: d.tag === 'product' ? !d.negative : true })

const termsOf = (d: Doc): readonly Term[] =>
  d.tag === 'sum'
    ? d.terms
    : d.tag === 'product' && d.negative
      ? [{ negative: true, doc: productOf({ ...d, negative: false }) }]
      : [{ negative: false, doc: d }]

export const add = (x: Doc, y: Doc): Doc => ({ tag: 'sum', terms: [...termsOf(x), ...termsOf(y)] })

export const sub = (x: Doc, y: Doc): Doc => add(x, negate(y))

export const mul = (x: Factor, y: Factor): Doc => {
  const [p, q] = [asProduct(x.doc, x.scalar), asProduct(y.doc, y.scalar)]
  return productOf({
    negative: p.negative !== q.negative,
    factors: [...p.factors, ...q.factors],
    over: [...p.over, ...q.over],
  })
}

export const div = (x: Factor, y: Factor): Doc => {
  const [p, q] = [asProduct(x.doc, x.scalar), asProduct(y.doc, y.scalar)]
  return productOf({
    negative: p.negative !== q.negative,
    // over a quotient is under it
    factors: [...p.factors, ...q.over],
    over: [...p.over, ...q.factors],
  })
}

const isNumeric = (f: Factor): boolean => isNumber(f.doc)

/** Whether it is written as a product of two or more things that are no numbers. */
export const isProduct = (d: Doc): boolean => d.tag === 'product' && d.factors.filter((f) => !isNumeric(f)).length > 1

/** What a linear function lets through: the sign and the numbers of its operand, and the operand without them. */
const hoist = (d: Doc): { readonly outer: Product; readonly inner: Doc } => {
  const one = { tag: 'product', negative: false, factors: [], over: [] } as const
  if (d.tag !== 'product') return { outer: one, inner: d }
  const rest = d.factors.filter((f) => !isNumeric(f))
  if (rest.length === 0) return { outer: one, inner: d }
  return {
    outer: {
      tag: 'product',
      negative: d.negative,
      factors: d.factors.filter(isNumeric),
      over: d.over.filter(isNumeric),
    },
    inner: productOf({ negative: false, factors: rest, over: d.over.filter((f) => !isNumeric(f)) }),
  }
}

/** A function linear in each operand: signs and numbers are written before it. */
export const linear = (ins: readonly Doc[], scalar: boolean, print: (ins: readonly Printed[]) => Printed): Doc => {
  const hoisted = ins.map(hoist)
  const inner = hoisted.map((h) => h.inner)
  const body = (docs: readonly Doc[]): Doc => ({
    tag: 'text',
    printed: print(docs.map(render)),
    flip: () => {
      const flipped = flipFirst(docs)
      return flipped === null ? null : body(flipped)
    },
  })
  return hoisted.reduce<Doc>((d, { outer }) => mul({ doc: outer, scalar: true }, { doc: d, scalar }), body(inner))
}

// ---- writing

const paren = (p: Printed, atLeast: number): string => (p.precedence < atLeast ? `(${p.text})` : p.text)

const negatives = (terms: readonly Term[]): number => terms.filter((t) => t.negative).length

/** The negated formula, where it has no more minus signs than the formula itself. */
const flipOf = (d: Doc): Doc | null => {
  if (d.tag === 'sum') return 2 * negatives(d.terms) >= d.terms.length ? negate(d) : null
  if (d.tag === 'text') return d.flip?.() ?? null
  const flipped = flipFirst(d.factors.map((f) => f.doc))
  if (flipped === null) return null
  return productOf({ ...d, factors: d.factors.map((f, i) => ({ ...f, doc: flipped[i] as Doc })) })
}

/** The same parts with the first one negated that reads as well so; null where none does. */
const flipFirst = (docs: readonly Doc[]): readonly Doc[] | null => {
  for (const [i, d] of docs.entries()) {
    const flipped = flipOf(d)
    if (flipped !== null) return docs.with(i, flipped)
  }
  return null
}

/** The terms of a sum in their order, but b − a for −a + b. */
const ordered = (terms: readonly Term[]): readonly Term[] => {
  const [first, second, ...rest] = terms
  return first?.negative && second !== undefined && !second.negative && rest.length === 0 ? [second, first] : terms
}

/** 32 for 0.03125, so that it is written as a division; null where the decimal is as short, but for quarters. */
const denominatorOf = (f: Factor): number | null => {
  if (f.doc.tag !== 'text' || f.doc.number === undefined || f.doc.number <= 0) return null
  const n = 1 / f.doc.number
  const digits = String(Number.parseFloat(f.doc.number.toPrecision(7))).replace(/^0\.0*/, '')
  const whole = Math.abs(n - Math.round(n)) < 1e-6 * n
  const isLong = n === 4 || digits.length > 2 || (digits.length === 2 && n > 100)
  return n > 2 && n < 1e7 && whole && isLong && !digits.includes('e') ? Math.round(n) : null
}

const half: Doc = { tag: 'text', printed: { text: '½', precedence: 4 }, number: 0.5 }

/** A number that stands for a value where it is used: in a product it becomes one with the numbers there. */
export const merging = (d: Doc): Doc => (d.tag === 'text' && d.number !== undefined ? { ...d, merges: true } : d)

const merged = (factors: readonly Factor[]): readonly Factor[] => {
  const numbers = factors.flatMap(({ doc }) => (doc.tag === 'text' && doc.number !== undefined ? [doc] : []))
  if (!numbers.some((n) => n.merges)) return factors
  const value = numbers.reduce((v, n) => v * (n.number as number), 1)
  const rest = factors.filter((f) => !isNumeric(f))
  return value === 1 && rest.length > 0 ? rest : [{ doc: numberDoc(value), scalar: true }, ...rest]
}

/** Numbers first, then scalars, then tensors; 1/n as a division by n, 0.5 as ½. */
const arranged = (product: Product): Product => {
  const p = { ...product, factors: merged(product.factors) }
  const under = p.factors.flatMap((f) => denominatorOf(f) ?? [])
  const above = p.factors.filter((f) => denominatorOf(f) === null)
  const numbers = above.filter(isNumeric)
  const rest = above.filter((f) => !isNumeric(f))
  return {
    ...p,
    factors: [
      ...numbers.map((f) => (f.doc.tag === 'text' && f.doc.number === 0.5 ? { ...f, doc: half } : f)),
      ...rest.filter((f) => f.scalar),
      ...rest.filter((f) => !f.scalar),
    ],
    over: [...p.over, ...under.map((n) => ({ doc: numberDoc(n), scalar: true }))],
  }
}

/** The pieces of a product as they are written, the first without a sign in front: `2`, `· x`, `/ n`. */
const productPieces = (p: Product): readonly string[] => {
  const { factors, over } = arranged(p)
  const above = factors.map((f, i) => {
    const printed = render(f.doc)
    const beside = factors.some((g, k) => k !== i && !g.scalar) || over.some((g) => !g.scalar)
    return paren(printed, printed.precedence === juxtaposed && beside ? 2 : 1)
  })
  const below = over.map((f) => paren(render(f.doc), 2))
  const head = above.length === 0 ? ['1'] : [above[0] as string, ...above.slice(1).map((t) => `· ${t}`)]
  return below.length === 0 ? head : [...head, below.length === 1 ? `/ ${below[0]}` : `/ (${below.join(' · ')})`]
}

const renderProduct = (p: Product): Printed => {
  const flipped = p.negative ? flipOf({ ...p, negative: false }) : null
  if (flipped !== null) return render(flipped)
  const pieces = productPieces(p)
  const written = pieces.join(' ')
  const [only] = p.factors
  if (!p.negative)
    return {
      text: written,
      precedence: pieces.length > 1 ? 1 : only === undefined ? 4 : Math.max(1, render(only.doc).precedence),
    }
  return { text: `−${written}`, precedence: pieces.length > 1 ? 1 : 2 }
}

/** The pieces of a sum as they are written: `a`, `+ b`, `− c`. */
const sumPieces = (terms: readonly Term[]): readonly string[] =>
  ordered(terms).map((t, i) => {
    const written = paren(render(t.doc), 1)
    return i === 0 ? `${t.negative ? '−' : ''}${written}` : `${t.negative ? '−' : '+'} ${written}`
  })

export const render = (d: Doc): Printed => {
  switch (d.tag) {
    case 'text': {
      // alone, 0.03125 reads as 1/32
      const n = denominatorOf({ doc: d, scalar: true })
      return n === null ? d.printed : { text: `1/${n}`, precedence: 1 }
    }
    case 'product':
      return renderProduct(d)
    case 'sum':
      return { text: sumPieces(d.terms).join(' '), precedence: 0 }
    default:
      return d satisfies never
  }
}

/** Where a line may be broken: the terms of a sum, else the factors of a product, else nowhere. */
export const pieces = (d: Doc): readonly string[] => {
  if (d.tag === 'sum') return sumPieces(d.terms)
  if (d.tag === 'text') return [render(d).text]
  const flipped = d.negative ? flipOf({ ...d, negative: false }) : null
  if (flipped !== null) return pieces(flipped)
  const [first, ...rest] = productPieces(d)
  if (first === undefined) throw new InternalError('a product without pieces')
  return [`${d.negative ? '−' : ''}${first}`, ...rest]
}
