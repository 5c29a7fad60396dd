import type { TimeRange } from '@oriel/model'
import type { QueryAnswer } from '@oriel/query'
import type { IndexRequest, MetricSource, QueryContext } from '@oriel/store'
import { ApiError } from '../errors.ts'
import { callerOf } from '../http/exchange.ts'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { goQuote, matchParameters, optionalTime, parseGoBoolean, parseGoInteger, plainFail } from './params.ts'
import { makeScorer } from './search-score.ts'

/** GET and POST /api/v1/search/metric_names. Source of all three: Prometheus 3.14 web/api/v1/search.go. */
export async function searchMetricNames(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const search = readSearch(services, exchange, 'metric_names')
  const hasMetadata = booleanParameter(exchange, 'include_metadata', false)
  const { data } = await lookUp(services, exchange, async (metrics, context) => {
    const [names, metadata] = await Promise.all([
      metrics.labelValues('__name__', search.request, context),
      hasMetadata ? metrics.metadata({ limit: 0 }, context) : [],
    ])
    return { names, about: new Map(metadata.map((entry) => [entry.metric, entry])) }
  })
  return answerOf(search, data.names, (name, score) => {
    const { type = '', help = '', unit = '' } = data.about.get(name) ?? {}
    return { name, ...score, ...(type !== '' && { type }), ...(help !== '' && { help }), ...(unit !== '' && { unit }) }
  })
}

/** GET and POST /api/v1/search/label_names. */
export async function searchLabelNames(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const search = readSearch(services, exchange, 'label_names')
  const { data } = await lookUp(services, exchange, (metrics, context) => metrics.labelNames(search.request, context))
  return answerOf(search, data, (name, score) => ({ name, ...score }))
}

/** GET and POST /api/v1/search/label_values. */
export async function searchLabelValues(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const search = readSearch(services, exchange, 'label_values')
  const label = exchange.query.get('label') ?? ''
  if (label === '') plainFail('missing required parameter "label"')
  const { data } = await lookUp(services, exchange, (metrics, context) => metrics.labelValues(label, search.request, context))
  return answerOf(search, data, (value, score) => ({ value, ...score }))
}

// As Prometheus: results and batch when not said, the most that may be asked for, and the most terms.
const DEFAULT_LIMIT = 100
const MAX_LIMIT = 10_000
const MAX_TERMS = 32
const HOUR_MS = 3_600_000

interface Search {
  readonly request: IndexRequest
  readonly score: (text: string) => number | undefined
  readonly order: 'up' | 'down' | 'score'
  readonly showsScore: boolean
  readonly limit: number
  readonly batch: number
}

/** Reads the parameters in Prometheus's order, which decides what is told of several that are wrong. */
function readSearch({ prometheus, now }: ApiServices, exchange: Exchange, endpoint: string): Search {
  if (!prometheus.features.has('search-api')) throw new ApiError('API_DISABLED', 'search API disabled')
  const { query } = exchange
  const range = rangeOf(exchange, now())
  const matcherSets = matchParameters(exchange)
  const terms = query.getAll('search[]')
  if (terms.length > MAX_TERMS) plainFail(`too many search[] terms: got ${terms.length}, maximum is ${MAX_TERMS}`)
  const threshold = thresholdOf(query)
  const algorithm = algorithmOf(query)
  const isCaseSensitive = booleanParameter(exchange, 'case_sensitive', true)
  const showsScore = booleanParameter(exchange, 'include_score', false)
  const order = orderOf(query, terms.length > 0)
  const limit = countParameter(query, 'limit')
  if (limit > MAX_LIMIT) {
    plainFail(`limit ${limit} exceeds the configured maximum (${MAX_LIMIT}, see --web.search.max-limit)`)
  }
  const batch = countParameter(query, 'batch_size')
  const sortBy = query.get('sort_by') ?? ''
  if (!['', 'alpha', 'score'].includes(sortBy)) {
    plainFail(`invalid sort_by ${goQuote(sortBy)} for ${endpoint}: must be "alpha" or "score"`)
  }
  const score = makeScorer(terms, { threshold, algorithm, isCaseSensitive })
  return { request: { range, matcherSets, limit: 0 }, score, order, showsScore, limit, batch }
}

