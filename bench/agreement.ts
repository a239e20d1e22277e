// Whether all subjects trained the same model: their first losses, side by side. Comes in: the lines of one workload;
// goes out: the widest relative difference, and who differs. Subjects that disagree were not given the same task, and
// then no ratio of their times means anything.

import type { Line } from './line.ts'

/** Rounding of f32 in different orders stays well under it, a different model does not. */
export const tolerance = 1.5e-5

export type Disagreement = {
  readonly workload: string
  readonly step: number
  readonly difference: number
  readonly first: Line
  readonly second: Line
}

const relative = (a: number, b: number): number =>
  a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), Number.MIN_VALUE)

const between = (first: Line, second: Line): readonly Disagreement[] => {
  const [a, b] = [first.losses ?? [], second.losses ?? []]
  return Array.from({ length: Math.max(a.length, b.length) }, (_, step) => ({
    workload: first.workload,
    step,
    // A loss that one of them lacks, or that is NaN, differs as much as can be.
    difference: relative(a[step] ?? Number.NaN, b[step] ?? Number.NaN),
    first,
    second,
  })).map((found) => (Number.isNaN(found.difference) ? { ...found, difference: Number.POSITIVE_INFINITY } : found))
}

/** The widest relative difference of two subjects' losses at the same step; undefined for fewer than two subjects. */
export const widest = (lines: readonly Line[]): Disagreement | undefined => {
  const trained = lines.filter((line) => line.losses !== undefined)
  return trained
    .flatMap((first, index) => trained.slice(index + 1).flatMap((second) => between(first, second)))
    .reduce<Disagreement | undefined>(
      (worst, found) => (worst === undefined || found.difference > worst.difference ? found : worst),
      undefined,
    )
}
