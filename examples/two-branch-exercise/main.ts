// The exercise "Find ∇_h₁ J, ∇_h₂ J and ∇_x J" of ŷ = softmax(W₃(h₁ + h₂) + b₃), h₁ = σ(W₁x + b₁), h₂ = relu(W₂x + b₂).
// By hand, for an example as a column: ∇_h₁ J = ∇_h₂ J = 1/N W₃ᵀ(ŷ − y), and both paths to x add up:
// ∇_x J = W₁ᵀ(∇_h₁ J ∘ h₁ ∘ (1 − h₁)) + W₂ᵀ(∇_h₂ J ∘ 1[h₂ > 0]). As rows, every product is transposed.

import { add, div, greater, matmul, mul, sub, where } from 'nabla'
import { besideSlides } from '../shared/lecture.ts'
import { check, heading, type Log, runAsMain } from '../shared/report.ts'
import { repeat, start } from '../shared/start.ts'
import { h1, h2, J, label, N, prediction, step, W1, W2, W3, x, y } from './model.ts'

const classes = [0, 1, 2, 0, 1, 2, 0, 1]

export const run = async (log: Log) => {
  log(heading('J = −1/N Σⱼ Σᵢ yⱼⁱ log ŷⱼⁱ, ŷ = softmax(W₃(h₁ + h₂) + b₃)'))
  const byH = div(matmul(sub(prediction, y), W3), N)
  const byX = add(matmul(where(greater(h2, 0), byH, 0), W2), matmul(mul(mul(byH, h1), sub(1, h1)), W1))
  const findings = besideSlides(
    log,
    { J },
    {
      '∇_h₁ J': { by: h1, says: '1/N W₃ᵀ(ŷ − y)', written: byH },
      '∇_h₂ J': { by: h2, says: '1/N W₃ᵀ(ŷ − y)', written: byH },
      '∇_x J': { by: x, says: 'W₁ᵀ(∇_h₁ J ∘ h₁ ∘ (1 − h₁)) + W₂ᵀ(∇_h₂ J ∘ 1[h₂ > 0])', written: byX },
    },
    new Map([[label, classes]]),
  )

  log(heading('Trained as a compiled step on N examples'))
  const { entries } = await start({ step })
  const examples = Array.from({ length: x.shape[0] * x.shape[1] }, (_, i) => Math.sin(i * i))
  const losses = repeat(entries.step, 400, { x: examples, y: classes, learningRate: [0.5] })
  log(`  J falls from ${losses[0]?.toFixed(3)} to ${losses.at(-1)?.toFixed(3)}`)
  check(log, 'the labels of all N are learned', (losses.at(-1) ?? 1) < 0.05)
  return { findings, losses }
}

await runAsMain(import.meta.url, run)
