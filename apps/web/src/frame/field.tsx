import { Search } from 'lucide-react'
import type { ReactNode } from 'react'
import styles from './shell.module.css'

interface SearchFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (text: string) => void
  readonly className?: string | undefined
  /** Where `/` goes on this screen. */
  readonly isMain?: boolean
}

/** A box that filters a list while somebody types. */
export function SearchField({ label, value, onChange, className = '', isMain = false }: SearchFieldProps): ReactNode {
  return (
    <div className={`${styles['field']} ${className}`}>
      <Search size={13} aria-hidden />
      <input
        type="text"
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        {...(isMain && { 'data-search': true })}
      />
    </div>
  )
}
