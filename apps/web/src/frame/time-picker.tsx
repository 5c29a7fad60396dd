import { ChevronLeft, ChevronRight, Clock3, ZoomOut } from 'lucide-react'
import type { FormEvent, ReactNode } from 'react'
import { useState } from 'react'
import { CopyButton } from './buttons.tsx'
import { Dropdown } from './dropdown.tsx'
import styles from './shell.module.css'
import { QUICK_RANGES, describeMoments, describeRange, parseRangeText, resolveRange, shiftRange, zoomOut } from './time-range.ts'
import { useKeys } from './use-keys.ts'
import type { Time } from './use-time.ts'
import { useTime } from './use-time.ts'

/** The time range: a text box that reads what people type or paste, quick ranges, back, forward and zoom out. */
export function TimePicker(): ReactNode {
  const time = useTime()
  const [isOpen, setOpen] = useState(false)
  const move = (direction: -1 | 1): void => time.show(shiftRange(time.text, direction, Date.now()))
  const widen = (): void => time.show(zoomOut(time.text, Date.now()))
  useKeys({ 't z': widen, 't ArrowLeft': () => move(-1), 't ArrowRight': () => move(1), 't t': () => setOpen(true) })
  return (
    <div className={styles['group']} role="group" aria-label="Time range">
      <button type="button" aria-label="Earlier" title="Earlier  t ←" onClick={() => move(-1)}>
        <ChevronLeft size={15} />
      </button>
      <button
        type="button"
        onClick={() => setOpen(!isOpen)}
        aria-expanded={isOpen}
        title={describeMoments(time.resolve())}
        data-testid="time-picker"
      >
        <Clock3 size={14} />
        <span className={styles['timeText']}>{describeRange(time.text, Date.now())}</span>
      </button>
      <button type="button" aria-label="Later" title="Later  t →" onClick={() => move(1)}>
        <ChevronRight size={15} />
      </button>
      <button type="button" aria-label="Zoom out" title="Zoom out  t z" onClick={widen}>
        <ZoomOut size={15} />
      </button>
      {isOpen && (
        <Dropdown label="Choose a time range" onClose={() => setOpen(false)}>
          <PickerForm time={time} close={() => setOpen(false)} />
        </Dropdown>
      )}
    </div>
  )
}

function PickerForm({ time, close }: { readonly time: Time; readonly close: () => void }): ReactNode {
  const [text, setText] = useState(`${time.text.from} to ${time.text.to}`)
  const nowMs = Date.now()
  const range = parseRangeText(text, nowMs)
  const apply = (event: FormEvent): void => {
    event.preventDefault()
    if (range === undefined) return
    time.show(range)
    close()
  }
  return (
    <div className={styles['picker']}>
      <form onSubmit={apply}>
        <label className={styles['label']}>
          Range
          <input
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onFocus={(event) => event.currentTarget.select()}
            aria-invalid={range === undefined}
            aria-describedby="range-hint"
          />
        </label>
        <p className={styles['hint']} id="range-hint">
          {range === undefined
            ? 'Not a time range. Such as: now-6h · 6h · 2h ago · 2026-11-20 14:00 to 2026-11-20 15:00 · an epoch · a pasted pair'
            : describeMoments(resolveRange(range, nowMs))}
          <br />
          {Intl.DateTimeFormat().resolvedOptions().timeZone}
        </p>
        <div style={{ display: 'flex', gap: 8, marginTop: 12 }}>
          <button type="submit" className={styles['apply']} disabled={range === undefined}>
            Apply
          </button>
          <CopyButton text={() => `${time.text.from} to ${time.text.to}`} label="Copy range" />
        </div>
      </form>
      <div className={`${styles['quick']} scroll-thin`}>
        {QUICK_RANGES.map(({ name, from, to }) => (
          <button
            key={name}
            type="button"
            aria-pressed={from === time.text.from && to === time.text.to}
            onClick={() => {
              time.show({ from, to })
              close()
            }}
          >
            {name}
          </button>
        ))}
      </div>
    </div>
  )
}
