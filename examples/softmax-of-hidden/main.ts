// P(y | x) = softmax(W g(V f(x))): the five steps of backpropagation, one after the other in the generated derivative.

import { matmul, mul, outer, square, sub, transpose } from 'nabla'
import { besideSlides } from '../shared/lecture.ts'
import { check, heading, type Log, runAsMain } from '../shared/report.ts'
import { repeat, start } from '../shared/start.ts'
import { e, f, label, logLikelihood, P, scores, step, V, W, z } from './model.ts'

export const run = async (log: Log) => {
  log(heading('L(x, i*) = log P(y = i* | x), P(y | x) = softmax(W g(V f(x))), g = tanh'))
  const errRoot = sub(e, P)
  const errZ = matmul(transpose(W), errRoot)
  const errA = mul(errZ, sub(1, square(z)))
  const findings = besideSlides(
    log,
    { L: logLikelihood },
    {
      'err(root)': { by: scores, says: 'step 1: e_i* − P(y | x)', written: errRoot },
      '∂L/∂W': { by: W, says: 'step 2: derivatives of W using err(root): (e_i* − P) zᵀ', written: outer(errRoot, z) },
      'err(z)': { by: z, says: 'step 3: ∂L/∂z = Wᵀ err(root)', written: errZ },
      '∂L/∂V': {
        by: V,
        says: 'step 4: derivatives of V using err(z): (err(z) ∘ g′(a)) f(x)ᵀ',
        written: outer(errA, f),
      },
      '∂L/∂f': { by: f, says: 'step 5+: continue: Vᵀ (err(z) ∘ g′(a))', written: matmul(transpose(V), errA) },
    },
    new Map([[label, [1]]]),
  )

  log(heading('Trained as a compiled step: −L of one example'))
  const { entries } = await start({ step })
  const losses = repeat(entries.step, 100, { f: [1, 0, -1, 0.5, 2], 'i*': [1], learningRate: [0.1] })
  log(`  −L falls from ${losses[0]?.toFixed(3)} to ${losses.at(-1)?.toFixed(3)}`)
  check(log, 'the likelihood of the label comes near 1', (losses.at(-1) ?? 1) < 0.05)
  return { findings, losses }
}

await runAsMain(import.meta.url, run)
