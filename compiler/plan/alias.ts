/**
 * When a result may lie where an operand lay. In: a kernel, the slot read and the slot written. Out: yes or no.
 * Invariant: yes only where each address is read for the last time before it is written, by the same point of the loop:
 * all loads of the one and the stores of the other stand in one stage and have one access.
 */
import type { Access, ContractionKernel, Kernel, LoopKernel } from '../kernel/kernel.ts'

const same = (a: Access, b: Access): boolean =>
  a.offset === b.offset && a.strides.length === b.strides.length && a.strides.every((s, i) => s === b.strides[i])

const stagesOf = (k: LoopKernel | ContractionKernel) => (k.tag === 'loop' ? k.stages : [k])

export const mayAlias = (kernel: Kernel, read: number, written: number): boolean => {
  if (kernel.tag === 'sort') return false
  // at a computed place any element may be read, or stored to, at any point
  const computed = (kernel.tag === 'loop' ? kernel.stages : []).some(
    (s) => s.body.some((i) => i.tag === 'gather' && i.buffer === read) || s.updates.some((u) => u.buffer === written),
  )
  if (computed) return false
  if (kernel.tag === 'contraction' && (kernel.a.buffer === read || kernel.b.buffer === read)) return false
  const touching = stagesOf(kernel).flatMap((stage) => {
    const loads = stage.body.flatMap((i) => (i.tag === 'load' && i.buffer === read ? [i.access] : []))
    const stores = stage.stores.flatMap((s) => (s.buffer === written ? [s.access] : []))
    return loads.length + stores.length === 0 ? [] : [{ loads, stores }]
  })
  const [only] = touching
  if (touching.length !== 1 || only === undefined || only.stores.length !== 1) return false
  return only.loads.every((a) => same(a, only.stores[0] as Access))
}
