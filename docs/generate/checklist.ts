/**
 * What other compilers rewrite, entry by entry: which rules do it here, or why none does.
 * In: nothing. Out: the entries. Invariant: a name in `rules` is that of a rule (test/docs/simplifier.test.ts).
 */
export interface Entry {
  readonly law: string
  /** Rules that do it. */
  readonly rules: readonly string[]
  /** What does it elsewhere, what it needs, or why it is left out. */
  readonly note?: string
}

export interface Section {
  readonly title: string
  readonly entries: readonly Entry[]
}

const entry = (law: string, rules: string, note?: string): Entry => ({
  law,
  rules: rules.split(' ').filter((r) => r !== ''),
  ...(note === undefined ? {} : { note }),
})

export const checklist: readonly Section[] = [
  {
    title: 'Algebra',
    entries: [
      entry('constants fold', 'fold-elementwise fold-movement fold-assembly fold-extreme fold-sum constant-uniform'),
      entry('the broadcast of a constant stays one scalar', 'fold-movement elementwise-broadcast'),
      entry('constants to one side', 'literal-side comparison-side'),
      entry('x + 0, x · 1, x / 1, −(−x), −a / −b', 'add-zero mul-one div-one neg-neg div-neg-neg'),
      entry('(x · c₁) · c₂', 'product-literals'),
      entry('a / c → a · (1 / c)', 'div-literal div-literal-rounded div-shared', 'exact for powers of two'),
      entry('x · 0 → 0', 'mul-zero', 'where x is known to be finite'),
      entry('x⁰, x¹, x², x^½', 'pow-zero pow-one pow-two pow-half'),
      entry('x^−½ → rsqrt', 'pow-minus-half one-div-sqrt'),
      entry('small powers by multiplication', 'pow-three pow-four mul-square-self'),
      entry(
        'exp a · exp b, exp a / exp b',
        'exp-product',
        'each factor may overflow where the sum does not: roundings differ',
      ),
      entry('log exp, exp log', 'log-exp exp-log', 'exp log where the operand is known not to be negative'),
      entry('log √x, √(x²) → |x|', 'log-sqrt sqrt-square'),
      entry('nested clamps, minima, maxima', 'clip-clip extreme-clip extreme-literals maximum-maximum minimum-minimum'),
      entry(
        'a choice with equal branches, a constant or negated condition',
        'where-same where-literal where-not where-truth',
      ),
      entry('choices merged over the same condition', 'where-where where-either where-same-op add-where'),
      entry('cast of cast', 'cast-same cast-cast'),
      entry(
        'boolean algebra',
        'and-self and-or and-true and-false and-not-self or-self or-and or-false or-true or-not-self xor-self xor-false xor-true xor-nots not-not not-and-nots not-or-nots not-equal not-greater',
        '¬(x > y) is x ≤ y for integers alone: of a NaN both are false',
      ),
      entry('sums: cancel and collect', 'like-terms common-literal sub-self add-cancel sum-literals common-factor'),
      entry(
        'sums as flat lists of terms',
        '',
        'left out: a sum keeps the association that was written, because the same bits are promised everywhere; neighbours cancel and merge',
      ),
    ],
  },
  {
    title: 'Movement',
    entries: [
      entry(
        'chains of movements become one; what does nothing goes',
        'reshape-reshape reshape-same transpose-transpose transpose-identity broadcast-broadcast broadcast-same slice-slice slice-whole pad-pad pad-nothing reverse-reverse reverse-nothing',
      ),
      entry(
        'a broadcast sinks below what is computed',
        'elementwise-broadcast reshape-broadcast transpose-broadcast slice-broadcast gather-broadcast',
      ),
      entry(
        'slices of concatenations, paddings, broadcasts',
        'slice-concat slice-pad slice-broadcast slice-reverse slice-transpose',
      ),
      entry(
        'adjacent slices in a concatenation; nested concatenations',
        'concat-slices concat-concat concat-full concat-one',
      ),
      entry('indexing lifts through elementwise ops', 'gather-elementwise slice-elementwise'),
      entry('indexing lifts through softmax', 'gather-softmax slice-softmax log-moved-softmax picked-logSoftmax'),
      entry(
        'indexing lifts through transposes, reshapes, concatenations, reductions',
        'gather-transpose gather-reshape gather-concat gather-reduce gather-one-row slice-reduce',
      ),
      entry('dot(A, B)[i] → dot(A[i], B[i])', 'gather-dot slice-dot', 'class-factored softmax, negative sampling'),
      entry(
        'zeros, scatter-add, then + x',
        '',
        'done where cotangents are added up: those of rows stay rows (compiler/grad)',
      ),
      entry(
        'a computation of which only the shape is used is never done',
        'fold-movement sum-nothing',
        'by construction: shapes are part of the types, no op reads a tensor for its shape, and what no root needs is not in the graph',
      ),
    ],
  },
  {
    title: 'Reductions and products',
    entries: [
      entry('Σ(c · x) → c · Σ x; Σ(−x)', 'sum-factor sum-neg max-neg'),
      entry(
        'Σ of a transpose, a reshape, a broadcast',
        'sum-transpose sum-reshape sum-broadcast max-transpose max-reshape max-broadcast',
      ),
      entry('Σ of a concatenation, a padding, a reversal', 'sum-concat sum-pad sum-reverse max-concat max-reverse'),
      entry('reductions of reductions', 'sum-sum max-max sum-nothing-left max-nothing-left'),
      entry(
        'Σ(x · y) → dot',
        'sum-outer',
        'where each factor has an axis of its own; else it stays a sum, as xᵀ x becomes one (`dot-self`), which fuses with what is around it, and is one loop either way',
      ),
      entry('transposes are absorbed into the axes of a product', 'dot-transpose transpose-dot'),
      entry(
        'a batched product with one shared matrix → one flat product',
        'dot-broadcast',
        '`matmul` makes it so from the start: a batch that one operand has is a free axis',
      ),
      entry(
        'products with an outer extent of 1',
        'dot-extent-one dot-scalar',
        'one row or one column stays a product: the kernel knows extents of 1, and a reshape would only rename it',
      ),
      entry(
        'einsum by the cheapest order of pairs',
        '',
        '`einsum` chooses the order when it is written; the association of products that were written one by one is kept',
      ),
      entry(
        'Σ over time of xₜ hₜᵀ → one product',
        '',
        'the adjoint of a scan stacks the factors (compiler/grad/scan.ts)',
      ),
      entry(
        '[x, y] W → x U + y V, and back',
        'dot-concats add-dots',
        'whichever is cheaper, where W is put together of U and V. One W is cut in two where that takes x W₁ out of a loop (compiler/loops); elsewhere it would count W twice, which no decreasing cost allows',
      ),
    ],
  },
  {
    title: 'Stability',
    entries: [
      entry('log1p, expm1, of both signs', 'log-one-plus log-one-minus exp-minus-one one-minus-exp log1p-expm1'),
      entry(
        'log-sum-exp, log-add-exp',
        'log-sum-exp logsumexp-shift log-exp-plus-exp log-exponentials log1p-exponentials',
        'of products and quotients too: the logarithm of a density, of a mean of exponentials, of p / q',
      ),
      entry(
        'log softmax, also through indexing',
        'log-softmax log-moved-softmax sub-logsumexp softmax-shift softmax-logSoftmax',
      ),
      entry('exp log softmax → softmax', 'exp-logSoftmax div-sum-exp'),
      entry('eˣ / (1 + eˣ), 1 / (1 + e⁻ˣ) → σ', 'div-one-plus-exp mul-sigmoid-exp div-add-exp mul-expm1-sigmoid'),
      entry(
        '1 − σ(x) → σ(−x)',
        'one-minus-sigmoid',
        'not where σ(x) is in use anyway: σ(x) · (1 − σ(x)) is the textbook’s and costs no second exponential. Its tail is exact to 2⁻²⁴ of 1, so that above 17 a derivative is 0; where the tail counts, say log σ, whose derivative has no such factor',
      ),
      entry('log σ(x), log(1 − σ(x))', 'log-sigmoid log-one-minus-sigmoid log1p-neg-sigmoid add-logSigmoid-softplus'),
      entry('log1mexp, log-diff-exp', 'log-neg-expm1 log1p-neg-exp log-expm1 log-exp-minus-exp'),
      entry('σ(logit p) → p', 'sigmoid-logit sigmoid-log-odds sigmoid-inverse-odds'),
      entry('softplus(log x) → log1p x', 'softplus-log'),
      entry('1 ± erf → erfc', 'one-minus-erf one-plus-erf one-minus-erfc'),
      entry('the binary cross-entropy of a sigmoid', 'binary-cross-entropy complement-products'),
      entry(
        '−log softmax(z)[y], whose adjoint is p − onehot(y)',
        'log-picked-softmax picked-logSoftmax picked-minus-logsumexp onehot-logSoftmax',
      ),
      entry(
        'norm and √ at 0',
        'div-norm product-div-sqrt div-abs dot-self',
        'squares that leave the range of the dtype are not rescaled, but for two numbers (hypot): that would cost every norm another pass over its row, for the maximum, and every derivative the quotients by it; for such rows `cast` to f64 first',
      ),
      entry(
        'both branches of a masked choice are safe',
        'where-same-op',
        'the derivative chooses last: the cotangent of the branch not taken is 0, not a product with 0',
      ),
      entry('the shift by the maximum of the row carries no gradient', 'softmax-shift logsumexp-shift'),
    ],
  },
  {
    title: 'Loops',
    entries: [
      entry(
        'what does not depend on the carry is hoisted',
        '',
        '`scan` takes what does not depend on its steps out when it is written; products of elements leave in compiler/loops; other work on elements stays, so that it is not in memory for all steps',
      ),
      entry('products over the whole sequence go ahead of the loop', '', 'compiler/loops'),
      entry(
        'accumulations go behind it',
        '',
        'compiler/loops for stacked products and for sums of products that a carry adds up, compiler/grad for weight gradients',
      ),
      entry(
        'keep only the last step where only it is used',
        'slice-last-step',
        'an output that is no carry is computed once, behind the loop (compiler/loops), unless it is made of the state before the last step',
      ),
      entry(
        'merge scans over the same length',
        '',
        'compiler/loops merges those over the same operands, and reads a loop that another one holds from that one (the value beside its tangent); others would share nothing and hold more at a time',
      ),
      entry('unused carries and outputs go', '', 'compiler/loops; a carry that never changes becomes a constant'),
    ],
  },
]
