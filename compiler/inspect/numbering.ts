/**
 * The numbers of letters: δ₁, δ₂. In: nodes in the order of their lines, and what they are called. Out: what they are called so that
 * numbers rise from line to line. Invariant: the same letters; a number that others have is never given.
 */
import type { Node } from '../../src/expr/expr.ts'
import { heard, subscript } from './indices.ts'
import type { Numbered } from './names.ts'

const letterOf = (name: string): string => /^\D*/u.exec(heard(name))?.[0] ?? ''

const numberOf = (name: string): number => Number(heard(name).slice(letterOf(name).length))

/** The same letters, so that the numbers of each rise from line to line; a letter without a number beside others gets one. */
export const inOrder = (shown: readonly Node[], numbered: Numbered, taken: ReadonlySet<string>): Numbered => {
  const names = shown.map((n) => numbered.get(n) as string)
  const queues = new Map<string, string[]>()
  for (const letter of new Set(names.map(letterOf))) {
    const own = names.filter((name) => letterOf(name) === letter).toSorted((a, b) => numberOf(a) - numberOf(b))
    if (own.length > 1 && own[0] === letter) {
      let k = numberOf(own.at(-1) as string)
      do k++
      while (taken.has(`${letter}${k}`))
      own.push(`${letter}${subscript(k)}`)
      own.shift()
    }
    queues.set(letter, own)
  }
  return new Map(shown.map((n, i) => [n, queues.get(letterOf(names[i] as string))?.shift() as string]))
}
