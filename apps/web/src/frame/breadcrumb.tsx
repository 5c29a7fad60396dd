import { useLocation } from '@tanstack/react-router'
import { ChevronRight } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect } from 'react'
import { Link } from './link.tsx'
import { linkTo } from './link-to.ts'
import { SCREENS } from './screens.ts'
import styles from './shell.module.css'
import { useTime } from './use-time.ts'

/** Where we are; also the tab's title. */
export function Breadcrumb(): ReactNode {
  const { pathname } = useLocation()
  const { context } = useTime()
  const screen = SCREENS.find(({ path }) => pathname === path || pathname.startsWith(`${path}/`))
  const second = screen === undefined ? undefined : pathname.slice(screen.path.length + 1)
  const last = second === undefined || second === '' ? undefined : decodeURIComponent(second)
  useEffect(() => {
    document.title = [last, screen?.name ?? 'Not found', 'Oriel'].filter(Boolean).join(' · ')
  }, [last, screen])
  return (
    <nav aria-label="Breadcrumb" style={{ minWidth: 0 }}>
      <ol className={styles['crumbs']}>
        <li>
          {screen === undefined ? (
            <span>Not found</span>
          ) : last === undefined ? (
            <span>{screen.name}</span>
          ) : (
            <Link href={linkTo(screen.target, context)}>{screen.name}</Link>
          )}
        </li>
        {last !== undefined && (
          <li>
            <ChevronRight size={14} aria-hidden />
            <span title={last} aria-current="page">
              {last.length > 40 ? `${last.slice(0, 40)}…` : last}
            </span>
          </li>
        )}
      </ol>
    </nav>
  )
}
