/**
 * Recurrent networks as pure expressions. In: inputs, states and parameters. Out: the next state (a cell), or all states of
 * a sequence [time, batch, features] (a layer). A cell has the plain form of the textbook, each gate with matrices of its
 * own; a layer has them side by side in one matrix, in PyTorch's order.
 * Invariant: a layer is one loop. What it does with the inputs is one product over all steps, outside of the loop.
 */
import { oneOf, expecting } from '../expr/arguments.ts'
import type { Add } from '../core/natural-types.ts'
import { showShape } from '../core/shape.ts'
import { matmul } from '../expr/contraction.ts'
import { zeros } from '../expr/creation.ts'
import { add, mul, sigmoid, sub, tanh, relu } from '../expr/elementwise.ts'
import type { Expr, Node } from '../expr/expr.ts'
import { concat } from '../expr/joining.ts'
import { named } from '../expr/leaves.ts'
import { graph, shapeError } from '../expr/node.ts'
import { scan } from '../expr/loop.ts'
import type { SavePolicy } from '../expr/policy.ts'
import { accepting, dataLast, typed } from '../expr/typed.ts'

/**
 * x w + b + h u + c: what a gate makes of the input x [batch, e] and the state h [batch, h], before its function. w [e, h],
 * u [h, h]; the biases b [h] and c [h] may be left out. In the packed form of a layer, n gates stand side by side: w [e, n·h],
 * u [h, n·h], b and c [n·h].
 */
export interface Gate {
  readonly w: Expr
  readonly u: Expr
  readonly b?: Expr
  /** A second bias, beside the state's product: it differs from b in a GRU alone, whose reset gate stands before it. */
  readonly c?: Expr
}

const affine = (x: Node, w: Node, b: Node | undefined): Node => (b === undefined ? matmul(x, w) : add(matmul(x, w), b))

const ofInput = (x: Node, { w, b }: Gate): Node => affine(x, w, b)
const ofState = (h: Node, { u, c }: Gate): Node => affine(h, u, c)
const ofBoth = (x: Node, h: Node, gate: Gate): Node => add(ofInput(x, gate), ofState(h, gate))

export type RnnActivation = 'tanh' | 'relu'

const activate = (activation: RnnActivation, x: Node): Node =>
  oneOf('rnn', 'activation', activation, ['tanh', 'relu']) === 'relu' ? relu(x) : tanh(x)

/** The gates of a GRU: update, reset, and the new memory. */
export interface GruGates {
  readonly z: Gate
  readonly r: Gate
  readonly n: Gate
}

/** The gates of an LSTM: input, forget, output, and the new memory cell. */
export interface LstmGates {
  readonly i: Gate
  readonly f: Gate
  readonly o: Gate
  readonly g: Gate
}

/** The state of an LSTM: what it shows, and its memory cell. */
export interface LstmState<S extends Expr = Expr> {
  readonly h: S
  readonly c: S
}

const mixed = (z: Node, h: Node, n: Node): Node => add(mul(z, h), mul(sub(1, z), n))

/** Gates by the names that they have in the papers. */
const lstmNext = ([i, f, o, g]: readonly [Node, Node, Node, Node], before: Node): LstmState => {
  const kept = mul(named('f', sigmoid(f)), before)
  const c = add(kept, mul(named('i', sigmoid(i)), named('g', tanh(g))))
  return { h: mul(named('o', sigmoid(o)), tanh(c)), c }
}

/** z ∘ h + (1 − z) ∘ n, with n = tanh(xn + r ∘ hn), of what r and z are the sigmoids of. */
const gruNext = (h: Node, r: Node, z: Node, xn: Node, hn: Node): Node => {
  const memory = named('n', tanh(add(xn, mul(named('r', sigmoid(r)), hn))))
  return mixed(named('z', sigmoid(z)), h, memory)
}

/**
 * hₜ = f(xₜ w + hₜ₋₁ u + b), f tanh unless told. Elman, "Finding structure in time" (1990).
 * @example
 * const [x, h] = [input('x', [32, 8]), input('h', [32, 16])]
 * const cell = { w: param('w', [8, 16], glorotUniform), u: param('u', [16, 16], glorotUniform) }
 * print(rnnCell(x, h, cell)) // tanh(x w + h u)
 */
