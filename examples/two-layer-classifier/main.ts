// h₁ = σ(xW₁ + b₁), ŷ = softmax(h₁W₂ + b₂), J = CE(ŷ, y): all gradients as on the slides, shapes included.

import { matmul, mul, sub, transpose } from 'nabla'
import { besideSlides } from '../shared/lecture.ts'
import { check, heading, type Log, runAsMain } from '../shared/report.ts'
import { repeat, start } from '../shared/start.ts'
import { b1, b2, h1, J, label, prediction, step, theta, W1, W2, x, y, z1 } from './model.ts'

export const run = async (log: Log) => {
  log(heading('h₁ = σ(xW₁ + b₁), ŷ = softmax(h₁W₂ + b₂), J = CE(ŷ, y)'))

  // the slides' own steps, by hand
  const error = sub(prediction, y)
  const delta1 = matmul(error, transpose(W2))
  const delta2 = mul(mul(delta1, h1), sub(1, h1))
  const findings = besideSlides(
    log,
    { J },
    {
      '∂J/∂θ': { by: theta, says: 'ŷ − y', written: error },
      'δ₁': { by: h1, says: '∂J/∂h₁ = (ŷ − y)W₂ᵀ ∈ ℝ^Dz', written: delta1 },
      'δ₂': { by: z1, says: '∂J/∂z₁ = δ₁ ∘ h₁ ∘ (1 − h₁) ∈ ℝ^Dz', written: delta2 },
      '∂J/∂x': { by: x, says: 'δ₂W₁ᵀ ∈ ℝ^Dx', written: matmul(delta2, transpose(W1)) },
      '∂J/∂W₁': { by: W1, says: 'xᵀδ₂ ∈ ℝ^(Dx×Dz)', written: matmul(transpose(x), delta2) },
      '∂J/∂b₁': { by: b1, says: 'δ₂', written: delta2 },
      '∂J/∂W₂': { by: W2, says: 'h₁ᵀ(ŷ − y) ∈ ℝ^(Dz×Dy)', written: matmul(transpose(h1), error) },
      '∂J/∂b₂': { by: b2, says: 'ŷ − y', written: error },
    },
    new Map([[label, [2]]]),
  )

  log(heading('Trained as a compiled step on one example'))
  const { entries } = await start({ step })
  const losses = repeat(entries.step, 100, { x: [1, -1, 0.5, 0, 2], y: [2], learningRate: [0.5] })
  log(`  J falls from ${losses[0]?.toFixed(3)} to ${losses.at(-1)?.toFixed(3)}`)
  check(log, 'a network that works can bring the loss of a small subset near 0', (losses.at(-1) ?? 1) < 0.05)
  return { findings, losses }
}

await runAsMain(import.meta.url, run)
