/**
 * `derivation`: the gradients of a model derived as a lecturer would. In: a model, and what to differentiate by. Out: Markdown.
 * Invariant: every formula is the compiler's own; where its last form differs from what the steps lead to, that is said.
 */
import type { Node } from '../src/expr/expr.ts'
import { graph, is } from '../src/expr/node.ts'
import { nameOf } from '../src/expr/origin.ts'
import { type Arrival, type Backward, backwardAt, backwardOf } from './backward.ts'
import { type InspectOptions, type Loss, lossesOf, modelRoots } from './describe.ts'
import { type Doc, nameDoc, render, text } from './inspect/doc.ts'
import { equationsOf, type Line } from './inspect/equations.ts'
import { heard } from './inspect/indices.ts'
import { showMargin } from './inspect/layout.ts'
import { isLoopResult } from './inspect/names.ts'
import type { Printable } from './inspect/print.ts'
import { lawOf, simplifyRoots } from './derivatives.ts'
import { loopSteps } from './loop-steps.ts'
import { leavesOf, topological } from './program/walk.ts'
import { grad, type Scalar } from './transforms.ts'
import { arrivalText, block, by, code, isSilent, listOf, shown, type Writer } from './ways.ts'

const givenText = (loss: Node): string => {
  const named = (op: 'input' | 'param' | 'state'): readonly string[] =>
    leavesOf([loss], op).map((n) => code(`${nameOf(n)} ${showMargin(n)}`))
  const [inputs, params, states] = [named('input'), named('param'), named('state')]
  return [
    ...(inputs.length === 0 ? [] : [`Given: ${listOf(inputs)}.`]),
    ...(params.length === 0 ? [] : [`Parameters: ${listOf(params)}.`]),
    ...(states.length === 0 ? [] : [`States: ${listOf(states)}.`]),
  ].join(' ')
}

/** Classes that are written as the one-hot vectors that they stand for. */
const labelNotes = (back: Backward): readonly string[] => {
  const leaves = new Set(
    [...back.asides()].flatMap(([name, n]) => (is(n, 'oneHot') && nameOf(n.ins[0] as Node) === name ? [name] : [])),
  )
  const names = [...leaves].map(code)
  const stand = names.length === 1 ? 'stands for the one-hot vectors of its' : 'stand for the one-hot vectors of their'
  return names.length === 0 ? [] : [`On the way back ${listOf(names)} ${stand} classes.`]
}

const forwardEquations = (w: Writer): readonly Line[] => {
  const { back } = w
  // a loop tells what it is called itself
  const own = back.stations.filter((s) => s.node.ins.length > 0 && !isLoopResult(s.node))
  const asides = [...back.asides()].filter(
    ([name, n]) => !(is(n, 'oneHot') && nameOf(n.ins[0] as Node) === name) && !isLoopResult(n),
  )
  const beside = asides.map(([name, node]) => ({ name, node }))
  const all = [...own.slice(0, -1), ...beside, ...own.slice(-1)]
  const values = new Map<Node, Doc>()
  const roots = all.map((s) => ({ label: s.name, node: s.node, defines: true }))
  return equationsOf(roots, { within: { values, indices: [], taken: new Set() }, toldInLoops: true }).equations
}

const forwardLines = (w: Writer): readonly string[] => shown(forwardEquations(w), w.width)

/** What the simplifier makes of the model before it is differentiated. */
const simplifiedText = (loss: Node, stable: Node): readonly string[] => {
  const rules = [...new Set(simplifyRoots([loss]).fired.map((f) => f.rule))].filter((r) => !isSilent(r))
  return loss === stable || rules.length === 0
    ? []
    : [`Simplified first by ${listOf(rules.map((r) => `*${r}* (${lawOf(r).law})`))}.`]
}

/** CE(ŷ, y), which is computed from what the softmax is taken of. */
const crossEntropyNotes = (back: Backward): readonly string[] =>
  [...back.asides()].flatMap(([name, n]) => {
    const { stations, formulaOf: own } = back
    const z = n.op === 'softmax' ? stations.find((s) => s.node === n.ins[0]) : undefined
    const made = stations
      .flatMap((s) => topological([own(s)]))
      .find((m) => m.op === 'crossEntropy' && m.ins[0] === z?.symbol)
    if (z === undefined || made === undefined) return []
    const label = nameOf(made.ins[1] as Node) ?? 'y'
    return [
      `${code(`crossEntropy(${z.name}, ${label})`)} is the cross-entropy ${code(`CE(${name}, ${label})`)}, without a logarithm of what may be 0.`,
    ]
  })

const written = (lines: readonly string[]): readonly string[] => (lines.length === 0 ? [] : [block(lines)])

