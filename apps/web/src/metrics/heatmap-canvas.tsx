import { useComputedColorScheme } from '@mantine/core'
import type { PointerEvent, ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import { formatDateTime, formatNumber } from '../frame/format.ts'
import type { Scheme } from '../frame/palette.ts'
import { describeMoments } from '../frame/time-range.ts'
import { useTime } from '../frame/use-time.ts'
import type { Heatmap } from './heatmap-model.ts'
import { printBounds } from './heatmap-table.tsx'
import styles from './metrics.module.css'

interface HeatmapCanvasProps {
  readonly heatmap: Heatmap
  readonly format: (value: number) => string
  readonly heightPx: number
}

interface Cell {
  readonly row: number
  readonly step: number
  readonly leftPx: number
  readonly topPx: number
}

const LEFT_PX = 78
const RIGHT_PX = 18
const TOP_PX = 10
const BOTTOM_PX = 26
// A drag shorter than this is a click that slipped.
const MIN_DRAG_PX = 6

/** Colours from seldom to often: one ramp of lightness, readable under every kind of colour vision. */
const RAMPS: Readonly<Record<Scheme, readonly (readonly [red: number, green: number, blue: number])[]>> = {
  light: [
    [226, 232, 247],
    [139, 160, 222],
    [88, 84, 190],
    [45, 13, 120],
  ],
  dark: [
    [38, 40, 66],
    [74, 72, 160],
    [133, 131, 238],
    [222, 211, 250],
  ],
}

/** The heatmap on a canvas. Drag zooms in. */
export function HeatmapCanvas({ heatmap, format, heightPx }: HeatmapCanvasProps): ReactNode {
  const place = useRef<HTMLCanvasElement>(null)
  const [hover, setHover] = useState<Cell>()
  const [widthPx, setWidth] = useState(0)
  const scheme = useComputedColorScheme('light')
  const zoom = useZoom(heatmap, widthPx)
  useEffect(() => {
    const canvas = place.current
    if (canvas?.parentElement === null || canvas === null) return
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0))
    observer.observe(canvas.parentElement)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    if (place.current !== null && widthPx > 0) draw(place.current, { heatmap, format, heightPx, widthPx, scheme })
  }, [heatmap, format, heightPx, widthPx, scheme])
  const startMs = heatmap.tMs[0] ?? 0
  const label = `Heatmap of ${heatmap.rows.length} buckets, ${describeMoments({ startMs, endMs: heatmap.tMs.at(-1) ?? 0 })}. ${summaryOf(heatmap, format)}`
  return (
    <div className={styles['heatmap']} style={{ height: heightPx }}>
      <canvas
        ref={place}
        role="img"
        aria-label={label}
        style={{ width: '100%', height: heightPx, display: 'block' }}
        onPointerMove={(event) => setHover(cellAt(event, heatmap, widthPx, heightPx))}
        onPointerLeave={() => setHover(undefined)}
        onPointerDown={zoom.start}
        onPointerUp={zoom.end}
      />
      {hover !== undefined && <Tip heatmap={heatmap} cell={hover} format={format} widthPx={widthPx} />}
    </div>
  )
}

function Tip({
  heatmap,
  cell,
  format,
  widthPx,
}: {
  readonly heatmap: Heatmap
  readonly cell: Cell
  readonly format: (value: number) => string
  readonly widthPx: number
}): ReactNode {
  const { row, step, leftPx, topPx } = cell
  const isRight = leftPx > widthPx / 2
  return (
    <div
      className={`${styles['tip']} num`}
      aria-hidden
      style={{ top: Math.max(4, topPx - 20), ...(isRight ? { right: widthPx - leftPx + 12 } : { left: leftPx + 14 }) }}
    >
      <div className="muted">{formatDateTime(heatmap.tMs[step] ?? 0).slice(0, -4)}</div>
      <div>{printBounds(heatmap.rows[row] ?? { lower: 0, upper: 0 }, format)}</div>
      <b>{formatNumber(heatmap.cells[row]?.[step] ?? 0)}</b>
    </div>
  )
}

interface DrawOptions extends HeatmapCanvasProps {
  readonly widthPx: number
  readonly scheme: Scheme
}

