// Multiclass logistic regression: ∂L/∂W = (e_i* − P) zᵀ, from the likelihood in either of the slides' forms.

import { div, matmul, oneHot, outer, softmax, sub, transpose } from 'nabla'
import { print } from 'nabla/compiler'
import { accuracy } from 'nabla/runtime'
import { drawUniform } from '../shared/draw.ts'
import { besideSlides } from '../shared/lecture.ts'
import { check, heading, indent, type Log, runAsMain } from '../shared/report.ts'
import { orThrow, start } from '../shared/start.ts'
import {
  batch,
  classes,
  e,
  features,
  label,
  labels,
  logLikelihood,
  loss,
  multipliedOut,
  P,
  predicted,
  scores,
  step,
  W,
  Z,
  z,
} from './model.ts'

/** Examples of three classes: the middle of a class is 2 at its own feature, and 0 elsewhere. */
const examples = (count: number, seed: number) => {
  const y = Int32Array.from({ length: count }, (_, i) => i % classes)
  const noise = drawUniform([count, features], seed)
  const rows = Float32Array.from(noise, (u, i) => u + (i % features === y[Math.floor(i / features)] ? 2 : 0))
  return { Z: rows, labels: y }
}

export const run = async (log: Log) => {
  log(heading('L(x, i*) = log(softmax(Wz) · e_i*)'))
  log(`${indent(print({ 'as written': logLikelihood }))}\n`)
  const slide = {
    by: W,
    // (1 − P(y = i | x)) zⱼ in the row i = i*, −P(y = i | x) zⱼ in the others
    says: '(e_i* − P(y | x)) zᵀ',
    written: outer(sub(e, P), z),
  }
  const given = new Map([[label, [1]]])
  const first = besideSlides(log, { L: logLikelihood }, { '∂L/∂W': slide }, given)

  log(heading('L(x, i*) = Wz · e_i* − log Σⱼ exp(Wz) · eⱼ'))
  const second = besideSlides(log, { L: multipliedOut }, { '∂L/∂W': slide }, given)

  log(heading('The negative log-likelihood of a batch'))
  const error = sub(softmax(scores), oneHot(labels, classes))
  const third = besideSlides(
    log,
    { J: loss },
    { '∂J/∂W': { by: W, says: '1/m Σⱼ (P − e_i*) zᵀ', written: div(matmul(transpose(error), Z), batch) } },
    new Map([[labels, examples(batch, 1).labels]]),
  )

  log(heading('Trained as a compiled step'))
  const { entries } = await start({ step, predict: { predicted } })
  const [seen, held] = [examples(batch, 1), examples(batch, 2)]
  const losses = Array.from(
    { length: 100 },
    () => orThrow(entries.step.call({ ...seen, learningRate: 1 })).loss[0] ?? NaN,
  )
  const right = accuracy(orThrow(entries.predict.call({ Z: held.Z })).predicted, held.labels)
  log(`  J falls from ${losses[0]?.toFixed(3)} to ${losses.at(-1)?.toFixed(3)}`)
  check(log, `${batch} held-out examples: ${100 * right} % right`, right > 0.9)
  return {
    findings: { 'log softmax': first['∂L/∂W'], 'multiplied out': second['∂L/∂W'], 'of a batch': third['∂J/∂W'] },
    losses,
    accuracy: right,
  }
}

await runAsMain(import.meta.url, run)
