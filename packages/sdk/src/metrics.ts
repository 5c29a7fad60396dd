import type { Counter, Gauge, HistogramMetric, TelemetryLabels } from '@oriel/model'

/** A measured value that stands for its bucket, with the trace that was running. */
export interface MetricExemplar {
  readonly value: number
  readonly tMs: number
  readonly traceId: string
  readonly spanId: string
}

/** One label set of a counter or gauge. */
export interface NumberPoint {
  readonly labels: TelemetryLabels
  value: number
}

/** One label set of a histogram. `counts` is per bucket (not summed up), the last entry being the one up to +Inf. */
export interface HistogramPoint {
  readonly labels: TelemetryLabels
  readonly counts: Float64Array
  readonly exemplars: (MetricExemplar | undefined)[]
  sum: number
  count: number
}

/** A metric and its points, as the exposition and the OTLP encoder read them. Owned by the registry: read, do not keep. */
export type MetricFamily =
  | {
      readonly kind: 'counter' | 'gauge'
      readonly name: string
      readonly help: string
      readonly points: ReadonlyMap<string, NumberPoint>
    }
  | {
      readonly kind: 'histogram'
      readonly name: string
      readonly help: string
      readonly buckets: readonly number[]
      readonly points: ReadonlyMap<string, HistogramPoint>
    }

/** Names the running trace, for exemplars; `undefined` outside a recorded span. */
export type TraceNow = () => { readonly traceId: string; readonly spanId: string } | undefined

/** Seconds, from 1 ms to 1 min: spans what a request to us takes. */
export const DEFAULT_BUCKETS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/**
 * 2,000 label sets a metric: a label with unbounded values must not grow our memory. Further sets are counted under
 * `overflow="true"`.
 */
export const MAX_POINTS = 2_000

/** Holds the metrics of this process. Asking twice for one name gives the same metric. */
export class MetricRegistry {
  readonly #families = new Map<string, MetricFamily>()
  readonly #metrics = new Map<string, Counter & Gauge & HistogramMetric>()
  readonly #collectors: (() => void)[] = []
  readonly #traceNow: TraceNow
  readonly #now: () => number

  constructor({ traceNow = () => undefined, now = Date.now }: { traceNow?: TraceNow; now?: () => number } = {}) {
    this.#traceNow = traceNow
    this.#now = now
  }

  counter(name: string, help: string): Counter {
    return this.#metric(name, () => this.#makeNumber('counter', name, help))
  }

  gauge(name: string, help: string): Gauge {
    return this.#metric(name, () => this.#makeNumber('gauge', name, help))
  }

  histogram(name: string, help: string, buckets: readonly number[] = DEFAULT_BUCKETS): HistogramMetric {
    return this.#metric(name, () => this.#makeHistogram(name, help, buckets))
  }

  /** Runs `collect` before every read, to bring gauges up to date. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect)
  }

  /** All metrics by name, brought up to date. */
  families(): MetricFamily[] {
    for (const collect of this.#collectors) collect()
    return [...this.#families.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #metric(name: string, make: () => Counter & Gauge & HistogramMetric): Counter & Gauge & HistogramMetric {
    const known = this.#metrics.get(name)
    if (known !== undefined) return known
    const made = make()
    this.#metrics.set(name, made)
    return made
  }

  #makeNumber(kind: 'counter' | 'gauge', name: string, help: string): Counter & Gauge & HistogramMetric {
    const points = new Map<string, NumberPoint>()
    this.#families.set(name, { kind, name, help, points })
    const point = (labels: TelemetryLabels) => findPoint(points, labels, (own) => ({ labels: own, value: 0 }))
    return {
      add(amount, labels = NO_LABELS) {
        point(labels).value += amount
      },
      set(value, labels = NO_LABELS) {
        point(labels).value = value
      },
      observe() {},
    }
  }

  #makeHistogram(name: string, help: string, buckets: readonly number[]): Counter & Gauge & HistogramMetric {
    const points = new Map<string, HistogramPoint>()
    this.#families.set(name, { kind: 'histogram', name, help, buckets, points })
    const make = (labels: TelemetryLabels): HistogramPoint => ({
      labels,
      counts: new Float64Array(buckets.length + 1),
      exemplars: [],
      sum: 0,
      count: 0,
    })
    const observe = (value: number, labels: TelemetryLabels = NO_LABELS): void => {
      const point = findPoint(points, labels, make)
      let bucket = 0
      while (bucket < buckets.length && value > buckets[bucket]!) bucket++
      point.counts[bucket]!++
      point.sum += value
      point.count++
      const trace = this.#traceNow()
      if (trace !== undefined) point.exemplars[bucket] = { value, tMs: this.#now(), ...trace }
    }
    return { add() {}, set() {}, observe }
  }
}

const NO_LABELS: TelemetryLabels = {}
const OVERFLOW: TelemetryLabels = { overflow: 'true' }

function findPoint<Point>(points: Map<string, Point>, labels: TelemetryLabels, make: (labels: TelemetryLabels) => Point): Point {
  const key = pointKey(labels)
  const known = points.get(key)
  if (known !== undefined) return known
  const isFull = points.size >= MAX_POINTS && key !== pointKey(OVERFLOW)
  if (isFull) return findPoint(points, OVERFLOW, make)
  const point = make({ ...labels })
  points.set(key, point)
  return point
}

function pointKey(labels: TelemetryLabels): string {
  let key = ''
  for (const name in labels) key += `${name}\u{1}${labels[name] ?? ''}\u{2}`
  return key
}
