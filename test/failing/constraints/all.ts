/**
 * Every constraint of every op, and programs that break it. In: the families. Out: the table.
 * Invariant: total over ops by type; that the labels are those of `doc.constraints`, none missing and none too many, is a test.
 */
import type { OpName } from '../../../src/ops/signature.ts'
import { axes } from './axes.ts'
import type { BrokenConstraints } from './constraint.ts'
import { control } from './control.ts'
import { elementwise } from './elementwise.ts'
import { indexing } from './indexing.ts'
import { movement } from './movement.ts'
import { products } from './products.ts'

export const brokenConstraints: { readonly [K in OpName]: BrokenConstraints } = {
  ...control,
  ...elementwise,
  ...axes,
  ...products,
  ...movement,
  ...indexing,
}
