// The command line of `npm run bench`: words in, a plan out, or a sentence that says which word was not understood.

import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { expandFigure, figureNames, singleFigures } from './figures/table.ts'
import { type PeerName, peerNames } from './subjects.ts'
import { expand, families, isOfFamily, workloadNames } from './workloads/table.ts'

export type Plan = {
  readonly workloads: readonly string[]
  /** Figures that are Nabla's alone. */
  readonly figures: readonly string[]
  /** Where to keep the run for docs/performance.md; undefined: nowhere. */
  readonly record: string | undefined
  readonly json: boolean
  readonly quick: boolean
  readonly peers: readonly PeerName[]
  /** Nabla's training steps are measured on as many threads too; 1: on one alone. */
  readonly threads: number
  /** Kernel by kernel, in place of the figures. */
  readonly profile: boolean
  readonly help: boolean
}

export const usage = `npm run bench -- [NAME ...] [--json] [--peers none|all|NAME,...] [--threads N] [--quick] [--record FILE]
       npm run bench -- [NAME ...] --profile [--json] [--quick]

  NAME       ${workloadNames.filter((name) => !isOfFamily(name)).join(', ')}, matmul (every product), conv (every convolution) or the name of one, such as matmul-256-tn;
             ${singleFigures.join(', ')};
             ops (all lengths of derivatives), memory (every plan), process (what trains it) or one of them, such as
             ops-delta-rule or memory-W4; none named: everything
  --json     a line of JSON a figure in place of the tables
  --peers    which peers to measure beside Nabla: ${peerNames.join(', ')}; all is the default
  --threads  measure steps that are matrix products above all on N threads too
  --quick    a smoke run of some seconds: few products, rough figures
  --record   also write the machine and the lines to FILE, from which \`npm run docs\` makes docs/performance.md
  --profile  where the time of a training step goes, kernel by kernel, with shares of the peak and of the bandwidth
  --help     this text

Figures are of one thread unless --threads asks for more. The exit status is 1 when the subjects' first losses disagree, or when one of them fails.`

const peersOf = (value: string): Either<string, readonly PeerName[]> => {
  if (value === 'all') return right(peerNames)
  if (value === 'none') return right([])
  const asked = value.split(',')
  const unknown = asked.find((name) => !peerNames.some((peer) => peer === name))
  return unknown === undefined
    ? right(peerNames.filter((peer) => asked.includes(peer)))
    : left(`--peers: no peer is called '${unknown}'; there are ${peerNames.join(', ')}, all and none`)
}

/** What the words ask for; `words` are those after the command. */
export const plan = (words: readonly string[]): Either<string, Plan> => {
  let [json, quick, profile, help] = [false, false, false, false]
  let peers: readonly PeerName[] = peerNames
  let record: string | undefined
  let threads = 1
  const named: string[] = []
  for (let index = 0; index < words.length; index += 1) {
    const [word = '', inline] = (words[index] ?? '').split('=', 2)
    if (word === '--json') json = true
    else if (word === '--quick') quick = true
    else if (word === '--profile') profile = true
    else if (word === '--help' || word === '-h') help = true
    else if (word === '--peers') {
      const value = inline ?? words[++index]
      if (value === undefined) return left('--peers: which? none, all, or names separated by commas')
      const parsed = peersOf(value)
      if (parsed._tag === 'Left') return parsed
      peers = parsed.right
    } else if (word === '--threads') {
      threads = Number(inline ?? words[++index])
      if (!Number.isInteger(threads) || threads < 1 || threads > 64) return left('--threads: how many? 1 to 64')
    } else if (word === '--record') {
      record = inline ?? words[++index]
      if (record === undefined) return left('--record: into which file?')
    } else if (word.startsWith('-')) return left(`'${word}' is not an option; --help lists them`)
    else named.push(word)
  }
  const everything = [...workloadNames.filter((name) => !isOfFamily(name)), ...families, ...figureNames]
  const asked = named.length > 0 ? named : everything
  const unknown = asked.find((word) => expand(word, quick) === undefined && expandFigure(word) === undefined)
  if (unknown !== undefined) return left(`nothing is called '${unknown}'; --help lists the names`)
  return right({
    workloads: [...new Set(asked.flatMap((word) => expand(word, quick) ?? []))],
    figures: [...new Set(asked.flatMap((word) => expandFigure(word) ?? []))],
    record,
    json,
    quick,
    peers,
    threads,
    profile,
    help,
  })
}
