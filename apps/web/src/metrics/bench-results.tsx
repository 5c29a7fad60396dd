import type { ReactNode } from 'react'
import { useMemo } from 'react'
import type { PromInstant, PromMatrix } from '../data/prometheus.ts'
import { queryInstant, queryRange } from '../data/prometheus.ts'
import type { Answer } from '../frame/use-answer.ts'
import { useRangeAnswers } from '../frame/use-answer.ts'
import { useSame } from '../frame/use-same.ts'
import type { BenchQuery } from './bench-queries.ts'
import { InstantTable } from './instant-table.tsx'
import { MatrixPanel } from './matrix-panel.tsx'
import type { RowAnswer } from './query-row.tsx'
import { useExemplarDots } from './use-exemplar-dots.ts'
import { CHART_POINTS } from './use-metric.ts'
import { formatOf } from './value-format.ts'

/** A query with its answer, and what its row shows of it. */
export interface BenchResult<T> {
  readonly letter: string
  readonly query: string
  readonly answer: Answer<T>
  readonly summary: Answer<RowAnswer>
}

/** The answers over the range. */
export function useRangeResults(queries: readonly BenchQuery[], stepMs: number | undefined): readonly BenchResult<PromMatrix>[] {
  const answers = useRangeAnswers(
    queries.map(({ text }) => ({
      key: ['metric', text, stepMs ?? 0],
      load: ({ range, signal }) => queryRange(text, { range, maxPoints: CHART_POINTS, stepMs, signal }),
    })),
  )
  return queries.flatMap(({ letter, text }, i) => {
    const answer = answers[i]
    return answer === undefined
      ? []
      : [{ letter, query: text, answer, summary: mapAnswer(answer, (data) => ({ ...data, count: data.series.length })) }]
  })
}

/** The answers at the end of the range. */
export function useInstantResults(queries: readonly BenchQuery[]): readonly BenchResult<PromInstant>[] {
  const answers = useRangeAnswers(
    queries.map(({ text }) => ({
      key: ['instant', text],
      load: ({ range, signal }) => queryInstant(text, range.endMs, signal),
    })),
  )
  return queries.flatMap(({ letter, text }, i) => {
    const answer = answers[i]
    return answer === undefined
      ? []
      : [{ letter, query: text, answer, summary: mapAnswer(answer, (data) => ({ ...data, count: data.samples.length })) }]
  })
}

function mapAnswer<T>(answer: Answer<T>, summarize: (data: T) => RowAnswer): Answer<RowAnswer> {
  return { ...answer, data: answer.data === undefined ? undefined : summarize(answer.data) }
}

interface ViewProps<T> {
  readonly results: readonly BenchResult<T>[]
  readonly isOnly: boolean
}

/** All queries on one chart. */
export function ChartView({ results, isOnly }: ViewProps<PromMatrix>): ReactNode {
  const texts = useSame(results.map(({ query }) => query))
  const dots = useExemplarDots(texts)
  const format = useMemo(() => commonFormat(texts), [texts])
  return (
    <MatrixPanel
      title="Result"
      queries={results.map(({ letter, query, answer }) => ({ query, answer, ...(!isOnly && { letter }) }))}
      dots={dots}
      format={format}
    />
  )
}

/** The queries' format when they agree; numbers otherwise. */
function commonFormat(queries: readonly string[]): (value: number) => string {
  const formats = new Set(queries.map(formatOf))
  const [only] = formats
  return formats.size === 1 && only !== undefined ? only : formatOf('')
}

/** All queries as tables, one below the other. */
export function TableView({ results, isOnly }: ViewProps<PromInstant>): ReactNode {
  return results.map(({ letter, query, answer }) => (
    <InstantTable key={letter} title={isOnly ? 'Result' : `Result of ${letter}`} query={query} answer={answer} />
  ))
}
