/**
 * When a result may lie where an operand lay. In: a kernel, the slot read and the slot written. Out: yes or no.
 * Invariant: yes only where each address is read for the last time before it is written, at the same point of the outer
 * loops: the operand is loaded at the places of the one store alone, in its stage or in earlier ones. A row taken by its
 * index may be any of those places, so it is taken in an earlier stage.
 */
import { isSameAccess } from '../kernel/access.ts'
import type { Access, Kernel, LoopKernel } from '../kernel/kernel.ts'

/** Where a stage touches memory: an access, and the extents of the loops that it runs over, all rows of an index included. */
interface Touch {
  readonly stage: number
  readonly access: Access
  readonly dims: readonly number[]
  readonly computed: boolean
}

const isBefore = (load: Touch, store: Touch): boolean =>
  load.stage < store.stage || (load.stage === store.stage && !load.computed)

const loopsOf = (k: Kernel): Pick<LoopKernel, 'outer' | 'stages'> | null => {
  if (k.tag === 'sort') return null
  if (k.tag === 'loop') return k
  const { batch, m, n, body, stores } = k
  return { outer: batch, stages: [{ dims: [m, n], body, stores, reductions: [], rows: [], updates: [] }] }
}

export const mayAlias = (kernel: Kernel, read: number, written: number): boolean => {
  if (kernel.tag === 'contraction' && (kernel.a.buffer === read || kernel.b.buffer === read)) return false
  const loops = loopsOf(kernel)
  if (loops === null || loops.stages.some((s) => s.updates.some((u) => u.buffer === written))) return false
  const touches = (of: (s: LoopKernel['stages'][number]) => readonly Omit<Touch, 'stage'>[]): readonly Touch[] =>
    loops.stages.flatMap((s, stage) => of(s).map((t) => ({ ...t, stage })))
  const loads = touches((s) =>
    s.body.flatMap((i): readonly Omit<Touch, 'stage'>[] => {
      const dims = [...loops.outer, ...s.dims]
      if (i.tag === 'load' && i.buffer === read) return [{ access: i.access, dims, computed: false }]
      if (i.tag !== 'gather' || i.buffer !== read) return []
      const access = { offset: i.access.offset, strides: [...i.access.strides, i.stride] }
      return [{ access, dims: [...dims, i.extent], computed: true }]
    }),
  )
  const stores = touches((s) =>
    s.stores.flatMap(({ buffer, access }) =>
      buffer === written ? [{ access, dims: [...loops.outer, ...s.dims], computed: false }] : [],
    ),
  )
  const [store] = stores
  if (store === undefined || stores.length > 1) return false
  return loads.every((load) => isBefore(load, store) && isSameAccess(load.access, load.dims, store.access, store.dims))
}