function draw(canvas: HTMLCanvasElement, { heatmap, format, heightPx, widthPx, scheme }: DrawOptions): void {
  const ratio = window.devicePixelRatio
  canvas.width = widthPx * ratio
  canvas.height = heightPx * ratio
  const pen = canvas.getContext('2d')
  if (pen === null) return
  pen.scale(ratio, ratio)
  const { rows, cells, max, tMs } = heatmap
  const cellWidth = (widthPx - LEFT_PX - RIGHT_PX) / Math.max(1, tMs.length)
  const cellHeight = (heightPx - TOP_PX - BOTTOM_PX) / Math.max(1, rows.length)
  for (const [row, counts] of cells.entries()) {
    const y = heightPx - BOTTOM_PX - (row + 1) * cellHeight
    for (const [step, count] of counts.entries()) {
      if (!(count > 0)) continue
      pen.fillStyle = colorOf(count / max, scheme)
      // A hair of overlap: neighbours of one colour show no seam.
      pen.fillRect(LEFT_PX + step * cellWidth, y, cellWidth + 0.4, cellHeight + 0.4)
    }
  }
  drawAxes(pen, { heatmap, format, heightPx, widthPx, ink: getComputedStyle(canvas).getPropertyValue('--ink-3') })
}

function drawAxes(
  pen: CanvasRenderingContext2D,
  { heatmap, format, heightPx, widthPx, ink }: Omit<DrawOptions, 'scheme'> & { readonly ink: string },
): void {
  const { rows, tMs } = heatmap
  pen.fillStyle = ink
  pen.font = "11px 'Inter Variable', system-ui, sans-serif"
  pen.textAlign = 'right'
  pen.textBaseline = 'middle'
  const cellHeight = (heightPx - TOP_PX - BOTTOM_PX) / Math.max(1, rows.length)
  const everyRow = Math.ceil(18 / cellHeight)
  for (let row = 0; row < rows.length; row += everyRow) {
    const { upper } = rows[row]!
    const text = upper === Infinity ? '∞' : format(upper)
    pen.fillText(text, LEFT_PX - 8, heightPx - BOTTOM_PX - (row + 1) * cellHeight)
  }
  pen.textAlign = 'center'
  const everyStep = Math.max(1, Math.ceil(tMs.length / Math.max(1, Math.floor((widthPx - LEFT_PX) / 110))))
  for (let step = 0; step < tMs.length; step += everyStep) {
    const date = new Date(tMs[step]!)
    const text = `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`
    const x = LEFT_PX + ((step + 0.5) * (widthPx - LEFT_PX - RIGHT_PX)) / tMs.length
    if (x < widthPx - 24) pen.fillText(text, x, heightPx - BOTTOM_PX / 2)
  }
}

/** The ramp's colour for a share of the highest count. The square root gives seldom cells a colour that can be seen. */
function colorOf(share: number, scheme: Scheme): string {
  const ramp = RAMPS[scheme]
  const at = Math.sqrt(Math.min(1, share)) * (ramp.length - 1)
  const low = Math.min(Math.floor(at), ramp.length - 2)
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(ramp[low]![channel] + (ramp[low + 1]![channel] - ramp[low]![channel]) * (at - low))
  return `rgb(${mix(0)} ${mix(1)} ${mix(2)})`
}

function cellAt({ nativeEvent }: PointerEvent, { rows, tMs }: Heatmap, widthPx: number, heightPx: number): Cell | undefined {
  const { offsetX: leftPx, offsetY: topPx } = nativeEvent
  const step = Math.floor(((leftPx - LEFT_PX) / (widthPx - LEFT_PX - RIGHT_PX)) * tMs.length)
  const row = Math.floor(((heightPx - BOTTOM_PX - topPx) / (heightPx - TOP_PX - BOTTOM_PX)) * rows.length)
  if (step < 0 || step >= tMs.length || row < 0 || row >= rows.length) return undefined
  return { row, step, leftPx, topPx }
}

interface Zoom {
  readonly start: (event: PointerEvent) => void
  readonly end: (event: PointerEvent) => void
}

function useZoom({ tMs, stepMs }: Heatmap, widthPx: number): Zoom {
  const time = useTime()
  const from = useRef<number>(undefined)
  const msAt = (xPx: number): number =>
    (tMs[0] ?? 0) + ((xPx - LEFT_PX) / Math.max(1, widthPx - LEFT_PX - RIGHT_PX)) * tMs.length * stepMs
  return {
    start: ({ nativeEvent }) => {
      from.current = nativeEvent.offsetX
    },
    end: ({ nativeEvent }) => {
      const startPx = from.current
      from.current = undefined
      if (startPx === undefined || Math.abs(nativeEvent.offsetX - startPx) < MIN_DRAG_PX) return
      const [left = 0, right = 0] = [startPx, nativeEvent.offsetX].sort((a, b) => a - b)
      time.show({ startMs: msAt(left), endMs: msAt(right) })
    },
  }
}

function summaryOf({ rows, cells }: Heatmap, format: (value: number) => string): string {
  const totals = cells.map((counts) => counts.reduce((sum, count) => sum + count, 0))
  const most = rows[totals.indexOf(Math.max(...totals))]
  return most === undefined ? 'Nothing was observed.' : `Most often ${printBounds(most, format)}.`
}
