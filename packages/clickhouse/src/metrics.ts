import type { MetricBlock } from '@oriel/model'
import type { DeleteRequest, MetricSource } from '@oriel/store'
import type { EngineClient } from './engine/client.ts'
import { readCardinality } from './metrics/cardinality.ts'
import { deleteSamples, purgeDeleted } from './metrics/delete.ts'
import type { GridOptions } from './metrics/grid.ts'
import { readGrid } from './metrics/grid.ts'
import { readExemplars, readLabelNames, readLabelValues, readMetadata } from './metrics/lookups.ts'
import { readSamples } from './metrics/samples.ts'
import type { SeriesIndexOptions } from './metrics/series-index.ts'
import { openSeriesIndex } from './metrics/series-index.ts'
import { makeMetricWriter } from './metrics/write.ts'

/** Both sides of the metrics signal. */
export interface MetricStore {
  readonly source: MetricSource
  /** See `Sink.writeMetrics`. */
  write(blocks: readonly MetricBlock[]): Promise<void>
  /** See `Sink.deleteMetrics`. */
  delete(request: DeleteRequest): Promise<void>
  /** See `Sink.purgeDeleted`. */
  purgeDeleted(): Promise<void>
}

/** How metrics behave. */
export interface MetricOptions extends SeriesIndexOptions {
  readonly grid?: GridOptions
}

/** Opens metrics over an engine whose tables are there, or will be when its client lets calls through. */
export function openMetrics(client: EngineClient, options: MetricOptions): MetricStore {
  const index = openSeriesIndex(client, options)
  const writer = makeMetricWriter(client)
  return {
    source: {
      samples: (request, context) => readSamples(client, index, request, context),
      grid: (request, context) => readGrid(client, index, request, context, options.grid),
      series: async (request, context) => (await index.find(request, context)).map(({ labels }) => labels),
      labelNames: (request, context) => readLabelNames(client, request, context),
      labelValues: (label, request, context) => readLabelValues(client, label, request, context),
      metadata: (request, context) => readMetadata(client, request, context),
      exemplars: (request, context) => readExemplars(client, index, request, context),
      cardinality: (request, context) => readCardinality(client, request, context),
    },
    delete: (request) => deleteSamples(client, request),
    purgeDeleted: () => purgeDeleted(client),
    async write(blocks) {
      try {
        await writer.write(blocks)
      } finally {
        // After a failure too: some of it may be there.
        index.noteWritten(blocks)
      }
    },
  }
}
