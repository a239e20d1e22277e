// XOR: not by a line, but by one tanh unit, given or learned, and by a network 2-8-1; never from zeros.

import { div, mul, sub, sum, square, tanh, add, matmul, transpose } from 'nabla'
import { print } from 'nabla/compiler'
import { besideSlides } from '../shared/lecture.ts'
import { check, heading, type Log, runAsMain } from '../shared/report.ts'
import { orThrow, repeat, start } from '../shared/start.ts'
import * as model from './model.ts'

const table = { 'x₁': [0, 0, 1, 1], 'x₂': [0, 1, 0, 1], xor: [0, 1, 1, 0] }
const inputs = table['x₁'].flatMap((a, i) => [a, table['x₂'][i] ?? 0])
const shown = (values: ArrayLike<number>): string =>
  Array.from(values, (y) => y.toFixed(2).replace('-', '−').padStart(6)).join('')
const isXor = (values: ArrayLike<number>, threshold: number): boolean =>
  table.xor.every((y, i) => (values[i] ?? NaN) > threshold === (y === 1))

/** y = −x₁ − x₂ + 2 tanh(x₁ + x₂), and the same unit with learned numbers. */
const oneUnit = async (log: Log) => {
  const { exclusive, notGood, x1, x2, unit, unitStep } = model
  const { entries, params } = await start({ exclusive, notGood, unit: { unit }, unitStep })
  const { 'x₁': a, 'x₂': b } = table
  const given = orThrow(entries.exclusive.call({ 'x₁': a, 'x₂': b })).exclusive.slice()
  const movie = orThrow(entries.notGood.call({ 'x₁': a, 'x₂': b })).notGood.slice()
  log(heading('One tanh unit'))
  for (const [name, values] of [
    ['x₁', a],
    ['x₂', b],
    [`y = ${print(exclusive)}`, given],
    [`y = ${print(notGood)}`, movie],
  ] as const)
    log(`  ${name.padEnd(40)}${shown(values)}`)
  check(log, 'the first is XOR at a threshold of ¼', isXor(given, 0.25))
  check(
    log,
    'the second is "good" without "not"',
    Array.from(movie, (y) => y > 0.25).join() === 'false,true,false,false',
  )

  const slope = sub(1, square(tanh(add(x1, x2))))
  const findings = besideSlides(
    log,
    { Σy: sum(notGood) },
    {
      'dy/dx₁': { by: x1, says: '−2 + 2 (1 − tanh²(x₁ + x₂))', written: sub(mul(2, slope), 2) },
      'dy/dx₂': { by: x2, says: '−1 + 2 (1 − tanh²(x₁ + x₂))', written: sub(mul(2, slope), 1) },
    },
  )

  const losses = repeat(entries.unitStep, 3000, { 'x₁': a, 'x₂': b, y: table.xor, learningRate: [0.1] })
  const learned = orThrow(entries.unit.call({ 'x₁': a, 'x₂': b })).unit.slice()
  const coefficients = ['a₁', 'a₂', 'a₃'].map((name) => params[name]?.[0] ?? NaN)
  log(`\n  learned: y = a₁x₁ + a₂x₂ + a₃ tanh(x₁ + x₂) with a =${shown(coefficients)}`)
  check(log, `it is XOR exactly: ${shown(learned)}`, (losses.at(-1) ?? 1) < 1e-6 && isXor(learned, 0.5))
  return { given, movie, learned, findings }
}

/** The network with random initial weights. */
const network = async (log: Log) => {
  const { h, loss, output, parameters, step } = model.solving
  log(heading('A network 2-8-1: h = tanh(x W₁ + b₁), y = σ(h W₂ + b₂), J the mean cross-entropy'))
  const byZ = div(sub(output, model.y), model.rows)
  const byH = mul(matmul(byZ, transpose(parameters.w2)), sub(1, square(h)))
  const findings = besideSlides(
    log,
    { J: loss },
    {
      '∂J/∂W₂': { by: parameters.w2, says: 'hᵀ(y − t) / 4', written: matmul(transpose(h), byZ) },
      '∂J/∂W₁': {
        by: parameters.w1,
        says: 'xᵀ[((y − t) W₂ᵀ / 4) ∘ (1 − h²)]',
        written: matmul(transpose(model.x), byH),
      },
    },
  )
  const { entries } = await start({ step, predict: { output } })
  const losses = repeat(entries.step, 300, { x: inputs, t: table.xor, learningRate: [0.5] })
  const outputs = orThrow(entries.predict.call({ x: inputs })).output.slice()
  log(`\n  J falls from ${losses[0]?.toFixed(3)} to ${losses.at(-1)?.toFixed(5)}`)
  check(log, `the outputs are right: ${shown(outputs)}`, isXor(outputs, 0.5))
  return { losses, outputs, findings }
}

/** Whether all units of the hidden layer have the same values. */
const areCopies = (h: ArrayLike<number>): boolean => Array.from(h).every((v, i) => v === h[i - (i % model.hidden)])

/** Trivia time: how should parameters be initialized? Not with zeros, nor with any one number. */
const sameInitials = async (log: Log) => {
  log(heading('The same network, all parameters equal at first'))
  const program = await start({ zero: model.fromZeros.step, equal: model.fromEqual.step })
  const { zero, equal } = program.entries
  const values = { x: inputs, t: table.xor, learningRate: [0.5] }
  const losses = { zero: repeat(zero, 300, values), equal: repeat(equal, 300, values) }
  const [h, copies] = [zero.outputs['h'] ?? [], equal.outputs['h'] ?? []]
  const last = (of: readonly number[]): string => (of.at(-1) ?? NaN).toFixed(3)
  check(
    log,
    `tanh from 0: hidden values are 0 and stay it, J stays ${last(losses.zero)} = ln 2`,
    Array.from(h).every((v) => v === 0),
  )
  const moved = losses.equal[0] !== losses.equal.at(-1)
  check(
    log,
    `σ from ½: J moves to ${last(losses.equal)}, but the hidden units stay copies of one`,
    moved && areCopies(copies),
  )
  return { losses, h: Array.from(h), copies: Array.from(copies) }
}

export const run = async (log: Log) => ({
  unit: await oneUnit(log),
  network: await network(log),
  sameInitials: await sameInitials(log),
})

await runAsMain(import.meta.url, run)
