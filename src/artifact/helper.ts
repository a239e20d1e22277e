/**
 * What a helping thread runs, as text: a worker is made of it in Node and in pages, bundled or not, without a file to find; the
 * runtime's pool makes them and so do generated wrappers.
 * In: messages with programs. Out: nothing; it calls each program's `work` when that runs.
 * Invariant: it sleeps on the board where it is not needed, and goes back to its event loop whenever there is a letter.
 */
import { CONTROL, THREADS_IMPORT, WORK_EXPORT } from './manifest.ts'

/** Words of the board: a signal that wakes, the program that runs, and how many letters each helper has been sent. */
export const BOARD = { signal: 0, current: 1, letters: 16, words: 16 + 64 } as const

/**
 * A box counts the letters that were sent to this helper; each comes with the board. Where a part fails it will never be done, so
 * whoever waits for it is told. The text has no backslash and no quote of its own kind, so that it can stand in another one.
 */
export const helper = `
const programs = new Map()
let handled = 0
const serve = (board, box) => {
  while (Atomics.load(board, box) <= handled) {
    const seen = Atomics.load(board, ${BOARD.signal})
    const work = programs.get(Atomics.load(board, ${BOARD.current}))
    if (work !== undefined) work()
    if (Atomics.load(board, box) <= handled) Atomics.wait(board, ${BOARD.signal}, seen)
  }
}
const start = ({ module, memory, control, thread }) => {
  const { exports } = new WebAssembly.Instance(module, { ${THREADS_IMPORT}: { memory, wake: () => {} } })
  const words = new Int32Array(memory.buffer, control)
  return () => {
    try {
      exports['${WORK_EXPORT}'](thread)
    } catch {
      Atomics.store(words, ${CONTROL.failed / 4}, 1)
      Atomics.add(words, ${CONTROL.done / 4}, 1)
      Atomics.notify(words, ${CONTROL.done / 4})
    }
  }
}
const receive = ({ board, box, id, program }) => {
  handled += 1
  if (program === undefined) programs.delete(id)
  else {
    const work = start(program)
    programs.set(id, work)
    work()
  }
  serve(board, box)
}
`

/** How a page's worker and a thread of Node listen; either stands behind `helper`. */
export const LISTEN = {
  page: 'onmessage = ({ data }) => receive(data)',
  node: "require('node:worker_threads').parentPort.on('message', receive)",
} as const

export interface Letter {
  readonly board: Int32Array
  /** The word of the board that counts this helper's letters. */
  readonly box: number
  readonly id: number
  /** What to work for from now on; left out where the program is gone. */
  readonly program?: {
    readonly module: WebAssembly.Module
    readonly memory: WebAssembly.Memory
    readonly control: number
    /** Which of the program's threads this is; that which calls entries is 0. */
    readonly thread: number
  }
}
