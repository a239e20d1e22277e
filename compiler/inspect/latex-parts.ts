/**
 * Roots and fractions, which LaTeX draws around what they hold. In: a formula in Unicode. Out: the same with a mark in the place of
 * each, and what they hold, in order. Invariant: what is taken out is a whole operand, as precedence has it; where none is to
 * be seen, as behind a broken line, the sign stays.
 */

export type Part =
  | { readonly tag: 'root'; readonly of: string }
  | { readonly tag: 'fraction'; readonly over: string; readonly under: string }

/** No letter of anybody's. */
export const mark = '\uE000'

const pairs = new Map([...'()[]{}⌊⌋⌈⌉'].map((c, i, all) => [c, all[i ^ 1] as string]))

/** For each bracket its partner; norms close what they open. */
const partners = (chars: readonly string[]): ReadonlyMap<number, number> => {
  const found = new Map<number, number>()
  const open: number[] = []
  for (const [i, c] of chars.entries()) {
    const last = open.at(-1)
    const closes =
      last !== undefined && (c === '‖' ? chars[last] === '‖' : pairs.get(c) === chars[last] && ')]}⌋⌉'.includes(c))
    if (closes) {
      found.set(last, i).set(i, last)
      open.pop()
    } else if ('([{⌊⌈‖'.includes(c)) open.push(i)
  }
  return found
}

const isWord = (c: string | undefined): boolean => c !== undefined && !' ()[]{}⌊⌋⌈⌉‖,;·/'.includes(c)

/** Behind the operand that begins at i: a name, what it is applied to, a group. */
const endOf = (chars: readonly string[], at: number, partner: ReadonlyMap<number, number>): number => {
  let i = at
  while (i < chars.length) {
    const c = chars[i] as string
    const close = '([{⌊⌈‖'.includes(c) ? partner.get(i) : undefined
    if (close !== undefined && close > i) i = close + 1
    else if (isWord(c)) i++
    else break
  }
  return i
}

/** Where the product that ends at i begins: behind a sign, a bracket or a comma. */
const startOf = (chars: readonly string[], end: number, partner: ReadonlyMap<number, number>): number => {
  let i = end
  while (i > 0) {
    const c = chars[i - 1] as string
    const other = partner.get(i - 1)
    if (other !== undefined && other < i - 1) i = other
    else if (other !== undefined || ',;'.includes(c)) break
    else if (
      c === ' ' &&
      ',;+−=<>≤≥≠∧∨f←'.includes(chars[i - 2] ?? '') &&
      (chars[i - 2] !== 'f' || chars[i - 3] === 'i')
    )
      break
    else i--
  }
  while (chars[i] === ' ' || (chars[i] === '−' && i < end)) i++
  return i
}

/** Without parentheses that hold all of it. */
const bare = (text: string): string => {
  const chars = [...text]
  return chars[0] === '(' && partners(chars).get(0) === chars.length - 1 ? chars.slice(1, -1).join('') : text
}

/** Longer numerators stand on the line. */
const longest = 60

export const takeParts = (formula: string): { readonly text: string; readonly parts: readonly Part[] } => {
  const chars = [...formula]
  const partner = partners(chars)
  const found: { readonly from: number; readonly to: number; readonly part: Part }[] = []
  const between = (from: number, to: number): string => chars.slice(from, to).join('')
  for (const [i, c] of chars.entries()) {
    if (found.some((f) => i < f.to)) continue
    if (c === '/' && chars[i - 1] === ' ' && chars[i + 1] === ' ') {
      const [from, to] = [startOf(chars, i - 1, partner), endOf(chars, i + 2, partner)]
      const over = between(from, i - 1)
      if (over === '' || over.startsWith('· ') || to === i + 2 || [...over].length > longest) continue
      while ((found.at(-1)?.to ?? 0) > from) found.pop()
      found.push({ from, to, part: { tag: 'fraction', over: bare(over), under: bare(between(i + 2, to)) } })
    } else if (c === '√') {
      const to = endOf(chars, i + 1, partner)
      if (to > i + 1) found.push({ from: i, to, part: { tag: 'root', of: bare(between(i + 1, to)) } })
    }
  }
  let at = 0
  const pieces = found.map(({ from, to }) => {
    const piece = between(at, from)
    at = to
    return piece + mark
  })
  return { text: [...pieces, between(at, chars.length)].join(''), parts: found.map((f) => f.part) }
}
