import type { ReactNode } from 'react'
import { Link } from '../frame/link.tsx'
import { linkTo, logQuery } from '../frame/link-to.ts'
import { AnswerPanel } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import { useRangeAnswer } from '../frame/use-answer.ts'
import { useTime } from '../frame/use-time.ts'
import { LogLines } from '../logs/log-lines.tsx'
import { serviceLogsQuestion } from './questions.ts'
import styles from './service.module.css'

/** The service's newest log lines. */
export function ServiceLogs({ service }: { readonly service: string }): ReactNode {
  const { context } = useTime()
  const query = logQuery({ service })
  const { key, load } = serviceLogsQuestion(service)
  const answer = useRangeAnswer(key, load)
  return (
    <AnswerPanel
      title="Logs"
      note={answer.data !== undefined && answer.data.length > 0 ? `newest ${answer.data.length} lines` : undefined}
      answer={answer}
      query={query}
      minHeight={120}
      empty={(lines) => (lines.length === 0 ? <Empty title="No log lines of this service in this range" /> : undefined)}
      actions={
        <Link className="link" style={{ padding: '4px 8px' }} href={linkTo({ kind: 'logs', service }, context)}>
          Open in Logs
        </Link>
      }
    >
      {(lines) => (
        <div className={`${styles['scroll']} scroll-thin`} tabIndex={0} role="group" aria-label="Log lines">
          <LogLines lines={lines} />
        </div>
      )}
    </AnswerPanel>
  )
}
