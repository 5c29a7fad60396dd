import type { CardinalityAnswer, LabelCardinalityAnswer } from '@oriel/contract'
import type { ReactNode } from 'react'
import { loadCardinality, loadLabelCardinality, loadSeriesRules } from '../data/cardinality.ts'
import { SearchField } from '../frame/field.tsx'
import { formatCount } from '../frame/format.ts'
import { AnswerPanel, Progress } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import { useFixedAnswer, useRangeAnswer } from '../frame/use-answer.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import page from '../style/page.module.css'
import styles from './cardinality.module.css'
import { MetricDetail } from './metric-detail.tsx'
import { MetricTable } from './metric-table.tsx'
import { RuleList } from './rule-list.tsx'
import { ShareBar } from './share-bar.tsx'

/** How many series there are, which metric and label makes them, who sends it, and the rules that end it. */
export function CardinalityScreen(): ReactNode {
  const { find = '', metric } = useAppSearch()
  const patch = usePatchSearch()
  const answer = useRangeAnswer(['cardinality'], ({ range, signal }) => loadCardinality(range, signal))
  const labels = useRangeAnswer(['cardinality-labels'], ({ range, signal }) => loadLabelCardinality(range, signal))
  const rules = useFixedAnswer(['series-rules'], loadSeriesRules)
  const refresh = (): void => {
    rules.retry()
    answer.retry()
  }
  const picked = answer.data?.metrics.find((row) => row.metric === metric)
  return (
    <div className={page['page']}>
      <div className={page['head']}>
        <h1 className={page['h1']}>Cardinality</h1>
        <Totals data={answer.data} />
        <Progress answer={answer} />
        <SearchField
          isMain
          className={page['find']}
          label="Filter by name"
          value={find}
          onChange={(text) => patch({ find: text }, { replace: true })}
        />
      </div>
      <RuleList answer={rules} onChange={refresh} />
      <div className={page['split']}>
        <AnswerPanel
          answer={answer}
          minHeight={240}
          label="Metrics"
          className={metric === undefined ? page['whole'] : page['seven']}
          empty={(data) => (data.metrics.length === 0 ? <Empty title="No series in this range" /> : undefined)}
        >
          {(data) => <MetricTable data={data} />}
        </AnswerPanel>
        {metric !== undefined && (
          <MetricDetail key={metric} metric={metric} row={picked} className={page['five']} onRule={refresh} />
        )}
        <CountPanel
          title="Labels by distinct values"
          answer={labels}
          rows={(data) => data.labels.map(({ name, count }) => ({ name, count }))}
        />
        <CountPanel
          title="Label pairs by series"
          answer={labels}
          note={({ pairsSampledBy }) => (pairsSampledBy > 1 ? `estimated from one series in ${pairsSampledBy}` : undefined)}
          rows={({ pairs }) => pairs.map(({ name, value, count }) => ({ name: `${name}=${JSON.stringify(value)}`, count }))}
        />
      </div>
    </div>
  )
}

function Totals({ data }: { readonly data: CardinalityAnswer | undefined }): ReactNode {
  if (data === undefined) return null
  const { series, active, maxSeries } = data
  const limited = data.metrics.filter((row) => row.limited.length > 0).length
  return (
    <span className="muted num">
      {formatCount(series)} series stored in this range · {formatCount(active)} active now
      {maxSeries > 0 && ` of ${formatCount(maxSeries)} allowed`}
      {limited > 0 && <span className="crit"> · {limited} past their budget</span>}
    </span>
  )
}

interface CountPanelProps {
  readonly title: string
  readonly answer: ReturnType<typeof useRangeAnswer<LabelCardinalityAnswer>>
  readonly rows: (data: LabelCardinalityAnswer) => readonly { readonly name: string; readonly count: number }[]
  readonly note?: (data: LabelCardinalityAnswer) => string | undefined
}

function CountPanel({ title, answer, rows, note }: CountPanelProps): ReactNode {
  const told = answer.data === undefined ? undefined : note?.(answer.data)
  return (
    <AnswerPanel
      title={title}
      answer={answer}
      className={styles['half']}
      minHeight={160}
      {...(told !== undefined && { note: told })}
      empty={(data) => (rows(data).length === 0 ? <Empty title="No series in this range" /> : undefined)}
    >
      {(data) => {
        const shown = rows(data)
        return (
          <ol className={styles['counts']}>
            {shown.map(({ name, count }) => (
              <li key={name} className={styles['count']}>
                <span className={styles['countName']} title={name}>
                  {name}
                </span>
                <ShareBar share={count / (shown[0]?.count ?? 1)} />
                <span className={`num ${styles['number']}`}>{formatCount(count)}</span>
              </li>
            ))}
          </ol>
        )
      }}
    </AnswerPanel>
  )
}
