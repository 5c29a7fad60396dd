import type { RedAnswer, ServiceAnswer } from '@oriel/contract'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { Sparkline } from '../chart/sparkline.tsx'
import { formatDurationMs, formatPercent, formatRate } from '../frame/format.ts'
import { Link } from '../frame/link.tsx'
import { linkTo } from '../frame/link-to.ts'
import { AnswerPanel } from '../frame/panel.tsx'
import type { Column } from '../frame/sort-table.tsx'
import { SortTable } from '../frame/sort-table.tsx'
import { Empty } from '../frame/states.tsx'
import type { Answer } from '../frame/use-answer.ts'
import { useTime } from '../frame/use-time.ts'
import table from '../style/table.module.css'
import styles from './service.module.css'

interface OperationsProps {
  readonly service: string
  readonly answer: Answer<ServiceAnswer>
  readonly className?: string | undefined
}

/** The service's operations with their own rate, errors and durations; a row leads to its traces. */
export function Operations({ service, answer, className }: OperationsProps): ReactNode {
  const [sort, setSort] = useState('-rate')
  const { context } = useTime()
  return (
    <AnswerPanel
      title="Operations"
      className={className}
      answer={answer}
      minHeight={200}
      empty={({ operations }) => (operations.length === 0 ? <Empty title="No operations in this range" /> : undefined)}
    >
      {(data) => (
        <div className={`${styles['scroll']} scroll-thin`} tabIndex={0} role="group" aria-label="Operations">
          <SortTable
            label="Operations"
            isDense
            rows={data.operations}
            rowKey={({ operation }) => operation}
            sort={sort}
            onSort={setSort}
            columns={columns(data, (operation, status) =>
              linkTo({ kind: 'traces', search: { service, operation, ...(status && { status }) } }, context),
            )}
          />
        </div>
      )}
    </AnswerPanel>
  )
}

function columns(data: ServiceAnswer, traces: (operation: string, status?: string) => string): Column<RedAnswer>[] {
  const seconds = Math.max(1, (data.endMs - data.startMs) / 1_000)
  const ratio = ({ total }: RedAnswer): number => (total.requests === 0 ? 0 : total.errors / total.requests)
  const duration = (key: string, value: (row: RedAnswer) => number | null): Column<RedAnswer> => ({
    key,
    name: key,
    isNumber: true,
    value,
    cell: (row) => formatDurationMs(value(row)),
  })
  return [
    {
      key: 'operation',
      name: 'Operation',
      value: ({ operation }) => operation,
      cell: ({ operation }) => (
        <Link className={`${table['rowLink']} ${table['name']}`} href={traces(operation)} title="Show its traces">
          <span className={table['clip']}>{operation}</span>
        </Link>
      ),
    },
    {
      key: 'rate',
      name: 'Requests',
      isNumber: true,
      value: ({ total }) => total.requests,
      cell: (row) => (
        <div className={table['rightCell']}>
          <Sparkline values={row.requests} color="var(--accent)" width={64} height={18} />
          <span style={{ minWidth: 56 }}>{formatRate(row.total.requests / seconds)}</span>
        </div>
      ),
    },
    {
      key: 'errors',
      name: 'Errors',
      isNumber: true,
      value: ratio,
      cell: (row) =>
        row.total.errors === 0 ? (
          <span className="muted">0 %</span>
        ) : (
          <Link
            className={`crit ${table['above']}`}
            style={{ display: 'inline-block', minWidth: 24, minHeight: 24, lineHeight: '24px' }}
            href={traces(row.operation, 'error')}
            title="Show the failed traces"
          >
            {formatPercent(ratio(row))}
          </Link>
        ),
    },
    duration('p50', ({ total }) => total.p50Ms),
    duration('p95', ({ total }) => total.p95Ms),
    duration('p99', ({ total }) => total.p99Ms),
  ]
}