/** δ₃ = −δ₂ = …, where the compiler has moved a sign. */
const turnedLine = (line: Line, turned: ReadonlyMap<Node, string>): Line => {
  const of = line.tag === 'equation' ? turned.get(line.node) : undefined
  if (line.tag === 'loop' || of === undefined) return line
  return { ...line, doc: text({ text: `−${of} = ${render(line.doc).text}`, precedence: 0 }) }
}

/** The gradients as the compiler makes them, over the variables and those δ that they share. */
const resultLines = (
  w: Pick<Writer, 'back' | 'label' | 'taken'>,
  wrt: readonly Node[],
  gradients: readonly Node[],
): readonly Line[] => {
  const { back } = w
  const inside = new Set(topological(gradients))
  const values = new Map<Node, Doc>(
    back.stations.filter((s) => s.node.ins.length > 0 && !isLoopResult(s.node)).map((s) => [s.node, nameDoc(s.name)]),
  )
  for (const [name, n] of back.asides()) if (!isLoopResult(n)) values.set(n, nameDoc(name))
  const turned = new Map<Node, string>()
  for (const { called, sum } of back.arrivals) {
    if (called === undefined || inside.has(back.whole(sum))) continue
    const minus = simplifyRoots([graph.neg([back.whole(sum)])]).roots[0] as Node
    if (inside.has(minus)) turned.set(minus, called)
  }
  const roots = wrt.map((v, i) => ({ label: by(w, nameOf(v) ?? v.op), node: gradients[i] as Node, defines: false }))
  const options = { within: { values, indices: [], taken: w.taken }, toldInLoops: true }
  // what gets a name anyway has the one of its derivation
  const { told } = equationsOf(roots, options)
  const shared = back.arrivals.flatMap((a) => {
    const node = back.whole(a.sum)
    return a.called !== undefined && told.has(node) ? [{ label: a.called, node, defines: true }] : []
  })
  return equationsOf([...shared, ...roots], options).equations.map((l) => turnedLine(l, turned))
}

/** What the chain rule gives at one step of each loop, from what the states receive to what the step reads. */
const stepsText = (w: Writer, model: Node, variables: readonly Node[]): readonly string[] =>
  loopSteps(model, forwardEquations(w), variables).flatMap(({ results, scalar, wrt }) => {
    const back = backwardAt('ₜ', scalar, w.label, wrt)
    for (const { ways, sum } of back.arrivals)
      for (const n of [sum, ...ways.flatMap((way) => way.forms.map((f) => f.node))]) back.voiced(n)
    const outside = 'what is behind the step'
    const own: Writer = { ...w, back, finals: new Map(), outside }
    // of what only the outside reads nothing is to be derived
    const derived = back.arrivals.filter((a) => !a.ways.every((way) => way.from.name === w.label))
    const inner = derived.filter((a) => !wrt.includes(a.station.node))
    const ends = wrt.flatMap((v) => derived.filter((a) => a.station.node === v))
    return [
      `### At step t: ${results.map((name) => by(w, name)).join(', ')}`,
      `${listOf(results.map((name) => code(`δ${name}`)))} ${results.length === 1 ? 'is' : 'are'} what the step receives: from the one that is computed after it, and from what reads ${results.length === 1 ? 'the state' : 'the states'} outside the loop. The error of another variable v at this step is called εv; what every step uses receives the like from each.`,
      ...[...inner, ...ends].map((a) => `#### ${by(w, a.station.name)}\n\n${arrivalText(own, a)}`),
    ]
  })

/** The loops that the way back adds, with what they read: at each step an error comes from what reads the state and from the next step. */
const throughLoops = (w: Writer, model: Node, wrt: readonly Node[]): readonly string[] => {
  const forward = new Set(forwardLines(w).map((line) => line.trim().split(/ +[=←:] /)[0]))
  const called = new Set(w.back.arrivals.map((a) => a.called))
  const isNew = (l: Line): boolean => (l.tag === 'loop' ? l.body.some(isNew) : !forward.has(l.name))
  const isShown = (l: Line): boolean => isNew(l) && (l.tag === 'loop' || (l.definition && !called.has(l.name)))
  const loops = w.result.filter(isShown)
  if (!loops.some((l) => l.tag === 'loop')) return []
  return [
    '## Through the loop',
    'What a state receives at step t is what it receives there and, as the δ of the state, what the step after it sends back. The error so goes from the last step to the first; what every step uses adds up over the steps.',
    ...stepsText(w, model, wrt),
    '### All steps',
    block(shown(loops, w.width)),
  ]
}

