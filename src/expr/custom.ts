/**
 * Derivatives that a user gives. In: a function of expressions and the rule of its derivative. Out: the function, whose
 * results carry the rule; or a value whose cotangent passes through a function on its way. Invariant: a rule is looked at
 * once for operands of the same types, over `bound` leaves of its own, so that equal applications are one node; the value is
 * an ordinary expression, and the node around it is gone when kernels are made.
 */
import { expecting } from './arguments.ts'
import { isFloat } from '../core/dtype.ts'
import { equalTypes, showType } from '../core/shape.ts'
import type { Custom } from '../ops/control.ts'
import type { Expr, Node } from './expr.ts'
import { make, paramsOf, shapeError } from './node.ts'
import { nameOf, setName } from './origin.ts'
import { closeOver, type FnNodes, freshBound, nodesOf } from './scan.ts'
import { typed } from './typed.ts'

/** A custom derivative as engines see it. */
export interface CustomParts {
  readonly value: Node
  readonly inputs: readonly Node[]
  readonly pullback: FnNodes
  readonly receivers: readonly number[]
  readonly pullbackConstants: readonly Node[]
  readonly pushforward: FnNodes | null
  readonly pushforwardConstants: readonly Node[]
  /** Why the rule is on purpose not the derivative. */
  readonly estimator: string | null
}

/** The parts of a custom node. */
export const customParts = (node: Node): CustomParts => {
  const { inputs, pullback, receivers, pushforward, constants, estimator } = paramsOf(node, 'custom')
  const [value, ...rest] = node.ins
  return {
    value: value as Node,
    inputs: rest.slice(0, inputs),
    pullback: nodesOf(pullback),
    receivers,
    pullbackConstants: rest.slice(inputs, inputs + constants),
    pushforward: pushforward && nodesOf(pushforward),
    pushforwardConstants: rest.slice(inputs + constants),
    estimator,
  }
}

export const makeCustom = (parts: CustomParts): Node => {
  const { value, inputs, pullback, receivers, pullbackConstants, pushforward, pushforwardConstants, estimator } = parts
  const params: Custom = {
    inputs: inputs.length,
    pullback,
    receivers,
    pushforward,
    constants: pullbackConstants.length,
    estimator,
  }
  return make('custom', [value, ...inputs, ...pullbackConstants, ...pushforwardConstants], params)
}

/** x as a function with a rule of its own sees it: no derivative goes through, and no rewriting reaches across. */
const shielded = (x: Node): Node =>
  makeCustom({
    value: x,
    inputs: [],
    pullback: { params: [], results: [] },
    receivers: [],
    pullbackConstants: [],
    pushforward: null,
    pushforwardConstants: [],
    estimator: null,
  })

/** What a pullback is given: the inputs of the function, its output, and the cotangent that the output has received. */
export interface PullbackArguments<X extends readonly Expr[], Y extends Expr> {
  readonly inputs: X
  readonly output: Y
  readonly cotangent: Y
}

/** What a rule of forward mode is given: the inputs of the function, its output, and the tangents of the inputs. */
export interface PushforwardArguments<X extends readonly Expr[], Y extends Expr> {
  readonly inputs: X
  readonly output: Y
  readonly tangents: X
}

export interface CustomOptions<X extends readonly Expr[], Y extends Expr> {
  /** The tangent of the output. Without it, forward mode through the function is refused. */
  readonly jvp?: (given: PushforwardArguments<X, Y>) => Y
  /**
   * Why the rule is on purpose not the derivative of f, as that of a straight-through or another gradient estimator: a check of
   * gradients then says that they are stated, and does not compare them. Without it the rule is to be the derivative.
   */
  readonly estimator?: string
}

type Pullback<X extends readonly Expr[], Y extends Expr> = (
  given: PullbackArguments<X, Y>,
) => readonly (Expr | null)[] | Expr

type Rule = Omit<CustomParts, 'value' | 'inputs' | 'estimator'>
type Tracer = (inputs: readonly Node[], output: Node) => Rule

const refused = (op: string, words: string, ins: readonly Node[]) =>
  shapeError({ code: 'E_CUSTOM_RULE', sentence: `${op}: ${words}` }, ins)

const stand = (like: Node, fallback: string): Node => {
  const bound = freshBound(like)
  setName(bound, nameOf(like) ?? fallback)
  return bound
}

