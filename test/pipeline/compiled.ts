/**
 * Expressions, compiled and run once on a target. In: named results and values for their inputs. Out: the results' elements.
 * Invariant: goes the user's road, through an artifact and the runtime, with every pass checked.
 */
import { isLeft } from 'fp-ts/lib/Either.js'
import type { Node } from 'nabla'
import type { Tensor } from 'nabla/compiler'
import { load } from 'nabla/runtime'
import { compileWhole, type Whole } from '../../compiler/compile.ts'
import { nameOf } from '../../src/expr/origin.ts'

export type Target = 'wasm' | 'javascript'

/** One entry, `main`, with its plan. */
export const compiled = async (results: Readonly<Record<string, Node>>, target: Target): Promise<Whole> => {
  const whole = await compileWhole({ main: results }, { target, checked: true })
  if (isLeft(whole)) throw new Error(whole.left.message)
  return whole.right
}

export const compileAndRun = async (
  results: Readonly<Record<string, Node>>,
  env: ReadonlyMap<Node, Tensor>,
  target: Target,
): Promise<readonly ArrayLike<number>[]> => {
  const { manifest, bytes } = await compiled(results, target)
  const program = await load({ manifest, bytes })
  if (isLeft(program)) throw new Error(program.left.message)
  const main = program.right.entries['main']
  if (main === undefined) throw new Error('no entry main')
  for (const [n, t] of env) main.inputs[nameOf(n) ?? '']?.set(t.data)
  const done = main.run()
  if (isLeft(done)) throw new Error(done.left.message)
  return Object.keys(results).map((name) => main.outputs[name] as ArrayLike<number>)
}
