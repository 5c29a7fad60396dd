import type { QueryAnswer } from '@oriel/contract'
import type { ReactNode } from 'react'
import { Link } from '../frame/link.tsx'
import { reopenQuery } from './query-costs.ts'
import styles from './queries.module.css'

const NAMES: Readonly<Record<string, string>> = { promql: 'PromQL', logql: 'LogQL', traceql: 'TraceQL', lookup: 'look-up' }

/** A query's language and text; a click asks it again over its own times. */
export function QueryText({ query }: { readonly query: QueryAnswer }): ReactNode {
  const { language, text } = query
  const href = reopenQuery(query)
  return (
    <span className={styles['query']}>
      <span className={styles['language']} data-language={language}>
        {NAMES[language] ?? language}
      </span>
      {href === undefined ? (
        <span className="mono" title={text}>
          {text}
        </span>
      ) : (
        <Link className={`mono link ${styles['open']}`} href={href} title={`${text}\n\nOpen it again`}>
          {text}
        </Link>
      )}
    </span>
  )
}
