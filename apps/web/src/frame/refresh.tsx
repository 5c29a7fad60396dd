import { useIsFetching } from '@tanstack/react-query'
import { RefreshCw } from 'lucide-react'
import type { ReactNode } from 'react'
import styles from './shell.module.css'
import { isRelative } from './time-range.ts'
import { useAppSearch, usePatchSearch } from './use-search.ts'
import { REFRESH_OPTIONS, useAutoRefresh, useRefresh, useTime } from './use-time.ts'

/** Asks again now, or every so often. */
export function Refresh(): ReactNode {
  const { refresh: chosen = 'auto' } = useAppSearch()
  const patch = usePatchSearch()
  const { text } = useTime()
  const refresh = useRefresh()
  const isBusy = useIsFetching({ queryKey: ['range'] }) > 0
  useAutoRefresh()
  const isFixed = !isRelative(text)
  const options: readonly string[] = REFRESH_OPTIONS
  return (
    <div className={styles['group']} role="group" aria-label="Refresh">
      <button type="button" aria-label="Refresh now" title="Refresh now" onClick={refresh} data-busy={isBusy}>
        <RefreshCw size={14} />
      </button>
      <select
        aria-label="Refresh every"
        title={isFixed ? 'A fixed range does not change' : 'Refresh every'}
        disabled={isFixed}
        value={isFixed ? 'fixed' : chosen}
        onChange={(event) =>
          patch({ refresh: event.currentTarget.value === 'auto' ? undefined : event.currentTarget.value }, { replace: true })
        }
      >
        {[...new Set([...options, isFixed ? 'fixed' : chosen])].map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </div>
  )
}
