import type { LogBlock, Matcher, MetricBlock, SpanBlock, TimeRange } from '@oriel/model'

/** Samples to delete: of one tenant's series that hold all matchers, in a range that is inclusive at both ends. */
export interface DeleteRequest {
  readonly tenant: string
  readonly matchers: readonly Matcher[]
  readonly range: TimeRange
}

/**
 * The write side of the store.
 *
 * Each write takes blocks of several tenants and is one commit: it resolves when everything is on disk (fsync) and visible to
 * the next read. It rejects with `StoreError` STORE_UNAVAILABLE or STORE_FULL; then the outcome is unknown to the caller only
 * for STORE_UNAVAILABLE, and `recentRequests` tells. Blocks stay owned by the caller and are not kept.
 *
 * A row's `requestId` names its request *and the UTC day of the row's time*: a store keeps all rows of one id, or none of them (one
 * part of one day's partition), so that an id found again stands for all its rows. 0 names nothing.
 */
export interface Sink {
  writeMetrics(blocks: readonly MetricBlock[]): Promise<void>
  writeLogs(blocks: readonly LogBlock[]): Promise<void>
  writeSpans(blocks: readonly SpanBlock[]): Promise<void>
  /**
   * Which requests of the last `RETRY_WINDOW_MS` are stored, as `requestId` values of rows (unsigned 64-bit). Read at start and
   * after every engine restart, so that a retry of a request that was stored but not acknowledged adds nothing.
   */
  recentRequests(signal: 'logs' | 'traces'): Promise<ReadonlySet<bigint>>
  /**
   * Deletes samples and exemplars; resolves when no later read sees them. What is written while it runs may stay.
   *
   * A series that has no sample left on a day is taken out of the index of that day: whoever writes it again brings it again. Where
   * several processes write, the index keeps it, since the others know it as indexed.
   */
  deleteMetrics(request: DeleteRequest): Promise<void>
  /** Takes what was deleted off the disk, which otherwise happens as parts are merged. */
  purgeDeleted(): Promise<void>
}

/** 15 minutes: longer than the retry budget of the OpenTelemetry (5 min), Promtail (8.5 min) and Prometheus senders' back-off. */
export const RETRY_WINDOW_MS: number = 15 * 60_000
