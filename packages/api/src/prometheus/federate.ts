import type { Labels, SeriesSamples } from '@oriel/model'
import { compareLabels, labelsToRecord, METRIC_NAME } from '@oriel/model'
import type { FederatedMetric, FederationFormat } from '@oriel/wire'
import { federationFormatOf, printFederation } from '@oriel/wire'
import { callerOf } from '../http/exchange.ts'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { parseSelector } from './params.ts'

/**
 * GET /federate: the newest sample of every series that any `match[]` selects, within the lookback, for another Prometheus to scrape.
 *
 * A series that has gone stale is left out. Source: Prometheus 3.14 web/federate.go.
 */
export async function federate(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const sets = exchange.query.getAll('match[]').map((text) => parseSelector(text))
  const format = federationFormatOf(exchange.headers.accept ?? '')
  const endMs = services.now()
  const range = { startMs: endMs - services.runner.promql.lookbackMs, endMs }
  const { data } = await services.runner.lookup('federation', callerOf(exchange, 'federation'), (source, context) =>
    Promise.all(sets.map((matchers) => source.metrics.samples({ matchers, range }, context))),
  )
  return answerOf(newestOf(data), services.prometheusConfig().externalLabels, format)
}

function answerOf(metrics: FederatedMetric[], external: Readonly<Record<string, string>>, format: FederationFormat): Answer {
  // Whoever scrapes us without honor_labels must not find its own instance label missing.
  const added = Object.entries({ instance: '', ...external }).sort(([a], [b]) => (a < b ? -1 : 1))
  const { contentType, body } = printFederation(metrics, added, format)
  return { status: 200, headers: { 'content-type': contentType }, body }
}

/** The last sample of each series by metric name, each series once. */
function newestOf(results: readonly SeriesSamples[]): FederatedMetric[] {
  const found: (FederatedMetric & { readonly all: Labels })[] = []
  for (const { labels, offsets, tMs, values, stale, histograms } of results) {
    for (const [i, all] of labels.entries()) {
      const last = offsets[i + 1]! - 1
      if (last < offsets[i]! || stale[last] === 1) continue
      const name = labelsToRecord(all)[METRIC_NAME] ?? ''
      if (name === '') continue
      const histogram = histograms?.[last]
      const rest = all.filter((label) => label.name !== METRIC_NAME)
      found.push({
        all,
        name,
        labels: rest,
        tMs: tMs[last]!,
        value: values[last]!,
        ...(histogram !== undefined && { histogram }),
      })
    }
  }
  found.sort((a, b) => compareText(a.name, b.name) || compareLabels(a.all, b.all))
  return found.filter(({ all }, i) => i === 0 || compareLabels(all, found[i - 1]!.all) !== 0)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
