// What the digits example shows of its training: the progress line, the confusion table, sketches, the learning curve.
import fc from 'fast-check'
import pc from 'picocolors'
import { describe, expect, test } from 'vitest'
import { confusions, confusionTable } from '../../examples/digits/report/confusion.ts'
import { learningCurve } from '../../examples/digits/report/learning-curve.ts'
import { type Progress, progressLine } from '../../examples/digits/report/progress.ts'
import { linearScale, logScale } from '../../examples/drawing/scale.ts'
import { sketches } from '../../examples/digits/report/sketch.ts'
import { confusionMatrix } from '../../runtime/metrics/classification.ts'
import { assertProperty } from '../properties.ts'

const plain = pc.createColors(false)
const coloured = pc.createColors(true)
const escape = String.fromCharCode(27)
const withoutColours = (text: string): string => text.replace(new RegExp(`${escape}\\[\\d+m`, 'g'), '')

describe('the progress line', () => {
  const midway: Progress = {
    epoch: 3,
    epochs: 10,
    step: 310,
    steps: 620,
    loss: 0.12345,
    heldOut: 0.9734,
    seconds: 2.8,
    batch: 128,
  }

  test('says where training stands', () => {
    expect(progressLine(midway, 100, plain)).toBe(
      'epoch  3/10  ━━━━━━━━━━╸──────────  loss 0.1235  held-out  97.34 %    2.8 s left   14.2 k examples/s',
    )
  })

  test('before the first step and after the last', () => {
    const { heldOut: _, ...first } = midway
    expect(progressLine({ ...first, epoch: 1, step: 0, seconds: 0 }, 100, plain)).toBe(
      'epoch  1/10  ─────────────────────  loss 0.1235  held-out        -      - s left        - examples/s',
    )
    expect(progressLine({ ...midway, epoch: 10, step: 620, seconds: 5.6 }, 80, plain)).toBe(
      'epoch 10/10  ━━━━━━━━━━━━━━━━━━━━━  loss 0.1235  held-out  97.34 %    5.6 s     ',
    )
  })

  test('never leaves its columns, and colours do not change the text', () => {
    const anywhere = fc.record({ step: fc.nat(620), epoch: fc.integer({ min: 1, max: 10 }), seconds: fc.nat(100_000) })
    assertProperty(
      fc.property(anywhere, fc.integer({ min: 30, max: 200 }), (state, columns) => {
        const line = progressLine({ ...midway, ...state }, columns, plain)
        expect(line.length).toBeLessThanOrEqual(columns)
        expect(withoutColours(progressLine({ ...midway, ...state }, columns, coloured))).toBe(line)
      }),
    )
  })
})

describe('the confusion table', () => {
  const matrix = confusionMatrix([0, 0, 1, 1, 2, 2, 2, 0], [0, 0, 0, 1, 1, 2, 2, 2], 3)

  test('shows every count, recall to the right, precision below', () => {
    expect(confusionTable(matrix, ['0', '1', '2'], plain).map((line) => line.trimEnd())).toEqual([
      '            predicted as',
      'actual        0     1     2   recall',
      '     0        2     1     ·     66.7',
      '     1        ·     1     1     50.0',
      '     2        1     ·     2     66.7',
      'precision  66.7  50.0  66.7  F1 61.1',
    ])
  })

  test('has straight edges, with colours as without', () => {
    const names = ['zero', 'one', 'a longer name']
    const lines = confusionTable(matrix, names, plain)
    expect(new Set(lines.map((line) => line.length)).size).toBe(1)
    expect(confusionTable(matrix, names, coloured).map(withoutColours)).toEqual(lines)
  })

  test('names what was taken for what, the most frequent first', () => {
    const counts = confusionMatrix([1, 2, 2, 0, 0, 0], [0, 0, 0, 2, 1, 0], 3)
    expect(confusions(counts)).toEqual([
      { actual: 0, predicted: 2, count: 2 },
      { actual: 0, predicted: 1, count: 1 },
      { actual: 1, predicted: 0, count: 1 },
      { actual: 2, predicted: 0, count: 1 },
    ])
  })
})

describe('sketches', () => {
  test('every pixel is its own dot', () => {
    const seen = new Set<string>()
    for (let pixel = 0; pixel < 8; pixel++) {
      const image = Float32Array.from({ length: 8 }, (_, i) => (i === pixel ? 1 : 0.39))
      const [line] = sketches(image, 4, 2, [{ index: 0, caption: '' }])
      const pattern = (line?.codePointAt(0) ?? 0) - 0x2800
      expect(line).toHaveLength(1)
      expect(pattern.toString(2).match(/1/g)).toHaveLength(1)
      seen.add(line ?? '')
    }
    expect(seen.size).toBe(8)
  })

  test('pictures stand side by side over their captions', () => {
    const images = new Float32Array(2 * 16)
    images.fill(1, 16)
    expect(
      sketches(images, 4, 4, [
        { index: 1, caption: 'b' },
        { index: 0, caption: 'long' },
      ]),
    ).toEqual(['⣿⣿  ⠀⠀', 'b   lo'])
  })

  test('a height that is no multiple of four ends in blank dots', () => {
    const image = new Float32Array(5 * 2).fill(1)
    expect(sketches(image, 5, 2, [{ index: 0, caption: '' }]).slice(0, 2)).toEqual(['⣿', '⠉'])
  })
})

