import type { ExemplarAnswer, RedAnswer, ServiceAnswer } from '@oriel/contract'
import type { ReactNode } from 'react'
import { useMemo } from 'react'
import type { ChartDot, ChartSeries } from '../chart/chart-data.ts'
import { ChartPanel } from '../chart/chart-panel.tsx'
import { formatClock, formatDurationMs, formatPercent, formatRate } from '../frame/format.ts'
import type { LinkContext } from '../frame/link-to.ts'
import { linkTo } from '../frame/link-to.ts'
import type { Answer } from '../frame/use-answer.ts'
import { useTime } from '../frame/use-time.ts'
import page from '../style/page.module.css'

interface RedChartsProps {
  readonly service: string
  readonly answer: Answer<ServiceAnswer>
}

/** Requests, errors and durations of a service over time; dots are single requests and lead to their traces. */
export function RedCharts({ answer }: RedChartsProps): ReactNode {
  const { context } = useTime()
  const { from, to, refresh } = context
  const charts = useMemo(
    () =>
      answer.data === undefined
        ? undefined
        : makeCharts(answer.data, { ...(from && { from }), ...(to && { to }), ...(refresh && { refresh }) }),
    [answer.data, from, to, refresh],
  )
  const shown: Answer<Charts> = { ...answer, data: charts }
  return (
    <div className={page['split']}>
      <ChartPanel
        title="Requests"
        note="a second"
        className={page['third']}
        answer={shown}
        chart={({ grid, requests }) => ({ ...grid, series: requests, format: formatRate, yMin: 0 })}
      />
      <ChartPanel
        title="Errors"
        note="share of requests"
        className={page['third']}
        answer={shown}
        chart={({ grid, errors, errorDots }) => ({ ...grid, series: errors, dots: errorDots, format: formatPercent, yMin: 0.02 })}
      />
      <ChartPanel
        title="Duration"
        note={<DurationLegend />}
        className={page['third']}
        answer={shown}
        chart={({ grid, durations, durationDots }) => ({
          ...grid,
          series: durations,
          dots: durationDots,
          format: formatDurationMs,
        })}
      />
    </div>
  )
}

const PERCENTILES = [
  { name: 'p99', color: 'var(--series-1)' },
  { name: 'p95', color: 'var(--series-0)' },
  { name: 'p50', color: 'var(--series-3)' },
] as const

function DurationLegend(): ReactNode {
  return (
    <span style={{ display: 'inline-flex', gap: 12 }}>
      {PERCENTILES.map(({ name, color }) => (
        <span key={name} style={{ display: 'inline-flex', alignItems: 'center', gap: 5 }}>
          <i style={{ width: 12, height: 3, borderRadius: 2, background: color }} />
          {name}
        </span>
      ))}
    </span>
  )
}

interface Grid {
  readonly tMs: readonly number[]
  readonly stepMs: number
  readonly startMs: number
  readonly endMs: number
}

interface Charts {
  readonly grid: Grid
  readonly requests: readonly ChartSeries[]
  readonly errors: readonly ChartSeries[]
  readonly durations: readonly ChartSeries[]
  readonly errorDots: readonly ChartDot[]
  readonly durationDots: readonly ChartDot[]
}

function makeCharts(data: ServiceAnswer, context: LinkContext): Charts | undefined {
  const { red, startMs, endMs, stepMs, exemplars } = data
  if (red === undefined) return undefined
  const grid: Grid = { startMs, endMs, stepMs, tMs: red.requests.map((_, i) => startMs + i * stepMs) }
  const ratios = red.requests.map((count, i) => (count === 0 ? null : (red.errors[i] ?? 0) / count))
  return {
    grid,
    requests: [
      {
        label: 'Requests',
        values: withoutEdges(
          red,
          red.requests.map((count) => count / (stepMs / 1_000)),
        ),
        color: 'var(--accent)',
        isFilled: true,
      },
    ],
    errors: [{ label: 'Errors', values: ratios, color: 'var(--crit)', isFilled: true }],
    durations: [
      { label: 'p99', values: red.p99Ms, color: PERCENTILES[0].color },
      { label: 'p95', values: red.p95Ms, color: PERCENTILES[1].color },
      { label: 'p50', values: red.p50Ms, color: PERCENTILES[2].color },
    ],
    errorDots: exemplars.filter(({ isError }) => isError).map((one) => errorDot(one, grid, ratios, context)),
    durationDots: exemplars.map((one) => ({
      tMs: one.tMs,
      value: Math.min(one.durationMs, ceilingOf(red)),
      isError: one.isError,
      label: dotLabel(one),
      href: dotLink(one, context),
    })),
  }
}

/** Steps before the first and after the last request are unknown rather than zero: nothing was sent to us then. */
function withoutEdges(red: RedAnswer, values: readonly number[]): (number | null)[] {
  const first = red.requests.findIndex((count) => count > 0)
  const last = red.requests.findLastIndex((count) => count > 0)
  return values.map((value, i) => (i < first || i > last ? null : value))
}

/** An outlier's dot stays at the top of the percentiles' scale instead of flattening them. */
function ceilingOf(red: RedAnswer): number {
  let max = 0
  for (const value of red.p99Ms) if (value !== null && value > max) max = value
  return max === 0 ? Infinity : max * 1.05
}

function errorDot(one: ExemplarAnswer, grid: Grid, ratios: readonly (number | null)[], context: LinkContext): ChartDot {
  const at = (one.tMs - grid.startMs) / grid.stepMs
  const left = ratios[Math.floor(at)] ?? 0
  const right = ratios[Math.floor(at) + 1] ?? left
  // On the line, where the eye already is.
  return {
    tMs: one.tMs,
    value: left + (right - left) * (at - Math.floor(at)),
    isError: true,
    label: dotLabel(one),
    href: dotLink(one, context),
  }
}

function dotLabel({ name, durationMs, tMs, isError }: ExemplarAnswer): string {
  return `${isError ? 'Failed: ' : ''}${name}, ${formatDurationMs(durationMs)}, at ${formatClock(tMs)}. Open the trace`
}

function dotLink({ traceId, spanId }: ExemplarAnswer, context: LinkContext): string {
  return linkTo({ kind: 'trace', traceId, spanId }, context)
}
