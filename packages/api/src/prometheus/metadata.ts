import type { Labels, MetricMetadata } from '@oriel/model'
import { compileMatchers, labelsToRecord } from '@oriel/model'
import { callerOf, jsonPieces } from '../http/exchange.ts'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { parseGoInteger, parseSelector, plainFail, refuse } from './params.ts'

/**
 * GET /api/v1/metadata: all that targets say of a metric, as in Prometheus, and of a metric of none what was sent last. Metrics come by
 * name.
 */
export async function metadata(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const limit = numberParameter(exchange, 'limit')
  const perMetric = numberParameter(exchange, 'limit_per_metric')
  const metric = exchange.query.get('metric') ?? ''
  const request = metric === '' ? { limit: 0 } : { metric, limit: 0 }
  const { data } = await services.runner.lookup('metadata', callerOf(exchange, 'prometheus'), (source, context) =>
    source.metrics.metadata(request, context),
  )
  const found = saidByTargets(services, exchange, metric)
  for (const { metric: name, type, help, unit } of data)
    if (!found.has(name)) found.set(name, new Map([['', { type, help, unit }]]))
  const names = [...found.keys()].sort().slice(0, limit >= 0 ? limit : undefined)
  const listed = names.map((name) => [name, [...found.get(name)!.values()].slice(0, perMetric > 0 ? perMetric : undefined)])
  return jsonPieces([JSON.stringify({ status: 'success', data: Object.fromEntries(listed) })])
}

type Said = Omit<MetricMetadata, 'metric'>

/** What active targets say, by metric, each thing once. */
function saidByTargets(services: ApiServices, { tenants }: Exchange, metric: string): Map<string, Map<string, Said>> {
  const found = new Map<string, Map<string, Said>>()
  const { active, tenant } = services.targets()
  if (tenant !== undefined && !tenants.includes(tenant)) return found
  for (const { metadata: said } of active) {
    for (const { metric: name, type, help, unit } of said()) {
      if (metric !== '' && name !== metric) continue
      const known = found.get(name) ?? new Map<string, Said>()
      found.set(name, known.set(JSON.stringify([type, help, unit]), { type, help, unit }))
    }
  }
  return found
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
