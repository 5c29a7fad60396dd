import { Eye, EyeOff, Info, Trash2, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { useMemo, useState } from 'react'
import type { QueryNote } from '../data/notes.ts'
import { endOfWord } from '../data/notes.ts'
import { loadQueries } from '../data/oriel.ts'
import type { PromStats } from '../data/prometheus.ts'
import { QueryEditor } from '../editor/query-editor.tsx'
import { IconButton } from '../frame/buttons.tsx'
import { formatBytes, formatCount, formatDurationMs, formatNumber } from '../frame/format.ts'
import { Progress } from '../frame/panel.tsx'
import { Failure } from '../frame/states.tsx'
import { useAfter } from '../frame/use-after.ts'
import type { Answer } from '../frame/use-answer.ts'
import { useFixedAnswer } from '../frame/use-answer.ts'
import styles from './bench.module.css'
import type { BenchQuery } from './bench-queries.ts'

/** What a query's row shows of its answer, whatever the view. */
export interface RowAnswer {
  readonly notes: readonly QueryNote[]
  readonly stats?: PromStats
  readonly count: number
}

interface QueryRowProps {
  readonly draft: BenchQuery
  /** The text that was run, which the answer belongs to. */
  readonly ranText: string
  readonly answer: Answer<RowAnswer> | undefined
  readonly isOnly: boolean
  readonly onText: (text: string) => void
  readonly onRun: () => void
  readonly onToggle: () => void
  readonly onRemove: () => void
}

/** One query: its editor, and below it what the server said: errors and notes with their places, what it cost. */
export function QueryRow({ draft, ranText, answer, isOnly, onText, onRun, onToggle, onRemove }: QueryRowProps): ReactNode {
  const [jump, setJump] = useState<{ readonly offset: number }>()
  const notes = answer?.data?.notes
  const isTold = answer?.isPrevious === false && answer.error === undefined
  const underlines = useMemo(
    () => (notes === undefined || !isTold ? undefined : underlinesOf(ranText, notes)),
    [notes, isTold, ranText],
  )
  const { letter, text, isHidden } = draft
  return (
    <div className={styles['query']} data-hidden={isHidden}>
      <QueryEditor
        language="promql"
        label={isOnly ? 'PromQL query' : `PromQL query ${letter}`}
        hint='rate(http_requests_total{job="…"}[5m])'
        value={text}
        onChange={onText}
        onRun={onRun}
        notes={underlines}
        jump={jump}
        hasRun={false}
        before={isOnly ? undefined : <span className={styles['letter']}>{letter}</span>}
        after={
          !isOnly && (
            <span className={styles['rowActions']}>
              <IconButton
                label={isHidden ? `Show ${letter}` : `Hide ${letter}`}
                aria-pressed={isHidden}
                onClick={onToggle}
                children={isHidden ? <EyeOff size={14} /> : <Eye size={14} />}
              />
              <IconButton label={`Remove ${letter}`} onClick={onRemove} children={<Trash2 size={14} />} />
            </span>
          )
        }
      />
      {answer !== undefined && ranText !== '' && !isHidden && (
        <Told answer={answer} query={ranText} hasFailure={!isOnly} onJump={(offset) => setJump({ offset })} />
      )}
    </div>
  )
}

interface ToldProps {
  readonly answer: Answer<RowAnswer>
  readonly query: string
  /** The result below stops the only query and says why it failed; of several, each does so here. */
  readonly hasFailure: boolean
  readonly onJump: (offset: number) => void
}

function Told({ answer, query, hasFailure, onJump }: ToldProps): ReactNode {
  const { data, error, isLoading, isPrevious, retry } = answer
  const isFresh = data !== undefined && error === undefined && !isPrevious
  return (
    <div className={styles['told']}>
      {hasFailure && error !== undefined && <Failure error={error} query={query} retry={retry} />}
      {isFresh &&
        data.notes.map((note) => <Note key={`${note.message} ${note.offset}`} note={note} query={query} onJump={onJump} />)}
      <div className={styles['stats']}>
        {isFresh && <span className="num">{statsText(data)}</span>}
        {isLoading && (
          <>
            <ReadSoFar query={query} />
            {hasFailure && <Progress answer={answer} />}
          </>
        )}
      </div>
    </div>
  )
}

function Note({
  note,
  query,
  onJump,
}: {
  readonly note: QueryNote
  readonly query: string
  readonly onJump: (offset: number) => void
}): ReactNode {
  const { severity, message, offset } = note
  const Icon = severity === 'warning' ? TriangleAlert : Info
  return (
    <div className={styles['note']} data-severity={severity} role="note">
      <Icon size={13} aria-hidden />
      <span>
        <span className="visually-hidden">{severity}: </span>
        {message}
      </span>
      {offset !== undefined && (
        <button type="button" className="link" onClick={() => onJump(offset)}>
          at {placeText(query, offset)}
        </button>
      )}
    </div>
  )
}

// From then on a person wants to know that something happens (panel.tsx offers Cancel at the same moment).
const SLOW_MS = 2_000
const POLL_MS = 1_000

/** What a slow query has read: the server's own list of running queries knows. */
function ReadSoFar({ query }: { readonly query: string }): ReactNode {
  const isSlow = useAfter(true, SLOW_MS)
  const { data } = useFixedAnswer(['queries', 'progress'], loadQueries, { isEnabled: isSlow, everyMs: POLL_MS })
  const running = data?.running.find(({ text }) => text === query)
  if (!isSlow || running === undefined) return null
  if (running.state === 'queued') return <span>waits for a slot</span>
  const { rows, bytes, samples } = running.stats
  const read = [
    rows > 0 && `${formatCount(rows)} rows`,
    bytes > 0 && formatBytes(bytes),
    samples > 0 && `${formatNumber(samples)} samples`,
  ]
  return <span className="num">{read.filter(Boolean).join(', ') || 'nothing'} read</span>
}

function statsText({ count, stats }: RowAnswer): string {
  const series = `${formatCount(count)} series`
  if (stats === undefined) return series
  const { samples, totalMs, queuedMs, engineMs, rows } = stats
  const where = rows > 0 ? `${formatDurationMs(engineMs)} of it in the engine` : samples > 0 ? 'from memory' : ''
  const queued = queuedMs >= 1 ? `${formatDurationMs(queuedMs)} in the queue` : ''
  return [series, `${formatNumber(samples)} samples`, [formatDurationMs(totalMs), where, queued].filter(Boolean).join(', ')].join(
    ' · ',
  )
}

function underlinesOf(
  query: string,
  notes: readonly QueryNote[],
): { readonly query: string; readonly problems: readonly Underline[] } {
  const problems = notes.flatMap(({ severity, message, offset }) =>
    offset === undefined ? [] : [{ severity, message, from: offset, to: endOfWord(query, offset) }],
  )
  return { query, problems }
}

interface Underline {
  readonly severity: 'warning' | 'info'
  readonly message: string
  readonly from: number
  readonly to: number
}

function placeText(query: string, offset: number): string {
  const before = query.slice(0, offset)
  const line = before.split('\n').length
  return `${line}:${offset - before.lastIndexOf('\n')}`
}
