import type { CardinalityMetric, MetricCardinalityAnswer, SeriesRuleDraft } from '@oriel/contract'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { Sparkline } from '../chart/sparkline.tsx'
import { loadMetricCardinality } from '../data/cardinality.ts'
import { IconButton, SmallButton } from '../frame/buttons.tsx'
import { formatCount } from '../frame/format.ts'
import { Link } from '../frame/link.tsx'
import { linkTo } from '../frame/link-to.ts'
import { AnswerPanel } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import { useRangeAnswer } from '../frame/use-answer.ts'
import { usePatchSearch } from '../frame/use-search.ts'
import { useTime } from '../frame/use-time.ts'
import styles from './cardinality.module.css'
import { MetricBadges } from './metric-table.tsx'
import { draftRule, isStructural } from './rule-draft.ts'
import { RuleMaker } from './rule-maker.tsx'
import { ShareBar } from './share-bar.tsx'

interface MetricDetailProps {
  readonly metric: string
  readonly row: CardinalityMetric | undefined
  readonly className: string | undefined
  readonly onRule: () => void
}

/** One metric: its labels with their values, its days, who sends it, and rules about it. */
export function MetricDetail({ metric, row, className, onRule }: MetricDetailProps): ReactNode {
  const patch = usePatchSearch()
  const { context } = useTime()
  const [draft, setDraft] = useState<SeriesRuleDraft>()
  const answer = useRangeAnswer(['cardinality', metric], ({ range, signal }) => loadMetricCardinality(metric, range, signal))
  return (
    <AnswerPanel
      title={metric}
      label="Metric"
      className={className}
      answer={answer}
      minHeight={240}
      actions={
        <>
          <Link className={styles['open']} href={linkTo({ kind: 'metrics', metric }, context)}>
            Explore
          </Link>
          <IconButton label="Close" onClick={() => patch({ metric: undefined })}>
            <X size={15} />
          </IconButton>
        </>
      }
      empty={(data) =>
        data.series === 0 && (row?.active ?? 0) === 0 ? <Empty title="This metric has no series in this range" /> : undefined
      }
    >
      {(data) => (
        <div className={styles['detail']}>
          <div className={styles['facts']}>
            <span className="num">{formatCount(data.series)} series</span>
            {row !== undefined && row.summed > 0 && <span className="num">{formatCount(row.summed)} more are summed</span>}
            {row?.sender !== undefined && row.sender !== '' && <span>newest by {row.sender}</span>}
            <Days data={data} />
            {row !== undefined && <MetricBadges row={row} />}
          </div>
          <Labels data={data} onDrop={(label) => setDraft(draftRule('drop_labels', metric, [label]))} />
          <div className={styles['facts']}>
            <SmallButton onClick={() => setDraft(draftRule('drop', metric, []))}>Drop the whole metric …</SmallButton>
          </div>
          {draft !== undefined && (
            <RuleMaker
              key={JSON.stringify(draft)}
              draft={draft}
              onCancel={() => setDraft(undefined)}
              onDone={() => {
                setDraft(undefined)
                onRule()
              }}
            />
          )}
        </div>
      )}
    </AnswerPanel>
  )
}

function Days({ data: { days } }: { readonly data: MetricCardinalityAnswer }): ReactNode {
  if (days.length < 2) return null
  const most = Math.max(...days.map(({ series }) => series))
  return (
    <span className={styles['days']} title={`Series on each of ${days.length} days, ${formatCount(most)} at most`}>
      <Sparkline values={days.map(({ series }) => series)} color="var(--accent)" />
      by day
    </span>
  )
}

function Labels({
  data,
  onDrop,
}: {
  readonly data: MetricCardinalityAnswer
  readonly onDrop: (label: string) => void
}): ReactNode {
  const most = data.labels[0]?.values ?? 1
  return (
    <ul className={styles['labels']} aria-label="Labels">
      {data.labels.map(({ name, values, top }) => (
        <li key={name} className={styles['label']}>
          <div className={styles['labelHead']}>
            <span className={styles['labelName']}>{name}</span>
            <ShareBar share={values / most} />
            <span className="num">{values === 1 ? '1 value' : `${formatCount(values)} values`}</span>
            {!isStructural(name) && (
              <SmallButton onClick={() => onDrop(name)} aria-label={`Drop label ${name} …`}>
                Drop …
              </SmallButton>
            )}
          </div>
          <div className={styles['values']}>
            {top.map(({ value, series }) => (
              <span key={value} className={styles['value']} title={value}>
                {value} <span className="num muted">{formatCount(series)}</span>
              </span>
            ))}
            {values > top.length && <span className="muted">and {formatCount(values - top.length)} more</span>}
          </div>
        </li>
      ))}
    </ul>
  )
}
