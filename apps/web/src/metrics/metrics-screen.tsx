import type { ReactNode } from 'react'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import { Explore } from './explore.tsx'
import { metricOf } from './metric-query.ts'
import { MetricList } from './metric-list.tsx'
import styles from './metrics.module.css'
import { QueryBench } from './query-bench.tsx'

/** Metrics: pick one from the list and look around, or write PromQL. */
export function MetricsScreen(): ReactNode {
  const { q, metric } = useAppSearch()
  const patch = usePatchSearch()
  const picked = q === undefined ? metric : metricOf(q)?.name
  const pick = (name: string): void =>
    patch({
      metric: name,
      ...Object.fromEntries(['q', 'more', 'hide', 'view', 'by', 'fn', 'sort', 'sel'].map((key) => [key, undefined])),
    })
  return (
    <div className={styles['screen']}>
      <h1 className="visually-hidden">Metrics</h1>
      <MetricList picked={picked} onPick={pick} />
      <div className={`${styles['work']} scroll-thin`} tabIndex={-1}>
        {q === undefined && metric !== undefined ? <Explore key={metric} name={metric} /> : <QueryBench />}
      </div>
    </div>
  )
}