export const rnnCell: <H extends Expr>(x: Expr, h: H, gate: Gate, activation?: RnnActivation) => H = typed(
  (x: Node, h: Node, gate: Gate, activation: RnnActivation = 'tanh') => activate(activation, ofBoth(x, h, gate)),
)

/**
 * A gated recurrent unit: z = σ(x w_z + h u_z), r = σ(x w_r + h u_r), n = tanh(x w_n + r ∘ (h u_n)), and the next state is
 * z ∘ h + (1 − z) ∘ n. Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014).
 * @example
 * const [x, h] = [input('x', [32, 8]), input('h', [32, 16])]
 * const gate = (name: string) => ({
 *   w: param(`w${name}`, [8, 16], glorotUniform),
 *   u: param(`u${name}`, [16, 16], glorotUniform),
 * })
 * console.log(gruCell(x, h, { z: gate('z'), r: gate('r'), n: gate('n') }).shape) // [ 32, 16 ]
 */
export const gruCell: <H extends Expr>(x: Expr, h: H, gates: GruGates) => H = typed(
  (x: Node, h: Node, { z, r, n }: GruGates) =>
    gruNext(h, ofBoth(x, h, r), ofBoth(x, h, z), ofInput(x, n), ofState(h, n)),
)

/**
 * A long short-term memory: i, f, o = σ(x w + h u), each with its own matrices, g = tanh(x w_g + h u_g), the next cell is
 * f ∘ c + i ∘ g and the next state o ∘ tanh of it. Hochreiter, Schmidhuber, "Long short-term memory" (1997), with the
 * forget gate of Gers, Schmidhuber, Cummins (2000).
 * @example
 * const x = input('x', [32, 8])
 * const gate = (name: string) => ({
 *   w: param(`w${name}`, [8, 16], glorotUniform),
 *   u: param(`u${name}`, [16, 16], glorotUniform),
 * })
 * const before = { h: input('h', [32, 16]), c: input('c', [32, 16]) }
 * const { h, c } = lstmCell(x, before, { i: gate('i'), f: gate('f'), o: gate('o'), g: gate('g') })
 * console.log(h.shape, c.shape) // [ 32, 16 ] [ 32, 16 ]
 */
export const lstmCell: <H extends Expr>(x: Expr, before: LstmState<H>, gates: LstmGates) => LstmState<H> = typed(
  (x: Node, { h, c }: LstmState, { i, f, o, g }: LstmGates) =>
    lstmNext([ofBoth(x, h, i), ofBoth(x, h, f), ofBoth(x, h, o), ofBoth(x, h, g)], c),
)

// ---- layers

/** The state [batch, h] of a layer over X. */
type StateOf<X extends Expr, G extends Gate> = X['shape'] extends readonly [number, infer B extends number, number]
  ? G['u']['shape'] extends readonly [infer H extends number, number]
    ? Expr<readonly [B, H], X['dtype']>
    : Node
  : Node

/** The states [time, batch, h] of all steps. */
type StatesOf<X extends Expr, G extends Gate> = X['shape'] extends readonly [
  infer T extends number,
  infer B extends number,
  number,
]
  ? G['u']['shape'] extends readonly [infer H extends number, number]
    ? Expr<readonly [T, B, H], X['dtype']>
    : Node
  : Node

export interface RecurrentOptions<State = Expr> {
  /** The state before the first step; zeros unless told. */
  readonly initial?: State
  /** From the last step to the first; the states stay at their step's place. Default false. */
  readonly reverse?: boolean
  /** What each step keeps for the way back: see `scan`. Default 'all'. */
  readonly save?: SavePolicy
}

export interface RnnOptions extends RecurrentOptions {
  /** `'tanh'` unless told. */
  readonly activation?: RnnActivation
}

/** All states, and the last one: that of the first step where the layer walks backwards. */
export interface Recurrent<States, State> {
  readonly outputs: States
  readonly last: State
}

