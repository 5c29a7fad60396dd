import { useMemo } from 'react'
import type { ChartDot } from '../chart/chart-data.ts'
import type { PromExemplar } from '../data/prometheus.ts'
import { queryExemplars } from '../data/prometheus.ts'
import type { LinkContext } from '../frame/link-to.ts'
import { linkTo } from '../frame/link-to.ts'
import { useRangeAnswer } from '../frame/use-answer.ts'
import { useTime } from '../frame/use-time.ts'
import { formatOf } from './value-format.ts'

/** Exemplars of the series that the queries touch, as dots that open their traces. None while the queries show something else than what was observed. */
export function useExemplarDots(queries: readonly string[]): readonly ChartDot[] {
  const { context } = useTime()
  const shown = queries.filter(showsObservations)
  // Without its exemplars a chart still says what it was asked for.
  const answer = useRangeAnswer(
    ['exemplars', ...shown],
    async ({ range, signal }) => {
      const all = await Promise.all(shown.map((query) => queryExemplars(query, range, signal).catch(() => [])))
      return all.flatMap((exemplars, i) => exemplars.map((exemplar) => ({ ...exemplar, query: shown[i] ?? '' })))
    },
    { isEnabled: shown.length > 0 },
  )
  const { from, to } = context
  const data = shown.length === 0 ? undefined : answer.data
  return useMemo(() => dotsOf(data ?? [], { ...(from && { from }), ...(to && { to }) }), [data, from, to])
}

/** A dot stands at the value that was observed: it belongs on a chart of such values, not on one of rates. */
export function showsObservations(query: string): boolean {
  return /\bhistogram_(quantile|quantiles|avg)\s*\(/.test(query) || /_sum\b[^/]*\/[^/]*_count\b/.test(query)
}

function dotsOf(exemplars: readonly (PromExemplar & { readonly query: string })[], context: LinkContext): ChartDot[] {
  return exemplars.flatMap(({ labels, value, tMs, query }) => {
    const traceId = labels['trace_id'] ?? labels['traceID'] ?? labels['traceId']
    const spanId = labels['span_id'] ?? labels['spanID'] ?? labels['spanId']
    if (traceId === undefined) return []
    const href = linkTo({ kind: 'trace', traceId, ...(spanId !== undefined && { spanId }) }, context)
    return [{ tMs, value, href, isError: false, label: `Exemplar ${formatOf(query)(value)}. Open the trace` }]
  })
}
