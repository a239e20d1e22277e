// The command line of `npm run bench`: words in, a plan out, or a sentence that says which word was not understood.

import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { type PeerName, peerNames } from './subjects.ts'
import { expand, workloadNames } from './workloads/table.ts'

export type Plan = {
  readonly workloads: readonly string[]
  readonly json: boolean
  readonly quick: boolean
  readonly peers: readonly PeerName[]
  readonly help: boolean
}

export const usage = `npm run bench -- [WORKLOAD ...] [--json] [--peers none|all|NAME,...] [--quick]

  WORKLOAD   ${workloadNames.filter((name) => !name.startsWith('matmul')).join(', ')}, matmul (every product) or the name of one product, such as matmul-256-tn;
             none named: all of them
  --json     a line of JSON a figure in place of the tables
  --peers    which peers to measure beside Nabla: ${peerNames.join(', ')}; all is the default
  --quick    a smoke run of a few seconds: few products, rough figures
  --help     this text

Figures are of one thread. The exit status is 1 when the subjects' first losses disagree, or when one of them fails.`

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
  let [json, quick, help] = [false, false, false]
  let peers: readonly PeerName[] = peerNames
  const named: string[] = []
  for (let index = 0; index < words.length; index += 1) {
    const [word = '', inline] = (words[index] ?? '').split('=', 2)
    if (word === '--json') json = true
    else if (word === '--quick') quick = true
    else if (word === '--help' || word === '-h') help = true
    else if (word === '--peers') {
      const value = inline ?? words[++index]
      if (value === undefined) return left('--peers: which? none, all, or names separated by commas')
      const parsed = peersOf(value)
      if (parsed._tag === 'Left') return parsed
      peers = parsed.right
    } else if (word.startsWith('-')) return left(`'${word}' is not an option; --help lists them`)
    else named.push(word)
  }
  const asked = named.length > 0 ? named : [...workloadNames.filter((name) => !name.startsWith('matmul')), 'matmul']
  const unknown = asked.find((word) => expand(word, quick) === undefined)
  if (unknown !== undefined) return left(`no workload is called '${unknown}'; --help lists them`)
  return right({
    workloads: [...new Set(asked.flatMap((word) => expand(word, quick) ?? []))],
    json,
    quick,
    peers,
    help,
  })
}
