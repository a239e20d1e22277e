/**
 * Names as TypeScript has them. In: names as mathematics writes them. Out: identifiers. Invariant: an identifier is never a
 * word of the language, neither TypeScript's nor Nabla's, and never given twice in one module.
 */
import { heard } from '../indices.ts'

const greek: Readonly<Record<string, string>> = Object.fromEntries([
  ['α', 'alpha'],
  ['β', 'beta'],
  ['γ', 'gamma'],
  ['δ', 'delta'],
  ['Δ', 'Delta'],
  ['ε', 'epsilon'],
  ['ϵ', 'epsilon'],
  ['ζ', 'zeta'],
  ['η', 'eta'],
  ['θ', 'theta'],
  ['ϑ', 'theta'],
  ['Θ', 'Theta'],
  ['κ', 'kappa'],
  ['λ', 'lambda'],
  ['Λ', 'Lambda'],
  ['μ', 'mu'],
  ['µ', 'mu'],
  ['ν', 'nu'],
  ['ξ', 'xi'],
  ['π', 'pi'],
  ['Π', 'Pi'],
  ['ρ', 'rho'],
  ['σ', 'sigma'],
  ['Σ', 'Sigma'],
  ['τ', 'tau'],
  ['φ', 'phi'],
  ['ϕ', 'phi'],
  ['Φ', 'Phi'],
  ['χ', 'chi'],
  ['ψ', 'psi'],
  ['Ψ', 'Psi'],
  ['ω', 'omega'],
  ['Ω', 'Omega'],
  ['∂', 'd'],
  ['′', 'Next'],
  ['ₜ', 't'],
] as const)

const accents: Readonly<Record<string, string>> = {
  '\u0302': 'Hat',
  '\u0303': 'Tilde',
  '\u0304': 'Bar',
  '\u0307': 'Dot',
}

/** ŷ as yHat, hₜ and Wʰ as ht and Wh: what Unicode takes apart is a letter and what stands on, below or above it. */
const spelled = (name: string): string =>
  [...name.normalize('NFKD')].map((c) => accents[c] ?? (/\p{Mn}/u.test(c) ? '' : c)).join('')

/** δ₁ as delta1, δh as dh, w/m as wM, ŷ as yHat, W⁽ʰˣ⁾ as Whx. */
export const identifierOf = (name: string): string => {
  const words = [...spelled(heard(name.replace(/^[δΔ](?=\p{L})/u, 'd').replace(/[⁽⁾]/g, '')))]
    .map((c) => greek[c] ?? c)
    .join('')
  const joined = words
    .split(/[^\p{ID_Continue}$]+/u)
    .filter((w) => w !== '')
    .map((w, i) => (i === 0 ? w : `${w[0]?.toUpperCase()}${w.slice(1)}`))
    .join('')
  return /^[\p{ID_Start}_$]/u.test(joined) ? joined : `_${joined}`
}

const reserved =
  'arguments as async await boolean break case catch class const continue debugger default delete do else enum eval export extends false finally for from function get if implements import in instanceof interface let new null number of package private protected public return set static string super switch this throw true try typeof undefined var void while with yield NaN Infinity Float32Array Float64Array Int32Array'.split(
    ' ',
  )

/** Gives out identifiers, each once. */
export interface Identifiers {
  readonly take: (name: string) => string
  /** What has been given out, as the naming of formulas wants it: delta1 also as δ1. */
  readonly taken: () => ReadonlySet<string>
  /** The names of a scope inside: what it gives out may be given out again behind it. */
  readonly inside: () => Identifiers
}

export const identifiers = (before: Iterable<string>): Identifiers => {
  const taken = new Set([...reserved, ...before])
  return {
    take: (name) => {
      const base = identifierOf(name)
      let found = base
      for (let k = 1; taken.has(found); k++) found = `${base}${k}`
      taken.add(found)
      return found
    },
    taken: () =>
      new Set([...taken].flatMap((name) => [name, name.replace(/^delta(?=\d*$)/, 'δ').replace(/^tau(?=\d*$)/, 'τ')])),
    inside: () => identifiers(taken),
  }
}
