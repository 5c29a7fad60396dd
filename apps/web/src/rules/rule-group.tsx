import { BellRing, CircleCheck, CircleDashed, CircleX, Clock } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Rule, RuleGroup } from '../data/rules.ts'
import { formatAgo, formatDateTime, formatDurationMs } from '../frame/format.ts'
import { Link } from '../frame/link.tsx'
import { linkTo } from '../frame/link-to.ts'
import { Panel } from '../frame/panel.tsx'
import { useTime } from '../frame/use-time.ts'
import table from '../style/table.module.css'
import { RuleAlerts } from './rule-alerts.tsx'
import { whenOf } from './rule-filter.ts'
import styles from './rules.module.css'

/** A group and its rules. */
export function RuleGroupPanel({ group }: { readonly group: RuleGroup }): ReactNode {
  const { name, file, interval, rules, evaluationTime, lastEvaluation, limit } = group
  const lastMs = whenOf(lastEvaluation)
  const isSlow = evaluationTime > interval
  return (
    <Panel
      title={name}
      label={`Group ${name}`}
      note={
        <>
          <span title={file}>{file.replace(/^.*\//, '')}</span> · every {formatDurationMs(interval * 1_000)}
          {limit > 0 && ` · at most ${limit} results a rule`}
        </>
      }
      actions={
        <span className={isSlow ? styles['slow'] : styles['when']}>
          {lastMs === undefined
            ? 'not evaluated yet'
            : `${formatAgo(lastMs, Date.now())}, took ${formatDurationMs(evaluationTime * 1_000)}`}
          {isSlow && ', longer than its interval'}
        </span>
      }
    >
      <div className={`${table['wrap']} scroll-thin`} tabIndex={0} role="group" aria-label={`Rules of ${name}`}>
        <table className={table['table']} aria-label={`Rules of ${name}`}>
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Rule</th>
              <th scope="col">Expression</th>
              <th scope="col" className={table['right']}>
                Evaluated
              </th>
              <th scope="col" className={table['right']}>
                Took
              </th>
            </tr>
          </thead>
          <tbody>
            {rules.map((rule, i) => (
              <RuleRow key={`${i} ${rule.name}`} rule={rule} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

function RuleRow({ rule }: { readonly rule: Rule }): ReactNode {
  const { context } = useTime()
  const { name, query, lastError, evaluationTime, lastEvaluation } = rule
  const lastMs = whenOf(lastEvaluation)
  const href = linkTo({ kind: 'metrics', q: query }, context)
  const hasMore = rule.type === 'alerting' && rule.alerts.length > 0
  return (
    <>
      <tr className={hasMore || lastError !== undefined ? styles['joined'] : undefined}>
        <td>
          <RuleState rule={rule} />
        </td>
        <td>
          <span className={styles['name']}>{name}</span>
          <Labels labels={rule.labels} />
        </td>
        <td className={table['wide']}>
          <Link className={`mono link ${styles['expression']}`} href={href} title={`${query}\n\nOpen it in Metrics`}>
            {query}
          </Link>
        </td>
        <td className={`${table['right']} num`}>
          {lastMs === undefined ? '–' : <span title={formatDateTime(lastMs)}>{formatAgo(lastMs, Date.now())}</span>}
        </td>
        <td className={`${table['right']} num`}>{lastMs === undefined ? '–' : formatDurationMs(evaluationTime * 1_000)}</td>
      </tr>
      {lastError !== undefined && (
        <tr className={styles['detail']}>
          <td colSpan={5}>
            <span className={styles['error']}>
              <CircleX size={13} aria-hidden />
              {lastError}
            </span>
          </td>
        </tr>
      )}
      {hasMore && (
        <tr className={styles['detail']}>
          <td colSpan={5}>
            <RuleAlerts alerts={rule.alerts} />
          </td>
        </tr>
      )}
    </>
  )
}

function Labels({ labels }: { readonly labels: Readonly<Record<string, string>> }): ReactNode {
  return Object.entries(labels).map(([name, value]) => (
    <span key={name} className={styles['label']}>
      {name}={value}
    </span>
  ))
}

/** Never by colour alone: an icon and a word. */
function RuleState({ rule }: { readonly rule: Rule }): ReactNode {
  if (rule.health === 'err') return <State icon={<CircleX size={14} aria-hidden />} kind="failing" text="failing" />
  if (rule.type === 'recording' || rule.health === 'unknown') {
    return rule.health === 'unknown' ? (
      <State icon={<CircleDashed size={14} aria-hidden />} kind="none" text="not yet" />
    ) : (
      <State icon={<CircleCheck size={14} aria-hidden />} kind="good" text="recording" />
    )
  }
  if (rule.state === 'firing') return <State icon={<BellRing size={14} aria-hidden />} kind="firing" text="firing" />
  if (rule.state === 'pending') {
    const wait = rule.duration > 0 ? `waits ${formatDurationMs(rule.duration * 1_000)} before it fires` : undefined
    return <State icon={<Clock size={14} aria-hidden />} kind="pending" text="pending" hint={wait} />
  }
  return <State icon={<CircleCheck size={14} aria-hidden />} kind="good" text="inactive" />
}

function State({
  icon,
  kind,
  text,
  hint,
}: {
  readonly icon: ReactNode
  readonly kind: string
  readonly text: string
  readonly hint?: string | undefined
}): ReactNode {
  return (
    <span className={styles['state']} data-kind={kind} title={hint}>
      {icon}
      {text}
    </span>
  )
}