const listed = (words: readonly string[]): string => `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

/** The extent of the state, or the error that the parameters of n gates do not fit the sequence. */
const stateExtent = (op: string, gates: number, xs: Node, { w, u, b, c }: Gate): number => {
  expecting(op, [xs, w, u, ...[b, c].filter((bias) => bias !== undefined)])
  accepting(op, 'float', xs)
  const size = u.shape[0] ?? 0
  const wide = [gates * size].join()
  const fits =
    xs.shape.length === 3 &&
    w.shape.join() === [xs.shape[2], wide].join() &&
    u.shape.join() === [size, wide].join() &&
    [b, c].every((bias) => bias === undefined || bias.shape.join() === wide)
  if (fits) return size
  const given = [xs, w, u, ...[b, c].filter((bias) => bias !== undefined)]
  const times = gates === 1 ? '' : `${gates}·`
  const wanted = ['[time,batch,e]', `[e,${times}h]`, `[h,${times}h]`, ...given.slice(3).map(() => `[${times}h]`)]
  throw shapeError(
    {
      code: 'E_SHAPE_RECURRENT',
      sentence: `${op}: ${listed(given.map((x) => showShape(x.shape)))} are not ${listed(wanted)}`,
    },
    given,
  )
}

/** Gates that stand side by side along the last axis of [batch, n·size]. */
const partsOf = (x: Node, size: number): readonly Node[] =>
  Array.from({ length: (x.shape[1] as number) / size }, (_, i) =>
    graph.slice([x], { start: [0, i * size], limit: [x.shape[0] as number, (i + 1) * size], step: [1, 1] }),
  )

const layer = <F>(
  op: string,
  gates: number,
  stateNames: readonly string[],
  next: (x: Node, state: Readonly<Record<string, Node>>, params: Gate, size: number, options: RnnOptions) => unknown,
  alone: boolean,
): F =>
  typed<F>(
    dataLast((xs, params: Gate, options: RecurrentOptions<unknown> = {}) => {
      const size = stateExtent(op, gates, xs, params)
      const zero = zeros([xs.shape[1] as number, size], xs.dtype)
      const given = alone && options.initial !== undefined ? { h: options.initial } : options.initial
      const initial = (given ?? Object.fromEntries(stateNames.map((name) => [name, zero]))) as { readonly h: Node }
      const { carry, outputs } = scan(
        (state: { readonly h: Node }, { x }: { readonly x: Node }) => {
          const carry = next(x, state, params, size, options as RnnOptions) as { readonly h: Node }
          return { carry, output: carry.h }
        },
        initial,
        { x: ofInput(xs, params) },
        { reverse: options.reverse ?? false, ...(options.save === undefined ? {} : { save: options.save }) },
      )
      return { outputs, last: alone ? carry.h : carry }
    }),
  )

/** A layer with one state: `op(xs, params, options)`, or `pipe(xs, op(params, options))`. */
export interface RecurrentLayer<Options> {
  <X extends Expr, const G extends Gate>(xs: X, params: G, options?: Options): Recurrent<StatesOf<X, G>, StateOf<X, G>>
  <const G extends Gate>(
    params: G,
    options?: Options,
  ): <X extends Expr>(xs: X) => Recurrent<StatesOf<X, G>, StateOf<X, G>>
}

/** A layer whose state is a pair. */
export interface LstmLayer<Options = RecurrentOptions<LstmState>> {
  <X extends Expr, const G extends Gate>(
    xs: X,
    params: G,
    options?: Options,
  ): Recurrent<StatesOf<X, G>, LstmState<StateOf<X, G>>>
  <const G extends Gate>(
    params: G,
    options?: Options,
  ): <X extends Expr>(xs: X) => Recurrent<StatesOf<X, G>, LstmState<StateOf<X, G>>>
}

/**
 * `rnnCell` over a sequence [time, batch, e]: w [e, h], u [h, h], biases [h]. E_SHAPE_RECURRENT.
 * @example
 * const xs = input('xs', [35, 20, 8])
 * const params = { w: param('w', [8, 16], glorotUniform), u: param('u', [16, 16], identity), b: param('b', [16], zeros) }
 * const { outputs, last } = rnn(xs, params, { activation: 'relu' })
 * console.log(outputs.shape, last.shape) // [ 35, 20, 16 ] [ 20, 16 ]
 */
export const rnn: RecurrentLayer<RnnOptions> = layer(
  'rnn',
  1,
  ['h'],
  (x, { h }, params, _size, { activation = 'tanh' }) => ({
    h: activate(activation, add(x, ofState(h as Node, params))),
  }),
  true,
)

/**
 * `gruCell` over a sequence [time, batch, e]: w [e, 3·h], u [h, 3·h], biases [3·h], of the gates r, z and n in this order (as
 * PyTorch's `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`, whose matrices are transposed). E_SHAPE_RECURRENT.
 * @example
 * const xs = input('xs', [35, 20, 8])
 * const params = { w: param('w', [8, 48], glorotUniform), u: param('u', [16, 48], glorotUniform), b: param('b', [48], zeros) }
 * console.log(pipe(xs, gru(params)).outputs.shape) // [ 35, 20, 16 ]
 */
export const gru: RecurrentLayer<RecurrentOptions> = layer(
  'gru',
  3,
  ['h'],
  (x, { h }, params, size) => {
    const [xr, xz, xn] = partsOf(x, size) as [Node, Node, Node]
    const [hr, hz, hn] = partsOf(ofState(h as Node, params), size) as [Node, Node, Node]
    return { h: gruNext(h as Node, add(xr, hr), add(xz, hz), xn, hn) }
  },
  true,
)

/**
 * `lstmCell` over a sequence [time, batch, e]: w [e, 4·h], u [h, 4·h], biases [4·h], of the gates i, f, g and o in this order
 * (as PyTorch's, whose matrices are transposed). E_SHAPE_RECURRENT.
 * @example
 * const xs = input('xs', [35, 20, 8])
 * const params = { w: param('w', [8, 64], glorotUniform), u: param('u', [16, 64], glorotUniform), b: param('b', [64], zeros) }
 * const { outputs, last } = lstm(xs, params)
 * console.log(outputs.shape, last.c.shape) // [ 35, 20, 16 ] [ 20, 16 ]
 */
export const lstm: LstmLayer = layer(
  'lstm',
  4,
  ['h', 'c'],
  (x, { h, c }, params, size) => {
    const [i, f, g, o] = partsOf(add(x, ofState(h as Node, params)), size) as [Node, Node, Node, Node]
    return lstmNext([i, f, o, g], c as Node)
  },
  false,
)

/** Something for each direction. */
export interface Directions<A> {
  readonly forward: A
  readonly backward: A
}

/** How a recurrent layer is called, as far as `bidirectional` knows. */
type AnyLayer = (xs: Node, params: Gate, options: RecurrentOptions<unknown>) => Recurrent<Node, unknown>

/** States of both directions side by side. */
type Beside<States extends Expr> = States['shape'] extends readonly [
  infer T extends number,
  infer B extends number,
  infer H extends number,
]
  ? Expr<readonly [T, B, Add<H, H>], States['dtype']>
  : Node

/**
 * A layer over a sequence from both of its ends: at each step, the state of the past beside that of the future,
 * [time, batch, 2·h]. Parameters, initial and last states are given for each direction. Schuster, Paliwal, "Bidirectional
 * recurrent neural networks" (1997).
 * @example
 * const xs = input('xs', [35, 20, 8])
 * const weights = (name: string) => ({
 *   w: param(`w ${name}`, [8, 48], glorotUniform),
 *   u: param(`u ${name}`, [16, 48], glorotUniform),
 * })
 * const both = bidirectional(gru)(xs, { forward: weights('forward'), backward: weights('backward') })
 * console.log(both.outputs.shape, both.last.backward.shape) // [ 35, 20, 32 ] [ 20, 16 ]
 */
export const bidirectional: {
  <Options extends RecurrentOptions>(
    of: RecurrentLayer<Options>,
  ): <X extends Expr, const G extends Gate>(
    xs: X,
    params: Directions<G>,
    options?: Directions<Options>,
  ) => Recurrent<Beside<StatesOf<X, G>>, Directions<StateOf<X, G>>>
  (
    of: LstmLayer,
  ): <X extends Expr, const G extends Gate>(
    xs: X,
    params: Directions<G>,
    options?: Directions<RecurrentOptions<LstmState>>,
  ) => Recurrent<Beside<StatesOf<X, G>>, Directions<LstmState<StateOf<X, G>>>>
} = typed((of: AnyLayer) => (xs: Node, params: Directions<Gate>, options?: Directions<RecurrentOptions<unknown>>) => {
  const forward = of(xs, params.forward, { ...options?.forward, reverse: false })
  const backward = of(xs, params.backward, { ...options?.backward, reverse: true })
  return {
    outputs: concat([forward.outputs, backward.outputs], -1),
    last: { forward: forward.last, backward: backward.last },
  }
})
