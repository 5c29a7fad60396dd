import { useVirtualizer } from '@tanstack/react-virtual'
import type { ReactNode } from 'react'
import { useMemo, useRef } from 'react'
import { loadStatus } from '../data/oriel.ts'
import { labelValues, metricMetadata } from '../data/prometheus.ts'
import { SearchField } from '../frame/field.tsx'
import { formatCount } from '../frame/format.ts'
import { AnswerPanel } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import { useFixedAnswer, useRangeAnswer } from '../frame/use-answer.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import { NoDataInRange } from '../services/no-data.tsx'
import styles from './metrics.module.css'
import type { PickedMetric } from './suggest.ts'

interface MetricListProps {
  readonly picked: string | undefined
  readonly onPick: (metric: PickedMetric) => void
}

interface MetricRow extends PickedMetric {
  /** What the list says: a histogram's three metrics are one row. */
  readonly shown: string
  readonly help: string
}

const ROW_PX = 44

/** Every metric with samples in the range, with its type and what its sender says about it. */
export function MetricList({ picked, onPick }: MetricListProps): ReactNode {
  const { find = '' } = useAppSearch()
  const patch = usePatchSearch()
  const answer = useRangeAnswer(['metric-names'], async ({ range, signal }) => {
    const [names, metadata] = await Promise.all([labelValues('__name__', { range, signal }), metricMetadata(signal)])
    return foldNames(names, metadata)
  })
  const rows = useMemo(() => filterRows(answer.data ?? [], find), [answer.data, find])
  return (
    <div className={styles['side']}>
      <SearchField label="Find a metric" value={find} onChange={(text) => patch({ find: text }, { replace: true })} />
      <AnswerPanel
        title="Metrics"
        note={answer.data === undefined ? undefined : formatCount(rows.length)}
        className={styles['list']}
        answer={answer}
        empty={(data) =>
          data.length === 0 ? <NoMetrics /> : rows.length === 0 ? <Empty title={`No metric matches “${find}”`} /> : undefined
        }
      >
        {() => <Rows rows={rows} picked={picked} onPick={onPick} />}
      </AnswerPanel>
    </div>
  )
}

type Metadata = Awaited<ReturnType<typeof metricMetadata>>

/** One row a metric; `x_bucket`, `x_count` and `x_sum` of a histogram are one, which leads to its quantile (of a summary: to its rate). */
function foldNames(names: readonly string[], metadata: Metadata): MetricRow[] {
  const all = new Set(names)
  const rows = new Map<string, MetricRow>()
  for (const name of names) {
    const family = familyOf(name, all, metadata)
    if (rows.has(family)) continue
    const pick = ['', '_bucket', '_count'].map((suffix) => family + suffix).find((one) => all.has(one))
    const known = metadata[family]?.[0] ?? metadata[family.replace(/_total$/, '')]?.[0]
    rows.set(family, { name: pick ?? name, shown: family, type: known?.type ?? '', help: known?.help ?? '' })
  }
  return [...rows.values()]
}

/** The histogram or summary that a metric is a part of, itself when it stands alone. */
function familyOf(name: string, all: ReadonlySet<string>, metadata: Metadata): string {
  const family = name.replace(/_(bucket|count|sum)$/, '')
  const type = metadata[family]?.[0]?.type
  return type === 'histogram' || type === 'summary' || all.has(`${family}_bucket`) ? family : name
}

function NoMetrics(): ReactNode {
  const status = useFixedAnswer(['status', 'metrics'], loadStatus)
  return <NoDataInRange newestMs={status.data?.newest.metricsMs} what="samples" />
}

function Rows({ rows, picked, onPick }: MetricListProps & { readonly rows: readonly MetricRow[] }): ReactNode {
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  })
  return (
    <div ref={scroller} className={`${styles['scroller']} scroll-thin`} role="group" aria-label="Metrics">
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index]!
          return (
            <button
              key={row.name}
              type="button"
              className={styles['metric']}
              style={{ transform: `translateY(${start}px)` }}
              aria-pressed={row.name === picked}
              onClick={() => onPick(row)}
              title={`${row.shown}\n${row.help}`}
            >
              <span className={styles['metricName']}>{row.shown}</span>
              <span className={styles['metricHelp']}>
                {[row.type, row.help].filter((text) => text !== '' && text !== 'unknown').join(' · ') || 'no description'}
              </span>
            </button>
          )
        })}
      </div>
    </div>
  )
}

/** Rows whose name or help holds every word, in any order; hits in the name first. */
function filterRows(rows: readonly MetricRow[], find: string): readonly MetricRow[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return rows
  const hits = rows.filter(({ name, help }) => words.every((word) => `${name} ${help}`.toLowerCase().includes(word)))
  const isInName = ({ name }: MetricRow): boolean => words.every((word) => name.toLowerCase().includes(word))
  return [...hits.filter(isInName), ...hits.filter((row) => !isInName(row))]
}
