import type { StatusAnswer } from '@oriel/contract'
import type { TimeRange, TimeRangeNs, UnixMs } from '@oriel/model'
import { MS_PER_DAY, NS_PER_MS } from '@oriel/model'
import type { QueryContext, Source } from '@oriel/store'

// Days back, one after the other: most stores have data of today, and nobody looks for data of more than a year ago.
const LOOKBACK_DAYS = [1, 7, 30, 400]

/**
 * Reads from the store about how new the newest record of each signal is, for a start on data that is there already.
 *
 * Logs and traces to the record, metrics to the day (the index of series has days). Absent for a signal without data in 400 days.
 */
export async function readNewest(source: Source, context: QueryContext, nowMs: UnixMs): Promise<StatusAnswer['newest']> {
  const anyOf = (range: TimeRange) => ({ matcherSets: [], range, limit: 1 })
  const [metrics, logs, traces] = await Promise.all([
    newestDay(nowMs, async (range) => (await source.metrics.labelNames(anyOf(range), context)).length > 0),
    newestDay(nowMs, async (range) => (await source.logs.labelNames(anyOf(range), context)).length > 0),
    newestDay(nowMs, async (range) => (await source.traces.services(nsOf(range), context)).length > 0),
  ])
  const logsMs = logs && (await newestLog(source, context, nsOf(logs)))
  const tracesMs = traces && (await newestTrace(source, context, nsOf(traces)))
  return {
    ...(metrics && { metricsMs: metrics.endMs }),
    ...(logsMs !== undefined && { logsMs }),
    ...(tracesMs !== undefined && { tracesMs }),
  }
}

/** The last 24 hours, counted back from now in whole steps, that hold something. */
async function newestDay(nowMs: UnixMs, hasData: (range: TimeRange) => Promise<boolean>): Promise<TimeRange | undefined> {
  let empty = 0
  for (const days of LOOKBACK_DAYS) {
    if (!(await hasData({ startMs: nowMs - days * MS_PER_DAY, endMs: nowMs }))) {
      empty = days
      continue
    }
    let full = days
    while (full - empty > 1) {
      const middle = Math.floor((empty + full) / 2)
      if (await hasData({ startMs: nowMs - middle * MS_PER_DAY, endMs: nowMs })) full = middle
      else empty = middle
    }
    // The index has whole days: data of the day in which the window starts may lie before the window.
    return { startMs: nowMs - (full + 1) * MS_PER_DAY, endMs: nowMs - (full - 1) * MS_PER_DAY }
  }
  return undefined
}

async function newestLog({ logs }: Source, context: QueryContext, range: TimeRangeNs): Promise<UnixMs | undefined> {
  const request = { matchers: [], lineFilters: [], metadataMatchers: [], range, direction: 'backward', limit: 1 } as const
  for await (const { records } of logs.records(request, context)) {
    const [record] = records
    if (record !== undefined) return Number(record.tNs / NS_PER_MS)
  }
  return undefined
}

async function newestTrace({ traces }: Source, context: QueryContext, range: TimeRangeNs): Promise<UnixMs | undefined> {
  const request = { filter: { kind: 'all', filters: [] }, range, limit: 1, spansPerTrace: 1 } as const
  const [trace] = await traces.search(request, context)
  return trace && Number(trace.startNs / NS_PER_MS)
}

function nsOf({ startMs, endMs }: TimeRange): TimeRangeNs {
  return { startNs: BigInt(startMs) * NS_PER_MS, endNs: BigInt(endMs + 1) * NS_PER_MS }
}
