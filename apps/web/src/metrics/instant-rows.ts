import type { PromSample } from '../data/prometheus.ts'
import { printSeries } from '../data/prometheus.ts'

// More columns than this do not stand beside each other on a screen: then a series is one text.
const MAX_COLUMNS = 7

/** The labels that become columns, the metric's name first; `undefined` when there are too many or none. */
export function labelColumns(samples: readonly PromSample[]): readonly string[] | undefined {
  const names = new Set<string>()
  for (const { labels } of samples) for (const name of Object.keys(labels)) names.add(name)
  if (names.size === 0 || names.size > MAX_COLUMNS) return undefined
  const rank = (name: string): number => (name === '__name__' ? 0 : 1)
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
}

/** Samples in an order: a label's name or `series` (`-name` for descending), `value`, or '' as they came. */
export function sortSamples(samples: readonly PromSample[], sort: string): readonly PromSample[] {
  if (sort === '') return samples
  const isDown = sort.startsWith('-')
  const key = isDown ? sort.slice(1) : sort
  const compare =
    key === 'value' ? byValue : byText((sample) => (key === 'series' ? printSeries(sample.labels) : (sample.labels[key] ?? '')))
  return samples.toSorted((a, b) => (isDown ? compare(b, a) : compare(a, b)))
}

function byText(textOf: (sample: PromSample) => string): (a: PromSample, b: PromSample) => number {
  return (a, b) => textOf(a).localeCompare(textOf(b), 'en', { numeric: true })
}

/** Histograms by how much they hold; what is not a number is the least. */
function byValue(a: PromSample, b: PromSample): number {
  const left = numberOf(a)
  const right = numberOf(b)
  return left === right ? 0 : left < right ? -1 : 1
}

function numberOf({ value, histogram, points }: PromSample): number {
  const number = value ?? histogram?.count ?? points?.length ?? NaN
  return Number.isNaN(number) ? -Infinity : number
}
