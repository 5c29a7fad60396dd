import type { PromQLAnswer } from '@oriel/query'

/**
 * What a query cost, as a `Server-Timing` header: browsers show it beside the request, and our page below the query. Unlike Prometheus's
 * `stats` it costs nothing to tell. Times are milliseconds; rows and bytes are what was read of the engine, 0 when memory had everything.
 *
 * Source: W3C Server Timing.
 */
export function serverTiming({ stats, elapsedMs, queuedMs }: PromQLAnswer): string {
  const { engineMs, rows, bytes, series, samples } = stats
  const times = Object.entries({ total: elapsedMs, queue: queuedMs, engine: engineMs })
  const counts = Object.entries({ rows, bytes, series, samples })
  return [
    ...times.map(([name, ms]) => `${name};dur=${Math.round(ms * 1_000) / 1_000}`),
    ...counts.map(([name, count]) => `${name};desc="${count}"`),
  ].join(', ')
}
