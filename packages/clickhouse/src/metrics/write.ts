import type { MetricBlock, MetricMetadata, SeriesDay } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'
import type { EngineClient } from '../engine/client.ts'
import type { NativeField } from '../native/index.ts'
import {
  constantField,
  dateTime64Field,
  dictField,
  f64Field,
  f64ListsField,
  i32Field,
  i32ListsField,
  idsField,
  mapField,
  nativeBlock,
  numbersField,
  stringsField,
  u128Field,
  u64Field,
  u8Field,
} from '../native/index.ts'
import { mapsField } from '../rows.ts'
import type { SampleJournal } from './journal/journal.ts'
import { withoutRepeatedHistograms, withoutRepeats } from './repeats.ts'
import { sampleBlock } from './sample-block.ts'

/** Writes metric blocks; see `Sink`. */
export interface MetricWriter {
  write(blocks: readonly MetricBlock[]): Promise<void>
  /** To be called when label values were taken out: they are written again with the next series that has them. */
  noteRemoved(): void
}

// One insert may touch any number of days: any timestamp of the past is taken.
const ANY_DAYS: Readonly<Record<string, number>> = { max_partitions_per_insert_block: 0 }

/**
 * Makes a writer. Index rows and samples go at the same time, each table in one insert; all are on disk when `write` resolves.
 *
 * Samples whose index rows failed are not seen by any reader, and the rejection tells the sender to come again. Samples go by way of the
 * journal, where there is one.
 */
export function makeMetricWriter(client: EngineClient, journal?: SampleJournal): MetricWriter {
  const knownValues = new KnownValues()
  const insert = async (table: string, pieces: readonly Uint8Array[]): Promise<void> => {
    if (pieces.length > 0) await client.insert(table, pieces, { settings: ANY_DAYS })
  }
  return {
    async write(blocks) {
      const values = blocks.map((block) => knownValues.newOf(block))
      const labelValues = blocks.flatMap(({ tenant }, i) => labelValuePieces(tenant, values[i]!))
      // Before the samples that point at them: where the writing of both is torn, no marker is left without its histogram.
      await allEnded([
        insert('histograms', blocks.flatMap(histogramPieces)),
        insert('sample_starts', blocks.flatMap(startPieces)),
      ])
      await allEnded([
        insert('series', blocks.flatMap(seriesPieces)),
        insert('label_values', labelValues),
        journal === undefined ? insert('samples', blocks.flatMap(samplePieces)) : journal.append(blocks),
        insert('exemplars', blocks.flatMap(exemplarPieces)),
        insert('metric_metadata (tenant, metric, type, help, unit)', blocks.flatMap(metadataPieces)),
      ])
      for (const each of values) knownValues.add(each)
    },
    noteRemoved: () => knownValues.clear(),
  }
}

/** Rejects when any has failed, but not before all have ended: whoever reads then sees all that will be there. */
async function allEnded(inserts: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(inserts)
  await Promise.all(inserts)
}

function samplePieces(block: MetricBlock): Uint8Array[] {
  const { tenant } = block
  const samples = withoutRepeats(block.samples)
  const { rows, metricId, seriesId, tMs } = samples
  if (rows === 0) return []
  // A copy of the values: the columns are the caller's.
  const values = samples.values.words.slice()
  return sampleBlock(tenant, { rows, metricIds: metricId.words, seriesIds: seriesId.words, times: tMs.words, values })
}

function histogramPieces(block: MetricBlock): Uint8Array[] {
  const { tenant } = block
  const histograms = withoutRepeatedHistograms(block.histograms)
  return blockOf(histograms.rows, () => [
    constantField('tenant', tenant, histograms.rows),
    u64Field('metric_id', histograms.metricId),
    u128Field('series_id', histograms.seriesId),
    dateTime64Field('t', 3, histograms.tMs),
    i32Field('schema', histograms.schema),
    u8Field('reset_hint', histograms.resetHint),
    f64Field('zero_threshold', histograms.zeroThreshold),
    f64Field('zero_count', histograms.zeroCount),
    f64Field('count', histograms.count),
    f64Field('sum', histograms.sum),
    i32ListsField('positive_spans', histograms.positiveSpans),
    i32ListsField('negative_spans', histograms.negativeSpans),
    f64ListsField('positive_buckets', histograms.positiveBuckets),
    f64ListsField('negative_buckets', histograms.negativeBuckets),
    f64ListsField('custom_bounds', histograms.customBounds),
  ])
}

