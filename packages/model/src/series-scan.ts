import type { Labels } from './labels.ts'
import type { SeriesSamples } from './metrics.ts'

/** The samples of one series of a scan: positions [from, to) of the columns, as in `SeriesSamples`. */
export interface SeriesPoints {
  readonly tMs: Float64Array
  readonly values: Float64Array
  /** Absent where none is a staleness marker. */
  readonly stale: Uint8Array | undefined
  readonly from: number
  readonly to: number
}

/**
 * Samples of many series that are made out one series at a time, so that nothing holds all of them at once.
 *
 * Every series has a sample. What is written later does not change the answer.
 */
export interface SeriesScan {
  readonly labels: readonly Labels[]
  /** Samples of all series; some that were written twice may count twice. */
  readonly samples: number
  /** All samples, where they are at hand anyway: always when there are native histograms or starts among them. */
  readonly columns?: SeriesSamples
  /** The points of series `i`: good until the next call, and not to be changed. */
  read(i: number): SeriesPoints
}
