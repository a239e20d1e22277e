/**
 * What a loop keeps of each step for its way back. In: the parts of a scan, and a policy. Out: what the scan gives, under it.
 * Invariant: values are those of the scan. A policy that the user has chosen stays; one that was left open may be chosen by
 * whoever has to fit a program into memory.
 */
import type { Checkpoint } from '../ops/control.ts'
import { makeCheckpoint } from './checkpoint.ts'
import type { Node } from './expr.ts'
import { nameOf, setName } from './origin.ts'
import { freshBound, makeScan, resultsOf, type ScanParts, scanParts, substitute } from './scan.ts'
import { runSegments } from './segments.ts'

export type SavePolicy = 'all' | Checkpoint['save'] | 'sqrt' | { readonly every: number }

/** Scans whose user named no policy. */
const open = new WeakSet<Node>()

/** Says that the policy of a scan, one of whose results is given, was left open. */
export const leaveOpen = ([result]: readonly Node[]): void => {
  const scan = result?.ins[0]
  if (scan?.op === 'scan') open.add(scan)
}

export const isOpen = (scan: Node): boolean => open.has(scan)

/** As many steps as a segment has under `'sqrt'`. */
export const rootSegment = (length: number): number => Math.max(1, Math.ceil(Math.sqrt(length)))

/** A scan whose steps are checkpoints. */
const inCheckpoints = (parts: ScanParts, save: Checkpoint['save']): ScanParts => {
  const { fn } = parts
  const params = fn.params.map((p) => {
    const bound = freshBound(p)
    const name = nameOf(p)
    if (name !== undefined) setName(bound, name)
    return bound
  })
  const values = substitute(fn.results, new Map(fn.params.map((p, i) => [p, params[i] as Node])))
  const results = values.map((value, index) => makeCheckpoint({ value, inputs: params, fn, index, save }))
  return { ...parts, fn: { params, results } }
}

/** What a scan over these operands gives, under a policy. */
export const underPolicy = (scan: Node, operands: readonly Node[], save: SavePolicy): readonly Node[] => {
  const { init, sequences, ...rest } = scanParts(scan)
  const [nc, nx] = [init.length, init.length + sequences.length]
  const parts: ScanParts = {
    ...rest,
    init: operands.slice(0, nc),
    sequences: operands.slice(nc, nx),
    constants: operands.slice(nx),
  }
  if (save === 'all' || parts.length === 0) return resultsOf(makeScan(parts))
  if (save === 'products' || save === 'nothing') return resultsOf(makeScan(inCheckpoints(parts, save)))
  return runSegments(parts, save === 'sqrt' ? rootSegment(parts.length) : save.every)
}

/** `sqrt`, `every 5` */
export const policyName = (save: SavePolicy): string => (typeof save === 'string' ? save : `every ${save.every}`)
