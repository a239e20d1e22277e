/**
 * The check that `load(..., { checks: true })` makes after every run.
 * In: the slots of the parameters. Out: the first NaN, by name and index. Invariant: nothing is changed.
 */
import type { RunError } from '../src/core/errors.ts'
import { isFloat } from '../src/core/dtype.ts'
import { unravel } from '../src/core/shape.ts'
import { runError } from './codes.ts'
import type { AfterRun } from './entry.ts'
import type { Slot } from './ports.ts'

/** `w1[3,5]` for the element at `index`; `b` alone for a scalar. */
const showElement = ({ port }: Slot, index: number): string =>
  port.shape.length === 0 ? port.name : `${port.name}[${unravel(index, port.shape).join(',')}]`

/** Looks for a NaN in every floating parameter. */
export const nanCheck = (params: readonly Slot[]): AfterRun => {
  const floats = params.filter(({ port }) => isFloat(port.dtype))
  return (entry): RunError | undefined => {
    for (const slot of floats) {
      const at = slot.view.findIndex(Number.isNaN)
      if (at >= 0)
        return runError(
          'E_RUN_NAN_PARAM',
          `parameter ${showElement(slot, at)} is NaN after ${entry}`,
          'lower the learning rate, clip the gradient, or look for log(0), 0/0 or an infinite input',
        )
    }
    return undefined
  }
}
