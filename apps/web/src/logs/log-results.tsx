import type { ReactNode } from 'react'
import { useMemo } from 'react'
import type { ChartSeries } from '../chart/chart-data.ts'
import { ChartPanel } from '../chart/chart-panel.tsx'
import type { LogLine, LogVolume } from '../data/loki.ts'
import { queryLogs, queryVolume } from '../data/loki.ts'
import { loadStatus } from '../data/oriel.ts'
import { formatCount } from '../frame/format.ts'
import { selectedSpan } from '../frame/link-to.ts'
import { AnswerPanel } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import type { Answer } from '../frame/use-answer.ts'
import { useFixedAnswer, useRangeAnswer } from '../frame/use-answer.ts'
import { useAppSearch } from '../frame/use-search.ts'
import { NoDataInRange } from '../services/no-data.tsx'
import { SmallButton } from '../frame/buttons.tsx'
import { withFilter } from './log-filter.ts'
import { LogList } from './log-list.tsx'
import styles from './logs.module.css'

interface LogResultsProps {
  readonly query: string
  readonly onQuery: (query: string) => void
}

// 1,000 lines: more than anybody reads in one go, little enough to arrive in one go.
const LINE_LIMIT = 1_000
const VOLUME_BARS = 90

/** The volume of a log query by level, and its newest lines. */
export function LogResults({ query, onQuery }: LogResultsProps): ReactNode {
  const { sel } = useAppSearch()
  const spanId = selectedSpan(sel)?.spanId
  const lines = useRangeAnswer(['logs', query], ({ range, signal }) => queryLogs(query, { range, limit: LINE_LIMIT, signal }))
  return (
    <div className={styles['results']}>
      <Volume query={query} onQuery={onQuery} />
      <AnswerPanel
        title="Lines"
        note={lineNote(lines, spanId)}
        className={styles['list']}
        answer={lines}
        query={query}
        minHeight={0}
        empty={(data) => (data.length === 0 ? <NoLines query={query} onQuery={onQuery} /> : undefined)}
      >
        {(data) => (
          <LogList
            lines={data}
            isMarked={(line) => spanId !== undefined && line.spanId === spanId}
            onFilter={(key, op, value) => onQuery(withFilter(query, { key, op, value }))}
          />
        )}
      </AnswerPanel>
    </div>
  )
}

function lineNote({ data }: Answer<readonly LogLine[]>, spanId: string | undefined): string | undefined {
  if (data === undefined || data.length === 0) return undefined
  const count =
    data.length >= LINE_LIMIT
      ? `the newest ${formatCount(LINE_LIMIT)}; narrow the range for the others`
      : formatCount(data.length)
  if (spanId === undefined) return count
  return `${count} · ${data.filter((line) => line.spanId === spanId).length} of the span you came from`
}

function Volume({ query, onQuery }: LogResultsProps): ReactNode {
  const answer = useRangeAnswer(['log-volume', query], ({ range, signal }) =>
    queryVolume(query, { range, maxPoints: VOLUME_BARS, signal }),
  )
  const series = useMemo(() => volumeSeries(answer.data), [answer.data])
  // The list says in words that there is nothing; an empty chart above it would only say it again.
  if (answer.data?.levels.length === 0 && answer.error === undefined) return null
  return (
    <ChartPanel
      title="Volume"
      note={
        <Levels data={answer.data} onLevel={(value) => onQuery(withFilter(query, { key: 'detected_level', op: '=', value }))} />
      }
      answer={answer}
      heightPx={96}
      chart={({ tMs, stepMs }) => ({
        tMs,
        stepMs,
        startMs: tMs[0] ?? 0,
        endMs: (tMs.at(-1) ?? 0) + stepMs,
        series,
        format: formatCount,
        isStacked: true,
      })}
    />
  )
}

function volumeSeries(data: LogVolume | undefined): readonly ChartSeries[] {
  return (data?.levels ?? []).map(({ level, counts }) => ({
    label: level,
    values: counts,
    color: `var(--level-${level})`,
    isBars: true,
  }))
}

function Levels({
  data,
  onLevel,
}: {
  readonly data: LogVolume | undefined
  readonly onLevel: (level: string) => void
}): ReactNode {
  return (
    <span className={styles['levels']}>
      {data?.levels.map(({ level, counts }) => (
        <button key={level} type="button" onClick={() => onLevel(level)} title={`Only ${level} lines`}>
          <i style={{ background: `var(--level-${level})` }} />
          {level} <b className="num">{formatCount(counts.reduce((sum, count) => sum + count, 0))}</b>
        </button>
      ))}
    </span>
  )
}

function NoLines({ query, onQuery }: LogResultsProps): ReactNode {
  const status = useFixedAnswer(['status', 'logs'], loadStatus)
  const selector = /^\s*\{[^}]*\}/.exec(query)?.[0]
  const isFiltered = selector !== undefined && selector.trim() !== query.trim()
  if (!isFiltered) return <NoDataInRange newestMs={status.data?.newest.logsMs} what="log lines of these streams" />
  return (
    <Empty title="No line passes the filters">
      <span>The streams may well have lines in this range; nothing is left of them after the filters.</span>
      <SmallButton onClick={() => onQuery(selector.trim())}>Show {selector.trim()} without filters</SmallButton>
    </Empty>
  )
}
