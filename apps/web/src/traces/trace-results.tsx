import type { TraceSummaryAnswer, TracesAnswer } from '@oriel/contract'
import type { TimeRange } from '@oriel/model'
import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { useMemo } from 'react'
import type { ChartDot } from '../chart/chart-data.ts'
import { ChartPanel } from '../chart/chart-panel.tsx'
import { loadStatus, loadTraces } from '../data/oriel.ts'
import { SmallButton } from '../frame/buttons.tsx'
import { formatClock, formatDateTime, formatDurationMs, nsToMs } from '../frame/format.ts'
import { Link } from '../frame/link.tsx'
import type { LinkContext } from '../frame/link-to.ts'
import { linkTo } from '../frame/link-to.ts'
import { serviceColor } from '../frame/palette.ts'
import { AnswerPanel } from '../frame/panel.tsx'
import type { Column } from '../frame/sort-table.tsx'
import { SortTable } from '../frame/sort-table.tsx'
import { Empty } from '../frame/states.tsx'
import type { Answer } from '../frame/use-answer.ts'
import { useFixedAnswer, useRangeAnswer } from '../frame/use-answer.ts'
import type { SearchPatch } from '../frame/use-search.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import { useTime } from '../frame/use-time.ts'
import { NoDataInRange } from '../services/no-data.tsx'
import table from '../style/table.module.css'
import styles from './traces.module.css'

// 200: a screen or five; the range and the conditions find the others.
const TRACE_LIMIT = 200

interface Found extends TracesAnswer {
  readonly range: TimeRange
}

/** Traces as dots over time and duration, and as a list. */
export function TraceResults(): ReactNode {
  const { q, service, operation, status, min, max, f } = useAppSearch()
  const search = {
    ...(q && { q }),
    ...(service && { service }),
    ...(operation && { operation }),
    ...(status && { status }),
    ...(min && { min }),
    ...(max && { max }),
    ...(f && { f }),
  }
  const answer = useRangeAnswer(['traces', search], async ({ range, signal }): Promise<Found> => ({
    ...(await loadTraces(search, { range, limit: TRACE_LIMIT, signal })),
    range,
  }))
  const hasConditions = Object.keys(search).length > 0 && q !== '{ }'
  return (
    <>
      <DurationChart answer={answer} />
      <TraceTable answer={answer} hasConditions={hasConditions} {...(q !== undefined && { query: q })} />
    </>
  )
}

function DurationChart({ answer }: { readonly answer: Answer<Found> }): ReactNode {
  const { context } = useTime()
  const { from, to } = context
  const { data } = answer
  const dots = useMemo(
    () => (data === undefined ? [] : durationDots(data.traces, { ...(from && { from }), ...(to && { to }) })),
    [data, from, to],
  )
  const highest = dots.reduce((top, { value }) => Math.max(top, value), 0)
  if (data !== undefined && data.traces.length === 0) return null
  return (
    <ChartPanel
      title="Duration"
      note="each dot is a trace; round ones failed"
      answer={answer}
      heightPx={150}
      chart={(found) => {
        const { startMs, endMs } = coveredRange(found)
        return {
          tMs: [startMs, endMs],
          stepMs: endMs - startMs,
          startMs,
          endMs,
          series: NO_SERIES,
          format: formatDurationMs,
          yMin: highest,
          dots,
        }
      }}
    />
  )
}

const NO_SERIES = [{ label: 'Traces', values: [null, null], color: 'var(--accent)' }] as const

/** The part of the range that the answer speaks about: with more matches than rows, that is only since the oldest row. */
function coveredRange({ traces, range }: Found): TimeRange {
  if (traces.length < TRACE_LIMIT) return range
  const oldestMs = traces.reduce((oldest, { startNs }) => Math.min(oldest, nsToMs(startNs)), range.endMs)
  return { startMs: oldestMs, endMs: range.endMs }
}

function durationDots(traces: readonly TraceSummaryAnswer[], context: LinkContext): ChartDot[] {
  return traces.map((trace) => {
    const value = nsToMs(trace.durationNs)
    const tMs = nsToMs(trace.startNs)
    const isError = trace.errorCount > 0
    return {
      tMs,
      value,
      isError,
      href: traceLink(trace, context),
      label: `${trace.rootService} ${trace.rootName}, ${formatDurationMs(value)}${isError ? ', failed' : ''}`,
    }
  })
}

/** The trace, on the span that matched where the search was about one. */
function traceLink({ traceId, matched }: TraceSummaryAnswer, context: LinkContext): string {
  const span = matched.find(({ status, parentSpanId }) => status === 'error' && parentSpanId !== '')
  return linkTo({ kind: 'trace', traceId, ...(span !== undefined && { spanId: span.spanId }) }, context)
}

