import type { Labels, Matcher, MetricMetadata } from '@oriel/model'
import type { QueryAnswer } from '@oriel/query'
import type { IndexRequest } from '@oriel/store'
import { callerOf, jsonPieces } from '../http/exchange.ts'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { badParameter, countParameter, rangeParameters } from './params.ts'
import { printLabels } from './print.ts'
import { printWarnings } from './query.ts'
import { parseSelector } from './selectors.ts'

const TRUNCATED = 'results truncated due to limit'

/** GET and POST /api/v1/labels. */
export async function labelNames(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const limit = countParameter(exchange, 'limit', 0)
  const request = indexRequest(exchange, limit)
  const answer = await services.runner.lookup('label names', callerOf(exchange, 'prometheus'), (source, context) =>
    source.metrics.labelNames(request, context),
  )
  return answerTexts(answer, limit)
}

/** GET /api/v1/label/<name>/values. The name may be written `U__` with escapes, for names beyond [a-zA-Z0-9_]. */
export async function labelValues(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const name = unescapeName(exchange.params['name'] ?? '')
  if (name === '') throw badParameter('name', 'invalid label name: ""')
  const limit = countParameter(exchange, 'limit', 0)
  const request = indexRequest(exchange, limit)
  const answer = await services.runner.lookup(`label values ${name}`, callerOf(exchange, 'prometheus'), (source, context) =>
    source.metrics.labelValues(name, request, context),
  )
  return answerTexts(answer, limit)
}

/** GET and POST /api/v1/series. */
export async function series(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const limit = countParameter(exchange, 'limit', 0)
  const request = indexRequest(exchange, limit)
  if (request.matcherSets.length === 0) throw badParameter('match[]', 'no match[] parameter provided')
  const answer = await services.runner.lookup('series', callerOf(exchange, 'prometheus'), (source, context) =>
    source.metrics.series(request, context),
  )
  return jsonPieces(printSeries(answer, limit))
}

/** GET /api/v1/metadata. */
export async function metadata(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const limit = countParameter(exchange, 'limit', 0)
  const perMetric = countParameter(exchange, 'limit_per_metric', 0)
  const metric = exchange.query.get('metric') ?? ''
  const request = metric === '' ? { limit: 0 } : { metric, limit: 0 }
  const answer = await services.runner.lookup('metadata', callerOf(exchange, 'prometheus'), (source, context) =>
    source.metrics.metadata(request, context),
  )
  const data: Record<string, { type: string; help: string; unit: string }[]> = {}
  for (const [name, entries] of byMetric(answer.data)) {
    if (limit > 0 && Object.keys(data).length >= limit) break
    const kept = perMetric > 0 ? entries.slice(0, perMetric) : entries
    data[name] = kept.map(({ type, help, unit }) => ({ type, help, unit }))
  }
  return jsonPieces([JSON.stringify({ status: 'success', data })])
}

/** The matcher sets of `match[]`, the range, and room for one more than `limit` so that a cut is noticed. */
function indexRequest(exchange: Exchange, limit: number): IndexRequest {
  const matcherSets: Matcher[][] = exchange.query.getAll('match[]').flatMap((text) => parseSelector(text, 'one'))
  return { matcherSets, range: rangeParameters(exchange), limit: limit === 0 ? 0 : limit + 1 }
}

function answerTexts({ data, warnings }: QueryAnswer<string[]>, limit: number): Answer {
  const isCut = limit > 0 && data.length > limit
  const texts = isCut ? data.slice(0, limit) : data
  const told = printWarnings(warnings, isCut ? [TRUNCATED] : [])
  return jsonPieces([`{"status":"success","data":${JSON.stringify(texts)}${told}}`])
}

function* printSeries({ data, warnings }: QueryAnswer<Labels[]>, limit: number): Generator<string> {
  const isCut = limit > 0 && data.length > limit
  yield '{"status":"success","data":['
  let isFirst = true
  for (const labels of isCut ? data.slice(0, limit) : data) {
    yield (isFirst ? '' : ',') + printLabels(labels)
    isFirst = false
  }
  yield `]${printWarnings(warnings, isCut ? [TRUNCATED] : [])}}`
}

function byMetric(all: readonly MetricMetadata[]): Map<string, MetricMetadata[]> {
  const grouped = new Map<string, MetricMetadata[]>()
  for (const entry of all) {
    const known = grouped.get(entry.metric)
    if (known === undefined) grouped.set(entry.metric, [entry])
    else known.push(entry)
  }
  return grouped
}

/** Undoes Prometheus's value escaping: `U__` in front, `__` for `_`, `_HEX_` for a code point. Source: Prometheus common model/metric.go. */
export function unescapeName(name: string): string {
  if (!name.startsWith('U__')) return name
  const escaped = name.slice('U__'.length)
  let text = ''
  for (let at = 0; at < escaped.length;) {
    const piece = /^(?:__|_([\da-fA-F]{1,6})_|[^_])/u.exec(escaped.slice(at))
    if (piece === null) return name
    const hex = piece[1]
    const isTooLarge = hex !== undefined && Number.parseInt(hex, 16) > 0x10_ffff
    if (isTooLarge) return name
    if (piece[0] === '__') text += '_'
    else text += hex === undefined ? piece[0] : String.fromCodePoint(Number.parseInt(hex, 16))
    at += piece[0].length
  }
  return text
}
