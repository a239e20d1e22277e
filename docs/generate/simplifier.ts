/**
 * docs/simplifier.md: the table of rules as a page. In: the table. Out: how the simplifier works, and every rule with its label and law.
 * Invariant: a rule is described by what it states itself.
 */
import { type Family, families, rules } from '../../compiler/simplify/simplify.ts'
import type { Label } from '../../src/ops/signature.ts'
import { checklist, type Section } from './checklist.ts'
import { code, type Page, table } from './page.ts'

/** What each label promises, and when rules of that label are used. */
const labels: Readonly<Record<Label, readonly [promise: string, used: string]>> = {
  always: ['Equal bit for bit, NaN and infinities included (the sign and payload of a NaN aside).', 'always'],
  zeroSign: ['Equal bit for bit, but for the sign of a result that is zero.', 'always'],
  refines: [
    'For finite operands the same real number, with fewer roundings, or without an overflow, underflow or cancellation on the way; the terms of one sum or product may be taken in another order.',
    'always',
  ],
  finite: [
    'Equal unless an operand is NaN or infinite (the sign of a zero aside).',
    'where the operands cannot be NaN or infinite, whatever the inputs are',
  ],
  reassociates: ['Equal up to rounding.', 'with `fastMath`'],
}

const family = ({ title, rules: members }: Family): string =>
  `### ${title}\n\n${table(
    ['rule', 'label', 'law'],
    members.map((r) => [code(r.name), r.when, r.law]),
  )}`

const section = ({ title, entries }: Section): string =>
  `### ${title}\n\n${table(
    ['what', 'rules', 'remarks'],
    entries.map((e) => [e.law, e.rules.map(code).join(' '), e.note ?? '']),
  )}`

const used = (label: Label): number => rules.filter((r) => r.when === label).length

const head = `The simplifier rewrites expressions into cheaper and more stable ones of the same value. It runs before
differentiation, after it, and once more on everything that is compiled together. It is pure: expressions in, expressions out.

\`\`\`ts
import { add, div, exp, input, log, mean, mul, neg, oneHot, sigmoid, square, sub, sum } from 'nabla'
import { grad, print, simplify } from 'nabla/compiler'
\`\`\`

\`\`\`ts
const x = input('x', [3])
console.log(print(simplify(log(add(1, exp(x)))))) // softplus(x)
console.log(print(simplify(div(exp(x), sum(exp(x)))))) // softmax(x)
console.log(print(simplify(neg(sub(mul(2, x), 1))))) // 1 − 2 · x
\`\`\`

The measure is the textbook: a derivative has no more operations than a careful person writes, and \`test/simplify/textbook.test.ts\`
counts them. Whichever way a loss is written, its gradient is the same:

\`\`\`ts continue
const z = input('z', [128, 10])
const y = input('y', [128], 'i32')
const naive = div(exp(z), sum(exp(z), 1, { keepDims: true }))
const loss = neg(mean(sum(mul(oneHot(y, 10), log(naive)), 1)))
console.log(print(simplify(loss))) // mean(crossEntropy(z, y))
console.log(print(grad(loss, z))) // (softmax(z) − onehot(y)) / 128
const s = input('s', [])
console.log(print(grad(log(sub(1, sigmoid(s))), s))) // −σ(s)
console.log(print(grad(mean(square(sub(x, 1))), x))) // 0.6666667 · (x − 1)
\`\`\`

## How far a rule holds

Each rule has a label that says how far its two sides are equal. \`test/simplify/rules.test.ts\` holds every rule to its label, in f32 and
f64, on tensors of unequal ranks, with extents of 1, and with ±0, ±∞, NaN, subnormals and numbers near overflow among the elements as
the label demands.

${table(
  ['label', 'rules', 'promise', 'used'],
  (Object.keys(labels) as Label[]).map((label) => [label, String(used(label)), ...labels[label]]),
)}

What \`refines\` does not promise, precisely:

- A NaN operand gives NaN as long as the replacement depends on it. A factor that cancels, and a row of a softmax that sums to 1, are
  gone, and with them the NaN that they might have held.
- For an infinite operand the result is the limit, or NaN.
- A literal that leaves a sum, Σ(c · x) → c · Σ x, moves the place where the sum overflows by the factor c.
- Labels are in range. \`oneHot\` gives a row of zeros for a label that is not; \`crossEntropy\`, into which Σ onehot(y) · log softmax(z) turns,
  does not know such a row. A \`gather\` by such a label takes the nearest class; \`crossEntropy\`, into which log softmax(z)[y] turns, takes none.
- x / √(Σ x²) is NaN at 0, and becomes 0: so the gradient of a norm is 0 there.
- x / x and x − x are NaN for some x. They cancel only beside something that is computed from x: log(x) + x / x becomes log(x) + 1, and a
  NaN of x is still seen. exp(log x) / x becomes 1 for x ≥ 0, also at 0, and stays NaN below.
- σ(logit p) is NaN outside of [0, 1] and becomes p; softplus(log x) is NaN below 0 and becomes log1p(x).

Facts that hold for every input are derived from the ops (\`compiler/simplify/facts.ts\`): a one-hot row, a literal, the tanh of something
finite are finite; an exponential, a sigmoid and a softmax are positive.

## Why it ends

Every rule lowers the cost of \`compiler/simplify/cost.ts\`: a pair of numbers, compared like words in a dictionary.

- **work**: for each application a weight for each element that it walks, as if nothing were shared.
- **order**: among forms of equal work, signs stand outside of products, and literals on their side: \`2 · x\`, \`1 + x\`, \`max(x, 0)\`, \`x > 0\`.

Both are monotone in every operand, so a smaller part makes a smaller whole, and no endless sequence of rewritings exists. The tests check
the cost of every rule's examples under many weights of their leaves.

Operands are settled before their users, each node once a round. A rule that pays only where a value is not used elsewhere asks for that, and
rounds are repeated until nothing fires; so the result of simplification simplifies to itself. The work is near linear in the size of the graph,
and no step recurses: a chain of 100,000 applications is fine.

Two things need more than one node, and stand beside the rules. Applications that differ in the order of their operands alone, x · y and y · x,
become one (\`mul-commute\` in the report). And a sign goes where every way from it, through products, sums and movements, ends at an addition, a
subtraction or an even function, which takes it up for nothing (\`sign-absorb\`): that is how (h₂ − h₁) is spared where (h₁ − h₂) is there.

## Adding a rule

A law between applications is an identity of its op's definition, or a line of \`laws\` in \`compiler/simplify/rules/stability.ts\`; a rule that looks
at shapes or parameters is a value of type \`Rule\` in a file of \`compiler/simplify/rules\`, listed at its end, with its examples. The tests find it there.

## The rules

In the order in which they are tried.
`

const lists = `
## What other compilers rewrite

What PyTensor, XLA, StableHLO and JAX do, entry by entry: the rules that do it here, and where something else does it, or why nothing does.
`

export const simplifierPage: Page = {
  file: 'simplifier.md',
  title: 'The simplifier',
  body: () => [head.trim(), ...families.map(family), lists.trim(), ...checklist.map(section)].join('\n\n'),
}
