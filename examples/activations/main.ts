// The activation functions of the lectures, each with its derivative, and a picture of both in out/activations.svg.

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  add,
  div,
  equal,
  greater,
  greaterEqual,
  input,
  lessEqual,
  logicalAnd,
  max,
  mul,
  square,
  sub,
  sum,
  where,
} from 'nabla'
import { grad } from 'nabla/compiler'
import { multiplesSvg, type Plot } from '../drawing/multiples.ts'
import { blue, orange } from '../drawing/svg.ts'
import { besideSlides, type Finding } from '../shared/lecture.ts'
import { check, heading, type Log, runAsMain } from '../shared/report.ts'
import { orThrow, start } from '../shared/start.ts'
import { activations, lines, model, slope, x } from './model.ts'

const { w, b } = lines
const atLines = add(mul(x, w), b)
const greatest = where(equal(atLines, max(atLines, -1, { keepDims: true })), 1, 0)
const { sigmoid, tanh, relu, prelu } = model

const slides = {
  sigmoid: { name: 'σ', f: 'σ(x) = 1 / (1 + e⁻ˣ)', says: 'σ(x) (1 − σ(x))', written: mul(sigmoid, sub(1, sigmoid)) },
  tanh: { name: 'tanh', f: 'tanh(x) = 2σ(2x) − 1', says: '1 − tanh²(x)', written: sub(1, square(tanh)) },
  relu: { name: 'ReLU', f: 'max(0, x)', says: '1 where x > 0, else 0', written: where(greater(relu, 0), 1, 0) },
  leakyRelu: {
    name: 'Leaky ReLU',
    f: 'max(αx, x), α = 0.1',
    says: '1 where x > 0, else α',
    written: where(greater(x, 0), 1, 0.1),
  },
  prelu: {
    name: 'PReLU',
    f: 'max(ax, x), a learned; here ¼',
    says: '1 where x > 0, else a',
    written: where(greater(x, 0), 1, slope),
  },
  maxout: {
    name: 'Maxout',
    f: 'maxᵢ (wᵢx + bᵢ), here of three lines',
    says: 'wᵢ of the greatest (of a tie, their mean)',
    written: sum(mul(w, div(greatest, sum(greatest, -1, { keepDims: true })))),
  },
  hardTanh: {
    name: 'Hard tanh',
    f: 'x, held between −1 and 1',
    says: '1 where −1 ≤ x ≤ 1, else 0',
    written: where(logicalAnd(greaterEqual(x, -1), lessEqual(x, 1)), 1, 0),
  },
  cube: { name: 'Cube', f: 'x³', says: '3x²', written: mul(3, square(x)) },
} as const

type Name = keyof typeof slides
const names = Object.keys(slides) as readonly Name[]

const derivatives = (log: Log): Readonly<Record<Name, Finding>> =>
  Object.fromEntries(
    names.map((key) => {
      const { name, f, says, written } = slides[key]
      log(heading(`${name}: ${f}`))
      return [key, besideSlides(log, { 'f(x)': model[key] }, { 'f′(x)': { by: x, says, written } })['f′(x)']]
    }),
  ) as Record<Name, Finding>

/** Each function and its derivative at many points, by a compiled artifact, as plots. */
const plots = async (): Promise<readonly Plot[]> => {
  const count = 481
  const xs = input('x', [count])
  const all = activations(xs)
  const slopes = Object.fromEntries(names.map((key) => [key, grad(sum(all[key]), xs)]))
  const { entries } = await start({ values: all, slopes })
  const at = Float32Array.from({ length: count }, (_, i) => -3 + (6 * i) / (count - 1))
  const values = orThrow(entries.values.call({ x: at }))
  const derived = orThrow(entries.slopes.call({ x: at }))
  const points = (ys: ArrayLike<number> | undefined) => Array.from(at, (a, i) => [a, ys?.[i] ?? NaN] as const)
  return names.map((key) => ({
    title: slides[key].name,
    subtitle: slides[key].f,
    curves: [
      { label: 'f(x)', colour: blue, points: points(values[key]) },
      { label: 'f′(x)', colour: orange, points: points(derived[key]) },
    ],
  }))
}

export const picture = fileURLToPath(new URL('../../out/activations.svg', import.meta.url))

export const run = async (log: Log) => {
  const findings = derivatives(log)
  log(heading('The slope of PReLU is learned'))
  const bySlope = { by: slope, says: 'x where x ≤ 0, else 0', written: where(greater(x, 0), 0, x) }
  const learned = besideSlides(log, { 'f(x)': prelu }, { 'df/da': bySlope }, new Map([[x, [-0.7]]]))

  const drawn = await plots()
  const svg = multiplesSvg({
    title: 'Activation functions and their derivatives',
    subtitle: 'computed by a compiled artifact; the derivatives are generated',
    columns: 4,
    x: [-3, 3],
    y: [-2, 3],
    steepest: 40,
    plots: drawn,
  })
  await mkdir(dirname(picture), { recursive: true })
  await writeFile(picture, svg)
  check(log, `plotted ${drawn.length} functions with their derivatives: out/activations.svg`, drawn.length === 8)
  return { findings, learned: learned['df/da'], svg, plots: drawn }
}

await runAsMain(import.meta.url, run)
