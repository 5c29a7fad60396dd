import { useComputedColorScheme } from '@mantine/core'
import type { PointerEvent, ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import { formatDurationMs } from '../frame/format.ts'
import { SERIES_COLORS, serviceColorIndex } from '../frame/palette.ts'
import type { TraceModel } from './trace-model.ts'
import type { TimeWindow } from './waterfall-row.tsx'
import styles from './trace.module.css'

interface MinimapProps {
  readonly model: TraceModel
  readonly window: TimeWindow
  readonly onWindow: (window: TimeWindow) => void
}

// A drag shorter than 4 px is a click.
const CLICK_PX = 4

/** The whole trace at a glance; drag to see a part of it, double-click for all of it. */
export function Minimap({ model, window, onWindow }: MinimapProps): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null)
  const scheme = useComputedColorScheme('light')
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number }>()
  useEffect(() => {
    const place = canvas.current
    if (place === null) return
    const draw = (): void => drawMinimap(place, model, scheme)
    draw()
    const observer = new ResizeObserver(draw)
    observer.observe(place)
    return () => observer.disconnect()
  }, [model, scheme])
  const msAt = (event: PointerEvent<HTMLDivElement>): number => {
    const box = event.currentTarget.getBoundingClientRect()
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * model.durationMs
  }
  const finish = (event: PointerEvent<HTMLDivElement>): void => {
    if (drag === undefined) return
    setDrag(undefined)
    const pxPerMs = event.currentTarget.clientWidth / model.durationMs
    const [startMs, endMs] = drag.from < drag.to ? [drag.from, drag.to] : [drag.to, drag.from]
    if ((endMs - startMs) * pxPerMs >= CLICK_PX) onWindow({ startMs, endMs })
  }
  const shown = drag === undefined ? window : { startMs: Math.min(drag.from, drag.to), endMs: Math.max(drag.from, drag.to) }
  const percent = (ms: number): string => `${(ms / model.durationMs) * 100}%`
  return (
    <div
      className={styles['minimap']}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        setDrag({ from: msAt(event), to: msAt(event) })
      }}
      onPointerMove={(event) => drag !== undefined && setDrag({ ...drag, to: msAt(event) })}
      onPointerUp={finish}
      onDoubleClick={() => onWindow({ startMs: 0, endMs: model.durationMs })}
      title="Drag to look at a part, double-click for the whole trace"
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label={`Overview of ${model.nodes.length} spans over ${formatDurationMs(model.durationMs)}`}
      />
      <div className={styles['shade']} style={{ left: 0, width: percent(shown.startMs) }} />
      <div className={styles['shade']} style={{ left: percent(shown.endMs), right: 0 }} />
      <div className={styles['window']} style={{ left: percent(shown.startMs), width: percent(shown.endMs - shown.startMs) }} />
    </div>
  )
}

function drawMinimap(canvas: HTMLCanvasElement, model: TraceModel, scheme: 'light' | 'dark'): void {
  const ratio = globalThis.devicePixelRatio || 1
  const width = canvas.clientWidth
  const height = canvas.clientHeight
  canvas.width = width * ratio
  canvas.height = height * ratio
  const context = canvas.getContext('2d')
  if (context === null) return
  context.scale(ratio, ratio)
  const rowPx = Math.min(4, (height - 8) / model.nodes.length)
  const colors = SERIES_COLORS[scheme]
  const crit = getComputedStyle(canvas).getPropertyValue('--crit')
  for (const { index, span, startMs, durationMs } of model.nodes) {
    const isFailed = span.status === 'error'
    context.fillStyle = isFailed ? crit : (colors[serviceColorIndex(span.service)] ?? crit)
    const y = 4 + index * rowPx
    const x = (startMs / model.durationMs) * width
    context.fillRect(x, y, Math.max(1, (durationMs / model.durationMs) * width), Math.max(isFailed ? 1.5 : 0.6, rowPx - 0.5))
  }
}
