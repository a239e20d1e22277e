/**
 * A training step, done several times. In: a step, values for its inputs. Out: all parameters and states behind the last step,
 * by name, as the interpreter has them or as a target does.
 * Invariant: both start from the initial values that the leaves were given.
 */
import { isLeft } from 'fp-ts/lib/Either.js'
import { compile, interpret, type Step, type Tensor } from 'nabla/compiler'
import { load } from 'nabla/runtime'
import { topological } from '../../compiler/program/walk.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { evaluate } from '../expr/run.ts'
import type { Target } from './compiled.ts'

type Kept = Readonly<Record<string, ArrayLike<number>>>

const leavesOf = (step: Step): readonly Node[] =>
  topological(step.updates.flatMap((u) => [u.target, u.value])).filter((n) => n.op === 'param' || n.op === 'state')

/** Of leaves whose initial values need no key. */
export const interpretTraining = (step: Step, given: Kept, steps: number): Kept => {
  const leaves = leavesOf(step)
  const initial = interpret(
    leaves.map((n) => paramsOf(n, n.op as 'param').init as Node),
    new Map(),
  )
  const kept = new Map(leaves.map((n, i) => [nameOf(n), (initial[i] as Tensor).data]))
  for (let k = 0; k < steps; k++) {
    const values = evaluate(
      step.updates.map((u) => u.value),
      { ...Object.fromEntries(kept), ...given },
    )
    for (const [i, u] of step.updates.entries()) kept.set(nameOf(u.target) as string, (values[i] as Tensor).data)
  }
  return Object.fromEntries(kept)
}

export const compileTraining = async (step: Step, given: Kept, steps: number, target: Target): Promise<Kept> => {
  const artifact = await compile({ step }, { target, checked: true })
  if (isLeft(artifact)) throw new Error(artifact.left.message)
  const program = await load(artifact.right)
  if (isLeft(program)) throw new Error(program.left.message)
  const { call, params, state } = program.right
  for (let k = 0; k < steps; k++) {
    const done = call('step', given as never)
    if (isLeft(done)) throw new Error(done.left.message)
  }
  return { ...params, ...state } as Kept
}
