// The losses and penalties of the lectures, each with its derivative.

import { dot, type Expr, greater, input, mul, neg, oneHot, sign, softmax, sub, where } from 'nabla'
import { grad, print } from 'nabla/compiler'
import { differenceOf } from '../shared/differences.ts'
import { besideSlides } from '../shared/lecture.ts'
import { check, heading, indent, type Log, runAsMain } from '../shared/report.ts'
import { orThrow, start } from '../shared/start.ts'
import * as m from './model.ts'

const classification = (log: Log) => {
  log(heading('Softmax and cross-entropy: CE(y, ŷ) = −Σᵢ yᵢ log ŷᵢ, ŷ = softmax(θ)'))
  const error = { by: m.theta, says: 'ŷ − y', written: sub(m.prediction, m.y) }
  const ce = besideSlides(log, { CE: m.softmaxCrossEntropy }, { '∂CE/∂θ': error }, new Map([[m.label, [2]]]))

  log(heading('Negative log-likelihood: −Σᵢ log P(y⁽ⁱ⁾ | x⁽ⁱ⁾)'))
  const errors = sub(softmax(m.scores), oneHot(m.labels, m.classes))
  const rows = { by: m.scores, says: 'P − e, an example a row', written: errors }
  const nll = besideSlides(log, { L: m.negativeLogLikelihood }, { '∂L/∂Θ': rows }, new Map([[m.labels, [0, 2, 1, 1]]]))

  log(heading('Max-margin: J = max(0, 1 − s + s_c)'))
  const missed = where(greater(m.maxMargin, 0), 1, 0)
  const margin = besideSlides(
    log,
    { J: m.maxMargin },
    {
      '∂J/∂s_c': { by: m.sc, says: '1 where the margin is missed, else 0', written: missed },
      '∂J/∂s': { by: m.s, says: '−1 where the margin is missed, else 0', written: neg(missed) },
    },
  )
  return { ...ce, ...nll, ...margin }
}

const regression = (log: Log) => {
  const away = sub(m.output, m.target)
  log(heading('L2: ‖o − t‖²'))
  const l2 = besideSlides(log, { L2: m.l2 }, { '∂L2/∂o': { by: m.output, says: '2 (o − t)', written: mul(2, away) } })
  log(heading('L1: Σ |o − t|'))
  const l1 = besideSlides(log, { L1: m.l1 }, { '∂L1/∂o': { by: m.output, says: 'sign(o − t)', written: sign(away) } })
  return { ...l2, ...l1 }
}

const penalties = (log: Log) => {
  log(heading('L2 penalty: λ/2 wᵀw'))
  const l2 = { by: m.w, says: 'λ w', written: mul(m.lambda, m.w) }
  const first = besideSlides(log, { 'Ω₂': m.l2Penalty }, { '∂Ω₂/∂w': l2 })
  log(heading('L1 penalty: λ Σ |w|'))
  const l1 = { by: m.w, says: 'λ sign(w)', written: mul(m.lambda, sign(m.w)) }
  const second = besideSlides(log, { 'Ω₁': m.l1Penalty }, { '∂Ω₁/∂w': l1 })
  return { ...first, ...second }
}

/** Max-norm holds ‖w‖ at c or below; a shorter w passes as it is, and so does its cotangent. */
const maxNorm = async (log: Log) => {
  log(heading('Max-norm: after a step, w is scaled down to norm c where it is longer'))
  const along = input('u', [5])
  const f = dot(along, m.maxNorm)
  const derivative = grad(f, m.w)
  log(`${indent(print({ 'uᵀ held(w)': f, '∂/∂w': derivative }))}\n`)
  const w = [0.5, -1, 2, 0.1, -0.25]
  for (const [c, comparison] of [
    [1, 'longer'],
    [3, 'shorter'],
  ] as const) {
    const given = new Map<Expr, readonly number[]>([
      [m.c, [c]],
      [m.w, w],
    ])
    const difference = differenceOf(f, m.w, derivative, given)
    check(
      log,
      `where w is ${comparison} than c, ${difference.toExponential(0)} from central differences`,
      difference < 1e-6,
    )
  }
  const { entries, params } = await start({ step: m.maxNormStep })
  const norms = Array.from({ length: 5 }, () => {
    orThrow(entries.step.call({ g: [-1, 0, -1, 0, 1], c: 2 }))
    return Math.hypot(...(params['w'] ?? []))
  })
  check(
    log,
    `steps that lengthen w leave its norm at c: ${norms.map((n) => n.toFixed(3)).join(' ')}`,
    norms.every((n) => n < 2 + 1e-6),
  )
  return { norms }
}

export const run = async (log: Log) => ({
  findings: { ...classification(log), ...regression(log), ...penalties(log) },
  ...(await maxNorm(log)),
})

await runAsMain(import.meta.url, run)
