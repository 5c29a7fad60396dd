import type { RedAnswer, ServicesAnswer, StatusAnswer } from '@oriel/contract'
import { TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { Sparkline } from '../chart/sparkline.tsx'
import { loadServices, loadStatus } from '../data/oriel.ts'
import { SmallButton } from '../frame/buttons.tsx'
import { SearchField } from '../frame/field.tsx'
import { formatDurationMs, formatPercent, formatRate } from '../frame/format.ts'
import { Link } from '../frame/link.tsx'
import type { LinkContext } from '../frame/link-to.ts'
import { linkTo } from '../frame/link-to.ts'
import { serviceColor } from '../frame/palette.ts'
import { AnswerPanel, Progress } from '../frame/panel.tsx'
import type { Column } from '../frame/sort-table.tsx'
import { SortTable } from '../frame/sort-table.tsx'
import { Empty } from '../frame/states.tsx'
import { useFixedAnswer, useRangeAnswer } from '../frame/use-answer.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import { useTime } from '../frame/use-time.ts'
import page from '../style/page.module.css'
import styles from '../style/table.module.css'
import { NoDataInRange } from './no-data.tsx'
import { Onboarding } from './onboarding.tsx'

// 2 s: the onboarding page flips to data soon after the first record.
const WAITING_MS = 2_000

/** Every service with its rate, errors and duration; on an empty store, how to send something. */
export function ServicesScreen(): ReactNode {
  const answer = useRangeAnswer(['services'], ({ range, signal }) => loadServices(range, signal), {
    pollMs: (data) => (hasNoService(data) ? WAITING_MS : undefined),
  })
  const isEmpty = hasNoService(answer.data)
  const status = useFixedAnswer(['status', 'first'], loadStatus, { isEnabled: isEmpty, everyMs: isEmpty ? WAITING_MS : 0 })
  const newest = status.data?.newest
  if (isEmpty && status.data !== undefined && isOnlySelf(status.data)) return <Onboarding status={status.data} />
  return (
    <div className={page['page']}>
      <ServiceList answer={answer} newestMs={newest?.tracesMs} />
    </div>
  )
}

/** Oriel's own service: its presence does not mean that anybody sends anything. */
const SELF_SERVICE = 'oriel'

/** Whether the answer is there and holds nobody but Oriel itself. */
function hasNoService(data: ServicesAnswer | undefined): boolean {
  return data?.services.every(({ service }) => service === SELF_SERVICE) ?? false
}

/** Whether nothing came but, perhaps, what Oriel says about itself (which the newest times cannot tell apart). */
function isOnlySelf({ newest, isSelfOn }: StatusAnswer): boolean {
  return isSelfOn || (newest.logsMs ?? newest.metricsMs ?? newest.tracesMs) === undefined
}

function ServiceList({
  answer,
  newestMs,
}: {
  readonly answer: ReturnType<typeof useRangeAnswer<ServicesAnswer>>
  readonly newestMs: number | undefined
}): ReactNode {
  const { find = '' } = useAppSearch()
  const patch = usePatchSearch()
  const { context } = useTime()
  return (
    <>
      <div className={page['head']}>
        <h1 className={page['h1']}>Services</h1>
        <ServiceTotals data={answer.data} />
        <Progress answer={answer} />
        <SearchField
          isMain
          className={page['find']}
          label="Filter by name"
          value={find}
          onChange={(text) => patch({ find: text }, { replace: true })}
        />
      </div>
      <AnswerPanel
        answer={answer}
        minHeight={240}
        label="Services"
        empty={(data) => (data.services.length === 0 ? <NoDataInRange newestMs={newestMs} what="spans" /> : undefined)}
      >
        {(data) => <ServiceTable data={data} context={context} />}
      </AnswerPanel>
    </>
  )
}

function ServiceTable({ data, context }: { readonly data: ServicesAnswer; readonly context: LinkContext }): ReactNode {
  const { sort = '-rate', find = '' } = useAppSearch()
  const patch = usePatchSearch()
  const rows = data.services.filter(({ service }) => service.toLowerCase().includes(find.toLowerCase()))
  if (rows.length === 0)
    return (
      <Empty title={`No service is called “${find}”`}>
        <SmallButton onClick={() => patch({ find: undefined })}>Show all {data.services.length}</SmallButton>
      </Empty>
    )
  const columns = serviceColumns(data, context)
  return (
    <SortTable
      label="Services"
      rows={rows}
      rowKey={(row) => row.service}
      columns={columns}
      sort={sort}
      onSort={(next) => patch({ sort: next })}
    />
  )
}

function ServiceTotals({ data }: { readonly data: ServicesAnswer | undefined }): ReactNode {
  if (data === undefined || data.services.length === 0) return null
  const failing = data.services.filter((row) => errorRatio(row) >= FAILING_RATIO).length
  return (
    <span className="muted num">
      {data.services.length} services
      {failing > 0 && <span className="crit"> · {failing} with errors above 1 %</span>}
    </span>
  )
}

// 1 %: where a person wants to look; the number is shown beside the colour.
const FAILING_RATIO = 0.01
// 5 % fills a sparkline: below that it should look as small as it is.
const FLOOR_RATIO = 0.05

function serviceColumns(data: ServicesAnswer, context: LinkContext): Column<RedAnswer>[] {
  const seconds = Math.max(1, (data.endMs - data.startMs) / 1_000)
  const stepSeconds = data.stepMs / 1_000
  return [
    {
      key: 'service',
      name: 'Service',
      value: (row) => row.service,
      cell: (row) => <ServiceName service={row.service} context={context} />,
    },
    {
      key: 'rate',
      name: 'Requests',
      isNumber: true,
      value: (row) => row.total.requests / seconds,
      cell: (row) => (
        <div className={styles['rightCell']}>
          <Sparkline values={row.requests.map((count) => count / stepSeconds)} color="var(--accent)" />
          <span style={{ minWidth: 64 }}>{formatRate(row.total.requests / seconds)}</span>
        </div>
      ),
    },
    {
      key: 'errors',
      name: 'Errors',
      isNumber: true,
      value: errorRatio,
      cell: (row) => <ErrorCell row={row} context={context} />,
    },
    durationColumn('p50', 'p50', ({ total }) => total.p50Ms),
    {
      ...durationColumn('p95', 'p95', ({ total }) => total.p95Ms),
      cell: (row) => (
        <div className={styles['rightCell']}>
          <Sparkline values={row.p95Ms} color="var(--ink-3)" />
          <span style={{ minWidth: 64 }}>{formatDurationMs(row.total.p95Ms)}</span>
        </div>
      ),
    },
    durationColumn('p99', 'p99', ({ total }) => total.p99Ms),
  ]
}

function durationColumn(key: string, name: string, value: (row: RedAnswer) => number | null): Column<RedAnswer> {
  return {
    key,
    name,
    isNumber: true,
    value,
    cell: (row) => formatDurationMs(value(row)),
    hint: `${name.slice(1)} % of requests were faster`,
  }
}

function ServiceName({ service, context }: { readonly service: string; readonly context: LinkContext }): ReactNode {
  return (
    <Link className={`${styles['name']} ${styles['rowLink']}`} href={linkTo({ kind: 'service', service }, context)}>
      <span className={styles['swatch']} style={{ background: serviceColor(service) }} />
      {service}
    </Link>
  )
}

function ErrorCell({ row, context }: { readonly row: RedAnswer; readonly context: LinkContext }): ReactNode {
  const ratio = errorRatio(row)
  const text = formatPercent(ratio)
  return (
    <div className={styles['rightCell']}>
      {ratio > 0 && (
        <Sparkline
          values={row.errors.map((count, i) => count / Math.max(1, row.requests[i] ?? 0))}
          color="var(--crit)"
          floor={FLOOR_RATIO}
        />
      )}
      <span style={{ minWidth: 72 }}>
        {ratio >= FAILING_RATIO ? (
          <Link
            className={`${styles['badge']} ${styles['above']}`}
            style={{ minHeight: 24 }}
            href={linkTo({ kind: 'traces', search: { service: row.service, status: 'error' } }, context)}
            title="Show the failed traces"
          >
            <TriangleAlert size={12} aria-label="many errors:" />
            {text}
          </Link>
        ) : (
          text
        )}
      </span>
    </div>
  )
}

function errorRatio({ total }: RedAnswer): number {
  return total.requests === 0 ? 0 : total.errors / total.requests
}
