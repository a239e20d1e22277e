// The harness without any peer: the command line, the comparison of losses, the form of a line, and a subject's process
// that answers, fails or computes something wrong.

import { isLeft } from 'fp-ts/lib/Either.js'
import { afterEach, describe, expect, it } from 'vitest'
import { tolerance, widest } from '../../bench/agreement.ts'
import { type Plan, plan } from '../../bench/arguments.ts'
import { type Line, printLine } from '../../bench/line.ts'
import { measureWorkload, median, overall } from '../../bench/measure.ts'
import { startSubject, type SubjectProcess } from '../../bench/process.ts'
import { peakOf, type Subject, subjectsOf } from '../../bench/subjects.ts'
import { workload } from '../../bench/workloads/table.ts'

const planned = (...words: string[]): Plan => {
  const parsed = plan(words)
  if (isLeft(parsed)) throw new Error(parsed.left)
  return parsed.right
}

const line = (losses: readonly number[], variant: Line['variant'] = 'plain'): Line => ({
  workload: 'W2',
  subject: 'nabla',
  variant,
  threads: 1,
  unit: 'ms',
  value: 8.7,
  losses,
})

describe('the command line', () => {
  it('takes everything, beside every peer, when nothing is named', () => {
    const { workloads, figures, peers, json, quick, record } = planned()
    expect(workloads.slice(0, 2)).toEqual(['W1', 'W2'])
    expect(workloads).toContain('matmul-1024-nt')
    expect(figures).toEqual(expect.arrayContaining(['artifact-W2', 'compile-W2', 'start-W2', 'ops-delta-rule']))
    expect({ peers, json, quick }).toEqual({ peers: ['jax-js', 'tfjs-wasm'], json: false, quick: false })
    expect(record).toBeUndefined()
  })

  it('takes names, groups and options in any order', () => {
    expect(planned('--peers', 'none', 'W2', '--json', 'matmul-256', 'W2')).toMatchObject({
      workloads: ['W2', 'matmul-256'],
      peers: [],
      json: true,
    })
    expect(planned('--peers=tfjs-wasm,jax-js').peers).toEqual(['jax-js', 'tfjs-wasm'])
    expect(planned('matmul').workloads).toHaveLength(18)
    expect(planned('matmul', '--quick').workloads).toHaveLength(5)
    expect(planned('runtime', 'W1', '--record', 'kept.json')).toMatchObject({
      workloads: ['W1'],
      figures: ['runtime'],
      record: 'kept.json',
    })
    expect([planned('W4').threads, planned('W4', '--threads', '2').threads]).toEqual([1, 2])
    expect([planned('W4').profile, planned('W4', '--profile').profile]).toEqual([false, true])
    expect(planned('ops').figures.every((name) => name.startsWith('ops-'))).toBe(true)
  })

  it.each([
    [['W0'], "nothing is called 'W0'; --help lists the names"],
    [['--record'], '--record: into which file?'],
    [['--threads', 'all'], '--threads: how many? 1 to 64'],
    [['--peers'], '--peers: which? none, all, or names separated by commas'],
    [['--peers', 'torch'], "--peers: no peer is called 'torch'; there are jax-js, tfjs-wasm, all and none"],
    [['--fast'], "'--fast' is not an option; --help lists them"],
  ])('refuses %j', (words, message) => {
    expect(plan(words)).toEqual({ _tag: 'Left', left: message })
  })

  it('leaves the peers out when told to', () => {
    expect(new Set(subjectsOf([]).map(({ name }) => name))).toEqual(new Set(['nabla']))
    expect(subjectsOf(['tfjs-wasm']).map(({ name }) => name)).toContain('tfjs-wasm')
  })
})

