import type { QueriesAnswer } from '@oriel/contract'
import { CircleSlash } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { ApiError } from '../data/api.ts'
import { stopQuery } from '../data/oriel.ts'
import { SmallButton } from '../frame/buttons.tsx'
import { formatBytes, formatCount, formatDurationMs } from '../frame/format.ts'
import { AnswerPanel } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import type { Answer } from '../frame/use-answer.ts'
import table from '../style/table.module.css'
import { QueryText } from './query-text.tsx'
import styles from './queries.module.css'

type Running = QueriesAnswer['running'][number]

interface RunningQueriesProps {
  readonly answer: Answer<QueriesAnswer>
  readonly onStopped: () => void
}

/** What runs or waits now, longest first. */
export function RunningQueries({ answer, onStopped }: RunningQueriesProps): ReactNode {
  const nowMs = useNow()
  const count = answer.data?.running.length ?? 0
  return (
    <AnswerPanel
      title="Running"
      note={count === 0 ? undefined : formatCount(count)}
      answer={answer}
      minHeight={84}
      empty={({ running }) =>
        running.length === 0 ? (
          <Empty title="Nothing runs">A query that takes its time shows here and can be stopped.</Empty>
        ) : undefined
      }
    >
      {({ running }) => (
        <div className={`${table['wrap']} scroll-thin`} tabIndex={0} role="group" aria-label="Running queries">
          <table className={`${table['table']} ${table['dense']}`} aria-label="Running queries">
            <thead>
              <tr>
                <th scope="col">Query</th>
                <th scope="col">From</th>
                <th scope="col" className={table['right']}>
                  For
                </th>
                <th scope="col" className={table['right']}>
                  Rows read
                </th>
                <th scope="col" className={table['right']}>
                  Bytes read
                </th>
                <th scope="col">
                  <span className="visually-hidden">Stop</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {running.map((query) => (
                <Row key={query.id} query={query} nowMs={nowMs} onStopped={onStopped} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </AnswerPanel>
  )
}

function Row({
  query,
  nowMs,
  onStopped,
}: {
  readonly query: Running
  readonly nowMs: number
  readonly onStopped: () => void
}): ReactNode {
  const { tenant, origin, startedMs, stats, state } = query
  return (
    <tr>
      <td className={styles['text']}>
        <QueryText query={query} />
      </td>
      <td>
        {origin} <span className="muted">{tenant}</span>
      </td>
      <td className={`${table['right']} num`}>
        {state === 'queued' ? <span className={styles['waits']}>waits for a slot </span> : null}
        {formatDurationMs(Math.max(0, nowMs - startedMs))}
      </td>
      <td className={`${table['right']} num`}>{formatCount(stats.rows)}</td>
      <td className={`${table['right']} num`}>{formatBytes(stats.bytes)}</td>
      <td className={table['right']}>
        <Stop query={query} onStopped={onStopped} />
      </td>
    </tr>
  )
}

function Stop({ query, onStopped }: { readonly query: Running; readonly onStopped: () => void }): ReactNode {
  const [state, setState] = useState<{ readonly isStopping: boolean; readonly failure?: string }>({ isStopping: false })
  const stop = (): void => {
    setState({ isStopping: true })
    stopQuery(query.id).then(onStopped, (error: unknown) => {
      // It ended by itself in the meantime: the next look shows that.
      if (error instanceof ApiError && error.status === 404) onStopped()
      else setState({ isStopping: false, failure: error instanceof Error ? error.message : String(error) })
    })
  }
  if (state.failure !== undefined) {
    return (
      <span className="crit" role="alert">
        {state.failure}
      </span>
    )
  }
  return (
    <SmallButton onClick={stop} disabled={state.isStopping} aria-label={`Cancel ${query.text}`}>
      <CircleSlash size={13} />
      {state.isStopping ? 'Cancelling' : 'Cancel'}
    </SmallButton>
  )
}

/** The time, each half second: what a person reads as running. */
function useNow(): number {
  const [nowMs, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500)
    return () => clearInterval(timer)
  }, [])
  return nowMs
}