/** The rule over leaves of its own, and what it uses from outside. */
const traced =
  (op: string, pullback: Pullback<readonly Node[], Node>, jvp: CustomOptions<readonly Node[], Node>['jvp']): Tracer =>
  (like, out) => {
    const [inputs, output, cotangent] = [like.map((x, i) => stand(x, `x${i}`)), stand(out, 'y'), stand(out, 'ct')]
    const found = pullback({ inputs, output, cotangent })
    const list = (Array.isArray(found) ? found : [found]) as readonly (Node | null)[]
    if (list.length !== like.length)
      throw refused(op, `the pullback gives ${list.length} cotangents for ${like.length} inputs`, like)
    const receivers = list.flatMap((c, i) => (c === null ? [] : [i]))
    expecting(
      op,
      receivers.map((i) => list[i]),
    )
    for (const i of receivers) {
      const [c, x] = [list[i] as Node, like[i] as Node]
      if (!isFloat(x.dtype)) throw refused(op, `input ${i} is ${showType(x)}, which has no cotangent`, like)
      if (!equalTypes(c, x))
        throw refused(op, `input ${i} is ${showType(x)}, the cotangent that the pullback gives it ${showType(c)}`, like)
    }
    const back = closeOver(
      [...inputs, output, cotangent],
      receivers.map((i) => list[i] as Node),
    )
    const rule = { pullback: back.fn, receivers, pullbackConstants: back.constants }
    if (jvp === undefined) return { ...rule, pushforward: null, pushforwardConstants: [] }
    const tangents = like.map((x, i) => stand(x, `dx${i}`))
    const tangent = jvp({ inputs, output, tangents })
    if (!equalTypes(tangent, out))
      throw refused(op, `the output is ${showType(out)}, the tangent that jvp gives it ${showType(tangent)}`, like)
    const ahead = closeOver([...inputs, output, ...tangents], [tangent])
    return { ...rule, pushforward: ahead.fn, pushforwardConstants: ahead.constants }
  }

/** Looks at a rule once for operands of the same types. */
const remembered = (trace: Tracer): Tracer => {
  const known = new Map<string, Rule>()
  return (inputs, output) => {
    const key = [...inputs, output].map(showType).join()
    const rule = known.get(key) ?? trace(inputs, output)
    known.set(key, rule)
    return rule
  }
}

/**
 * f with a derivative of your own. `pullback` says in expressions what each input receives when the output receives
 * `cotangent` (null: nothing); it is differentiated in turn where a second derivative is asked for. Forward mode needs
 * `jvp`. What f uses beside its inputs has no derivative: it is refused where one is asked for by it.
 *
 * Throws ShapeError E_CUSTOM_RULE where what the rule gives does not fit; derivatives throw E_CUSTOM_JVP, E_CUSTOM_INPUT.
 *
 * @example
 * const x = input('x', [])
 * const steps = customVjp((v: Node) => round(v), ({ cotangent }) => [cotangent], { estimator: 'straight-through' })
 * print(grad(square(steps(x)) as Scalar, x)) // 2 · round(x)
 */
export const customVjp: <X extends readonly Expr[], Y extends Expr>(
  f: (...inputs: X) => Y,
  pullback: Pullback<X, Y>,
  options?: CustomOptions<X, Y>,
) => (...inputs: X) => Y = typed(
  (
    f: (...inputs: readonly Node[]) => Node,
    pullback: Pullback<readonly Node[], Node>,
    options: CustomOptions<readonly Node[], Node> = {},
  ) => {
    const rule = remembered(traced('customVjp', pullback, options.jvp))
    const { estimator = null } = options
    if (estimator?.trim() === '') throw refused('customVjp', 'an estimator says in words why it is no derivative', [])
    return (...inputs: readonly Node[]): Node => {
      const value = f(...inputs.map(shielded))
      return makeCustom({ value, inputs, ...rule(inputs, value), estimator })
    }
  },
)

/**
 * x itself, whose cotangent passes through `hook` on its way back: to clip it, to scale it, to turn it around. Forward mode
 * passes by. The hook is differentiated where a second derivative is asked for. A check of gradients takes what went through it as
 * stated, not as a derivative. Throws ShapeError E_CUSTOM_RULE.
 *
 * @example
 * const x = input('x', [3])
 * const reversed = withGradient(x, neg)
 * print(grad(sum(square(reversed)), x)) // −2 · x
 */
export const withGradient: <X extends Expr>(x: X, hook: (cotangent: X) => Expr) => X = typed(
  (x: Node, hook: (cotangent: Node) => Node) => {
    expecting('withGradient', [x])
    const rule = traced(
      'withGradient',
      ({ cotangent }) => [hook(cotangent)],
      ({ tangents }) => tangents[0] as Node,
    )
    return makeCustom({ value: x, inputs: [x], ...rule([x], x), estimator: 'withGradient' })
  },
)
