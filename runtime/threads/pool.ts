/**
 * The helping threads of this page or process. In: programs that want help. Out: a way to call for it.
 * Invariant: there is one pool, as large as the program that wants most needs it; nobody waits for a helper to begin, and none
 * keeps a process alive.
 */
import { BOARD, helper, LISTEN, type Letter } from '../../src/artifact/helper.ts'

interface Helper {
  readonly post: (letter: Letter) => void
}

type NodeThreads = typeof import('node:worker_threads')

/** Node's threads, where there are any; the name is put together so that bundlers for pages do not look for it. */
const importThreads = async (name = 'worker_threads'): Promise<NodeThreads | undefined> => {
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ `node:${name}`)) as NodeThreads
  } catch {
    return undefined
  }
}

const pageStarter = (): (() => Helper) => {
  const url = URL.createObjectURL(new Blob([helper, LISTEN.page], { type: 'text/javascript' }))
  return () => {
    const worker = new Worker(url, { type: 'module' })
    return { post: (letter) => worker.postMessage(letter) }
  }
}

const nodeStarter =
  ({ Worker: Thread }: NodeThreads) =>
  (): Helper => {
    // the loaders of the main thread are no business of a helper
    const worker = new Thread(helper + LISTEN.node, { eval: true, execArgv: [] })
    worker.unref()
    return { post: (letter) => worker.postMessage(letter) }
  }

/** How to start a helper here; the reason where there can be none. */
const starter = async (): Promise<(() => Helper) | string> => {
  if (typeof SharedArrayBuffer === 'undefined')
    return globalThis.crossOriginIsolated === false
      ? 'the page is not cross-origin isolated, so its threads may not share memory'
      : 'this engine has no shared memory'
  if (typeof Worker !== 'undefined') return pageStarter()
  const threads = await importThreads()
  return threads === undefined ? 'this host starts no threads' : nodeStarter(threads)
}

interface Pool {
  readonly board: Int32Array
  readonly start: () => Helper
  readonly helpers: Helper[]
  /** Programs so far: the number of one is never given to another. */
  programs: number
}

const openPool = async (): Promise<Pool | string> => {
  const start = await starter()
  return typeof start === 'string'
    ? start
    : { board: new Int32Array(new SharedArrayBuffer(4 * BOARD.words)), start, helpers: [], programs: 0 }
}

let opened: Promise<Pool | string> | undefined

/** Whoever sleeps looks at the board again. */
const wakeAll = (board: Int32Array): void => {
  Atomics.add(board, BOARD.signal, 1)
  Atomics.notify(board, BOARD.signal)
}

const send = ({ board, helpers }: Pool, number: number, letter: Pick<Letter, 'id' | 'program'>): void => {
  const box = BOARD.letters + number
  helpers[number]?.post({ board, box, ...letter })
  Atomics.add(board, box, 1)
}

/** A program's place in the pool. */
export interface Team {
  /** To be called before an entry runs: helpers work for this program from now on. */
  readonly take: () => void
  /** What the program calls when it has work and somebody sleeps. */
  readonly wake: () => void
  /** Tells helpers of the program, once it is instantiated. */
  readonly join: (program: Omit<NonNullable<Letter['program']>, 'thread'>) => void
}

/** A team of so many threads, the calling one among them; the reason where there can be none. */
export const teamOf = async (threads: number): Promise<Team | string> => {
  opened ??= openPool()
  const pool = await opened
  if (typeof pool === 'string') return pool
  const { board, helpers } = pool
  try {
    while (helpers.length < threads - 1) helpers.push(pool.start())
  } catch (e) {
    return `a thread cannot be started: ${e instanceof Error ? e.message : String(e)}`
  }
  const id = ++pool.programs
  const numbers = Array.from({ length: threads - 1 }, (_, i) => i)
  const team: Team = {
    take: () => {
      if (board[BOARD.current] === id) return
      Atomics.store(board, BOARD.current, id)
      wakeAll(board)
    },
    wake: () => wakeAll(board),
    join: (program) => {
      for (const n of numbers) send(pool, n, { id, program: { ...program, thread: n + 1 } })
      wakeAll(board)
    },
  }
  // helpers hold a program's memory, and let go of it when nobody can run it any more
  forgotten.register(team, () => {
    for (const n of numbers) send(pool, n, { id })
    wakeAll(board)
  })
  return team
}

const forgotten = new FinalizationRegistry((forget: () => void) => forget())
