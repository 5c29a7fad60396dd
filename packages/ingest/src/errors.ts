import { OrielError } from '@oriel/model'

/** Codes of `IngestError`, what they mean to a sender, and what every door answers (HTTP status, gRPC code). */
export const INGEST_ERRORS = {
  INGEST_BAD_BODY: 'The body is not what its content type says: malformed protobuf, JSON or compression. Not retryable.',
  INGEST_BAD_TENANT:
    "X-Scope-OrgID is not a tenant id: 1-150 letters, digits and !-_.*'() only, and one tenant on writes. Not retryable.",
  INGEST_BAD_CONTENT_TYPE: 'The content type is none that this path takes. Not retryable.',
  INGEST_BAD_ENCODING: 'The content encoding is none that this path takes. Not retryable.',
  INGEST_TOO_LARGE: 'The body passes a size limit, as sent or decompressed. Send smaller batches. Not retryable.',
  INGEST_SLOW_BODY: 'The body did not arrive in time. Retryable.',
  INGEST_ABORTED: 'The sender went away before its body was whole. Nothing of it was stored.',
  INGEST_UNSUPPORTED: 'The method, message or signal is one that this version does not take. Not retryable.',
  INGEST_OVERLOADED: 'More bytes wait for the engine than `maxQueuedBytes` allows. Retry after the time given.',
  INGEST_UNAVAILABLE: 'The engine is down or restarting. Retry after the time given: what was stored is recognised.',
  INGEST_FULL: 'The disk has no room. Retryable once there is room again.',
  INGEST_CLOSED: 'This process is shutting down. Retry at once against another, or this one when it is back.',
  INGEST_BAD_CONFIG: 'A configuration file cannot be read. The message names file, line and key.',
  INGEST_BAD_RULE: 'A rule about series cannot be used. The message says why.',
  INGEST_SCRAPE_FAILED: 'A target did not answer as it should. Its `up` is 0; the next scrape tries again.',
  INGEST_SCRAPE_TOO_LARGE: 'A target answered with more bytes than `body_size_limit` allows. Its `up` is 0.',
  INGEST_SCRAPE_SAMPLE_LIMIT:
    'A target has more samples than `sample_limit` allows. Nothing of the scrape was stored; its `up` is 0.',
  INGEST_SCRAPE_LABEL_LIMIT: 'A series of a target passes a `label_..._limit`. Nothing of the scrape was stored; its `up` is 0.',
  INGEST_FAILED: 'The store refused the block. This is a defect of ours: report it with the message.',
} as const

/** An expected failure of the way in. */
export class IngestError extends OrielError {
  /** Seconds after which a retry makes sense; absent when it never does. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: keyof typeof INGEST_ERRORS,
    message: string,
    { retryAfterSeconds, ...options }: ErrorOptions & { readonly retryAfterSeconds?: number } = {},
  ) {
    super(code, message, options)
    this.retryAfterSeconds = retryAfterSeconds
  }
}
