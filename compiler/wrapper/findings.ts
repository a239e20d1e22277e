/**
 * What a generated wrapper of a checked build knows besides, as text. In: the checks of the entries. Out: JavaScript.
 * Invariant: it blames the same expression in the same words as runtime/checks.ts, which a test holds it to, and puts parameters
 * and states back as they were before the run. A build without checks holds nothing of this.
 */
import type { Manifest } from '../../src/artifact/types.ts'

/** The checks of each entry, one a line. */
export const checkTables = ({ entries }: Manifest): string =>
  `// What is looked at in every run, by entry; \`offsets\` say where the findings lie.
const checks = {
${entries
  .flatMap(({ name, checks }) =>
    checks === undefined
      ? []
      : [`  ${JSON.stringify(name)}: [\n${checks.map((c) => `    ${JSON.stringify(c)},\n`).join('')}  ],\n`],
  )
  .join('')}}
`

export const findingsText = `const unravel = (index, shape) => {
  const places = []
  for (const d of [...shape].reverse()) {
    places.unshift(index % d)
    index = Math.floor(index / d)
  }
  return places
}
const element = (name, shape, index) => (shape.length === 0 ? name : name + '[' + unravel(index, shape) + ']')
const lengths = (loops) => loops.map((l) => l.length)

/** 2 for a NaN, 1 for an infinity, 0 where all is well. */
const stateAt = ({ views, shape }, step) => {
  const [key, size] = [views[0][step], sizeOf(shape)]
  return key < size ? 2 : key < 2 * size ? 1 : 0
}

/** The step of the check \`of\` at which a check with no more loops around it was made last. */
const stepOf = (w, of, step) => Math.floor(step / sizeOf(lengths(of.loops.slice(w.loops.length))))

/** Whether something is wrong that was not wrong before. */
const isFault = (w, all, step) => {
  if (w.kind === 'index') return w.views[0][step] < sizeOf(w.shape)
  const state = stateAt(w, step)
  if (state === 0 || w.reports === 'nothing' || (w.reports === 'nan' && state !== 2)) return false
  const before = w.operands.map((i) => stateAt(all[i], stepOf(all[i], w, step)))
  return state === 2 ? !before.includes(2) : before.every((s) => s === 0)
}

/** Whether a fault comes before another one, which stands behind it in the list. */
const isEarlier = (p, q) => {
  const [at, other] = [p, q].map(({ w, step }) => unravel(step, lengths(w.loops)))
  for (const [d, { loop, reverse }] of p.w.loops.entries()) {
    if (q.w.loops[d]?.loop !== loop) return true
    if (at[d] !== other[d]) return at[d] < other[d] !== reverse
  }
  return true
}

const firstFault = (all) => {
  let first
  for (const w of all) {
    let own
    for (let step = 0; step < sizeOf(lengths(w.loops)); step++)
      if (isFault(w, all, step) && (!own || !isEarlier(own, { w, step }))) own = { w, step }
    if (own && (!first || !isEarlier(first, own))) first = own
  }
  return first
}

const showNumber = (x) => (Number.isFinite(x) ? String(Number(x.toPrecision(4))) : String(x).replace('Infinity', '∞'))

/** What a number is made of: \`z is from -3 to 104\`. */
const showRanges = (w, all, step) => {
  const ranges = [...new Set(w.operands)].map((i) => {
    const at = stepOf(all[i], w, step)
    const [lo, hi] = [all[i].views[1][at], all[i].views[2][at]]
    return all[i].name + ' is ' + (lo === hi ? showNumber(lo) : 'from ' + showNumber(lo) + ' to ' + showNumber(hi))
  })
  return ranges.length === 0 ? '' : ' where ' + ranges.join(', ')
}

const showFault = ({ w, step }, all) => {
  const key = w.views[0][step]
  if (w.kind === 'index')
    return w.text + ': the index ' + w.views[1][step] + ' in ' + element(w.name, w.shape, key) + ' is not in ' + w.limit
  const [size, lo, hi] = [sizeOf(w.shape), w.views[1][step], w.views[2][step]]
  const what = key < size ? 'NaN' : lo === -Infinity ? (hi === Infinity ? '±∞' : '-∞') : '∞'
  const at = w.shape.length === 0 ? '' : ' at [' + unravel(key % size, w.shape) + '] of [' + w.shape + ']'
  return w.text + ' is ' + what + at + showRanges(w, all, step)
}

/** Looks at an entry of a checked build before and after a run. */
const watchOf = (memory, entry) => {
  const all = (checks[entry] ?? []).map((c) => {
    const dtypes = c.kind === 'index' ? ['i32', 'i32'] : ['i32', c.dtype, c.dtype]
    return { ...c, views: dtypes.map((d, i) => new arrays[d](memory, c.offsets[i], sizeOf(lengths(c.loops)))) }
  })
  const carriedViews = [...params, ...states].map(([, dtype, shape, at]) => new arrays[dtype](memory, at, sizeOf(shape)))
  const kept = carriedViews.map((v) => v.slice())
  let run = 0
  return {
    before: () => {
      run++
      carriedViews.forEach((v, i) => kept[i].set(v))
    },
    after: () => {
      const fault = firstFault(all)
      if (!fault) return
      carriedViews.forEach((v, i) => v.set(kept[i]))
      const { kind, loops, source } = fault.w
      const places = unravel(fault.step, lengths(loops))
      const steps = places.length === 0 ? '' : ', at step ' + places.join(' of step ') + ' of the loop'
      const line = source ? ' at ' + source.file + ':' + source.line + ':' + source.column : ''
      const message = showFault(fault, all) + steps + ', in run ' + run + ' of ' + entry + line
      const error = new ProgramError(kind === 'index' ? 'E_RUN_INDEX_RANGE' : 'E_RUN_NOT_FINITE', message)
      throw Object.assign(error, { source, hint: 'parameters and states are as they were before the run' })
    },
  }
}
`
