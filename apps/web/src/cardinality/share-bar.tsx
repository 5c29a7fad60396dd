import type { ReactNode } from 'react'
import styles from './cardinality.module.css'

/** A bar as long as a share of its place. Decoration beside a number, so it has no text of its own. */
export function ShareBar({ share }: { readonly share: number }): ReactNode {
  return (
    <span className={styles['bar']} aria-hidden>
      <span className={styles['fill']} style={{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }} />
    </span>
  )
}
