// How long to measure. Rounds against disturbances of seconds, slices long enough for a median of steps.

export type Effort = {
  readonly rounds: number
  readonly warmMilliseconds: number
  readonly trainingMilliseconds: number
  readonly productMilliseconds: number
  readonly peakMilliseconds: number
}

export const fullEffort: Effort = {
  rounds: 7,
  warmMilliseconds: 800,
  trainingMilliseconds: 300,
  productMilliseconds: 60,
  peakMilliseconds: 20,
}

/** A smoke run: every path is taken, the figures are rough. */
export const quickEffort: Effort = {
  rounds: 2,
  warmMilliseconds: 60,
  trainingMilliseconds: 50,
  productMilliseconds: 20,
  peakMilliseconds: 10,
}
