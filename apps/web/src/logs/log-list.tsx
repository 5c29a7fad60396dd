import { useVirtualizer } from '@tanstack/react-virtual'
import type { ReactNode } from 'react'
import { useRef, useState } from 'react'
import type { LogLine } from '../data/loki.ts'
import { useKeys } from '../frame/use-keys.ts'
import { LogRow } from './log-lines.tsx'
import type { OnFilter } from './log-details.tsx'
import styles from './logs.module.css'

interface LogListProps {
  readonly lines: readonly LogLine[]
  readonly isMarked: (line: LogLine) => boolean
  readonly onFilter: OnFilter
}

const ROW_PX = 26
const OVERSCAN = 20

/** The lines, newest first. Only those in view exist; opened ones are as high as they need. */
export function LogList({ lines, isMarked, onFilter }: LogListProps): ReactNode {
  const scroller = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const [focused, setFocused] = useState(-1)
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  })
  const keyOf = (index: number): string => `${lines[index]?.tNs} ${lines[index]?.service} ${lines[index]?.line.length}`
  const toggle = (index: number): void => {
    const key = keyOf(index)
    setOpen(open.has(key) ? new Set([...open].filter((one) => one !== key)) : new Set([...open, key]))
    setFocused(index)
  }
  const move = (by: number): void => {
    const next = Math.min(lines.length - 1, Math.max(0, focused + by))
    setFocused(next)
    virtual.scrollToIndex(next, { align: 'auto' })
  }
  useKeys({ j: () => move(1), k: () => move(-1), Enter: () => focused >= 0 && toggle(focused) })
  return (
    <div ref={scroller} className={`${styles['scroller']} scroll-thin`} tabIndex={0} role="group" aria-label="Log lines">
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const line = lines[index]!
          return (
            <div
              key={index}
              ref={virtual.measureElement}
              data-index={index}
              className={styles['virtual']}
              style={{ transform: `translateY(${start}px)` }}
            >
              <LogRow
                line={line}
                isOpen={open.has(keyOf(index))}
                isMarked={isMarked(line)}
                isFocused={index === focused}
                onToggle={() => toggle(index)}
                onFilter={onFilter}
              />
            </div>
          )
        })}
      </div>
    </div>
  )
}
