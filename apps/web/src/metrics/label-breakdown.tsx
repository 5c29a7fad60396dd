import type { ReactNode } from 'react'
import { useMemo } from 'react'
import { useQueries } from '@tanstack/react-query'
import type { PromMatrix } from '../data/prometheus.ts'
import { labelNames, queryRange } from '../data/prometheus.ts'
import { Panel } from '../frame/panel.tsx'
import { Empty, Failure } from '../frame/states.tsx'
import { useRangeAnswer } from '../frame/use-answer.ts'
import { usePatchSearch } from '../frame/use-search.ts'
import { useTime } from '../frame/use-time.ts'
import { spreadOf, meanOf } from './difference.ts'
import styles from './explore.module.css'
import type { MetricView } from './metric-query.ts'
import { printSelector, viewQuery } from './metric-query.ts'
import { MiniChart } from './mini-chart.tsx'
import { formatOf } from './value-format.ts'

// A small chart is 250 px wide; 40 labels are more than any metric should have, and each is a query.
const MINI_POINTS = 60
const MAX_LABELS = 40
// Lines that can still be told apart in a small chart, and values beyond which counting goes on elsewhere.
const MAX_LINES = 12
const MAX_VALUES = 200

/** One small chart a label, those that tell most first: a click breaks the metric down by it. */
export function LabelBreakdown({ view: asked }: { readonly view: MetricView }): ReactNode {
  const view = useMemo(() => (asked.fn === 'heatmap' ? { ...asked, fn: '' } : asked), [asked])
  const selector = printSelector(view.metric.name, view.filters)
  const names = useRangeAnswer(['metric-labels', selector], ({ range, signal }) => labelNames(range, selector, signal))
  const all = useMemo(() => (names.data ?? []).filter((name) => name !== '__name__' && name !== 'le'), [names.data])
  const labels = useMemo(() => all.slice(0, MAX_LABELS), [all])
  const cards = useLabelCards(view, labels)
  if (names.error !== undefined) return <Failure error={names.error} retry={names.retry} />
  if (names.data !== undefined && labels.length === 0) {
    return (
      <Panel label="Breakdown">
        <Empty title="This metric has no labels to break it down by" />
      </Panel>
    )
  }
  return (
    <section aria-label="Breakdown by label">
      <h2 className={styles['section']}>
        By label <span className="muted">what tells most first</span>
        {all.length > MAX_LABELS && (
          <span className="muted">
            , the first {MAX_LABELS} of {all.length} labels
          </span>
        )}
      </h2>
      <div className={styles['grid']} aria-busy={names.isLoading || cards.some(({ isLoading }) => isLoading)}>
        {cards.map((card) => (
          <LabelCard key={card.label} card={card} format={formatOf(viewQuery(view))} />
        ))}
      </div>
    </section>
  )
}

interface CardData {
  readonly label: string
  readonly data: PromMatrix | undefined
  readonly error: Error | undefined
  readonly isLoading: boolean
  readonly spread: number
}

/** The charts of all labels. Their order is settled once all are there, so that nothing jumps under the pointer. */
function useLabelCards(view: MetricView, labels: readonly string[]): readonly CardData[] {
  const { text, resolve } = useTime()
  const answers = useQueries({
    queries: labels.map((label) => {
      const query = viewQuery({ ...view, by: label })
      return {
        queryKey: ['range', 'breakdown', query, text.from, text.to],
        queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
          queryRange(query, { range: resolve(), maxPoints: MINI_POINTS, limit: MAX_VALUES, signal }),
      }
    }),
  })
  const cards = labels.map((label, i): CardData => {
    const { data, error = null, fetchStatus } = answers[i] ?? {}
    const spread = data === undefined ? 0 : spreadOf(data.series.map(({ values }) => values))
    return { label, data, error: error ?? undefined, isLoading: fetchStatus === 'fetching', spread }
  })
  if (cards.some(({ data, error }) => data === undefined && error === undefined)) return cards
  return cards.toSorted((a, b) => b.spread - a.spread || a.label.localeCompare(b.label))
}

function LabelCard({ card, format }: { readonly card: CardData; readonly format: (value: number) => string }): ReactNode {
  const patch = usePatchSearch()
  const { label, data, error } = card
  const lines = useMemo(() => linesOf(data), [data])
  const count = data?.series.length ?? 0
  const words = data === undefined ? '…' : `${count}${count >= MAX_VALUES ? '+' : ''} ${count === 1 ? 'value' : 'values'}`
  return (
    <button type="button" className={styles['card']} onClick={() => patch({ by: label })} title={`Break down by ${label}`}>
      <span className={styles['cardHead']}>
        <span className={`mono ${styles['cardName']}`}>{label}</span>
        <span className={styles['cardNote']}>{error === undefined ? words : 'failed'}</span>
      </span>
      {error === undefined ? (
        <MiniChart label={`By ${label}: ${words}`} lines={lines.map(({ values }) => values)} heightPx={74} />
      ) : (
        <span className={styles['cardError']}>{error.message}</span>
      )}
      <span className={styles['cardFoot']}>
        {lines.slice(0, 3).map(({ name, values }, i) => (
          <span key={name} className={styles['cardValue']}>
            <i style={{ background: `var(--series-${i})` }} />
            <span>{name === '' ? '(none)' : name}</span>
            <b className="num">{format(meanOf(values) ?? NaN)}</b>
          </span>
        ))}
      </span>
    </button>
  )
}

/** The lines of a small chart, the highest first. */
function linesOf(data: PromMatrix | undefined): { readonly name: string; readonly values: readonly (number | null)[] }[] {
  const all = (data?.series ?? []).map(({ labels, values }) => ({
    name: Object.values(labels)[0] ?? '',
    values,
    mean: meanOf(values) ?? -Infinity,
  }))
  return all.sort((a, b) => b.mean - a.mean).slice(0, MAX_LINES)
}
