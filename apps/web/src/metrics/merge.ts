import { HISTOGRAM_LINES } from '../data/histogram.ts'
import type { PromMatrix, PromSeries } from '../data/prometheus.ts'
import { printSeries } from '../data/prometheus.ts'

/** A line of a chart: a series of one of the queries. */
export interface MatrixLine {
  /** Unlike any other line's. */
  readonly name: string
  readonly labels: PromSeries['labels']
  readonly values: readonly (number | null)[]
}

/** Lines of all queries on one grid. */
export interface MergedMatrix {
  readonly tMs: readonly number[]
  readonly stepMs: number
  readonly lines: readonly MatrixLine[]
  /** Some samples are native histograms; their lines say what of them is drawn. */
  readonly hasHistograms: boolean
}

/** A query's answer and the letter that tells it from the others, '' when it is alone. */
export interface LetteredMatrix {
  readonly letter: string
  readonly matrix: PromMatrix
}

/**
 * Puts answers with equal steps on the grid that holds them all (two asked at different moments differ by a step at their ends).
 *
 * `histogramLine` names what of a native histogram becomes a number (`HISTOGRAM_LINES`). Answers with another step than the first's are left out.
 */
export function mergeMatrices(answers: readonly LetteredMatrix[], histogramLine: string): MergedMatrix {
  const stepMs = answers[0]?.matrix.stepMs ?? 1
  const fitting = answers.filter(({ matrix }) => matrix.stepMs === stepMs && matrix.tMs.length > 0)
  const startMs = Math.min(...fitting.map(({ matrix }) => matrix.tMs[0] ?? Infinity))
  const endMs = Math.max(...fitting.map(({ matrix }) => matrix.tMs.at(-1) ?? -Infinity))
  const tMs: number[] = []
  for (let t = startMs; t <= endMs; t += stepMs) tMs.push(t)
  const lines = fitting.flatMap(({ letter, matrix }) => {
    const before = Math.round(((matrix.tMs[0] ?? startMs) - startMs) / stepMs)
    return matrix.series.map((series) => ({
      name: `${letter === '' ? '' : `${letter}  `}${printSeries(series.labels)}`,
      labels: series.labels,
      values: shifted(numbersOf(series, histogramLine), before, tMs.length),
    }))
  })
  const hasHistograms = fitting.some(({ matrix }) => matrix.series.some(({ histograms }) => histograms !== undefined))
  return { tMs, stepMs, lines, hasHistograms }
}

function numbersOf({ values, histograms }: PromSeries, histogramLine: string): readonly (number | null)[] {
  if (histograms === undefined) return values
  const numberOf = HISTOGRAM_LINES[histogramLine] ?? HISTOGRAM_LINES['p50']!
  return values.map((value, i) => {
    const histogram = histograms[i] ?? null
    return histogram === null ? value : numberOf(histogram)
  })
}

function shifted(values: readonly (number | null)[], before: number, length: number): readonly (number | null)[] {
  if (before === 0 && values.length === length) return values
  return Array.from({ length }, (_, i) => values[i - before] ?? null)
}
