/** Sizes that the doors and decoders hold senders to. Every refusal names its limit and is counted. */
export interface IngestLimits {
  /** A body as sent. */
  readonly maxBodyBytes: number
  /** A body after decompression. */
  readonly maxDecodedBytes: number
  /** A JSON body after decompression: as objects it takes ten times its size for a moment. */
  readonly maxJsonBytes: number
  /** A gRPC message after decompression. */
  readonly maxMessageBytes: number
  /** The whole body must have come by then. */
  readonly bodyTimeoutMs: number
  /** Labels of a series or stream. */
  readonly maxLabels: number
  readonly maxLabelNameBytes: number
  readonly maxLabelValueBytes: number
  /** A log line; longer ones are refused one by one. */
  readonly maxLineBytes: number
  /** Attributes of one log record or span, its resource's included for logs. */
  readonly maxAttributes: number
  /** Different days (UTC) that records of one body may be of: each is a part that the engine writes. */
  readonly maxDaysPerBody: number
  /** Bodies being read and decoded at one time, over all connections. */
  readonly maxInFlightBytes: number
}

export const DEFAULT_INGEST_LIMITS: IngestLimits = {
  maxBodyBytes: 16 * 2 ** 20,
  maxDecodedBytes: 64 * 2 ** 20,
  maxJsonBytes: 16 * 2 ** 20,
  maxMessageBytes: 64 * 2 ** 20,
  // 30 s: three times what an SDK waits; a body slower than that holds memory for nothing.
  bodyTimeoutMs: 30_000,
  maxLabels: 60,
  maxLabelNameBytes: 512,
  maxLabelValueBytes: 8_192,
  maxLineBytes: 1_048_576,
  maxAttributes: 512,
  // 400: a year of history in one body. A body of random times would make thousands of parts.
  maxDaysPerBody: 400,
  maxInFlightBytes: 256 * 2 ** 20,
}
