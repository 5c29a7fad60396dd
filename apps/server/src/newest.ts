import type { StatusAnswer } from '@oriel/contract'
import type { Sink } from '@oriel/store'

/** A sink that remembers about how new its newest rows are. */
export interface WatchedSink {
  readonly sink: Sink
  newest(): StatusAnswer['newest']
  /** Adds what is known from elsewhere; the newer time of each signal stands. */
  learn(stored: StatusAnswer['newest']): void
}

/**
 * Wraps a sink to know the newest time of each signal, for "did anything come in yet?" on the page.
 *
 * Looks at the last row of each block alone: blocks are small in time, and reading every row would cost as much as writing it.
 * What was stored before this start is told by `learn`.
 */
export function watchSink(sink: Sink): WatchedSink {
  let [metricsMs, logsMs, tracesMs] = [0, 0, 0]
  return {
    sink: {
      async writeMetrics(blocks) {
        await sink.writeMetrics(blocks)
        for (const { samples } of blocks)
          if (samples.rows > 0) metricsMs = Math.max(metricsMs, samples.tMs.numberAt(samples.rows - 1))
      },
      async writeLogs(blocks) {
        await sink.writeLogs(blocks)
        for (const { records } of blocks) if (records.rows > 0) logsMs = Math.max(logsMs, msOf(records.tNs.at(records.rows - 1)))
      },
      async writeSpans(blocks) {
        await sink.writeSpans(blocks)
        for (const { spans } of blocks) if (spans.rows > 0) tracesMs = Math.max(tracesMs, msOf(spans.startNs.at(spans.rows - 1)))
      },
      recentRequests: (signal) => sink.recentRequests(signal),
      deleteMetrics: (request) => sink.deleteMetrics(request),
      purgeDeleted: () => sink.purgeDeleted(),
    },
    learn(stored) {
      metricsMs = Math.max(metricsMs, stored.metricsMs ?? 0)
      logsMs = Math.max(logsMs, stored.logsMs ?? 0)
      tracesMs = Math.max(tracesMs, stored.tracesMs ?? 0)
    },
    newest: () => ({
      ...(metricsMs > 0 && { metricsMs }),
      ...(logsMs > 0 && { logsMs }),
      ...(tracesMs > 0 && { tracesMs }),
    }),
  }
}

function msOf(tNs: bigint): number {
  return Number(tNs / 1_000_000n)
}
