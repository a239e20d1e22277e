// The harness's end of a subject's process: start it, ask, wait for the answer, let it go. A process that dies or falls
// silent is an error that carries what it printed.

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Open, Opened, Reply, Request, Slice } from './protocol.ts'
import type { Subject } from './subjects.ts'

const silenceMilliseconds = 300_000
const child = fileURLToPath(new URL('./child.js', import.meta.url))

export class SubjectError extends Error {}

export type SubjectProcess = {
  readonly subject: Subject
  /** Prepares a workload and warms it up, in place of the one before; undefined where the subject cannot do it. */
  readonly open: (workload: string, options: OpenOptions) => Promise<Opened | undefined>
  /** Times the opened workload for so long. */
  readonly slice: (milliseconds: number) => Promise<Slice>
  readonly close: () => void
}

export type OpenOptions = Pick<Open, 'module' | 'warmMilliseconds' | 'slices'>

type Channel = { readonly ask: (request: Request) => Promise<Reply>; readonly close: () => void }

const label = (subject: Subject): string => `${subject.name} ${subject.variant}`

const channel = (subject: Subject): Channel => {
  const started: ChildProcess = fork(child, [], {
    execArgv: [...subject.flags],
    env: { ...process.env, BENCH_THREADS: String(subject.threads) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  // Kept for the case of failure; a library's greetings have no place in the report.
  let printed = ''
  const keep = (chunk: Buffer): void => {
    printed = (printed + chunk.toString()).slice(-4000)
  }
  started.stdout?.on('data', keep)
  started.stderr?.on('data', keep)
  const ask = (request: Request): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        started.off('message', onMessage)
        started.off('exit', onExit)
      }
      const onMessage = (reply: Reply): void => {
        settle()
        resolve(reply)
      }
      const onExit = (code: number | null, signal: string | null): void => {
        settle()
        reject(new SubjectError(`${label(subject)}: its process ended (${code ?? signal})\n${printed}`))
      }
      const timer = setTimeout(() => {
        settle()
        started.kill()
        reject(new SubjectError(`${label(subject)}: no answer in ${silenceMilliseconds / 1000} s\n${printed}`))
      }, silenceMilliseconds)
      started.once('message', onMessage)
      started.once('exit', onExit)
      started.send(request)
    })
  return { ask, close: () => void (started.connected && started.disconnect()) }
}

const failure = (subject: Subject, reply: Reply): SubjectError =>
  new SubjectError(`${label(subject)}: ${reply._tag === 'failed' ? reply.message : `unexpected answer ${reply._tag}`}`)

/** Starts a subject's process, with nothing opened yet. */
export const startSubject = (subject: Subject): SubjectProcess => {
  const { ask, close } = channel(subject)
  const open = async (workload: string, options: OpenOptions): Promise<Opened | undefined> => {
    const reply = await ask({ _tag: 'open', workload, variant: subject.variant, ...options })
    if (reply._tag === 'absent') return undefined
    if (reply._tag !== 'opened') throw failure(subject, reply)
    return reply
  }
  const slice = async (milliseconds: number): Promise<Slice> => {
    const reply = await ask({ _tag: 'slice', milliseconds })
    if (reply._tag !== 'slice') throw failure(subject, reply)
    return reply
  }
  return { subject, open, slice, close }
}
