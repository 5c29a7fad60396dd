import { useVirtualizer } from '@tanstack/react-virtual'
import type { ReactNode } from 'react'
import { useMemo, useRef } from 'react'
import { loadStatus } from '../data/oriel.ts'
import type { PromMetadata } from '../data/prometheus.ts'
import { labelValues } from '../data/prometheus.ts'
import { SearchField } from '../frame/field.tsx'
import { formatCount } from '../frame/format.ts'
import { AnswerPanel } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import { useFixedAnswer, useRangeAnswer } from '../frame/use-answer.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import { NoDataInRange } from '../services/no-data.tsx'
import type { MetricRow } from './metric-rows.ts'
import { filterRows, foldNames } from './metric-rows.ts'
import styles from './metrics.module.css'
import { useMetadata } from './use-metric.ts'

interface MetricListProps {
  readonly picked: string | undefined
  readonly onPick: (name: string) => void
}

const ROW_PX = 44
const NO_METADATA: Readonly<Record<string, readonly PromMetadata[]>> = {}

/** Every metric with samples in the range, with its type, unit and what its sender says about it. */
export function MetricList({ picked, onPick }: MetricListProps): ReactNode {
  const { find = '' } = useAppSearch()
  const patch = usePatchSearch()
  const metadata = useMetadata()
  const answer = useRangeAnswer(['metric-names'], ({ range, signal }) => labelValues('__name__', { range, signal }))
  const all = useMemo(() => foldNames(answer.data ?? [], metadata.data ?? NO_METADATA), [answer.data, metadata.data])
  const rows = useMemo(() => filterRows(all, find), [all, find])
  return (
    <div className={styles['side']}>
      <SearchField label="Find a metric" value={find} onChange={(text) => patch({ find: text }, { replace: true })} isMain />
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
              onClick={() => onPick(row.name)}
              title={`${row.shown}\n${row.help}`}
            >
              <span className={styles['metricName']}>{row.shown}</span>
              <span className={styles['metricHelp']}>
                {[row.type, row.unit, row.help].filter((text) => text !== '' && text !== 'unknown').join(' · ') ||
                  'no description'}
              </span>
            </button>
          )
        })}
      </div>
    </div>
  )
}
