/**
 * Expressions as a TypeScript module in the language itself. In: labelled expressions, lists, records and steps. Out: text.
 * Invariant: importing the module makes the same expressions again (customs and checkpoints by their values), so that what is
 * compiled from it gives the same bits.
 */
import { InternalError } from '../../../src/core/errors.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { nameOf } from '../../../src/expr/origin.ts'
import { topological } from '../../program/walk.ts'
import { languageNames } from './calls.ts'
import { type Identifiers, identifiers } from './identifiers.ts'
import { declarationOf, initialName, isLeaf } from './leaves.ts'
import { type Item, type Module, nodesOf, type Scope } from './outline.ts'
import { writeScope } from './scope.ts'
import { columns, importsIn, isIdentifier, laid, quote, type Value } from './text.ts'

export interface ModuleOptions {
  /** What stands in the first line. */
  readonly title: string
  /** Nodes of the model itself, where differentiation made them first. */
  readonly forward: ReadonlySet<Node>
  /** What nodes would best be called where they need a name. */
  readonly labels: ReadonlyMap<Node, string>
}

const noOperands = (): never => {
  throw new InternalError('a declaration has no operands')
}

/** A leaf; before it, where its initial value is drawn as no initializer of the language does it, a function of the key. */
const declarationLines = (n: Node, name: string, ids: Identifiers, module: Module): readonly string[] => {
  const { call, drawn } = declarationOf(n)
  for (const used of importsIn(call)) if (used !== initialName) module.imports.add(used)
  const head = `export const ${name} = `
  if (drawn === undefined) return [`${head}${laid(call, noOperands, '', head.length)}`]
  const initial = ids.take(`${name}Initial`)
  const identifiers = ids.inside()
  const key = identifiers.take('key')
  const body: Scope = {
    items: [{ tag: 'return', nodes: [drawn.value], value: () => drawn.value }],
    given: new Map([[drawn.key, key]]),
    identifiers,
    indent: '  ',
    labels: new Map(),
  }
  module.imports.add('type Key')
  const args = call.args.map((a, i) => (i === 2 ? ({ tag: 'reference', name: initial } as const) : a))
  return [
    `const ${initial} = (${key}: Key) => {\n${writeScope(body, module).join('\n')}\n}`,
    `${head}${laid({ ...call, args }, noOperands, '', head.length)}`,
  ]
}

const importLine = (names: ReadonlySet<string>): string => {
  const plain = (name: string): string => name.replace('type ', '')
  const sorted = [...names].sort((a, b) => (plain(a).toLowerCase() < plain(b).toLowerCase() ? -1 : 1))
  const line = `import { ${sorted.join(', ')} } from 'nabla'`
  return line.length <= columns ? line : `import {\n${sorted.map((n) => `  ${n},\n`).join('')}} from 'nabla'`
}

/** A label that is no identifier is exported as a string. */
const exportName = (label: string): string => (isIdentifier(label) ? label : quote(label))

interface Draft {
  readonly text: string
  readonly imports: ReadonlySet<string>
}

/** The module, whose own names are unlike those of the language that are given. */
const draft = (exports: Readonly<Record<string, Value>>, options: ModuleOptions, avoided: Iterable<string>): Draft => {
  const ids: Identifiers = identifiers(avoided)
  const module: Module = { imports: new Set(), forward: options.forward, results: new Map() }
  const labels = Object.keys(exports)
  const items = labels.map((label): Item & { readonly tag: 'constant' } => {
    const name = ids.take(label)
    return { tag: 'constant', name, value: exports[label] as Value, exported: name === label }
  })
  const leaves = topological(items.flatMap(nodesOf)).filter(isLeaf)
  const given = new Map(leaves.map((n) => [n, ids.take(nameOf(n) as string)]))
  const declared = leaves.flatMap((n) => declarationLines(n, given.get(n) as string, ids, module))
  const scope: Scope = { items, given, identifiers: ids, indent: '', labels: options.labels }
  const lines = writeScope(scope, module)
  const renamed = items.flatMap(({ name, exported }, i) =>
    exported ? [] : [`${name} as ${exportName(labels[i] as string)}`],
  )
  const text = [
    `// ${options.title}`,
    ...(module.imports.size === 0 ? [] : [importLine(module.imports)]),
    ...(declared.length === 0 ? [] : [declared.join('\n')]),
    lines.join('\n'),
    ...(renamed.length === 0 ? [] : [`export { ${renamed.join(', ')} }`]),
  ]
  return { text: text.join('\n\n'), imports: module.imports }
}

/**
 * The module that exports each value under its label; of a label that is taken by what the module imports, one like it. Written
 * twice, because what is imported is known when all is written.
 */
export const moduleOf = (exports: Readonly<Record<string, Value>>, options: ModuleOptions): string => {
  const { imports } = draft(exports, options, languageNames)
  return draft(
    exports,
    options,
    [...imports].map((name) => name.replace('type ', '')),
  ).text
}