describe('the first losses', () => {
  it('agree within the rounding of f32', () => {
    const found = widest([line([2.3, 2.2]), line([2.3, 2.2 * (1 + 1e-5)], 'relaxed'), line([2.3, 2.2], 'javascript')])
    expect(found?.step).toBe(1)
    expect(found?.difference).toBeLessThan(tolerance)
  })

  it.each([
    ['a wrong loss', [2.3, 2.2 * (1 + 2e-5)]],
    ['a missing loss', [2.3]],
    ['no number', [2.3, Number.NaN]],
  ])('disagree by %s', (_, losses) => {
    const found = widest([line([2.3, 2.2]), line(losses, 'relaxed')])
    expect(found?.step).toBe(1)
    expect(found?.difference).toBeGreaterThan(tolerance)
    expect([found?.first.variant, found?.second.variant]).toEqual(['plain', 'relaxed'])
  })

  it('of one subject say nothing', () => {
    expect(widest([line([2.3])])).toBeUndefined()
  })
})

describe('a figure', () => {
  it('is one line of JSON', () => {
    expect(printLine({ ...line([2.25]), value: 8.70004, sharePeak: 0.781234 })).toBe(
      '{"workload":"W2","subject":"nabla","variant":"plain","threads":1,"unit":"ms","value":8.7,"losses":[2.25],"sharePeak":0.7812}',
    )
  })

  it('of a compilation says what each pass took', () => {
    const { losses: _, ...bare } = line([])
    expect(printLine({ ...bare, workload: 'compile-W2', passes: { fuse: 12.34567, emit: 40 } })).toBe(
      '{"workload":"compile-W2","subject":"nabla","variant":"plain","threads":1,"unit":"ms","value":8.7,"passes":{"fuse":12.35,"emit":40}}',
    )
  })

  it('is a median', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(median([])).toBeNaN()
  })

  it('of a ceiling is one, however often it was measured', () => {
    const of = (value: number) => ({ line: { ...line([]), value }, best: value + 1 })
    expect(overall([of(1), of(5), of(2)])).toMatchObject([{ line: { value: 2 }, best: 6 }])
    expect(overall([])).toEqual([])
  })
})

describe('a subject in its own process', () => {
  const started: SubjectProcess[] = []
  const start = (subject: Subject): SubjectProcess => {
    const process = startSubject(subject)
    started.push(process)
    return process
  }
  afterEach(() => {
    for (const process of started.splice(0)) process.close()
  })

  const fixture = (name: string): Subject => ({ ...peakOf('plain'), name: 'nabla', module: () => name })
  const options = { warmMilliseconds: 5, slices: 10 }

  it('is measured beside the peak of its variant', async () => {
    const wanted = workload('matmul-64-tn')
    if (wanted === undefined) throw new Error('no such product')
    const subject = start(fixture('right'))
    const peak = start(peakOf('plain'))
    const module = '../test/bench/fixtures/right-product.ts'
    const opened = await subject.open(wanted.name, { ...options, module })
    const ceiling = await peak.open('peak', { ...options, module: undefined })
    if (opened === undefined || ceiling === undefined) throw new Error('one of them did not open')
    const { figures, ceilings } = await measureWorkload(
      wanted,
      [{ process: subject, opened, milliseconds: 5 }],
      [{ process: peak, opened: ceiling, milliseconds: 5 }],
      { rounds: 3, retries: 1 },
    )
    const [figure] = figures
    expect(figure?.line).toMatchObject({ workload: 'matmul-64-tn', unit: 'GFLOP/s', variant: 'plain' })
    expect(figure?.line.value).toBeGreaterThan(0)
    expect(figure?.line.sharePeak).toBeGreaterThan(0)
    expect(figure?.line.sharePeak).toBeLessThan(1)
    expect(ceilings[0]?.line.value).toBeGreaterThan(figure?.line.value ?? Number.NaN)
  })

  it('is refused when its product is wrong', async () => {
    const module = '../test/bench/fixtures/wrong-product.ts'
    const opened = start(fixture('wrong')).open('matmul-64', { ...options, module })
    await expect(opened).rejects.toThrow(/matmul-64: entry \(0, 0\) is 0, expected /)
  })

  it('is missing, not wrong, where it cannot do a workload', async () => {
    const module = '../test/bench/fixtures/right-product.ts'
    await expect(start(fixture('right')).open('W1', { ...options, module })).resolves.toBeUndefined()
  })

  it('says what went wrong', async () => {
    const opened = start(fixture('none')).open('W0', { ...options, module: undefined })
    await expect(opened).rejects.toThrow(/nabla plain: Error: no workload W0/)
  })
})
