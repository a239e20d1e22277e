// Every workload by name, and which of them a name on the command line stands for. A workload is made only when asked
// for, so that listing names costs nothing.

import { embedding } from './embedding.ts'
import { convolutions } from './convolutions.ts'
import { products } from './products.ts'
import { w1 } from './w1.ts'
import { w2 } from './w2.ts'
import { w3 } from './w3.ts'
import { w4 } from './w4.ts'
import { w5 } from './w5.ts'
import { w6 } from './w6.ts'
import { w7 } from './w7.ts'
import { w8 } from './w8.ts'
import { w9 } from './w9.ts'
import type { Workload } from './workload.ts'

const table: ReadonlyMap<string, () => Workload> = new Map<string, () => Workload>([
  ['W1', w1],
  ['W2', w2],
  ['W3', w3],
  ['W4', w4],
  ['W5', w5],
  ['W6', w6],
  ['W7', w7],
  ['W8', w8],
  ['W9', w9],
  ['embedding', embedding],
  ...products,
  ...convolutions,
])

/** The products of a quick run: small, middling, and a layer's three. */
const quickProducts = [
  'matmul-64',
  'matmul-256',
  'matmul-128x784x512-nn',
  'matmul-128x784x512-tn',
  'matmul-128x784x512-nt',
]

export const workloadNames: readonly string[] = [...table.keys()]

/** The workload of that name, or undefined. */
export const workload = (name: string): Workload | undefined => table.get(name)?.()

/** The words that stand for all products, and for all convolutions. */
export const families: readonly string[] = ['matmul', 'conv']

/** Whether a workload is one of a family. */
export const isOfFamily = (name: string): boolean => families.some((family) => name.startsWith(`${family}-`))

/** The workloads that one word of the command line names: one of them, or a family; else undefined. */
export const expand = (word: string, quick: boolean): readonly string[] | undefined =>
  word === 'matmul'
    ? quick
      ? quickProducts
      : [...products.keys()]
    : word === 'conv'
      ? [...convolutions.keys()]
      : table.has(word)
        ? [word]
        : undefined
