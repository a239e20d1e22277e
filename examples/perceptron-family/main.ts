// Artificial neurons from 1943 to 1986: what each computes, how it learns, and that it does.

import { mul, sigmoid, sub } from 'nabla'
import { print } from 'nabla/compiler'
import { drawUniform } from '../shared/draw.ts'
import { besideSlides } from '../shared/lecture.ts'
import { check, heading, indent, type Log, runAsMain } from '../shared/report.ts'
import { orThrow, start } from '../shared/start.ts'
import {
  adalineLoss,
  adaline as linear,
  logisticLoss,
  model,
  output,
  perceptronRule,
  t,
  totalInput,
  u,
  v,
  x,
  xj,
} from './model.ts'

const corners = [0, 1].flatMap((a) => [0, 1].map((b) => [a, b] as const))

const margin = 0.03

/** Points on both sides of the line n·x = 0, none nearer to it than the margin. */
const separable = () => {
  const normal = [0.2, 0.6, -0.775]
  const points = drawUniform([80, 2], 5)
  return Array.from({ length: 80 }, (_, i) => [1, points[2 * i] ?? 0, points[2 * i + 1] ?? 0])
    .map((p) => ({ x: p, side: p.reduce((s, a, k) => s + a * (normal[k] ?? 0), 0) / Math.hypot(...normal) }))
    .filter(({ side }) => Math.abs(side) > margin)
    .map(({ x: p, side }) => ({ x: p, t: side > 0 ? 1 : 0 }))
}

const examples = separable()

type Running = Awaited<ReturnType<typeof start<typeof model>>>

const mcCullochPitts = (log: Log, { entries }: Running) => {
  log(heading('McCulloch and Pitts, 1943: y = 1 if Σ xᵢ ≥ 0'))
  const gate = (x0: number) => corners.map((c) => orThrow(entries.mcCullochPitts.call({ x: [x0, ...c] })).y[0] ?? NaN)
  const gates = { and: gate(-2), or: gate(-1) }
  log(`  y = ${print(model.mcCullochPitts.y)}`)
  check(log, `x₀ = −2 makes it AND: ${gates.and.join(' ')}`, gates.and.join() === '0,0,0,1')
  check(log, `x₀ = −1 makes it OR:  ${gates.or.join(' ')}`, gates.or.join() === '0,1,1,1')
  return gates
}

const perceptron = (log: Log, { entries }: Running) => {
  log(heading('Perceptron, Rosenblatt 1957: y = 1 if Σ wᵢ xᵢ ≥ 0'))
  log(indent(print(perceptronRule)))
  const mistakes: number[] = []
  while (mistakes.length < 1000 && mistakes.at(-1) !== 0)
    mistakes.push(examples.filter((e) => orThrow(entries.perceptronRule.call(e)).y[0] !== e.t).length)
  const made = mistakes.reduce((a, b) => a + b, 0)
  // Novikoff, "On convergence proofs for perceptrons" (1962): at most (R/γ)² mistakes, R the longest example, γ the margin
  const bound = Math.max(...examples.map((e) => e.x.reduce((s, a) => s + a * a, 0))) / margin ** 2
  log(`  mistakes in each round over ${examples.length} separable points: ${mistakes.join(', ')}`)
  const told = `it converges, after ${made} mistakes; Novikoff's bound is ${bound.toFixed(0)}`
  check(log, told, mistakes.at(-1) === 0 && made <= bound)
  return { mistakes, bound }
}

const adaline = (log: Log, { entries, params }: Running) => {
  log(heading('Adaline, Widrow and Hoff 1960: y = Σ uᵢ xᵢ, L = ½(t − y)²'))
  const says = '−(t − y) x: the rule is u ← u + ε (t − y) x'
  const delta = { by: u, says, written: mul(sub(linear, t), x) }
  const findings = besideSlides(log, { L: adalineLoss }, { '∂L/∂u': delta })
  const plane = [0.5, -1, 2]
  const onPlane = examples.map((e) => ({ x: e.x, t: e.x.reduce((s, a, k) => s + a * (plane[k] ?? 0), 0) }))
  for (let round = 0; round < 20; round++)
    for (const e of onPlane) orThrow(entries.adalineRule.call({ ...e, learningRate: 0.2 }))
  const found = Array.from(params['u'] ?? [])
  const told = `it finds the plane that the targets lie on: ${found.map((a) => a.toFixed(3).replace('-', '−')).join(' ')}`
  check(
    log,
    told,
    found.every((a, i) => Math.abs(a - (plane[i] ?? 0)) < 1e-3),
  )
  return { found, findings }
}

const logistic = (log: Log, { entries }: Running, or: readonly number[]) => {
  log(heading('Logistic unit, Rumelhart, Hinton and Williams 1986: x_j = Σᵢ yᵢ w_ji (1), y_j = 1 / (1 + e^(−x_j)) (2)'))
  const slope = { by: xj, says: 'y_j (1 − y_j)', written: mul(sigmoid(xj), sub(1, sigmoid(xj))) }
  const byInput = besideSlides(log, { y_j: output }, { 'dy_j/dx_j': slope })
  log('')
  const y = sigmoid(totalInput)
  const rule = { by: v, says: '(y_j − d_j) y_j (1 − y_j) yᵢ', written: mul(mul(mul(sub(y, t), y), sub(1, y)), x) }
  const byWeights = besideSlides(log, { E: logisticLoss }, { '∂E/∂w': rule })
  for (let round = 0; round < 500; round++)
    for (const [i, c] of corners.entries())
      orThrow(entries.logisticRule.call({ x: [1, ...c], t: or[i] ?? 0, learningRate: 2 }))
  const learned = corners.map((c) => orThrow(entries.predict.call({ x: [1, ...c] })).y[0] ?? NaN)
  const told = `it learns OR: ${learned.map((a) => a.toFixed(2)).join(' ')}`
  check(log, told, learned.map(Math.round).join() === or.join())
  return { learned, findings: { ...byInput, ...byWeights } }
}

export const run = async (log: Log) => {
  const running = await start(model)
  const gates = mcCullochPitts(log, running)
  return {
    gates,
    perceptron: perceptron(log, running),
    adaline: adaline(log, running),
    logistic: logistic(log, running, gates.or),
  }
}

await runAsMain(import.meta.url, run)
