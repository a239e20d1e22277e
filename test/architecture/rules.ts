// In: the modules of the house, path to text. Out: every place where one breaks the house's rules about imports.
// Invariant: pure, so that a house with a planted fault is checked by the same function as the real one.

import { type Import, importsOf } from './imports.ts'

/** The modules of a house by their path from its root, with `/` on every system. */
export type House = ReadonlyMap<string, string>

export type Rule = 'floor' | 'pass' | 'join' | 'package' | 'lazy' | 're-export' | 'cycle' | 'missing'

export type Violation = Readonly<{ rule: Rule; file: string; says: string }>

type Edge = Import & Readonly<{ from: string; to: string }>

/** What the modules of a folder may stand on; of several folders that hold a module the longest counts. */
type Floor = Readonly<{ on: readonly string[]; packages: readonly string[]; lazily?: readonly string[] }>

const language = ['src/core/', 'src/ops/', 'src/expr/'] as const

const floors: Readonly<Record<string, Floor>> = {
  'src/core/': { on: ['src/core/'], packages: ['fp-ts'] },
  'src/ops/': { on: ['src/core/', 'src/ops/'], packages: ['fp-ts'] },
  'src/expr/': { on: language, packages: ['fp-ts'] },
  'src/nn/': { on: [...language, 'src/nn/'], packages: ['fp-ts'] },
  'src/optim/': { on: [...language, 'src/optim/'], packages: ['fp-ts'] },
  'src/artifact/': { on: ['src/core/', 'src/artifact/'], packages: ['fp-ts', 'io-ts'] },
  'src/': { on: ['src/'], packages: ['fp-ts'] },
  'compiler/': { on: ['src/', 'compiler/'], packages: ['fp-ts'] },
  'compiler/emit/wasm/': { on: ['src/', 'compiler/'], packages: ['fp-ts'], lazily: ['binaryen'] },
  // A page runs the runtime too: what Node alone has must not be in its way.
  'runtime/': { on: ['src/core/', 'src/artifact/', 'runtime/'], packages: ['fp-ts'], lazily: ['node:'] },
  'cli/': {
    on: ['src/', 'compiler/', 'runtime/', 'cli/'],
    packages: ['fp-ts', 'io-ts', 'commander', 'picocolors', 'tsx', 'node:'],
    lazily: ['marked'],
  },
}

/** Where the names of the public entries lead. */
const entries: Readonly<Record<string, string>> = {
  nabla: 'src/index.ts',
  'nabla/compiler': 'compiler/index.ts',
  'nabla/runtime': 'runtime/index.ts',
}

const passes = ['grad', 'simplify', 'loops', 'sparse', 'checks', 'fuse', 'remat', 'plan', 'emit', 'inspect'] as const
const joiners = ['compiler/derivatives.ts', 'compiler/pipeline.ts', 'compiler/index.ts'] as const
/** The representations that passes share; they know no pass. The type of a Plan lives beside the pass that makes it. */
const shared = ['compiler/kernel/', 'compiler/program/', 'compiler/plan/plan.ts'] as const
const emitters = ['wasm', 'wgsl', 'javascript'] as const

const floorOf = (file: string): string =>
  Object.keys(floors).reduce(
    (found, folder) => (file.startsWith(folder) && folder.length > found.length ? folder : found),
    '',
  )

/** The pass that a module belongs to, an emitter counting as one of its own; undefined for what passes share. */
const passOf = (file: string): string | undefined => {
  if (shared.some((path) => file.startsWith(path))) return undefined
  const [root, pass = '', below = ''] = file.split('/')
  if (root !== 'compiler' || !passes.some((name) => name === pass)) return undefined
  return pass === 'emit' && emitters.some((name) => name === below) ? `emit/${below}` : pass
}

/** What every emitter uses lies in compiler/emit itself. */
const mayUse = (pass: string, other: string): boolean =>
  pass === other || (pass.startsWith('emit/') && other === 'emit')

const resolve = (from: string, specifier: string): string | undefined => {
  if (Object.hasOwn(entries, specifier)) return entries[specifier]
  return specifier.startsWith('.') ? new URL(specifier, `file:///${from}`).pathname.slice(1) : undefined
}

/** `fp-ts/lib/Either.js` is of `fp-ts`, and `node:fs/promises` of `node:`. */
const packageOf = (specifier: string): string =>
  specifier.startsWith('node:') ? 'node:' : specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')

const edgesOf = (house: House): readonly Edge[] =>
  [...house].flatMap(([from, text]) =>
    importsOf(text).flatMap((found) => {
      const to = resolve(from, found.specifier)
      return to === undefined ? [] : [{ ...found, from, to }]
    }),
  )

const checkFloor = ({ from, to, line }: Edge): readonly Violation[] => {
  const floor = floorOf(from)
  if (floors[floor]?.on.some((folder) => to.startsWith(folder))) return []
  return [{ rule: 'floor', file: from, says: `line ${line}: ${floor || from} does not stand on ${to}` }]
}

