import type { SeriesRuleAnswer, SeriesRulesAnswer } from '@oriel/contract'
import { Undo2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { removeSeriesRule, undoSeriesRule } from '../data/cardinality.ts'
import { SmallButton } from '../frame/buttons.tsx'
import { formatDateTime } from '../frame/format.ts'
import { Panel } from '../frame/panel.tsx'
import { Failure } from '../frame/states.tsx'
import type { Answer } from '../frame/use-answer.ts'
import styles from './cardinality.module.css'
import { ruleText } from './rule-draft.ts'

/** The rules in force, each with a way back; what was just taken back can be had again. */
export function RuleList({
  answer,
  onChange,
}: {
  readonly answer: Answer<SeriesRulesAnswer>
  readonly onChange: () => void
}): ReactNode {
  const [removed, setRemoved] = useState<SeriesRuleAnswer>()
  const [failure, setFailure] = useState<Error>()
  const change = (work: Promise<unknown>, next: SeriesRuleAnswer | undefined): void => {
    work.then(
      () => {
        setRemoved(next)
        setFailure(undefined)
        onChange()
      },
      (error: unknown) => setFailure(error instanceof Error ? error : new Error(String(error))),
    )
  }
  const rules = answer.data?.rules ?? []
  if (rules.length === 0 && removed === undefined && answer.error === undefined) return null
  return (
    <Panel title="Rules in force" note={rules.length === 0 ? 'none' : undefined}>
      {answer.error !== undefined && <Failure error={answer.error} retry={answer.retry} />}
      <ul className={styles['rules']}>
        {rules.map((rule) => (
          <li key={rule.id} className={styles['rule']}>
            <span className={styles['ruleText']}>{ruleText(rule)}</span>
            <span className="muted">
              by {rule.author}, {formatDateTime(rule.atMs)}
            </span>
            <SmallButton onClick={() => change(removeSeriesRule(rule.id), rule)}>Take back</SmallButton>
          </li>
        ))}
        {removed !== undefined && (
          <li className={styles['rule']} role="status">
            <span className={styles['ruleText']}>Taken back: {ruleText(removed)}</span>
            <SmallButton onClick={() => change(undoSeriesRule(removed.id), undefined)}>
              <Undo2 size={13} aria-hidden />
              Undo
            </SmallButton>
          </li>
        )}
      </ul>
      {failure !== undefined && <Failure error={failure} />}
    </Panel>
  )
}
