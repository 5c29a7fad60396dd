import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useLocation } from '@tanstack/react-router'
import { Keyboard, Moon, PanelLeft, Sun } from 'lucide-react'
import type { ReactNode } from 'react'
import { loadStatus } from '../data/oriel.ts'
import { Link, useGo } from './link.tsx'
import { linkTo } from './link-to.ts'
import { SCREENS, SCREEN_GROUPS } from './screens.ts'
import styles from './shell.module.css'
import { useFixedAnswer } from './use-answer.ts'
import { useKeys } from './use-keys.ts'
import { useTime } from './use-time.ts'

/** The left column: screens, server state, keyboard help, theme, width. */
export function Nav({ onHelp, onToggle }: { readonly onHelp: () => void; readonly onToggle: () => void }): ReactNode {
  const { pathname } = useLocation()
  const { context } = useTime()
  const go = useGo()
  useKeys(Object.fromEntries(SCREENS.map(({ keys, target }) => [keys, () => go(linkTo(target, context))])))
  return (
    <nav className={styles['nav']} aria-label="Screens">
      <Link className={styles['brand']} href={linkTo({ kind: 'services' }, context)} aria-label="Oriel">
        <img src="/oriel.svg" alt="" />
        <span className={styles['wide']}>Oriel</span>
      </Link>
      {SCREEN_GROUPS.map((group) => {
        const screens = SCREENS.filter((screen) => screen.group === group)
        return screens.length === 0 ? null : (
          <div key={group} className={styles['screens']} role="group" aria-label={group}>
            {screens.map(({ name, path, keys, target, icon: Icon }) => (
              <Link
                key={path}
                className={styles['item']}
                href={linkTo(target, context)}
                aria-current={pathname.startsWith(path) ? 'page' : undefined}
                aria-label={name}
                title={`${name}  ${keys}`}
              >
                <Icon size={17} />
                <span className={styles['wide']}>{name}</span>
                <kbd className={styles['wide']}>{keys}</kbd>
              </Link>
            ))}
          </div>
        )
      })}
      <div className={styles['spacer']} />
      <ServerState />
      <button
        type="button"
        className={styles['item']}
        onClick={onHelp}
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts  ?"
      >
        <Keyboard size={17} />
        <span className={styles['wide']}>Shortcuts</span>
      </button>
      <ThemeSwitch />
      <button
        type="button"
        className={styles['item']}
        onClick={onToggle}
        aria-label="Collapse the navigation"
        title="Narrow or widen"
      >
        <PanelLeft size={17} />
        <span className={styles['wide']}>Collapse</span>
      </button>
    </nav>
  )
}

function ThemeSwitch(): ReactNode {
  const scheme = useComputedColorScheme('light')
  const { setColorScheme } = useMantineColorScheme()
  const toggle = (): void => setColorScheme(scheme === 'dark' ? 'light' : 'dark')
  useKeys({ 'c t': toggle })
  return (
    <button
      type="button"
      className={styles['item']}
      onClick={toggle}
      aria-label={`Switch to ${scheme === 'dark' ? 'light' : 'dark'}`}
      title="Theme  c t"
    >
      {scheme === 'dark' ? <Sun size={17} /> : <Moon size={17} />}
      <span className={styles['wide']}>{scheme === 'dark' ? 'Light' : 'Dark'}</span>
    </button>
  )
}

// 15 s: a server that went away is noticed before the next coffee, at the cost of four small requests a minute.
const STATUS_EVERY_MS = 15_000

function ServerState(): ReactNode {
  const { data, error } = useFixedAnswer(['status'], loadStatus, { everyMs: STATUS_EVERY_MS })
  if (error === undefined && (data === undefined || data.engine.state === 'ready')) return null
  const word = error === undefined ? `Engine ${data?.engine.state ?? ''}` : 'Server away'
  return (
    <div className={styles['item']} role="status" title={word}>
      <span className={styles['dot']} style={{ background: 'var(--crit)' }} />
      <span className={styles['wide']}>{word}</span>
    </div>
  )
}
