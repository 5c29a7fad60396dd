import type { ReactNode } from 'react'
import { useMemo } from 'react'
import type { ChartDot } from '../chart/chart-data.ts'
import type { PromExemplar } from '../data/prometheus.ts'
import { labelNames, queryExemplars, queryRange } from '../data/prometheus.ts'
import { QueryEditor } from '../editor/query-editor.tsx'
import { useDraft } from '../editor/use-draft.ts'
import { formatBytes, formatDurationMs, formatNumber, formatPercent } from '../frame/format.ts'
import type { LinkContext } from '../frame/link-to.ts'
import { linkTo } from '../frame/link-to.ts'
import { Panel } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import { useRangeAnswer } from '../frame/use-answer.ts'
import { useAppSearch } from '../frame/use-search.ts'
import { useTime } from '../frame/use-time.ts'
import { MatrixPanel } from './matrix-panel.tsx'
import { MetricList } from './metric-list.tsx'
import styles from './metrics.module.css'
import type { PickedMetric } from './suggest.ts'
import { metricOf, suggestQuery, unitOf } from './suggest.ts'

const CHART_POINTS = 240

/** Metrics: pick one from the list or write PromQL. */
export function MetricsScreen(): ReactNode {
  const { q = '' } = useAppSearch()
  const draft = useDraft('')
  const picked = metricOf(q)
  return (
    <div className={styles['screen']}>
      <h1 className="visually-hidden">Metrics</h1>
      <MetricList picked={picked} onPick={(metric) => draft.run(suggestQuery(metric))} />
      <div className={`${styles['work']} scroll-thin`}>
        <div className={styles['query']}>
          <QueryEditor
            language="promql"
            label="PromQL query"
            hint='rate(http_requests_total{job="…"}[5m])'
            value={draft.text}
            onChange={draft.setText}
            onRun={() => draft.run()}
          />
        </div>
        {q === '' ? (
          <Panel label="Result">
            <Empty title="Pick a metric, or write a query">
              The list knows every metric that has samples in this range. Ctrl Enter runs what you write.
            </Empty>
          </Panel>
        ) : (
          <>
            {picked !== undefined && suggestsAbout(q, picked) && (
              <Breakdown metric={{ name: picked, type: '' }} query={q} onQuery={draft.run} />
            )}
            <Result query={q} />
          </>
        )}
      </div>
    </div>
  )
}

function Result({ query }: { readonly query: string }): ReactNode {
  const { context } = useTime()
  const answer = useRangeAnswer(['metric', query], ({ range, signal }) =>
    queryRange(query, { range, maxPoints: CHART_POINTS, signal }),
  )
  // Without its exemplars a chart still says what it was asked for.
  const exemplars = useRangeAnswer(['exemplars', query], ({ range, signal }) =>
    queryExemplars(query, range, signal).catch(() => []),
  )
  const { from, to } = context
  const dots = useMemo(
    () => exemplarDots(exemplars.data ?? [], { ...(from && { from }), ...(to && { to }) }),
    [exemplars.data, from, to],
  )
  return <MatrixPanel title="Result" query={query} answer={answer} dots={dots} format={FORMATS[unitOf(query)]} />
}

const FORMATS: Readonly<Record<ReturnType<typeof unitOf>, (value: number) => string>> = {
  bytes: formatBytes,
  bytesPerSecond: (value) => `${formatBytes(value)}/s`,
  seconds: (value) => formatDurationMs(value * 1_000),
  ratio: formatPercent,
  number: formatNumber,
}

/** Exemplars that name a trace, at their own value. */
function exemplarDots(exemplars: readonly PromExemplar[], context: LinkContext): ChartDot[] {
  return exemplars.flatMap(({ labels, value, tMs }) => {
    const traceId = labels['trace_id'] ?? labels['traceID'] ?? labels['traceId']
    const spanId = labels['span_id'] ?? labels['spanID'] ?? labels['spanId']
    if (traceId === undefined) return []
    const href = linkTo({ kind: 'trace', traceId, ...(spanId !== undefined && { spanId }) }, context)
    return [{ tMs, value, href, isError: false, label: `Exemplar ${formatNumber(value)}. Open the trace` }]
  })
}

/** The metric's labels: a click groups by one. */
function Breakdown({
  metric,
  query,
  onQuery,
}: {
  readonly metric: PickedMetric
  readonly query: string
  readonly onQuery: (query: string) => void
}): ReactNode {
  const answer = useRangeAnswer(['metric-labels', metric.name], ({ range, signal }) =>
    labelNames(range, `{__name__=${JSON.stringify(metric.name)}}`, signal),
  )
  const labels = (answer.data ?? []).filter((name) => name !== '__name__' && name !== 'le')
  if (labels.length === 0) return null
  const options = [
    { name: 'all series', query: suggestQuery(metric) },
    ...labels.map((name) => ({ name, query: suggestQuery(metric, { by: name }) })),
  ]
  return (
    <div className={styles['breakdown']} role="group" aria-label="Group by">
      <span className="muted">By</span>
      {options.map((option) => (
        <button key={option.name} type="button" aria-pressed={option.query === query} onClick={() => onQuery(option.query)}>
          {option.name}
        </button>
      ))}
    </div>
  )
}

/** Whether the query is one of ours, so that replacing it by another of ours loses nobody's work. */
function suggestsAbout(query: string, name: string): boolean {
  const by = /by \((?:le, )?([\w.]+)\)/.exec(query)?.[1] ?? ''
  return ['', 'counter'].some((type) => [suggestQuery({ name, type }), suggestQuery({ name, type }, { by })].includes(query))
}
