import uPlot from 'uplot'
import type { ChartSeries } from './chart-data.ts'
import { yRange } from './chart-data.ts'

export interface PlotOptions {
  readonly widthPx: number
  readonly heightPx: number
  readonly series: readonly ChartSeries[]
  readonly format: (value: number) => string
  /** What the y axis reaches at least. */
  readonly yMin: number
  /** Charts with one key share the crosshair. */
  readonly syncKey: string
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly isStacked: boolean
  readonly onZoom: (startMs: number, endMs: number) => void
  readonly onZoomOut: () => void
  /** The place under the pointer, `undefined` when it leaves. */
  readonly onHover: (at: HoverPlace | undefined) => void
  readonly onDraw: (plot: uPlot) => void
}

/** What the pointer is over. */
export interface HoverPlace {
  readonly index: number
  readonly leftPx: number
  readonly topPx: number
}

// A drag shorter than this is a click that slipped.
const MIN_DRAG_PX = 6
// As many lines as can be told apart when one is brought forward; beyond, focus only costs redraws.
const MAX_FOCUS_SERIES = 50

/** The CSS value of a colour as the canvas needs it. */
function resolveColor(color: string, place: Element): string {
  const name = /^var\((--[\w-]+)\)$/.exec(color)?.[1]
  return name === undefined ? color : getComputedStyle(place).getPropertyValue(name).trim()
}

/** uPlot's options for a chart of ours. */
export function makePlotOptions(place: Element, options: PlotOptions): uPlot.Options {
  const { widthPx, heightPx, series, format, syncKey, startMs, endMs, yMin } = options
  const ink = resolveColor('var(--ink-3)', place)
  const grid = resolveColor('var(--line)', place)
  const font = "11px 'Inter Variable', system-ui, sans-serif"
  return {
    width: widthPx,
    height: heightPx,
    padding: [10, 18, 0, 0],
    ms: 1,
    legend: { show: false },
    focus: { alpha: series.length > MAX_FOCUS_SERIES ? 1 : 0.25 },
    cursor: {
      sync: { key: syncKey, setSeries: false },
      focus: { prox: series.length > 3 && series.length <= MAX_FOCUS_SERIES ? 24 : -1 },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
      bind: { dblclick: () => () => (options.onZoomOut(), null) },
    },
    scales: {
      x: { time: true, range: () => [startMs, endMs] },
      y: { range: (_plot, min, max) => yRange(min, max, yMin) },
    },
    axes: [
      { stroke: ink, font, grid: { show: false }, ticks: { show: false }, size: 26, space: 70, values: timeLabels },
      {
        stroke: ink,
        font,
        grid: { stroke: grid, width: 1 },
        ticks: { show: false },
        size: axisWidth,
        gap: 6,
        space: 32,
        values: (_plot, splits) => splits.map((value) => format(value)),
      },
    ],
    series: [{}, ...series.map((one) => makeSeries(one, place, options))],
    hooks: makeHooks(options),
  }
}

function makeSeries(series: ChartSeries, place: Element, { isStacked, stepMs }: PlotOptions): uPlot.Series {
  const stroke = resolveColor(series.color, place)
  const { isBars = false, isFilled = false, isHidden = false, dash } = series
  const base: uPlot.Series = {
    label: series.label,
    stroke,
    width: isBars ? 0 : 1.5,
    show: !isHidden,
    points: { show: false },
    spanGaps: false,
  }
  if (dash !== undefined && dash.length > 0) base.dash = [...dash]
  if (isBars) {
    const bars = uPlot.paths.bars
    // Bars start at their moment and cover their step, as their count does.
    if (bars !== undefined) base.paths = bars({ size: [0.82, 40], align: 1, gap: 0 })
    base.fill = stroke
  } else if (isFilled) base.fill = isStacked ? stroke : `color-mix(in srgb, ${stroke} 12%, transparent)`
  // A lone point between gaps would be invisible as a line.
  if (!isBars && isSparse(series.values)) base.points = { show: true, size: Math.min(6, Math.max(3, stepMs / 10_000)) }
  return base
}

function makeHooks({ onZoom, onHover, onDraw }: PlotOptions): uPlot.Hooks.Arrays {
  return {
    setSelect: [
      (plot) => {
        const { left, width } = plot.select
        if (width < MIN_DRAG_PX) return
        onZoom(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'))
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
      },
    ],
    setCursor: [
      (plot) => {
        const { idx, left = -1, top = -1 } = plot.cursor
        onHover(idx === null || idx === undefined || left < 0 || top < 0 ? undefined : { index: idx, leftPx: left, topPx: top })
      },
    ],
    draw: [onDraw],
  }
}

function isSparse(values: readonly (number | null)[]): boolean {
  let known = 0
  for (const value of values) if (value !== null) known++
  return known > 0 && known <= 2
}

function axisWidth(_plot: uPlot, values: string[] | null): number {
  const longest = values?.reduce((length, text) => Math.max(length, text.length), 0) ?? 4
  return 14 + longest * 6.4
}

function timeLabels(_plot: uPlot, splits: number[], _axis: number, _space: number, increment: number): string[] {
  const isDays = increment >= 86_400_000
  return splits.map((ms) => {
    const date = new Date(ms)
    const isMidnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0
    if (isDays || isMidnight) return date.toLocaleDateString('en', { month: 'short', day: 'numeric' })
    const seconds = increment < 60_000 ? ':' + String(date.getSeconds()).padStart(2, '0') : ''
    return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}${seconds}`
  })
}
