import { API_BASES } from '@oriel/contract'
import type { TimeRange } from '@oriel/model'
import { stepFor } from '../frame/time-range.ts'
import { getJson, getTimed } from './api.ts'
import type { PromHistogram, RawHistogram } from './histogram.ts'
import { readHistogram, readNumber } from './histogram.ts'
import type { QueryNote } from './notes.ts'
import { readNotes } from './notes.ts'

const BASE = `${API_BASES.prometheus}/api/v1`

/** One series on the answer's grid: `null` where it has no value. `histograms` is there when some of its samples are. */
export interface PromSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly values: readonly (number | null)[]
  readonly histograms?: readonly (PromHistogram | null)[]
}

/** What an answer cost. */
export interface PromStats {
  readonly samples: number
  readonly totalMs: number
  readonly queuedMs: number
  readonly engineMs: number
  /** Rows read of the engine: 0 when memory had everything. */
  readonly rows: number
}

/** One series of an instant answer: a number or a histogram. Range selectors answer all their samples. */
export interface PromSample {
  readonly labels: Readonly<Record<string, string>>
  readonly value?: number
  readonly histogram?: PromHistogram
  /** Of a range selector: all samples, oldest first. */
  readonly points?: readonly (readonly [tMs: number, value: number])[]
}

/** An instant query's answer. A scalar is one sample without labels, a string has `text`. */
export interface PromInstant {
  readonly kind: 'vector' | 'matrix' | 'scalar' | 'string'
  readonly tMs: number
  readonly samples: readonly PromSample[]
  readonly text?: string
  readonly notes: readonly QueryNote[]
  readonly stats?: PromStats
}

/** A range query's answer on a common grid. */
export interface PromMatrix {
  readonly tMs: readonly number[]
  readonly stepMs: number
  readonly series: readonly PromSeries[]
  readonly notes: readonly QueryNote[]
  readonly stats?: PromStats
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

type RawHistogramPoint = readonly [seconds: number, histogram: RawHistogram]

interface RawSeries {
  readonly metric: Record<string, string>
  readonly value?: RawPoint
  readonly values?: readonly RawPoint[]
  readonly histogram?: RawHistogramPoint
  readonly histograms?: readonly RawHistogramPoint[]
}

interface RawMatrix {
  readonly resultType: 'matrix'
  readonly result: readonly RawSeries[]
}

type RawInstant =
  | (Omit<RawMatrix, 'resultType'> & { readonly resultType: 'vector' })
  | RawMatrix
  | { readonly resultType: 'scalar'; readonly result: RawPoint }
  | { readonly resultType: 'string'; readonly result: RawPoint }

interface RangeOptions {
  readonly range: TimeRange
  /** Bounds the grid: twice the chart's pixels is plenty. */
  readonly maxPoints: number
  /** A step that somebody chose; absent: the smallest round one within `maxPoints`. */
  readonly stepMs?: number | undefined
  /** At most so many series; the server says when there were more. */
  readonly limit?: number
  readonly signal: AbortSignal
}

/** Evaluates PromQL over the range. */
export async function queryRange(
  query: string,
  { range, maxPoints, limit, signal, ...chosen }: RangeOptions,
): Promise<PromMatrix> {
  const stepMs = chosen.stepMs ?? stepFor(range, maxPoints)
  const startMs = Math.floor(range.startMs / stepMs) * stepMs
  const endMs = Math.floor(range.endMs / stepMs) * stepMs
  const params = {
    query,
    start: startMs / 1_000,
    end: endMs / 1_000,
    step: stepMs / 1_000,
    stats: 'true',
    ...(limit !== undefined && { limit }),
  }
  const { body: answer, timing } = await getTimed<Envelope<RawMatrix>>(`${BASE}/query_range`, params, { signal })
  const tMs: number[] = []
  for (let t = startMs; t <= endMs; t += stepMs) tMs.push(t)
  const grid = { startMs, stepMs, steps: tMs.length }
  const series = (answer.data?.result ?? []).map(({ metric, values = [], histograms }) => ({
    labels: metric,
    values: onGrid(values, grid),
    ...(histograms !== undefined && { histograms: histogramsOnGrid(histograms, grid) }),
  }))
  return { tMs, stepMs, series, notes: readNotes(query, answer), ...statsOf(timing) }
}

/** Evaluates PromQL at one time. */
export async function queryInstant(query: string, tMs: number, signal: AbortSignal): Promise<PromInstant> {
  const params = { query, time: tMs / 1_000 }
  const { body: answer, timing } = await getTimed<Envelope<RawInstant>>(`${BASE}/query`, params, { signal })
  const { data } = answer
  const rest = { tMs, notes: readNotes(query, answer), ...statsOf(timing) }
  if (data === undefined) return { kind: 'vector', samples: [], ...rest }
  if (data.resultType === 'string') return { kind: 'string', samples: [], text: data.result[1], ...rest }
  if (data.resultType === 'scalar') {
    return { kind: 'scalar', samples: [{ labels: {}, value: readNumber(data.result[1]) }], ...rest }
  }
  return { kind: data.resultType, samples: data.result.map(readSample), ...rest }
}

function readSample({ metric, value, values, histogram, histograms }: RawSeries): PromSample {
  const last = histogram ?? histograms?.at(-1)
  return {
    labels: metric,
    ...(value !== undefined && { value: readNumber(value[1]) }),
    ...(last !== undefined && { histogram: readHistogram(last[1]) }),
    ...(values !== undefined && { points: values.map(([seconds, text]) => [seconds * 1_000, readNumber(text)] as const) }),
  }
}

function statsOf(timing: ReadonlyMap<string, number>): { readonly stats?: PromStats } {
  const totalMs = timing.get('total')
  if (totalMs === undefined) return {}
  const of = (name: string): number => timing.get(name) ?? 0
  return { stats: { totalMs, queuedMs: of('queue'), engineMs: of('engine'), samples: of('samples'), rows: of('rows') } }
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

/** Names of the feature flags that the server runs with. */
export async function loadFlags(signal: AbortSignal): Promise<readonly string[]> {
  const answer = await getJson<Envelope<Record<string, string>>>(`${BASE}/status/flags`, {}, { signal })
  return (answer.data?.['enable-feature'] ?? '').split(',').filter(Boolean)
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

interface Grid {
  readonly startMs: number
  readonly stepMs: number
  readonly steps: number
}

/** Points of a range answer as one value a step, `null` where there is none or it is not finite. */
export function onGrid(points: readonly RawPoint[], { startMs, stepMs, steps }: Grid): (number | null)[] {
  const values: (number | null)[] = Array.from({ length: steps }, () => null)
  for (const [seconds, text] of points) {
    const value = readNumber(text)
    const at = Math.round((seconds * 1_000 - startMs) / stepMs)
    if (at >= 0 && at < steps && Number.isFinite(value)) values[at] = value
  }
  return values
}

function histogramsOnGrid(points: readonly RawHistogramPoint[], { startMs, stepMs, steps }: Grid): (PromHistogram | null)[] {
  const found: (PromHistogram | null)[] = Array.from({ length: steps }, () => null)
  for (const [seconds, raw] of points) {
    const at = Math.round((seconds * 1_000 - startMs) / stepMs)
    if (at >= 0 && at < steps) found[at] = readHistogram(raw)
  }
  return found
}
