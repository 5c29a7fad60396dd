import type { ReactNode } from 'react'
import { useMemo } from 'react'
import { loadTargets } from '../data/targets.ts'
import { Choice } from '../frame/choice.tsx'
import { SearchField } from '../frame/field.tsx'
import { formatCount } from '../frame/format.ts'
import { AnswerPanel, AnswerView, Panel } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import { useFixedAnswer } from '../frame/use-answer.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import page from '../style/page.module.css'
import type { Pool, TargetFilter, TargetState } from './target-list.ts'
import { poolsOf } from './target-list.ts'
import { TargetTable } from './target-table.tsx'
import styles from './targets.module.css'

// 5 s: a third of the usual interval, so that a scrape shows soon after it happened.
const POLL_MS = 5_000

const STATES: readonly (readonly [value: TargetState | '', name: string])[] = [
  ['', 'All'],
  ['down', 'Down'],
  ['unknown', 'Not yet'],
  ['up', 'Up'],
  ['dropped', 'Dropped'],
]

/** What is scraped: pools, the state of each target, its labels and how they came about. */
export function TargetsScreen(): ReactNode {
  const { find = '', service: pool = '', status = '' } = useAppSearch()
  const patch = usePatchSearch()
  const answer = useFixedAnswer(['targets'], loadTargets, { everyMs: POLL_MS })
  const state = STATES.find(([value]) => value === status)?.[0] ?? ''
  const filter = useMemo((): TargetFilter => ({ state, pool, find }), [state, pool, find])
  const pools = useMemo(() => (answer.data === undefined ? [] : poolsOf(answer.data, filter)), [answer.data, filter])
  const names = answer.data === undefined ? [] : poolsOf(answer.data, { state: '', pool: '', find: '' }).map(({ name }) => name)
  return (
    <div className={page['page']}>
      <div className={page['head']}>
        <h1 className={page['h1']}>Targets</h1>
        <Choice label="State" options={STATES} value={state} onChange={(value) => patch({ status: value })} />
        <PoolChoice names={names} value={pool} onChange={(next) => patch({ service: next })} />
        <SearchField
          className={page['find']}
          label="Find in addresses, labels, errors"
          value={find}
          onChange={(text) => patch({ find: text }, { replace: true })}
          isMain
        />
      </div>
      {answer.data === undefined ? (
        <AnswerPanel label="Targets" answer={answer} minHeight={240}>
          {() => null}
        </AnswerPanel>
      ) : (
        <>
          {answer.error !== undefined && <AnswerView answer={answer}>{() => null}</AnswerView>}
          <Pools pools={pools} filter={filter} />
        </>
      )}
    </div>
  )
}

function Pools({ pools, filter }: { readonly pools: readonly Pool[]; readonly filter: TargetFilter }): ReactNode {
  const patch = usePatchSearch()
  if (pools.length === 0)
    return (
      <Panel label="Targets">
        <Empty title={filter.pool === '' ? 'Nothing is scraped' : 'There is no such pool'}>
          {filter.pool === '' ? (
            <span>
              Name a <code>prometheus.yml</code> in the configuration: <code>prometheus: prometheus.yml</code>
            </span>
          ) : (
            <button type="button" className="link" onClick={() => patch({ service: undefined })}>
              Show all pools
            </button>
          )}
        </Empty>
      </Panel>
    )
  return pools.map((pool) => (
    <Panel key={pool.name} title={pool.name} note={<PoolNote pool={pool} />}>
      {pool.rows.length > 0 ? <TargetTable pool={pool} /> : <NoTargets pool={pool} filter={filter} />}
    </Panel>
  ))
}

function PoolNote({ pool: { up, active, dropped } }: { readonly pool: Pool }): ReactNode {
  return (
    <span className="num">
      {formatCount(up)} of {formatCount(active)} up{dropped > 0 && `, ${formatCount(dropped)} dropped by rules`}
    </span>
  )
}

function NoTargets({ pool, filter }: { readonly pool: Pool; readonly filter: TargetFilter }): ReactNode {
  const patch = usePatchSearch()
  const isFiltered = filter.state !== '' || filter.find !== ''
  if (!isFiltered)
    return <Empty title="No target was discovered">{pool.dropped > 0 ? 'Its relabel rules drop all of them.' : undefined}</Empty>
  return (
    <Empty title="No target matches the filter">
      <button type="button" className="link" onClick={() => patch({ status: undefined, find: undefined })}>
        Clear the filter
      </button>
    </Empty>
  )
}

interface PoolChoiceProps {
  readonly names: readonly string[]
  readonly value: string
  readonly onChange: (pool: string) => void
}

function PoolChoice({ names, value, onChange }: PoolChoiceProps): ReactNode {
  if (names.length < 2 && value === '') return null
  return (
    <label className={styles['pool']}>
      Pool
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">all</option>
        {[...new Set([...names, ...(value === '' ? [] : [value])])].map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  )
}
