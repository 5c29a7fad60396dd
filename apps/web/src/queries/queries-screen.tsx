import type { QueriesAnswer } from '@oriel/contract'
import type { ReactNode } from 'react'
import { useMemo } from 'react'
import { loadQueries } from '../data/oriel.ts'
import { Choice } from '../frame/choice.tsx'
import { SearchField } from '../frame/field.tsx'
import { AnswerPanel } from '../frame/panel.tsx'
import type { Answer } from '../frame/use-answer.ts'
import { useFixedAnswer } from '../frame/use-answer.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import page from '../style/page.module.css'
import { EndedQueries } from './ended-queries.tsx'
import type { QueryFilter } from './query-costs.ts'
import { isWanted } from './query-costs.ts'
import styles from './queries.module.css'
import { RunningQueries } from './running-queries.tsx'

// 2 s: a query that a person waits for shows while it can still be stopped.
const POLL_MS = 2_000

const LANGUAGES = [
  ['', 'All'],
  ['promql', 'PromQL'],
  ['logql', 'LogQL'],
  ['traceql', 'TraceQL'],
  ['lookup', 'Look-ups'],
] as const

const VIEWS = [
  ['', 'Recent'],
  ['slow', 'Slow'],
  ['cost', 'By cost'],
] as const

/** What runs now, with a way to stop it, and what ended with its cost. */
export function QueriesScreen(): ReactNode {
  const { find = '', view = '' } = useAppSearch()
  const patch = usePatchSearch()
  const filter = useQueryFilter()
  const answer = useFixedAnswer(['queries'], loadQueries, { everyMs: POLL_MS })
  const shown = useMemo(() => narrow(answer, filter), [answer, filter])
  const slowMs = answer.data?.slowMs ?? 1_000
  return (
    <div className={page['page']}>
      <div className={page['head']}>
        <h1 className={page['h1']}>Queries</h1>
        <Choice
          label="Language"
          options={LANGUAGES}
          value={filter.language}
          onChange={(language) => patch({ status: language })}
        />
        <TenantChoice answer={answer.data} value={filter.tenant} onChange={(tenant) => patch({ service: tenant })} />
        <SearchField
          className={page['find']}
          label="Find in texts"
          value={find}
          onChange={(text) => patch({ find: text }, { replace: true })}
          isMain
        />
      </div>
      <RunningQueries answer={shown} onStopped={answer.retry} />
      <AnswerPanel
        title={
          <Choice
            label="Ended queries"
            options={VIEWS}
            value={view}
            onChange={(next) => patch({ view: next, sort: undefined })}
          />
        }
        label="Ended queries"
        note={
          view === 'slow' ? `took ${slowMs / 1_000} s or longer` : view === 'cost' ? 'runs of one text together' : 'the last 500'
        }
        answer={shown}
        minHeight={240}
      >
        {({ recent, slow }) => <EndedQueries entries={view === 'slow' ? slow : recent} view={view} filter={filter} />}
      </AnswerPanel>
    </div>
  )
}

/** The filter in the URL: `status` holds the language, `service` the tenant, as they narrow every other list. */
function useQueryFilter(): QueryFilter {
  const { status = '', service = '', find = '' } = useAppSearch()
  return useMemo(() => ({ language: status, tenant: service, find }), [status, service, find])
}

function narrow(answer: Answer<QueriesAnswer>, filter: QueryFilter): Answer<QueriesAnswer> {
  const { data } = answer
  if (data === undefined) return answer
  const { running, recent, slow } = data
  const keep = <T extends Parameters<typeof isWanted>[0]>(all: readonly T[]): T[] => all.filter((one) => isWanted(one, filter))
  return { ...answer, data: { ...data, running: keep(running), recent: keep(recent), slow: keep(slow) } }
}

/** Only where there is more than one tenant is there something to choose. */
function TenantChoice({
  answer,
  value,
  onChange,
}: {
  readonly answer: QueriesAnswer | undefined
  readonly value: string
  readonly onChange: (tenant: string) => void
}): ReactNode {
  const tenants = new Set(
    answer === undefined ? [] : [...answer.running, ...answer.recent, ...answer.slow].map(({ tenant }) => tenant),
  )
  if (tenants.size < 2 && value === '') return null
  return (
    <label className={styles['tenant']}>
      Tenant
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">all</option>
        {[...new Set([...tenants, ...(value === '' ? [] : [value])])].sort().map((tenant) => (
          <option key={tenant}>{tenant}</option>
        ))}
      </select>
    </label>
  )
}
