import type { ReactNode } from 'react'
import { isMetricQuery } from '../data/loki.ts'
import { QueryEditor } from '../editor/query-editor.tsx'
import { useDraft } from '../editor/use-draft.ts'
import { useAppSearch } from '../frame/use-search.ts'
import { LogChart } from './log-chart.tsx'
import { LogResults } from './log-results.tsx'
import styles from './logs.module.css'

/** Every line: what the screen asks for until somebody asks for something else. */
export const ALL_LINES = '{service_name=~".+"}'

/** Logs by LogQL: volume by level, then the lines; a metric query gets a chart. */
export function LogsScreen(): ReactNode {
  const draft = useDraft(ALL_LINES)
  return (
    <div className={styles['screen']}>
      <h1 className="visually-hidden">Logs</h1>
      <div className={styles['query']}>
        <QueryEditor
          language="logql"
          label="LogQL query"
          hint={'{service_name="…"} |= "text"'}
          value={draft.text}
          onChange={draft.setText}
          onRun={() => draft.run()}
        />
      </div>
      <Results onQuery={draft.run} />
    </div>
  )
}

function Results({ onQuery }: { readonly onQuery: (query: string) => void }): ReactNode {
  const { q = ALL_LINES } = useAppSearch()
  return isMetricQuery(q) ? <LogChart query={q} /> : <LogResults query={q} onQuery={onQuery} />
}
