// In: small models. Out: their graphs as DOT and as pictures, and the layout that the pictures have.

import { describe, expect, test } from 'vitest'
import { adam, add, cond, greater, input, lstm, matmul, mul, named, param, sum, tanh, whileLoop, zeros } from 'nabla'
import { dot, graph, trainStep } from 'nabla/compiler'
import type { EntryInputs } from '../../../compiler/entries.ts'
import type { Point } from '../../../compiler/inspect/graph/layered.ts'
import { graphOf } from '../../../compiler/inspect/graph/model.ts'
import { alignedTo } from '../../../compiler/inspect/graph/order.ts'
import { pageWidth, type Sheet, sheetOf } from '../../../compiler/inspect/graph/sheet.ts'
import { nearest } from '../../../compiler/inspect/graph/simplex.ts'
import { phaseOf } from '../../../compiler/inspect/machine/phases.ts'
import { machineOf } from '../../../compiler/views.ts'
import { embedded, gated, net, netStep, recurrent, right } from '../machine/models.ts'
import { elementsOf } from '../xml.ts'

const layersDeep = (depth: number): EntryInputs => {
  const w = (i: number) => param(`w${i}`, [4, 4], zeros)
  const x = input('x', [3, 4])
  let h = tanh(matmul(x, w(0)))
  for (let i = 1; i < depth; i++) h = add(h, tanh(matmul(h, w(i))))
  return { loss: sum(mul(h, h)) }
}

const graphsOf = (model: EntryInputs) =>
  right(machineOf(model)).simplified.flatMap((entry) =>
    entry.name === 'init' ? [] : [graphOf(entry, phaseOf({ entry }))],
  )

const models: readonly (readonly [string, () => EntryInputs])[] = [
  ['a net', () => ({ loss: net() })],
  ['its training step', () => ({ step: netStep() })],
  ['a loop', () => ({ loss: recurrent() })],
  ['a gated unit', () => ({ loss: gated() })],
  ['a table', () => ({ step: trainStep(embedded(), adam()) })],
  ['forty layers', () => layersDeep(40)],
]

/** A sheet and those within it: of loops and of updates. */
const sheetsOf = (s: Sheet): readonly Sheet[] => [
  s,
  ...s.bands.flatMap((b) => b.boxes.flatMap((box) => (box.inside === null ? [] : sheetsOf(box.inside)))),
  ...s.panels.flatMap((p) => sheetsOf(p.sheet)),
]

const boxesOf = (s: Sheet) => s.bands.flatMap((b) => b.boxes)

const along = (a: number, b: number, t: number): number => a + (b - a) * t

/** Points on the way, as it is drawn: curves that are upright at both ends, or straight pieces. */
const sampled = (points: readonly Point[], curved: boolean): readonly Point[] =>
  points.flatMap((p, i) => {
    const before = points[i - 1]
    if (before === undefined) return [p]
    return Array.from({ length: 24 }, (_, k) => {
      const t = (k + 1) / 24
      const x = curved ? along(before.x, p.x, t * t * (3 - 2 * t)) : along(before.x, p.x, t)
      const y =
        curved && before.x !== p.x
          ? before.y + (p.y - before.y) * (1.5 * t * (1 - t) + t * t * t)
          : along(before.y, p.y, t)
      return { x, y }
    })
  })

const expectClear = (s: Sheet): void => {
  const cells = s.bands.flatMap(({ boxes, placed, x, y }) =>
    boxes.map(({ box: { id, left, right: beyond, height } }) => {
      const at = placed.at.get(id) as Point
      return { id, x0: at.x + x - left, x1: at.x + x + beyond, y0: at.y + y - height / 2, y1: at.y + y + height / 2 }
    }),
  )
  const tiny = 1e-6
  for (const a of cells) {
    expect(Math.min(a.x0, a.y0)).toBeGreaterThanOrEqual(-tiny)
    expect(a.x1).toBeLessThanOrEqual(s.width + tiny)
    expect(a.y1).toBeLessThanOrEqual(s.height + tiny)
    const over = cells.filter(
      (b) => b !== a && a.x0 < b.x1 - tiny && b.x0 < a.x1 - tiny && a.y0 < b.y1 - tiny && b.y0 < a.y1 - tiny,
    )
    expect(over).toEqual([])
  }
  const ways = [
    ...s.wires.map((w) => ({ link: w.link, points: sampled(w.points, false) })),
    ...s.bands.flatMap((b) =>
      b.links.map((link, i) => ({
        link,
        points: sampled(b.placed.lines[i] as readonly Point[], true).map((p) => ({ x: p.x + b.x, y: p.y + b.y })),
      })),
    ),
  ]
  for (const { link, points } of ways) {
    const crossed = cells.filter(
      (c) =>
        c.id !== link.from &&
        c.id !== link.to &&
        points.some((p) => p.x > c.x0 && p.x < c.x1 && p.y > c.y0 && p.y < c.y1),
    )
    expect(crossed.map((c) => [link.from, c.id, link.to])).toEqual([])
  }
}