describe('scales', () => {
  test('linear: ends, middle and round ticks', () => {
    const scale = linearScale([0.9, 1], [100, 0], 5, (tick) => `${tick}`)
    expect(scale.at(0.9)).toBe(100)
    expect(scale.at(1)).toBe(0)
    expect(scale.at(0.95)).toBeCloseTo(50, 9)
    expect(scale.ticks).toEqual([0.9, 0.92, 0.94, 0.96, 0.98, 1])
  })

  test('logarithmic: equal ratios take equal room', () => {
    const scale = logScale([0.01, 1], [100, 0])
    expect(scale.at(0.1)).toBeCloseTo(50, 9)
    expect(scale.ticks).toEqual([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1])
    expect(logScale([1e-7, 3], [0, 1]).ticks).toEqual([1e-7, 1e-6, 1e-5, 1e-4, 0.001, 0.01, 0.1, 1])
  })

  test('ticks are inside, increasing and few, whatever the range', () => {
    const range = fc.tuple(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
    )
    assertProperty(
      fc.property(range, ([low, span]) => {
        const { ticks } = linearScale([low, low + span], [0, 1], 6, String)
        expect(ticks.length).toBeGreaterThanOrEqual(2)
        expect(ticks.length).toBeLessThanOrEqual(9)
        ticks.forEach((tick, i) => {
          expect(tick).toBeGreaterThanOrEqual(low - 1e-6 * span)
          expect(tick).toBeLessThanOrEqual(low + span * (1 + 1e-6))
          if (i > 0) expect(tick).toBeGreaterThan(ticks[i - 1] ?? Number.NaN)
        })
      }),
    )
  })
})

describe('the learning curve', () => {
  const history = {
    title: 'a < b & "c"',
    subtitle: 'two epochs',
    losses: Float32Array.from({ length: 40 }, (_, i) => 2 / (i + 1)),
    epochs: [
      { trainAccuracy: 0.9, heldOutAccuracy: 0.88, heldOutLoss: 0.3 },
      { trainAccuracy: 0.99, heldOutAccuracy: 0.9712, heldOutLoss: 0.1 },
    ],
  }

  /** Every element is closed, in order: names of the elements, or an error. */
  const elements = (svg: string): readonly string[] => {
    const open: string[] = []
    const names: string[] = []
    for (const [, closing, name, self] of svg.matchAll(/<(\/?)([a-zA-Z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
      if (closing === '/') expect(open.pop()).toBe(name)
      else {
        names.push(name ?? '')
        if (self !== '/') open.push(name ?? '')
      }
    }
    expect(open).toEqual([])
    return names
  }

  test('is a well-formed picture with titles, axes, legend and the last values', () => {
    const svg = learningCurve(history)
    const names = elements(svg)
    expect(names.filter((name) => name === 'svg')).toHaveLength(1)
    expect(svg).toContain('a &lt; b &amp; &quot;c&quot;')
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    for (const words of ['Loss', 'Accuracy', 'each step', 'training, smoothed', 'held out', 'epoch', '97.12 %', '0.10'])
      expect(svg).toContain(`>${words}</text>`)
    // A dot for each epoch in both panels, and one in each legend.
    expect(names.filter((name) => name === 'circle')).toHaveLength(2 * 2 + 2)
  })

  test('every point of the curves lies on the picture', () => {
    const paths = [
      ...learningCurve(history).matchAll(/<path d="M([^"]*)" stroke="#(?:1f6feb|b6d0f7|d9480f)"[^>]*fill="none"/g),
    ]
    expect(paths).toHaveLength(5)
    for (const [, path] of paths)
      for (const pair of path?.split('L') ?? []) {
        const [x, y] = pair.split(' ').map(Number)
        expect(x).toBeGreaterThanOrEqual(70)
        expect(x).toBeLessThanOrEqual(780)
        expect(y).toBeGreaterThanOrEqual(102)
        expect(y).toBeLessThanOrEqual(542)
      }
  })

  test('survives a run that diverged, one without epochs, and losses of zero', () => {
    const diverged = {
      ...history,
      losses: [2, Number.NaN, Number.POSITIVE_INFINITY, 0],
      epochs: [{ trainAccuracy: 0.1, heldOutAccuracy: 0.1, heldOutLoss: Number.NaN }],
    }
    for (const run of [diverged, { ...history, losses: [], epochs: [] }, { ...history, losses: [0, 0] }]) {
      const svg = learningCurve(run)
      elements(svg)
      expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    }
  })
})
