// A stopwatch for fresh processes: elapsed and processor time. Comes in: nothing; goes out: milliseconds since it started,
// and how much of them the process had a core for.

export type Stopwatch = { readonly elapsed: () => number; readonly busy: () => number }

/** Milliseconds of processor time of this process so far. */
export const processorTime = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

export const stopwatch = (): Stopwatch => {
  const [start, used] = [performance.now(), processorTime()]
  const elapsed = (): number => performance.now() - start
  return { elapsed, busy: () => (processorTime() - used) / elapsed() }
}

/** The last line of a fresh process. */
export const tell = (told: object): void => {
  process.stdout.write(`${JSON.stringify(told)}\n`)
}
