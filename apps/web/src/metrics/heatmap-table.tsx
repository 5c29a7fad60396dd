import type { ReactNode } from 'react'
import { formatNumber, formatPercent } from '../frame/format.ts'
import table from '../style/table.module.css'
import type { Heatmap, HeatmapRow } from './heatmap-model.ts'

interface HeatmapTableProps {
  readonly heatmap: Heatmap
  readonly format: (value: number) => string
  readonly heightPx: number
}

/** The buckets with their mean over the range and their share of all, highest first. */
export function HeatmapTable({ heatmap, format, heightPx }: HeatmapTableProps): ReactNode {
  const means = heatmap.cells.map((counts) => counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length))
  const total = means.reduce((sum, mean) => sum + mean, 0)
  return (
    <div className="scroll-thin" style={{ height: heightPx, overflow: 'auto' }} tabIndex={0} role="group" aria-label="Buckets">
      <table className={`${table['table']} ${table['dense']}`} aria-label="Buckets">
        <thead>
          <tr>
            <th scope="col">Bucket</th>
            <th scope="col" className={table['right']}>
              Mean
            </th>
            <th scope="col" className={table['right']}>
              Share
            </th>
          </tr>
        </thead>
        <tbody>
          {heatmap.rows
            .map((row, i) => ({ row, mean: means[i] ?? 0 }))
            .reverse()
            .map(({ row, mean }) => (
              <tr key={`${row.lower} ${row.upper}`}>
                <td className="num">{printBounds(row, format)}</td>
                <td className={`${table['right']} num`}>{formatNumber(mean)}</td>
                <td className={`${table['right']} num`}>{formatPercent(total === 0 ? 0 : mean / total)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  )
}

/** A row's bounds in words: `10 ms to 25 ms`. */
export function printBounds({ lower, upper }: HeatmapRow, format: (value: number) => string): string {
  if (upper === Infinity) return `above ${format(lower)}`
  return lower === -Infinity ? `up to ${format(upper)}` : `${format(lower)} to ${format(upper)}`
}
