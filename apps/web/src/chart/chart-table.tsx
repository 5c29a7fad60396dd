import type { ReactNode } from 'react'
import { formatDateTime } from '../frame/format.ts'
import table from '../style/table.module.css'
import styles from './chart.module.css'
import type { TimeChartProps } from './time-chart.tsx'

// More columns or rows than a person reads; the query's CSV or JSON is the place for all of them.
const MAX_COLUMNS = 12
const MAX_ROWS = 500

/** The chart's numbers, newest first. */
export function ChartTable({ title, tMs, series, format, heightPx = 190 }: TimeChartProps): ReactNode {
  const columns = series.slice(0, MAX_COLUMNS)
  const rows = tMs
    .map((ms, i) => ({ ms, i }))
    .slice(-MAX_ROWS)
    .reverse()
  return (
    <div
      className={`${styles['tableWrap']} scroll-thin`}
      style={{ height: heightPx }}
      tabIndex={0}
      role="group"
      aria-label={`${title} as a table`}
    >
      <table className={`${table['table']} ${table['dense']}`} aria-label={title}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {columns.map(({ label }) => (
              <th key={label} scope="col" className={table['right']}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ ms, i }) => (
            <tr key={ms}>
              <td className="num">{formatDateTime(ms).slice(0, -4)}</td>
              {columns.map(({ label, values }) => (
                <td key={label} className={`${table['right']} num`}>
                  {values[i] === null || values[i] === undefined ? '–' : format(values[i])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
