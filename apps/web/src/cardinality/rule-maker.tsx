import type { SeriesRuleDraft } from '@oriel/contract'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { previewSeriesRule, putSeriesRule } from '../data/cardinality.ts'
import { SmallButton } from '../frame/buttons.tsx'
import { formatCount, formatPercent } from '../frame/format.ts'
import { AnswerView } from '../frame/panel.tsx'
import { Failure } from '../frame/states.tsx'
import { useRangeAnswer } from '../frame/use-answer.ts'
import styles from './cardinality.module.css'
import { ruleText } from './rule-draft.ts'

interface RuleMakerProps {
  readonly draft: SeriesRuleDraft
  readonly onCancel: () => void
  readonly onDone: () => void
}

/** What a rule would save, and the button that puts it in force. */
export function RuleMaker({ draft, onCancel, onDone }: RuleMakerProps): ReactNode {
  const [failure, setFailure] = useState<Error>()
  const [isBusy, setBusy] = useState(false)
  const key = ['cardinality-preview', JSON.stringify(draft)]
  const answer = useRangeAnswer(key, ({ range, signal }) => previewSeriesRule(draft, range, signal))
  const apply = (): void => {
    setBusy(true)
    putSeriesRule(draft).then(onDone, (error: unknown) => {
      setBusy(false)
      setFailure(error instanceof Error ? error : new Error(String(error)))
    })
  }
  return (
    <div className={styles['maker']} role="group" aria-label="New rule">
      <strong>{ruleText(draft)}</strong>
      <AnswerView answer={answer} minHeight={38}>
        {({ metrics, before, after }) => (
          <p className={styles['saving']}>
            {metrics.length > 1 && `${metrics.length} metrics: `}
            <span className="num">
              {formatCount(before)} series become {formatCount(after)}
            </span>
            {before > 0 && ` (${formatPercent((before - after) / before)} less)`}.{' '}
            {draft.action === 'drop'
              ? 'What arrives from now on is not stored; what is stored stays.'
              : 'What arrives from now on is stored summed: counters by their increases, gauges by their last values.'}
          </p>
        )}
      </AnswerView>
      {failure !== undefined && <Failure error={failure} />}
      <div className={styles['facts']}>
        <SmallButton className={styles['primary']} onClick={apply} disabled={isBusy}>
          Put in force
        </SmallButton>
        <SmallButton onClick={onCancel}>Leave it</SmallButton>
      </div>
    </div>
  )
}
