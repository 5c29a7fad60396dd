// Series of every kind for the random comparison with Prometheus: counters with resets, gauges with holes and odd numbers, classic
// and native histograms that change their shape, and series that change their kind.
import type { BucketSpan, CounterResetHint, NativeHistogram } from '@oriel/model'
import { CUSTOM_BOUNDS_SCHEMA } from '@oriel/model'
import type { TestHistogram, TestSeries } from '../../packages/wire/src/remote-write/testing.ts'

/** 2023-11-15T00:00:00Z: far from now, so that nothing depends on when the run is; where one of Prometheus's blocks begins. */
export const START_MS = 1_700_006_400_000
/** The hour that has samples. */
export const SPAN_MS = 3_600_000
const SCRAPE_MS = 15_000
const SAMPLES = SPAN_MS / SCRAPE_MS

/** A generator of numbers in [0, 1), the same for a seed. */
export type Random = () => number

/** The numbers of a seed. */
export function randomOf(seed: number): Random {
  let state = (seed * 2_654_435_761) >>> 0 || 1
  return () => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
}

/** The series, sorted by labels as both stores hand them out. */
export function randomSeries(random: Random): TestSeries[] {
  const series: TestSeries[] = []
  for (const i of ['1', '2', '3']) {
    for (const s of ['a', 'b']) {
      series.push(floats({ __name__: 'c_total', i, s }, random, counter(random)))
      series.push(floats({ __name__: 'g', i, s }, random, gauge(random, Number(i))))
      series.push(natives({ __name__: 'h', i, s }, random, exponential(random, Number(i), 'unknown')))
    }
    for (const le of ['0.5', '1', '5', '+Inf']) series.push(floats({ __name__: 'b_bucket', i, le }, random, bucket(random, le)))
    series.push(natives({ __name__: 'n', i, s: 'a' }, random, custom(random, Number(i))))
    series.push(natives({ __name__: 'hg', i, s: 'a' }, random, exponential(random, Number(i), 'gauge')))
    series.push(mixed({ __name__: 'mix', i, s: 'a' }, random, Number(i)))
    series.push(floats({ __name__: 'target_info', instance: i, job: 'j', version: `v${i}` }, random, () => 1))
    series.push(floats({ __name__: 'up', instance: i, job: 'j' }, random, () => Math.round(random())))
  }
  return series.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

function keyOf({ labels }: TestSeries): string {
  return JSON.stringify(Object.entries(labels))
}

/** Stands for a staleness marker until the body is written: a NaN's bits do not survive in an array of numbers. */
export const STALE = 2.345678901234e-297

type Labels = Readonly<Record<string, string>>

/** The times of a series: near the scrape, with holes. */
function times(random: Random): number[] {
  const holes = random() * 0.15
  const isEven = random() < 0.5
  const all = Array.from({ length: SAMPLES }, (_, i) => START_MS + i * SCRAPE_MS + (isEven ? 0 : Math.floor(random() * 400)))
  let until = 0
  return all.filter((tMs) => {
    if (random() < 0.005) until = tMs + random() * 600_000
    return tMs >= until && random() >= holes
  })
}

function floats(labels: Labels, random: Random, next: () => number): TestSeries {
  return { labels, samples: times(random).map((tMs) => [tMs, random() < 0.01 ? STALE : next()]) }
}

function counter(random: Random): () => number {
  let total = Math.floor(random() * 100)
  const step = 1 + random() * 40
  return () => (total = random() < 0.02 ? Math.floor(random() * 5) : total + Math.floor(random() * step))
}

function gauge(random: Random, size: number): () => number {
  return () => {
    const dice = random()
    if (dice < 0.01) return dice < 0.004 ? NaN : dice < 0.007 ? Infinity : -Infinity
    return size === 1 ? Math.round(random() * 6) - 2 : (random() - 0.4) * 10 ** (2 * size)
  }
}

const BUCKET_SHARE: Readonly<Record<string, number>> = { '0.5': 2, '1': 4, '5': 7, '+Inf': 8 }

function bucket(random: Random, le: string): () => number {
  let total = 0
  return () => (total += (BUCKET_SHARE[le] ?? 1) + (random() < 0.02 ? -1 : 0))
}

function natives(labels: Labels, random: Random, next: () => NativeHistogram): TestSeries {
  const isInteger = random() < 0.7
  const samples: [number, number][] = []
  const histograms: TestHistogram[] = []
  for (const tMs of times(random)) {
    if (random() < 0.01) samples.push([tMs, STALE])
    else histograms.push({ tMs, isInteger, histogram: next() })
  }
  return { labels, samples, histograms }
}

function mixed(labels: Labels, random: Random, size: number): TestSeries {
  const histogram = exponential(random, size, 'unknown')
  const samples: [number, number][] = []
  const histograms: TestHistogram[] = []
  let isHistogram = false
  for (const tMs of times(random)) {
    if (random() < 0.04) isHistogram = !isHistogram
    if (isHistogram) histograms.push({ tMs, isInteger: true, histogram: histogram() })
    else samples.push([tMs, Math.floor(random() * 9)])
  }
  return { labels, samples, histograms }
}

const NONE = new Float64Array(0)

/** Histograms that grow, begin anew, and now and then get another schema or zero bucket. */
function exponential(random: Random, size: number, resetHint: CounterResetHint): () => NativeHistogram {
  let counts = new Map<number, number>()
  let below = new Map<number, number>()
  let [schema, zeroThreshold, zeroCount, sum] = [size - 1, 0.001, 0, 0]
  return () => {
    const dice = random()
    if (dice < 0.03) [counts, below, zeroCount, sum] = [new Map(), new Map(), 0, 0]
    if (dice < 0.01) {
      schema = Math.floor(random() * 4) - 1
      zeroThreshold = random() < 0.5 ? 0.001 : 0.125
    }
    for (let k = 0; k < 4; k++) {
      const index = Math.floor(random() * 6) * 2 ** Math.max(0, schema) - (random() < 0.5 ? 1 : 0) + 2
      const side = size === 3 && random() < 0.3 ? below : counts
      const many = Math.floor(random() * 5)
      side.set(index, (side.get(index) ?? 0) + many)
      sum += (side === below ? -1 : 1) * many * 2 ** (index / 2 ** schema)
    }
    if (random() < 0.3) zeroCount++
    const [up, down] = [sideOf(counts), sideOf(below)]
    const count = zeroCount + [...counts.values(), ...below.values()].reduce((a, b) => a + b, 0)
    return {
      schema,
      zeroThreshold,
      zeroCount,
      count,
      sum: Math.round(sum),
      positiveSpans: up.spans,
      positiveBuckets: up.buckets,
      negativeSpans: down.spans,
      negativeBuckets: down.buckets,
      customBounds: NONE,
      resetHint,
    }
  }
}

const BOUNDS = [
  [0.5, 1, 5, 10],
  [1, 5, 20],
  [-1, 0, 1, 5],
]

/** Histograms with given bounds, which one series changes. */
function custom(random: Random, size: number): () => NativeHistogram {
  let bounds = BOUNDS[size - 1] ?? []
  let counts = bounds.map(() => 0)
  let over = 0
  return () => {
    if (random() < 0.02) {
      if (size === 2) bounds = BOUNDS[Math.floor(random() * BOUNDS.length)] ?? []
      counts = bounds.map(() => 0)
      over = 0
    }
    counts = counts.map((count) => count + Math.floor(random() * 4))
    if (random() < 0.5) over++
    const all = new Map([...counts, over].entries())
    const { spans, buckets } = sideOf(all)
    const count = [...all.values()].reduce((a, b) => a + b, 0)
    return {
      schema: CUSTOM_BOUNDS_SCHEMA,
      zeroThreshold: 0,
      zeroCount: 0,
      count,
      sum: count * 3,
      positiveSpans: spans,
      positiveBuckets: buckets,
      negativeSpans: [],
      negativeBuckets: NONE,
      customBounds: Float64Array.from(bounds),
      resetHint: 'unknown',
    }
  }
}

/** Filled buckets alone, as a client would send them. */
function sideOf(counts: ReadonlyMap<number, number>): { spans: BucketSpan[]; buckets: Float64Array } {
  const filled = [...counts].filter(([, count]) => count > 0).sort(([a], [b]) => a - b)
  const spans: { offset: number; length: number }[] = []
  let end = 0
  for (const [index] of filled) {
    const last = spans.at(-1)
    if (last !== undefined && index === end) last.length++
    else spans.push({ offset: index - end, length: 1 })
    end = index + 1
  }
  return { spans, buckets: Float64Array.from(filled, ([, count]) => count) }
}
