import { API_BASES } from '@oriel/contract'
import type { TimeRange } from '@oriel/model'
import { nsToMs } from '../frame/format.ts'
import { stepFor } from '../frame/time-range.ts'
import { getJson } from './api.ts'
import type { PromMatrix } from './prometheus.ts'
import { onGrid } from './prometheus.ts'

const BASE = `${API_BASES.loki}/api/v1`

/** One log line with everything known about it. */
export interface LogLine {
  /** Decimal nanoseconds since 1970: the line's place in time, and with `stream` its identity. */
  readonly tNs: string
  readonly tMs: number
  readonly line: string
  readonly level: string
  readonly service: string
  readonly traceId: string
  readonly spanId: string
  readonly labels: Readonly<Record<string, string>>
  /** Structured metadata and fields parsed by the query. */
  readonly fields: Readonly<Record<string, string>>
}

/** Lines a minute (or so) by level, on a grid. */
export interface LogVolume {
  readonly tMs: readonly number[]
  readonly stepMs: number
  readonly levels: readonly { readonly level: string; readonly counts: readonly number[] }[]
}

interface Extras {
  readonly structuredMetadata?: Record<string, string>
  readonly parsed?: Record<string, string>
}

interface RawStreams {
  readonly data: {
    readonly resultType: 'streams' | 'matrix' | 'vector'
    readonly result: readonly {
      readonly stream?: Record<string, string>
      readonly metric?: Record<string, string>
      readonly values: readonly (readonly [ns: string | number, line: string, extras?: Extras])[]
    }[]
  }
}

/** Log lines of the range, newest first, at most `limit`. */
export async function queryLogs(
  query: string,
  { range, limit, signal }: { readonly range: TimeRange; readonly limit: number; readonly signal: AbortSignal },
): Promise<LogLine[]> {
  const params = { query, ...rangeNs(range), limit, direction: 'backward' }
  const headers = { 'x-loki-response-encoding-flags': 'categorize-labels' }
  const answer = await getJson<RawStreams>(`${BASE}/query_range`, params, { signal, headers })
  const lines: LogLine[] = []
  for (const { stream = {}, values } of answer.data.result) {
    for (const [ns, line, extras] of values) lines.push(makeLine(stream, String(ns), line, extras))
  }
  return lines.sort((a, b) => compareNs(b.tNs, a.tNs))
}

/** How many lines match, by level and time. Only for log queries (a metric query has its own chart). */
export async function queryVolume(
  query: string,
  { range, maxPoints, signal }: { readonly range: TimeRange; readonly maxPoints: number; readonly signal: AbortSignal },
): Promise<LogVolume> {
  const stepMs = stepFor(range, maxPoints)
  const startMs = Math.floor(range.startMs / stepMs) * stepMs + stepMs
  const endMs = Math.floor(range.endMs / stepMs) * stepMs + stepMs
  const params = {
    query: `sum by (detected_level) (count_over_time(${query} [${stepMs / 1_000}s]))`,
    ...rangeNs({ startMs, endMs }),
    step: stepMs / 1_000,
  }
  const answer = await getJson<RawStreams>(`${BASE}/query_range`, params, { signal })
  // A window is named by its end; a bar by its start.
  const tMs: number[] = []
  for (let t = startMs; t <= endMs; t += stepMs) tMs.push(t - stepMs)
  const byLevel = new Map<string, number[]>()
  for (const { metric = {}, values } of answer.data.result) {
    const level = levelOf(metric['detected_level'] ?? metric['level'] ?? '')
    const counts = byLevel.get(level) ?? tMs.map(() => 0)
    byLevel.set(level, counts)
    for (const [seconds, text] of values) {
      const at = Math.round((Number(seconds) * 1_000 - startMs) / stepMs)
      if (at >= 0 && at < counts.length) counts[at] = (counts[at] ?? 0) + Number(text)
    }
  }
  const levels = LEVELS.flatMap((level) => {
    const counts = byLevel.get(level)
    return counts === undefined ? [] : [{ level, counts }]
  })
  return { tMs, stepMs, levels }
}

/** A LogQL metric query as series on a grid. */
export async function queryLogMetric(
  query: string,
  { range, maxPoints, signal }: { readonly range: TimeRange; readonly maxPoints: number; readonly signal: AbortSignal },
): Promise<PromMatrix> {
  const stepMs = stepFor(range, maxPoints)
  const startMs = Math.floor(range.startMs / stepMs) * stepMs
  const endMs = Math.floor(range.endMs / stepMs) * stepMs
  const answer = await getJson<RawStreams>(
    `${BASE}/query_range`,
    { query, ...rangeNs({ startMs, endMs }), step: stepMs / 1_000 },
    { signal },
  )
  const tMs: number[] = []
  for (let t = startMs; t <= endMs; t += stepMs) tMs.push(t)
  const series = answer.data.result.map(({ metric = {}, values }) => {
    const points = values.map(([seconds, text]) => [Number(seconds), text] as const)
    return { labels: metric, values: onGrid(points, { startMs, stepMs, steps: tMs.length }) }
  })
  return { tMs, stepMs, series, notes: [] }
}

/** Whether a LogQL text asks for numbers rather than lines: a log query starts with its stream selector. */
export function isMetricQuery(query: string): boolean {
  return !/^[\s(]*\{/.test(query.replaceAll(/#[^\n]*/g, ''))
}

/** Stream label names in the range. */
export async function logLabels(range: TimeRange, signal: AbortSignal): Promise<readonly string[]> {
  const answer = await getJson<{ readonly data?: readonly string[] }>(`${BASE}/labels`, rangeNs(range), { signal })
  return answer.data ?? []
}

/** Values of a stream label in the range. */
export async function logLabelValues(name: string, range: TimeRange, signal: AbortSignal): Promise<readonly string[]> {
  const path = `${BASE}/label/${encodeURIComponent(name)}/values`
  return (await getJson<{ readonly data?: readonly string[] }>(path, rangeNs(range), { signal })).data ?? []
}

/** The levels that we colour, most severe first; anything else counts as unknown. */
export const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'unknown'] as const
export type Level = (typeof LEVELS)[number]

/** A sender's level word as one of ours. */
export function levelOf(word: string): Level {
  const text = word.toLowerCase()
  if (/^(fatal|critical|crit|emerg|alert|panic)/.test(text)) return 'fatal'
  if (text.startsWith('err')) return 'error'
  if (text.startsWith('warn')) return 'warn'
  if (/^(info|notice)/.test(text)) return 'info'
  if (/^(debug|dbug)/.test(text)) return 'debug'
  return text.startsWith('trace') ? 'trace' : 'unknown'
}

function makeLine(stream: Record<string, string>, tNs: string, line: string, extras: Extras = {}): LogLine {
  const fields = { ...extras.structuredMetadata, ...extras.parsed }
  const all: Record<string, string> = { ...stream, ...fields }
  return {
    tNs,
    tMs: nsToMs(tNs),
    line,
    level: levelOf(all['detected_level'] ?? all['level'] ?? all['severity_text'] ?? ''),
    service: all['service_name'] ?? all['service'] ?? all['job'] ?? '',
    traceId: all['trace_id'] ?? all['traceId'] ?? all['traceID'] ?? '',
    spanId: all['span_id'] ?? all['spanId'] ?? '',
    labels: stream,
    fields,
  }
}

function rangeNs({ startMs, endMs }: TimeRange): { start: string; end: string } {
  return { start: `${Math.floor(startMs)}000000`, end: `${Math.ceil(endMs)}000000` }
}

function compareNs(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length
  if (a === b) return 0
  return a < b ? -1 : 1
}
