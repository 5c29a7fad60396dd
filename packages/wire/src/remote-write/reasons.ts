/** What of a request was taken, as remote write 2.0 answers it. */
export interface RemoteWriteCounts {
  readonly samples: number
  readonly histograms: number
  readonly exemplars: number
}