const checkMissing =
  (house: House) =>
  ({ from, to, line }: Edge): readonly Violation[] =>
    house.has(to) ? [] : [{ rule: 'missing', file: from, says: `line ${line}: there is no ${to}` }]

const checkPackage = (from: string, { specifier, kind, line }: Import): readonly Violation[] => {
  if (resolve(from, specifier) !== undefined && !(specifier.startsWith('nabla') && !from.startsWith('cli/'))) return []
  const name = packageOf(specifier)
  const { packages, lazily = [] }: Pick<Floor, 'packages' | 'lazily'> = floors[floorOf(from)] ?? { packages: [] }
  if (packages.includes(name)) return []
  if (!lazily.includes(name))
    return [{ rule: 'package', file: from, says: `line ${line}: ${specifier} has no place here` }]
  if (kind === 'type' || kind === 'dynamic') return []
  return [
    { rule: 'lazy', file: from, says: `line ${line}: ${specifier} is loaded by await import('${specifier}') alone` },
  ]
}

const checkReExport = (from: string, { specifier, kind, line }: Import): readonly Violation[] =>
  kind !== 're-export' || Object.values(entries).includes(from)
    ? []
    : [{ rule: 're-export', file: from, says: `line ${line}: only a public entry passes on ${specifier}` }]

/**
 * A pass reaches no other pass, not even through a module that both may use; a shared representation reaches none at all;
 * and none of them reaches the place where the passes are joined.
 */
const checkPasses = (house: House, next: ReadonlyMap<string, readonly Edge[]>): readonly Violation[] =>
  [...house.keys()].flatMap((file): readonly Violation[] => {
    const pass = passOf(file)
    if (pass === undefined && !shared.some((path) => file.startsWith(path))) return []
    const seen = new Set([file])
    const violations: Violation[] = []
    const walk = (path: readonly string[]): void => {
      for (const { to } of next.get(path.at(-1) as string) ?? []) {
        if (seen.has(to)) continue
        seen.add(to)
        const other = passOf(to)
        const stranger = other !== undefined && (pass === undefined || !mayUse(pass, other))
        if (stranger || joiners.some((joiner) => joiner === to))
          violations.push({ rule: 'pass', file, says: [...path, to].join(' -> ') })
        // What lies in a pass, this one's own modules included, is walked from there.
        else if (other === undefined && to.startsWith('compiler/')) walk([...path, to])
      }
    }
    walk([file])
    return violations
  })

/** The modules in compiler/ itself may use a pass; joining two of them is the pipeline's. */
const checkJoins = (house: House, next: ReadonlyMap<string, readonly Edge[]>): readonly Violation[] =>
  [...house.keys()].flatMap((file): readonly Violation[] => {
    if (!/^compiler\/[^/]+$/.test(file) || joiners.some((joiner) => joiner === file)) return []
    const used = new Set((next.get(file) ?? []).flatMap(({ to }) => passOf(to) ?? []))
    return used.size < 2 ? [] : [{ rule: 'join', file, says: `joins ${[...used].sort().join(', ')}` }]
  })

/** Every module that reaches itself, with the shortest way round; types and dynamic imports count. */
const checkCycles = (house: House, next: ReadonlyMap<string, readonly Edge[]>): readonly Violation[] => {
  const reported = new Set<string>()
  const wayRound = (start: string): readonly string[] | undefined => {
    const before = new Map<string, string>()
    const queue = [start]
    for (const at of queue)
      for (const { to } of next.get(at) ?? []) {
        if (before.has(to)) continue
        before.set(to, at)
        if (to !== start) {
          queue.push(to)
          continue
        }
        const path = [start]
        for (let step = at; step !== start; step = before.get(step) as string) path.unshift(step)
        return [start, ...path]
      }
    return undefined
  }
  return [...house.keys()].flatMap((file): readonly Violation[] => {
    const path = wayRound(file)
    const loop = path && [...new Set(path)].sort().join()
    if (path === undefined || loop === undefined || reported.has(loop)) return []
    reported.add(loop)
    return [{ rule: 'cycle', file, says: path.join(' -> ') }]
  })
}

/** Everything about a house's imports that is against its rules; nothing where all is well. */
export const checkHouse = (house: House): readonly Violation[] => {
  const edges = edgesOf(house)
  const next = new Map<string, Edge[]>()
  for (const edge of edges) next.set(edge.from, [...(next.get(edge.from) ?? []), edge])
  const stated = [...house].flatMap(([from, text]) =>
    importsOf(text).flatMap((found) => [...checkPackage(from, found), ...checkReExport(from, found)]),
  )
  return [
    ...edges.flatMap(checkFloor),
    ...edges.flatMap(checkMissing(house)),
    ...stated,
    ...checkPasses(house, next),
    ...checkJoins(house, next),
    ...checkCycles(house, next),
  ]
}
