import type { Labels, Matcher } from '@oriel/model'
import { labelsToRecord, labelValue, MS_PER_HOUR } from '@oriel/model'
import type { IndexRequest } from '@oriel/store'
import type { Answer, Exchange } from '../http/exchange.ts'
import { callerOf, jsonAnswer, jsonPieces } from '../http/exchange.ts'
import { printSeconds } from '../prometheus/number-bytes.ts'
import { printLabels } from '../prometheus/print.ts'
import type { ApiServices } from '../services.ts'
import { bad, limitParameter, rangeMsOf, rangeNsParameters } from './params.ts'
import { printStats } from './print.ts'
import { parseStreamSelector } from './selectors.ts'

/** GET and POST /loki/api/v1/labels. */
export async function labelNames(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const request = labelRequest(services, exchange)
  const { data } = await services.runner.lookup('log label names', callerOf(exchange, 'loki'), (source, context) =>
    source.logs.labelNames(request, context),
  )
  return answerTexts(data)
}

/** GET and POST /loki/api/v1/label/<name>/values. */
export async function labelValues(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const name = exchange.params['name'] ?? ''
  const request = labelRequest(services, exchange)
  const { data } = await services.runner.lookup(`log label values ${name}`, callerOf(exchange, 'loki'), (source, context) =>
    source.logs.labelValues(name, request, context),
  )
  return answerTexts(data)
}

/** GET and POST /loki/api/v1/series. No `match[]` means every stream, as in Loki. */
export async function series(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const selectors = [...exchange.query.getAll('match[]'), ...exchange.query.getAll('match')]
  const matcherSets = selectors.filter((text) => text !== '{}').map(parseStreamSelector)
  const range = rangeMsOf(rangeNsParameters(exchange, services.now))
  const request = { matcherSets, range, limit: 0 }
  const { data } = await services.runner.lookup('log streams', callerOf(exchange, 'loki'), (source, context) =>
    source.logs.streams(request, context),
  )
  return jsonPieces([`{"status":"success","data":[${data.map(printLabels).join(',')}]}`])
}

/** GET and POST /loki/api/v1/index/stats. Chunks are parts of the engine, which nobody counts per stream: streams stand for them. */
export async function indexStats(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const { data } = await readVolume(services, exchange)
  let [bytes, entries] = [0, 0]
  for (const stream of data) {
    bytes += stream.bytes
    entries += stream.records
  }
  return jsonAnswer({ streams: data.length, chunks: data.length, bytes, entries })
}

/** GET and POST /loki/api/v1/index/volume: bytes by series or by label, largest first. */
export async function indexVolume(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const limit = limitParameter(exchange)
  const { query } = exchange
  const isByLabel = query.get('aggregateBy') === 'labels'
  const targets = (query.get('targetLabels') ?? '').split(',').filter((name) => name !== '')
  const matched = parseStreamSelector(query.get('query') ?? '').map(({ name }) => name)
  const answer = await readVolume(services, exchange)
  const bytesOf = new Map<string, { labels: Labels; bytes: number }>()
  for (const { labels, bytes } of answer.data) {
    for (const group of volumeGroups(labels, targets, matched, isByLabel)) {
      const key = printLabels(group)
      const known = bytesOf.get(key)
      if (known === undefined) bytesOf.set(key, { labels: group, bytes })
      else known.bytes += bytes
    }
  }
  const at = printSeconds(Number(rangeNsParameters(exchange, services.now).endNs / 1_000_000n))
  const sorted = [...bytesOf].sort(([a, x], [b, y]) => y.bytes - x.bytes || (a < b ? -1 : 1)).slice(0, limit)
  const result = sorted.map(([key, { bytes }]) => `{"metric":${key},"value":[${at},"${bytes}"]}`)
  const data = `{"resultType":"vector","result":[${result.join(',')}],"stats":${printStats(answer)}}`
  return jsonPieces([`{"status":"success","data":${data}}`])
}

/** GET and POST /loki/api/v1/detected_labels: every label with the number of its values. */
export async function detectedLabels(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const request = labelRequest(services, exchange)
  const { data } = await services.runner.lookup('detected labels', callerOf(exchange, 'loki'), (source, context) =>
    source.logs.streams(request, context),
  )
  const values = new Map<string, Set<string>>()
  for (const stream of data) {
    for (const [name, value] of Object.entries(labelsToRecord(stream)))
      values.set(name, (values.get(name) ?? new Set()).add(value))
  }
  return jsonAnswer({ detectedLabels: [...values].map(([label, seen]) => ({ label, cardinality: seen.size })) })
}

function labelRequest(services: ApiServices, exchange: Exchange): IndexRequest {
  const selector = exchange.query.get('query') ?? ''
  const matcherSets: Matcher[][] = selector === '' || selector === '{}' ? [] : [parseStreamSelector(selector)]
  // 6 h: what Loki looks back for labels.
  return { matcherSets, range: rangeMsOf(rangeNsParameters(exchange, services.now, 6 * MS_PER_HOUR)), limit: 0 }
}

function readVolume(services: ApiServices, exchange: Exchange) {
  const selector = exchange.query.get('query') ?? ''
  if (selector === '') throw bad('the parameter "query" is missing')
  const matchers = parseStreamSelector(selector)
  const range = rangeMsOf(rangeNsParameters(exchange, services.now))
  const request = { matcherSets: matchers.length === 0 ? [] : [matchers], range, limit: 0 }
  return services.runner.lookup('log volume', callerOf(exchange, 'loki'), (source, context) =>
    source.logs.volume(request, context),
  )
}

/** The groups that a stream's bytes count for: one by its labels, or one for each of its label names. */
function volumeGroups(labels: Labels, targets: readonly string[], matched: readonly string[], isByLabel: boolean): Labels[] {
  if (isByLabel) {
    const names = labels.map(({ name }) => name).filter((name) => targets.length === 0 || targets.includes(name))
    return names.map((name) => [{ name, value: '' }])
  }
  const kept = targets.length > 0 ? targets : matched
  if (kept.length === 0) return [labels]
  return [
    [...kept].sort().flatMap((name) => (labelValue(labels, name) === '' ? [] : [{ name, value: labelValue(labels, name) }])),
  ]
}

/** Loki leaves `data` out when there is nothing. */
function answerTexts(data: readonly string[]): Answer {
  return jsonAnswer(data.length === 0 ? { status: 'success' } : { status: 'success', data })
}
