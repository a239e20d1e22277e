// How long to measure. Rounds against disturbances of seconds, slices long enough for a median of steps.

export type Effort = {
  readonly rounds: number
  /** How often something is taken again where another process had the core. */
  readonly retries: number
  readonly warmMilliseconds: number
  readonly trainingMilliseconds: number
  readonly productMilliseconds: number
  readonly peakMilliseconds: number
  /** Fresh processes for what is measured from a cold start. */
  readonly processes: number
  /** Steps over which allocation is counted, of a small and of a large program. */
  readonly shortSteps: number
  readonly wideSteps: number
  /** Steps of a long run. */
  readonly longSteps: number
  /** Compilations of each length of a loop. */
  readonly lengthRounds: number
  /** Operations of the longest chain, and parameters of the widest program, whose compilation is timed. */
  readonly curveLimit: number
  /** Whether the interpreter trains along. */
  readonly interpreted: boolean
}

export const fullEffort: Effort = {
  rounds: 7,
  retries: 2,
  warmMilliseconds: 800,
  trainingMilliseconds: 300,
  productMilliseconds: 60,
  peakMilliseconds: 20,
  processes: 7,
  shortSteps: 10_000,
  wideSteps: 500,
  longSteps: 3000,
  lengthRounds: 101,
  curveLimit: 100_000,
  interpreted: true,
}

/** A smoke run: every path is taken, the figures are rough. */
export const quickEffort: Effort = {
  rounds: 2,
  retries: 0,
  warmMilliseconds: 60,
  trainingMilliseconds: 50,
  productMilliseconds: 20,
  peakMilliseconds: 10,
  processes: 1,
  shortSteps: 10_000,
  wideSteps: 20,
  longSteps: 60,
  lengthRounds: 2,
  curveLimit: 100,
  interpreted: false,
}
