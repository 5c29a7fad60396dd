import type { ReactNode } from 'react'
import styles from './panel.module.css'

interface ChoiceProps {
  readonly label: string
  readonly options: readonly (readonly [value: string, name: ReactNode])[]
  readonly value: string
  readonly onChange: (value: string) => void
}

/** One of a few: buttons in a row, the chosen one pressed. */
export function Choice({ label, options, value, onChange }: ChoiceProps): ReactNode {
  return (
    <div className={styles['choice']} role="group" aria-label={label}>
      {options.map(([option, name]) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChange(option)}>
          {name}
        </button>
      ))}
    </div>
  )
}
