// GRU and LSTM: derivatives through time, compared with central differences; the true-or-false questions of the slides, each
// answered by a computation; and both trained to tell the first of many vectors.

import { constant, type Expr, full, input, type Node, sum } from 'nabla'
import { grad, interpret, print, type Scalar, type Tensor, tensor } from 'nabla/compiler'
import { differenceOf, type Given } from '../shared/differences.ts'
import { drawUniform } from '../shared/draw.ts'
import { check, heading, indent, type Log, runAsMain } from '../shared/report.ts'
import { orThrow, start } from '../shared/start.ts'
import { entriesOf, type Gate, gruStep, kinds, lstmStep, type Sizes, small } from './model.ts'

type Kind = keyof typeof kinds

const paramsBelow = (root: Expr): readonly Expr[] => {
  const seen = new Set<Expr>([root])
  for (const e of seen) for (const i of e.ins) seen.add(i)
  return [...seen].filter((e) => e.op === 'param').toSorted((a, b) => a.id - b.id)
}

/** The greatest distance of the gradients by all matrices from central differences, in double precision. */
const derivatives = (log: Log, kind: Kind): number => {
  const { J, y } = kinds[kind](small, 'f64')
  const given: Given = new Map([[y, [2, 0]]])
  const found = paramsBelow(J).map((p) => differenceOf(J, p, grad(J, p), given))
  const worst = Math.max(...found)
  log(heading(`${kind.toUpperCase()}: J and its derivatives, ${found.length} of them, from one loop`))
  log(indent(print({ J })))
  check(log, `central differences agree to ${worst.toExponential(0)}`, worst < 1e-7)
  return worst
}

// ---- true or false

const hidden = 3

/** A matrix of x that makes a gate's argument a, whatever h is. */
const fixed = (a: number): Gate => ({ W: full([1, hidden], a, 'f64'), U: full([hidden, hidden], 0, 'f64') })

const drawnGate = (seed: number): Gate => {
  const matrix = (n: number, rows: number): Expr =>
    constant(Float64Array.from(drawUniform([rows, hidden], n)), [rows, hidden], 'f64')
  return { W: matrix(seed, 1), U: matrix(seed + 1, hidden) }
}

const x: Node = input('x', [1, 1], 'f64')
const [h, c]: readonly [Node, Node] = [input('h', [1, hidden], 'f64'), input('c', [1, hidden], 'f64')]

const values = new Map<Expr, Tensor>([
  [x, tensor('f64', [1, 1], [1])],
  [h, tensor('f64', [1, hidden], [0.4, -0.7, 0.2])],
  [c, tensor('f64', [1, hidden], [-0.3, 0.5, 0.9])],
])

const numbers = (e: Expr): readonly number[] => Array.from(interpret([e], values)[0]?.data ?? [])

const apart = (p: readonly number[], q: readonly number[]): number =>
  Math.max(...p.map((v, k) => Math.abs(v - (q[k] ?? NaN))))

/** How much the sum of an expression changes with another one, at most. */
const slope = (of: Expr, by: Expr): number => Math.max(...numbers(grad(sum(of) as Scalar, by)).map(Math.abs))

const statements = (log: Log) => {
  log(heading('True or false'))
  const keeping = gruStep(x, h, fixed(30), drawnGate(1), drawnGate(3))
  const kept = apart(numbers(keeping.h), numbers(h))
  check(log, 'true: where the update gate z is close to 1, the state is not updated significantly', kept < 1e-9)

  const forgetting = gruStep(x, h, fixed(-30), fixed(-30), drawnGate(3))
  const remembered = slope(forgetting.h, h)
  check(log, 'false: where z and r are close to 0, the past state is remembered well', remembered < 1e-9)

  const [i, o, memory] = [drawnGate(5), drawnGate(7), drawnGate(9)]
  const closed = lstmStep(x, h, c, i, fixed(-30), o, memory)
  const [throughCell, throughState] = [slope(closed.c, c), slope(closed.c, h)]
  check(
    log,
    'false: where f is close to 0, no error is propagated to earlier steps (it goes by i and c̃)',
    throughCell < 1e-9 && throughState > 1e-2,
  )

  const gates = lstmStep(x, h, c, i, drawnGate(11), o, memory)
  const entries = [gates.i, gates.f, gates.o].map(numbers)
  check(
    log,
    'true: the entries of f, i and o are non-negative',
    entries.flat().every((v) => v > 0 && v < 1),
  )
  const sums = entries.map((g) => g.reduce((total, v) => total + v, 0))
  check(
    log,
    `false: f, i and o are probability distributions (their sums are ${sums.map((v) => v.toFixed(2)).join(', ')})`,
    sums.every((v) => Math.abs(v - 1) > 1e-3),
  )
  return { kept, remembered, throughCell, throughState, sums }
}

// ---- remembering

const sizes: Sizes = { steps: 20, batch: 32, features: 3, hidden: 16, classes: 3 }

/** Sequences that begin with the vector of a class and go on with noise. */
const task = (seed: number) => {
  const { steps, batch, features, classes } = sizes
  const y = Int32Array.from(drawUniform([batch], seed, 0, classes), Math.floor)
  const noise = drawUniform([steps, batch, features], seed + 1, -0.5, 0.5)
  const values = Float32Array.from(noise, (v, k) => {
    const [sequence, feature] = [Math.floor(k / features) % batch, k % features]
    return k < batch * features ? Number(y[sequence] === feature) : v
  })
  return { x: values, y }
}

const remembering = async (log: Log, kind: Kind) => {
  const { entries } = await start(entriesOf(kind, sizes))
  const losses: number[] = []
  for (let k = 0; k < 200; k++) {
    const { loss } = orThrow(entries.step.call({ ...task(2 * k + 100), learningRate: [0.01] }))
    losses.push(loss[0] ?? NaN)
  }
  const tests = [1, 2, 3, 4].map((k) => task(100_000 + 2 * k))
  const right = tests.flatMap((t) => {
    const { prediction } = orThrow(entries.predict.call(t))
    return Array.from(t.y, (label, n) => {
      const row = Array.from(prediction.slice(n * sizes.classes, (n + 1) * sizes.classes))
      return row.indexOf(Math.max(...row)) === label
    })
  })
  const accuracy = right.filter(Boolean).length / right.length
  log(
    `  ${kind.padEnd(4)}  J ${losses[0]?.toFixed(3)} → ${losses.at(-1)?.toFixed(3)}   right ${(100 * accuracy).toFixed(1)} %`,
  )
  check(log, 'it remembers', accuracy > 0.95)
  return { losses, accuracy }
}

export const run = async (log: Log) => {
  const differences = { gru: derivatives(log, 'gru'), lstm: derivatives(log, 'lstm') }
  const answers = statements(log)
  log(heading(`Which of ${sizes.classes} vectors came first, ${sizes.steps} steps ago?`))
  return {
    differences,
    answers,
    gru: await remembering(log, 'gru'),
    lstm: await remembering(log, 'lstm'),
  }
}

await runAsMain(import.meta.url, run)
