import type { ReactNode } from 'react'
import { useMemo, useState } from 'react'
import type { ChartDot, ChartSeries } from '../chart/chart-data.ts'
import { ChartPanel } from '../chart/chart-panel.tsx'
import type { PromMatrix } from '../data/prometheus.ts'
import { printSeries } from '../data/prometheus.ts'
import { formatNumber } from '../frame/format.ts'
import { DASHES, seriesVariable } from '../frame/palette.ts'
import { Empty } from '../frame/states.tsx'
import type { Answer } from '../frame/use-answer.ts'
import { SeriesTable } from './series-table.tsx'

interface MatrixPanelProps {
  readonly title: string
  readonly query: string
  readonly answer: Answer<PromMatrix>
  readonly dots?: readonly ChartDot[]
  readonly format?: (value: number) => string
}

// 200 lines are a carpet already; the table says how many there are.
const MAX_LINES = 200

/** A range query's series as a chart and as a table below it; a click in the table brings one series out alone. */
export function MatrixPanel({ title, query, answer, dots, format = formatNumber }: MatrixPanelProps): ReactNode {
  const [alone, setAlone] = useState<string>()
  const { data } = answer
  const series = useMemo(() => (data === undefined ? [] : makeSeries(data, alone)), [data, alone])
  const total = data?.series.length ?? 0
  return (
    <ChartPanel
      title={title}
      note={total > MAX_LINES ? `the first ${MAX_LINES} of ${total} series` : total > 0 ? `${total} series` : undefined}
      answer={answer}
      query={query}
      heightPx={300}
      empty={({ series: found }) =>
        found.length === 0 ? (
          <Empty title="No series in this range">The query is fine; nothing that it asks for has samples here.</Empty>
        ) : undefined
      }
      chart={({ tMs, stepMs }) => ({
        tMs,
        stepMs,
        startMs: tMs[0] ?? 0,
        endMs: tMs.at(-1) ?? 0,
        series,
        format,
        ...(dots !== undefined && { dots }),
      })}
      footer={({ series: found, warnings }) => (
        <>
          {warnings.map((warning) => (
            <p key={warning} style={{ margin: '0 14px 8px', color: 'var(--warn)' }}>
              {warning}
            </p>
          ))}
          <SeriesTable series={found.slice(0, MAX_LINES)} alone={alone} onAlone={setAlone} format={format} />
        </>
      )}
    />
  )
}

function makeSeries(data: PromMatrix, alone: string | undefined): ChartSeries[] {
  const hasOne = alone !== undefined && data.series.some(({ labels }) => printSeries(labels) === alone)
  return data.series.slice(0, MAX_LINES).map(({ labels, values }, i) => {
    const label = printSeries(labels)
    const dash = DASHES[Math.floor(i / 8) % DASHES.length]
    return {
      label,
      values,
      color: seriesVariable(i),
      isFilled: data.series.length === 1,
      isHidden: hasOne && label !== alone,
      ...(dash !== undefined && { dash }),
    }
  })
}
