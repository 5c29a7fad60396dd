import { useMemo } from 'react'
import type { PromMetadata } from '../data/prometheus.ts'
import { metricMetadata } from '../data/prometheus.ts'
import { stepFor } from '../frame/time-range.ts'
import type { Answer } from '../frame/use-answer.ts'
import { useFixedAnswer } from '../frame/use-answer.ts'
import { useAppSearch } from '../frame/use-search.ts'
import { useTime } from '../frame/use-time.ts'
import type { LabelFilter, MetricView } from './metric-query.ts'
import { rateWindow, readFilters } from './metric-query.ts'

/** The points of a chart over the whole width. */
export const CHART_POINTS = 240

/** What senders said about their metrics: asked once, for all that show it. */
export function useMetadata(): Answer<Readonly<Record<string, readonly PromMetadata[]>>> {
  return useFixedAnswer(['metadata'], metricMetadata)
}

/** What is known of a metric: of `x_bucket`, `x_count`, `x_sum` and `x_total` what was said of `x`. */
export function describeMetric(
  name: string,
  metadata: Readonly<Record<string, readonly PromMetadata[]>> | undefined,
): PromMetadata | undefined {
  const family = name.replace(/_(bucket|count|sum|total)$/, '')
  return metadata?.[name]?.[0] ?? metadata?.[family]?.[0]
}

/** The filters in the URL. */
export function useFilters(): readonly LabelFilter[] {
  const { f } = useAppSearch()
  return useMemo(() => readFilters(f ?? []), [f])
}

/** The view of a metric that the URL asks for. */
export function useMetricView(name: string): MetricView & { readonly about: PromMetadata | undefined } {
  const { by = '', fn = '' } = useAppSearch()
  const filters = useFilters()
  const metadata = useMetadata()
  const { resolve } = useTime()
  const about = describeMetric(name, metadata.data)
  const rangeText = rateWindow(stepFor(resolve(), CHART_POINTS))
  const type = about?.type ?? ''
  return useMemo(
    () => ({ metric: { name, type }, filters, by, fn, rangeText, about }),
    [name, type, filters, by, fn, rangeText, about],
  )
}
