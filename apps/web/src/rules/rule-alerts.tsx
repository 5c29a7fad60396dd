import type { ReactNode } from 'react'
import type { RuleAlert } from '../data/rules.ts'
import { formatAgo, formatCount, formatDateTime } from '../frame/format.ts'
import { whenOf } from './rule-filter.ts'
import styles from './rules.module.css'

// Alerts of one rule that are drawn; a rule with thousands of them is itself the news.
const MAX_ALERTS = 50

/** The alerts of a rule, folded away until somebody wants them. */
export function RuleAlerts({ alerts }: { readonly alerts: readonly RuleAlert[] }): ReactNode {
  const firing = alerts.filter(({ state }) => state === 'firing').length
  const parts = [
    firing > 0 ? `${formatCount(firing)} firing` : '',
    alerts.length > firing ? `${formatCount(alerts.length - firing)} pending` : '',
  ]
  return (
    <details className={styles['alerts']}>
      <summary>{parts.filter((part) => part !== '').join(', ')}</summary>
      <ul>
        {alerts.slice(0, MAX_ALERTS).map((alert) => (
          <AlertItem key={JSON.stringify(alert.labels)} alert={alert} />
        ))}
      </ul>
      {alerts.length > MAX_ALERTS && <p className={styles['more']}>and {formatCount(alerts.length - MAX_ALERTS)} more</p>}
    </details>
  )
}

function AlertItem({ alert }: { readonly alert: RuleAlert }): ReactNode {
  const { labels, annotations, state, activeAt, keepFiringSince, value } = alert
  const sinceMs = whenOf(activeAt)
  const { summary, description, ...others } = annotations
  return (
    <li className={styles['alert']}>
      <div>
        <strong>{state}</strong>
        {sinceMs !== undefined && <span title={formatDateTime(sinceMs)}> since {formatAgo(sinceMs, Date.now())}</span>}, value{' '}
        <span className="num">{Number(value)}</span>
        {keepFiringSince !== undefined && ', held by keep_firing_for'}
      </div>
      <div className="mono">
        {Object.entries(labels)
          .filter(([name]) => name !== 'alertname')
          .map(([name, text]) => `${name}=${JSON.stringify(text)}`)
          .join(' ')}
      </div>
      {[summary, description].map((text) => text !== undefined && <div key={text}>{text}</div>)}
      {Object.entries(others).map(([name, text]) => (
        <div key={name}>
          <span className="muted">{name}</span> {text}
        </div>
      ))}
    </li>
  )
}
