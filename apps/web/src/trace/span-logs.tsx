import { ArrowUpRight } from 'lucide-react'
import type { ReactNode } from 'react'
import type { LogLine } from '../data/loki.ts'
import { queryLogs } from '../data/loki.ts'
import { formatDurationMs } from '../frame/format.ts'
import { Link } from '../frame/link.tsx'
import { linkTo, logQuery } from '../frame/link-to.ts'
import { AnswerView, Progress } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import { rangeTextOf } from '../frame/time-range.ts'
import type { Answer } from '../frame/use-answer.ts'
import { useFixedAnswer } from '../frame/use-answer.ts'
import { LogLines } from '../logs/log-lines.tsx'
import type { TraceModel, TraceNode } from './trace-model.ts'
import styles from './trace.module.css'

/** Log lines of a trace, or when none names it, of the span's service around the span. */
export interface TraceLogs {
  readonly answer: Answer<{ readonly lines: readonly LogLine[]; readonly isFallback: boolean }>
  /** Lines that name the trace; absent while unknown. */
  readonly count: number | undefined
  readonly query: string
}

// Clocks of machines differ, and lines are written after the span ended: a minute each way.
const AROUND_MS = 60_000
const LINE_LIMIT = 500

/** Asks for the lines of the trace once, and for the span's neighbourhood when there are none. */
export function useTraceLogs(model: TraceModel, node: TraceNode): TraceLogs {
  const { traceId, startMs, durationMs } = model
  const byTrace = useFixedAnswer(['trace-logs', traceId], (signal) =>
    queryLogs(logQuery({ traceId }), {
      range: { startMs: startMs - AROUND_MS, endMs: startMs + durationMs + AROUND_MS },
      limit: LINE_LIMIT,
      signal,
    }),
  )
  const isFallback = byTrace.data?.length === 0
  const { span } = node
  const around = useFixedAnswer(
    ['span-logs', traceId, span.spanId],
    (signal) => queryLogs(logQuery({ service: span.service }), { range: spanRange(model, node), limit: LINE_LIMIT, signal }),
    { isEnabled: isFallback },
  )
  const chosen = isFallback ? around : byTrace
  const lines = chosen.data
  return {
    answer: { ...chosen, data: lines === undefined ? undefined : { lines: [...lines].reverse(), isFallback } },
    count: byTrace.data?.length,
    query: isFallback ? logQuery({ service: span.service }) : logQuery({ traceId }),
  }
}

/** The lines in order of time, the selected span's own marked. */
export function SpanLogs({
  model,
  node,
  logs,
}: {
  readonly model: TraceModel
  readonly node: TraceNode
  readonly logs: TraceLogs
}): ReactNode {
  const { traceId } = model
  const { span } = node
  const { answer, query } = logs
  const isFallback = answer.data?.isFallback ?? false
  const range = isFallback
    ? spanRange(model, node)
    : { startMs: model.startMs - AROUND_MS, endMs: model.startMs + model.durationMs + AROUND_MS }
  const target = { kind: 'logs', q: query, traceId, spanId: span.spanId } as const
  return (
    <div style={{ display: 'flex', flexDirection: 'column', height: '100%' }}>
      <LogsHead
        note={isFallback ? `${span.service}, ± 1 min` : ownLines(answer.data?.lines, span.spanId)}
        answer={answer}
        href={linkTo(target, rangeTextOf(range))}
      />
      {isFallback && (
        <div className={styles['note']}>
          No line carries this trace's id. These are the lines of {span.service} from a minute before this span to a minute after
          it.
        </div>
      )}
      <div
        className="scroll-thin"
        style={{ flex: 1, minHeight: 0, overflow: 'auto' }}
        tabIndex={0}
        role="group"
        aria-label="Log lines"
      >
        <AnswerView
          answer={answer}
          query={query}
          empty={({ lines }) =>
            lines.length === 0 ? (
              <Empty title="No log lines">
                Neither this trace nor {span.service} logged anything in these {formatDurationMs(range.endMs - range.startMs)}.
              </Empty>
            ) : undefined
          }
        >
          {({ lines }) => (
            <LogLines isWrapped lines={lines} isMarked={(line) => line.spanId === span.spanId && line.spanId !== ''} />
          )}
        </AnswerView>
      </div>
    </div>
  )
}

function LogsHead({
  note,
  answer,
  href,
}: {
  readonly note: string
  readonly answer: Answer<unknown>
  readonly href: string
}): ReactNode {
  return (
    <div className={styles['logsHead']}>
      <span className="muted">{note}</span>
      <span style={{ marginLeft: 'auto' }}>
        <Progress answer={answer} />
      </span>
      <Link
        className="link"
        href={href}
        data-testid="open-in-logs"
        style={{ display: 'inline-flex', alignItems: 'center', minHeight: 24 }}
      >
        Open in Logs <ArrowUpRight size={13} aria-hidden />
      </Link>
    </div>
  )
}

function ownLines(lines: readonly LogLine[] | undefined, spanId: string): string {
  if (lines === undefined) return ''
  const own = lines.filter((line) => line.spanId === spanId).length
  return `${lines.length} of this trace, ${own} of this span`
}

function spanRange(model: TraceModel, node: TraceNode): { startMs: number; endMs: number } {
  const startMs = model.startMs + node.startMs
  return { startMs: startMs - AROUND_MS, endMs: startMs + node.durationMs + AROUND_MS }
}
