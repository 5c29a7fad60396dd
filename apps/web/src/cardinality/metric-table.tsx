import type { CardinalityAnswer, CardinalityMetric } from '@oriel/contract'
import { EyeOff, Filter, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { Sparkline } from '../chart/sparkline.tsx'
import { SmallButton } from '../frame/buttons.tsx'
import { formatCount, formatPercent } from '../frame/format.ts'
import { Link } from '../frame/link.tsx'
import type { LinkContext } from '../frame/link-to.ts'
import { linkTo } from '../frame/link-to.ts'
import type { Column } from '../frame/sort-table.tsx'
import { SortTable } from '../frame/sort-table.tsx'
import { Empty } from '../frame/states.tsx'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import { useTime } from '../frame/use-time.ts'
import table from '../style/table.module.css'
import styles from './cardinality.module.css'
import { ShareBar } from './share-bar.tsx'

/** Metrics by their series. A row takes its metric apart. */
export function MetricTable({ data }: { readonly data: CardinalityAnswer }): ReactNode {
  const { find = '', sort = '-series', metric } = useAppSearch()
  const patch = usePatchSearch()
  const { context } = useTime()
  const rows = data.metrics.filter((row) => row.metric.toLowerCase().includes(find.toLowerCase()))
  if (rows.length === 0)
    return (
      <Empty title={`No metric is called “${find}”`}>
        <SmallButton onClick={() => patch({ find: undefined })}>Show all {data.metrics.length}</SmallButton>
      </Empty>
    )
  const all = columns(data, { context, isShort: metric !== undefined })
  return (
    <div className={`${styles['scroll']} scroll-thin`} tabIndex={0} role="group" aria-label="Metrics by series">
      <SortTable
        label="Metrics"
        isDense
        rows={rows}
        rowKey={(row) => row.metric}
        columns={metric === undefined ? all : all.filter(({ key }) => SHORT.has(key))}
        sort={sort}
        onSort={(next) => patch({ sort: next })}
      />
    </div>
  )
}

// Beside an open metric there is room for these.
const SHORT = new Set(['metric', 'series', 'growth'])

/** Series that are there, and those that would be if none were summed. */
export function arriving({ series, active, summed }: CardinalityMetric): number {
  return Math.max(series, active + summed)
}

interface RowOptions {
  readonly context: LinkContext
  /** Signs without words. */
  readonly isShort: boolean
}

function columns(data: CardinalityAnswer, options: RowOptions): Column<CardinalityMetric>[] {
  const total = data.metrics.reduce((sum, row) => sum + arriving(row), 0)
  return [
    {
      key: 'metric',
      name: 'Metric',
      isWide: true,
      value: ({ metric }) => metric,
      cell: (row) => <MetricName row={row} {...options} />,
    },
    {
      key: 'series',
      name: 'Series',
      isNumber: true,
      hint: 'Stored in this range, or arriving now where that is more',
      value: arriving,
      cell: (row) => (
        <div className={table['rightCell']}>
          <ShareBar share={arriving(row) / Math.max(1, total)} />
          <span className={styles['share']}>{formatPercent(arriving(row) / Math.max(1, total))}</span>
          <span style={{ minWidth: 64 }}>{formatCount(arriving(row))}</span>
        </div>
      ),
    },
    {
      key: 'growth',
      name: 'New in 24 h',
      isNumber: true,
      hint: 'Series met for the first time, by the hour',
      value: newSeries,
      cell: (row) => (
        <div className={table['rightCell']}>
          <Sparkline values={row.growth} color="var(--accent)" floor={10} />
          <span style={{ minWidth: 56 }}>{formatCount(newSeries(row))}</span>
        </div>
      ),
    },
    {
      key: 'active',
      name: 'Active',
      isNumber: true,
      hint: 'Series with a sample in the last hour',
      value: ({ active }) => active,
      cell: ({ active, budget }) => (budget > 0 ? `${formatCount(active)} of ${formatCount(budget)}` : formatCount(active)),
    },
    { key: 'sender', name: 'Sent by', value: ({ sender }) => sender, cell: ({ sender }) => sender || '–' },
  ]
}

function newSeries({ growth }: CardinalityMetric): number {
  return growth.reduce((sum, count) => sum + count, 0)
}

function MetricName({ row, context, isShort }: RowOptions & { readonly row: CardinalityMetric }): ReactNode {
  return (
    <div className={styles['metric']}>
      <Link
        className={`${table['name']} ${table['rowLink']} ${styles['metricName']}`}
        href={linkTo({ kind: 'cardinality', metric: row.metric }, context)}
        title={row.metric}
      >
        {row.metric}
      </Link>
      {!isShort && <MetricBadges row={row} />}
      {isShort && row.limited.length > 0 && (
        <span className="crit" role="img" aria-label="past its budget">
          <TriangleAlert size={13} aria-hidden />
        </span>
      )}
    </div>
  )
}

/** What is special about a metric, in words and signs. */
export function MetricBadges({ row }: { readonly row: CardinalityMetric }): ReactNode {
  return (
    <>
      {row.limited.length > 0 && (
        <span className={table['badge']} title={`New series are summed over ${row.limited.join(', ')}`}>
          <TriangleAlert size={12} aria-hidden />
          past its budget: {row.limited.join(', ')}
        </span>
      )}
      {row.ruleId !== undefined && (
        <span className={styles['quiet']}>
          <Filter size={12} aria-hidden />
          ruled
        </span>
      )}
      {row.lastQueriedMs === undefined && (
        <span className={styles['quiet']} title="No query has named it in the last 30 days">
          <EyeOff size={12} aria-hidden />
          never queried
        </span>
      )}
    </>
  )
}
