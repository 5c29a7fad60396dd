import type { ChartSeries } from './chart.ts'
import { drawChart } from './chart.ts'
import { dig, listOf, textOf } from './client.ts'
import type { Terminal } from './table.ts'
import { printTable } from './table.ts'
import { printTime } from './times.ts'

/** Prints `data` of a Prometheus or Loki answer that holds numbers: a table for one time, a chart and a table for a range. */
export function printValues(data: unknown, terminal: Terminal): string {
  const result = dig(data, 'result')
  switch (dig(data, 'resultType')) {
    case 'matrix':
      return printMatrix(listOf(result), terminal)
    case 'vector':
      return printVector(listOf(result), terminal)
    default: {
      const [time, value] = listOf(result)
      return printTable(['time', 'value'], [[printTime(1_000 * Number(time)), textOf(value)]], terminal)
    }
  }
}

/** Labels as they are written in a query: `name{a="b"}`. */
export function printLabels(labels: unknown): string {
  const entries = typeof labels === 'object' && labels !== null ? Object.entries(labels) : []
  const name = textOf(entries.find(([key]) => key === '__name__')?.[1])
  const rest = entries.filter(([key]) => key !== '__name__').map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  if (rest.length === 0 && name !== '') return name
  return `${name}{${rest.join(', ')}}`
}

function printVector(samples: readonly unknown[], terminal: Terminal): string {
  if (samples.length === 0) return 'no result\n'
  const rows = samples.map((sample) => [textOf(dig(sample, 'value', 1)), printLabels(dig(sample, 'metric'))])
  return printTable(['value', 'labels'], rows, terminal)
}

function printMatrix(series: readonly unknown[], terminal: Terminal): string {
  if (series.length === 0) return 'no result\n'
  const lines: ChartSeries[] = series.map((one) => {
    const points = listOf(dig(one, 'values'))
    const values = points.map((point) => Number(textOf(dig(point, 1)).replace('Inf', 'Infinity')))
    return { name: printLabels(dig(one, 'metric')), tMs: points.map((point) => 1_000 * Number(dig(point, 0))), values }
  })
  const rows = lines.map(({ name, values }) => {
    const finite = values.filter((value) => Number.isFinite(value))
    const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length
    return [...[values.at(-1), Math.min(...finite), mean, Math.max(...finite)].map(printShort), name]
  })
  return `${drawChart(lines, terminal)}\n${printTable(['last', 'min', 'mean', 'max', 'labels'], rows, terminal)}`
}

function printShort(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? '' : String(Number(value.toPrecision(5)))
}