test('a square and its derivative in DOT', () => {
  const x = input('x', [])
  expect(right(dot({ y: mul(x, x) }))).toBe(`digraph "y" {
  node [shape=box, style="filled,rounded", fontname=monospace]
  "n2" [label="y = x² []", fillcolor="#cfe3fb", color="#2f6fbd", penwidth="2"]
  "n1" [label="x []", fillcolor="#f6f8fa", color="#57606a", shape="ellipse"]
  "n3" [label="∂y/∂x = 2 · x []", fillcolor="#fbd9c3", color="#c25a17", penwidth="2"]
  "n1backward" [label="x []", fillcolor="#f6f8fa", color="#57606a", shape="ellipse", style="filled,dashed"]
  "n1" -> "n2" [label="[]"]
  "n1backward" -> "n3" [label="[]"]
}`)
})

describe.each(models)('%s', (_, make) => {
  const model = make()
  const graphs = graphsOf(model)

  test('edges lead from nodes to nodes, and what is forward needs nothing of the way back', () => {
    for (const g of graphs) {
      const nodes = new Map(g.nodes.map((n) => [n.id, n]))
      expect(nodes.size).toBe(g.nodes.length)
      expect(g.nodes.some((n) => n.phase === 'backward')).toBe(true)
      for (const e of g.edges) {
        const [from, to] = [nodes.get(e.from), nodes.get(e.to)]
        expect([from, to]).not.toContain(undefined)
        if (to?.phase === 'forward') expect([null, 'forward']).toContain(from?.phase)
        expect(e.kept).toBe(from?.phase === 'forward' && to?.phase !== 'forward')
      }
    }
  })

  test('every value is drawn once: a row of a box, within a formula, or given beside', () => {
    for (const g of graphs) {
      const rows = sheetsOf(sheetOf(g)).flatMap((s) => boxesOf(s).flatMap((b) => b.stack.rows.map((r) => r.node.id)))
      const inGraph = (of: typeof g): readonly string[] =>
        of.nodes.flatMap((n) => [
          ...(n.kind === 'leaf' ? [] : [n.id]),
          ...(n.body === undefined ? [] : inGraph(n.body)),
        ])
      // of updates that are alike one is drawn
      const alike = sheetOf(g).panels.some((p) => p.title.includes('likewise'))
      const given = new Set(inGraph(g))
      expect(new Set(rows).size).toBe(rows.length)
      expect(rows.every((id) => given.has(id))).toBe(true)
      expect(rows.length === given.size).toBe(!alike)
    }
  })

  test('the picture is well formed, and the same for the same model', () => {
    const elements = elementsOf(right(graph(model)))
    const drawn = graphs.flatMap((g) => sheetsOf(sheetOf(g)))
    const count = (which: (s: Sheet) => number): number => drawn.reduce((n, s) => n + which(s), 0)
    expect(elements.filter((e) => e.attributes['class'] === 'box')).toHaveLength(count((s) => boxesOf(s).length))
    const lines = count((s) => s.wires.length + s.bands.reduce((n, b) => n + b.links.length, 0))
    expect(elements.filter((e) => e.attributes['marker-end'] !== undefined)).toHaveLength(lines)
    expect(right(graph(make()))).toBe(right(graph(model)))
  })

  test('boxes do not overlap and lie in the picture; no line runs through one', () => {
    for (const g of graphs) for (const s of sheetsOf(sheetOf(g))) expectClear(s)
  })
})

test('a loop is a box around what it holds', () => {
  const [g] = graphsOf({ loss: recurrent() })
  const loops = g?.nodes.filter((n) => n.kind === 'region') ?? []
  expect(loops.map((n) => [n.label, n.phase])).toEqual([
    ['for t = 1…12', 'forward'],
    ['for t = 12…1', 'backward'],
  ])
  expect(loops[0]?.body?.nodes.map((n) => n.label)).toContain('hₜ = tanh(□)')
})

test('a second layer has names of its own, on both ways', () => {
  const layer = (k: number) => ({
    w: param(`w${k}`, [3, 12], zeros),
    u: param(`u${k}`, [3, 12], zeros),
    b: param(`b${k}`, [12], zeros),
  })
  const first = lstm(input('xs', [5, 2, 3]), layer(1))
  const [g] = graphsOf({ loss: sum(lstm(first.outputs, layer(2)).outputs) })
  const labels = g?.nodes.flatMap((n) => n.body?.nodes.map((m) => m.label) ?? []) ?? []
  expect(labels).toContain('cₜ = fₜ · cₜ₋₁ + iₜ · gₜ')
  expect(labels).toContain('c⁽²⁾ₜ = f⁽²⁾ₜ · c⁽²⁾ₜ₋₁ + i⁽²⁾ₜ · g⁽²⁾ₜ')
  expect(labels.some((l) => l.startsWith('δc⁽²⁾ₜ₋₁ = f⁽²⁾ₜ · '))).toBe(true)
  expect(labels.some((l) => l.startsWith('δcₜ₋₁ = fₜ · '))).toBe(true)
})

