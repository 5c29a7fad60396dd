import { Outlet } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import type { ReactNode } from 'react'
import { Suspense, lazy, useState } from 'react'
import { Breadcrumb } from './breadcrumb.tsx'
import { Nav } from './nav.tsx'
import { Refresh } from './refresh.tsx'
import styles from './shell.module.css'
import { TimePicker } from './time-picker.tsx'
import { useKeys } from './use-keys.ts'

const NAV_KEY = 'oriel-nav'

const CommandPalette = lazy(() => import('./command-palette.tsx').then((room) => ({ default: room.CommandPalette })))
const Shortcuts = lazy(() => import('./shortcuts.tsx').then((room) => ({ default: room.Shortcuts })))

/** The frame around every screen. */
export function Shell(): ReactNode {
  const [isNarrow, setNarrow] = useState(() => localStorage.getItem(NAV_KEY) === 'narrow')
  const [overlay, setOverlay] = useState<'palette' | 'shortcuts'>()
  useKeys({ 'mod+k': () => setOverlay('palette'), '?': () => setOverlay('shortcuts'), '/': focusSearch })
  const toggle = (): void => {
    localStorage.setItem(NAV_KEY, isNarrow ? 'wide' : 'narrow')
    setNarrow(!isNarrow)
  }
  return (
    <div className={styles['shell']} data-nav={isNarrow ? 'narrow' : 'wide'}>
      <a className={styles['skip']} href="#main">
        Skip to content
      </a>
      <Nav onHelp={() => setOverlay('shortcuts')} onToggle={toggle} />
      <header className={styles['top']}>
        <Breadcrumb />
        <button type="button" className={styles['search']} onClick={() => setOverlay('palette')} title="Search or jump to">
          <Search size={14} />
          <span className={styles['wide']}>Search or jump to</span>
          <kbd aria-hidden>Ctrl K</kbd>
        </button>
        <TimePicker />
        <Refresh />
      </header>
      <main id="main" className={`${styles['main']} scroll-thin`} tabIndex={-1}>
        <Outlet />
      </main>
      <Suspense>
        {overlay === 'palette' && <CommandPalette onClose={() => setOverlay(undefined)} />}
        {overlay === 'shortcuts' && <Shortcuts isOpen onClose={() => setOverlay(undefined)} />}
      </Suspense>
    </div>
  )
}

/** `/` goes to the screen's search box or editor: whatever carries `data-search`. */
function focusSearch(): void {
  const box = document.querySelector('[data-search]')
  const field = box?.matches('input, textarea') ? box : box?.querySelector('input, textarea, [contenteditable="true"]')
  if (field instanceof HTMLElement) field.focus()
}
