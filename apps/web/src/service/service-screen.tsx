import type { ServiceAnswer } from '@oriel/contract'
import { useParams } from '@tanstack/react-router'
import { ScrollText, Waypoints, ChartSpline } from 'lucide-react'
import type { ReactNode } from 'react'
import { loadStatus } from '../data/oriel.ts'
import { formatDurationMs, formatPercent, formatRate } from '../frame/format.ts'
import { Link } from '../frame/link.tsx'
import { linkTo } from '../frame/link-to.ts'
import { serviceColor } from '../frame/palette.ts'
import { AnswerView, Panel } from '../frame/panel.tsx'
import type { Answer } from '../frame/use-answer.ts'
import { useFixedAnswer, useRangeAnswer } from '../frame/use-answer.ts'
import { useTime } from '../frame/use-time.ts'
import { NoDataInRange } from '../services/no-data.tsx'
import page from '../style/page.module.css'
import { ErrorTraces } from './error-traces.tsx'
import { Operations } from './operations.tsx'
import { redQuestion } from './questions.ts'
import { RedCharts } from './red-charts.tsx'
import { ServiceLogs } from './service-logs.tsx'
import styles from './service.module.css'

/** One service: is it well, since when not, which operation, which traces, what it says. */
export function ServiceScreen(): ReactNode {
  const { service = '' } = useParams({ strict: false })
  const { key, load } = redQuestion(service)
  const answer = useRangeAnswer(key, load)
  const hasNone = answer.data !== undefined && answer.data.red === undefined
  return (
    <div className={page['page']}>
      <ServiceHead service={service} answer={answer} />
      {hasNone && !answer.isPrevious ? (
        <NoSpans answer={answer} />
      ) : (
        <>
          <RedCharts service={service} answer={answer} />
          <div className={page['split']}>
            <Operations service={service} answer={answer} className={page['seven']} />
            <ErrorTraces service={service} className={page['five']} />
          </div>
        </>
      )}
      <ServiceLogs service={service} />
    </div>
  )
}

function NoSpans({ answer }: { readonly answer: Answer<ServiceAnswer> }): ReactNode {
  const status = useFixedAnswer(['status', 'newest'], loadStatus)
  return (
    <Panel label="Requests">
      <AnswerView answer={answer}>
        {() => <NoDataInRange newestMs={status.data?.newest.tracesMs} what="entry spans of this service" />}
      </AnswerView>
    </Panel>
  )
}

function ServiceHead({ service, answer }: { readonly service: string; readonly answer: Answer<ServiceAnswer> }): ReactNode {
  const { context } = useTime()
  const { data } = answer
  const total = data?.red?.total
  const seconds = data === undefined ? 1 : (data.endMs - data.startMs) / 1_000
  return (
    <div className={styles['head']}>
      <h1 className={styles['title']}>
        <span className={styles['swatch']} style={{ background: serviceColor(service) }} />
        {service}
      </h1>
      {total !== undefined && (
        <dl className={`${styles['facts']} num`}>
          <Fact name="Requests" value={formatRate(total.requests / seconds)} />
          <Fact
            name="Errors"
            value={formatPercent(total.requests === 0 ? 0 : total.errors / total.requests)}
            isBad={total.errors * 100 >= total.requests && total.errors > 0}
          />
          <Fact name="p50" value={formatDurationMs(total.p50Ms)} />
          <Fact name="p95" value={formatDurationMs(total.p95Ms)} />
          <Fact name="p99" value={formatDurationMs(total.p99Ms)} />
        </dl>
      )}
      <div className={styles['links']}>
        <Link href={linkTo({ kind: 'metrics', service }, context)}>
          <ChartSpline size={14} aria-hidden /> Metrics
        </Link>
        <Link href={linkTo({ kind: 'logs', service }, context)}>
          <ScrollText size={14} aria-hidden /> Logs
        </Link>
        <Link href={linkTo({ kind: 'traces', search: { service } }, context)}>
          <Waypoints size={14} aria-hidden /> Traces
        </Link>
      </div>
    </div>
  )
}

function Fact({
  name,
  value,
  isBad = false,
}: {
  readonly name: string
  readonly value: string
  readonly isBad?: boolean
}): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={isBad ? 'crit' : undefined}>{value}</dd>
    </div>
  )
}
