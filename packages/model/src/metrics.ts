import { F64Column, U128Column, U64Column } from './columns.ts'
import { DictColumn, MapColumn } from './text-columns.ts'
import { HistogramColumns } from './histogram-columns.ts'
import type { Labels } from './labels.ts'
import type { NativeHistogram } from './native-histogram.ts'
import type { UnixMs } from './units.ts'

/** What a metric is, in OpenMetrics words. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'gaugehistogram' | 'summary' | 'info' | 'stateset' | 'unknown'

/** What a metric's source says of it. */
export interface MetricMetadata {
  readonly metric: string
  readonly type: MetricType
  readonly help: string
  readonly unit: string
}

/** 128 bits that name a series: a hash of its sorted labels, four 32-bit words, lowest first. */
export type SeriesId = Uint32Array

/** A (series, day) pair that the index does not hold yet. Written before its samples are acknowledged. */
export interface SeriesDay {
  readonly id: SeriesId
  readonly labels: Labels
  /** See `sampleDay`. */
  readonly day: number
}

/**
 * Samples of one tenant in columns, row i being one sample: what ingest fills and the store writes.
 *
 * `metricId` is 64 bits of a hash of the metric name (the sort key's first part), `values` keeps the bits of every double.
 * Rows are in arrival order; the store sorts. Two rows with one (series, time) collapse at read, the later written wins, be they
 * floats or native histograms: a histogram is a row here with the value `HISTOGRAM_LOW`, `HISTOGRAM_HIGH`, and what it holds is in the
 * block's `HistogramColumns`. A stale histogram is a staleness marker like any other.
 */
export class SampleColumns {
  readonly metricId: U64Column = new U64Column()
  readonly seriesId: U128Column = new U128Column()
  /** Milliseconds, signed; from `FIRST_SAMPLE_MS` on. */
  readonly tMs: U64Column = new U64Column()
  readonly values: F64Column = new F64Column()

  get rows(): number {
    return this.values.length
  }

  /** Cuts back to `rows`, as a decoder that fails half-way must. */
  truncate(rows: number): void {
    for (const column of [this.metricId, this.seriesId, this.tMs, this.values]) column.truncate(rows)
  }
}

/** Exemplars of one tenant in columns. */
export class ExemplarColumns {
  readonly metricId: U64Column = new U64Column()
  readonly seriesId: U128Column = new U128Column()
  readonly tMs: U64Column = new U64Column()
  readonly values: F64Column = new F64Column()
  readonly traceId: DictColumn = new DictColumn()
  readonly labels: MapColumn = new MapColumn()

  get rows(): number {
    return this.values.length
  }

  truncate(rows: number): void {
    for (const column of [this.metricId, this.seriesId, this.tMs, this.values, this.traceId, this.labels]) column.truncate(rows)
  }
}

/** When the counters of some samples began to count, in columns. */
export class StartColumns {
  readonly metricId: U64Column = new U64Column()
  readonly seriesId: U128Column = new U128Column()
  readonly tMs: U64Column = new U64Column()
  readonly startMs: U64Column = new U64Column()

  get rows(): number {
    return this.startMs.length
  }

  /** Says that the counter of row `row` of `samples` began at `startMs`. */
  push({ metricId, seriesId, tMs }: SampleColumns, row: number, startMs: number): void {
    this.metricId.push(metricId.words[2 * row]!, metricId.words[2 * row + 1]!)
    this.seriesId.pushFrom(seriesId.words, row)
    this.tMs.push(tMs.words[2 * row]!, tMs.words[2 * row + 1]!)
    this.startMs.pushNumber(startMs)
  }

  truncate(rows: number): void {
    for (const column of [this.metricId, this.seriesId, this.tMs, this.startMs]) column.truncate(rows)
  }
}

/** Everything of one tenant that one commit writes for the metrics signal. */
export interface MetricBlock {
  readonly tenant: string
  readonly samples: SampleColumns
  /** What the native histograms among `samples` hold, in the same order. */
  readonly histograms: HistogramColumns
  /** Starts of those of `samples` whose source told one, where these are kept. Of two for one (series, time) the later counts. */
  readonly starts: StartColumns
  readonly series: SeriesDay[]
  readonly exemplars: ExemplarColumns
  readonly metadata: MetricMetadata[]
}

/** Makes an empty block. */
export function makeMetricBlock(tenant: string): MetricBlock {
  return {
    tenant,
    samples: new SampleColumns(),
    histograms: new HistogramColumns(),
    starts: new StartColumns(),
    series: [],
    exemplars: new ExemplarColumns(),
    metadata: [],
  }
}

/**
 * Raw samples of many series as read from the store.
 *
 * Series i owns positions `offsets[i]` to `offsets[i + 1]` (exclusive) of `tMs`, `values` and `stale`. Within a series time
 * rises strictly (duplicates are collapsed). `stale[p]` is 1 where the sample is a staleness marker; the value there is NaN.
 * `histograms`, absent where the answer has none, has an entry at each position whose sample is a native histogram; the value
 * there is NaN. `startsMs`, absent where no start is known, has for each position when the sample's counter began, 0 for unknown.
 * The reader owns the arrays and may keep or change them.
 */
export interface SeriesSamples {
  readonly labels: readonly Labels[]
  readonly offsets: Uint32Array
  readonly tMs: Float64Array
  readonly values: Float64Array
  readonly stale: Uint8Array
  readonly histograms?: readonly (NativeHistogram | undefined)[]
  readonly startsMs?: Float64Array
}

/** One exemplar as read from the store. */
export interface Exemplar {
  readonly labels: Labels
  readonly value: number
  readonly tMs: UnixMs
}

/** Exemplars of one series. */
export interface SeriesExemplars {
  readonly seriesLabels: Labels
  readonly exemplars: readonly Exemplar[]
}
