import '../style/kit.ts'
import { Modal } from '@mantine/core'
import type { ReactNode } from 'react'
import { SCREENS } from './screens.ts'
import styles from './shell.module.css'

const GROUPS: readonly { readonly name: string; readonly keys: readonly (readonly [keys: string, action: string])[] }[] = [
  {
    name: 'Everywhere',
    keys: [
      ['Ctrl K', 'Command palette'],
      ['/', 'Go to the search or query'],
      ['?', 'This list'],
      ['c t', 'Light or dark'],
    ],
  },
  {
    name: 'Go to',
    keys: SCREENS.map(({ keys, name }) => [keys, name] as const),
  },
  {
    name: 'Time',
    keys: [
      ['t t', 'Choose a range'],
      ['t z', 'Zoom out'],
      ['t ←  t →', 'Earlier, later'],
      ['drag a chart', 'Zoom in'],
      ['double click', 'Zoom out'],
    ],
  },
  {
    name: 'Trace',
    keys: [
      ['j  k', 'Next, previous span'],
      ['n  N', 'Next, previous error'],
      ['← →', 'Collapse, expand'],
      ['[  ]', 'Collapse, expand all'],
      ['C', 'Critical path'],
      ['Esc', 'Close the span'],
    ],
  },
  {
    name: 'Queries',
    keys: [
      ['Ctrl Enter', 'Run'],
      ['Esc', 'Cancel what runs'],
    ],
  },
  {
    name: 'Logs',
    keys: [
      ['j  k', 'Next, previous line'],
      ['Enter', 'Open or close the line'],
    ],
  },
]

/** Every keyboard shortcut. */
export function Shortcuts({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }): ReactNode {
  return (
    <Modal opened={isOpen} onClose={onClose} title="Keyboard shortcuts" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <div className={styles['keys']}>
        {GROUPS.map(({ name, keys }) => (
          <div key={name}>
            <h3>{name}</h3>
            {keys.map(([key, action]) => (
              <div key={key} className={styles['keyRow']}>
                <span>{action}</span>
                <kbd className={styles['kbd']}>{key}</kbd>
              </div>
            ))}
          </div>
        ))}
      </div>
    </Modal>
  )
}
