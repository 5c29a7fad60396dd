import type {
  CardinalityAnswer,
  CardinalityMetric,
  LabelCardinalityAnswer,
  MetricCardinalityAnswer,
  RulePreviewAnswer,
  SeriesRuleDraft,
  SeriesRulesAnswer,
} from '@oriel/contract'
import { compileAnchored, MS_PER_DAY, MS_PER_HOUR } from '@oriel/model'
import type { CardinalityCount, MetricUse } from '@oriel/store'
import type { ActiveMetricView } from '../cardinality-view.ts'
import type { Answer, Exchange } from '../http/exchange.ts'
import { callerOf, jsonAnswer } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { bad, rangeParameters, wholeNumber } from './params.ts'

// 100 rows fill several screens; 1,000 is all that anybody sorts.
const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1_000
// A metric that nobody asked for in so many days counts as one that nobody asks for.
const USED_DAYS = 30
const SHOWN_DAYS = 14
const SHOWN_HOURS = 24

/** GET /api/oriel/cardinality. */
export async function cardinalityOverview(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const { cardinality, runner, now } = services
  const range = rangeParameters(exchange, now)
  const request = { range, limit: limitOf(exchange) }
  const tenant = tenantOf(exchange)
  const [{ data: sizes }, uses] = await Promise.all([
    runner.lookup('cardinality', callerOf(exchange, 'page'), (_source, context) => cardinality.store.sizes(request, context)),
    cardinality.uses(tenant, Math.floor(now() / MS_PER_DAY) - USED_DAYS),
  ])
  const active = cardinality.active(tenant, request.limit)
  const answer: CardinalityAnswer = {
    ...range,
    series: sizes.series,
    active: active.series,
    maxSeries: active.maxSeries,
    metrics: joinMetrics({ stored: sizes.metrics, active: active.metrics, uses, nowMs: now() }).slice(0, request.limit),
  }
  return jsonAnswer(answer)
}

/** GET /api/oriel/cardinality/labels. */
export async function labelCardinality({ cardinality, runner, now }: ApiServices, exchange: Exchange): Promise<Answer> {
  const request = { range: rangeParameters(exchange, now), limit: limitOf(exchange) }
  const { data } = await runner.lookup('cardinality of labels', callerOf(exchange, 'page'), (_source, context) =>
    Promise.all([cardinality.store.labels(request, context), cardinality.store.pairs(request, context)]),
  )
  const [labels, { pairs, sampledBy }] = data
  const answer: LabelCardinalityAnswer = { labels, pairs, pairsSampledBy: sampledBy }
  return jsonAnswer(answer)
}

/** GET /api/oriel/cardinality/metric. */
export async function metricCardinality({ cardinality, runner, now }: ApiServices, exchange: Exchange): Promise<Answer> {
  const metric = exchange.query.get('metric') ?? ''
  if (metric === '') throw bad('metric', 'it is missing')
  const range = rangeParameters(exchange, now)
  const limit = Math.min(limitOf(exchange), DEFAULT_LIMIT)
  const shown = { startMs: Math.min(range.startMs, range.endMs - SHOWN_DAYS * MS_PER_DAY), endMs: range.endMs }
  const { data } = await runner.lookup(`cardinality of ${metric}`, callerOf(exchange, 'page'), (_source, context) =>
    Promise.all([cardinality.store.metric(metric, { range, limit }, context), cardinality.store.days(metric, shown, context)]),
  )
  const [{ series, labels }, days] = data
  const answer: MetricCardinalityAnswer = {
    metric,
    series,
    labels,
    days: days.map((of) => ({ dayMs: of.day * MS_PER_DAY, series: of.series })),
  }
  return jsonAnswer(answer)
}

/** GET /api/oriel/cardinality/rules. */
export async function listRules({ cardinality }: ApiServices, exchange: Exchange): Promise<Answer> {
  const answer: SeriesRulesAnswer = { rules: await cardinality.rules.list(tenantOf(exchange)) }
  return jsonAnswer(answer)
}

/** GET /api/oriel/cardinality/rules/{id}/history. */
export async function ruleHistory({ cardinality }: ApiServices, exchange: Exchange): Promise<Answer> {
  const answer: SeriesRulesAnswer = { rules: await cardinality.rules.history(tenantOf(exchange), idOf(exchange)) }
  return jsonAnswer(answer)
}

/** PUT /api/oriel/cardinality/rules/{id}. Not POST: a form of a foreign page must not reach it. */
export async function putRule({ cardinality }: ApiServices, exchange: Exchange): Promise<Answer> {
  const change = { rule: draftOf(exchange), author: AUTHOR }
  return jsonAnswer(await cardinality.rules.put(tenantOf(exchange), idOf(exchange), change))
}

/** DELETE /api/oriel/cardinality/rules/{id}. */
export async function removeRule({ cardinality }: ApiServices, exchange: Exchange): Promise<Answer> {
  return jsonAnswer(await cardinality.rules.remove(tenantOf(exchange), idOf(exchange), AUTHOR))
}

/** PUT /api/oriel/cardinality/rules/{id}/undo. */
export async function undoRule({ cardinality }: ApiServices, exchange: Exchange): Promise<Answer> {
  return jsonAnswer(await cardinality.rules.undo(tenantOf(exchange), idOf(exchange), AUTHOR))
}

