import type { Labels, Matcher, MetricMetadata } from '@oriel/model'
import { compileMatchers, labelsToRecord, labelValue } from '@oriel/model'
import type { MetricSource, QueryContext } from '@oriel/store'
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

/**
 * GET /api/v1/targets/metadata: what the targets say of the metrics that they have.
 *
 * A target's metrics are those stored under its labels in the last hour.
 */
export async function targetMetadata(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const limit = numberParameter(exchange, 'limit')
  const selector = exchange.query.get('match_target') ?? ''
  const matchers = selector === '' ? [] : parseSelector(selector, (why, cause) => refuse('match_target', why, cause))
  const metric = exchange.query.get('metric') ?? ''
  const test = compileMatchers(matchers)
  const targets = services.targets().active.filter(({ labels }) => test(labels))
  const nowMs = services.now()
  const range = { startMs: nowMs - HOUR_MS, endMs: nowMs }
  const { data } = await services.runner.lookup('target metadata', callerOf(exchange, 'prometheus'), async (source, context) => {
    const known = await source.metrics.metadata(metric === '' ? { limit: 0 } : { metric, limit: 0 }, context)
    const found: Record<string, unknown>[] = []
    for (const { labels } of targets) {
      if (limit >= 0 && found.length >= limit) break
      const names = new Set(await namesOf(source.metrics, labels, range, context))
      for (const entry of known) if (isAmong(entry, names)) found.push(entryOf(labels, entry, metric === ''))
    }
    return found
  })
  return jsonPieces([JSON.stringify({ status: 'success', data })])
}

// An hour: longer than any scrape interval.
const HOUR_MS = 3_600_000

function namesOf(
  metrics: MetricSource,
  target: Labels,
  range: { startMs: number; endMs: number },
  context: QueryContext,
): Promise<string[]> {
  const matchers: Matcher[] = ['job', 'instance'].map((name) => ({ name, op: '=', value: labelValue(target, name) }))
  return metrics.labelValues('__name__', { matcherSets: [matchers], range, limit: 0 }, context)
}

/** Whether a family is among the names of its series. */
function isAmong({ metric }: MetricMetadata, names: ReadonlySet<string>): boolean {
  return ['', '_total', '_bucket', '_count', '_sum', '_info', '_created'].some((suffix) => names.has(metric + suffix))
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
