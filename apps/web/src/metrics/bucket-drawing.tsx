import type { ReactNode } from 'react'
import type { HistogramBucket, PromHistogram } from '../data/histogram.ts'
import { meanOf, quantileOf } from '../data/histogram.ts'
import { formatNumber } from '../frame/format.ts'
import styles from './metrics.module.css'

const WIDTH_PX = 120
const HEIGHT_PX = 24

/** A native histogram in a table's cell: its buckets as bars of equal width, and its count, mean and p99 in figures. */
export function BucketDrawing({
  histogram,
  format,
}: {
  readonly histogram: PromHistogram
  readonly format: (value: number) => string
}): ReactNode {
  const { count, buckets } = histogram
  const mean = meanOf(histogram)
  const p99 = quantileOf(histogram, 0.99)
  const figures = `${formatNumber(count)} observed${mean === null ? '' : `, mean ${format(mean)}`}${p99 === null ? '' : `, p99 ${format(p99)}`}`
  const bars = barsOf(buckets)
  const max = bars.reduce((most, bar) => Math.max(most, bar), 0)
  const width = WIDTH_PX / Math.max(1, bars.length)
  const [first, last] = [buckets[0], buckets.at(-1)]
  const bounds = first === undefined || last === undefined ? '' : `, from ${format(first.lower)} to ${format(last.upper)}`
  return (
    <span className={styles['buckets']} title={`${figures}${bounds}`}>
      <svg width={WIDTH_PX} height={HEIGHT_PX} role="img" aria-label={`${buckets.length} buckets${bounds}`}>
        {bars.map((bar, i) => {
          const height = max > 0 ? Math.max(bar > 0 ? 1.5 : 0, (bar / max) * HEIGHT_PX) : 0
          return (
            <rect
              key={i}
              x={i * width}
              y={HEIGHT_PX - height}
              width={Math.max(1, width - 0.6)}
              height={height}
              fill="var(--accent)"
            />
          )
        })}
      </svg>
      <span>{figures}</span>
    </span>
  )
}

// 3 px a bar is the thinnest that is still seen as one.
const MAX_BARS = WIDTH_PX / 3

/** Counts in the order of the bounds, neighbours together where there are more than can be drawn. */
function barsOf(buckets: readonly HistogramBucket[]): number[] {
  const each = Math.max(1, Math.ceil(buckets.length / MAX_BARS))
  const bars: number[] = []
  for (let i = 0; i < buckets.length; i += each) {
    bars.push(buckets.slice(i, i + each).reduce((sum, { count }) => sum + count, 0))
  }
  return bars
}
