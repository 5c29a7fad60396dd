import type { ReactNode } from 'react'
import { useMemo, useState } from 'react'
import type { ChartDot, ChartSeries } from '../chart/chart-data.ts'
import { ChartPanel } from '../chart/chart-panel.tsx'
import { HISTOGRAM_LINES } from '../data/histogram.ts'
import type { PromMatrix } from '../data/prometheus.ts'
import { SmallButton } from '../frame/buttons.tsx'
import { Choice } from '../frame/choice.tsx'
import { formatCount, formatNumber } from '../frame/format.ts'
import { DASHES, seriesVariable } from '../frame/palette.ts'
import { Empty } from '../frame/states.tsx'
import type { Answer } from '../frame/use-answer.ts'
import { useSame } from '../frame/use-same.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import type { MatrixLine, MergedMatrix } from './merge.ts'
import { mergeMatrices } from './merge.ts'
import { SeriesTable } from './series-table.tsx'

/** A range query and its answer; `letter` tells it from the others. */
export interface RangeResult {
  readonly letter?: string
  readonly query: string
  readonly answer: Answer<PromMatrix>
}

interface MatrixPanelProps {
  readonly title: ReactNode
  readonly label?: string
  readonly queries: readonly RangeResult[]
  readonly dots?: readonly ChartDot[]
  readonly format?: (value: number) => string
  readonly heightPx?: number
  readonly hasTable?: boolean
  readonly empty?: ReactNode
}

// 200 lines are a carpet already; whoever wants more says so, and the table has them all.
const MAX_LINES = 200

/** Range queries' series as a chart and as a table below it; a click in the table brings one series out alone. */
export function MatrixPanel(props: MatrixPanelProps): ReactNode {
  const { title, label = 'Result', queries, dots, format = formatNumber, heightPx = 300, hasTable = true, empty } = props
  const [alone, setAlone] = useState<string>()
  const [isAll, setAll] = useState(false)
  const { fn = 'p50' } = useAppSearch()
  const answer = useMerged(queries, fn)
  const { data } = answer
  const maxLines = isAll ? Infinity : MAX_LINES
  const series = useMemo(() => (data === undefined ? [] : makeSeries(data.lines, alone, maxLines)), [data, alone, maxLines])
  const total = data?.lines.length ?? 0
  const only = queries.length === 1 ? queries[0]?.query : undefined
  return (
    <ChartPanel
      title={title}
      label={label}
      note={noteOf(total, maxLines)}
      answer={answer}
      {...(only !== undefined && { query: only })}
      heightPx={heightPx}
      actions={<Drawing hasHistograms={data?.hasHistograms === true} total={total} isAll={isAll} onAll={() => setAll(!isAll)} />}
      empty={({ lines }) => (lines.length === 0 ? (empty ?? <NoSeries />) : undefined)}
      chart={({ tMs, stepMs }) => ({
        tMs,
        stepMs,
        startMs: tMs[0] ?? 0,
        endMs: tMs.at(-1) ?? 0,
        series,
        format,
        ...(dots !== undefined && { dots }),
      })}
      footer={({ lines }) => hasTable && <SeriesTable lines={lines} alone={alone} onAlone={setAlone} format={format} />}
    />
  )
}

interface DrawingProps {
  readonly hasHistograms: boolean
  readonly total: number
  readonly isAll: boolean
  readonly onAll: () => void
}

/** What of histograms is drawn, and whether all lines are. */
function Drawing({ hasHistograms, total, isAll, onAll }: DrawingProps): ReactNode {
  const { fn = 'p50' } = useAppSearch()
  const patch = usePatchSearch()
  return (
    <>
      {hasHistograms && (
        <Choice
          label="Histograms drawn as"
          options={Object.keys(HISTOGRAM_LINES).map((name) => [name, name] as const)}
          value={fn}
          onChange={(next) => patch({ fn: next })}
        />
      )}
      {total > MAX_LINES && (
        <SmallButton aria-pressed={isAll} onClick={onAll}>
          {isAll ? `Draw ${MAX_LINES}` : `Draw all ${formatCount(total)}`}
        </SmallButton>
      )}
    </>
  )
}

function NoSeries(): ReactNode {
  return <Empty title="No series in this range">The query is fine; nothing that it asks for has samples here.</Empty>
}

function noteOf(total: number, maxLines: number): string | undefined {
  if (total > maxLines) return `the first ${maxLines} of ${formatCount(total)} series`
  return total > 0 ? `${formatCount(total)} series` : undefined
}

/** The answers as one: there as soon as one is, failed when all have. */
function useMerged(queries: readonly RangeResult[], histogramLine: string): Answer<MergedMatrix> {
  const answers = queries.map(({ answer }) => answer)
  const letters = useSame(queries.map(({ letter = '' }) => letter))
  const matrices = useSame(answers.map(({ data, error }) => (error === undefined ? data : undefined)))
  const data = useMemo(() => {
    const there = matrices.flatMap((matrix, i) => (matrix === undefined ? [] : [{ letter: letters[i] ?? '', matrix }]))
    return there.length === 0 ? undefined : mergeMatrices(there, histogramLine)
  }, [matrices, letters, histogramLine])
  return {
    data,
    error: answers.length > 0 && answers.every(({ error }) => error !== undefined) ? answers[0]?.error : undefined,
    isLoading: answers.some(({ isLoading }) => isLoading),
    isPrevious: answers.some(({ isPrevious }) => isPrevious),
    isCancelled: answers.length > 0 && answers.every(({ isCancelled }) => isCancelled),
    retry: () => answers.forEach(({ retry }) => retry()),
    cancel: () => answers.forEach(({ cancel }) => cancel()),
  }
}

function makeSeries(lines: readonly MatrixLine[], alone: string | undefined, maxLines: number): ChartSeries[] {
  const hasOne = alone !== undefined && lines.some(({ name }) => name === alone)
  return lines.slice(0, maxLines).map(({ name, values }, i) => {
    const dash = DASHES[Math.floor(i / 8) % DASHES.length]
    return {
      label: name,
      values,
      color: seriesVariable(i),
      isFilled: lines.length === 1,
      isHidden: hasOne && name !== alone,
      ...(dash !== undefined && { dash }),
    }
  })
}
