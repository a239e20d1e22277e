// In: a command line. Out: its exit code and what it wrote, without a process of its own.

import { main } from '../../cli/main.ts'

export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

const same = String

export const nabla = async (...args: readonly string[]): Promise<Outcome> => {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await main(args, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    colors: { bold: same, dim: same, red: same, green: same },
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

export const fixture = (name: string): string => `test/cli/fixtures/${name}`
