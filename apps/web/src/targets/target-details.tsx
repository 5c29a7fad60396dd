import { Play } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import type { RelabelStep } from '../data/targets.ts'
import { loadRelabelSteps, loadTargetSample } from '../data/targets.ts'
import { CopyButton, SmallButton } from '../frame/buttons.tsx'
import { formatBytes, formatDurationMs } from '../frame/format.ts'
import { AnswerView } from '../frame/panel.tsx'
import { useFixedAnswer } from '../frame/use-answer.ts'
import type { LabelChange, TargetRow } from './target-list.ts'
import { changesOf, ruleText } from './target-list.ts'
import styles from './targets.module.css'

/** How a target's labels came about, rule by rule, and what it says when it is asked now. */
export function TargetDetails({ row }: { readonly row: TargetRow }): ReactNode {
  return (
    <div className={styles['details']}>
      <section aria-label="Labels as discovered">
        <h3>As discovered</h3>
        <LabelList labels={row.discovered} />
      </section>
      <Steps row={row} />
      <section aria-label="Labels of its series">
        <h3>Labels of its series</h3>
        {row.active === undefined ? <p className="muted">It is dropped: it has none.</p> : <LabelList labels={row.labels} />}
      </section>
      {row.active !== undefined && <Sample row={row} />}
    </div>
  )
}

function LabelList({ labels }: { readonly labels: Readonly<Record<string, string>> }): ReactNode {
  return (
    <dl className={styles['list']}>
      {Object.entries(labels).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Steps({ row }: { readonly row: TargetRow }): ReactNode {
  const { pool, discovered, key } = row
  const answer = useFixedAnswer(['relabel', key], (signal) => loadRelabelSteps(pool, discovered, signal))
  return (
    <section aria-label="Relabel rules">
      <h3>Relabel rules</h3>
      <AnswerView answer={answer} minHeight={32}>
        {(steps) =>
          steps.length === 0 ? (
            <p className="muted">The pool has none: labels stay as they were discovered; those that begin with __ go away.</p>
          ) : (
            <ol className={styles['steps']}>
              {steps.map((step, i) => (
                // Rules have no other name than their place.
                <Step
                  key={i}
                  step={step}
                  before={i === 0 ? discovered : (steps[i - 1]?.output ?? {})}
                  isOver={steps[i - 1]?.keep === false}
                />
              ))}
            </ol>
          )
        }
      </AnswerView>
    </section>
  )
}

interface StepProps {
  readonly step: RelabelStep
  readonly before: Readonly<Record<string, string>>
  /** An earlier rule dropped the target. */
  readonly isOver: boolean
}

function Step({ step, before, isOver }: StepProps): ReactNode {
  const changes = step.keep ? changesOf(before, step.output) : []
  return (
    <li data-over={isOver}>
      <code>{ruleText(step.rule)}</code>
      {isOver ? (
        <p className="muted">not reached</p>
      ) : !step.keep ? (
        <p className={styles['dropped']}>drops the target</p>
      ) : changes.length === 0 ? (
        <p className="muted">changes nothing</p>
      ) : (
        <ul>
          {changes.map((change) => (
            <Change key={change.name} change={change} />
          ))}
        </ul>
      )}
    </li>
  )
}

function Change({ change: { name, before, after } }: { readonly change: LabelChange }): ReactNode {
  const word = before === undefined ? 'sets' : after === undefined ? 'removes' : 'changes'
  return (
    <li>
      {word} <b>{name}</b> {before !== undefined && <del>{before}</del>} {after !== undefined && <ins>{after}</ins>}
    </li>
  )
}

function Sample({ row }: { readonly row: TargetRow }): ReactNode {
  const [asked, setAsked] = useState(0)
  const answer = useFixedAnswer(['sample', row.key, asked], (signal) => loadTargetSample(row.pool, row.address, signal), {
    isEnabled: asked > 0,
  })
  return (
    <section className={styles['sample']} aria-label="What it says now">
      <h3>What it says now</h3>
      <SmallButton onClick={() => setAsked(asked + 1)}>
        <Play size={13} />
        {asked === 0 ? 'Ask it' : 'Ask again'}
      </SmallButton>
      {asked > 0 && (
        <AnswerView answer={answer} minHeight={60}>
          {({ status, contentType, text, bodyBytes, isCut, durationMs, error }) =>
            error === '' ? (
              <>
                <p className="muted">
                  HTTP {status}, {contentType || 'no content type'}, {formatBytes(bodyBytes)} in {formatDurationMs(durationMs)}
                  {isCut && '; the beginning of it:'} <CopyButton text={text} isIcon />
                </p>
                <pre className="scroll-thin" tabIndex={0} aria-label="Body">
                  {text}
                </pre>
              </>
            ) : (
              <p className={styles['dropped']}>{error}</p>
            )
          }
        </AnswerView>
      )}
    </section>
  )
}
