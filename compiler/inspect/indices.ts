/**
 * Indices of names: h₁ of several, hₜ at a step, hₜ₋₁ at the step before. In: a name and its indices. Out: text.
 * Invariant: an index behind another one is set off by a comma below the line, so that h₁₂ is one index and h₁‚₂ two.
 */
import { type Doc, nameDoc, render } from './doc.ts'

const digits = '₀₁₂₃₄₅₆₇₈₉'

const below = `${digits}₊₋…ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ`

export const subscript = (n: number): string =>
  [...String(n)].map((c) => (c === '-' ? '₋' : digits[Number(c)])).join('')

export const raised = (n: number): string => [...String(n)].map((c) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)]).join('')

/** h₁ and h1 are one name to a reader. */
export const heard = (name: string): string =>
  [...name].map((c) => (digits.includes(c) ? digits.indexOf(c) : c)).join('')

/** What a loop counts with, by the number of loops around it. */
const letters = [
  ['t', 'ₜ'],
  ['s', 'ₛ'],
  ['r', 'ᵣ'],
  ['k', 'ₖ'],
  ['i', 'ᵢ'],
  ['j', 'ⱼ'],
  ['n', 'ₙ'],
  ['m', 'ₘ'],
] as const

export const letterAt = (depth: number): readonly [string, string] =>
  letters[depth % letters.length] as readonly [string, string]

/** `h` at indices: hₜ, h₁‚ₜ, hₜ‚ₛ₋₁. */
export const nameAt = (base: string, indices: readonly string[]): string =>
  indices.reduce((name, i) => `${name}${below.includes(name.at(-1) ?? ' ') ? '‚' : ''}${i}`, base)

/** A formula at an index; one that is no single name stands in parentheses. */
export const docAt = (d: Doc, index: string): Doc => {
  const { text, precedence } = render(d)
  return nameDoc(nameAt(precedence < 4 ? `(${text})` : text, [index]))
}

/** A name without the index of its loop: x of xₜ. */
export const withoutIndex = (name: string): string => name.replace(/(?<=.)ₜ$/u, '')
