// The arc-standard system: a stack, a buffer, and arcs. In: sentences. Out: states, what may be done in them, what is right to do,
// and the places that the network looks at. Invariant: words count from 1; 0 is the root, which lies at the bottom of the stack.

import type { Sentence } from './treebank.ts'

export interface State {
  readonly length: number
  readonly stack: number[]
  /** The next word of the buffer. */
  next: number
  /** Of each word, its head and label where an arc leads to it. */
  readonly heads: Int32Array
  readonly labels: Int32Array
  readonly left: number[][]
  readonly right: number[][]
}

export const initial = (length: number): State => ({
  length,
  stack: [0],
  next: 1,
  heads: new Int32Array(length + 1).fill(-1),
  labels: new Int32Array(length + 1).fill(-1),
  left: Array.from({ length: length + 1 }, () => []),
  right: Array.from({ length: length + 1 }, () => []),
})

export const isDone = ({ stack, next, length }: State): boolean => next > length && stack.length === 1

// ---- transitions: 0 shifts, 1 + 2k is an arc to the left with label k, 2 + 2k one to the right

export const transitionsOf = (labels: number): number => 1 + 2 * labels

/** Whether a transition may be taken: the root gets no head, and its one child comes last. */
export const isLegal = ({ stack, next, length }: State, transition: number): boolean => {
  if (transition === 0) return next <= length
  if (transition % 2 === 1) return stack.length > 2
  return stack.length > 2 || (stack.length === 2 && next > length)
}

export const take = (state: State, transition: number): void => {
  const { stack, heads, labels, left, right } = state
  if (transition === 0) {
    stack.push(state.next++)
    return
  }
  const [below, top] = stack.slice(-2) as [number, number]
  const isLeft = transition % 2 === 1
  const [child, head] = isLeft ? [below, top] : [top, below]
  stack.splice(isLeft ? -2 : -1, 1)
  heads[child] = head
  labels[child] = (transition - 1) >> 1
  if (isLeft) left[head]?.unshift(child)
  else right[head]?.push(child)
}

/** What leads to the sentence's tree: an arc as soon as the child has all of its own. */
export const rightOne = ({ stack, heads }: State, sentence: Sentence, labelOf: (label: string) => number): number => {
  const [below, top] = stack.slice(-2)
  if (below === undefined || top === undefined) return 0
  const headOf = (word: number): number => sentence.heads[word - 1] ?? -1
  const isWhole = (word: number): boolean => sentence.heads.every((head, k) => head !== word || heads[k + 1] === word)
  if (below > 0 && headOf(below) === top && isWhole(below)) return 1 + 2 * labelOf(sentence.labels[below - 1] ?? '')
  if (headOf(top) === below && isWhole(top)) return 2 + 2 * labelOf(sentence.labels[top - 1] ?? '')
  return 0
}

// ---- places

/** Children of the two words on top of the stack, and outermost children of these. */
const childrenOf = ({ left, right }: State, word: number): readonly number[] => {
  const [first, second] = [left[word]?.[0] ?? -1, left[word]?.[1] ?? -1]
  const [last, beforeLast] = [right[word]?.at(-1) ?? -1, right[word]?.at(-2) ?? -1]
  return [first, last, second, beforeLast, left[first]?.[0] ?? -1, right[last]?.at(-1) ?? -1]
}

/** The 18 places whose words and tags are looked at, −1 where there is none; the last 12 are those with labels. */
export const placesOf = (state: State): readonly number[] => {
  const { stack, next, length } = state
  const top = [1, 2, 3].map((k) => stack.at(-k) ?? -1)
  const buffer = [0, 1, 2].map((k) => (next + k <= length ? next + k : -1))
  return [...top, ...buffer, ...childrenOf(state, top[0] as number), ...childrenOf(state, top[1] as number)]
}

export const wordPlaces = 18
export const labelPlaces = 12