/** GET /api/oriel/cardinality/preview. */
export async function previewRule({ cardinality, runner, now }: ApiServices, exchange: Exchange): Promise<Answer> {
  const draft = draftOf(exchange)
  const range = rangeParameters(exchange, now)
  const { data } = await runner.lookup('preview of a rule about series', callerOf(exchange, 'page'), async (_source, context) => {
    const { metrics } = await cardinality.store.sizes({ range, limit: MAX_LIMIT }, context)
    const isMeant = draft.isPattern ? compileAnchored(draft.metric) : (name: string) => name === draft.metric
    const meant = metrics.filter(({ name }) => isMeant(name))
    if (draft.action === 'drop') return { meant, after: 0 }
    const mode = draft.action === 'drop_labels' ? 'drop' : 'keep'
    const kept = mode === 'keep' ? [...draft.labels, 'le', 'quantile'] : draft.labels
    const reduced = await Promise.all(
      meant.map(({ name }) => cardinality.store.reduced(name, { mode, labels: kept }, { range, limit: 1 }, context)),
    )
    return { meant, after: reduced.reduce((sum, count) => sum + count, 0) }
  })
  const answer: RulePreviewAnswer = {
    metrics: data.meant.map(({ name }) => name),
    before: data.meant.reduce((sum, { count }) => sum + count, 0),
    after: data.after,
  }
  return jsonAnswer(answer)
}

// Until there are users to name.
const AUTHOR = 'page'

interface Joined {
  readonly stored: readonly CardinalityCount[]
  readonly active: readonly ActiveMetricView[]
  readonly uses: readonly MetricUse[]
  readonly nowMs: number
}

/** What is stored and what arrives, by metric, the largest first. */
function joinMetrics({ stored, active, uses, nowMs }: Joined): CardinalityMetric[] {
  const series = new Map(stored.map(({ name, count }) => [name, count]))
  const arriving = new Map(active.map((metric) => [metric.metric, metric]))
  const lastUse = useFinder(uses)
  const hour = Math.floor(nowMs / MS_PER_HOUR)
  const metrics = [...new Set([...series.keys(), ...arriving.keys()])].map((metric): CardinalityMetric => {
    const { ruleId, growth, summed, budget, limited, sender, series: active } = arriving.get(metric) ?? QUIET
    const day = lastUse(metric)
    return {
      metric,
      series: series.get(metric) ?? 0,
      active,
      summed,
      budget,
      limited,
      sender,
      ...(ruleId !== undefined && { ruleId }),
      growth: hours(growth, hour),
      ...(day !== undefined && { lastQueriedMs: day * MS_PER_DAY }),
    }
  })
  return metrics.sort((a, b) => sizeOf(b) - sizeOf(a) || (a.metric < b.metric ? -1 : 1))
}

/** A metric that nobody has sent since the start. */
const QUIET: Omit<ActiveMetricView, 'metric'> = {
  series: 0,
  summed: 0,
  budget: 0,
  limited: [],
  ruleId: undefined,
  sender: '',
  growth: [],
}

function sizeOf({ series, active, summed }: CardinalityMetric): number {
  return Math.max(series, active + summed)
}

function hours(growth: ActiveMetricView['growth'], last: number): number[] {
  const counts = Array.from({ length: SHOWN_HOURS }, () => 0)
  for (const { hour, series } of growth) {
    const at = SHOWN_HOURS - 1 - (last - hour)
    if (at >= 0 && at < SHOWN_HOURS) counts[at] = series
  }
  return counts
}

/** The last day a metric was queried on, by its name or by a pattern. */
function useFinder(uses: readonly MetricUse[]): (metric: string) => number | undefined {
  const byName = new Map<string, number>()
  for (const { metric, isPattern, day } of uses) if (!isPattern) byName.set(metric, Math.max(day, byName.get(metric) ?? 0))
  const patterns = uses.filter(({ isPattern }) => isPattern).map((use) => ({ test: compileAnchored(use.metric), day: use.day }))
  return (metric) => {
    let last = byName.get(metric)
    for (const { test, day } of patterns) if ((last === undefined || day > last) && test(metric)) last = day
    return last
  }
}

function draftOf({ query }: Exchange): SeriesRuleDraft {
  const action = query.get('action')
  if (action !== 'drop' && action !== 'drop_labels' && action !== 'keep_labels')
    throw bad('action', 'it must be drop, drop_labels or keep_labels')
  return { action, metric: query.get('metric') ?? '', isPattern: query.get('pattern') === 'true', labels: query.getAll('labels') }
}

function limitOf(exchange: Exchange): number {
  return Math.min(wholeNumber(exchange, 'limit') || DEFAULT_LIMIT, MAX_LIMIT)
}

function idOf({ params }: Exchange): string {
  return params['id'] ?? ''
}

/** Rules and what arrives are of one tenant. */
function tenantOf({ tenants }: Exchange): string {
  const [tenant, ...others] = tenants
  if (tenant === undefined || others.length > 0) throw bad('X-Scope-OrgID', 'it must name one tenant')
  return tenant
}
