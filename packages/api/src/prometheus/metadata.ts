import type { Labels, MetricMetadata } from '@oriel/model'
import { compileMatchers, labelsToRecord } from '@oriel/model'
import { callerOf, jsonPieces } from '../http/exchange.ts'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { parseGoInteger, parseSelector, plainFail, refuse } from './params.ts'

/** GET /api/v1/metadata: of everything that was sent, not of the targets alone. Metrics come by name. */
export async function metadata(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const limit = numberParameter(exchange, 'limit')
  const perMetric = numberParameter(exchange, 'limit_per_metric')
  const metric = exchange.query.get('metric') ?? ''
  const request = metric === '' ? { limit: 0 } : { metric, limit: 0 }
  const { data } = await services.runner.lookup('metadata', callerOf(exchange, 'prometheus'), (source, context) =>
    source.metrics.metadata(request, context),
  )
  const answer = new Map<string, { type: string; help: string; unit: string }[]>()
  for (const { metric: name, type, help, unit } of data) {
    const known = answer.get(name)
    if (known === undefined && limit >= 0 && answer.size >= limit) break
    if (known === undefined) answer.set(name, [{ type, help, unit }])
    else if (perMetric <= 0 || known.length < perMetric) known.push({ type, help, unit })
  }
  return jsonPieces([JSON.stringify({ status: 'success', data: Object.fromEntries(answer) })])
}

/** GET /api/v1/targets/metadata: what the targets say of their metrics. */
export function targetMetadata(services: ApiServices, exchange: Exchange): Answer {
  const limit = numberParameter(exchange, 'limit')
  const selector = exchange.query.get('match_target') ?? ''
  const matchers = selector === '' ? [] : parseSelector(selector, (why, cause) => refuse('match_target', why, cause))
  const metric = exchange.query.get('metric') ?? ''
  const test = compileMatchers(matchers)
  const found: Record<string, unknown>[] = []
  for (const { labels, metadata: said } of services.targets().active) {
    // The limit is met between targets, as in Prometheus.
    if (limit >= 0 && found.length >= limit) break
    if (!test(labels)) continue
    for (const entry of said()) if (metric === '' || entry.metric === metric) found.push(entryOf(labels, entry, metric === ''))
  }
  return jsonPieces([JSON.stringify({ status: 'success', data: found })])
}

function entryOf(target: Labels, { metric, type, help, unit }: MetricMetadata, isNamed: boolean): Record<string, unknown> {
  return { target: labelsToRecord(target), ...(isNamed && { metric }), type, help, unit }
}

/** A whole number, -1 where it is absent. */
function numberParameter({ query }: Exchange, name: string): number {
  const text = query.get(name) ?? ''
  if (text === '') return -1
  const parsed = parseGoInteger(text)
  return parsed.ok ? parsed.value : plainFail(`${name} must be a number`)
}
