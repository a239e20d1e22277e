// The δ rule: ∂L/∂w_ij = oᵢ δⱼ, with δⱼ = (oⱼ − tⱼ) oⱼ (1 − oⱼ) for output neurons and (Σₗ δₗ w_jl) oⱼ (1 − oⱼ) otherwise.

import { matmul, mul, outer, sub, transpose } from 'nabla'
import { besideSlides } from '../shared/lecture.ts'
import { check, heading, type Log, runAsMain } from '../shared/report.ts'
import { repeat, start } from '../shared/start.ts'
import { inp1, inp2, loss, o, step, t, W1, W2, x, y } from './model.ts'

export const run = async (log: Log) => {
  log(heading('Backprop for MLPs: L = ½(t − y)², o_j = σ(inp_j), inp_j = Σₖ w_kj oₖ'))
  const outputDelta = mul(mul(sub(y, t), y), sub(1, y))
  const hiddenDelta = mul(mul(matmul(outputDelta, transpose(W2)), o), sub(1, o))
  const findings = besideSlides(
    log,
    { L: loss },
    {
      'δ₂': { by: inp2, says: 'δⱼ = (oⱼ − tⱼ) oⱼ (1 − oⱼ) if j is an output neuron', written: outputDelta },
      'δ₁': { by: inp1, says: 'δⱼ = (Σₗ δₗ w_jl) oⱼ (1 − oⱼ) otherwise', written: hiddenDelta },
      '∂L/∂W₂': { by: W2, says: '∂L/∂w_ij = oᵢ δⱼ', written: outer(o, outputDelta) },
      '∂L/∂W₁': { by: W1, says: '∂L/∂w_ij = oᵢ δⱼ, where the inputs are the first oᵢ', written: outer(x, hiddenDelta) },
    },
  )

  log(heading('Trained as a compiled step: L of one example'))
  const { entries } = await start({ step })
  const losses = repeat(entries.step, 400, { x: [1, 0.5, -1], t: [0.9, 0.1], learningRate: [1] })
  log(`  L falls from ${losses[0]?.toFixed(4)} to ${losses.at(-1)?.toExponential(1)}`)
  check(log, 'the outputs come to their targets', (losses.at(-1) ?? 1) < 1e-4)
  return { findings, losses }
}

await runAsMain(import.meta.url, run)
