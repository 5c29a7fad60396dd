import type { FocusEvent, ReactNode } from 'react'
import { useEffect, useRef } from 'react'
import styles from './shell.module.css'

interface DropdownProps {
  readonly label: string
  readonly onClose: () => void
  readonly children: ReactNode
}

/** A panel below its opener. Goes away at `Esc`, at a click elsewhere and when the focus leaves; the focus then returns. */
export function Dropdown({ label, onClose, children }: DropdownProps): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const close = useRef(onClose)
  close.current = onClose
  useEffect(() => {
    const opener = document.activeElement
    const first = place.current?.querySelector('input, button')
    if (first instanceof HTMLElement) first.focus()
    const onPointer = ({ target }: PointerEvent): void => {
      // The opener is within the parent: its own click closes.
      if (!(target instanceof Node) || place.current?.parentElement?.contains(target) !== true) close.current()
    }
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') close.current()
    }
    document.addEventListener('pointerdown', onPointer)
    document.addEventListener('keydown', onKey)
    return () => {
      document.removeEventListener('pointerdown', onPointer)
      document.removeEventListener('keydown', onKey)
      if (opener instanceof HTMLElement) opener.focus()
    }
  }, [])
  const onBlur = ({ relatedTarget, currentTarget }: FocusEvent): void => {
    if (relatedTarget instanceof Node && currentTarget.parentElement?.contains(relatedTarget) !== true) onClose()
  }
  return (
    <div ref={place} className={styles['dropdown']} role="dialog" aria-label={label} onBlur={onBlur}>
      {children}
    </div>
  )
}