interface TraceTableProps {
  readonly answer: Answer<Found>
  readonly hasConditions: boolean
  readonly query?: string
}

function TraceTable({ answer, hasConditions, query }: TraceTableProps): ReactNode {
  const { sort = '-time' } = useAppSearch()
  const patch = usePatchSearch()
  const { context } = useTime()
  const count = answer.data?.traces.length ?? 0
  const longest = answer.data?.traces.reduce((top, { durationNs }) => Math.max(top, nsToMs(durationNs)), 0) ?? 0
  return (
    <AnswerPanel
      title="Traces"
      note={
        count >= TRACE_LIMIT
          ? `the newest ${TRACE_LIMIT} that match; narrow the range for the others`
          : count > 0
            ? String(count)
            : undefined
      }
      answer={answer}
      {...(query !== undefined && { query })}
      minHeight={240}
      empty={({ traces }) => (traces.length === 0 ? <NoTraces hasConditions={hasConditions} /> : undefined)}
    >
      {({ traces }) => (
        <SortTable
          label="Traces"
          isDense
          rows={traces}
          rowKey={({ traceId }) => traceId}
          columns={columns(longest, context)}
          sort={sort}
          onSort={(next) => patch({ sort: next })}
        />
      )}
    </AnswerPanel>
  )
}

const NO_CONDITIONS: SearchPatch = {
  q: undefined,
  service: undefined,
  operation: undefined,
  status: undefined,
  min: undefined,
  max: undefined,
  f: undefined,
}

function NoTraces({ hasConditions }: { readonly hasConditions: boolean }): ReactNode {
  const patch = usePatchSearch()
  const status = useFixedAnswer(['status', 'traces'], loadStatus)
  if (!hasConditions) return <NoDataInRange newestMs={status.data?.newest.tracesMs} what="traces" />
  return (
    <Empty title="No trace matches in this range">
      <SmallButton onClick={() => patch(NO_CONDITIONS)}>Remove all conditions</SmallButton>
    </Empty>
  )
}

function columns(longestMs: number, context: LinkContext): Column<TraceSummaryAnswer>[] {
  return [
    {
      key: 'time',
      name: 'Start',
      value: ({ startNs }) => nsToMs(startNs),
      cell: ({ startNs }) => (
        <span className="muted num" title={formatDateTime(nsToMs(startNs))}>
          {formatClock(nsToMs(startNs))}
        </span>
      ),
    },
    {
      key: 'root',
      name: 'Trace',
      value: ({ rootService, rootName }) => `${rootService} ${rootName}`,
      cell: (trace) => (
        <Link className={`${table['name']} ${table['rowLink']}`} href={traceLink(trace, context)}>
          <span className={table['swatch']} style={{ background: serviceColor(trace.rootService) }} />
          <span className="muted">{trace.rootService || 'root not stored'}</span>
          <span className={table['clip']}>{trace.rootName}</span>
        </Link>
      ),
    },
    {
      key: 'duration',
      name: 'Duration',
      isNumber: true,
      value: ({ durationNs }) => nsToMs(durationNs),
      cell: ({ durationNs, rootService }) => (
        <div className={table['rightCell']}>
          <span className={styles['bar']}>
            <i
              style={{
                width: `${longestMs === 0 ? 0 : (nsToMs(durationNs) / longestMs) * 100}%`,
                background: serviceColor(rootService),
              }}
            />
          </span>
          <span style={{ minWidth: 60 }}>{formatDurationMs(nsToMs(durationNs))}</span>
        </div>
      ),
    },
    { key: 'spans', name: 'Spans', isNumber: true, value: ({ spanCount }) => spanCount, cell: ({ spanCount }) => spanCount },
    {
      key: 'errors',
      name: 'Errors',
      isNumber: true,
      value: ({ errorCount }) => errorCount,
      cell: ({ errorCount }) => <Errors count={errorCount} />,
    },
    SERVICES_COLUMN,
  ]
}

const SERVICES_COLUMN: Column<TraceSummaryAnswer> = {
  key: 'services',
  name: 'Services',
  value: ({ services }) => services.length,
  cell: ({ services }) => (
    <span className={styles['services']}>
      {services.slice(0, 9).map(({ service, spans }) => (
        <i key={service} title={`${service}: ${spans} spans`} style={{ background: serviceColor(service) }} />
      ))}
      <span className="muted num">{services.length}</span>
    </span>
  ),
}

function Errors({ count }: { readonly count: number }): ReactNode {
  if (count === 0) return <span className="muted">0</span>
  return (
    <span className="crit" style={{ display: 'inline-flex', gap: 4, alignItems: 'center' }}>
      <CircleAlert size={13} aria-label="failed spans:" />
      {count}
    </span>
  )
}