function rangeOf(exchange: Exchange, nowMs: number): TimeRange {
  const startMs = optionalTime(exchange, 'start', nowMs - HOUR_MS, plainFail)
  const endMs = optionalTime(exchange, 'end', nowMs, plainFail)
  if (endMs < startMs) plainFail('end timestamp must not be before start timestamp')
  return { startMs, endMs }
}

function thresholdOf(query: URLSearchParams): number {
  const text = query.get('fuzz_threshold') ?? ''
  if (text === '') return 0
  const parsed = parseGoInteger(text)
  if (parsed.ok && parsed.value >= 0 && parsed.value <= 100) return parsed.value / 100
  return plainFail(`invalid fuzz_threshold ${goQuote(text)}: must be 0-100`)
}

function algorithmOf(query: URLSearchParams): 'subsequence' | 'jarowinkler' {
  const text = query.get('fuzz_alg') || 'subsequence'
  if (text === 'subsequence' || text === 'jarowinkler') return text
  return plainFail(`unsupported fuzz_alg ${goQuote(text)}: must be one of [subsequence jarowinkler]`)
}

function orderOf(query: URLSearchParams, hasTerms: boolean): Search['order'] {
  const sortBy = query.get('sort_by') ?? ''
  const direction = query.get('sort_dir') ?? ''
  if (direction !== '' && sortBy === '') plainFail('sort_dir is only valid when sort_by is set')
  if (direction !== '' && sortBy === 'score') plainFail('sort_dir is not supported for sort_by=score')
  if (!['', 'asc', 'dsc'].includes(direction)) plainFail(`invalid sort_dir ${goQuote(direction)}: must be "asc" or "dsc"`)
  if (sortBy === 'score' && !hasTerms) plainFail('sort_by=score requires search[] to be set')
  if (sortBy === 'score') return 'score'
  return direction === 'dsc' ? 'down' : 'up'
}

function countParameter(query: URLSearchParams, name: 'limit' | 'batch_size'): number {
  const text = query.get(name) ?? ''
  if (text === '') return DEFAULT_LIMIT
  const parsed = parseGoInteger(text)
  return parsed.ok && parsed.value > 0 ? parsed.value : plainFail(`invalid ${name} ${goQuote(text)}: must be a positive integer`)
}

function booleanParameter({ query }: Exchange, name: string, fallback: boolean): boolean {
  const text = query.get(name) ?? ''
  if (text === '') return fallback
  const parsed = parseGoBoolean(text)
  return parsed.ok ? parsed.value : plainFail(`invalid ${name} ${goQuote(text)}: must be boolean`)
}

function lookUp<Data>(
  { runner }: ApiServices,
  exchange: Exchange,
  read: (metrics: MetricSource, context: QueryContext) => Promise<Data>,
): Promise<QueryAnswer<Data>> {
  return runner.lookup('search', callerOf(exchange, 'prometheus'), (source, context) => read(source.metrics, context))
}

type PrintRecord = (text: string, score: { readonly score?: number }) => Readonly<Record<string, unknown>>

/** A line of JSON a batch, then one that says how it ended. There is always a first batch. */
function answerOf(search: Search, texts: readonly string[], print: PrintRecord): Answer {
  const found = ranked(search, texts)
  const shown = found.slice(0, search.limit)
  const lines: string[] = []
  for (let at = 0; at === 0 || at < shown.length; at += search.batch) {
    const results = shown.slice(at, at + search.batch).map(({ text, score }) => print(text, search.showsScore ? { score } : {}))
    lines.push(`${JSON.stringify({ results })}\n`)
  }
  lines.push(`${JSON.stringify({ status: 'success', has_more: found.length > search.limit })}\n`)
  return { status: 200, headers: { 'content-type': 'application/x-ndjson; charset=utf-8' }, body: lines }
}

/** What matches, in order; `texts` come sorted. */
function ranked({ score: scoreOf, order }: Search, texts: readonly string[]): { text: string; score: number }[] {
  const found: { text: string; score: number }[] = []
  for (const text of texts) {
    const score = scoreOf(text)
    if (score !== undefined) found.push({ text, score })
  }
  if (order === 'down') return found.reverse()
  // Sorting is stable: equal scores stay in the order of their texts.
  return order === 'score' ? found.sort((a, b) => b.score - a.score) : found
}
