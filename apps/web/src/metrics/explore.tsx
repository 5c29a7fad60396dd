import { SquarePen } from 'lucide-react'
import type { ReactNode } from 'react'
import { useMemo } from 'react'
import { queryRange } from '../data/prometheus.ts'
import { CopyButton, SmallButton } from '../frame/buttons.tsx'
import { Choice } from '../frame/choice.tsx'
import { Empty } from '../frame/states.tsx'
import { useRangeAnswer } from '../frame/use-answer.ts'
import { usePatchSearch } from '../frame/use-search.ts'
import styles from './explore.module.css'
import { FilterChips } from './filter-chips.tsx'
import { HeatmapPanel } from './heatmap-panel.tsx'
import { LabelBreakdown } from './label-breakdown.tsx'
import { MatrixPanel } from './matrix-panel.tsx'
import { functionsOf, kindOf, viewQuery } from './metric-query.ts'
import { useExemplarDots } from './use-exemplar-dots.ts'
import { CHART_POINTS, useMetricView } from './use-metric.ts'
import { formatOf } from './value-format.ts'
import { ValueBreakdown } from './value-breakdown.tsx'

const KIND_NAMES = { counter: 'counter', gauge: 'gauge', classic: 'classic histogram', native: 'native histogram' } as const

/** A metric looked at without writing a query: what it is, filters, a chart, and what each of its labels tells. */
export function Explore({ name }: { readonly name: string }): ReactNode {
  const view = useMetricView(name)
  const patch = usePatchSearch()
  const { metric, about, by } = view
  const fns = functionsOf(metric)
  const fn = fns.includes(view.fn) ? view.fn : (fns[0] ?? '')
  const whole = useMemo(() => ({ ...view, by: '' }), [view])
  const query = viewQuery(whole)
  return (
    <>
      <header className={styles['head']}>
        <div className={styles['names']}>
          <h2 className={`mono ${styles['name']}`}>{name.replace(/_bucket$/, '')}</h2>
          <span className={styles['badge']}>{KIND_NAMES[kindOf(metric)]}</span>
          {about !== undefined && about.unit !== '' && <span className={styles['badge']}>{about.unit}</span>}
          <div className={styles['actions']}>
            <CopyButton text={query} label="Copy PromQL" />
            <SmallButton onClick={() => patch({ q: viewQuery(view) })} data-testid="edit-as-promql">
              <SquarePen size={13} />
              Edit as PromQL
            </SmallButton>
          </div>
        </div>
        <p className={styles['help']}>{about?.help || 'Its sender gave no description.'}</p>
      </header>
      <div className={styles['controls']}>
        <FilterChips metric={name} />
        <Choice
          label="Look at it as"
          options={fns.map((one) => [one, one] as const)}
          value={fn}
          onChange={(next) => patch({ fn: next === fns[0] ? undefined : next })}
        />
      </div>
      {fn === 'heatmap' ? <HeatmapPanel query={query} /> : <Whole query={query} isEmptyFor={name} />}
      {by === '' ? <LabelBreakdown view={view} /> : <ValueBreakdown view={view} />}
    </>
  )
}

function Whole({ query, isEmptyFor }: { readonly query: string; readonly isEmptyFor: string }): ReactNode {
  const answer = useRangeAnswer(['metric', query], ({ range, signal }) =>
    queryRange(query, { range, maxPoints: CHART_POINTS, signal }),
  )
  const dots = useExemplarDots([query])
  return (
    <MatrixPanel
      title={<code className={styles['query']}>{query}</code>}
      label="Chart"
      queries={[{ query, answer }]}
      dots={dots}
      format={formatOf(query)}
      heightPx={210}
      hasTable={false}
      empty={<NothingHere metric={isEmptyFor} />}
    />
  )
}

function NothingHere({ metric }: { readonly metric: string }): ReactNode {
  const patch = usePatchSearch()
  const { filters } = useMetricView(metric)
  if (filters.length === 0)
    return <Empty title="No samples in this range">The metric is known, but nothing was sent in this time.</Empty>
  return (
    <Empty title="No series passes these filters">
      <SmallButton onClick={() => patch({ f: undefined })}>Remove all filters</SmallButton>
    </Empty>
  )
}
