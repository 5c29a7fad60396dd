import { CircleX, RotateCcw } from 'lucide-react'
import type { ReactNode } from 'react'
import { ApiError } from '../data/api.ts'
import { CopyButton, SmallButton } from './buttons.tsx'
import styles from './panel.module.css'

/** Says in words why there is nothing to see, and what to do about it. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }): ReactNode {
  return (
    <div className={styles['state']} data-state="empty">
      <div className={styles['stateTitle']}>{title}</div>
      {children}
    </div>
  )
}

/** A failure in the server's words, with the place in the query where it told one. */
export function Failure({
  error,
  query,
  retry,
}: {
  readonly error: Error
  readonly query?: string
  readonly retry?: () => void
}): ReactNode {
  const at = query === undefined ? undefined : errorPosition(error)
  return (
    <div className={styles['failure']} role="alert" data-state="error">
      <div className={styles['failureHead']}>
        <CircleX size={16} aria-hidden style={{ flex: 'none', marginTop: 2 }} />
        <span style={{ overflowWrap: 'anywhere' }}>{error.message}</span>
      </div>
      {query !== undefined && at !== undefined && <pre className={styles['caret']}>{caretText(query, at)}</pre>}
      <div className={styles['row']}>
        {retry !== undefined && (
          <SmallButton onClick={retry}>
            <RotateCcw size={13} />
            Retry
          </SmallButton>
        )}
        <CopyButton text={() => failureDetails(error, query)} label="Copy details" />
      </div>
    </div>
  )
}

/** Where in the query text an error is: told by the server as an offset, or as `line:column` in Prometheus's and Loki's messages. */
function errorPosition(error: Error): number | undefined {
  if (error instanceof ApiError && error.position !== undefined) return error.position.start
  const match = /(?:^|\s)1:(\d+): /.exec(error.message) ?? /line 1, col (\d+)/.exec(error.message)
  return match === null ? undefined : Math.max(0, Number(match[1]) - 1)
}

/** The query's line with a caret below the place. */
function caretText(query: string, offset: number): string {
  const lineStart = query.lastIndexOf('\n', Math.max(0, offset - 1)) + 1
  const lineEnd = query.indexOf('\n', offset)
  return `${query.slice(lineStart, lineEnd === -1 ? undefined : lineEnd)}\n${' '.repeat(Math.max(0, offset - lineStart))}^`
}

function failureDetails(error: Error, query: string | undefined): string {
  const details = { message: error.message, query, page: window.location.href, time: new Date().toISOString() }
  if (!(error instanceof ApiError)) return JSON.stringify(details, null, 2)
  return JSON.stringify({ ...details, code: error.code, status: error.status, request: error.url }, null, 2)
}
