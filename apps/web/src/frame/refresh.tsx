import { Menu } from '@mantine/core'
import { useIsFetching } from '@tanstack/react-query'
import { ChevronDown, RefreshCw } from 'lucide-react'
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
  return (
    <div className={styles['group']} role="group" aria-label="Refresh">
      <button type="button" aria-label="Refresh now" title="Refresh now" onClick={refresh} data-busy={isBusy}>
        <RefreshCw size={14} />
      </button>
      <Menu position="bottom-end" shadow="md" width={150}>
        <Menu.Target>
          <button type="button" aria-label={`Refresh every: ${isFixed ? 'off' : chosen}`} disabled={isFixed}>
            <span className="num">{isFixed ? 'fixed' : chosen}</span>
            <ChevronDown size={13} />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {REFRESH_OPTIONS.map((option) => (
            <Menu.Item key={option} onClick={() => patch({ refresh: option === 'auto' ? undefined : option }, { replace: true })}>
              {option === 'auto' ? 'Automatic' : option === 'off' ? 'Off' : `Every ${option}`}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </div>
  )
}