function startPieces({ tenant, starts }: MetricBlock): Uint8Array[] {
  return blockOf(starts.rows, () => [
    constantField('tenant', tenant, starts.rows),
    u64Field('metric_id', starts.metricId),
    u128Field('series_id', starts.seriesId),
    dateTime64Field('t', 3, starts.tMs),
    dateTime64Field('start', 3, starts.startMs),
  ])
}

function seriesPieces({ tenant, series }: MetricBlock): Uint8Array[] {
  return blockOf(series.length, () => [
    constantField('tenant', tenant, series.length),
    numbersField(
      'day',
      series.map(({ day }) => day),
    ),
    stringsField('metric', series.map(metricOf)),
    idsField(
      'id',
      series.map(({ id }) => id),
    ),
    mapsField('labels', series.map(otherLabels)),
  ])
}

function exemplarPieces({ tenant, exemplars }: MetricBlock): Uint8Array[] {
  return blockOf(exemplars.rows, () => [
    constantField('tenant', tenant, exemplars.rows),
    u64Field('metric_id', exemplars.metricId),
    u128Field('series_id', exemplars.seriesId),
    dateTime64Field('t', 3, exemplars.tMs),
    f64Field('value', exemplars.values),
    dictField('trace_id', exemplars.traceId),
    mapField('labels', exemplars.labels),
  ])
}

function metadataPieces({ tenant, metadata }: MetricBlock): Uint8Array[] {
  // Of one metric said twice in a block, the later word counts; the table could not tell their order.
  const latest = [...new Map(metadata.map((entry): [string, MetricMetadata] => [entry.metric, entry])).values()]
  const column = (name: 'metric' | 'type' | 'help' | 'unit') =>
    stringsField(
      name,
      latest.map((entry) => entry[name]),
    )
  return blockOf(latest.length, () => [
    constantField('tenant', tenant, latest.length),
    column('metric'),
    column('type'),
    column('help'),
    column('unit'),
  ])
}

function blockOf(rows: number, fields: () => readonly NativeField[]): Uint8Array[] {
  return rows === 0 ? [] : nativeBlock(rows, fields())
}

function metricOf({ labels }: SeriesDay): string {
  for (const { name, value } of labels) if (name === METRIC_NAME) return value
  return ''
}

function otherLabels({ labels }: SeriesDay): Record<string, string> {
  const record: Record<string, string> = {}
  for (const { name, value } of labels) if (name !== METRIC_NAME) record[name] = value
  return record
}

/** Label values of one tenant's new series that may not be in `label_values` yet. */
interface NewValues {
  readonly tenant: string
  readonly days: number[]
  readonly names: string[]
  readonly values: string[]
  readonly keys: string[]
}

function labelValuePieces(tenant: string, { days, names, values }: NewValues): Uint8Array[] {
  return blockOf(days.length, () => [
    constantField('tenant', tenant, days.length),
    numbersField('day', days),
    stringsField('name', names),
    stringsField('value', values),
  ])
}

/** Remembers which label values were written, so that a thousand new series of one job write the job once. */
class KnownValues {
  readonly #known = new Set<string>()

  newOf({ tenant, series }: MetricBlock): NewValues {
    const found: NewValues = { tenant, days: [], names: [], values: [], keys: [] }
    const seen = new Set<string>()
    for (const { day, labels } of series) {
      for (const { name, value } of labels) {
        const key = `${tenant}\u{1}${day}\u{1}${name}\u{1}${value}`
        if (this.#known.has(key) || seen.has(key)) continue
        seen.add(key)
        found.days.push(day)
        found.names.push(name)
        found.values.push(value)
        found.keys.push(key)
      }
    }
    return found
  }

  clear(): void {
    this.#known.clear()
  }

  /** To be called once they are on disk. */
  add({ keys }: NewValues): void {
    // Forgetting costs a row that merges drop again.
    if (this.#known.size + keys.length > KNOWN_VALUES) this.#known.clear()
    for (const key of keys) this.#known.add(key)
  }
}

// 100,000 values of about 60 characters: 15 MB.
const KNOWN_VALUES = 100_000
