import { API_BASES } from '@oriel/contract'
import type { TimeRange } from '@oriel/model'
import { stepFor } from '../frame/time-range.ts'
import { getJson } from './api.ts'

const BASE = `${API_BASES.prometheus}/api/v1`

/** One series on the answer's grid: `null` where it has no value. */
export interface PromSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly values: readonly (number | null)[]
}

/** A range query's answer on a common grid. */
export interface PromMatrix {
  readonly tMs: readonly number[]
  readonly stepMs: number
  readonly series: readonly PromSeries[]
  readonly warnings: readonly string[]
}

/** An exemplar of a series, with the trace that it names. */
export interface PromExemplar {
  readonly seriesLabels: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly tMs: number
}

/** A metric's type, help and unit. */
export interface PromMetadata {
  readonly type: string
  readonly help: string
  readonly unit: string
}

interface Envelope<T> {
  readonly data?: T
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

type RawPoint = readonly [seconds: number, value: string]

interface RawMatrix {
  readonly resultType: 'matrix'
  readonly result: readonly { readonly metric: Record<string, string>; readonly values?: readonly RawPoint[] }[]
}

/** Evaluates PromQL over the range. `maxPoints` bounds the grid (twice the chart's pixels is plenty). */
export async function queryRange(
  query: string,
  { range, maxPoints, signal }: { readonly range: TimeRange; readonly maxPoints: number; readonly signal: AbortSignal },
): Promise<PromMatrix> {
  const stepMs = stepFor(range, maxPoints)
  const startMs = Math.floor(range.startMs / stepMs) * stepMs
  const endMs = Math.floor(range.endMs / stepMs) * stepMs
  const params = { query, start: startMs / 1_000, end: endMs / 1_000, step: stepMs / 1_000 }
  const answer = await getJson<Envelope<RawMatrix>>(`${BASE}/query_range`, params, { signal })
  const tMs: number[] = []
  for (let t = startMs; t <= endMs; t += stepMs) tMs.push(t)
  const series = (answer.data?.result ?? []).map(({ metric, values = [] }) => ({
    labels: metric,
    values: onGrid(values, { startMs, stepMs, steps: tMs.length }),
  }))
  return { tMs, stepMs, series, warnings: [...(answer.warnings ?? []), ...(answer.infos ?? [])] }
}

/** Exemplars of the series that a query touches. */
export async function queryExemplars(query: string, range: TimeRange, signal: AbortSignal): Promise<PromExemplar[]> {
  interface Raw {
    readonly seriesLabels: Record<string, string>
    readonly exemplars: readonly { readonly labels: Record<string, string>; readonly value: string; readonly timestamp: number }[]
  }
  const params = { query, start: range.startMs / 1_000, end: range.endMs / 1_000 }
  const answer = await getJson<Envelope<readonly Raw[]>>(`${BASE}/query_exemplars`, params, { signal })
  return (answer.data ?? []).flatMap(({ seriesLabels, exemplars }) =>
    exemplars.map(({ labels, value, timestamp }) => ({ seriesLabels, labels, value: Number(value), tMs: timestamp * 1_000 })),
  )
}

/** Values of a label in the range, of the series that match. */
export async function labelValues(
  name: string,
  { range, match, signal }: { readonly range: TimeRange; readonly match?: string | undefined; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const params = { ...rangeSeconds(range), ...(match !== undefined && { 'match[]': match }) }
  const answer = await getJson<Envelope<readonly string[]>>(`${BASE}/label/${encodeURIComponent(name)}/values`, params, {
    signal,
  })
  return answer.data ?? []
}

/** Label names in the range, of the series that match. */
export async function labelNames(range: TimeRange, match: string | undefined, signal: AbortSignal): Promise<readonly string[]> {
  const params = { ...rangeSeconds(range), ...(match !== undefined && { 'match[]': match }) }
  return (await getJson<Envelope<readonly string[]>>(`${BASE}/labels`, params, { signal })).data ?? []
}

/** What senders said about their metrics, by metric name. */
export async function metricMetadata(signal: AbortSignal): Promise<Readonly<Record<string, readonly PromMetadata[]>>> {
  return (await getJson<Envelope<Record<string, readonly PromMetadata[]>>>(`${BASE}/metadata`, {}, { signal })).data ?? {}
}

/** A series as PromQL prints it: `name{a="b"}`. */
export function printSeries(labels: Readonly<Record<string, string>>): string {
  const { __name__: name = '', ...rest } = labels
  const pairs = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return pairs.length === 0 ? name || '{}' : `${name}{${pairs.join(', ')}}`
}

function rangeSeconds({ startMs, endMs }: TimeRange): { start: number; end: number } {
  return { start: Math.floor(startMs / 1_000), end: Math.ceil(endMs / 1_000) }
}

/** Points of a range answer as one value a step, `null` where there is none or it is not finite. */
export function onGrid(
  points: readonly RawPoint[],
  { startMs, stepMs, steps }: { readonly startMs: number; readonly stepMs: number; readonly steps: number },
): (number | null)[] {
  const values: (number | null)[] = Array.from({ length: steps }, () => null)
  for (const [seconds, text] of points) {
    const value = parseValue(text)
    const at = Math.round((seconds * 1_000 - startMs) / stepMs)
    if (at >= 0 && at < steps && Number.isFinite(value)) values[at] = value
  }
  return values
}

function parseValue(text: string): number {
  if (text === '+Inf') return Infinity
  return text === '-Inf' ? -Infinity : Number(text)
}
