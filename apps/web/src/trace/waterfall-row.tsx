import { ChevronDown, ChevronRight, CircleAlert, Unlink } from 'lucide-react'
import type { CSSProperties, ReactNode } from 'react'
import { memo } from 'react'
import { formatDurationMs, nsToMs } from '../frame/format.ts'
import { serviceColor } from '../frame/palette.ts'
import type { CriticalStretch, TraceNode } from './trace-model.ts'
import styles from './trace.module.css'

/** The part of the trace in view, in milliseconds from its start. */
export interface TimeWindow {
  readonly startMs: number
  readonly endMs: number
}

interface WaterfallRowProps {
  readonly node: TraceNode
  readonly traceStartMs: number
  readonly topPx: number
  readonly window: TimeWindow
  readonly isCollapsed: boolean
  readonly isSelected: boolean
  /** Stretches of the critical path, absent while it is off. */
  readonly critical: readonly CriticalStretch[] | undefined
  readonly isDimmed: boolean
  readonly onSelect: (index: number) => void
  readonly onToggle: (index: number) => void
}

// 14 px a level up to 24 levels; deeper ones stay at that indent and say their depth to assistive technology only.
const INDENT_PX = 14
const MAX_INDENT_LEVELS = 24

/** One span of the waterfall. Memoised: scrolling draws the new rows only. */
export const WaterfallRow = memo(function WaterfallRow(props: WaterfallRowProps): ReactNode {
  const { node, topPx, isCollapsed, isSelected, isDimmed, onSelect } = props
  const { span, index, depth, children } = node
  const style = { transform: `translateY(${topPx}px)` }
  const expanded = children.length === 0 ? undefined : !isCollapsed
  return (
    <div
      id={rowId(index)}
      role="treeitem"
      aria-level={depth + 1}
      aria-selected={isSelected}
      aria-expanded={expanded}
      className={`${styles['row']} ${isDimmed ? styles['isDimmed'] : ''}`}
      style={style}
      data-span={span.spanId}
      onClick={() => onSelect(index)}
    >
      <NameCell {...props} />
      <Lane {...props} />
    </div>
  )
})

/** The DOM id of a row, for `aria-activedescendant`. */
export function rowId(index: number): string {
  return `span-row-${index}`
}

function NameCell({ node, isCollapsed, onToggle }: WaterfallRowProps): ReactNode {
  const { span, index, depth, children, descendants, isOrphan, hasErrorBelow } = node
  const isFailed = span.status === 'error' || (isCollapsed && hasErrorBelow)
  return (
    <div className={styles['name']}>
      <span className={styles['indent']} style={{ width: 6 + Math.min(depth, MAX_INDENT_LEVELS) * INDENT_PX }} />
      {children.length === 0 ? (
        <span className={styles['toggle']} style={{ visibility: 'hidden' }} />
      ) : (
        <span
          className={styles['toggle']}
          aria-hidden
          onClick={(event) => {
            event.stopPropagation()
            onToggle(index)
          }}
        >
          {isCollapsed ? <ChevronRight size={14} /> : <ChevronDown size={14} />}
        </span>
      )}
      <span className={styles['swatch']} style={{ background: serviceColor(span.service) }} />
      {isFailed && <CircleAlert className={styles['error']} size={14} aria-label="failed" />}
      <span className={styles['spanName']} title={`${span.service} · ${span.name}`}>
        {span.name}
      </span>
      <span className={styles['service']}>{span.service}</span>
      {isOrphan && <Unlink size={12} className="muted" aria-label="its parent is not stored" />}
      {isCollapsed && <span className={styles['hidden']}>+{descendants}</span>}
    </div>
  )
}

function Lane({ node, window, critical, traceStartMs }: WaterfallRowProps): ReactNode {
  const { span, startMs, durationMs } = node
  const lengthMs = window.endMs - window.startMs
  const percent = (ms: number): number => ((ms - window.startMs) / lengthMs) * 100
  const place = (fromMs: number, toMs: number): CSSProperties => ({
    left: `${percent(fromMs)}%`,
    width: `${Math.max(0, percent(toMs) - percent(fromMs))}%`,
  })
  const left = percent(startMs)
  const right = percent(startMs + durationMs)
  return (
    <div className={styles['lane']}>
      <div
        className={styles['bar']}
        style={{ ...place(startMs, startMs + durationMs), background: serviceColor(span.service) }}
      />
      {critical?.map((stretch) => (
        <div key={stretch.startMs} className={styles['critical']} style={place(stretch.startMs, stretch.endMs)} />
      ))}
      {span.events.slice(0, MAX_TICKS).map((event, i) => (
        <div
          key={i}
          className={styles['event']}
          style={{ left: `${percent(nsToMs(event.tNs) - traceStartMs)}%` }}
          title={event.name}
        />
      ))}
      <span className={styles['label']} style={labelPlace(left, right)}>
        {formatDurationMs(durationMs)}
      </span>
    </div>
  )
}

// 50: more ticks than pixels tell nothing; the drawer lists all events.
const MAX_TICKS = 50

/** Beside the bar on the side that has room, else on its start. */
function labelPlace(left: number, right: number): CSSProperties {
  if (right < 88) return { left: `${Math.max(0, right)}%` }
  if (left > 12) return { right: `${100 - Math.min(100, left)}%` }
  return {
    left: `${Math.max(0, left)}%`,
    color: 'var(--ink)',
    background: 'color-mix(in srgb, var(--surface) 82%, transparent)',
    borderRadius: 3,
    margin: '0 8px',
    padding: '0 4px',
  }
}
