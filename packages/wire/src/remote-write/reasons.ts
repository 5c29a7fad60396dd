/** What of a request was taken, as remote write 2.0 answers it. */
export interface RemoteWriteCounts {
  readonly samples: number
  readonly histograms: number
  readonly exemplars: number
}

/** The reason under which native histograms are refused: the store has no column for them yet. */
export const NATIVE_HISTOGRAM = 'native histograms are not stored'
