/** Label values of one self-metric. */
export type TelemetryLabels = Readonly<Record<string, string>>

/** A counter of our own: only rises. */
export interface Counter {
  add(amount: number, labels?: TelemetryLabels): void
}

/** A gauge of our own. */
export interface Gauge {
  set(value: number, labels?: TelemetryLabels): void
}

/** A classic histogram of our own; `observe` takes seconds or bytes, as the metric's name says. */
export interface HistogramMetric {
  observe(value: number, labels?: TelemetryLabels): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/**
 * How every room reports on itself: passed in where a room is opened, so that no room reaches for a global.
 *
 * Metric names follow Prometheus (`oriel_ingest_samples_total`). Asking twice for one name gives the same metric.
 * The implementation is in `@oriel/node`; `silentTelemetry` costs nothing and is the default everywhere.
 */
export interface Telemetry {
  counter(name: string, help: string): Counter
  gauge(name: string, help: string): Gauge
  histogram(name: string, help: string, buckets?: readonly number[]): HistogramMetric
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void
  /** Runs `work` as a span; an exception marks the span as failed and goes on. */
  span<T>(name: string, attributes: TelemetryLabels, work: () => Promise<T>): Promise<T>
}

const silentMetric = { add() {}, set() {}, observe() {} }

/** A telemetry that keeps nothing. */
export const silentTelemetry: Telemetry = {
  counter: () => silentMetric,
  gauge: () => silentMetric,
  histogram: () => silentMetric,
  log() {},
  span: (_name, _attributes, work) => work(),
}
