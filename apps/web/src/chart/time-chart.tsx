import 'uplot/dist/uPlot.min.css'
import { useComputedColorScheme } from '@mantine/core'
import type { ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import { describeMoments } from '../frame/time-range.ts'
import type { ChartDot, ChartSeries, PlacedDot } from './chart-data.ts'
import { summarize, thinDots } from './chart-data.ts'
import { ChartTable } from './chart-table.tsx'
import styles from './chart.module.css'
import { Dots } from './dots.tsx'
import type { HoverPlace } from './plot.ts'
import { makePlotOptions } from './plot.ts'
import { Tooltip } from './tooltip.tsx'

export interface TimeChartProps {
  readonly title: string
  /** The moments of the values, rising; a value covers `stepMs` from its moment on when drawn as a bar. */
  readonly tMs: readonly number[]
  readonly stepMs: number
  readonly startMs: number
  readonly endMs: number
  readonly series: readonly ChartSeries[]
  readonly format: (value: number) => string
  readonly dots?: readonly ChartDot[]
  readonly heightPx?: number
  readonly yMin?: number
  readonly isStacked?: boolean
  readonly isTable?: boolean
  readonly onZoom: (range: { readonly startMs: number; readonly endMs: number }) => void
  readonly onZoomOut: () => void
}

interface Frame {
  readonly leftPx: number
  readonly topPx: number
  readonly widthPx: number
  readonly heightPx: number
}

/** Lines, areas or bars over time on a canvas, with dots that lead to traces. Drag zooms in, double-click zooms out. */
export function TimeChart(props: TimeChartProps): ReactNode {
  const { title, series, format, dots, heightPx = 190, isTable = false, startMs, endMs } = props
  const place = useRef<HTMLDivElement>(null)
  const [hover, setHover] = useState<HoverPlace>()
  const [frame, setFrame] = useState<Frame>()
  const [placed, setPlaced] = useState<readonly PlacedDot[]>([])
  usePlot(place, props, {
    onHover: setHover,
    onDraw: (plot) => {
      setFrame(frameOf(plot))
      setPlaced(dots === undefined ? [] : thinDots(dots.map((dot) => placeDot(dot, plot))))
    },
  })
  if (isTable) return <ChartTable {...props} />
  const label = `${summarize(title, series, format)}. ${describeMoments({ startMs, endMs })}`
  return (
    <div className={styles['chart']} style={{ height: heightPx }}>
      <div ref={place} className={styles['plot']} role="img" aria-label={label} />
      {frame !== undefined && <Dots dots={placed} frame={frame} />}
      {hover !== undefined && frame !== undefined && <Tooltip {...props} hover={hover} frame={frame} />}
    </div>
  )
}

interface PlotCallbacks {
  readonly onHover: (at: HoverPlace | undefined) => void
  readonly onDraw: (plot: uPlot) => void
}

/** Keeps a uPlot in step with the props: made anew when they change (about 5 ms), resized with its place. */
function usePlot(place: { readonly current: HTMLDivElement | null }, props: TimeChartProps, callbacks: PlotCallbacks): void {
  const { tMs, series, startMs, endMs, stepMs, heightPx = 190, yMin = 0, isStacked = false, isTable = false, dots } = props
  const scheme = useComputedColorScheme('light')
  const latest = useRef({ ...props, ...callbacks })
  latest.current = { ...props, ...callbacks }
  useEffect(() => {
    const element = place.current
    if (element === null || isTable) return
    const options = makePlotOptions(element, {
      widthPx: element.clientWidth,
      heightPx,
      series,
      yMin,
      isStacked,
      startMs,
      endMs,
      stepMs,
      syncKey: 'page',
      format: (value) => latest.current.format(value),
      onZoom: (from, to) => latest.current.onZoom({ startMs: from, endMs: to }),
      onZoomOut: () => latest.current.onZoomOut(),
      onHover: (at) => latest.current.onHover(at),
      onDraw: (drawn) => latest.current.onDraw(drawn),
    })
    const plot = new uPlot(options, plotData(tMs, series, isStacked), element)
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== plot.width)
        plot.setSize({ width: element.clientWidth, height: heightPx })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.destroy()
      latest.current.onHover(undefined)
    }
  }, [tMs, series, startMs, endMs, stepMs, heightPx, yMin, isStacked, isTable, scheme, dots, place])
}

/** uPlot's columns; stacked series become running sums, drawn from the top of the pile down. */
function plotData(tMs: readonly number[], series: readonly ChartSeries[], isStacked: boolean): uPlot.AlignedData {
  if (!isStacked) return [[...tMs], ...series.map(({ values }) => [...values])]
  const sums: number[][] = []
  for (let s = series.length - 1; s >= 0; s--) {
    const below = sums[0]
    sums.unshift(tMs.map((_, i) => (series[s]!.isHidden ? 0 : (series[s]!.values[i] ?? 0)) + (below?.[i] ?? 0)))
  }
  return [[...tMs], ...sums]
}

/** A dot above or below the scale stands at its edge: its label tells the value. */
function placeDot(dot: ChartDot, plot: uPlot): PlacedDot {
  const { heightPx } = frameOf(plot)
  const yPx = Math.min(heightPx, Math.max(0, plot.valToPos(dot.value, 'y')))
  return { ...dot, xPx: plot.valToPos(dot.tMs, 'x'), yPx }
}

function frameOf(plot: uPlot): Frame {
  const ratio = uPlot.pxRatio
  const { left, top, width, height } = plot.bbox
  return { leftPx: left / ratio, topPx: top / ratio, widthPx: width / ratio, heightPx: height / ratio }
}
