/**
 * Node as a child process. In: arguments and a folder. Out: what it printed, and how it ended.
 * Invariant: never blocks the test's own thread, which has to answer while others are slow.
 */
import { execFile } from 'node:child_process'

/** How long a test of child processes may take, in milliseconds, where the machine has other work. */
export const patience = 120_000

export interface Ended {
  readonly stdout: string
  readonly stderr: string
  /** The exit code; null where a signal ended it. */
  readonly status: number | null
}

export const runNode = (cwd: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 2 ** 26 }
    const child = execFile(process.execPath, args, options, (_, stdout, stderr) => {
      resolve({ stdout, stderr, status: child.exitCode })
    })
  })
