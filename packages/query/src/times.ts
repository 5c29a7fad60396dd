import type { TimeRangeNs, UnixMs } from '@oriel/model'
import type { LogQLRequest, PromQLRequest, QueryTimes } from './requests.ts'

/** The times of a PromQL query, as the list of queries tells them. */
export function promqlTimes(request: PromQLRequest): QueryTimes {
  if (request.kind === 'instant') return atOnce(request.tMs)
  const { startMs, endMs, stepMs } = request
  return { startMs, endMs, stepMs }
}

/** The times of a LogQL query. */
export function logqlTimes({ query }: LogQLRequest): QueryTimes {
  return query.kind === 'instant' ? atOnce(query.tMs) : { ...timesOfNs(query), stepMs: query.stepMs }
}

/** A range in nanoseconds, in the milliseconds that people read. */
export function timesOfNs({ startNs, endNs }: TimeRangeNs): QueryTimes {
  return { startMs: Number(startNs / 1_000_000n), endMs: Number(endNs / 1_000_000n) }
}

function atOnce(tMs: UnixMs): QueryTimes {
  return { startMs: tMs, endMs: tMs }
}
