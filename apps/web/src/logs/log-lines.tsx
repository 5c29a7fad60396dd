import type { ReactNode } from 'react'
import { useMemo, useState } from 'react'
import type { LogLine } from '../data/loki.ts'
import { formatClock, formatDateTime } from '../frame/format.ts'
import { serviceColor } from '../frame/palette.ts'
import { LogDetails } from './log-details.tsx'
import { readLogText } from './log-text.ts'
import styles from './logs.module.css'

interface LogLinesProps {
  readonly lines: readonly LogLine[]
  readonly isMarked?: (line: LogLine) => boolean
}

/** A short list of log lines (hundreds at most); each opens to its fields. The Logs screen has its own, virtual list. */
export function LogLines({ lines, isMarked = () => false }: LogLinesProps): ReactNode {
  const [open, setOpen] = useState<string>()
  return (
    <div className={styles['lines']}>
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
}

/** One line: time, level, service, message first, its fields after it, quieter. */
export function LogRow({ line, isOpen, isMarked, isFocused = false, onToggle }: LogRowProps): ReactNode {
  const text = useMemo(() => readLogText(line.line), [line])
  return (
    <div className={styles['item']} data-marked={isMarked} data-open={isOpen} data-focused={isFocused}>
      <button type="button" className={styles['line']} aria-expanded={isOpen} onClick={onToggle} title={formatDateTime(line.tMs)}>
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
          {Object.entries(text.fields).map(([key, value]) => (
            <span key={key} className={styles['field']}>
              {' '}
              {key}=<span>{value}</span>
            </span>
          ))}
        </span>
      </button>
      {isOpen && <LogDetails line={line} />}
    </div>
  )
}

function levelInk(level: string): string {
  if (level === 'fatal' || level === 'error') return 'var(--crit)'
  return level === 'warn' ? 'var(--warn)' : 'var(--ink-3)'
}
