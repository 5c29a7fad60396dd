// Metric blocks as the commit queue holds them, and what the index is known to hold of their series.

import type { Labels, MetricBlock, MetricMetadata, SeriesDay, SeriesId } from '@oriel/model'
import { ExemplarColumns, HistogramColumns, SampleColumns, StartColumns } from '@oriel/model'
import type { Sink } from '@oriel/store'
import type { BlockKind } from './batch.ts'
import type { SeriesGeneration } from './metrics-dictionary.ts'
import { FACT_WORDS } from './metrics-dictionary.ts'

/** A metric block that knows itself apart from earlier uses of its arrays. */
export class OpenMetricBlock implements MetricBlock {
  readonly tenant: string
  readonly samples: SampleColumns = new SampleColumns()
  readonly histograms: HistogramColumns = new HistogramColumns()
  readonly starts: StartColumns = new StartColumns()
  readonly series: SeriesDay[] = []
  readonly exemplars: ExemplarColumns = new ExemplarColumns()
  readonly metadata: MetricMetadata[] = []
  /** Differs for every use of every block. */
  token: number = nextToken++

  constructor(tenant: string) {
    this.tenant = tenant
  }

  /** Empties the block for its next use. */
  clear(): void {
    this.samples.truncate(0)
    this.histograms.truncate(0)
    this.starts.truncate(0)
    this.exemplars.truncate(0)
    this.exemplars.traceId.clear()
    this.exemplars.labels.clear()
    this.series.length = 0
    this.metadata.length = 0
    this.token = nextToken++
  }
}

// Wraps after 4 billion blocks; the marks of a block that old are long settled.
let nextToken = 1

/** A (series, day) on its way to the index. */
export class PendingSeriesDay implements SeriesDay {
  readonly id: SeriesId
  readonly labels: Labels
  readonly day: number
  readonly #generation: SeriesGeneration
  readonly #ref: number

  constructor(generation: SeriesGeneration, ref: number, day: number) {
    this.id = generation.facts.slice(FACT_WORDS * ref, FACT_WORDS * ref + 4)
    this.labels = generation.labelsOf(ref)
    this.day = day
    this.#generation = generation
    this.#ref = ref
  }

  /** Its block's commit is over, or it was cut from its block. */
  settle(isStored: boolean): void {
    const generation = this.#generation
    const ref = this.#ref
    if (generation.pendingDays[ref] === this.day + 1) generation.pendingBlocks[ref] = 0
    if (isStored) generation.setStored(ref, this.day)
  }
}

/** Metadata on its way to the store; `remember` is called once it is there. */
export class PendingMetadata implements MetricMetadata {
  readonly metric: string
  readonly type: MetricMetadata['type']
  readonly help: string
  readonly unit: string
  readonly #remember: (metadata: MetricMetadata) => void

  constructor({ metric, type, help, unit }: MetricMetadata, remember: (metadata: MetricMetadata) => void) {
    this.metric = metric
    this.type = type
    this.help = help
    this.unit = unit
    this.#remember = remember
  }

  settle(): void {
    this.#remember(this)
  }
}

/** Metric blocks, written to `sink`. */
export function metricBlocks(sink: Sink): BlockKind<OpenMetricBlock> {
  return {
    signal: 'metrics',
    make: (tenant) => new OpenMetricBlock(tenant),
    rows: ({ samples }) => samples.rows,
    bytes: ({ samples, histograms, starts, exemplars, series, metadata }) =>
      (samples.rows + starts.rows) * SAMPLE_BYTES +
      histograms.byteLength +
      exemplars.rows * EXEMPLAR_BYTES +
      (series.length + metadata.length) * ENTRY_BYTES,
    checkpoint({ samples, histograms, starts, exemplars, series, metadata }) {
      const [rows, exemplarRows, seriesCount, metadataCount] = [samples.rows, exemplars.rows, series.length, metadata.length]
      const [histogramRows, startRows] = [histograms.rows, starts.rows]
      return () => {
        samples.truncate(rows)
        histograms.truncate(histogramRows)
        starts.truncate(startRows)
        exemplars.truncate(exemplarRows)
        settleSeries(series, false, seriesCount)
        series.length = seriesCount
        metadata.length = metadataCount
      }
    },
    settled({ series, metadata }, isStored) {
      settleSeries(series, isStored, 0)
      if (isStored) for (const entry of metadata) if (entry instanceof PendingMetadata) entry.settle()
    },
    reset: (block) => block.clear(),
    write: (blocks) => sink.writeMetrics(blocks),
    // Samples written twice collapse by (series, time): nothing needs to be learnt but that the engine answers.
    async recover() {
      await sink.recentRequests('logs')
    },
  }
}

function settleSeries(series: readonly SeriesDay[], isStored: boolean, from: number): void {
  for (let i = from; i < series.length; i++) {
    const entry = series[i]
    if (entry instanceof PendingSeriesDay) entry.settle(isStored)
  }
}

// Four fixed-width columns; an exemplar with its labels; an index entry with its labels. For limits, not for accounts.
const SAMPLE_BYTES = 40
const EXEMPLAR_BYTES = 200
const ENTRY_BYTES = 500
