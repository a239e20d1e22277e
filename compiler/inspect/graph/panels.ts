/**
 * The updates of a step, one panel each. In: the boxes of the update. Out: groups of boxes: what several updates need, then each
 * parameter's own, with those that are alike under one title.
 * Invariant: two updates are alike where their formulas are, but for the names of the parameter and of what is its own.
 */
import type { Stack } from './stacks.ts'

export interface Panel {
  readonly title: string
  readonly stacks: readonly Stack[]
}

const nameIn = (label: string): string | undefined => (/ = /.exec(label) === null ? undefined : label.split(' = ')[0])

/** The formulas of an update with neutral names. */
const patternOf = (group: string, stacks: readonly Stack[]): string => {
  const rows = stacks.flatMap((s) => s.rows.map((r) => r.node))
  const own = new Map(
    rows.flatMap((n, i) => (nameIn(n.label) === undefined ? [] : [[nameIn(n.label) as string, `#${i}`]])),
  )
  const neutral = (word: string): string => {
    const bare = word.replace(/′$/u, '')
    if (bare === group || bare.startsWith(`${group}/`)) return `◆${word.slice(group.length)}`
    if (bare.startsWith('∂') && bare.endsWith(`∂${group}`)) return '∂◆'
    return own.get(word) ?? word
  }
  return rows.map((n) => n.label.replace(/[^\s()[\],;·+−|√²≥<>ᵀ]+/gu, neutral)).join('\n')
}

const listed = (names: readonly string[]): string => {
  const shown = names.filter((_, i) => names.slice(0, i + 1).join(', ').length < 70)
  return shown.length === names.length
    ? names.join(', ')
    : `${shown.join(', ')} and ${names.length - shown.length} more`
}

export const panelsOf = (stacks: readonly Stack[]): readonly Panel[] => {
  const groups = new Map<string | undefined, Stack[]>()
  for (const s of stacks) groups.set(s.group, [...(groups.get(s.group) ?? []), s])
  const common = groups.get(undefined)
  groups.delete(undefined)
  const alike = new Map<string, { readonly names: string[]; readonly stacks: readonly Stack[] }>()
  for (const [group, own] of groups) {
    const key = patternOf(group as string, own)
    const known = alike.get(key)
    if (known === undefined) alike.set(key, { names: [group as string], stacks: own })
    else known.names.push(group as string)
  }
  return [
    ...(common === undefined ? [] : [{ title: 'what several updates need', stacks: common }]),
    ...[...alike.values()].map(({ names: [first, ...others], stacks: own }) => ({
      title: `update of ${first}${others.length === 0 ? '' : `, and likewise of ${listed(others)}`}`,
      stacks: own,
    })),
  ]
}
