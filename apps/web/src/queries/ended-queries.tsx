import type { EndedQueryAnswer } from '@oriel/contract'
import { CircleX } from 'lucide-react'
import type { ReactNode } from 'react'
import { useMemo } from 'react'
import { formatAgo, formatBytes, formatCount, formatDateTime, formatDurationMs, formatNumber } from '../frame/format.ts'
import type { Column } from '../frame/sort-table.tsx'
import { SortTable } from '../frame/sort-table.tsx'
import { Empty } from '../frame/states.tsx'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import table from '../style/table.module.css'
import type { QueryCost, QueryFilter } from './query-costs.ts'
import { costsByText } from './query-costs.ts'
import { QueryText } from './query-text.tsx'
import styles from './queries.module.css'

interface EndedQueriesProps {
  readonly entries: readonly EndedQueryAnswer[]
  readonly view: string
  readonly filter: QueryFilter
}

// Rows that a browser lays out without a pause; a filter narrows what is beyond.
const MAX_ROWS = 200

/** Ended queries, each with its cost, or by text. */
export function EndedQueries({ entries, view, filter }: EndedQueriesProps): ReactNode {
  const { sort = view === 'cost' ? '-total' : '-started' } = useAppSearch()
  const patch = usePatchSearch()
  const costs = useMemo(() => (view === 'cost' ? costsByText(entries) : []), [entries, view])
  if (entries.length === 0) return <NoQueries filter={filter} isSlow={view === 'slow'} />
  const count = view === 'cost' ? costs.length : entries.length
  const shared = { sort, onSort: (next: string) => patch({ sort: next }), isDense: true, maxRows: MAX_ROWS } as const
  return (
    <>
      <div className={`${table['wrap']} scroll-thin`} tabIndex={0} role="group" aria-label="Ended queries">
        {view === 'cost' ? (
          <SortTable {...shared} label="Queries by cost" rows={costs} rowKey={({ key }) => key} columns={COST_COLUMNS} />
        ) : (
          <SortTable {...shared} label="Ended queries" rows={entries} rowKey={({ id }) => id} columns={ENTRY_COLUMNS} />
        )}
      </div>
      {count > MAX_ROWS && (
        <p className={styles['more']}>
          The first {MAX_ROWS} of {formatCount(count)} in this order.
        </p>
      )}
    </>
  )
}

function NoQueries({ filter, isSlow }: { readonly filter: QueryFilter; readonly isSlow: boolean }): ReactNode {
  const patch = usePatchSearch()
  const isFiltered = filter.language !== '' || filter.tenant !== '' || filter.find !== ''
  if (!isFiltered) {
    return isSlow ? (
      <Empty title="No slow query since the server started">Nothing made anybody wait.</Empty>
    ) : (
      <Empty title="No query since the server started">The log is in memory: it starts anew with the server.</Empty>
    )
  }
  return (
    <Empty title="No query matches the filter">
      <button type="button" className="link" onClick={() => patch({ status: undefined, service: undefined, find: undefined })}>
        Clear the filter
      </button>
    </Empty>
  )
}

const ENTRY_COLUMNS: readonly Column<EndedQueryAnswer>[] = [
  { key: 'text', name: 'Query', value: ({ text }) => text, cell: (query) => <QueryText query={query} />, isWide: true },
  {
    key: 'origin',
    name: 'From',
    value: ({ origin }) => origin,
    cell: ({ origin, tenant }) => (
      <>
        {origin} <span className="muted">{tenant}</span>
      </>
    ),
  },
  {
    key: 'started',
    name: 'When',
    isNumber: true,
    value: ({ startedMs }) => startedMs,
    cell: ({ startedMs }) => <span title={formatDateTime(startedMs)}>{formatAgo(startedMs, Date.now())}</span>,
  },
  {
    key: 'took',
    name: 'Took',
    isNumber: true,
    hint: 'From accepted to answered; the time in the queue and in the engine are part of it',
    value: ({ elapsedMs }) => elapsedMs,
    cell: ({ elapsedMs, queuedMs, stats }) => (
      <span title={`${formatDurationMs(queuedMs)} in the queue, ${formatDurationMs(stats.engineMs)} in the engine`}>
        {formatDurationMs(elapsedMs)}
      </span>
    ),
  },
  numberColumn('series', 'Series', ({ stats }) => stats.series, formatCount),
  numberColumn('samples', 'Samples', ({ stats }) => stats.samples, formatNumber),
  numberColumn('bytes', 'Read', ({ stats }) => stats.bytes, formatBytes),
  { key: 'outcome', name: 'Outcome', value: ({ outcome }) => outcome, cell: ({ outcome }) => <Outcome outcome={outcome} /> },
]

const COST_COLUMNS: readonly Column<QueryCost>[] = [
  { key: 'text', name: 'Query', value: ({ text }) => text, cell: ({ last }) => <QueryText query={last} />, isWide: true },
  costColumn('runs', 'Runs', ({ runs }) => runs, formatCount),
  costColumn('total', 'Total time', ({ totalMs }) => totalMs, formatDurationMs),
  costColumn('max', 'Longest', ({ maxMs }) => maxMs, formatDurationMs),
  costColumn('samples', 'Samples', ({ samples }) => samples, formatNumber),
  costColumn('bytes', 'Read', ({ bytes }) => bytes, formatBytes),
  {
    key: 'failures',
    name: 'Failed',
    isNumber: true,
    value: ({ failures }) => failures,
    cell: ({ failures }) => (failures === 0 ? <span className="muted">0</span> : <span className="crit">{failures}</span>),
  },
]

function numberColumn(
  key: string,
  name: string,
  value: (row: EndedQueryAnswer) => number,
  format: (value: number) => string,
): Column<EndedQueryAnswer> {
  return { key, name, isNumber: true, value, cell: (row) => format(value(row)) }
}

function costColumn(
  key: string,
  name: string,
  value: (row: QueryCost) => number,
  format: (value: number) => string,
): Column<QueryCost> {
  return { key, name, isNumber: true, value, cell: (row) => format(value(row)) }
}

function Outcome({ outcome }: { readonly outcome: string }): ReactNode {
  if (outcome === 'ok') return <span className="muted">ok</span>
  return (
    <span className={styles['failed']}>
      <CircleX size={13} aria-hidden />
      {outcome
        .replace(/^QUERY_/, '')
        .toLowerCase()
        .replaceAll('_', ' ')}
    </span>
  )
}
