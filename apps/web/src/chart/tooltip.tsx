import type { CSSProperties, ReactNode } from 'react'
import { formatDateTime } from '../frame/format.ts'
import styles from './chart.module.css'
import type { HoverPlace } from './plot.ts'
import type { TimeChartProps } from './time-chart.tsx'

interface TooltipProps extends TimeChartProps {
  readonly hover: HoverPlace
  readonly frame: { readonly leftPx: number; readonly widthPx: number }
}

// What fits beside a chart of 190 px.
const ROWS = 8

/** The values under the pointer, highest first. */
export function Tooltip({ tMs, series, format, hover, frame }: TooltipProps): ReactNode {
  const rows = series
    .filter(({ isHidden = false }) => !isHidden)
    .map(({ label, color, values }) => ({ label, color, value: values[hover.index] ?? null }))
    .filter(({ value }) => value !== null)
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0))
  const isRight = hover.leftPx > frame.widthPx / 2
  const style: CSSProperties = isRight
    ? { right: `calc(100% - ${frame.leftPx + hover.leftPx - 12}px)` }
    : { left: frame.leftPx + hover.leftPx + 14 }
  return (
    <div className={`${styles['tip']} num`} style={style} aria-hidden>
      <div className={styles['tipTime']}>{formatDateTime(tMs[hover.index] ?? 0).slice(0, -4)}</div>
      {rows.length === 0 && <div className="muted">no data</div>}
      {rows.slice(0, ROWS).map(({ label, color, value }) => (
        <div key={label} className={styles['tipRow']}>
          <span className={styles['key']} style={{ background: color }} />
          <span className={styles['tipLabel']}>{label}</span>
          <b>{format(value ?? 0)}</b>
        </div>
      ))}
      {rows.length > ROWS && <div className="muted">and {rows.length - ROWS} more</div>}
    </div>
  )
}
