// The exercise "Calculate ∇_W J and ∇_b J" of J = ½‖h₁ − h₂‖² + λ/2 ‖W‖², h_i = σ(W x_i + b).
// By hand: with δ₁ = (h₁ − h₂) ∘ h₁ ∘ (1 − h₁) and δ₂ = (h₂ − h₁) ∘ h₂ ∘ (1 − h₂),
// ∇_W J = δ₁ x₁ᵀ + δ₂ x₂ᵀ + λW and ∇_b J = δ₁ + δ₂: W and b are shared, so both paths add up.

import { add, mul, outer, sub } from 'nabla'
import { besideSlides } from '../shared/lecture.ts'
import { check, heading, type Log, runAsMain } from '../shared/report.ts'
import { repeat, start } from '../shared/start.ts'
import { b, h1, h2, J, lambda, step, W, x1, x2 } from './model.ts'

export const run = async (log: Log) => {
  log(heading('J = ½‖h₁ − h₂‖² + λ/2 ‖W‖², h₁ = σ(Wx₁ + b), h₂ = σ(Wx₂ + b)'))
  const delta1 = mul(mul(sub(h1, h2), h1), sub(1, h1))
  const delta2 = mul(mul(sub(h2, h1), h2), sub(1, h2))
  const byW = add(mul(W, lambda), add(outer(delta2, x2), outer(delta1, x1)))
  const findings = besideSlides(
    log,
    { J },
    {
      '∇_W J': { by: W, says: 'δ₁x₁ᵀ + δ₂x₂ᵀ + λW', written: byW },
      '∇_b J': { by: b, says: 'δ₁ + δ₂', written: add(delta1, delta2) },
    },
  )

  log(heading('Trained as a compiled step: two words that shall be similar'))
  const { entries } = await start({ step })
  const values = { 'x₁': [1, 0, -1, 0.5, 2], 'x₂': [-1, 1, 0, 0.5, -2], λ: [0.001], learningRate: [0.5] }
  const losses = repeat(entries.step, 200, values)
  log(`  J falls from ${losses[0]?.toFixed(4)} to ${losses.at(-1)?.toFixed(4)}`)
  check(log, 'the activations come together', (losses.at(-1) ?? 1) < (losses[0] ?? 0) / 10)
  return { findings, losses }
}

await runAsMain(import.meta.url, run)
