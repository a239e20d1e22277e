/**
 * How long a thread looks before it sleeps. In: a module for threads. Out: code that asks whether it has looked often enough, and that
 * is told what came of it. Invariant: it counts looks, each thread its own (globals are an instance's), and reads no clock.
 */
import type { EmitContext, Node } from './function.ts'

/**
 * How often one looks again before one sleeps, at half a nanosecond a look: some 50 µs. Where that did not pay one looks half as
 * often the next time; one that has come down to few looks sleeps at once, but tries anew after so many sleeps, since to sleep never
 * shows what looking would have found. So a thread without a core of its own soon takes little from those that have one.
 */
const SPINS = { few: 1024, most: 98_304, trial: 64 }

/** How long this thread looks before it sleeps. */
export const patienceOf = ({ module: m, binaryen: b }: EmitContext) => {
  const { i32 } = m
  const budget = (): Node => m.global.get('budget', b.i32)
  const setBudget = (value: Node): Node => m.global.set('budget', value)
  const few = (): Node => i32.const(SPINS.few)
  const most = (): Node => i32.const(SPINS.most)
  return {
    declare: (): void => {
      m.addGlobal('budget', b.i32, true, most())
      m.addGlobal('sleeps', b.i32, true, i32.const(0))
    },
    isOver: (spins: Node): Node => i32.ge_u(spins, budget()),
    paid: (): Node =>
      m.block(null, [setBudget(i32.shl(budget(), i32.const(1))), m.if(i32.gt_u(budget(), most()), setBudget(most()))]),
    missed: (): Node =>
      m.block(null, [
        setBudget(i32.shr_u(budget(), i32.const(1))),
        m.if(
          i32.lt_u(budget(), few()),
          m.block(null, [
            m.global.set('sleeps', i32.add(m.global.get('sleeps', b.i32), i32.const(1))),
            setBudget(m.select(i32.rem_u(m.global.get('sleeps', b.i32), i32.const(SPINS.trial)), i32.const(0), most())),
          ]),
        ),
      ]),
  }
}

export type Patience = ReturnType<typeof patienceOf>
