// A profile for a reader. Comes in: a Profile; goes out: its kernels, the longest first, each with its share of the step, of the
// machine's peak and of its bandwidth; what is left together takes a thirtieth of the step. Kernels whose operands lie in a
// cache may exceed the bandwidth, which is that of memory.

import { aligned } from '../table.ts'
import type { KernelFigure, Profile } from './figures.ts'

const shown = 0.97

const percent = (share: number): string => `${Math.round(100 * share)} %`
const milliseconds = (ms: number): string => ms.toPrecision(3)
const sumOf = (kernels: readonly KernelFigure[], of: (k: KernelFigure) => number): number =>
  kernels.reduce((sum, k) => sum + of(k), 0)

/** The longest kernels, as many as it takes for most of the time. */
const longest = (kernels: readonly KernelFigure[]): readonly KernelFigure[] => {
  const sorted = [...kernels].sort((a, b) => b.milliseconds - a.milliseconds)
  const limit = shown * sumOf(sorted, (k) => k.milliseconds)
  let before = 0
  return sorted.filter((k) => {
    const taken = before < limit
    before += k.milliseconds
    return taken
  })
}

const profileRows = (profile: Profile): readonly (readonly string[])[] => {
  const { kernels, peak, bandwidth } = profile
  const all = sumOf(kernels, (k) => k.milliseconds)
  const row = (place: string, name: string, extents: string, runs: string, of: readonly KernelFigure[]) => {
    const ms = sumOf(of, (k) => k.milliseconds)
    const rate = sumOf(of, (k) => k.flops) / ms / 1e6 / peak
    const speed = sumOf(of, (k) => k.bytes) / ms / 1e6 / bandwidth
    return [place, name, extents, runs, milliseconds(ms), percent(ms / all), percent(rate), percent(speed)]
  }
  const listed = longest(kernels)
  const rest = kernels.filter((k) => !listed.includes(k))
  const products = kernels.filter((k) => k.isProduct)
  const others = kernels.filter((k) => !k.isProduct)
  return [
    ['', 'kernel', 'extents', 'runs', 'ms', 'of the step', 'of the peak', 'of the bandwidth'],
    ...listed.map((k) => row(`${k.at}`, k.name, k.extents, k.trips === 1 ? '' : `${k.trips}`, [k])),
    ...(rest.length === 0 ? [] : [row('', `${rest.length} others`, '', '', rest)]),
    ...(products.length === 0 ? [] : [row('', 'all products', '', '', products)]),
    ...(others.length === 0 ? [] : [row('', 'all but products', '', '', others)]),
  ]
}

export const profileText = (profile: Profile): string => {
  const { workload, variant, kernels, peak, bandwidth } = profile
  const all = sumOf(kernels, (k) => k.milliseconds)
  return [
    `${workload} ${variant}: ${milliseconds(profile.milliseconds)} ms a step, ${milliseconds(all)} ms its ${kernels.length} kernels one by one`,
    aligned(profileRows(profile)),
    `peak ${peak.toPrecision(3)} GFLOP/s, bandwidth ${bandwidth.toPrecision(3)} GB/s`,
  ].join('\n')
}
