import { RunError } from './errors.ts'
import type { LogQLRequest, PromQLRequest, RunnerLimits, TraceSearchQuery } from './requests.ts'

/** Refuses a text longer than the limit, before anything parses it. */
export function checkText(text: string, limits: RunnerLimits): void {
  if (text.length > limits.maxTextLength) refuse(`${text.length} characters, limit ${limits.maxTextLength} (maxTextLength)`)
}

/** Refuses a range query with too many steps or too long a range. */
export function checkPromQL(request: PromQLRequest, limits: RunnerLimits): void {
  if (request.kind === 'range') checkGrid(request.startMs, request.endMs, request.stepMs, limits)
}

/** Refuses too long a range or too many lines, and for metric queries too many steps (log queries have none). */
export function checkLogQL({ query }: LogQLRequest, isMetric: boolean, limits: RunnerLimits): void {
  if (query.kind === 'instant') return
  const startMs = Number(query.startNs / 1_000_000n)
  const endMs = Number(query.endNs / 1_000_000n)
  if (isMetric) {
    checkGrid(startMs, endMs, query.stepMs, limits)
    return
  }
  checkRange(endMs - startMs, limits)
  if (query.limit > limits.maxLogLines) refuse(`${query.limit} lines asked for, limit ${limits.maxLogLines} (maxLogLines)`)
}

/** Refuses too long a range. */
export function checkTraceSearch({ range }: TraceSearchQuery, limits: RunnerLimits): void {
  checkRange(Number((range.endNs - range.startNs) / 1_000_000n), limits)
}

function checkGrid(startMs: number, endMs: number, stepMs: number, limits: RunnerLimits): void {
  if (!(stepMs > 0)) refuse(`step of ${stepMs} ms, it must be above 0`)
  if (endMs < startMs) refuse(`the end is ${startMs - endMs} ms before the start`)
  checkRange(endMs - startMs, limits)
  const steps = Math.floor((endMs - startMs) / stepMs) + 1
  if (steps > limits.maxSteps) {
    refuse(`${steps} points per series, limit ${limits.maxSteps} (maxSteps): ask for a longer step or a shorter range`)
  }
}

function checkRange(rangeMs: number, { maxRangeMs }: RunnerLimits): void {
  if (maxRangeMs > 0 && rangeMs > maxRangeMs) refuse(`range of ${rangeMs} ms, limit ${maxRangeMs} (maxRangeMs)`)
}

function refuse(why: string): never {
  throw new RunError('QUERY_LIMIT', `cannot run query: ${why}`)
}