/** What the simplifier still finds where the steps meet. */
const meetingText = (back: Backward, wrt: readonly Node[]): string => {
  const sums = wrt.flatMap((v) => back.arrivals.find((a) => a.station.node === v)?.sum ?? [])
  const { fired } = simplifyRoots(sums.map(back.whole))
  const rules = [...new Set(fired.map((f) => f.rule))].filter((r) => !isSilent(r))
  return rules.length === 0
    ? ''
    : ` Where the steps meet, the simplifier also applies ${listOf(rules.map((r) => `*${r}* (${lawOf(r).law})`))}.`
}

/** Sections that are put at the end of the chapter of a loss: how its gradient was checked, say. */
export interface DerivationOptions extends InspectOptions {
  readonly after?: (loss: Node) => string
}

const chapter = (loss: Loss, simple: (n: Node) => Node, options: DerivationOptions): string => {
  const { width = 88 } = options
  const label = loss.label
  const wrt = loss.wrt.map(simple)
  const stable = simple(loss.node)
  const names = wrt.map((v) => nameOf(v) ?? v.op)
  const gradients = grad(loss.node as Scalar, loss.wrt)
  const back = backwardOf(stable, label, wrt)
  // a loop gives its names itself
  const named = topological([stable]).filter((n) => !isLoopResult(n))
  const stations = back.stations.filter((s) => !isLoopResult(s.node))
  const errors = back.arrivals.flatMap((a) => a.called ?? [])
  const heardNames = [...named.flatMap((n) => nameOf(n) ?? []), ...stations.map((s) => s.name), ...errors]
  const taken = new Set([...heardNames, ...(errors.length === 0 ? [] : ['δ'])].map(heard))
  // what the steps call by name is known once all of them have been said
  for (const { ways, sum } of back.arrivals)
    for (const n of [sum, ...ways.flatMap((way) => way.forms.map((f) => f.node))]) back.voiced(n)
  const result = resultLines({ back, label, taken }, wrt, gradients)
  const finals = new Map(
    result.flatMap((l) => (l.tag === 'equation' && !l.definition ? [[l.name, render(l.doc).text] as const] : [])),
  )
  const w: Writer = { back, label, width, taken, result, finals }
  // which asides there are is known once everything has been said
  const section = (a: Arrival): string => `### ${by(w, a.station.name)}\n\n${arrivalText(w, a)}`
  const ends = back.arrivals.filter((a) => wrt.includes(a.station.node) && a.station.node.ins.length === 0)
  const inner = back.arrivals.filter((a) => !ends.includes(a)).map(section)
  const outer = wrt.flatMap((v) => ends.filter((a) => a.station.node === v)).map(section)
  const unused = wrt.filter((v) => !back.arrivals.some((a) => a.station.node === v))
  const title = `# The gradient of ${label} by ${listOf(names)}`
  if (back.arrivals.length === 0)
    return [title, `${label} does not change with ${listOf(names)} wherever it has a derivative.`].join('\n\n')
  const extra = options.after?.(loss.node)
  return [
    title,
    [givenText(loss.node), ...labelNotes(back)].join(' '),
    '## Forward',
    ...simplifiedText(loss.node, stable),
    ...written(forwardLines(w)),
    ...crossEntropyNotes(back),
    '## Backward',
    `The error of a variable v is ∂${label}/∂v, of the shape of v. It starts as ∂${label}/∂${label} = 1 and goes back by the chain rule, from each variable to those of which it is made; what is used several times adds up what it receives. A product with · is element by element.`,
    ...inner,
    ...throughLoops(w, stable, wrt),
    ...(inner.length === 0 || outer.length === 0 ? outer : ['## The gradients', ...outer]),
    ...(unused.length === 0 ? [] : [`${label} does not depend on ${listOf(unused.map((v) => nameOf(v) ?? v.op))}.`]),
    '## Together',
    `This is what is compiled.${meetingText(back, wrt)}`,
    block(shown(result, w.width)),
    ...(extra === undefined ? [] : [extra]),
  ].join('\n\n')
}

/**
 * The gradient of each scalar result derived step by step, as Markdown: the variables of the forward pass; what each receives on
 * the way back, by which rule of differentiation, where ways meet, and how that is simplified; the gradients together.
 *
 * @example
 * const x = input('x', [3])
 * const lines = derivation(named('y', sum(square(x)))).split('\n')
 * console.log(lines[0]) // # The gradient of y by x
 */
export const derivation = (model: Printable, options: DerivationOptions = {}): string => {
  const named = modelRoots(model, options).filter((r) => r.sign !== '←')
  const losses = lossesOf(named, options.wrt)
  // all together, so that what the simplifier makes of one is known by its name to the others
  const nodes = [...named.map((r) => r.node), ...losses.flatMap((l) => l.wrt)]
  const simplified = simplifyRoots(nodes).roots
  const simple = new Map(nodes.map((n, i) => [n, simplified[i] as Node] as const))
  return losses.map((l) => chapter(l, (n) => simple.get(n) as Node, options)).join('\n\n')
}
