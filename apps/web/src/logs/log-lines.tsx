import { Waypoints } from 'lucide-react'
import type { ReactNode } from 'react'
import { useMemo, useState } from 'react'
import type { LogLine } from '../data/loki.ts'
import { formatClock, formatDateTime } from '../frame/format.ts'
import { Link } from '../frame/link.tsx'
import { linkTo } from '../frame/link-to.ts'
import { serviceColor } from '../frame/palette.ts'
import { useTime } from '../frame/use-time.ts'
import type { OnFilter } from './log-details.tsx'
import { LogDetails } from './log-details.tsx'
import { readLogText } from './log-text.ts'
import styles from './logs.module.css'

interface LogLinesProps {
  readonly lines: readonly LogLine[]
  readonly isMarked?: (line: LogLine) => boolean
  /** Long messages go on in further lines instead of being cut: for narrow places. */
  readonly isWrapped?: boolean
}

/** A short list of log lines (hundreds at most); each opens to its fields. The Logs screen has its own, virtual list. */
export function LogLines({ lines, isMarked = () => false, isWrapped = false }: LogLinesProps): ReactNode {
  const [open, setOpen] = useState<string>()
  return (
    <div className={styles['lines']} data-wrapped={isWrapped}>
      {lines.map((line, i) => {
        const key = `${line.tNs} ${i}`
        return (
          <LogRow
            key={key}
            line={line}
            isOpen={key === open}
            isMarked={isMarked(line)}
            onToggle={() => setOpen(key === open ? undefined : key)}
          />
        )
      })}
    </div>
  )
}

interface LogRowProps {
  readonly line: LogLine
  readonly isOpen: boolean
  readonly isMarked: boolean
  readonly isFocused?: boolean
  readonly onToggle: () => void
  readonly onFilter?: OnFilter
}

/** One line: time, level, service, message first, its fields after it, quieter. */
export function LogRow({ line, isOpen, isMarked, isFocused = false, onToggle, onFilter }: LogRowProps): ReactNode {
  const text = useMemo(() => readLogText(line.line), [line])
  return (
    <div className={styles['item']} data-marked={isMarked} data-open={isOpen} data-focused={isFocused}>
      <div className={styles['row']}>
        <button
          type="button"
          className={styles['line']}
          aria-expanded={isOpen}
          onClick={onToggle}
          title={formatDateTime(line.tMs)}
        >
          <span className={styles['level']} style={{ background: `var(--level-${line.level})` }} aria-hidden />
          <span className={styles['time']}>{formatClock(line.tMs)}</span>
          <span className={styles['levelWord']} style={{ color: levelInk(line.level) }}>
            {line.level === 'unknown' ? '' : line.level}
          </span>
          {line.service !== '' && (
            <span className={styles['service']}>
              <i style={{ background: serviceColor(line.service) }} />
              {line.service}
            </span>
          )}
          <span className={styles['message']}>
            {text.message}
            {Object.entries(text.fields)
              .filter(([key]) => !IDS.has(key))
              .map(([key, value]) => (
                <span key={key} className={styles['field']}>
                  {' '}
                  {key}=<span>{value}</span>
                </span>
              ))}
          </span>
        </button>
        {line.traceId !== '' && <TraceLink line={line} />}
      </div>
      {isOpen && <LogDetails line={line} onFilter={onFilter} />}
    </div>
  )
}

// Long and the same in many lines: the row has a link instead, the opened line has the text.
const IDS = new Set(['trace_id', 'span_id', 'traceId', 'spanId', 'traceID', 'spanID', 'trace_flags', 'pid', 'hostname'])

function TraceLink({ line }: { readonly line: LogLine }): ReactNode {
  const { context } = useTime()
  const { traceId, spanId } = line
  return (
    <Link
      className={styles['traceLink']}
      href={linkTo({ kind: 'trace', traceId, ...(spanId !== '' && { spanId }) }, context)}
      title="Open the trace"
      aria-label={`Trace of the line at ${formatClock(line.tMs)}`}
    >
      <Waypoints size={14} />
    </Link>
  )
}

function levelInk(level: string): string {
  if (level === 'fatal' || level === 'error') return 'var(--crit)'
  return level === 'warn' ? 'var(--warn)' : 'var(--ink-3)'
}
