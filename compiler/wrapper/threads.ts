/**
 * What the wrapper of an artifact for threads has besides, as text. In: nothing; it reads the constant `threads` that `wrapperOf`
 * writes ahead of it. Out: JavaScript that starts helping threads.
 * Invariant: as nabla/runtime does, with the same codes: where there is no help the program runs by itself, gives the same bits and
 * says so once. All programs that one module loads share one pool.
 */
import { BOARD, helper, LISTEN } from '../../src/artifact/helper.ts'
import { CONTROL, THREADS_IMPORT } from '../../src/artifact/manifest.ts'
import type { ManifestThreads } from '../../src/artifact/types.ts'

const PAGE = 65_536

/** The artifact's own numbers: threads at most, where the control area lies, pages of memory. */
export const threadsTable = ({ most, control }: ManifestThreads, memoryBytes: number): string =>
  `// Threads at most, where they meet, pages of memory.\nconst threads = ${JSON.stringify([most, control, Math.ceil(memoryBytes / PAGE)])}\n`

/**
 * `openPool` gives the board on which helping threads sleep and how to start one, or why there are none; `send` tells them of a
 * program, or that nobody can run it any more, so that they let go of its memory; `prepareThreads` gives what the module imports,
 * its entries once it is instantiated, and how many threads run them. The remarks stand here to keep the module small.
 */
export const threadsText = `const [mostThreads, control, pages] = threads
const nodeThreads = 'node:worker_threads'
const helper = \`${helper}\`

const openPool = async () => {
  if (typeof SharedArrayBuffer === 'undefined')
    return globalThis.crossOriginIsolated === false
      ? 'the page is not cross-origin isolated, so its threads may not share memory'
      : 'this engine has no shared memory'
  const pool = { board: new Int32Array(new SharedArrayBuffer(${4 * BOARD.words})), helpers: [], programs: 0 }
  if (typeof Worker !== 'undefined') {
    const url = URL.createObjectURL(new Blob([helper, ${JSON.stringify(LISTEN.page)}], { type: 'text/javascript' }))
    return { ...pool, start: () => new Worker(url, { type: 'module' }) }
  }
  const { Worker: Thread } = await import(/* @vite-ignore */ /* webpackIgnore: true */ nodeThreads)
  const start = () => {
    const thread = new Thread(helper + ${JSON.stringify(LISTEN.node)}, { eval: true, execArgv: [] })
    thread.unref()
    return thread
  }
  return { ...pool, start }
}

let opened
let said

const wakeAll = ({ board }) => {
  Atomics.add(board, ${BOARD.signal}, 1)
  Atomics.notify(board, ${BOARD.signal})
}

const send = (pool, count, id, program) => {
  const { board, helpers } = pool
  for (let n = 0; n < count - 1; n++) {
    const box = ${BOARD.letters} + n
    helpers[n].postMessage({ board, box, id, program: program && { ...program, thread: n + 1 } })
    Atomics.add(board, box, 1)
  }
  wakeAll(pool)
}

const forgotten = new FinalizationRegistry(([pool, count, id]) => send(pool, count, id))

const maySleep = (words) => {
  try {
    return Atomics.wait(words, ${CONTROL.mayWait / 4}, 1, 0) !== undefined
  } catch {
    return false
  }
}

const poolFor = async (count) => {
  try {
    const pool = await (opened ??= openPool())
    while (pool.start && pool.helpers.length < count - 1) pool.helpers.push(pool.start())
    return pool
  } catch (e) {
    return 'a thread cannot be started: ' + e.message
  }
}

const prepareThreads = async (module, wanted) => {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const processors = globalThis.navigator?.hardwareConcurrency ?? 2
  const count = Math.max(1, Math.min(Math.floor(wanted ?? processors), mostThreads))
  const pool = count > 1 && (await poolFor(count))
  const importsOf = (wake) => ({ ${THREADS_IMPORT}: { memory, wake } })
  if (!pool || !pool.start) {
    const alone = { count: 1, ready: 1 }
    if (pool) {
      alone.fallback = new ProgramError('W_THREADS_HOST', count + ' threads were wanted, but ' + pool + '; one runs the program')
      said ??= console.warn('W_THREADS_HOST: ' + alone.fallback.message) ?? true
    }
    return { imports: importsOf(() => {}), begin: (functions) => functions, threads: alone }
  }
  const { board } = pool
  const words = new Int32Array(memory.buffer, control)
  const id = ++pool.programs
  const team = {
    take: () => {
      if (board[${BOARD.current}] === id) return
      Atomics.store(board, ${BOARD.current}, id)
      wakeAll(pool)
    },
  }
  const taking = (run) => () => {
    team.take()
    run()
  }
  const begin = (functions) => {
    Atomics.store(words, ${CONTROL.mayWait / 4}, maySleep(words) ? 1 : 0)
    send(pool, count, id, { module, memory, control })
    forgotten.register(team, [pool, count, id])
    return Object.fromEntries(entries.map(([name]) => [name, taking(functions[name])]))
  }
  const running = {
    count,
    get ready() {
      return 1 + Atomics.load(words, ${CONTROL.helpers / 4})
    },
  }
  return { imports: importsOf(() => wakeAll(pool)), begin, threads: running }
}
`
