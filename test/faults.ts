// In: what a checker found. Out: whether the planted fault is among it, in the words that name it.

import { expect } from 'vitest'

interface Fault {
  readonly rule: string
  readonly message: string
}

export const expectFault = (faults: readonly Fault[], rule: string, message: RegExp): void => {
  expect(faults.map((f) => f.rule)).toContain(rule)
  expect(
    faults
      .filter((f) => f.rule === rule)
      .map((f) => f.message)
      .join('\n'),
  ).toMatch(message)
}
