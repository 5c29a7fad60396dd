import type { Labels, Matcher, NativeHistogram, SeriesSamples, UnixMs } from '@oriel/model'
import { compareLabels, compileMatchers, labelsKey, labelValue, METRIC_NAME } from '@oriel/model'
import type { MetricSource, SeriesRequest } from '@oriel/store'
import { printSeries } from '@oriel/syntax'
import { AlertError } from '../errors.ts'
import type { StoredSample } from '../sample.ts'

interface StoredSeries {
  readonly labels: Labels
  readonly tMs: number[]
  readonly values: number[]
  readonly stale: number[]
  readonly histograms: (NativeHistogram | undefined)[]
}

/**
 * Samples of one unit test, in columns by series: thousands of evaluations over few series must not scan everything.
 *
 * As in Prometheus, a series takes no sample older than its last one, and none of the same time with another value.
 */
export class SeriesStore {
  readonly #series = new Map<string, StoredSeries>()
  readonly #byName = new Map<string, StoredSeries[]>()

  /** Adds samples. Throws ALERT_NOT_STORED at the first one that cannot be taken. */
  append(samples: readonly StoredSample[]): void {
    for (const sample of samples) this.#add(sample)
  }

  /** What queries read. */
  get source(): MetricSource {
    return {
      samples: async (request) => this.#read(request),
      scan: async () => undefined,
      lastChange: () => undefined,
      grid: async () => undefined,
      series: async () => [],
      labelNames: async () => [],
      labelValues: async () => [],
      metadata: async () => [],
      exemplars: async () => [],
      cardinality: async () => refuse(),
    }
  }

  #add({ labels, tMs, value, histogram, isStale = false }: StoredSample): void {
    const series = this.#seriesOf(labels)
    const last = series.tMs.at(-1)
    if (last !== undefined && tMs < last) throw new AlertError('ALERT_NOT_STORED', `out of order sample: ${printSeries(labels)}`)
    if (last === tMs) {
      const isSame =
        (series.stale.at(-1) === 1) === isStale &&
        Object.is(series.values.at(-1), value) &&
        series.histograms.at(-1) === histogram
      // A marker for what another rule shows is not needed.
      if (isSame || isStale) return
      throw new AlertError('ALERT_NOT_STORED', `duplicate sample for timestamp: ${printSeries(labels)}`)
    }
    series.tMs.push(tMs)
    series.values.push(isStale || histogram !== undefined ? NaN : value)
    series.stale.push(isStale ? 1 : 0)
    series.histograms.push(histogram)
  }

  #seriesOf(labels: Labels): StoredSeries {
    const key = labelsKey(labels)
    let series = this.#series.get(key)
    if (series !== undefined) return series
    series = { labels, tMs: [], values: [], stale: [], histograms: [] }
    this.#series.set(key, series)
    const name = labelValue(labels, METRIC_NAME)
    const named = this.#byName.get(name)
    if (named === undefined) this.#byName.set(name, [series])
    else named.push(series)
    return series
  }

  #read({ matchers, range }: SeriesRequest): SeriesSamples {
    const test = compileMatchers(matchers)
    const found: { series: StoredSeries; from: number; to: number }[] = []
    for (const series of this.#candidates(matchers)) {
      if (!test(series.labels)) continue
      const from = firstAtOrAfter(series.tMs, range.startMs)
      const to = firstAtOrAfter(series.tMs, range.endMs + 1)
      if (to > from) found.push({ series, from, to })
    }
    return gather(found.sort((a, b) => compareLabels(a.series.labels, b.series.labels)))
  }

  #candidates(matchers: readonly Matcher[]): Iterable<StoredSeries> {
    const name = matchers.find((matcher) => matcher.name === METRIC_NAME && matcher.op === '=')?.value
    return name === undefined || name === '' ? this.#series.values() : (this.#byName.get(name) ?? [])
  }
}

function refuse(): never {
  throw new AlertError('ALERT_BAD_TEST', 'cannot count series of a unit test')
}

function firstAtOrAfter(tMs: readonly number[], atMs: UnixMs): number {
  let [low, high] = [0, tMs.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (tMs[middle]! < atMs) low = middle + 1
    else high = middle
  }
  return low
}

function gather(found: readonly { series: StoredSeries; from: number; to: number }[]): SeriesSamples {
  const rows = found.reduce((sum, { from, to }) => sum + to - from, 0)
  const offsets = new Uint32Array(found.length + 1)
  const tMs = new Float64Array(rows)
  const values = new Float64Array(rows)
  const stale = new Uint8Array(rows)
  const histograms: (NativeHistogram | undefined)[] = []
  let at = 0
  for (const [i, { series, from, to }] of found.entries()) {
    for (let p = from; p < to; p++) {
      tMs[at] = series.tMs[p]!
      values[at] = series.values[p]!
      stale[at++] = series.stale[p]!
      histograms.push(series.histograms[p])
    }
    offsets[i + 1] = at
  }
  const samples = { labels: found.map(({ series }) => series.labels), offsets, tMs, values, stale }
  return histograms.some((histogram) => histogram !== undefined) ? { ...samples, histograms } : samples
}
