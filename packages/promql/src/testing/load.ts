import type { Labels, MetricBlock, NativeHistogram } from '@oriel/model'
import {
  HISTOGRAM_HIGH,
  HISTOGRAM_LOW,
  labelsKey,
  labelValue,
  makeMetricBlock,
  METRIC_NAME,
  MS_PER_DAY,
  STALE_HIGH,
  STALE_LOW,
} from '@oriel/model'
import { hash64, seriesId } from '@oriel/store'
import { customHistograms } from './custom-histograms.ts'
import type { LoadCommand } from './script.ts'
import type { SequenceValue } from './series.ts'

/** The samples of a `load` command as a block of `tenant`, from time 0. */
export function blockOf(command: LoadCommand, tenant: string): MetricBlock {
  const block = makeMetricBlock(tenant)
  for (const { labels, values } of command.series) {
    addSeries(
      block,
      labels,
      values.map((value, i) => ({ tMs: i * command.stepMs, value })),
    )
  }
  if (!command.withNhcb) return block
  for (const { labels, points } of customHistograms(command)) {
    const samples = points.map(({ tMs, histogram }) => ({
      tMs,
      value: { kind: 'histogram', histogram, hasHint: false } as const,
    }))
    addSeries(block, labels, samples)
  }
  return block
}

/** When counters began, in ms, by series and sample time: see `startKey`. */
export function startsOf({ startTimes, stepMs }: LoadCommand): Map<string, number> {
  const starts = new Map<string, number>()
  for (const { labels, offsetsMs } of startTimes) {
    for (const [i, offsetMs] of offsetsMs.entries()) {
      if (offsetMs !== undefined) starts.set(startKey(labels, i * stepMs), i * stepMs + offsetMs)
    }
  }
  return starts
}

/** What names one sample. */
export function startKey(labels: Labels, tMs: number): string {
  return `${tMs} ${labelsKey(labels)}`
}

interface TimedValue {
  readonly tMs: number
  readonly value: SequenceValue
}

function addSeries(block: MetricBlock, labels: Labels, samples: readonly TimedValue[]): void {
  const days = new Set<number>()
  const id = seriesId(labels)
  const metricId = hash64(labelValue(labels, METRIC_NAME))
  for (const { tMs, value } of samples) {
    if (value.kind === 'omitted') continue
    block.samples.metricId.pushBigInt(metricId)
    block.samples.seriesId.pushFrom(id, 0)
    block.samples.tMs.pushNumber(tMs)
    if (value.kind === 'stale') block.samples.values.push(STALE_LOW, STALE_HIGH)
    else if (value.kind === 'value') block.samples.values.pushDouble(value.value)
    else addHistogram(block, value.histogram)
    days.add(Math.floor(tMs / MS_PER_DAY))
  }
  for (const day of days) block.series.push({ id, labels, day })
}

function addHistogram(block: MetricBlock, histogram: NativeHistogram): void {
  block.samples.values.push(HISTOGRAM_LOW, HISTOGRAM_HIGH)
  block.histograms.push(block.samples, block.samples.rows - 1, histogram)
}
