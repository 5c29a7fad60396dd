import type { SpanAnswer, TraceSummaryAnswer } from '@oriel/contract'
import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { formatClock, formatDurationMs, nsToMs } from '../frame/format.ts'
import { Link } from '../frame/link.tsx'
import { linkTo } from '../frame/link-to.ts'
import { AnswerPanel } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import { useRangeAnswer } from '../frame/use-answer.ts'
import { useTime } from '../frame/use-time.ts'
import table from '../style/table.module.css'
import { errorTracesQuestion } from './questions.ts'
import styles from './service.module.css'

/** The newest traces in which a span of this service failed, each opening on that span. */
export function ErrorTraces({
  service,
  className,
}: {
  readonly service: string
  readonly className?: string | undefined
}): ReactNode {
  const { context } = useTime()
  const { key, load } = errorTracesQuestion(service)
  const answer = useRangeAnswer(key, load)
  return (
    <AnswerPanel
      title="Recent errors"
      className={className}
      answer={answer}
      minHeight={200}
      empty={({ traces }) => (traces.length === 0 ? <Empty title="No failed traces in this range" /> : undefined)}
      actions={
        <Link
          className="link"
          style={{ padding: '4px 8px' }}
          href={linkTo({ kind: 'traces', search: { service, status: 'error' } }, context)}
        >
          All
        </Link>
      }
    >
      {({ traces }) => (
        <div className={`${styles['scroll']} scroll-thin`} tabIndex={0} role="group" aria-label="Recent errors">
          {traces.map((trace) => (
            <ErrorTrace
              key={trace.traceId}
              trace={trace}
              href={(spanId) => linkTo({ kind: 'trace', traceId: trace.traceId, ...(spanId && { spanId }) }, context)}
            />
          ))}
        </div>
      )}
    </AnswerPanel>
  )
}

function ErrorTrace({
  trace,
  href,
}: {
  readonly trace: TraceSummaryAnswer
  readonly href: (spanId?: string) => string
}): ReactNode {
  const span = trace.matched.find(({ status }) => status === 'error') ?? trace.matched[0]
  return (
    <div className={styles['trace']}>
      <span className="muted num">{formatClock(nsToMs(span?.startNs ?? trace.startNs)).slice(0, -4)}</span>
      <Link
        className={`${styles['traceName']} ${table['rowLink']}`}
        href={href(span?.spanId)}
        title={`${trace.rootService} ${trace.rootName}`}
      >
        {span?.name ?? trace.rootName}
        <span className={styles['traceMessage']}> {messageOf(span)}</span>
      </Link>
      <span className="crit num" style={{ display: 'inline-flex', alignItems: 'center', gap: 4 }}>
        <CircleAlert size={13} aria-label="failed spans:" />
        {trace.errorCount}
      </span>
      <span className={`${styles['right']} num`}>{formatDurationMs(nsToMs(trace.durationNs))}</span>
    </div>
  )
}

function messageOf(span: SpanAnswer | undefined): string {
  if (span === undefined) return ''
  const exception = span.events.find(({ name }) => name === 'exception')?.attributes
  return span.statusMessage || exception?.['exception.message'] || exception?.['exception.type'] || ''
}
