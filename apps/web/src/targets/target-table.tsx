import { ChevronDown, ChevronRight, CircleCheck, CircleDashed, CircleSlash, CircleX } from 'lucide-react'
import type { ReactNode } from 'react'
import { Fragment, useState } from 'react'
import { SmallButton } from '../frame/buttons.tsx'
import { formatAgo, formatCount, formatDurationMs } from '../frame/format.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import table from '../style/table.module.css'
import { TargetDetails } from './target-details.tsx'
import type { Pool, TargetRow, TargetState } from './target-list.ts'
import styles from './targets.module.css'

// Rows that a browser lays out without a pause; more come by a click.
const PAGE_ROWS = 100

/** The targets of a pool; a click shows how one came about and what it says. */
export function TargetTable({ pool }: { readonly pool: Pool }): ReactNode {
  const [shown, setShown] = useState(PAGE_ROWS)
  const { sel } = useAppSearch()
  return (
    <>
      <div className={`${table['wrap']} scroll-thin`} tabIndex={0} role="group" aria-label={`Targets of ${pool.name}`}>
        <table className={`${table['table']} ${table['dense']}`} aria-label={`Targets of ${pool.name}`}>
          <thead>
            <tr>
              <th scope="col">Target</th>
              <th scope="col">State</th>
              <th scope="col">Labels</th>
              <th scope="col" className={table['right']}>
                Last scrape
              </th>
              <th scope="col" className={table['right']}>
                Took
              </th>
            </tr>
          </thead>
          <tbody>
            {pool.rows.slice(0, shown).map((row) => (
              <Row key={row.key} row={row} isOpen={sel === `target:${row.key}`} />
            ))}
          </tbody>
        </table>
      </div>
      {pool.rows.length > shown && (
        <p className={styles['more']}>
          {formatCount(shown)} of {formatCount(pool.rows.length)}
          <SmallButton onClick={() => setShown(shown + PAGE_ROWS)}>Show {PAGE_ROWS} more</SmallButton>
        </p>
      )}
    </>
  )
}

function Row({ row, isOpen }: { readonly row: TargetRow; readonly isOpen: boolean }): ReactNode {
  const patch = usePatchSearch()
  const { active } = row
  const lastMs = active === undefined ? Number.NaN : Date.parse(active.lastScrape)
  // Go's zero time, and with it the year 1, stands for never.
  const isScraped = lastMs > 0
  const Chevron = isOpen ? ChevronDown : ChevronRight
  return (
    <Fragment>
      <tr>
        <td className={styles['address']}>
          <button type="button" aria-expanded={isOpen} onClick={() => patch({ sel: isOpen ? undefined : `target:${row.key}` })}>
            <Chevron size={14} aria-hidden />
            <span>{row.address || 'no address'}</span>
          </button>
        </td>
        <td>
          <State state={row.state} />
        </td>
        <td className={styles['labels']}>
          <Labels labels={row.state === 'dropped' ? shortDiscovered(row) : row.labels} />
          {active !== undefined && active.lastError !== '' && <div className={styles['error']}>{active.lastError}</div>}
        </td>
        <td className={`${table['right']} num`} title={isScraped ? active?.lastScrape : undefined}>
          {isScraped ? formatAgo(lastMs, Date.now()) : '–'}
        </td>
        <td className={`${table['right']} num`}>
          {isScraped ? formatDurationMs((active?.lastScrapeDuration ?? 0) * 1_000) : '–'}
        </td>
      </tr>
      {isOpen && (
        <tr className={styles['open']}>
          <td colSpan={5}>
            <TargetDetails row={row} />
          </td>
        </tr>
      )}
    </Fragment>
  )
}

const WORDS: Readonly<Record<TargetState, string>> = { up: 'up', down: 'down', unknown: 'not yet', dropped: 'dropped' }
const ICONS = { up: CircleCheck, down: CircleX, unknown: CircleDashed, dropped: CircleSlash } as const

function State({ state }: { readonly state: TargetState }): ReactNode {
  const Icon = ICONS[state]
  return (
    <span className={styles['state']} data-state={state}>
      <Icon size={14} aria-hidden />
      {WORDS[state]}
    </span>
  )
}

function Labels({ labels }: { readonly labels: Readonly<Record<string, string>> }): ReactNode {
  return (
    <span className={styles['chips']}>
      {Object.entries(labels).map(([name, value]) => (
        <span key={name} className={styles['chip']}>
          <span className="muted">{name}=</span>
          {value}
        </span>
      ))}
    </span>
  )
}

// A dropped target's labels are all of what was discovered, often dozens: these say which it is.
const SHORT = 4

function shortDiscovered({ discovered }: TargetRow): Record<string, string> {
  const own = Object.entries(discovered).filter(([name]) => name.startsWith('__meta_') || !name.startsWith('__'))
  return Object.fromEntries(own.slice(0, SHORT))
}
