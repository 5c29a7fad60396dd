import type { ReactNode } from 'react'
import { queryLogMetric } from '../data/loki.ts'
import { useRangeAnswer } from '../frame/use-answer.ts'
import { MatrixPanel } from '../metrics/matrix-panel.tsx'
import styles from './logs.module.css'

const CHART_POINTS = 240

/** A LogQL metric query as a chart and a table of its series. */
export function LogChart({ query }: { readonly query: string }): ReactNode {
  const answer = useRangeAnswer(['log-metric', query], ({ range, signal }) =>
    queryLogMetric(query, { range, maxPoints: CHART_POINTS, signal }),
  )
  return (
    <div className={styles['chart']}>
      <MatrixPanel title="Result" queries={[{ query, answer }]} />
    </div>
  )
}