describe('choices and loops with a condition', () => {
  const [x, w] = [input('x', [3]), param('w', [3], zeros)]
  const chosen = cond(
    greater(sum(x), 0),
    () => tanh(mul(x, w)),
    () => mul(2, w),
  )
  const halved = () =>
    whileLoop(
      chosen,
      (v) => greater(sum(mul(v, v)), 1),
      (v) => mul(v, 0.5),
    )

  test('a choice is a box around what each branch gives, with the way back in a box of its own', () => {
    const [g] = graphsOf({ loss: sum(chosen) })
    const boxes = g?.nodes.filter((n) => n.kind === 'region') ?? []
    expect(boxes.map((n) => [n.label, n.phase])).toEqual([
      ['choice', 'forward'],
      ['choice', 'backward'],
    ])
    const labels = boxes[0]?.body?.nodes.map((n) => n.label) ?? []
    expect(labels).toContain('if true = tanh(x · w)')
    expect(labels).toContain('otherwise = 2 · w')
    // the predicate decides outside of the box
    expect(g?.nodes.map((n) => n.label)).toContain('m = □ > 0')
  })

  test('a loop with a condition is a box that says what goes on', () => {
    const [g] = graphsOf({ y: halved() })
    const [box] = g?.nodes.filter((n) => n.label === 'while it goes on') ?? []
    const labels = box?.body?.nodes.map((n) => n.label) ?? []
    expect(labels).toContain('c′ = ½ · c')
    expect(labels).toContain('goes on = □ > 1')
  })

  test('both are drawn: a title for each box, and nothing over anything else', () => {
    for (const model of [{ loss: sum(chosen) }, { y: halved() }]) {
      const text = right(graph(model))
      expect(elementsOf(text).length).toBeGreaterThan(10)
      for (const g of graphsOf(model)) {
        for (const n of g.nodes) if (n.kind === 'region') expect(text).toContain(`>${n.label}</text>`)
        for (const s of sheetsOf(sheetOf(g))) expectClear(s)
      }
    }
  })
})

test('what is given twice is shared, and a leaf that both ways read is drawn at both', () => {
  const [g] = graphsOf({ loss: net() })
  expect(g?.nodes.find((n) => n.label === 'h = relu(□)')?.shared).toBe(true)
  expect(g?.nodes.filter((n) => n.label === 'w2').map((n) => n.again)).toEqual([false, true])
})

test('names of users are text in pictures and quoted in DOT', () => {
  const h = named('a<b>&"c"', tanh(input('x', [3])))
  const model = { y: sum(mul(h, h)) }
  expect(right(graph(model))).toContain('a&lt;b&gt;&amp;&quot;c&quot;')
  expect(elementsOf(right(graph(model))).length).toBeGreaterThan(5)
  expect(right(dot(model))).toContain('a<b>&\\"c\\"')
})

test('two hundred values fit a page: the way back stands beside the way forward', () => {
  const [g] = graphsOf(layersDeep(40))
  const s = sheetOf(g as NonNullable<typeof g>)
  expect((g?.nodes.length ?? 0) + (g?.edges.length ?? 0)).toBeGreaterThan(200)
  expect(s.width).toBeLessThan(pageWidth)
  const [down, up] = s.bands.map((b) => b.boxes.map(({ stack }) => (b.placed.at.get(stack.id) as Point).y))
  expect(Math.max(...(up ?? [])) - Math.max(...(down ?? []))).toBeLessThan(100)
  expect(Math.min(...(down ?? [])) - Math.min(...(up ?? []))).toBeLessThan(200)
})

test('updates that are alike are drawn once', () => {
  const [g] = graphsOf({ step: netStep() })
  expect(sheetOf(g as NonNullable<typeof g>).panels.map((p) => p.title)).toEqual([
    'update of w1, and likewise of b1, w2, b2',
    'update of step',
  ])
})

describe('places', () => {
  test('are those of the least sum of weighted distances', () => {
    const d = (from: number, to: number, atLeast: number, weight: number) => ({ from, to, atLeast, weight })
    expect(nearest(0, [])).toEqual([])
    expect(nearest(2, [])).toEqual([0, 0])
    expect(nearest(3, [d(0, 1, 2, 1), d(1, 2, 3, 1)])).toEqual([0, 2, 5])
    // a source stands near what reads it, not at the beginning
    expect(nearest(4, [d(0, 1, 1, 1), d(1, 2, 1, 1), d(3, 2, 1, 1)])).toEqual([0, 1, 2, 1])
    // of two readers the nearer one, unless the other matters more
    expect(nearest(4, [d(0, 1, 1, 1), d(1, 2, 9, 1), d(0, 3, 1, 1), d(3, 2, 1, 2)])).toEqual([0, 1, 10, 9])
  })

  test('places are the nearest that leave room', () => {
    expect(alignedTo([{ at: 5, weight: 1 }], [0])).toEqual([5])
    expect(
      alignedTo(
        [
          { at: 0, weight: 1 },
          { at: 0, weight: 1 },
        ],
        [0, 10],
      ),
    ).toEqual([-5, 5])
    expect(
      alignedTo(
        [
          { at: 0, weight: 3 },
          { at: 2, weight: 1 },
          { at: 40, weight: 1 },
        ],
        [0, 10, 10],
      ),
    ).toEqual([-2, 8, 40])
  })
})
