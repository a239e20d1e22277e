// In: small models. Out: their graphs as DOT and as pictures, and the layout that the pictures have.

import { describe, expect, test } from 'vitest'
import { add, cond, greater, input, matmul, mul, named, param, sum, tanh, whileLoop, zeros } from 'nabla'
import { dot, graph } from 'nabla/compiler'
import type { EntryInputs } from '../../../compiler/entries.ts'
import { layered, type Line } from '../../../compiler/inspect/graph/layered.ts'
import { graphOf } from '../../../compiler/inspect/graph/model.ts'
import { alignedTo, type Box } from '../../../compiler/inspect/graph/order.ts'
import { phaseOf } from '../../../compiler/inspect/machine/phases.ts'
import { machineOf } from '../../../compiler/views.ts'
import { net, netStep, recurrent, right } from '../machine/models.ts'
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
  ['forty layers', () => layersDeep(40)],
]

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

  test('the picture is well formed: a line an edge, a box a node', () => {
    const elements = elementsOf(right(graph(model)))
    const count = (of: 'nodes' | 'edges'): number => {
      const within = (g: (typeof graphs)[number]): number =>
        g[of].length + g.nodes.reduce((n, x) => n + (x.body === undefined ? 0 : within(x.body)), 0)
      return graphs.reduce((n, g) => n + within(g), 0)
    }
    expect(elements.filter((e) => e.attributes['marker-end'] !== undefined)).toHaveLength(count('edges'))
    const regions = graphs.flatMap((g) => g.nodes.filter((n) => n.body !== undefined)).length
    const legend = 5
    expect(elements.filter((e) => e.tag === 'rect')).toHaveLength(count('nodes') + regions + legend)
    expect(right(graph(make()))).toHaveLength(right(graph(model)).length)
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
    expect(labels).toContain('if true = tanh(□)')
    expect(labels).toContain('otherwise = 2 · w')
    // the predicate decides outside of the box
    expect(g?.nodes.map((n) => n.label)).toContain('□ > 0')
  })

  test('a loop with a condition is a box that says what goes on', () => {
    const [g] = graphsOf({ y: halved() })
    const [box] = g?.nodes.filter((n) => n.label === 'while it goes on') ?? []
    const labels = box?.body?.nodes.map((n) => n.label) ?? []
    expect(labels).toContain('c′ = 0.5 · c')
    expect(labels).toContain('goes on = □ > 1')
  })

  test('both are drawn: a frame and a title for each box', () => {
    for (const model of [{ loss: sum(chosen) }, { y: halved() }]) {
      const elements = elementsOf(right(graph(model)))
      const graphs = graphsOf(model)
      const boxes = graphs.flatMap((g) => g.nodes.filter((n) => n.body !== undefined))
      const within = (g: (typeof graphs)[number]): number =>
        g.nodes.length + g.nodes.reduce((n, m) => n + (m.body === undefined ? 0 : within(m.body)), 0)
      const legend = 5
      const all = graphs.reduce((n, g) => n + within(g), 0)
      expect(elements.filter((e) => e.tag === 'rect')).toHaveLength(all + boxes.length + legend)
    }
  })
})

test('what is given twice is shared, and a leaf that both ways read is drawn at both', () => {
  const [g] = graphsOf({ loss: net() })
  expect(g?.nodes.find((n) => n.label === 'relu(□)')?.shared).toBe(true)
  expect(g?.nodes.filter((n) => n.label === 'w2').map((n) => n.again)).toEqual([false, true])
})

test('names of users are text in pictures and quoted in DOT', () => {
  const h = named('a<b>&"c"', tanh(input('x', [3])))
  const model = { y: sum(mul(h, h)) }
  expect(right(graph(model))).toContain('a&lt;b&gt;&amp;&quot;c&quot;')
  expect(elementsOf(right(graph(model))).length).toBeGreaterThan(5)
  expect(right(dot(model))).toContain('a<b>&\\"c\\"')
})

describe('layers', () => {
  const { nodes, edges } = graphsOf(layersDeep(40))[0] as ReturnType<typeof graphsOf>[number]
  const boxes = nodes.map((n, i): Box => ({ id: n.id, width: 40 + (i % 5) * 13, height: 30 + (i % 3) * 20 }))
  const placed = layered(boxes, edges as readonly Line[])
  const cells = boxes.map((b) => ({ ...b, ...(placed.at.get(b.id) as { x: number; y: number }) }))

  test('two hundred boxes do not overlap and lie in the picture', () => {
    expect(boxes.length).toBeGreaterThan(200)
    for (const a of cells) {
      expect(a.x - a.width / 2).toBeGreaterThanOrEqual(-1e-6)
      expect(a.x + a.width / 2).toBeLessThanOrEqual(placed.width + 1e-6)
      const over = cells.filter(
        (b) =>
          b !== a &&
          Math.abs(a.x - b.x) < (a.width + b.width) / 2 - 1e-6 &&
          Math.abs(a.y - b.y) < (a.height + b.height) / 2 - 1e-6,
      )
      expect(over).toEqual([])
    }
  })

  test('edges lead downwards, from the lower edge of one box to the upper edge of the other', () => {
    for (const [i, e] of edges.entries()) {
      const points = placed.lines[i] ?? []
      const [from, to] = [e.from, e.to].map((id) => cells.find((c) => c.id === id))
      expect(points[0]?.y).toBeCloseTo((from?.y ?? 0) + (from?.height ?? 0) / 2)
      expect(points.at(-1)?.y).toBeCloseTo((to?.y ?? 0) - (to?.height ?? 0) / 2)
      const ys = points.map((p) => p.y)
      expect(ys).toEqual(ys.toSorted((a, b) => a - b))
    }
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
